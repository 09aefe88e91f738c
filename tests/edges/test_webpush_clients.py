"""Goal: pywebpush, unmodified, cannot tell (pywebpush 2.5, sync and async).

Two ways to get here: redirected under TLS with the endpoint as the browser gives it, and with the
lab's own address for its origin. Four services, each in its own words.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from py_vapid import Vapid
from pywebpush import WebPushException, webpush, webpush_async

BROWSERS = ["chrome", "firefox", "safari", "edge"]
SUBJECT = "mailto:push@example.com"


def make_key():
    """Return an application server key, as `vapid --gen` makes one."""
    key = Vapid()
    key.generate_keys()
    return key


KEY = make_key()


@pytest.fixture(params=["redirected", "base URL"])
def address(request, pushlab):
    """Return how a browser's subscription reaches the sender."""

    def read(browser):
        subscription = browser.push_subscription
        if request.param == "base URL":
            parts = urlsplit(subscription["endpoint"])
            tail = f"?{parts.query}" if parts.query else ""
            subscription["endpoint"] = pushlab.endpoints.webpush + parts.path + tail
        return subscription

    return read


def send(subscription, text, **options):
    """Send as pywebpush's README says."""
    return webpush(subscription, text, **(an_hour() | options))


def an_hour(key=KEY):
    """Return what every message here has."""
    return {"vapid_private_key": key, "vapid_claims": {"sub": SUBJECT}, "ttl": 3_600}


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_message_reaches_the_browser(pushlab, address, browser):
    alice = pushlab.device("web", browser=browser, external_id="alice")

    answer = send(address(alice), json.dumps({"title": "Hello", "body": "Alice"}))
    pushlab.advance(minutes=1)

    assert (answer.status_code, answer.headers["ttl"]) == (201, "3600")
    assert (alice.tray[0].title, alice.tray[0].body) == ("Hello", "Alice")
    assert alice.tray[0].notification_id == answer.headers["location"]


@pytest.mark.parametrize("encoding", ["aes128gcm", "aesgcm"])
def test_both_encodings_are_opened(pushlab, address, encoding):
    alice = pushlab.device("web", external_id="alice")

    send(address(alice), "Grüße", content_encoding=encoding)
    pushlab.advance(minutes=1)

    assert alice.tray[0].body == "Grüße"


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_dropped_endpoint_is_gone(pushlab, address, browser):
    alice = pushlab.device("web", browser=browser, external_id="alice")
    subscription = address(alice)
    alice.clear_cookies()

    with pytest.raises(WebPushException) as gone:
        send(subscription, "Hello")

    assert gone.value.response.status_code == 410


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_malformed_endpoint_is_not_found(pushlab, address, browser):
    alice = pushlab.device("web", browser=browser, external_id="alice")
    subscription = address(alice)
    subscription["endpoint"] = subscription["endpoint"][:-40] + "x"

    with pytest.raises(WebPushException) as unknown:
        send(subscription, "Hello")

    assert unknown.value.response.status_code == 404


@pytest.mark.parametrize(
    ("browser", "status", "words"),
    [
        ("chrome", 403, "do not correspond to the credentials"),
        ("firefox", 401, '"errno":109'),
        ("safari", 400, "VapidPkHashMismatch"),
        ("edge", 403, ""),
    ],
)
def test_the_key_of_somebody_else_is_refused(pushlab, address, browser, status, words):
    alice = pushlab.device("web", browser=browser, external_id="alice")
    send(address(alice), "Hello")

    with pytest.raises(WebPushException) as refused:
        send(address(alice), "Hello again", **an_hour(make_key()))

    assert refused.value.response.status_code == status
    assert words in refused.value.response.text


def test_a_message_without_vapid_is_unauthorized(pushlab, address):
    alice = pushlab.device("web", external_id="alice")

    with pytest.raises(WebPushException) as refused:
        webpush(address(alice), "Hello", ttl=60)

    assert refused.value.response.status_code == 401


def test_a_message_waits_for_a_browser_that_is_offline(pushlab, address):
    alice = pushlab.device("web", external_id="alice")
    alice.go_offline()

    send(address(alice), "One")
    send(address(alice), "Two", headers={"topic": "news"})
    send(address(alice), "Three", headers={"topic": "news"})
    pushlab.advance(minutes=30)
    before = len(alice.tray)
    alice.go_online()
    pushlab.advance(minutes=1)

    assert before == 0
    assert sorted(message.body for message in alice.tray) == ["One", "Three"]


@pytest.mark.asyncio
@pytest.mark.parametrize("browser", BROWSERS)
async def test_the_async_client_is_served_like_the_other(pushlab, address, browser):
    alice = pushlab.device("web", browser=browser, external_id="alice")
    subscription = address(alice)

    answer = await webpush_async(subscription, "Hello", **an_hour())
    await pushlab.advance_async(minutes=1)
    shown = [message.body for message in alice.tray]
    alice.clear_cookies()
    with pytest.raises(WebPushException) as gone:
        await webpush_async(subscription, "Hello again", **an_hour())
    subscription["endpoint"] = subscription["endpoint"][:-40] + "x"
    with pytest.raises(WebPushException) as unknown:
        await webpush_async(subscription, "Hello again", **an_hour())

    assert answer.status == 201
    assert shown == ["Hello"]
    assert (gone.value.response.status, unknown.value.response.status) == (410, 404)
