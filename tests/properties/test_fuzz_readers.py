"""Goal: whatever reads what others wrote reads it, or says that it cannot.

Method: mails, tokens, certificates, encrypted payloads, forms and TwiML, each good first and then
spoiled. A reader never raises, says the same the second time, and what it says can be written.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from email.message import EmailMessage
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import http_ece
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab.devices.plain_text import strip_html
from pushlab.devices.pushkeys import derive_keys
from pushlab.lab import Lab
from pushlab_fakes.apns.certificate import parse_certificate
from pushlab_fakes.apns.payload import read_payload as read_apns_payload
from pushlab_fakes.apns.provider_token import parse_token
from pushlab_fakes.exchange import Answer
from pushlab_fakes.fcm.messages import read_send
from pushlab_fakes.fcm.topics import parse_condition
from pushlab_fakes.onesignal.mail import parse_template
from pushlab_fakes.sms.twilio.drafts import Form, read_draft, read_form
from pushlab_fakes.sms.twilio.twiml import read_twiml
from pushlab_fakes.smtp.mime import PARTS_MAX
from pushlab_fakes.smtp.reading import LINKS_MAX, read_mail
from pushlab_fakes.webpush.decryption import decode_base64, open_body
from pushlab_fakes.webpush.payloads import read_payload as read_web_payload
from pushlab_testing.apns import a_certificate, sign_token
from pushlab_testing.fuzzing import VALUES, check_answer, spoil_bytes, spoil_json, strokes, tries
from pushlab_testing.mail import a_mail
from pushlab_testing.pushing import SALT, WebpushSender, encode

if TYPE_CHECKING:
    from collections.abc import Callable

START_S = 1_767_225_600
KEYS = derive_keys(7)
SENDER = ec.derive_private_key(7, ec.SECP256R1())
POINT = SENDER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


# --- good samples -----------------------------------------------------------------------------


def a_rich_mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Ärger <a@example.com>"
    message["Subject"] = "=?utf-8?b?w6TDtsO8?= =?iso-8859-1?q?=E9?= plain"
    message["List-Unsubscribe"] = "<https://shop.test/u?x=1>, <mailto:out@shop.test>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Text with https://shop.test/a. And more.")
    page = (
        "<p style='display:none'>pre</p><a href='https://shop.test/?a=1&amp;b=2'>x</a><img src=a>"
    )
    message.add_alternative(page, subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="ä.pdf")
    inner = EmailMessage()
    inner["Subject"] = "inside"
    inner.set_content("x", charset="utf-16")
    message.add_attachment(inner)
    return message.as_bytes()


REPORT = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\n\r\nx\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; x\r\n\r\n"
    b"Final-Recipient: rfc822; a@b\r\nStatus: 5.1.1\r\n--b\r\nContent-Type: text/rfc822-headers\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nSubject: =41\r\n--b--\r\n"
)
PUSH = {
    "aps": {
        "alert": {"title": "a", "loc-key": "k", "loc-args": ["a"], "body": "b"},
        "badge": 1,
        "sound": {"name": "x"},
    },
    "own": [1],
}
MESSAGE = {
    "message": {
        "token": "a:b",
        "notification": {"title": "x"},
        "android": {"ttl": "3.5s", "priority": "high", "data": {"a": "b"}},
    }
}
WORKER = {"notification": {"title": "a", "actions": [{"action": "x", "title": "y"}], "data": {}}}
TWIML = (
    b'<?xml version="1.0"?><Response><Message to="+1" statusCallback="/x"><Body>Hi &amp; you</Body>'
    b"<Media>https://shop.test/a.png</Media></Message><Redirect method='GET'>/y</Redirect>"
    b"</Response>"
)
FORM = urlencode(
    {
        "To": "+12025550111",
        "From": "+14155550100",
        "Body": "Hi",
        "SendAt": "2026-01-02T00:00:00Z",
        "ScheduleType": "fixed",
        "MessagingServiceSid": "MG1",
        "MediaUrl": "https://user:pw@shop.test/a",
    }
).encode()


@cache
def certificate() -> bytes:
    return a_certificate(START_S, team="TEAM123456")


@cache
def token() -> bytes:
    return sign_token(START_S).encode()


@cache
def encrypted(version: str) -> bytes:
    text: bytes = http_ece.encrypt(
        json.dumps(WORKER).encode(),
        salt=SALT,
        private_key=SENDER,
        dh=KEYS.public,
        auth_secret=KEYS.auth,
        version=version,
    )
    return text


# --- readers: each takes bytes and returns what can be compared -------------------------------


def take_mail(raw: bytes) -> object:
    parcel = read_mail(raw, "from@envelope.test")
    mail = parcel.mail
    texts = [mail.subject, mail.html, mail.plain or "", mail.preheader or "", parcel.canonical]
    assert "".join([*texts, *(part for header in mail.headers for part in header)]).encode() or True
    assert len(mail.links) <= LINKS_MAX
    assert len(mail.attachments) <= PARTS_MAX
    return parcel, strip_html(mail.html)


def take_page(raw: bytes) -> object:
    text = raw.decode("utf-8", "replace")
    template = parse_template(text, clicks_tracked=True)
    return template, strip_html(text)


def take_form(raw: bytes) -> object:
    form = read_form(raw) or Form([])
    draft = read_draft(form, START_S * 1000, Lab().world.settings)
    if isinstance(draft, Answer):
        check_answer(draft)
    return form.shown(), form.canonical(), draft


def take_encrypted(raw: bytes, encoding: str) -> object:
    headers = {"encryption": f"salt={encode(SALT)}", "crypto-key": f"dh={encode(POINT)}"}
    plain, why = open_body(raw, encoding, headers, KEYS)
    assert (plain is None) == bool(why)
    return plain, why, read_web_payload(plain or raw)


READERS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], object]]] = {
    "mails": (a_rich_mail, take_mail),
    "simple mails": (lambda: a_mail("Hello", html="<b>x</b>", To="a@b.test"), take_mail),
    "reports": (lambda: REPORT, take_mail),
    "pages": (lambda: b"<html><body><a href='https://a.test/'>x</a>[unsubscribe_url]", take_page),
    "APNs payloads": (lambda: json.dumps(PUSH).encode(), read_apns_payload),
    "FCM messages": (lambda: json.dumps(MESSAGE).encode(), read_send),
    "conditions": (
        lambda: b"'a' in topics && !('b' in topics || 'c' in topics)",
        lambda raw: bool(parse_condition(raw.decode("latin-1"))),
    ),
    "worker payloads": (lambda: json.dumps(WORKER).encode(), read_web_payload),
    "aes128gcm": (lambda: encrypted("aes128gcm"), lambda raw: take_encrypted(raw, "aes128gcm")),
    "aesgcm": (lambda: encrypted("aesgcm"), lambda raw: take_encrypted(raw, "aesgcm")),
    "provider tokens": (token, lambda raw: parse_token(raw.decode("latin-1"))),
    "certificates": (certificate, parse_certificate),
    "forms": (lambda: FORM, take_form),
    "TwiML": (lambda: TWIML, lambda raw: read_twiml("text/xml", raw)),
}


@pytest.mark.parametrize("name", READERS)
@tries(60, 400)
@given(done=strokes(most=4), of_json=st.lists(st.tuples(*[st.integers(0, 2**16)] * 2), max_size=2))
@example([], [])
def test_a_reader_reads_or_says_that_it_cannot(cases, name, done, of_json):
    make, read = READERS[name]
    raw = make()
    for place, value in of_json if raw[:1] == b"{" else ():
        raw = spoil_json(raw, place, value)
    raw = spoil_bytes(raw, done)
    cases.add(name)

    assert repr(read(raw)) == repr(read(raw))


def test_good_input_is_read():
    """What is spoiled above is good before, else its readers would be met at their doors alone."""
    read: dict[str, Any] = {name: take(make()) for name, (make, take) in READERS.items()}

    assert len(read["mails"][0].mail.attachments) == 2
    assert read["mails"][0].mail.subject == "äöüé plain"
    assert read["reports"][0].mail.plain == "x"
    assert read["APNs payloads"].badge == 1
    assert read["FCM messages"].token == "a:b"
    assert read["conditions"]
    assert read["aes128gcm"][2].text.title == read["aesgcm"][2].text.title == "a"
    assert read["provider tokens"].team == "TEAM123456"
    assert read["certificates"].team == "TEAM123456"
    assert len(read["TwiML"]) == 2


# --- tokens that are signed, whatever they claim ----------------------------------------------

CLAIMS = st.dictionaries(
    st.sampled_from(["aud", "exp", "sub", "iat", "x"]),
    st.one_of(
        st.sampled_from(VALUES),
        st.integers(),
        st.floats(allow_nan=False),
        st.sampled_from(
            ["https://fcm.googleapis.com", "https://[", "mailto:a@b", "mailto:@", "https://x:y"]
        ),
        st.integers(START_S - 100, START_S + 90_000),
    ),
    max_size=4,
)


@tries(60, 500)
@given(
    claims=CLAIMS, head=st.dictionaries(st.sampled_from(["alg", "typ"]), st.sampled_from(VALUES))
)
def test_a_signed_token_may_claim_anything(cases, browsers, claims, head):
    cases.add("VAPID tokens")
    lab, subscriptions = browsers
    sender = WebpushSender(lab)
    for subscription in subscriptions:
        request = sender.request(subscription, body=b"")
        signed = sender.sign(claims, {"typ": "JWT", "alg": "ES256", **head})
        key = str(request.header("authorization")).partition(", ")[2]
        headers = (("ttl", "60"), ("authorization", f"vapid t={signed}, {key}"))

        check_answer(lab.handle(msgspec.structs.replace(request, headers=headers)))


@pytest.fixture(scope="module")
def browsers():
    """Return a lab and a subscription of each push service."""
    lab = Lab()
    made = [lab.device("web", browser=browser) for browser in ("chrome", "firefox", "safari")]
    return lab, [device.push_subscription for device in made]


@tries(60, 1_000)
@given(text=st.text(alphabet="ABab01-_=+/ \u00e9", max_size=30))
def test_base64_is_read_as_it_is_written(cases, text):
    cases.add("base64 texts")
    raw = decode_base64(text)

    assert raw is None or raw == urlsafe_b64decode(
        text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    )
