"""Goal: what cannot be delivered now waits as long as its gateway says, and not an instant longer.

Method: a device goes away (offline; for mail: its mailbox is full) and comes back, on both sides
of the last instant.
"""

from __future__ import annotations

import pytest

from pushlab_testing.gateway_facts import FACTS
from pushlab_testing.gateways import list_news

DAY_S = 86_400
TTL_S = 600


def some_facts(holds) -> pytest.MarkDecorator:
    """Parametrize over the platforms of which *holds* is true."""
    rows = [pytest.param(facts, id=facts.name) for facts in FACTS if holds(facts)]
    return pytest.mark.parametrize("facts", rows)


OBEYING = some_facts(lambda facts: facts.keeping.obeys_ttl)
NOT_OBEYING = some_facts(lambda facts: not facts.keeping.obeys_ttl)
KEEPING_ONE = some_facts(lambda facts: facts.keeping.one_name is not None)
KEEPING_MANY = some_facts(lambda facts: facts.keeping.one_name != {})
ENDING = pytest.mark.parametrize(
    ("facts", "death"),
    [
        pytest.param(facts, death, id=" ".join((facts.name, death.verb, *death.settings)))
        for facts in FACTS
        for death in facts.deaths
        if death.waiting is not None
    ],
)


def a_device_away(bench, facts):
    device = bench.live(facts.platform)
    bench.do(facts.keeping.away, device)
    return device


def send_for_ever(bench, facts, device):
    """Send with a longer life than any gateway grants, and let it get as far as it can."""
    sent = bench.send(facts.platform, device.address, ttl_s=400 * DAY_S)
    bench.wait(60)
    return sent


def come_back(bench, facts, device, sent) -> list[str]:
    """Come back now; return how the message ended and what arrived in all."""
    bench.do(facts.keeping.back, device)
    bench.settle()
    return [sent.fate, *(arrival.message for arrival in bench.arrivals(device))]


def test_what_waits_arrives_once_when_its_device_is_back(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)
    waiting = (sent.verdict, sent.fate, bench.arrivals(device), bench.news)

    bench.wait(3_600)
    ended = come_back(bench, facts, device, sent)

    assert waiting == ("ACCEPTED", "STORED", [], [])
    assert ended == ["SHOWN", sent.name]


def test_what_is_under_way_when_its_device_leaves_waits_too(bench, facts) -> None:
    device = bench.live(facts.platform)
    sent = bench.send(facts.platform, device.address)

    bench.do(facts.keeping.away, device)
    bench.wait(60)
    waiting = (sent.fate, bench.arrivals(device))

    assert waiting == ("STORED", [])
    assert come_back(bench, facts, device, sent) == ["SHOWN", sent.name]


def test_a_device_that_leaves_again_at_once_gets_it_the_next_time(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)

    bench.do(facts.keeping.back, device)
    bench.do(facts.keeping.away, device)
    bench.wait(3_600)
    waiting = (sent.fate, bench.arrivals(device))

    assert waiting == ("STORED", [])
    assert come_back(bench, facts, device, sent) == ["SHOWN", sent.name]


def test_coming_back_twice_brings_a_message_once(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)

    for verb in (facts.keeping.back, facts.keeping.away, facts.keeping.back):
        bench.do(verb, device)
    bench.settle()
    bench.do(facts.keeping.away, device)

    assert come_back(bench, facts, device, sent) == ["SHOWN", sent.name]


def test_only_those_that_are_away_have_to_wait(bench, facts) -> None:
    here, away = bench.crowd(facts.platform, 2)
    bench.do(facts.keeping.away, away)

    sent = bench.send(facts.platform, away.address, here.address)
    bench.wait(60)

    assert sent.fates == ["STORED", "SHOWN"]


# --- how long --------------------------------------------------------------------------------


def test_what_waits_arrives_until_the_last_millisecond_of_its_time(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)

    bench.wait(facts.keeping.longest_s - 60.001)

    assert come_back(bench, facts, device, sent) == ["SHOWN", sent.name]
    assert [news for news in bench.news if news.what != "DELIVERED"] == []


@pytest.mark.parametrize("later_s", [0, 1, DAY_S, 300 * DAY_S])
def test_what_waits_never_arrives_after_its_time(bench, facts, later_s) -> None:
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)

    bench.wait(facts.keeping.longest_s - 60 + later_s)

    assert come_back(bench, facts, device, sent) == [facts.keeping.over]


