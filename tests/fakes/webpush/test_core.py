"""Goal: push services accept, store, replace by topic and answer 410 as documented.

Method: browsers without a service; each message is attempted at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pushlab.gateway import Channel
from pushlab_fakes.webpush.core import PAYLOAD_MAX
from pushlab_testing.phones import APP, Phones

DAY_S = 86_400
BROWSERS = pytest.mark.parametrize("browser", ["web", "firefox", "safari"])
DROPS = pytest.mark.parametrize("verb", ["clear_cookies", "switch_off", "rotate_token"])


def a_browser(browser: str = "web", **settings: Any) -> tuple[Phones, int, int]:
    phones = Phones(**settings)
    row = phones.add(browser)
    return phones, row, int(phones.fleet.devices.route[row])


def an_offline_browser(browser: str = "web", **settings: Any) -> tuple[Phones, int, int]:
    phones, row, route = a_browser(browser, **settings)
    phones.do("go_offline", row)
    phones.wait(seconds=1)
    return phones, row, route


# --- verdicts --------------------------------------------------------------------------------


@BROWSERS
def test_a_message_to_an_online_browser_is_accepted_and_arrives_a_little_later(browser) -> None:
    phones, row, _ = a_browser(browser)
    sent = phones.send(row)
    before = sent.fate

    phones.wait(seconds=10)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "SHOWN")
    assert 30 <= sent.fan_out.shown_ms[0] < 10_000


def test_an_endpoint_that_was_never_issued_is_not_found() -> None:
    phones, row, _ = a_browser()

    sent = phones.send(row, routes=[-1])

    assert sent.verdict == "DEAD"


def test_a_body_over_4096_bytes_is_too_large() -> None:
    phones, row, _ = a_browser()

    verdicts = [
        phones.send(row, size_bytes=size).verdict for size in (PAYLOAD_MAX, PAYLOAD_MAX + 1)
    ]

    assert verdicts == ["ACCEPTED", "TOO_LARGE"]


@pytest.mark.parametrize(
    ("browser", "verdict"), [("web", "REFUSED"), ("firefox", "ACCEPTED"), ("safari", "REFUSED")]
)
def test_the_key_of_another_app_is_refused_but_for_firefox(browser, verdict) -> None:
    phones, row, _ = a_browser(browser)

    verdicts = [phones.send(row, app=app).verdict for app in (APP, APP + 1)]

    assert verdicts == ["ACCEPTED", verdict]


def test_no_attempts_have_no_verdicts() -> None:
    phones, row, _ = a_browser()

    sent = phones.send()

    assert sent.verdicts == []
    assert phones.send(row).verdict == "ACCEPTED"


# --- the registry ----------------------------------------------------------------------------


@BROWSERS
def test_an_endpoint_leads_back_to_its_browser(browser: str) -> None:
    phones, row, route = a_browser(browser)
    webpush = phones.fleet.gateways[phones.fleet.platform_of(row).channel]

    endpoint = phones.fleet.token_of(row)

    assert endpoint is not None
    assert webpush.find_route(endpoint) == route
    assert webpush.devices_of(np.array([route, -1])).tolist() == [row, -1]


def test_before_there_are_endpoints_nobody_is_behind_a_route() -> None:
    phones = Phones()
    webpush = phones.fleet.gateways[Channel.FIREFOX]

    assert webpush.devices_of(np.array([-1])).tolist() == [-1]


@pytest.mark.parametrize(
    "change", [str.upper, lambda token: token[:-1], lambda _: "", str.swapcase]
)
def test_a_changed_endpoint_leads_nowhere(change) -> None:
    phones, row, _ = a_browser()
    webpush = phones.fleet.gateways[phones.fleet.platform_of(row).channel]

    assert webpush.find_route(change(phones.fleet.token_of(row))) == -1


def test_browsers_of_three_makers_share_a_send() -> None:
    phones = Phones()
    rows = [phones.add(browser, browser) for browser in ("web", "firefox", "safari")]
    hosts = [str(phones.fleet.token_of(row)).split("/")[2] for row in rows]

    sent = phones.send(*rows)
    phones.wait(seconds=10)

    assert len(set(hosts)) == 3
    assert sent.fates == ["SHOWN"] * 3


# --- store and forward -----------------------------------------------------------------------


@BROWSERS
def test_a_message_for_an_offline_browser_waits_and_arrives_when_it_is_back(browser) -> None:
    phones, row, _ = an_offline_browser(browser)
    sent = phones.send(row)
    before = sent.fate

    phones.wait(hours=1)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert (before, sent.fate) == ("STORED", "SHOWN")


def test_all_messages_without_a_topic_are_kept() -> None:
    phones, row, _ = an_offline_browser()
    sent = [phones.send(row) for _ in range(150)]

    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert {message.fate for message in sent} == {"SHOWN"}


def test_ttl_zero_is_now_or_never() -> None:
    phones, row, _ = an_offline_browser()

    sent = phones.send(row, ttl_s=0)

    assert (sent.verdict, sent.fate) == ("ACCEPTED", "NOT_STORED")


def test_a_message_expires_with_its_ttl() -> None:
    phones, row, _ = an_offline_browser()
    short, long = phones.send(row, ttl_s=60), phones.send(row, ttl_s=61)

    phones.wait(seconds=60)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert (short.fate, long.fate) == ("EXPIRED", "SHOWN")


@pytest.mark.parametrize(("browser", "days"), [("web", 28), ("firefox", 30), ("safari", 30)])
def test_no_service_stores_a_message_for_longer_than_its_own_limit(browser, days) -> None:
    phones, row, _ = an_offline_browser(browser)
    sent = [phones.send(row, ttl_s=60 * DAY_S)]
    phones.wait(ms=1)
    sent.append(phones.send(row, ttl_s=60 * DAY_S))

    phones.wait(ms=days * DAY_S * 1000 - 1)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert [message.fate for message in sent] == ["EXPIRED", "SHOWN"]


def test_the_newest_of_a_topic_replaces_the_one_before() -> None:
    phones, row, _ = an_offline_browser()
    old, other, plain = (phones.send(row, topic=topic) for topic in ("score", "news", None))
    new = phones.send(row, topic="score")

    phones.do("go_online", row)
    phones.wait(seconds=10)

    fates = [message.fate for message in (old, other, plain, new)]
    assert fates == ["REPLACED", "SHOWN", "SHOWN", "SHOWN"]


def test_what_was_delivered_is_not_touched_by_a_newer_message_of_its_topic() -> None:
    phones, row, _ = a_browser()
    old = phones.send(row, topic="score")
    phones.wait(seconds=10)
    phones.do("go_offline", row)

    phones.send(row, topic="score")

    assert old.fate == "SHOWN"


def test_what_has_expired_is_not_replaced() -> None:
    phones, row, _ = an_offline_browser()
    old = phones.send(row, topic="score", ttl_s=60)
    phones.wait(seconds=60)

    phones.send(row, topic="score")

    assert old.fate == "EXPIRED"


def test_the_collapse_id_of_phones_is_no_topic() -> None:
    phones, row, _ = an_offline_browser()

    old, new = (phones.send(row, collapse_id="score") for _ in range(2))

    assert (old.fate, new.fate) == ("STORED", "STORED")


def test_many_browsers_are_stored_for_as_one_is() -> None:
    phones = Phones()
    rows = phones.add_many("web", 30)
    phones.do("go_offline", *rows)
    first = phones.send(*rows[:20], topic="score")
    plain, second = phones.send(*rows), phones.send(*rows[10:], topic="score")

    phones.do("go_online", *rows)
    phones.wait(seconds=10)

    assert first.fates == ["SHOWN"] * 10 + ["REPLACED"] * 10
    assert (set(plain.fates), set(second.fates)) == ({"SHOWN"}, {"SHOWN"})


# --- endpoints that were dropped -------------------------------------------------------------


@BROWSERS
@DROPS
def test_an_endpoint_that_an_online_browser_dropped_is_gone_at_once(browser, verb) -> None:
    phones, row, route = a_browser(browser)

    phones.do(verb, row)

    assert phones.send(row, routes=[route]).verdict == "DEAD"


@DROPS
def test_a_service_hears_of_a_dropped_endpoint_when_its_browser_is_back(verb: str) -> None:
    phones, row, route = an_offline_browser()
    phones.do(verb, row)

    unheard = phones.send(row, routes=[route])
    phones.do("go_online", row)
    heard = phones.send(row, routes=[route])

    assert (unheard.verdict, unheard.fate, heard.verdict) == ("ACCEPTED", "APP_GONE", "DEAD")


def test_a_service_does_not_forget_what_it_heard_when_the_browser_leaves_again() -> None:
    phones, row, route = an_offline_browser()
    phones.do("clear_cookies", row)
    phones.wait(seconds=1)

    phones.do("go_online", row)
    phones.wait(seconds=1)
    phones.do("go_offline", row)

    assert phones.send(row, routes=[route]).verdict == "DEAD"


def test_a_browser_that_drops_its_endpoint_and_leaves_at_once_has_told_it() -> None:
    phones, row, route = a_browser()

    phones.do("clear_cookies", row)
    phones.do("go_offline", row)

    assert phones.send(row, routes=[route]).verdict == "DEAD"


@DROPS
def test_what_waits_for_a_dropped_endpoint_reaches_nobody(verb: str) -> None:
    phones, row, _ = an_offline_browser()
    sent = phones.send(row)

    phones.do(verb, row)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert sent.fate == "APP_GONE"
    assert phones.entries("AppGone", "MessageArrived") == ["AppGone"]


@DROPS
def test_what_is_under_way_to_a_dropped_endpoint_reaches_nobody(verb: str) -> None:
    phones, row, _ = a_browser()
    sent = phones.send(row)

    phones.do(verb, row)
    phones.wait(seconds=10)

    assert sent.fate == "APP_GONE"


def test_the_new_endpoint_after_a_rotation_works() -> None:
    phones, row, route = a_browser()
    phones.do("rotate_token", row)

    sent = phones.send(row)
    phones.wait(seconds=10)

    assert phones.fleet.devices.route[row] != route
    assert sent.fate == "SHOWN"


@BROWSERS
def test_a_removed_browser_is_found_out_by_the_first_message_that_finds_nobody(browser) -> None:
    phones, row, route = a_browser(browser)
    phones.do("uninstall", row)

    first = phones.send(row, routes=[route])
    phones.wait(seconds=10)
    second = phones.send(row, routes=[route])

    assert (first.verdict, first.fate) == ("ACCEPTED", "APP_GONE")
    assert second.verdict == "DEAD"


@pytest.mark.parametrize(("browser", "verdict"), [("safari", "ACCEPTED"), ("firefox", "DEAD")])
@pytest.mark.parametrize("verb", ["clear_cookies", "uninstall"])
def test_apple_may_answer_201_for_ever(browser, verdict, verb) -> None:
    phones, row, route = a_browser(browser, safari_drops_reported=False)
    phones.do(verb, row)
    phones.send(row, routes=[route])
    phones.wait(days=60)

    assert phones.send(row, routes=[route]).verdict == verdict


# --- faults ----------------------------------------------------------------------------------


def test_an_outage_of_push_services_puts_messages_off() -> None:
    from pushlab_fakes.faults import Fault

    phones, row, _ = a_browser()
    phones.world.act(lambda: phones.faults.plan(Fault("", "webpush")))

    assert phones.send(row).verdict == "PUT_OFF"
