"""Goal: the push services take messages, open them as browsers do, and take them back."""

from __future__ import annotations

import pytest

from pushlab_fakes.exchange import Request
from pushlab_testing.pushing import WebpushSender, encode
from pushlab_testing.webpush_scene import BROWSERS, Scene

EVERY_BROWSER = pytest.mark.parametrize("browser", BROWSERS)


@EVERY_BROWSER
def test_an_accepted_message_names_its_resource_and_its_lifetime(browser: str) -> None:
    scene = Scene(browser)

    answer = scene.push(headers={"ttl": "9000000"})

    origin = "/".join(scene.subscription["endpoint"].split("/")[:3])
    assert (answer.status, answer.body) == (201, b"")
    assert str(answer.header("location")).startswith(origin)
    longest = {"chrome": "2419200", "edge": "2419200"}.get(browser, "2592000")
    assert answer.header("ttl") == longest
    assert (answer.header("apns-id") is not None) == (browser == "safari")


def test_a_message_that_cannot_be_opened_is_accepted_and_shows_nothing() -> None:
    scene = Scene("chrome")
    other = scene.lab.device("web", external_id="bob").push_subscription
    assert other is not None

    answer = scene.push(body=scene.sender.encrypt(other, b"Hello", "aes128gcm"))
    scene.lab.advance(minutes=1)

    assert answer.status == 201
    assert len(scene.browser.tray) == 0
    assert any("keys of another subscription" in line for line in scene.lab.trace.lines())


def test_a_message_without_a_body_shows_nothing() -> None:
    scene = Scene("chrome")

    answer = scene.push(body=b"", headers={"content-encoding": None})
    scene.lab.advance(minutes=1)

    assert answer.status == 201
    assert len(scene.browser.tray) == 0


def test_a_sender_takes_a_message_back_while_it_waits() -> None:
    scene = Scene("firefox")
    scene.browser.go_offline()
    location = scene.push().header("location")
    assert location is not None

    first = scene.lab.handle(Request.build("DELETE", location))
    again = scene.lab.handle(Request.build("DELETE", location))
    asked = scene.lab.handle(Request.build("GET", location))
    unknown = scene.lab.handle(Request.build("DELETE", location + "x"))
    scene.browser.go_online()
    scene.lab.advance(minutes=1)

    statuses = [first.status, again.status, asked.status, unknown.status]
    assert statuses == [204, 204, 405, 404]
    assert len(scene.browser.tray) == 0


def test_a_new_key_goes_with_a_new_subscription() -> None:
    scene = Scene("chrome")
    scene.push()
    scene.browser.rotate_token()
    scene.browser.visit()

    answer = WebpushSender(scene.lab, private=8).push(scene.subscription)
    stale = scene.push()

    assert (answer.status, stale.status) == (201, 403)


def test_strict_keys_take_only_what_was_bound() -> None:
    scene = Scene("chrome", strict_keys=True)
    before = scene.push().status
    scene.lab.services.webpush.bind(0, scene.sender.key)

    assert (before, scene.push().status) == (403, 201)


def test_the_older_path_of_google_and_the_older_scheme_still_work() -> None:
    scene = Scene("chrome")
    subscription = scene.subscription
    subscription["endpoint"] = subscription["endpoint"].replace("/wp/", "/fcm/send/")
    token = scene.sender.sign(scene.sender.claims("https://fcm.googleapis.com"))
    key = encode(scene.sender.key)
    headers = {
        "authorization": f"WebPush {token}",
        "crypto-key": f"dh={key};p256ecdsa={key}",
    }

    answer = scene.sender.push(subscription, encoding="aesgcm", headers=headers)
    scene.lab.advance(minutes=1)

    assert answer.status == 201
    assert scene.browser.tray[0].body == "Hello"


def test_a_planned_fault_has_its_own_status_reason_and_wait() -> None:
    scene = Scene("safari")
    scene.lab.fault("webpush", status=429, reason="slow down", retry_after_s=7)

    answer = scene.push()

    assert (answer.status, answer.body) == (429, b"slow down")
    assert answer.header("retry-after") == "7"


def test_the_trace_holds_no_salt_no_token_and_no_key() -> None:
    scene = Scene("chrome")
    scene.push()

    text = "\n".join(scene.lab.trace.lines())

    assert "vapid t=" not in text
    assert encode(scene.sender.key) not in text
