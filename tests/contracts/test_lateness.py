"""Goal: a gateway learns of a death as its table says, and an owner hears what it is told.

Method: addresses die in each of their ways; sends follow at the instants of the table. What
nobody could have told, nobody knows, however long it has been true.
"""

from __future__ import annotations

import pytest

from pushlab_testing.gateway_facts import FACTS
from pushlab_testing.gateways import check_outcome

DAY_S = 86_400
LATE_FATES = ("BOUNCED", "SOFT_BOUNCED", "UNDELIVERED")


def deaths(holds=lambda _: True) -> pytest.MarkDecorator:
    """Parametrize over the deaths of which *holds* is true, each at its platform."""
    return pytest.mark.parametrize(
        ("facts", "death"),
        [
            pytest.param(facts, death, id=" ".join((facts.name, death.verb, *death.settings)))
            for facts in FACTS
            for death in facts.deaths
            if holds(death)
        ],
    )


def a_dead_address(make_bench, facts, death):
    """Return bench and device after a message that arrived and a death, and when that was."""
    bench = make_bench(facts, **death.settings)
    device = bench.live(facts.platform)
    bench.send(facts.platform, device.address)
    bench.settle()
    bench.do(death.verb, device)
    return bench, device, bench.now_ms


def wait_until(bench, instant_ms) -> None:
    bench.wait((instant_ms - bench.now_ms) / 1000)


def spread_hindrances(bench, facts, death):
    """Return one live device, one that is away for good and one that dies."""
    here, away, dying = bench.crowd(facts.platform, 3)
    bench.send(facts.platform, here.address, away.address, dying.address)
    bench.settle()
    bench.do(facts.keeping.away, away)
    bench.do(death.verb, dying)
    return here, away, dying


# --- what gateways learn ---------------------------------------------------------------------


@deaths()
def test_a_dead_address_is_learned_exactly_as_its_table_says(make_bench, facts, death) -> None:
    bench, device, dead_at = a_dead_address(make_bench, facts, death)

    for after_s, outcome in death.sends:
        wait_until(bench, dead_at + after_s * 1000)
        sent = bench.send(facts.platform, device.address)
        bench.settle()
        check_outcome(bench, sent, outcome)

    assert len(bench.arrivals(device)) == 1


@deaths()
def test_the_first_send_meets_the_same_however_late_it_comes(make_bench, facts, death) -> None:
    bench, device, _ = a_dead_address(make_bench, facts, death)
    bench.wait(200 * DAY_S)

    sent = bench.send(facts.platform, device.address)
    bench.settle()

    _, outcome = death.sends[0]
    check_outcome(bench, sent, outcome)


@deaths()
def test_while_nobody_sends_nobody_is_told(make_bench, facts, death) -> None:
    bench, _, _ = a_dead_address(make_bench, facts, death)
    before = list(bench.news)

    bench.wait(400 * DAY_S)

    assert bench.news == before


@deaths()
def test_a_gateway_that_has_refused_an_address_never_takes_it_again(
    make_bench, facts, death
) -> None:
    bench, device, _ = a_dead_address(make_bench, facts, death)

    verdicts = []
    for _ in range(50):
        verdicts.append(bench.send(facts.platform, device.address).verdict)
        bench.wait(DAY_S)

    taken = verdicts.count("ACCEPTED")
    refused = [outcome.verdict for _, outcome in death.sends if outcome.verdict != "ACCEPTED"][:1]
    assert verdicts == ["ACCEPTED"] * taken + refused * (50 - taken)


@deaths(lambda death: not death.is_silent)
def test_an_address_that_was_given_up_is_refused_from_that_instant(
    make_bench, facts, death
) -> None:
    bench = make_bench(facts, **death.settings)
    device = bench.live(facts.platform)
    bench.send(facts.platform, device.address)
    bench.settle()

    before = bench.send(facts.platform, device.address)
    bench.do(death.verb, device)
    after = bench.send(facts.platform, device.address)

    _, outcome = death.sends[0]
    assert (before.verdict, after.verdict) == ("ACCEPTED", outcome.verdict)


@deaths()
def test_a_death_is_nobody_elses(make_bench, facts, death) -> None:
    bench = make_bench(facts, **death.settings)
    left, dying, right = bench.crowd(facts.platform, 3)
    for _ in range(2):
        bench.send(facts.platform, dying.address)
        bench.settle()
        bench.do(death.verb, dying)

    sent = bench.send(facts.platform, left.address, dying.address, right.address)
    bench.settle()

    assert sent.verdicts[::2] == ["ACCEPTED", "ACCEPTED"]
    assert sent.fates[::2] == ["SHOWN", "SHOWN"]
    assert [len(bench.arrivals(device)) for device in (left, right)] == [1, 1]


@deaths(lambda death: death.undone_by is not None)
def test_what_undoes_a_death_makes_the_same_address_live_again(make_bench, facts, death) -> None:
    bench, device, _ = a_dead_address(make_bench, facts, death)
    bench.send(facts.platform, device.address)
    bench.settle()
    bench.do(death.undone_by, device)

    sent = bench.send(facts.platform, device.address)
    bench.settle()

    assert (sent.verdict, sent.fate) == ("ACCEPTED", "SHOWN")
    assert [arrival.message for arrival in bench.arrivals(device)][-1] == sent.name


# --- what owners hear later ------------------------------------------------------------------


@deaths()
def test_an_owner_hears_once_of_each_loss_and_never_of_what_arrived(
    make_bench, facts, death
) -> None:
    bench = make_bench(facts, **death.settings)
    here, away, dying = spread_hindrances(bench, facts, death)
    stranger = make_bench(seed=99).live(facts.platform, "stranger").address
    addresses = [here.address, away.address, dying.address, stranger]

    sent = bench.send(facts.platform, *addresses, name="the message")
    bench.settle()
    bench.wait(60 * DAY_S)
    bench.do(facts.keeping.back, away)
    bench.settle()

    news = [each for each in bench.news if each.message == "the message"]
    told = {each.address: each.what for each in news if each.what != "DELIVERED"}
    fates = dict(zip(addresses, sent.fates, strict=True))
    assert told == {each: fate for each, fate in fates.items() if fate in LATE_FATES}
    assert len({(each.address, each.what) for each in news}) == len(news)
    assert here.address not in told
    assert fates[here.address] == "SHOWN"


@deaths()
def test_only_a_gateway_that_reports_arrivals_tells_of_them_and_once_each(
    make_bench, facts, death
) -> None:
    bench = make_bench(facts, **death.settings)
    devices = spread_hindrances(bench, facts, death)
    bench.send(facts.platform, *(device.address for device in devices))
    bench.settle()

    told = [(each.message, each.address) for each in bench.news if each.what == "DELIVERED"]
    arrived = [
        (arrival.message, device.address)
        for device in devices
        for arrival in bench.arrivals(device)
    ]

    assert sorted(told) == (sorted(arrived) if facts.reports_arrivals else [])


@pytest.mark.parametrize(
    ("facts", "case"),
    [
        pytest.param(facts, case, id=" ".join((facts.name, *case.settings)))
        for facts in FACTS
        for case in facts.unknown
        if case.outcome.told_s is not None
    ],
)
def test_strangers_of_one_message_are_reported_one_by_one(make_bench, facts, case) -> None:
    bench = make_bench(facts, **case.settings)
    elsewhere = make_bench(seed=99)
    strangers = [elsewhere.live(facts.platform, name).address for name in ("x", "y", "z")]

    bench.send(facts.platform, *strangers)
    bench.settle()

    assert sorted(news.address for news in bench.news) == sorted(strangers)
