"""Goal: browsers report what the web SDK reports, and tell nobody of mere visitors.

Method: browsers without a service; a stand-in notes each call of the SDK.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.devices.fleet import PLATFORMS
from pushlab.gateway import Channel
from pushlab_testing.phones import Phones


def a_browser(*, fresh: bool = False, **settings: Any) -> tuple[Phones, int]:
    phones = Phones(**settings)
    row = phones.add("web", fresh=fresh)
    phones.service.calls.clear()
    return phones, row


def log_in(phones: Phones, row: int, external_id: str | None) -> None:
    phones.world.act(lambda: phones.fleet.log_in(row, external_id))


def do_all(phones: Phones, row: int, *verbs: str) -> None:
    for verb in verbs:
        phones.do(verb, row)
    phones.wait(seconds=60)


@pytest.mark.parametrize(
    ("name", "browser", "channel"),
    [
        ("web", "chrome", Channel.CHROME_WEB),
        ("firefox", "firefox", Channel.FIREFOX),
        ("safari", "safari", Channel.SAFARI_WEB),
        ("edge", "edge", Channel.CHROME_WEB),
    ],
)
def test_each_browser_subscribes_as_a_type_of_its_own(name, browser, channel) -> None:
    platform = PLATFORMS[name]

    assert (platform.name, platform.browser, platform.channel) == ("web", browser, channel)


def test_edge_is_like_chrome_but_for_its_push_service() -> None:
    phones = Phones()
    chrome, edge = phones.add("web", "c"), phones.add("edge", "e")
    crowd = phones.add_many("edge", 3)
    sent = phones.send(chrome, edge, *crowd)
    phones.wait(seconds=60)

    tokens = [phones.fleet.token_of(row) or "" for row in (chrome, edge, *crowd)]
    assert [token.split("/")[2] for token in tokens] == [
        "fcm.googleapis.com",
        *["wns2-by3p.notify.windows.com"] * 4,
    ]
    assert set(sent.fates) == {"SHOWN"}
    assert [phones.fleet.platform_of(row).browser for row in (chrome, edge, *crowd)] == [
        "chrome",
        *["edge"] * 4,
    ]


def test_edge_keeps_its_push_service_when_its_endpoint_changes() -> None:
    phones = Phones()
    row = phones.add("edge")
    before = phones.fleet.token_of(row)

    phones.do("rotate_token", row)

    after = phones.fleet.token_of(row) or ""
    assert after != before
    assert after.startswith("https://wns2-by3p.notify.windows.com/w/?token=")


# --- what is told ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "verbs",
    [
        ("open_app",),
        ("open_app", "deny"),
        ("open_app", "opt_out"),
        ("open_app", "opt_in"),
        ("open_app", "close_app", "open_app"),
        ("open_app", "allow", "clear_cookies"),
    ],
)
def test_nothing_is_told_of_a_visitor_who_never_subscribed(verbs) -> None:
    phones, row = a_browser(fresh=True)

    do_all(phones, row, *verbs)

    assert phones.service.calls == []


def test_a_visitor_who_allows_notifications_is_registered_half_a_second_later() -> None:
    phones, row = a_browser(fresh=True)
    phones.do("open_app", row)
    phones.wait(seconds=60)
    phones.do("allow", row)
    phones.wait(ms=499)
    before = phones.service.calls.copy()

    phones.wait(ms=1)

    assert before == []
    assert phones.service.calls == [("register", [None], [1])]


@pytest.mark.parametrize(
    ("verbs", "told"),
    [
        (("opt_out",), ("update", [1], [-2], [False], 1)),
        (("open_app", "switch_off"), ("update", [1], [0], [False], 1)),
        (("switch_off", "open_app"), ("update", [1], [0], [False], 1)),
        (("switch_off", "switch_on", "open_app"), ("update", [1], [1], [True], 1)),
        (("rotate_token", "open_app"), ("update", [1], [1], [True], 1)),
    ],
)
def test_a_change_of_the_subscription_is_told(verbs, told) -> None:
    phones, row = a_browser()

    do_all(phones, row, *verbs)

    assert phones.service.calls[-1] == told


@pytest.mark.parametrize("verb", ["switch_off", "rotate_token", "clear_cookies", "uninstall"])
def test_what_happens_away_from_the_site_is_told_at_the_next_visit_at_the_soonest(verb) -> None:
    phones, row = a_browser()

    do_all(phones, row, verb)

    assert phones.service.calls == []


def test_opting_out_keeps_the_endpoint_and_opting_in_again_uses_it() -> None:
    phones, row = a_browser()
    route = phones.fleet.devices.route[row]
    do_all(phones, row, "opt_out")
    kept = phones.fleet.devices.route[row]

    do_all(phones, row, "opt_in")

    assert route == kept == phones.fleet.devices.route[row]
    assert phones.service.calls[-1] == ("update", [1], [1], [True], 1)


def test_a_blocked_page_keeps_the_last_endpoint_in_its_record() -> None:
    phones, row = a_browser()
    route = phones.fleet.devices.route[row]

    do_all(phones, row, "switch_off", "open_app")

    assert phones.fleet.devices.route[row] == -1
    assert phones.fleet.devices.sent_route[row] == route


# --- endpoints -------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["switch_off", "clear_cookies", "deny", "uninstall"])
def test_an_endpoint_is_lost_at_once(verb: str) -> None:
    phones, row = a_browser()

    phones.do(verb, row)

    assert phones.fleet.devices.route[row] == -1


@pytest.mark.parametrize(
    ("verbs", "count"),
    [
        (("switch_off", "switch_on"), 0),
        (("switch_off", "switch_on", "open_app"), 1),
        (("switch_off", "open_app"), 0),
        (("switch_off", "opt_in"), 0),
        (("switch_off", "switch_on", "opt_in"), 1),
        (("clear_cookies", "open_app"), 1),
        (("uninstall", "install", "open_app"), 0),
        (("uninstall", "install", "open_app", "allow"), 1),
    ],
)
def test_an_endpoint_comes_back_with_a_visit_or_the_bell(verbs, count) -> None:
    phones, row = a_browser()

    do_all(phones, row, *verbs)

    assert phones.fleet.devices.generation[row] == 1 + count
    assert (phones.fleet.devices.route[row] >= 0) == bool(count)


def test_a_site_may_leave_subscribing_again_to_the_bell() -> None:
    phones, row = a_browser(web_auto_resubscribe=False)
    do_all(phones, row, "clear_cookies", "open_app")
    before = phones.fleet.devices.route[row]

    do_all(phones, row, "opt_in")

    assert (before, phones.fleet.devices.route[row] >= 0) == (-1, True)


def test_allowing_a_blocked_site_gives_no_endpoint() -> None:
    phones, row = a_browser(fresh=True)

    do_all(phones, row, "switch_off", "allow")

    assert phones.fleet.devices.route[row] == -1


def test_switching_on_a_site_that_was_denied_allows_it() -> None:
    phones, row = a_browser(fresh=True)

    do_all(phones, row, "open_app", "deny", "switch_on", "open_app")

    assert phones.service.calls == [("register", [None], [1])]


# --- users -----------------------------------------------------------------------------------


def test_a_login_without_permission_registers_a_subscription_without_a_token() -> None:
    phones, row = a_browser(fresh=True)
    phones.do("open_app", row)
    log_in(phones, row, "alice")

    phones.wait(seconds=60)

    assert phones.service.calls == [("register", ["alice"], [0])]
    assert phones.fleet.devices.sent_route[row] == -1


def test_a_logout_without_a_subscription_registers_nothing() -> None:
    phones, row = a_browser(fresh=True)
    phones.do("open_app", row)
    log_in(phones, row, "alice")
    log_in(phones, row, None)

    phones.wait(seconds=60)

    assert phones.service.calls == []


def test_a_logout_with_a_subscription_moves_it_to_an_anonymous_user() -> None:
    phones, row = a_browser()
    log_in(phones, row, "alice")
    phones.wait(seconds=60)

    log_in(phones, row, None)
    phones.wait(seconds=60)

    assert phones.service.calls == [("identify", 101, "alice"), ("register", [None], [1])]
    assert phones.fleet.external_id_of(row) is None


def test_cleared_site_data_make_a_new_record_and_forget_who_was_logged_in() -> None:
    phones, row = a_browser()
    log_in(phones, row, "alice")
    phones.wait(seconds=60)
    phones.service.calls.clear()

    do_all(phones, row, "clear_cookies", "open_app")

    assert phones.service.calls == [("register", [None], [1])]
    assert phones.fleet.devices.subscription_key[row] == 2


# --- sessions --------------------------------------------------------------------------------


def test_a_visit_of_a_subscriber_is_a_session_and_its_length_is_told() -> None:
    phones, row = a_browser()
    phones.do("open_app", row)
    phones.wait(seconds=90)
    phones.do("close_app", row)

    phones.wait(seconds=30)

    assert [call[0] for call in phones.service.calls] == ["start", "end"]


@pytest.mark.parametrize("verb", ["opt_out", "switch_off"])
def test_a_visit_of_somebody_who_is_not_subscribed_is_no_session(verb: str) -> None:
    phones, row = a_browser()
    do_all(phones, row, "open_app", verb, "close_app")
    phones.service.calls.clear()

    do_all(phones, row, "open_app")
    do_all(phones, row, "close_app")

    assert phones.service.calls == []
