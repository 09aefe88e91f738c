"""Goal: the answer that is lost, met by the clients that people use, on every wire.

The effect happens, the client sees its connection fail, and trying again (by hand, or because the
client does so by itself) shows a duplicate, unless a key keeps that from happening. Redirected in
process, with no change to any client.
"""

from __future__ import annotations

import asyncio
import json
import smtplib
import ssl

import aiosmtplib
import firebase_admin
import httpx
import onesignal
import pytest
import requests
import urllib3
from firebase_admin import credentials, messaging
from flask import Flask, request
from onesignal.api.default_api import DefaultApi
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification
from py_vapid import Vapid
from pywebpush import webpush
from twilio.rest import Client as TwilioClient

from pushlab_scenarios.replay import replay
from pushlab_testing.apns import KEY_ID, TEAM, TOPIC, make_key_pem, sign_token
from pushlab_testing.vendor_clients.fcm import make_account

WAIT_S = 10
KEY = "os_v2_app_made_up"
APP = "5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f"
"""Made up."""
ONCE = "0d3b6a04-2c0b-4e0a-9d5a-6b8a54f7a111"
ONESIGNAL, APNS = "onesignal POST /notifications", "apns POST /3/device"
MAIL = "Subject: Hello\r\n\r\nAlice"
SHOP, ALICE = "+14155550100", "+12025550111"


def bodies(device):
    """Return what a device shows, oldest first."""
    return [message.body for message in device.tray][::-1]


@pytest.fixture
def alice(pushlab):
    """Return a phone of alice."""
    return pushlab.device("android", external_id="alice")


@pytest.fixture(autouse=True)
def _lived_again(pushlab):
    """After each test, live its record again."""
    yield
    record, digest = pushlab.record(), pushlab.trace.digest
    pushlab.close()
    assert replay(record).trace.digest == digest


# --- OneSignal, over HTTP/1.1 and HTTP/2 ------------------------------------------------------


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
def http(request):
    """Yield httpx, which speaks one or the other."""
    is_two = request.param == "HTTP/2"
    with httpx.Client(http1=not is_two, http2=is_two, timeout=WAIT_S) as client:
        yield client


def push(client, **more):
    """Send a push to alice by OneSignal."""
    body = {
        "app_id": APP,
        "target_channel": "push",
        "include_aliases": {"external_id": ["alice"]},
        "contents": {"en": "Hello"},
        **more,
    }
    headers = {"authorization": f"Key {KEY}"}
    return client.post("https://api.onesignal.com/notifications", json=body, headers=headers)


@pytest.mark.parametrize("how", ["lost", "half"])
def test_a_second_try_doubles_a_push(pushlab, alice, http, how):
    pushlab.fault(ONESIGNAL, how=how, times=1)

    with pytest.raises(httpx.TransportError):
        push(http)
    pushlab.advance(minutes=1)
    after_the_loss = bodies(alice)
    again = push(http)
    pushlab.advance(minutes=1)

    assert after_the_loss == ["Hello"]
    assert again.status_code == 200
    assert bodies(alice) == ["Hello", "Hello"]


def test_an_idempotency_key_keeps_a_second_try_from_doubling_a_push(pushlab, alice, http):
    pushlab.fault(ONESIGNAL, how="lost", times=1)

    with pytest.raises(httpx.TransportError):
        push(http, idempotency_key=ONCE)
    again = push(http, idempotency_key=ONCE)
    pushlab.advance(minutes=1)

    assert again.json()["id"]
    assert bodies(alice) == ["Hello"]


@pytest.mark.parametrize("how", ["drop", "reset"])
def test_what_was_cut_off_before_is_not_doubled(pushlab, alice, http, how):
    pushlab.fault(ONESIGNAL, how=how, times=1)

    with pytest.raises(httpx.TransportError):
        push(http)
    push(http)
    pushlab.advance(minutes=1)

    assert bodies(alice) == ["Hello"]


