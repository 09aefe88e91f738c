"""Goal: every gateway accepts, refuses, delivers and misbehaves by one contract.

Method: one set of sentences over all platforms; what differs stands in a table of facts.
"""

from __future__ import annotations

import pytest

from pushlab_testing.gateway_facts import FACTS
from pushlab_testing.gateways import check_outcome

UNKNOWN = pytest.mark.parametrize(
    ("facts", "case"),
    [
        pytest.param(facts, case, id=" ".join((facts.name, *case.settings)))
        for facts in FACTS
        for case in facts.unknown
    ],
)


def a_foreign_address(make_bench, platform: str) -> str:
    """Return an address of the right form that belongs to a device of another world."""
    address: str = make_bench(seed=99).live(platform, "stranger").address
    return address


def addresses_of(devices) -> list[str]:
    return [device.address for device in devices]


# --- live addresses --------------------------------------------------------------------------


def test_a_live_address_is_accepted_and_its_device_gets_the_message_once(bench, facts) -> None:
    device = bench.live(facts.platform)

    sent = bench.send(facts.platform, device.address)
    before = sent.fate
    bench.settle()

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "SHOWN")
    assert [arrival.message for arrival in bench.arrivals(device)] == [sent.name]


def test_nothing_arrives_before_the_shortest_latency(bench, facts) -> None:
    low_ms, mean_ms = facts.latency_ms
    devices = bench.crowd(facts.platform, 200)

    bench.send(facts.platform, *addresses_of(devices))
    bench.settle()

    waits_ms = [arrival.after_ms for device in devices for arrival in bench.arrivals(device)]
    assert len(waits_ms) == len(devices)
    assert low_ms <= min(waits_ms) < low_ms + (mean_ms - low_ms) / 10
    assert 0.8 * mean_ms < sum(waits_ms) / len(waits_ms) < 1.2 * mean_ms


def test_each_device_gets_its_own_messages_and_no_other(bench, facts) -> None:
    devices = bench.crowd(facts.platform, 12)

    for device in devices:
        bench.send(facts.platform, device.address, name=f"to {device.name}")
    bench.settle()

    arrived = [[arrival.message for arrival in bench.arrivals(device)] for device in devices]
    assert arrived == [[f"to {device.name}"] for device in devices]


def test_two_messages_at_one_instant_both_arrive(bench, facts) -> None:
    device = bench.live(facts.platform)

    sent = [bench.send(facts.platform, device.address) for _ in range(2)]
    bench.settle()

    arrived = [arrival.message for arrival in bench.arrivals(device)]
    assert sorted(arrived) == [message.name for message in sent]


# --- unknown addresses -----------------------------------------------------------------------


@UNKNOWN
def test_an_address_that_nobody_has_ends_as_its_table_says(make_bench, facts, case) -> None:
    bench = make_bench(facts, **case.settings)
    device = bench.live(facts.platform)

    sent = bench.send(facts.platform, a_foreign_address(make_bench, facts.platform))
    bench.settle()

    check_outcome(bench, sent, case.outcome)
    assert bench.arrivals(device) == []


@UNKNOWN
def test_before_there_is_any_address_all_are_unknown(make_bench, facts, case) -> None:
    bench = make_bench(facts, **case.settings)

    sent = bench.send(facts.platform, a_foreign_address(make_bench, facts.platform))
    bench.settle()

    check_outcome(bench, sent, case.outcome)


@UNKNOWN
def test_an_unknown_address_does_not_hinder_the_others(make_bench, facts, case) -> None:
    bench = make_bench(facts, **case.settings)
    devices = bench.crowd(facts.platform, 2)
    first, last = addresses_of(devices)

    sent = bench.send(facts.platform, first, a_foreign_address(make_bench, facts.platform), last)
    bench.settle()

    assert sent.verdicts == ["ACCEPTED", case.outcome.verdict, "ACCEPTED"]
    assert sent.fates == ["SHOWN", case.outcome.fate, "SHOWN"]
    assert [len(bench.arrivals(device)) for device in devices] == [1, 1]


def test_no_addresses_have_no_verdicts(bench, facts) -> None:
    device = bench.live(facts.platform)

    nothing = bench.send(facts.platform)

    assert (nothing.verdicts, nothing.fates) == ([], [])
    assert bench.send(facts.platform, device.address).verdict == "ACCEPTED"


# --- apps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [pytest.param(facts, id=facts.name) for facts in FACTS if facts.knows_apps]
)
def test_the_credentials_of_another_app_reach_nobody_dead_or_alive(make_bench, facts) -> None:
    bench = make_bench(facts, apns_never_reported=0.0)
    alive, dead = bench.crowd(facts.platform, 2)
    bench.do("uninstall", dead)
    bench.send(facts.platform, dead.address)
    bench.wait(40 * 86_400)

    own = bench.send(facts.platform, alive.address, dead.address)
    other = bench.send(facts.platform, alive.address, dead.address, app=1)
    bench.settle()

    assert own.verdicts == ["ACCEPTED", "DEAD"]
    assert (other.verdicts, other.fates) == (["BAD", "BAD"], ["BAD_TOKEN", "BAD_TOKEN"])
    assert [arrival.message for arrival in bench.arrivals(alive)] == [own.name]


