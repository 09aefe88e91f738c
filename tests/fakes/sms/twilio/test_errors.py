"""Goal: each documented error comes about by the state of the world that it stands for.

Method: one table; a row sets the state up, sends, and names the error and when it appears.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.world.outbox import PostAnswer
from pushlab_fakes.sms.twilio.errors import ALERTS, LATER, REFUSALS, describe_failure, refuse
from pushlab_testing.twilio import ALICE, BOB, HOOK, SERVICE, SHOP, Shop

if TYPE_CHECKING:
    from collections.abc import Callable

FREE = "+18005550100"
NOTHING: dict[str, Any] = {}


def a_pool_without_sms(shop: Shop) -> None:
    shop.lab.twilio.number(SHOP, sms=False)
    shop.lab.twilio.service(SERVICE, senders=[SHOP])


AT_ONCE: list[tuple[int, int, str, Callable[[Shop], object], dict[str, Any]]] = [
    (20001, 400, "a field has a value that it cannot have", lambda _: 0, {"RiskCheck": "maybe"}),
    (20005, 401, "suspended account", lambda s: s.lab.twilio.account(suspended=True), NOTHING),
    (21211, 400, "no number", lambda _: 0, {"To": "nonsense"}),
    (21212, 400, "no sender", lambda _: 0, {"From": "this is no sender!"}),
    (21266, 400, "to itself", lambda _: 0, {"To": SHOP}),
    (21408, 400, "no such region", lambda s: s.lab.twilio.account(regions=["+44"]), NOTHING),
    (21601, 400, "voice only", lambda s: s.lab.twilio.number(SHOP, sms=False), NOTHING),
    (21602, 400, "an empty body", lambda _: 0, {"Body": ""}),
    (21603, 400, "from nobody", lambda _: 0, {"From": None}),
    (21604, 400, "to nobody", lambda _: 0, {"To": None}),
    (21606, 400, "somebody's handset", lambda _: 0, {"From": ALICE, "To": BOB}),
    (21608, 400, "trial account", lambda s: s.lab.twilio.account(trial=True), NOTHING),
    (21609, 400, "callback to no URL", lambda _: 0, {"StatusCallback": "shop_test/hook"}),
    (21610, 400, "replied STOP", lambda s: s.alice.reply("STOP", to=SHOP), NOTHING),
    (21612, 400, "a name to America", lambda _: 0, {"From": "SHOP"}),
    (21614, 400, "no mobile", lambda s: s.lab.twilio.line(ALICE, "no mobile"), NOTHING),
    (21617, 400, "a body of 1,601 characters", lambda _: 0, {"Body": 1_601 * "x"}),
    (21619, 400, "neither body nor media", lambda _: 0, {"Body": None}),
    (21620, 400, "media at no URL", lambda _: 0, {"MediaUrl": "cat.png"}),
    (21623, 400, "eleven media", lambda _: 0, {"MediaUrl": 11 * ["https://shop.test/a.png"]}),
    (
        21703,
        400,
        "a pool that cannot send",
        a_pool_without_sms,
        {"MessagingServiceSid": SERVICE, "From": None},
    ),
    (
        21704,
        400,
        "an empty pool",
        lambda s: s.lab.twilio.service(SERVICE, senders=[]),
        {"MessagingServiceSid": SERVICE, "From": None},
    ),
    (21705, 400, "no such service", lambda _: 0, {"MessagingServiceSid": "SM1"}),
    (
        21712,
        400,
        "not in the pool",
        lambda s: s.lab.twilio.service(SERVICE, senders=["+14155550177"]),
        {"MessagingServiceSid": SERVICE},
    ),
    (35111, 400, "a schedule without a time", lambda _: 0, {"ScheduleType": "fixed"}),
    (35112, 400, "a time without a schedule", lambda _: 0, {"SendAt": "2026-01-02T00:00:00Z"}),
    (35113, 400, "another schedule", lambda _: 0, {"ScheduleType": "optimal"}),
    (
        35114,
        400,
        "299 seconds ahead",
        lambda _: 0,
        {
            "MessagingServiceSid": SERVICE,
            "ScheduleType": "fixed",
            "SendAt": "2026-01-01T00:04:59Z",
        },
    ),
    (
        35118,
        400,
        "a schedule without a service",
        lambda _: 0,
        {"ScheduleType": "fixed", "SendAt": "2026-01-02T00:00:00Z"},
    ),
    (63007, 400, "another channel", lambda _: 0, {"From": "whatsapp:+14155550100"}),
    (90007, 400, "validity of eleven hours", lambda _: 0, {"ValidityPeriod": "36001"}),
]


@pytest.mark.parametrize(
    ("code", "status", "prepare", "fields"),
    [pytest.param(row[0], row[1], row[3], row[4], id=f"{row[0]} {row[2]}") for row in AT_ONCE],
)
def test_a_request_is_refused(code, status, prepare, fields) -> None:
    shop = Shop()
    shop.request("GET", "/Messages.json")
    prepare(shop)

    assert shop.refusal(**{"to": ALICE, **fields}) == (code, status)


def go_offline(shop: Shop) -> None:
    shop.alice.go_offline()


CAT = "https://shop.test/cat.png"


def serve_cat(answer: object) -> Callable[[Shop], object]:
    return lambda shop: shop.files.update({"/cat.png": answer})


def a_file(size: int, kind: str) -> tuple[int, bytes, dict[str, str]]:
    return 200, b"x" * size, {"content-type": kind}


IN_TIME: list[tuple[int, str, str, Callable[[Shop], object], dict[str, Any], float]] = [
    (11200, "failed", "media that are not there", serve_cat(404), {"MediaUrl": CAT}, 60),
    (
        11751,
        "failed",
        "media of more than 5 MB",
        serve_cat(a_file(5 * 1024 * 1024 + 1, "image/png")),
        {"MediaUrl": CAT},
        60,
    ),
    (
        12300,
        "failed",
        "media of no accepted type",
        serve_cat(a_file(9, "text/html")),
        {"MediaUrl": CAT},
        60,
    ),
    (
        21610,
        "failed",
        "a service's message to who replied STOP",
        lambda s: s.alice.reply("STOP", to=SHOP),
        {"MessagingServiceSid": SERVICE},
        60,
    ),
    (30003, "undelivered", "a handset that stays off", go_offline, {}, 36_100),
    (30004, "undelivered", "blocked", lambda s: s.lab.twilio.line(ALICE, "blocked"), {}, 60),
    (30005, "undelivered", "a number that nobody has", lambda _: 0, {"To": BOB}, 60),
    (30005, "undelivered", "a number that was given up", lambda s: s.alice.disconnect(), {}, 60),
    (30006, "undelivered", "a landline", lambda s: s.lab.twilio.line(ALICE, "landline"), {}, 60),
    (30007, "undelivered", "filtered", lambda s: s.lab.twilio.line(ALICE, "filtered"), {}, 60),
    (30008, "undelivered", "rejected", lambda s: s.lab.twilio.line(ALICE, "rejected"), {}, 60),
    (
        30010,
        "failed",
        "dearer than MaxPrice, in the old days",
        lambda s: s.lab.change_settings(twilio_max_price_counts=True),
        {"MaxPrice": "0.001"},
        60,
    ),
    (30019, "undelivered", "too large", lambda s: s.lab.twilio.line(ALICE, "too large"), {}, 60),
    (
        30032,
        "undelivered",
        "a toll-free number that was not verified",
        lambda s: s.lab.twilio.number(FREE, registered=False),
        {"From": FREE},
        60,
    ),
    (
        30034,
        "undelivered",
        "a number without a campaign",
        lambda s: s.lab.twilio.number(SHOP, registered=False),
        {},
        60,
    ),
    (30410, "failed", "a carrier in an outage", lambda s: s.lab.outage("sms"), {}, 60),
]


@pytest.mark.parametrize(
    ("code", "status", "prepare", "fields", "seconds"),
    [pytest.param(*row[:2], *row[3:], id=f"{row[0]} {row[2]}") for row in IN_TIME],
)
def test_a_message_that_was_taken_ends_with_it(code, status, prepare, fields, seconds) -> None:
    shop = Shop()
    prepare(shop)

    sid = shop.send(**{"to": ALICE, **fields})["sid"]

    assert shop.outcome(sid, seconds=seconds) == (status, code)
    assert shop.fetch(sid)["error_message"] == describe_failure(code)
    assert len(shop.alice.inbox) == 0 or code == 21610


def a_full_queue() -> Shop:
    """Return a shop whose number has an hour of traffic before it, and room for no more."""
    shop = Shop(twilio_rates=True, twilio_queue_hours=1)
    for _ in range(150):
        assert shop.send(Body=1_600 * "ы")["num_segments"] == "24"
    return shop


def test_30001_a_service_whose_queue_is_full_fails_later() -> None:
    shop = a_full_queue()

    shop.send(MessagingServiceSid=SERVICE, Body=1_600 * "x")
    shop.lab.advance(seconds=1)
    sid = shop.send(MessagingServiceSid=SERVICE)["sid"]

    assert shop.outcome(sid, seconds=1) == ("failed", 30001)


def test_21611_a_number_whose_queue_is_full_refuses_until_it_has_sent_something() -> None:
    shop = a_full_queue()

    before = shop.refusal()
    shop.lab.advance(seconds=1)

    assert before == (21611, 429)
    assert shop.send()["status"] == "queued"


def test_30002_an_account_that_is_suspended_meanwhile() -> None:
    shop = Shop(twilio_queue_delay_ms=5_000)
    sid = shop.send()["sid"]

    shop.lab.twilio.account(suspended=True)
    shop.lab.advance(seconds=10)
    shop.lab.twilio.account(suspended=False)

    assert (shop.fetch(sid)["status"], shop.fetch(sid)["error_code"]) == ("failed", 30002)


def test_30036_a_message_whose_turn_comes_after_its_validity() -> None:
    shop = Shop(twilio_rates=True)
    shop.send(Body=1_000 * "x")

    sid = shop.send(ValidityPeriod="5")["sid"]

    assert shop.outcome(sid, seconds=4) == ("queued", None)
    assert shop.outcome(sid, seconds=1) == ("failed", 30036)


def test_11205_media_on_a_server_that_cannot_be_reached() -> None:
    shop = Shop()
    world = shop.lab.world
    sid = shop.send(MediaUrl=CAT)["sid"]
    end = world.now + 60_000
    while (post := world.run_until(end)) is not None:
        world.outbox.settle(post, PostAnswer(None, error="unreachable: connection refused"))

    assert shop.outcome(sid, seconds=0) == ("failed", 11205)
    assert [alert.code for alert in shop.lab.twilio.alerts] == [11205]


def test_21703_a_pool_that_lost_its_number_meanwhile() -> None:
    shop = Shop()
    sid = shop.send(MessagingServiceSid=SERVICE, From=None)["sid"]

    shop.lab.twilio.service(SERVICE, senders=[])

    assert shop.outcome(sid) == ("failed", 21703)


@pytest.mark.parametrize(
    ("status", "code"), [(400, 20001), (401, 20003), (429, 20429), (500, 20500), (503, 20503)]
)
def test_a_planned_fault_answers_for_twilio(status, code) -> None:
    shop = Shop()
    shop.lab.fault("twilio POST /Messages", status=status, retry_after_s=3, times=1)

    answer = shop.create()
    after = shop.create()

    assert (answer.status, answer.header("retry-after")) == (status, "3")
    assert json.loads(answer.body)["code"] == code
    assert after.status == 201


def test_20429_more_calls_in_a_second_than_the_setting_allows() -> None:
    shop = Shop(twilio_requests_max=2)
    shop.send()
    shop.send()

    assert shop.refusal() == (20429, 429)
    (limited,) = shop.lab.trace.find(["RateLimited"])
    assert "twilio_requests_max=0" in str(limited.fields["remedy"])
    shop.lab.advance(seconds=1)
    shop.send()


def test_a_refusal_reads_as_the_clients_expect() -> None:
    assert json.loads(refuse(21610).body) == {
        "code": 21610,
        "message": "Attempt to send to unsubscribed recipient",
        "more_info": "https://www.twilio.com/docs/errors/21610",
        "status": 400,
    }


def test_every_error_is_brought_about_by_some_test() -> None:
    shown = {row[0] for row in AT_ONCE} | {row[0] for row in IN_TIME}
    elsewhere = {20003, 20004, 20008, 20009, 20404, 20429, 20500, 20503, 21611, 30409}
    later = {11205, 21703, 30001, 30002, 30036}

    assert {*REFUSALS} == ({code for code in shown if code not in LATER} | {21610, 21703}
                           | elsewhere)  # fmt: skip
    assert {*LATER} == {row[0] for row in IN_TIME} | later
    in_twiml = {11750, 12100, 12300, 14101, 14102, 14103, 14111, 21610}
    assert {*ALERTS} == {11200, 11205, 11751} | in_twiml
    assert HOOK


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        ("+15005550001", 21212),
        ("+15005550007", 21606),
        ("+15005550008", 21611),
        ("+14155550100", 21606),
    ],
)
def test_a_magic_sender_of_test_credentials(sender, code) -> None:
    shop = Shop()
    shop.lab.twilio.account(test=True)

    assert shop.refusal(From=sender)[0] == code


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("+15005550001", 21211),
        ("+15005550002", 21612),
        ("+15005550003", 21408),
        ("+15005550004", 21610),
        ("+15005550009", 21614),
    ],
)
def test_a_magic_recipient_of_test_credentials(to, code) -> None:
    shop = Shop()
    shop.lab.twilio.account(test=True)

    assert shop.refusal(to, From="+15005550006")[0] == code


def test_the_magic_sender_that_succeeds_sends_nothing_and_calls_nobody() -> None:
    shop = Shop()
    shop.lab.twilio.account(test=True)

    told = shop.send(From="+15005550006", StatusCallback=HOOK)
    shop.lab.advance(minutes=5)

    assert told["status"] == "queued"
    assert len(shop.alice.inbox) == 0
    assert shop.calls == []


def test_test_credentials_know_no_other_call() -> None:
    shop = Shop()
    shop.lab.twilio.account(test=True)

    answer = shop.request("GET", "/Messages.json")

    assert (answer.status, json.loads(answer.body)["code"]) == (403, 20008)


def test_the_magic_sender_is_known_however_it_is_written() -> None:
    shop = Shop()

    shop.send(From="+1 (500) 555-0006")
    shop.lab.advance(minutes=5)

    assert len(shop.alice.inbox) == 0


def test_where_they_are_off_the_magic_sender_is_a_number_like_any_other() -> None:
    shop = Shop(twilio_magic_numbers=False)

    assert shop.outcome(shop.send(From="+15005550006")["sid"]) == ("delivered", None)


def test_magic_numbers_are_off_for_live_accounts_where_the_setting_says_so() -> None:
    shop = Shop(twilio_magic_numbers=False)

    assert shop.outcome(shop.send("+15005550004")["sid"]) == ("undelivered", 30005)


def test_a_number_of_pushlabs_own_names_the_error_that_comes_later() -> None:
    shop = Shop()

    assert shop.outcome(shop.send("+15005530003")["sid"]) == ("undelivered", 30003)
    assert shop.outcome(shop.send("+15005530002")["sid"]) == ("failed", 30002)
