"""Goal: an attempt shows what was sent as it was sent, what was answered, and what came of it."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from pushlab.errors import LimitError
from pushlab.lab import Lab
from pushlab_fakes.apns import sends as apns_sends
from pushlab_fakes.exchange import Request
from pushlab_fakes.fcm.messages import Draft, read_send
from pushlab_testing.apns import ALERT, TOPIC
from pushlab_testing.app import App
from pushlab_testing.wires import GATEWAYS, Wires

STATUS = {"apns": 200, "fcm": 200, "webpush": 201, "smtp": 250, "sms": 201}
SALE = {"title": "Sale", "body": "Today only"}


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_what_a_program_sent_is_shown_with_its_device_its_answer_and_its_fate(wires, gateway):
    device = wires.devices[gateway]

    wires.send(gateway)
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.only()
    assert (attempt.gateway, attempt.source, attempt.device) == (gateway, "wire", device)
    assert attempt.address == (
        device.token or device.address or device.push_subscription["endpoint"]
    )
    assert (attempt.status, attempt.reason, attempt.is_accepted) == (STATUS[gateway], None, True)
    assert attempt.at == wires.lab.world.clock.start
    assert attempt.fate == "shown"
    assert attempt.title == ("Today only" if gateway == "sms" else "Sale")
    held = device.tray if gateway in {"apns", "fcm", "webpush"} else device.inbox
    assert attempt.message == held[0].notification_id
    assert [each.kind for each in wires.lab.trace.entries() if each.id == attempt.cause] == [
        "RequestReceived"
    ]
    assert len([each for each in wires.lab.trace.entries() if each.id == attempt.entry]) == 1


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_what_onesignal_sends_is_the_same_attempt_at_the_same_gateway(wires, gateway):
    device = wires.devices[gateway]

    notification = wires.serve(gateway)
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.only()
    assert (attempt.gateway, attempt.source, attempt.device) == (gateway, "onesignal", device)
    assert attempt.address == (
        device.token or device.address or device.push_subscription["endpoint"]
    )
    assert (attempt.status, attempt.reason, attempt.fate) == (STATUS[gateway], None, "shown")
    assert (attempt.message, attempt.answer) == (notification, None)
    assert str(attempt.title).startswith("Hello")
    assert attempt.at > wires.lab.world.clock.start
    assert attempt.cause == f"SendStarted:{notification}"
    assert len([each for each in wires.lab.trace.entries() if each.id == attempt.entry]) == 1


# -- as it was sent ----------------------------------------------------------------------------


def test_a_push_to_apns_is_kept_byte_for_byte_without_its_secrets(wires):
    body = b'{"aps" : {"alert":"Hi"},\n "n": 1}'
    wires.apns(body=body, apns_collapse_id="news", path=f"/3/device/{wires.devices['apns'].token}")

    attempt = wires.lab.attempts.only()
    token = wires.devices["apns"].token
    assert attempt.body == body
    assert attempt.json == {"aps": {"alert": "Hi"}, "n": 1}
    assert attempt.payload == {"aps": {"alert": "Hi"}, "n": 1}
    assert attempt.text == body.decode()
    assert (attempt.method, attempt.url) == ("POST", f"https://api.push.apple.com/3/device/{token}")
    assert attempt.headers["apns-topic"] == TOPIC
    assert attempt.headers["APNS-Collapse-Id"] == "news"
    assert attempt.headers["authorization"].endswith(".[redacted]")
    assert attempt.answer.header("apns-id")
    assert (attempt.form, attempt.mail, attempt.envelope) == ({}, None, None)


@pytest.mark.parametrize("body", [b"\xff", b"{", b"[" * 5_000 + b"]" * 5_000])
def test_a_body_that_is_no_json_is_kept_all_the_same(wires, body):
    wires.apns(body=body)

    attempt = wires.lab.attempts.only()
    assert (attempt.body, attempt.json) == (body, None)
    assert attempt.document(whole=True)["json"] is None


def test_a_message_to_fcm_is_kept_with_its_token(wires):
    wires.fcm()

    attempt = wires.lab.attempts.only()
    assert attempt.json["message"]["notification"] == SALE
    assert attempt.headers["authorization"] == "Bearer [redacted]"


def test_what_fcm_hands_on_to_apns_is_one_attempt_at_the_token_that_was_written(wires):
    phone = wires.devices["apns"]
    phone.register_fcm()
    wires.fcm(phone.fcm_token)
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.only()
    assert (attempt.gateway, attempt.device, attempt.fate) == ("fcm", phone, "shown")
    assert attempt.address == phone.fcm_token
    assert wires.lab.attempts.sent_to(phone) == [attempt]
    assert wires.lab.attempts.sent_to(phone.fcm_token) == [attempt]


def test_a_web_push_is_kept_encrypted_and_says_what_its_browser_opened(wires):
    wires.webpush()

    attempt = wires.lab.attempts.only()
    assert b"Sale" not in attempt.body
    assert attempt.headers["content-encoding"] == "aes128gcm"
    assert attempt.json == SALE
    assert attempt.payload == SALE


def test_a_web_push_that_nobody_can_open_says_nothing(wires):
    wires.webpush(body=bytes(200))

    attempt = wires.lab.attempts.only()
    assert (attempt.body, attempt.json) == (bytes(200), None)


def test_a_mail_is_kept_with_its_envelope_for_each_recipient(wires):
    other = wires.lab.device("email", address="bob@example.com")
    raw = b"Subject: Sale\r\nX-Shop: 1\r\n\r\n.Today\r\n"

    wires.mail(wires.devices["smtp"].address, "bob@example.com", raw=raw)

    first, second = wires.lab.attempts
    assert [first.device, second.device] == [wires.devices["smtp"], other]
    assert first.body == second.body == raw
    assert (first.method, first.url) == ("DATA", "")
    assert first.headers["x-shop"] == "1"
    assert first.envelope.sender == "news@shop.test"
    assert second.envelope.recipients == (wires.devices["smtp"].address, "bob@example.com")
    assert (second.mail.subject, second.mail.recipient) == ("Sale", "bob@example.com")
    assert first.id != second.id


def test_a_text_message_is_kept_as_a_form(wires):
    wires.text(Body="Grüße", MediaUrl="https://shop.test/a.png")

    attempt = wires.lab.attempts.only()
    assert attempt.form["Body"] == "Grüße"
    assert attempt.form["To"] == wires.devices["sms"].address
    assert attempt.headers["authorization"].endswith(":[redacted]")
    assert attempt.payload == {}


def test_a_field_of_a_form_that_repeats_has_a_list(wires):
    wires.app.text("alice", sms_media_urls=["https://a.test/1.png", "https://a.test/2.png"])
    wires.lab.advance(minutes=1)

    urls = wires.lab.attempts.only().form["MediaUrl"]
    assert urls == ["https://a.test/1.png", "https://a.test/2.png"]


# -- what onesignal sends ----------------------------------------------------------------------


def test_a_push_of_onesignal_is_a_request_that_apns_would_take(wires):
    wires.app.notify(
        include_subscription_ids=[wires.devices["apns"].subscription_id],
        headings={"en": "Sale"},
        contents={"en": "Today only"},
        collapse_id="news",
        ttl=60,
    )
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.only()
    assert attempt.json["aps"]["alert"] == {"title": "Sale", "body": "Today only"}
    assert attempt.headers["apns-topic"] == wires.devices["apns"].document()["topic"]
    assert attempt.headers["apns-collapse-id"] == "news"
    sent_s = wires.lab.world.clock.start // 1000
    assert attempt.headers["apns-expiration"] == str(sent_s + 60)
    assert "authorization" not in attempt.headers
    again = Request.build(attempt.method, attempt.url, body=attempt.body)
    assert apns_sends.find_address(again) == wires.devices["apns"].token


def test_a_push_of_onesignal_is_a_message_that_fcm_reads(wires):
    wires.serve("fcm")
    wires.lab.advance(minutes=1)

    read = read_send(wires.lab.attempts.only().body)
    assert isinstance(read, Draft)
    assert read.token == wires.devices["fcm"].token
    assert read.data["alert"] == "Hello"


def test_a_web_push_of_onesignal_is_shown_before_it_is_encrypted(wires):
    wires.serve("webpush")
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.only()
    assert attempt.json["alert"] == "Hello"
    assert attempt.headers["urgency"] == "high"


def test_a_mail_of_onesignal_is_a_mime_mail_with_its_links(wires):
    notification = wires.serve("smtp")
    wires.lab.advance(minutes=1)

    attempt = wires.lab.attempts.only()
    message = message_from_bytes(attempt.body, policy=policy.default)
    received = wires.devices["smtp"].inbox[0]
    assert message["Subject"] == received.subject == "Hello"
    assert message["To"] == received.recipient
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content().strip() == received.html
    assert attempt.mail.links[0].url == received.links[0].url
    assert attempt.envelope.recipients == (received.recipient,)
    assert notification in attempt.text.replace("=\r\n", "")


def test_a_text_of_onesignal_is_the_form_that_twilio_gets(wires):
    wires.text()
    wires.serve("sms")
    wires.lab.advance(minutes=1)

    own, served = wires.lab.attempts
    assert served.form["Body"] == "Hello. Reply STOP to stop."
    assert served.form["To"] == own.form["To"]
    assert served.url == own.url


def test_what_was_sent_stays_when_the_reader_changes_the_language(wires):
    phone = wires.devices["fcm"]
    phone.set_language("de")
    wires.lab.advance(minutes=1)
    wires.app.notify(
        include_subscription_ids=[phone.subscription_id],
        contents={"en": "Hello", "de": "Hallo", "fr": "Salut"},
    )
    wires.lab.advance(minutes=1)

    phone.set_language("fr")
    wires.lab.advance(minutes=1)

    (attempt,) = wires.lab.attempts
    assert attempt.json["message"]["data"]["alert"] == "Hallo"
    assert phone.tray[0].body == "Hallo"


def test_a_text_that_has_no_english_form_is_for_its_readers_alone(wires):
    german, english = wires.devices["fcm"], wires.lab.device("android", external_id="bob")
    german.set_language("de")
    wires.lab.advance(minutes=1)
    ids = [german.subscription_id, english.subscription_id]
    wires.app.notify(
        include_subscription_ids=ids, headings={"de": "Hallo"}, contents={"en": "Hello"}
    )
    wires.lab.advance(minutes=1)

    assert wires.lab.attempts.sent_to(german).only().json["message"]["data"]["title"] == "Hallo"
    assert "title" not in wires.lab.attempts.sent_to(english).only().json["message"]["data"]


def test_what_was_sent_stays_when_the_token_or_the_sender_changes(wires):
    phone, old = wires.devices["apns"], wires.devices["apns"].token
    wires.serve("apns")
    wires.serve("smtp")
    wires.lab.advance(minutes=1)

    phone.rotate_token()
    phone.open_app()
    wires.lab.app.update(email_from_name="Somebody else")
    wires.lab.advance(minutes=1)

    push, mail = wires.lab.attempts
    assert (push.address, push.device) == (old, phone)
    assert push.url.endswith(old)
    wires.serve("apns")
    wires.lab.advance(minutes=1)
    assert wires.lab.attempts[-1].address == phone.token != old
    assert "Somebody else" not in mail.headers["from"]


# -- refusals ----------------------------------------------------------------------------------


def test_a_refused_request_is_an_attempt_at_the_device_it_named(wires):
    wires.apns(is_signed=False)

    attempt = wires.lab.attempts.only()
    assert (attempt.status, attempt.reason) == (403, "MissingProviderToken")
    assert attempt.device == wires.devices["apns"]
    assert (attempt.is_accepted, attempt.fate, attempt.entry) == (False, None, None)
    assert attempt.json == ALERT


def test_an_address_that_nobody_has_leads_to_no_device(wires):
    wires.apns("abcd")
    wires.fcm("nope")

    apns, fcm = wires.lab.attempts
    assert (apns.device, apns.address, apns.reason) == (None, "abcd", "BadDeviceToken")
    assert (fcm.device, fcm.address, fcm.reason) == (None, "nope", "INVALID_ARGUMENT")


def test_a_recipient_that_the_server_refuses_is_an_attempt_of_its_own(wires):
    wires.mail(wires.devices["smtp"].address, "nobody@example.com", "not an address")

    nobody, malformed, taken = wires.lab.attempts
    assert (nobody.method, nobody.address, nobody.status) == ("RCPT", "nobody@example.com", 550)
    assert (malformed.address, malformed.status) == ("not an address", 501)
    assert (taken.status, taken.device) == (250, wires.devices["smtp"])
    assert (nobody.mail, dict(nobody.headers), nobody.body) == (None, {}, b"")


def test_a_dead_token_of_onesignal_is_refused_in_its_gateways_words(wires):
    wires.devices["fcm"].uninstall()
    for _ in range(2):
        wires.serve("fcm")
        wires.lab.advance(minutes=1)

    first, second = wires.lab.attempts
    assert (first.status, first.fate) == (200, "app gone")
    assert (second.status, second.reason, second.fate) == (404, "UNREGISTERED", "dead token")


def test_a_planned_fault_shows_in_what_onesignal_was_answered(wires):
    wires.lab.fault("apns", status=503, end="2026-01-01T00:00:10Z")

    wires.serve("apns")
    wires.lab.advance(hours=1)

    statuses = [(each.status, each.reason) for each in wires.lab.attempts]
    assert statuses == [(503, "ServiceUnavailable"), (200, None)]
    assert {each.fate for each in wires.lab.attempts} == {"shown"}


# -- what a gateway sends by itself ------------------------------------------------------------


def test_the_answer_to_a_keyword_is_an_attempt_of_the_gateway(wires):
    wires.serve("sms")
    wires.lab.advance(minutes=1)

    wires.devices["sms"].reply("HELP")
    wires.lab.advance(minutes=1)

    answer = wires.lab.attempts[-1]
    assert (answer.source, answer.gateway, answer.status) == ("gateway", "sms", 201)
    assert answer.device == wires.devices["sms"]
    assert answer.form["Body"] == wires.devices["sms"].inbox[0].body


def test_a_bounce_is_an_attempt_of_the_gateway_as_it_was_written():
    wires = Wires(smtp_late_bounce_share=1)
    sender = wires.lab.device("email", address="news@shop.test")
    wires.mail("nobody@example.com")
    wires.lab.run_until_idle()

    bounce = wires.lab.attempts.sent_to(sender).only()
    assert (bounce.source, bounce.status) == ("gateway", 250)
    assert bounce.body == wires.lab.mail.returned[0].raw
    assert bounce.envelope is not None
    assert bounce.envelope.recipients == ("news@shop.test",)


# -- bounds ------------------------------------------------------------------------------------


def test_beyond_the_bound_by_bytes_headers_and_body_say_that_they_are_gone():
    wires = Wires(attempts_kept_bytes_max=1_500)
    wires.apns()
    wires.apns(json={"aps": {"alert": "x" * 300}})

    old, new = wires.lab.attempts
    assert (old.is_whole, new.is_whole) == (False, True)
    assert (old.status, old.device, old.fate) == (200, wires.devices["apns"], "accepted")
    for look in ("body", "headers", "json", "text"):
        with pytest.raises(LimitError, match="attempts_kept_bytes_max"):
            getattr(old, look)
    assert "body" not in old.document()


def test_to_whom_it_went_stays_when_its_bytes_are_gone():
    wires = Wires(attempts_kept_bytes_max=1)
    wires.fcm("nope")
    wires.text("nonsense")

    assert [attempt.address for attempt in wires.lab.attempts] == ["nope", "nonsense"]


def test_a_large_send_that_is_over_says_so():
    lab = Lab(plan="enterprise")
    lab.population(10_000, platforms={"ios": 1.0})
    notification = Wires.push_to_everybody(lab)
    lab.advance(days=40)
    App(lab).call("GET", f"/notifications?app_id={lab.app.id}")

    attempt = lab.attempts[0]
    assert (attempt.message, attempt.gateway, attempt.status) == (notification, "apns", 200)
    assert (attempt.device, attempt.fate, attempt.is_whole, attempt.cause) == (
        None,
        None,
        False,
        None,
    )
    with pytest.raises(LimitError, match="retention_days"):
        assert attempt.body


# -- for people and programs -------------------------------------------------------------------


def test_a_document_has_everything_for_programs(wires):
    wires.apns()

    document = wires.lab.attempts.only().document(whole=True)

    assert document["id"] == "w1"
    assert document["device"] == "alice-ios"
    assert document["json"] == ALERT
    assert document["body_cut"] is False
    assert ["apns-topic", TOPIC] in document["headers"]


def test_a_long_body_is_cut_unless_the_whole_is_asked_for(wires):
    wires.mail(raw=b"Subject: x\r\n\r\n" + "ä".encode() * 5_000 + b"\r\n")

    attempt = wires.lab.attempts.only()
    short, whole = attempt.document(), attempt.document(whole=True)

    assert (short["body_cut"], whole["body_cut"]) == (True, False)
    assert str(whole["body"]).startswith(str(short["body"]))
    assert short["body_bytes"] == whole["body_bytes"] == len(attempt.body)


def test_bytes_that_are_no_text_are_shown_in_base64(wires):
    wires.webpush()

    document = wires.lab.attempts.only().document()

    assert "body" not in document
    assert document["body_base64"]


def test_it_is_shown_in_a_line(wires):
    wires.apns(is_signed=False)

    assert repr(wires.lab.attempts.only()) == (
        "<attempt apns alice-ios at 2026-01-01T00:00:00.000Z: 403 MissingProviderToken>"
    )


def test_two_looks_at_one_attempt_are_the_same(wires):
    wires.apns()
    wires.apns()

    first, second = wires.lab.attempts
    assert first == wires.lab.attempts[0]
    assert hash(first) == hash(wires.lab.attempts[0])
    assert first != second
    assert first != "w1"
