"""Goal: what unmodified clients send is kept byte for byte, and their secrets show nowhere.

Method: one client for each wire, led here in its usual way; then the log of attempts is looked at.
"""

from __future__ import annotations

import json
import smtplib
import time
from contextlib import closing
from email.message import EmailMessage

import firebase_admin
import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from firebase_admin import credentials, messaging
from py_vapid import Vapid
from pywebpush import webpush
from twilio.rest import Client

from pushlab_testing.apns import TOPIC, sign_token

WAIT_S = 10
SID, TOKEN = "AC" + 32 * "1", "made-up-token-of-an-account"
SHOP, ALICE = "+14155550100", "+12025550111"
PAYLOAD = {"aps": {"alert": {"title": "Sale", "body": "Grüße"}}}
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def list_documents(lab):
    """Return all that the log shows, as text."""
    return json.dumps([attempt.document(whole=True) for attempt in lab.attempts])


def test_a_push_over_http2_under_tls_is_kept(pushlab):
    phone = pushlab.device("ios")
    jwt = sign_token(int(time.time()))
    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        answer = client.post(
            f"https://api.push.apple.com/3/device/{phone.token}",
            headers={"authorization": f"bearer {jwt}", "apns-topic": TOPIC},
            json=PAYLOAD,
        )

    attempt = pushlab.attempts.sent_to(phone).only()
    assert attempt.body == answer.request.content
    assert attempt.json == PAYLOAD
    assert attempt.headers["user-agent"] == f"python-httpx/{httpx.__version__}"
    assert attempt.url == str(answer.request.url)
    assert (attempt.status, attempt.answer.header("apns-id")) == (200, answer.headers["apns-id"])
    assert jwt.rpartition(".")[2] not in list_documents(pushlab)


def test_a_message_of_firebase_admin_is_kept(pushlab):
    phone = pushlab.device("android")
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "project_id": "shop-1234",
        "private_key": pem.decode(),
        "client_email": "sender@shop-1234.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    app = firebase_admin.initialize_app(credentials.Certificate(account), name="attempts")
    try:
        name = messaging.send(
            messaging.Message(
                token=phone.token, notification=messaging.Notification("Sale", "Grüße")
            ),
            app=app,
        )
    finally:
        firebase_admin.delete_app(app)

    attempt = pushlab.attempts.sent_to(phone).only()
    assert attempt.json["message"]["notification"] == {"title": "Sale", "body": "Grüße"}
    assert attempt.headers["authorization"] == "Bearer [redacted]"
    assert "fire-admin" in attempt.headers["x-firebase-client"]
    assert (attempt.status, attempt.message) == (200, name)


def test_a_web_push_of_pywebpush_is_kept(pushlab):
    browser = pushlab.device("web", browser="firefox")
    key = Vapid()
    key.generate_keys()

    answer = webpush(
        browser.push_subscription,
        json.dumps({"title": "Sale"}),
        vapid_private_key=key,
        vapid_claims={"sub": "mailto:push@example.com"},
        ttl=60,
    )

    attempt = pushlab.attempts.sent_to(browser).only()
    assert attempt.body == answer.request.body
    assert attempt.json == {"title": "Sale"}
    assert attempt.headers["ttl"] == "60"
    assert (attempt.status, attempt.message) == (201, answer.headers["location"])


def test_a_mail_of_smtplib_is_kept(pushlab):
    box = pushlab.device("email", address="alice@example.com")
    message = EmailMessage()
    message["From"], message["To"] = "Shop <news@shop.test>", "alice@example.com"
    message["Subject"] = "Grüße"
    message.set_content("Hello\n.\nAlice\n")
    ends = pushlab.endpoints.smtp
    with smtplib.SMTP(ends.host, ends.port, timeout=WAIT_S) as client:
        client.login("shop", "hunter2")
        refused = client.send_message(message, to_addrs=["alice@example.com", "eve@example.com"])

    attempt = pushlab.attempts.sent_to(box).only()
    assert attempt.body == message.as_bytes().replace(b"\n", b"\r\n")
    assert attempt.headers["subject"] == "Grüße"
    assert (attempt.envelope.sender, attempt.envelope.login) == ("news@shop.test", "shop")
    unknown = pushlab.attempts.sent_to("eve@example.com").only()
    assert refused["eve@example.com"] == (unknown.status, unknown.reason.encode())
    assert "hunter2" not in list_documents(pushlab)


def test_a_text_of_twilio_is_kept(pushlab):
    number = pushlab.device("sms", address=ALICE)
    client = Client(SID, TOKEN)
    with closing(client.http_client.session):
        sent = client.messages.create(to=ALICE, from_=SHOP, body="Grüße & more")
        pushlab.advance(minutes=1)

    attempt = pushlab.attempts.sent_to(number).only()
    assert attempt.form == {"To": ALICE, "From": SHOP, "Body": "Grüße & more"}
    assert attempt.headers["user-agent"].startswith("twilio-python/")
    assert attempt.headers["authorization"] == f"Basic {SID}:[redacted]"
    assert (attempt.status, attempt.message, attempt.fate) == (201, sent.sid, "shown")
    assert TOKEN not in list_documents(pushlab)