def test_its_owner_hears_that_it_waited_too_long_as_the_table_says(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)
    over_ms = facts.keeping.longest_s * 1000

    bench.wait(facts.keeping.longest_s - 60.001)
    before = list_news(bench, sent)
    bench.wait(0.001)
    at_once = [(news.what, news.after_ms) for news in list_news(bench, sent)]
    come_back(bench, facts, device, sent)

    assert before == []
    assert at_once == ([(facts.keeping.over, over_ms)] if facts.keeping.told else [])
    assert len(list_news(bench, sent)) == len(at_once)


@OBEYING
@pytest.mark.parametrize(("early_ms", "arrives"), [(1, True), (0, False), (-1, False)])
def test_a_message_that_says_how_long_it_lives_is_kept_that_long(
    bench, facts, early_ms, arrives
) -> None:
    device = a_device_away(bench, facts)
    sent = bench.send(facts.platform, device.address, ttl_s=TTL_S)

    bench.wait(TTL_S - early_ms / 1000)

    expected = ["SHOWN", sent.name] if arrives else [facts.keeping.over]
    assert come_back(bench, facts, device, sent) == expected


@OBEYING
def test_a_life_counts_from_the_send_and_not_from_the_leaving(bench, facts) -> None:
    device = bench.live(facts.platform)
    sent = bench.send(facts.platform, device.address, ttl_s=TTL_S)
    bench.do(facts.keeping.away, device)
    bench.wait(TTL_S - 1)
    bench.do(facts.keeping.back, device)
    bench.do(facts.keeping.away, device)

    bench.wait(1)

    assert come_back(bench, facts, device, sent) == [facts.keeping.over]


@OBEYING
def test_a_message_without_any_life_is_for_now_or_never(bench, facts) -> None:
    device = a_device_away(bench, facts)
    never = bench.send(facts.platform, device.address, ttl_s=0)
    bench.do(facts.keeping.back, device)

    now = bench.send(facts.platform, device.address, ttl_s=0)
    bench.settle()

    assert (never.verdict, never.fate) == ("ACCEPTED", "NOT_STORED")
    assert (now.verdict, now.fate) == ("ACCEPTED", "SHOWN")


@NOT_OBEYING
def test_elsewhere_the_life_of_a_message_means_nothing(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = bench.send(facts.platform, device.address, ttl_s=0)

    bench.wait(3_600)

    assert come_back(bench, facts, device, sent) == ["SHOWN", sent.name]


# --- what else ends the waiting --------------------------------------------------------------


@KEEPING_ONE
def test_of_two_that_wait_under_one_name_the_newer_alone_arrives(bench, facts) -> None:
    device = a_device_away(bench, facts)
    older, newer = (
        bench.send(facts.platform, device.address, **facts.keeping.one_name) for _ in range(2)
    )

    ended = come_back(bench, facts, device, newer)

    assert (older.fate, ended) == ("REPLACED", ["SHOWN", newer.name])


@KEEPING_MANY
def test_all_that_waits_without_a_name_arrives(bench, facts) -> None:
    device = a_device_away(bench, facts)
    sent = [bench.send(facts.platform, device.address) for _ in range(20)]
    bench.wait(60)

    bench.do(facts.keeping.back, device)
    bench.settle()

    assert {message.fate for message in sent} == {"SHOWN"}
    assert sorted(arrival.message for arrival in bench.arrivals(device)) == sorted(
        message.name for message in sent
    )


@ENDING
def test_what_waits_for_an_address_that_dies_reaches_nobody(make_bench, facts, death) -> None:
    bench = make_bench(facts, **death.settings)
    device = a_device_away(bench, facts)
    sent = send_for_ever(bench, facts, device)

    bench.do(death.verb, device)

    assert come_back(bench, facts, device, sent) == [death.waiting]


@ENDING
def test_what_is_under_way_to_an_address_that_dies_reaches_nobody(make_bench, facts, death) -> None:
    bench = make_bench(facts, **death.settings)
    device = bench.live(facts.platform)
    sent = bench.send(facts.platform, device.address)

    bench.do(death.verb, device)
    bench.settle()

    assert bench.arrivals(device) == []
    assert sent.fate in {"APP_GONE", "BOUNCED"}


@some_facts(lambda facts: facts.keeping.away != "go_offline")
def test_where_presence_does_not_matter_a_message_arrives_all_the_same(bench, facts) -> None:
    device = bench.live(facts.platform)
    bench.do("go_offline", device)

    sent = bench.send(facts.platform, device.address)
    bench.settle()

    assert sent.fate == "SHOWN"
    assert len(bench.arrivals(device)) == 1
