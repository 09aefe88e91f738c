"""Goal: people can read what happened, whatever it was, on any terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from pushlab.lab import Lab
from pushlab.timeline import (
    LabNames,
    Sheet,
    Storyteller,
    Told,
    clean_text,
    order_causes,
    render_day,
    render_elapsed,
    render_entry,
)
from pushlab.world.clock import parse_instant
from pushlab.world.trace import Entry
from pushlab_fakes.exchange import Request
from pushlab_testing.wires import GATEWAYS, Wires

if TYPE_CHECKING:
    from collections.abc import Sequence

APP = "5eedda7a-0000-4000-8000-000000000001"
NEW_YEAR = parse_instant("2026-01-01T00:00:00Z")


class NoNames:
    """A world in which nothing has a name."""

    def find_address(self, subscription: str) -> None:
        """Know no device."""

    def find_gateway(self, device: str) -> None:
        """Know no gateway."""

    def find_title(self, notification: str) -> None:
        """Know no notification."""

    def find_user(self, onesignal_id: str) -> None:
        """Know nobody."""


def send(lab: Lab, *names: str, body: dict[str, object] | None = None) -> int:
    asked = {
        "app_id": APP,
        "target_channel": "push",
        "include_aliases": {"external_id": list(names)},
        "contents": {"en": "Hello"},
    }
    answer = lab.handle(
        Request.build(
            "POST",
            "https://api.onesignal.com/notifications",
            json={**asked, **(body or {})},
            headers={"authorization": "Key os_v2_app_test"},
        )
    )
    return answer.status


def a_mail(subject: str, html: str) -> dict[str, object]:
    return {"email_subject": subject, "email_body": html}


def tell(lab: Lab) -> list[str]:
    told = Storyteller(LabNames(lab)).tell_all(lab.trace.entries())
    return [f"{each.who}: {each.what}" for each in told]


def test_what_a_program_sent_itself_is_told_by_its_device_and_what_it_says() -> None:
    wires = Wires()
    for gateway in GATEWAYS:
        wires.send(gateway)
    wires.lab.advance(minutes=1)

    told = tell(wires.lab)

    assert {
        "alice-ios: APNs accepts “Sale”",
        "alice-android: FCM accepts “Sale”",
        "alice-web: the push service accepts “Sale”",
        "alice-email: the mail server accepts “Sale”",
        "alice-sms: the carrier accepts “Today only”",
        "alice-ios: shows “Sale”",
        "alice-email: gets the mail “Sale”",
        "alice-sms: gets the text “Today only”",
        "FCM: takes project shop-1234 as yours",
        "the push service: takes application server 1 as the one that your page subscribes with",
    } <= set(told)


def test_what_a_gateway_refuses_a_program_itself_is_told_with_the_address() -> None:
    wires = Wires(smtp_role="relay")
    wires.apns("abcd" * 16)
    wires.mail("nobody@example.com")
    wires.webpush(body=bytes(200))
    wires.lab.fault("fcm", status=503)
    wires.fcm()

    told = tell(wires.lab)

    assert "(abcdabcd): APNs refuses “Sale”: it never issued that token" in told
    assert "nobody@example.com: the mail server refuses “Sale”: there is no such mailbox" in told
    assert any(line.startswith("alice-web: shows nothing: the browser cannot") for line in told)
    put_off = "FCM puts “Sale” off; it is for your app to try again"
    assert f"alice-android: {put_off}" in told


def an_entry(kind: str, at: int = NEW_YEAR, causes: Sequence[str] = (), **fields: object) -> Entry:
    return Entry(at, kind, f"{kind}:{fields.get('device', 'name')}", fields, tuple(causes))


def show(told: list[Told], width: int = 80, *, is_ascii: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    for line in Sheet(is_ascii=is_ascii).set_lines(told):
        console.print(line)
    file = console.file
    assert isinstance(file, io.StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


# -- in words --------------------------------------------------------------------------------------


def test_a_push_reads_from_the_call_to_the_tap() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice", name="phone")
    send(lab, "alice")
    lab.advance(minutes=1)
    phone.tap()

    assert tell(lab) == [
        "phone: joins: Android phone, logged in as alice",
        "OneSignal: has a new user: alice",
        "phone: OneSignal registers it: subscribed",
        "your app: calls POST /notifications",
        f"OneSignal: takes app {APP} as yours",
        "OneSignal: accepts “Hello” for 1 target",
        "phone: FCM accepts “Hello”",
        "phone: shows “Hello”",
        "phone: its receipt reaches OneSignal",
        "phone: taps “Hello”, which opens the app",
    ]


def test_a_mail_reads_from_the_call_to_the_complaint() -> None:
    lab = Lab()
    mailbox = lab.device("email", external_id="alice", address="alice@example.test")
    html = '<a href="https://shop.test/">Shop</a>'
    send(lab, "alice", body={"target_channel": "email", **a_mail("News", html)})
    lab.advance(minutes=10)
    mailbox.click_link(0)
    mailbox.mark_spam()
    send(lab, "alice", body={"target_channel": "email", **a_mail("More", html)})

    told = tell(lab)

    assert told[0] == "alice-email: joins: mailbox alice@example.test of alice"
    assert [line for line in told if line.startswith("alice-email: ")][2:] == [
        "alice-email: the mail server accepts “News”",
        "alice-email: gets the mail “News”",
        "alice-email: opens “News”",
        "alice-email: follows a link of “News”",
        "alice-email: marks “News” as spam",
        "alice-email: OneSignal hears of the complaint: it is unsubscribed for good",
    ]


def test_a_mail_to_nobody_is_told_by_its_address() -> None:
    lab = Lab()
    body = {
        "target_channel": "email",
        "include_aliases": None,
        "email_to": ["nobody@example.test"],
        **a_mail("News", "<p>Hi</p>"),
    }
    send(lab, body=body)
    lab.advance(days=1)

    told = [line for line in tell(lab) if line.startswith("nobody@example.test: ")]

    assert told == [
        "nobody@example.test: OneSignal registers it: subscribed",
        "nobody@example.test: the mail server refuses “News”: there is no such mailbox",
    ]


def test_a_stop_is_learned_with_the_next_text() -> None:
    lab = Lab()
    number = lab.device("sms", external_id="alice", name="number")
    send(lab, "alice", body={"target_channel": "sms", "name": "one"})
    lab.advance(minutes=10)
    number.reply("STOP")
    lab.advance(minutes=10)
    send(lab, "alice", body={"target_channel": "sms", "name": "two"})
    lab.advance(minutes=10)

    told = [line.partition(": ")[2] for line in tell(lab) if line.startswith("number: ")]

    assert told[2:] == [
        "the carrier accepts “Hello”",
        "gets the text “Hello”",
        "the carrier reports “Hello” as delivered",
        "replies “STOP” to +12025550100",
        "the carrier sends its answer to STOP",
        "gets the carrier's answer to STOP",
        "the carrier reports its answer to STOP as delivered",
        "the carrier refuses “Hello”: the number had replied STOP",
        "only now OneSignal learns of the STOP: it is unsubscribed",
    ]


def test_a_browser_that_clears_its_cookies_is_met_with_410() -> None:
    lab = Lab()
    browser = lab.device("web", external_id="alice", name="browser", browser="firefox")
    browser.visit()
    browser.clear_cookies()
    send(lab, "alice")
    lab.advance(minutes=1)

    told = [line.partition(": ")[2] for line in tell(lab) if line.startswith("browser: ")]

    assert told[0] == "joins: Firefox, logged in as alice"
    assert told[-4:] == [
        "visits the site",
        "clears its cookies, and the push endpoint with them; nobody tells OneSignal",
        "the push service refuses “Hello”: the endpoint is gone (410)",
        "OneSignal takes it for unsubscribed from now on",
    ]


def test_what_an_app_says_of_a_person_is_told_twice_by_the_app_and_by_the_service() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice", name="phone")
    phone.add_tag("level", "10")
    phone.purchase("coins", 9.99)
    phone.add_email("alice@example.test")
    lab.advance(minutes=1)
    phone.remove_tag("level")
    lab.advance(minutes=1)

    told = tell(lab)

    assert "phone: its app sets the tag level = 10" in told
    assert "phone: buys coins for 9.99 USD" in told
    assert "phone: its app adds the mail address alice@example.test" in told
    assert "OneSignal: hears of alice: tag level removed" in told
    (heard,) = [line for line in told if line.startswith("OneSignal: hears of alice: tag level =")]
    assert "amount_spent 9.99" in heard


def test_a_segment_is_told_by_its_name() -> None:
    lab = Lab()
    url = f"https://api.onesignal.com/apps/{APP}/segments"
    filters = [{"field": "tag", "key": "level", "relation": "=", "value": "10"}]
    lab.handle(
        Request.build(
            "POST",
            url,
            json={"name": "Experts", "filters": filters},
            headers={"authorization": "Key os_v2_app_test"},
        )
    )

    assert tell(lab)[-1] == "OneSignal: has a new segment “Experts”"


def test_a_refusal_is_told_with_its_errors() -> None:
    lab = Lab()

    status = send(lab, body={"include_aliases": None})

    assert status == 400
    assert tell(lab)[-1].startswith("OneSignal: answers 400 to POST /notifications: You must")


def test_a_subscription_of_no_device_shows_the_start_of_its_id() -> None:
    entry = an_entry("TargetSkipped", subscription="1a2b3c4d-0000", outcome="unsubscribed")

    told = Storyteller(NoNames()).tell(entry)

    assert told is not None
    assert told.who == "(1a2b3c4d)"


def test_a_kind_that_nobody_knows_is_told_as_it_stands() -> None:
    told = Storyteller(NoNames()).tell(an_entry("CometSeen", tail="long"))

    assert told == Told(NEW_YEAR, "lab", "CometSeen tail=long", "plain")


def test_an_outcome_that_nobody_knows_is_told_by_its_word() -> None:
    told = Storyteller(NoNames()).tell(
        an_entry("ReceiptSent", device="phone", outcome="eaten by a dog")
    )

    assert told is not None
    assert told.what == "its receipt: eaten by a dog"


def test_text_from_outside_steers_no_terminal() -> None:
    text = "\x1b[31mred\x07\r\n\x9b2J\u202ebackwards"

    assert clean_text(text) == " [31mred    2Jbackwards"


def test_no_name_steers_a_terminal() -> None:
    lab = Lab()
    lab.device("android", external_id="\x1b[2J", name="\x1b]0;phone")
    send(lab, "\x1b[2J", body={"contents": {"en": "\x9b2J"}})
    lab.advance(minutes=1)

    assert all(line.isprintable() for line in tell(lab))


def test_what_was_caused_at_the_same_instant_comes_after_its_cause() -> None:
    lost = an_entry("SubscriptionLost", causes=["AttemptMade:name"])
    made = an_entry("AttemptMade", causes=["SendStarted:name"])
    other = an_entry("DeviceWentOffline", device="phone")

    assert order_causes([lost, other, made]) == [made, lost, other]


def test_entries_of_one_id_are_all_kept() -> None:
    twice = [an_entry("AppOpened", device="phone"), an_entry("AppOpened", device="phone")]

    assert order_causes(twice) == twice


def test_causes_in_a_circle_end() -> None:
    one = Entry(0, "A", "A:1", {}, ("B:1",))
    two = Entry(0, "B", "B:1", {}, ("A:1",))

    assert sorted(entry.id for entry in order_causes([one, two])) == ["A:1", "B:1"]


# -- on a sheet ------------------------------------------------------------------------------------


def test_a_day_has_a_heading_once() -> None:
    day = 86_400_000
    told = [
        Told(NEW_YEAR, "phone", "goes offline", "note"),
        Told(NEW_YEAR + 1_500, "phone", "is online again", "plain"),
        Told(NEW_YEAR + day, "phone", "shows “Hello”", "good"),
    ]

    assert show(told) == [
        "Thu 1 Jan 2026",
        "  00:00:00.000 phone            • goes offline",
        "  00:00:01.500 phone              is online again",
        "Fri 2 Jan 2026",
        "  00:00:00.000 phone            ✓ shows “Hello”",
    ]


def test_a_narrow_terminal_folds_and_loses_nothing() -> None:
    what = "gets “Hello” and shows nothing: notifications are off"

    lines = show([Told(NEW_YEAR, "a-phone-with-a-long-name", what, "bad")], width=50)

    assert max(len(line) for line in lines) <= 50
    assert "a-phone-with-a-…" in lines[1]
    assert "".join(line[34:].strip() for line in lines[1:]).replace(" ", "") == what.replace(
        " ", ""
    )


def test_marks_have_a_plain_form() -> None:
    lines = show([Told(NEW_YEAR, "phone", "shows it", "good")], is_ascii=True)

    assert lines[1] == "  00:00:00.000 phone            + shows it"


# -- in one line -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(0, "+00:00:00.000"), (301_031, "+00:05:01.031"), (262_800_000, "+3d 01:00:00.000")],
)
def test_elapsed_time_reads_like_a_clock(duration_ms: int, text: str) -> None:
    assert render_elapsed(duration_ms) == text


def test_a_day_is_named_in_english() -> None:
    assert render_day(NEW_YEAR) == "Thu 1 Jan 2026"


def test_an_entry_fits_one_line() -> None:
    line = render_entry(an_entry("RequestReceived", body="x" * 500), NEW_YEAR)

    assert len(line) == 160
    assert line.startswith("+00:00:00.000 RequestReceived body=xxx")
    assert line.endswith("…")