@pytest.mark.parametrize("key", [None, ONCE])
def test_onesignals_own_client_lets_the_loss_through_and_a_key_helps(pushlab, alice, key):
    pushlab.fault(ONESIGNAL, how="lost", times=1)
    named = {} if key is None else {"idempotency_key": key}
    notification = Notification(
        app_id=APP,
        target_channel="push",
        include_aliases=IncludeAliases(external_id=["alice"]),
        contents=LanguageStringMap(en="Hello"),
        **named,
    )

    with onesignal.ApiClient(onesignal.Configuration(rest_api_key=KEY)) as client:
        api = DefaultApi(client)
        with pytest.raises(urllib3.exceptions.HTTPError):
            api.create_notification(notification)
        again = api.create_notification(notification)
        client.rest_client.pool_manager.clear()
    pushlab.advance(minutes=1)

    assert again.id
    assert bodies(alice) == ["Hello"] * (2 if key is None else 1)


# --- APNs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("collapse", [None, "sale"])
def test_a_second_try_doubles_a_push_of_apns_unless_both_collapse(pushlab, collapse):
    phone = pushlab.device("ios")
    pushlab.fault(APNS, how="lost", times=1)
    headers = {"authorization": f"bearer {sign_token(pushlab.now // 1000)}", "apns-topic": TOPIC}
    if collapse:
        headers["apns-collapse-id"] = collapse
    url = f"https://api.push.apple.com/3/device/{phone.token}"

    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        with pytest.raises(httpx.TransportError):
            client.post(url, headers=headers, json={"aps": {"alert": "Hello"}})
        again = client.post(url, headers=headers, json={"aps": {"alert": "Hello"}})
    pushlab.advance(minutes=1)

    assert again.status_code == 200
    assert bodies(phone) == ["Hello"] * (1 if collapse else 2)


async def close_aioapns(client):
    """Close its connections, and wait until they are: it offers no wait of its own."""
    client.pool.close()
    while client.pool.connections:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_aioapns_tries_again_by_itself_and_doubles_the_push(pushlab):
    from aioapns import APNs, NotificationRequest

    phone = pushlab.device("ios")
    pushlab.fault(APNS, how="lost", times=1)

    async def send():
        client = APNs(key=make_key_pem(), key_id=KEY_ID, team_id=TEAM, topic=TOPIC)
        request = NotificationRequest(device_token=phone.token, message={"aps": {"alert": "Hello"}})
        answer = await asyncio.wait_for(client.send_notification(request), WAIT_S)
        await asyncio.wait_for(close_aioapns(client), WAIT_S)
        return answer.status

    status = asyncio.run(send())
    pushlab.advance(minutes=1)

    assert status == "200"
    assert bodies(phone) == ["Hello", "Hello"]


# --- FCM --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_firebases_own_client_tries_again_by_itself_and_doubles_the_push(pushlab, alice):
    app = firebase_admin.initialize_app(credentials.Certificate(make_account()), name="shop")
    pushlab.fault("fcm POST /v1/projects/{}/messages:send", how="lost", times=1)
    message = messaging.Message(
        notification=messaging.Notification(title="Sale", body="Hello"), token=alice.token
    )

    name = messaging.send(message, app=app)
    firebase_admin.delete_app(app)
    pushlab.advance(minutes=1)

    assert name == alice.tray[0].notification_id
    assert bodies(alice) == ["Hello", "Hello"]


# --- Web Push ---------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", [None, "sale"])
def test_a_second_try_doubles_a_web_push_unless_it_has_a_topic(pushlab, topic):
    browser = pushlab.device("web", browser="firefox")
    browser.go_offline()
    pushlab.fault("webpush POST /", how="lost", times=1)
    key = Vapid()
    key.generate_keys()
    options = {"headers": {"topic": topic}} if topic else {}

    def send():
        claims = {"sub": "mailto:push@example.com"}
        text = json.dumps({"title": "Sale", "body": "Hello"})
        subscription = browser.push_subscription
        return webpush(
            subscription, text, vapid_private_key=key, vapid_claims=claims, ttl=3600, **options
        )

    with pytest.raises(requests.ConnectionError):
        send()
    again = send()
    browser.go_online()
    pushlab.advance(minutes=1)

    assert again.status_code == 201
    assert bodies(browser) == ["Hello"] * (1 if topic else 2)


