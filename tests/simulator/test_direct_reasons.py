"""Goal: why explains what programs sent themselves as well as notifications, and refusals."""

from __future__ import annotations

import pytest

from pushlab.errors import ConnectionCut, MisuseError, RequestHeld
from pushlab_testing.wires import GATEWAYS, Wires


def rules(reasons):
    return [reason.rule for reason in reasons]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_message_that_arrived_is_delivered_by_whatever_name_it_has(wires, gateway):
    device = wires.devices[gateway]
    wires.send(gateway)
    wires.lab.advance(minutes=1)
    attempt = wires.lab.attempts.only()

    for who in (device, device.id, "alice", attempt.address):
        (reason,) = wires.lab.why(attempt.message, who)
        assert (reason.rule, reason.device) == ("delivered", device.id)
    known = {entry.id for entry in wires.lab.trace.entries()}
    assert attempt.why() == [reason]
    assert len(reason.entries) >= 2
    assert set(reason.entries) <= known


def test_a_message_is_found_by_what_its_sender_calls_it(wires):
    wires.apns(apns_id="0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
    wires.mail()
    wires.lab.advance(minutes=1)

    (push,) = wires.lab.why("0F0F0F0F-0F0F-0F0F-0F0F-0F0F0F0F0F0F", "alice-ios")
    (mail,) = wires.lab.why("1@shop.test", wires.devices["smtp"])
    assert (push.rule, mail.rule) == ("delivered", "delivered")


def test_what_a_person_did_is_told(wires):
    wires.fcm()
    wires.lab.advance(minutes=1)
    wires.devices["fcm"].tap()

    (reason,) = wires.lab.attempts.only().why()
    assert str(reason) == "it was shown; the person tapped it [delivered]"


def test_an_unknown_name_is_a_mistake(wires):
    wires.apns()

    with pytest.raises(MisuseError, match="nor a message that a gateway calls so"):
        wires.lab.why("nothing", wires.devices["apns"])


def test_a_message_for_somebody_else_says_for_whom(wires):
    other = wires.lab.device("ios", external_id="bob")
    wires.apns()
    wires.lab.advance(minutes=1)

    (reason,) = wires.lab.why(wires.lab.attempts.only().message, other)
    assert (reason.rule, reason.device) == ("other-address", "bob-ios")
    assert f"it went to alice-ios ({wires.devices['apns'].token})" in reason.text
    assert f"the address of bob-ios is {other.token}" in reason.text


def test_a_token_that_was_never_issued_says_so(wires):
    wires.apns("abcd")

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "bad-token"
    assert "never issued" in reason.text
    assert "(APNs answered 400 BadDeviceToken)" in reason.text


def test_a_dead_token_says_so(wires):
    phone = wires.devices["fcm"]
    old = phone.token
    phone.rotate_token()
    wires.lab.advance(minutes=1)
    wires.fcm(old)

    (reason,) = wires.lab.attempts.only().why()
    assert (reason.rule, reason.device) == ("dead-token", "alice-android")
    assert reason.text.endswith("(FCM answered 404 UNREGISTERED)")


def test_a_phone_that_is_off_says_how_long_it_is_kept_and_whether_it_will_find_somebody(wires):
    phone = wires.devices["fcm"]
    phone.go_offline()
    wires.fcm()
    wires.lab.advance(minutes=1)

    (before,) = wires.lab.attempts.only().why()
    phone.rotate_token()
    (after,) = wires.lab.attempts.only().why()

    assert before.rule == after.rule == "offline"
    assert "no longer holds that token" not in before.text
    assert "no longer holds that token" in after.text


def test_a_request_that_was_refused_says_the_words_and_what_pushlab_knows_of_them(wires):
    wires.apns(is_signed=False)

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "refused"
    assert reason.text.startswith("APNs refused the request: 403 MissingProviderToken; ")
    assert [entry.partition(":")[0] for entry in reason.entries] == [
        "RequestReceived",
        "RequestAnswered",
    ]


def test_a_limit_says_how_it_is_switched_off():
    wires = Wires(twilio_requests_max=1)
    wires.text()
    wires.text()

    (reason,) = wires.lab.attempts[-1].why()
    assert "429" in reason.text
    assert "twilio_requests_max=0" in reason.text


def test_a_fault_that_struck_is_named(wires):
    refusing = wires.lab.fault("fcm POST /v1/projects/{}/messages:send", id="outage")
    wires.fcm()
    wires.lab.end_fault(refusing)
    wires.lab.fault("fcm POST /v1/projects/{}/messages:send", how="lost", id="cable")
    with pytest.raises(ConnectionCut):
        wires.fcm()
    wires.lab.advance(minutes=1)

    refused, lost = wires.lab.attempts
    assert (refused.status, refused.fault) == (503, "outage: refused")
    assert "a planned fault struck (outage: refused)" in refused.why()[0].text
    assert (lost.status, lost.fault, lost.fate) == (200, "cable: lost", "shown")
    assert "its answer did not reach your program as it was (cable: lost)" in lost.why()[0].text


def test_a_mail_whose_reply_was_lost_names_the_fault(wires):
    wires.lab.fault("smtp end", how="lost", id="cable")
    wires.mail()

    attempt = wires.lab.attempts.only()
    assert (attempt.status, attempt.fault) == (250, "cable: lost")


def test_what_a_fault_cut_before_it_arrived_is_no_attempt(wires):
    wires.lab.fault("apns POST /3/device", how="drop")
    with pytest.raises(ConnectionCut):
        wires.apns()

    assert not wires.lab.attempts


def test_a_request_that_is_held_is_an_attempt_once_it_is_released(wires):
    hold = wires.lab.hold("apns POST /3/device")
    with pytest.raises(RequestHeld):
        wires.apns()
    before = len(wires.lab.attempts)
    hold.release()

    assert before == 0
    assert wires.lab.attempts.only().status == 200


def test_a_recipient_that_was_refused_says_so(wires):
    wires.devices["smtp"].fill()
    wires.lab.change_settings(smtp_full_reply="452")
    wires.mail()

    (reason,) = wires.lab.attempts.sent_to(wires.devices["smtp"])[-1].why()
    assert reason.rule == "refused"
    assert "the mail server refused the request: 452 4.2.2" in reason.text


def test_a_web_push_that_its_browser_cannot_open_says_so(wires):
    wires.webpush(body=bytes(200))
    wires.lab.advance(minutes=1)

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "payload-unreadable"
    assert "the browser cannot open it" in reason.text
    assert reason.entries[-1].startswith("PayloadUnreadable:")
    with pytest.raises(IndexError) as caught:
        wires.devices["webpush"].tray[0]
    assert any("[payload-unreadable]" in note for note in caught.value.__notes__)


def test_a_text_message_follows_its_statuses(wires):
    wires.text("+12025550199")

    (first,) = wires.lab.attempts.only().why()
    wires.lab.run_until_idle()
    (last,) = wires.lab.attempts.only().why()

    assert (first.rule, last.rule) == ("on-its-way", "undelivered")


def test_a_text_message_that_twilio_does_not_send_says_why(wires):
    wires.lab.twilio.number("+14155550100", registered=False)
    wires.text("+12025550199")
    wires.lab.run_until_idle()

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "refused"
    assert "error 30034" in reason.text
    assert reason.entries[-1].startswith("TwilioStatusChanged:")


def test_a_stop_says_so(wires):
    wires.text()
    wires.lab.advance(minutes=1)
    wires.devices["sms"].reply("STOP")
    wires.lab.advance(minutes=1)
    wires.text()

    (reason,) = wires.lab.attempts.filter(source="wire")[-1].why()
    assert reason.rule == "refused"
    assert "21610" in reason.text


def test_a_message_to_a_topic_without_subscribers_says_so(wires):
    wires.fcm(topic="news", notification={"title": "Sale"})

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "nobody"


def test_an_attempt_of_onesignal_has_the_reasons_of_its_notification(wires):
    notification = wires.serve("fcm")
    wires.lab.advance(minutes=1)

    assert wires.lab.attempts.only().why() == wires.lab.why(notification, wires.devices["fcm"])


# -- what an empty tray says -------------------------------------------------------------------


def test_an_empty_tray_tells_of_the_last_attempts_at_its_device(wires):
    phone = wires.devices["apns"]
    wires.apns(is_signed=False)
    wires.lab.advance(minutes=1)
    phone.go_offline()
    wires.apns()
    wires.lab.advance(minutes=1)

    offline, refused = phone.tray.explain()
    assert "for this device at 2026-01-01T00:01:00.000Z: the device is offline" in offline
    assert "for this device at 2026-01-01T00:00:00.000Z: APNs refused the request" in refused


def test_an_empty_inbox_tells_of_a_mail_that_went_elsewhere(wires):
    wires.lab.device("email", address="bob@example.com", name="bob")
    wires.mail("bob@example.com")
    wires.lab.advance(minutes=1)

    (line,) = wires.devices["smtp"].inbox.explain()
    assert "for bob@example.com (bob)" in line
    assert "it lies in the inbox [delivered]" in line


def test_an_empty_tray_is_silent_about_other_gateways(wires):
    wires.mail()
    wires.fcm()

    (line,) = wires.devices["apns"].tray.explain()
    assert line.startswith("why: no notification was accepted yet, and no gateway was called")


def test_an_empty_tray_tells_of_notifications_and_attempts_newest_first(wires):
    phone = wires.devices["apns"]
    phone.go_offline()
    wires.serve("apns")
    wires.lab.advance(minutes=1)
    wires.apns()
    wires.lab.advance(minutes=1)

    told = phone.tray.explain()
    assert [line.split()[1] for line in told] == ["the", "notification"]


def test_what_a_gateway_puts_off_is_for_the_program_to_try_again(wires):
    wires.lab.fault("fcm", status=503)
    wires.fcm()

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "put-off"
    assert "it is for your program to try again" in reason.text


def test_a_message_without_text_has_nothing_to_show(wires):
    wires.fcm(data={"sale": "1"})
    wires.lab.advance(minutes=1)

    (reason,) = wires.lab.attempts.only().why()
    assert reason.rule == "nothing-to-show"


def an_undetermined_bounce(role):
    """Return a lab and a mailbox whose server refuses without a reason, by a relay or not."""
    wires = Wires(smtp_role=role)
    alice = wires.devices["smtp"]
    wires.lab.fault("smtp", status=550, reason="5.0.0 Delivery failed", devices=[alice])
    wires.mail()
    wires.lab.advance(minutes=1)
    return wires.lab, alice


def test_a_bounce_without_a_reason_is_told_in_the_words_of_the_server():
    lab, alice = an_undetermined_bounce("mx")

    (reason,) = lab.attempts.only().why()
    assert (reason.rule, alice.inbox) == ("refused", [])
    assert "550 5.0.0 Delivery failed" in str(reason)


def test_a_bounce_without_a_reason_that_comes_later_is_told_with_the_notice():
    lab, alice = an_undetermined_bounce("relay")

    (notice,) = lab.mail.returned
    (reason,) = lab.why("1@shop.test", alice)
    assert (notice.kind, notice.status) == ("failed", "5.0.0")
    assert b"Diagnostic-Code: smtp; 550 5.0.0 Delivery failed" in notice.raw
    assert reason.rule == "bounced"
    assert str(reason).endswith("could not deliver it; its sender was told 5.0.0 [bounced]")
    assert reason.entries[-1].startswith("MailReturned:failed ")


def test_mail_to_a_mailbox_that_nobody_has_is_told_with_its_notice():
    wires = Wires(smtp_late_bounce_share=1.0)
    wires.mail("nobody@example.com")
    wires.lab.advance(hours=1)

    (reason,) = wires.lab.attempts.only().why()
    assert str(reason).endswith("no such mailbox any more; its sender was told 5.1.1 [bounced]")
