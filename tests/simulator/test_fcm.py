"""Goal: what a test says of FCM changes the world, and is part of the record."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_scenarios.replay import replay
from pushlab_testing.pushing import PROJECT, FcmSender, WebpushSender

PUSH = {"title": "Welcome"}


def test_the_api_and_the_role_are_switched_off_and_on_again() -> None:
    lab = Lab()
    phone = lab.device("android")
    sender = FcmSender(lab)
    statuses = []

    for change in (
        lab.fcm.disable_api,
        lab.fcm.enable_api,
        lab.fcm.revoke_role,
        lab.fcm.grant_role,
    ):
        change(PROJECT)
        statuses.append(sender.send({"token": phone.token}).status)

    assert statuses == [403, 200, 403, 200]


def test_the_tokens_of_an_app_belong_to_the_project_that_was_named() -> None:
    lab = Lab()
    phone = lab.device("android")
    lab.fcm.add_project(PROJECT, app=lab.app.id)

    other = FcmSender(lab, "other-project").send({"token": phone.token})
    own = FcmSender(lab).send({"token": phone.token})

    assert (other.status, own.status) == (403, 200)


def test_a_public_key_is_a_public_key() -> None:
    with pytest.raises(MisuseError, match="PEM text"):
        Lab().fcm.add_account("sender@shop.test", public_key="secret")


def test_a_run_with_direct_sends_is_lived_again_from_its_record() -> None:
    lab = Lab()
    phone, browser = lab.device("android"), lab.device("web")
    subscription = browser.push_subscription
    lab.fcm.subscribe(phone, "news")
    lab.fcm.subscribe(phone.id, "sport")
    lab.fcm.unsubscribe(phone, "sport")
    assert subscription is not None
    FcmSender(lab).send({"topic": "news", "notification": PUSH})
    WebpushSender(lab).push(subscription, '{"title": "Welcome"}')
    lab.advance(minutes=1)

    lived = replay(lab.record())

    assert lived.trace.digest == lab.trace.digest
    assert lived.fcm.topics_of(phone.id) == ["news"]
    assert [device.tray[0].title for device in lived.devices] == ["Welcome", "Welcome"]


def test_the_record_holds_no_signature_of_an_account() -> None:
    lab = Lab()
    url = "https://oauth2.googleapis.com/token"
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    body = f"grant_type={grant}&assertion=eyJhIjoxfQ.eyJhIjoxfQ.c2VjcmV0"
    lab.handle(Request.build("POST", url, body=body.encode()))

    text = "\n".join(lab.record())

    assert "c2VjcmV0" not in text
    assert "eyJhIjoxfQ.eyJhIjoxfQ.key-" in text