# --- SMTP, after the final dot ----------------------------------------------------------------


@pytest.mark.parametrize("mode", ["clear", "starttls", "tls"])
def test_a_second_try_doubles_a_mail(pushlab, mode):
    box = pushlab.device("email", address="alice@example.com", fresh=True)
    trust = ssl.create_default_context(cadata=pushlab.endpoints.ca_pem.decode())
    ends = pushlab.endpoints
    pushlab.fault("smtp end", how="lost", times=1)

    def send():
        if mode == "tls":
            port = ends.smtp_tls.port
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                "localhost", port, timeout=WAIT_S, context=trust
            )
        else:
            port = ends.smtp_starttls.port if mode == "starttls" else ends.smtp.port
            client = smtplib.SMTP("localhost", port, timeout=WAIT_S)
        with client:
            if mode == "starttls":
                client.starttls(context=trust)
            return client.sendmail("news@shop.test", ["alice@example.com"], MAIL)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send()
    pushlab.advance(minutes=5)
    after_the_loss = len(box.inbox)
    refused = send()
    pushlab.advance(minutes=5)

    assert (after_the_loss, refused) == (1, {})
    assert [mail.subject for mail in box.inbox] == ["Hello", "Hello"]


@pytest.mark.asyncio
async def test_aiosmtplib_is_cut_off_after_the_dot(pushlab):
    box = pushlab.device("email", address="alice@example.com", fresh=True)
    pushlab.fault("smtp end", how="lost", times=1)
    port = pushlab.endpoints.smtp.port
    client = aiosmtplib.SMTP(hostname="localhost", port=port, timeout=WAIT_S)

    await client.connect()
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await client.sendmail("news@shop.test", ["alice@example.com"], MAIL)
    await client.connect()
    await client.sendmail("news@shop.test", ["alice@example.com"], MAIL)
    await client.quit()
    await pushlab.advance_async(minutes=5)

    assert len(box.inbox) == 2


# --- Twilio, and what Twilio calls ------------------------------------------------------------


@pytest.fixture
def twilio():
    """Yield Twilio's own client."""
    client = TwilioClient("AC" + 32 * "1", "made-up-token")
    yield client
    client.http_client.session.close()


def test_a_second_try_doubles_a_text_message(pushlab, twilio):
    number = pushlab.device("sms", address=ALICE)
    pushlab.fault("twilio POST /Messages", how="lost", times=1)

    with pytest.raises(requests.ConnectionError):
        twilio.messages.create(to=ALICE, from_=SHOP, body="Hello")
    twilio.messages.create(to=ALICE, from_=SHOP, body="Hello")
    pushlab.advance(minutes=1)

    assert [text.body for text in number.inbox] == ["Hello", "Hello"]
    assert len(twilio.messages.list()) == 2


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ("drop", ["sent", "sent", "delivered"]),
        ("lost", ["sent", "delivered"]),
        ("repeat", ["sent", "sent", "delivered"]),
        ("late", ["delivered", "sent"]),
    ],
)
def test_callbacks_to_a_flask_app_go_astray(pushlab, twilio, how, heard):
    """An app whose answer is lost hears the same news twice, as it would from Twilio."""
    shop, seen = Flask("shop"), []

    @shop.post("/status")
    def take():
        seen.append(request.form["MessageStatus"])
        return "", 204

    pushlab.mount("https://shop.test", shop)
    pushlab.device("sms", address=ALICE)
    options = {"delay": "10m"} if how == "late" else {}
    pushlab.fault("webhook https://shop.test/status", how=how, times=1, **options)

    url = "https://shop.test/status"
    twilio.messages.create(to=ALICE, from_=SHOP, body="Hello", status_callback=url)
    pushlab.advance(minutes=30)

    assert sorted(seen) == sorted(heard)
    if how != "lost":
        assert seen == heard
