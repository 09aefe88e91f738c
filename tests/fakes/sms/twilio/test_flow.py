"""Goal: a message goes from status to status on the world's clock, and callbacks tell of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from pushlab_testing.twilio import ALICE, BOB, HOOK, SERVICE, SHOP, Shop

IN_SERVICE: dict[str, Any] = {"MessagingServiceSid": SERVICE, "From": None}


def seen_statuses(shop: Shop, sid: str) -> list[tuple[int, object]]:
    """Return (ms since the start, status) of each change of a message."""
    start = shop.lab.world.clock.start
    return [
        (entry.at - start, entry.fields["status"])
        for entry in shop.lab.trace.find(["TwilioStatusChanged"])
        if entry.fields["message_sid"] == sid
    ]


def test_a_message_is_queued_sending_sent_and_delivered() -> None:
    shop = Shop()

    sid = shop.send()["sid"]
    shop.lab.advance(minutes=1)

    told = shop.fetch(sid)
    moves = seen_statuses(shop, sid)
    assert [status for _, status in moves] == ["sending", "sent", "delivered"]
    assert [at for at, _ in moves][:2] == [1, 201]
    assert (told["status"], told["price"]) == ("delivered", "-0.00790")
    assert told["date_sent"] == "Thu, 01 Jan 2026 00:00:00 +0000"


def test_through_a_service_it_is_accepted_first_and_has_no_sender_yet() -> None:
    shop = Shop()

    told = shop.send(**IN_SERVICE)
    shop.lab.advance(minutes=1)

    assert (told["status"], told["from"], told["num_segments"]) == ("accepted", None, "0")
    statuses = [status for _, status in seen_statuses(shop, told["sid"])]
    assert statuses == ["queued", "sending", "sent", "delivered"]


def test_a_handset_that_is_off_gets_it_when_it_is_on_again() -> None:
    shop = Shop()
    shop.alice.go_offline()
    sid = shop.send()["sid"]

    before = shop.outcome(sid, hours=1)
    shop.alice.go_online()

    assert before == ("sent", None)
    assert shop.outcome(sid) == ("delivered", None)
    assert shop.alice.inbox[0].body == "Hello"


def test_a_scheduled_message_is_sent_when_it_is_due() -> None:
    shop = Shop()
    schedule = {"ScheduleType": "fixed", "SendAt": "2026-01-01T01:00:00Z"}

    told = shop.send(**IN_SERVICE, **schedule)
    before = shop.outcome(told["sid"], minutes=59)
    after = shop.outcome(told["sid"], minutes=2)

    assert (told["status"], before, after) == (
        "scheduled",
        ("scheduled", None),
        ("delivered", None),
    )


def test_a_scheduled_message_that_is_canceled_is_never_sent() -> None:
    shop = Shop()
    schedule = {"ScheduleType": "fixed", "SendAt": "2026-01-01T01:00:00Z"}
    sid = shop.send(**IN_SERVICE, **schedule, StatusCallback=HOOK)["sid"]

    answer = shop.request("POST", f"/Messages/{sid}.json", {"Status": "canceled"})
    during = list(shop.calls)
    after = shop.outcome(sid, hours=2)

    assert answer.status == 200
    assert during == []
    assert after == ("canceled", None)
    assert shop.statuses == ["canceled"]
    assert len(shop.alice.inbox) == 0


@pytest.mark.parametrize(("seconds", "status"), [(300, 201), (35 * 86_400, 201), (299, 400)])
def test_a_message_is_scheduled_within_a_window(seconds, status) -> None:
    shop = Shop()
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    answer = shop.create(**IN_SERVICE, ScheduleType="fixed", SendAt=at.isoformat())

    assert answer.status == status


def test_a_message_that_the_carrier_stopped_meanwhile_fails() -> None:
    shop = Shop(twilio_queue_delay_ms=5_000)
    sid = shop.send()["sid"]

    shop.alice.reply("STOP", to=SHOP)

    assert shop.outcome(sid) == ("failed", 21610)


def test_a_setting_has_a_service_refuse_who_replied_stop_at_once() -> None:
    shop = Shop(twilio_service_stop_refused=True)
    shop.send(MessagingServiceSid=SERVICE)
    shop.alice.reply("STOP", to=SHOP)

    assert shop.refusal(**IN_SERVICE) == (21610, 400)
    assert shop.send(BOB, **IN_SERVICE)["status"] == "accepted"


def test_a_stop_to_one_sender_of_a_service_counts_for_all_and_start_lifts_it() -> None:
    shop = Shop()
    other = "+14155550177"
    shop.lab.twilio.service(SERVICE, senders=[SHOP, other])

    shop.alice.reply("STOP", to=SHOP)
    stopped = shop.refusal(From=other)
    shop.alice.reply("START", to=other)

    assert stopped == (21610, 400)
    assert shop.send()["status"] == "queued"


def test_a_stop_from_before_a_number_joined_a_service_is_lifted_by_start() -> None:
    shop = Shop()
    shop.send()
    shop.alice.reply("STOP", to=SHOP)
    shop.lab.twilio.service(SERVICE, senders=[SHOP])

    stopped = shop.refusal()
    shop.alice.reply("START", to=SHOP)

    assert stopped == (21610, 400)
    assert shop.send()["status"] == "queued"


def test_what_one_customer_of_twilio_sends_to_another_comes_in_there() -> None:
    shop = Shop()
    shop.lab.twilio.number("+14155550177", sms_url=HOOK)

    sid = shop.send("+14155550177")["sid"]

    assert shop.outcome(sid) == ("delivered", None)
    (form,) = shop.calls
    assert (form["From"], form["To"], form["Body"]) == (SHOP, "+14155550177", "Hello")
    assert form["NumMedia"] == "0"


def test_media_come_in_where_one_customer_of_twilio_sends_them_to_another() -> None:
    shop = Shop()
    shop.lab.twilio.number("+14155550177", sms_url=HOOK)

    shop.send("+14155550177", MediaUrl="https://shop.test/cat.png")
    shop.lab.advance(minutes=1)

    (form,) = shop.calls
    path = f"/Messages/{form['MessageSid']}/Media/"
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    assert path in form["MediaUrl0"]
    followed = shop.request("GET", path + form["MediaUrl0"].rpartition("/")[2])
    assert followed.header("location") == "https://shop.test/cat.png"


def test_a_report_that_overtakes_the_carriers_receipt_is_the_last_word() -> None:
    shop = Shop(
        twilio_sending_ms=60_000, sms_latency_min_ms=1, sms_latency_mean_ms=1, sms_report_delay_ms=1
    )

    sid = shop.send()["sid"]
    shop.lab.advance(minutes=2)

    assert [status for _, status in seen_statuses(shop, sid)] == ["sending", "delivered"]
    assert shop.fetch(sid)["date_sent"] is not None


def test_a_carrier_that_refuses_a_message_leaves_it_undelivered() -> None:
    shop = Shop()
    shop.lab.fault("sms", status=403)

    sid = shop.send()["sid"]

    assert shop.outcome(sid) == ("undelivered", 30007)
    assert shop.fetch(sid)["date_sent"] is not None


def test_a_time_that_was_refused_is_told_with_the_clock_that_judged_it() -> None:
    shop = Shop()

    shop.create(**IN_SERVICE, ScheduleType="fixed", SendAt="2031-01-01T00:00:00Z")

    (told,) = shop.lab.trace.find(["TwilioScheduleRefused"])
    assert told.fields["world"] == "2026-01-01T00:00:00.000Z"
    assert "freeze_time" in str(told.fields["remedy"])


def test_an_mms_keeps_its_media_and_is_one_segment() -> None:
    shop = Shop()

    told = shop.send(Body=500 * "x", MediaUrl="https://shop.test/cat.png")
    shop.lab.advance(minutes=1)

    assert told["sid"].startswith("MM")
    assert (told["num_media"], told["num_segments"]) == ("1", "1")
    assert shop.fetch(told["sid"])["price"] == "-0.02000"
    assert shop.alice.inbox[0].media_urls == ("https://shop.test/cat.png",)


def test_segments_are_counted_and_paid() -> None:
    shop = Shop()

    told = shop.send(Body="“" + 70 * "x")
    shop.lab.advance(minutes=1)

    assert told["num_segments"] == "2"
    assert shop.fetch(told["sid"])["price"] == "-0.01580"


def test_body_and_number_are_forgotten_where_that_was_asked_for() -> None:
    shop = Shop()

    sid = shop.send(ContentRetention="discard", AddressRetention="obfuscate")["sid"]
    before = shop.fetch(sid)
    shop.lab.advance(minutes=1)
    after = shop.fetch(sid)

    assert (before["body"], before["to"]) == ("Hello", ALICE)
    assert (after["body"], after["to"]) == ("", "+1202555XXXX")
    assert shop.alice.inbox[0].body == "Hello"


# --- callbacks -------------------------------------------------------------------------------


def test_callbacks_tell_of_each_status_but_the_first() -> None:
    shop = Shop()

    sid = shop.send(StatusCallback=HOOK)["sid"]
    shop.lab.advance(minutes=1)

    assert shop.statuses == ["sent", "delivered"]
    sent, delivered = shop.calls
    assert sent == {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": sent["AccountSid"],
        "From": SHOP,
        "To": ALICE,
        "MessageStatus": "sent",
        "SmsStatus": "sent",
        "ApiVersion": "2010-04-01",
        "_path": "/hook",
    }
    assert delivered["RawDlrDoneDate"] == "2601010000"


def test_through_a_service_a_callback_tells_of_queued_too_and_the_service_names_the_url() -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, status_callback=HOOK)

    shop.send(**IN_SERVICE)
    shop.lab.advance(minutes=1)

    assert shop.statuses == ["queued", "sent", "delivered"]
    assert {call["MessagingServiceSid"] for call in shop.calls} == {SERVICE}


def test_an_application_names_the_url() -> None:
    shop = Shop()
    shop.lab.twilio.application("AP1", status_callback=f"{HOOK}/app")

    shop.send(ApplicationSid="AP1")
    shop.send(ApplicationSid="AP2")
    shop.send(ApplicationSid="AP1", StatusCallback=HOOK)
    shop.lab.advance(minutes=1)

    assert sorted(call["_path"] for call in shop.calls) == 2 * ["/hook"] + 2 * ["/hook/app"]


def test_a_callback_of_a_failure_carries_its_error() -> None:
    shop = Shop()

    shop.send(BOB, StatusCallback=HOOK)
    shop.lab.advance(minutes=1)

    assert shop.statuses == ["sent", "undelivered"]
    assert shop.calls[-1]["ErrorCode"] == "30005"
    assert shop.calls[-1]["ErrorMessage"] == "Unknown destination handset"


def test_settings_choose_which_statuses_are_told_of_and_whether_errors_have_words() -> None:
    shop = Shop(twilio_callback_statuses="sending undelivered", twilio_callback_error_message=False)

    shop.send(BOB, StatusCallback=HOOK)
    shop.lab.advance(minutes=1)

    assert shop.statuses == ["sending", "undelivered"]
    assert "ErrorMessage" not in shop.calls[-1]


def test_a_setting_shuffles_the_order_of_callbacks() -> None:
    shop = Shop(twilio_callback_jitter_ms=600_000)

    for number in range(5):
        shop.send(StatusCallback=HOOK, Body=f"{number}")
    shop.lab.advance(hours=1)

    by_message: dict[str, list[str]] = {}
    for call in shop.calls:
        by_message.setdefault(call["MessageSid"], []).append(call["MessageStatus"])
    assert ["delivered", "sent"] in by_message.values()
    assert len(shop.calls) == 10


def test_cutting_an_advance_changes_nothing() -> None:
    digests = []
    for steps in (1, 600):
        shop = Shop()
        shop.send(StatusCallback=HOOK)
        shop.send(BOB, **IN_SERVICE)
        for _ in range(steps):
            shop.lab.advance(seconds=Fraction(60, steps))
        digests.append(shop.lab.trace.digest)

    assert digests[0] == digests[1]


# --- numbers that change hands -------------------------------------------------------------------


def test_whoever_gets_a_number_is_silenced_as_the_one_before_until_they_reply_start() -> None:
    shop = Shop()
    shop.send()
    shop.lab.advance(minutes=1)
    shop.alice.reply("STOP")
    shop.alice.disconnect()
    shop.alice.recycle()
    before = shop.refusal()

    shop.alice.reply("START", to=SHOP)
    after = shop.outcome(shop.send()["sid"])

    assert (before, after) == ((21610, 400), ("delivered", None))


def test_a_number_that_is_given_up_while_it_is_off_is_unknown_and_not_unreachable() -> None:
    shop = Shop()
    shop.alice.go_offline()
    sid = shop.send()["sid"]
    shop.lab.advance(minutes=1)
    shop.alice.disconnect()
    shop.alice.go_online()

    assert shop.outcome(sid) == ("undelivered", 30005)


def test_what_waited_for_a_handset_goes_to_whoever_has_the_number_then() -> None:
    shop = Shop()
    shop.alice.go_offline()
    sid = shop.send()["sid"]
    shop.lab.advance(minutes=1)
    shop.alice.recycle()
    shop.alice.go_online()

    assert shop.outcome(sid) == ("delivered", None)
    assert [text.body for text in shop.alice.inbox] == ["Hello"]
