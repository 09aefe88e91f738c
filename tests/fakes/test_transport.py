"""Goal: the way from acceptance to the phone takes its time, whatever the phone does meanwhile."""

from __future__ import annotations

import pytest

from pushlab_testing.phones import Phones

PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])


@PLATFORMS
def test_an_arrival_takes_at_least_the_shortest_latency(platform: str) -> None:
    phones = Phones(push_latency_min_ms=2_000, push_latency_mean_ms=2_000)
    row = phones.add(platform)
    sent = phones.send(row)

    phones.wait(ms=1_999)
    before = sent.fate
    phones.wait(ms=1)

    assert (before, sent.fate) == ("ACCEPTED", "SHOWN")


@PLATFORMS
def test_latencies_have_the_mean_that_is_set(platform: str) -> None:
    phones = Phones(push_latency_mean_ms=1_000)
    rows = phones.add_many(platform, 2_000)

    sent = phones.send(*rows)
    phones.wait(seconds=60)

    assert 900 <= sent.fan_out.shown_ms.mean() <= 1_100


@PLATFORMS
def test_a_stored_message_arrives_soon_after_the_phone_is_back(platform: str) -> None:
    phones = Phones(reconnect_latency_ms=1)
    row = phones.add(platform)
    phones.do("go_offline", row)
    sent = phones.send(row)
    phones.wait(seconds=5)
    phones.do("go_online", row)

    phones.wait(ms=1)

    assert sent.fate == "SHOWN"
    assert sent.fan_out.shown_ms.tolist() == [5_001]


@PLATFORMS
def test_a_phone_that_leaves_again_is_stored_for_again(platform: str) -> None:
    phones = Phones()
    row = phones.add(platform)
    phones.do("go_offline", row)
    sent = phones.send(row)
    phones.do("go_online", row)
    phones.do("go_offline", row)
    phones.wait(seconds=60)
    before = sent.fate

    phones.do("go_online", row)
    phones.wait(seconds=60)

    assert (before, sent.fate) == ("STORED", "SHOWN")


@PLATFORMS
def test_a_message_for_an_app_that_is_gone_by_then_is_lost(platform: str) -> None:
    phones = Phones()
    row = phones.add(platform)
    sent = phones.send(row)

    phones.do("uninstall", row)
    phones.wait(seconds=60)

    assert sent.fate == "APP_GONE"
    assert phones.entries("AppGone", "MessageArrived") == ["AppGone"]


@PLATFORMS
def test_a_message_is_not_for_the_next_install(platform: str) -> None:
    phones = Phones()
    row = phones.add(platform)
    sent = phones.send(row)

    for verb in ("uninstall", "install", "allow", "open_app"):
        phones.do(verb, row)
    phones.wait(seconds=60)

    assert sent.fate == "APP_GONE"