# --- size ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [pytest.param(facts, id=facts.name) for facts in FACTS if facts.size_max is not None],
)
def test_a_message_that_is_too_large_is_refused(bench, facts) -> None:
    device = bench.live(facts.platform)

    largest = bench.send(facts.platform, device.address, size_bytes=facts.size_max)
    larger = bench.send(facts.platform, device.address, size_bytes=facts.size_max + 1)
    bench.settle()

    assert (largest.verdict, largest.fate) == ("ACCEPTED", "SHOWN")
    assert (larger.verdict, larger.fate) == ("TOO_LARGE", "TOO_LARGE")
    assert [arrival.message for arrival in bench.arrivals(device)] == [largest.name]


def test_the_size_at_its_own_gateway_is_what_counts(bench, facts) -> None:
    device, most = bench.live(facts.platform), facts.size_max or 0

    sent = bench.send(facts.platform, device.address, size_bytes=2**40, sizes={facts.gateway: most})

    assert sent.verdict == "ACCEPTED"


# --- faults ----------------------------------------------------------------------------------


def test_an_outage_strikes_every_attempt_and_lets_go(bench, facts) -> None:
    devices = bench.crowd(facts.platform, 3)
    addresses = addresses_of(devices)
    outage = bench.plan_fault(facts.gateway)

    struck = bench.send(facts.platform, *addresses)
    bench.settle()
    bench.lift_fault(outage)
    after = bench.send(facts.platform, *addresses)
    bench.settle()

    assert (struck.verdicts, struck.fates) == (["PUT_OFF"] * 3, ["RETRYING"] * 3)
    assert (after.verdicts, after.fates) == (["ACCEPTED"] * 3, ["SHOWN"] * 3)
    arrived = [[arrival.message for arrival in bench.arrivals(device)] for device in devices]
    assert arrived == [[after.name]] * 3


@UNKNOWN
def test_an_outage_has_the_last_word_on_unknown_addresses_too(make_bench, facts, case) -> None:
    bench = make_bench(facts, **case.settings)
    device = bench.live(facts.platform)
    bench.plan_fault(facts.gateway)

    stranger = a_foreign_address(make_bench, facts.platform)
    sent = bench.send(facts.platform, device.address, stranger)
    bench.settle()

    assert sent.verdicts == ["PUT_OFF", "PUT_OFF"]
    assert sent.fates == ["RETRYING", "RETRYING"]
    assert bench.news == []


def test_an_outage_of_the_other_gateways_is_none_of_this_one(bench, facts) -> None:
    device = bench.live(facts.platform)
    for gateway in sorted({row.gateway for row in FACTS} - {facts.gateway}):
        bench.plan_fault(gateway)

    assert bench.send(facts.platform, device.address).verdict == "ACCEPTED"


def test_a_fault_with_a_share_strikes_that_share_and_the_same_ones_again(make_bench, facts) -> None:
    struck = []
    for seed in (1, 1, 2):
        bench = make_bench(facts, seed)
        devices = bench.crowd(facts.platform, facts.many)
        bench.plan_fault(facts.gateway, share=0.25)
        struck.append(bench.send(facts.platform, *addresses_of(devices)).verdicts)

    first, again, other = struck
    assert 0.17 * facts.many < first.count("PUT_OFF") < 0.33 * facts.many
    assert first.count("PUT_OFF") + first.count("ACCEPTED") == facts.many
    assert first == again
    assert first != other


def test_a_share_strikes_others_with_every_message(bench, facts) -> None:
    devices = bench.crowd(facts.platform, 100)
    bench.plan_fault(facts.gateway, share=0.5)

    first, second = (bench.send(facts.platform, *addresses_of(devices)) for _ in range(2))

    assert first.verdicts != second.verdicts


@pytest.mark.parametrize(
    "facts",
    [pytest.param(facts, id=facts.name) for facts in FACTS if facts.luck_of_strangers],
)
def test_a_share_strikes_strangers_one_by_one(make_bench, facts) -> None:
    strangers = addresses_of(make_bench(seed=99).crowd(facts.platform, 100))
    outage_of = [make_bench(facts, seed) for seed in (1, 1)]
    for bench in outage_of:
        bench.plan_fault(facts.gateway, share=0.5)

    whole = outage_of[0].send(facts.platform, *strangers, name="a message")
    backwards = outage_of[1].send(facts.platform, *strangers[::-1], name="a message")

    assert 30 <= whole.verdicts.count("PUT_OFF") <= 70
    assert backwards.verdicts == whole.verdicts[::-1]


@pytest.mark.parametrize(
    "facts",
    [pytest.param(facts, id=facts.name) for facts in FACTS if facts.faults_by_device],
)
def test_a_fault_of_some_devices_strikes_them_alone(bench, facts) -> None:
    devices = bench.crowd(facts.platform, 4)
    bench.plan_fault(facts.gateway, devices=devices[1:3])

    sent = bench.send(facts.platform, *addresses_of(devices))

    assert sent.verdicts == ["ACCEPTED", "PUT_OFF", "PUT_OFF", "ACCEPTED"]


def test_a_fault_strikes_in_its_window_alone(bench, facts) -> None:
    device = bench.live(facts.platform)
    bench.plan_fault(facts.gateway, window_s=(60, 120))

    verdicts = []
    for pause_s in (59.999, 0.001, 59.999, 0.001):
        bench.wait(pause_s)
        verdicts.append(bench.send(facts.platform, device.address).verdict)

    assert verdicts == ["ACCEPTED", "PUT_OFF", "PUT_OFF", "ACCEPTED"]


def test_what_set_out_before_an_outage_arrives_in_it(bench, facts) -> None:
    device = bench.live(facts.platform)
    sent = bench.send(facts.platform, device.address)

    bench.plan_fault(facts.gateway)
    bench.settle()

    assert sent.fate == "SHOWN"
