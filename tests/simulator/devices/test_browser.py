"""Goal: the browser in a test's hand: its subscription, its verbs, and what the service believes.

Method: whole labs; the app under test sends to an external id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App

if TYPE_CHECKING:
    from pushlab.devices.browser import Browser

BROWSERS = pytest.mark.parametrize("browser", ["chrome", "firefox", "safari", "edge"])


def a_browser(browser: str = "chrome", **settings: object) -> tuple[Lab, App, Browser]:
    lab = Lab(settings=settings)
    device = lab.device("web", external_id="alice", browser=browser)
    return lab, App(lab), device


def a_fresh_browser() -> tuple[Lab, App, Browser]:
    lab = Lab()
    return lab, App(lab), lab.device("web", name="visitor", fresh=True)


def send(lab: Lab, app: App, **fields: object) -> Any:
    """Send to alice, wait a minute, and return the view of the notification."""
    sent = app.send("alice", **fields)
    lab.advance(minutes=1)
    return app.view(sent)


def believed(app: App, external_id: str) -> list[Any]:
    answer = app.call("GET", f"/apps/{app.id}/users/by/external_id/{external_id}")
    found = cast("dict[str, Any]", answer.json())
    keys = ("id", "type", "token", "enabled", "notification_types")
    return [{key: each[key] for key in keys} for each in found["subscriptions"]]


# --- reading ---------------------------------------------------------------------------------


@BROWSERS
def test_a_browser_reads_as_the_control_api_shows_it(browser: str) -> None:
    _, _, device = a_browser(browser)

    document = device.document()

    assert (document["id"], document["platform"]) == ("alice-web", "web")
    assert document["browser"] == device.browser == browser
    assert document["push_subscription"] == device.push_subscription
    assert document["state"] == {
        "installed": True,
        "online": True,
        "app": "closed",
        "permission": "granted",
        "notifications": True,
        "opted_in": True,
        "power": "plugged",
        "network": "wifi",
    }


def test_a_push_subscription_is_what_a_page_gets_from_its_browser() -> None:
    _, _, browser = a_browser()

    subscription = browser.push_subscription

    assert subscription is not None
    assert list(subscription) == ["endpoint", "expirationTime", "keys"]
    assert (subscription["endpoint"], subscription["expirationTime"]) == (browser.token, None)
    assert list(cast("dict[str, str]", subscription["keys"])) == ["p256dh", "auth"]


def test_two_browsers_have_keys_of_their_own_and_keep_them() -> None:
    lab = Lab()
    one, two = lab.device("web"), lab.device("web")

    assert one.push_subscription == one.push_subscription
    assert one.push_subscription != two.push_subscription


def test_without_an_endpoint_there_is_no_push_subscription() -> None:
    _, _, browser = a_fresh_browser()

    assert browser.push_subscription is None
    assert browser.document()["push_subscription"] is None


# --- verbs that do not fit -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("prompt", "the person has answered for this site before"),
        ("reinstall", "the browser is there, with its profile"),
        ("tap", "the tray is empty"),
        ("go_online", "it is online already"),
    ],
)
def test_a_verb_that_does_not_fit_a_settled_browser_is_refused(verb: str, reason: str) -> None:
    _, _, browser = a_browser()

    with pytest.raises(MisuseError) as caught:
        getattr(browser, verb)()

    assert f"alice-web cannot {verb}: {reason}" in str(caught.value)
    assert "what fits now: visit, leave" in str(caught.value)


def test_a_removed_browser_can_only_come_back() -> None:
    _, _, browser = a_browser()

    browser.uninstall()

    assert "reinstall" in browser.verbs
    assert {"visit", "prompt", "login", "uninstall"}.isdisjoint(browser.verbs)


def test_a_verb_of_phones_is_refused_in_words() -> None:
    _, _, browser = a_browser()

    with pytest.raises(MisuseError, match="cannot force_stop: that is no verb of a browser"):
        browser.force_stop()  # type: ignore[attr-defined]


@pytest.mark.parametrize("answer", ["allow", "deny"])
def test_a_page_can_ask_once(answer: str) -> None:
    _, _, browser = a_fresh_browser()
    browser.visit()

    browser.prompt(answer=answer)

    assert "prompt" not in browser.verbs


def test_a_page_that_is_blocked_cannot_ask() -> None:
    _, _, browser = a_fresh_browser()

    browser.switch_notifications(on=False)

    assert "prompt" not in browser.verbs


# --- the first visit -------------------------------------------------------------------------


def test_nobody_hears_of_a_visitor_before_the_permission() -> None:
    lab, _, browser = a_fresh_browser()
    browser.visit()
    lab.advance(minutes=1)
    before = (browser.subscription_id, browser.onesignal_id)

    browser.prompt(answer="allow")
    lab.advance(minutes=1)

    assert before == (None, None)
    assert browser.subscription_id is not None
    assert browser.onesignal_id is not None


def test_a_login_before_the_permission_leaves_an_empty_subscription_that_is_filled_later() -> None:
    lab, app, browser = a_fresh_browser()
    browser.visit()
    browser.login("alice")
    lab.advance(minutes=1)
    (before,) = believed(app, "alice")

    browser.prompt(answer="allow")
    lab.advance(minutes=1)
    (after,) = believed(app, "alice")

    assert (before["token"], before["enabled"]) == ("", False)
    assert (after["id"], after["token"], after["enabled"]) == (before["id"], browser.token, True)


# --- messages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("browser", "kind", "count"),
    [
        ("chrome", "chrome_web_push", 1),
        ("firefox", "firefox_web_push", 1),
        ("safari", "safari_web_push", 0),
    ],
)
def test_a_message_is_shown_and_confirmed_but_for_safari(browser, kind, count) -> None:
    lab, app, device = a_browser(browser)

    view = send(lab, app)

    assert [message.body for message in device.tray] == ["Hello"]
    assert (view["successful"], view["received"]) == (1, count)
    assert view["platform_delivery_stats"][kind]["successful"] == 1


def test_a_newer_message_takes_the_place_of_the_older_unless_they_have_topics() -> None:
    lab, app, browser = a_browser()
    for fields in ({}, {}, {"web_push_topic": "news"}, {"web_push_topic": "sport"}):
        send(lab, app, contents={"en": f"{fields}"}, **fields)
    send(lab, app, contents={"en": "newest"}, web_push_topic="news")

    bodies = [message.body for message in browser.tray]

    assert bodies == ["newest", "{'web_push_topic': 'sport'}", "{}"]


def test_a_tap_opens_the_site_and_is_reported() -> None:
    lab, app, browser = a_browser()
    sent = app.send("alice", web_buttons=[{"id": "like", "text": "Like"}], buttons=[])
    lab.advance(minutes=1)

    browser.tap(action="like")

    assert browser.state["app"] == "foreground"
    assert app.view(sent)["converted"] == 1
    assert len(browser.tray) == 0


# --- losing the endpoint ---------------------------------------------------------------------


@BROWSERS
@pytest.mark.parametrize("verb", ["clear_cookies", "switch_notifications"])
def test_a_dropped_endpoint_costs_the_next_message_and_the_one_after_is_skipped(
    browser, verb
) -> None:
    lab, app, device = a_browser(browser)
    held = device.subscription_id
    arguments = {"on": False} if verb == "switch_notifications" else {}
    getattr(device, verb)(**arguments)

    view = send(lab, app)
    skipped = app.push("alice")

    assert (view["successful"], view["failed"]) == (0, 1)
    (record,) = believed(app, "alice")
    assert (record["id"], record["notification_types"]) == (held, -10)
    assert not skipped["id"]


def test_a_removed_browser_costs_the_second_message() -> None:
    lab, app, browser = a_browser()
    browser.uninstall()

    first, second = send(lab, app), send(lab, app)

    assert [view["successful"] for view in (first, second)] == [1, 0]
    assert [view["failed"] for view in (first, second)] == [0, 1]


def test_blocking_and_allowing_again_keeps_the_subscription_with_a_new_endpoint() -> None:
    lab, app, browser = a_browser()
    held, endpoint = browser.subscription_id, browser.token
    browser.switch_notifications(on=False)
    blocked = browser.token
    browser.switch_notifications(on=True)
    still = browser.token

    browser.visit()
    lab.advance(minutes=1)

    assert (blocked, still) == (None, None)
    assert browser.subscription_id == held
    assert browser.token not in {None, endpoint}
    assert send(lab, app)["successful"] == 1


def test_cleared_cookies_make_a_stranger_with_a_new_subscription() -> None:
    lab, app, browser = a_browser()
    held, user = browser.subscription_id, browser.onesignal_id

    browser.clear_cookies()
    forgotten = (browser.subscription_id, browser.external_id, browser.token)
    browser.visit()
    lab.advance(minutes=1)

    assert forgotten == (None, None, None)
    assert browser.state["permission"] == "granted"
    assert browser.subscription_id not in {None, held}
    assert browser.onesignal_id not in {None, user}
    assert [record["id"] for record in believed(app, "alice")] == [held]


def test_cleared_cookies_take_what_is_shown_with_them() -> None:
    lab, app, browser = a_browser()
    send(lab, app)

    browser.clear_cookies()

    assert len(browser.tray) == 0


def test_a_rotated_endpoint_is_told_at_the_next_visit() -> None:
    lab, app, browser = a_browser()
    browser.rotate_token()
    lab.advance(minutes=1)
    (before,) = believed(app, "alice")

    browser.visit()
    browser.leave()
    lab.advance(minutes=1)
    (after,) = believed(app, "alice")

    assert before["token"] != browser.token
    assert after == before | {"token": browser.token}


def test_the_bell_turns_a_subscription_off_and_on() -> None:
    lab, app, browser = a_browser()
    browser.opt_out()
    lab.advance(minutes=1)
    (off,) = believed(app, "alice")

    browser.opt_in()
    lab.advance(minutes=1)
    (on,) = believed(app, "alice")

    assert (off["enabled"], off["notification_types"]) == (False, -2)
    assert on == off | {"enabled": True, "notification_types": 1}


def test_a_new_profile_was_never_asked() -> None:
    lab, _, browser = a_browser()
    browser.uninstall()

    browser.reinstall()
    browser.visit()
    lab.advance(minutes=1)

    assert browser.state["permission"] == "not_asked"
    assert (browser.subscription_id, browser.token) == (None, None)


def test_a_population_may_have_browsers() -> None:
    lab = Lab()
    people = lab.population(10, platforms={"web": 0.5, "android": 0.5})
    app = App(lab)

    sent = app.send(*(f"person-{number:06d}" for number in range(1, 11)))
    lab.advance(minutes=1)

    assert [person.platform for person in people] == ["web"] * 5 + ["android"] * 5
    assert {len(person.tray) for person in people} == {1}
    assert app.view(sent)["received"] == 10
