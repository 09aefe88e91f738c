"""Goal: an address leads to one device, at its own gateway, and is the same in every run.

Method: addresses of several worlds are compared and looked up.
"""

from __future__ import annotations

import pytest

from pushlab_testing.gateway_facts import CORE_FACTS, Facts

ROTATING = pytest.mark.parametrize(
    "facts",
    [
        pytest.param(facts, id=facts.platform)
        for facts in CORE_FACTS
        if any(death.verb == "rotate_token" for death in facts.deaths)
    ],
)
PAIRS = pytest.mark.parametrize(
    ("own", "other"),
    [
        pytest.param(own.platform, other.platform, id=f"{own.platform} at {other.platform}")
        for own in CORE_FACTS
        for other in CORE_FACTS
        if own.gateway != other.gateway
    ],
)


@pytest.fixture(params=CORE_FACTS, ids=[facts.name for facts in CORE_FACTS])
def facts(request: pytest.FixtureRequest) -> Facts:
    """Return the facts of one platform after the other; registries have no wire."""
    found: Facts = request.param
    return found


def addresses_of_crowd(make_bench, seed: int, platform: str) -> list[str]:
    return [device.address for device in make_bench(seed=seed).crowd(platform, 5)]


def test_every_address_leads_back_to_its_device_and_to_no_other(bench, facts) -> None:
    devices = [*bench.crowd(facts.platform, 50), bench.live(facts.platform, "alice")]

    found = [bench.find(facts.platform, device.address) for device in devices]

    assert found == [device.name for device in devices]
    assert len({device.address for device in devices}) == len(devices)


def test_the_order_in_which_addresses_are_looked_up_and_made_does_not_matter(bench, facts) -> None:
    first = bench.live(facts.platform, "first")
    before = bench.find(facts.platform, first.address)

    crowd = bench.crowd(facts.platform, 20)
    last = bench.live(facts.platform, "last")

    assert before == "first"
    found = [bench.find(facts.platform, each.address) for each in (last, *crowd[::-1], first)]
    assert found == ["last", *(member.name for member in crowd[::-1]), "first"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda address: address[:-1], id="shorter"),
        pytest.param(lambda address: address + "0", id="longer"),
        pytest.param(lambda address: "x" + address, id="something before it"),
        pytest.param(lambda address: f" {address}\n", id="blanks around it"),
        pytest.param(lambda address: address[: len(address) // 2], id="half"),
        pytest.param(lambda _: "", id="nothing"),
        pytest.param(lambda _: "é" * 64, id="not ASCII"),
    ],
)
def test_what_is_only_like_an_address_leads_nowhere(bench, facts, change) -> None:
    device = bench.live(facts.platform)

    assert bench.find(facts.platform, change(device.address)) is None


@ROTATING
def test_the_new_address_after_a_rotation_works_and_the_old_one_is_not_it(bench, facts) -> None:
    device = bench.live(facts.platform)
    bench.do("rotate_token", device)
    fresh = bench.address_of(device)

    old = bench.send(facts.platform, device.address)
    new = bench.send(facts.platform, fresh)
    bench.settle()

    assert fresh != device.address
    assert bench.find(facts.platform, fresh) == device.name
    assert (old.fate != "SHOWN", new.fate) == (True, "SHOWN")
    assert [arrival.message for arrival in bench.arrivals(device)] == [new.name]


def test_two_worlds_of_one_seed_issue_the_same_addresses(make_bench, facts) -> None:
    first, second, other = (
        addresses_of_crowd(make_bench, seed, facts.platform) for seed in (1, 1, 2)
    )

    assert first == second
    assert set(first).isdisjoint(other) is facts.is_seeded


@PAIRS
def test_addresses_of_one_gateway_mean_nothing_to_another(bench, own, other) -> None:
    device = bench.live(own, "alice")
    members = bench.crowd(own, 2)
    bench.live(other, "bob")

    found = [bench.find(other, each.address) for each in (device, *members)]

    assert found == [None] * 3


@pytest.mark.parametrize("platform", ["web", "firefox", "safari"])
def test_services_of_browsers_do_not_share_endpoints(bench, platform) -> None:
    devices = [bench.live(name, f"a {name}") for name in ("web", "firefox", "safari")]

    hosts = [device.address.split("/")[2] for device in devices]

    assert len(set(hosts)) == 3
    assert [bench.find(platform, device.address) for device in devices] == [
        device.name for device in devices
    ]
