"""Goal: answers of the control API read well on a terminal, and steer none."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from pushlab.devserver.printing import Printer
from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_testing.wires import Wires

if TYPE_CHECKING:
    from collections.abc import Callable

APP = "5eedda7a-0000-4000-8000-000000000001"


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[str, Any], str]:
    """Return what a method of a printer prints."""

    def call(name: str, told: Any) -> str:
        getattr(Printer(), name)(told)
        return capsys.readouterr().out

    return call


def send(lab: Lab, channel: str, **content: object) -> None:
    answer = lab.handle(
        Request.build(
            "POST",
            "https://api.onesignal.com/notifications",
            json={
                "app_id": APP,
                "target_channel": channel,
                "include_aliases": {"external_id": ["alice"]},
                **content,
            },
            headers={"authorization": "Key os_v2_app_test"},
        )
    )
    assert answer.status == 200, answer.body
    lab.advance(minutes=10)


def test_a_phone_shows_its_truth_and_its_tray(printed) -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice", name="phone")
    send(lab, "push", headings={"en": "Hello"}, contents={"en": "World"})

    out = printed("device", phone.document()).splitlines()

    assert out[0] == "phone  Android phone of alice"
    assert "installed=true  online=true" in out[1]
    assert out[-1].endswith("Hello: World")


def test_an_empty_tray_names_the_way_to_ask(printed) -> None:
    phone = Lab().device("ios", name="phone")

    out = printed("device", phone.document())

    assert "topic            test.pushlab.app0" in out
    assert out.splitlines()[-1] == "  the tray is empty; `pushlab ctl why phone` says why"


def test_a_browser_shows_its_endpoint(printed) -> None:
    browser = Lab().device("web", name="browser")

    out = printed("device", browser.document())

    assert "endpoint         https://" in out


def test_a_mailbox_shows_its_mails_and_their_links(printed) -> None:
    lab = Lab()
    mailbox = lab.device("email", external_id="alice", address="alice@example.test")
    html = '<a href="https://shop.test/">Shop</a><a href="[unsubscribe_url]">Out</a>'
    send(lab, "email", email_subject="News", email_body=html, email_preheader="Read on")
    mailbox.open_mail()

    leads_to = mailbox.click_link("Shop")

    out = printed("device", {**mailbox.document(), "leads_to": leads_to})

    assert "address          alice@example.test" in out
    assert "leads to         https://shop.test/" in out
    lines = [line.strip() for line in out.splitlines()]
    assert any(line.endswith("News  (opened, clicked)") for line in lines)
    assert "Read on" in lines
    assert "[0] Shop -> https://shop.test/" in lines
    assert "has a link to unsubscribe" in lines


def test_a_number_shows_its_texts(printed) -> None:
    lab = Lab()
    number = lab.device("sms", external_id="alice", name="number")
    empty = printed("inbox", number.document())
    send(lab, "sms", name="one", contents={"en": "Hello"})

    out = printed("inbox", number.document()).splitlines()

    assert "the inbox is empty; `pushlab ctl why number` says why" in empty
    assert out[0].endswith("  +12025550100")
    assert out[1].strip() == "Hello"


def test_devices_have_a_line_each(printed) -> None:
    lab = Lab()
    lab.device("android", name="phone", fresh=True)
    lab.device("email", external_id="alice").close()
    lab.device("sms", external_id="alice").go_offline()

    out = printed("devices", {"devices": [each.document() for each in lab.devices]}).splitlines()

    assert out[0].split("  ")[-1].strip() == "no app, 0 in the tray"
    assert out[1].endswith("closed, 0 in the inbox")
    assert out[2].endswith("offline, 0 in the inbox")


def test_without_anything_there_is_a_word_all_the_same(printed) -> None:
    assert "there is no device yet" in printed("devices", {"devices": []})
    assert "no notification was accepted yet" in printed("messages", {"messages": []})
    assert printed("each", []) == "\n"


def test_what_a_name_says_steers_no_terminal(printed) -> None:
    phone = Lab().device("android", name="\x1b[31mred", external_id="\x9b2J")

    out = printed("device", phone.document())

    assert "\x1b" not in out
    assert "\x9b" not in out


def test_a_terminal_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="standard", width=200)
    monkeypatch.setattr("pushlab.devserver.printing.make_console", lambda: console)
    phone = Lab().device("android", name="phone")
    phone.go_offline()

    Printer().device(phone.document())

    assert "\x1b[1mphone\x1b[0m" in file.getvalue()
    assert "\x1b[31mfalse\x1b[0m" in file.getvalue()


def test_a_stopped_clock_says_why(printed) -> None:
    told = {"now": "2026", "next_due": "2027", "clock": "live", "failure": "it broke"}

    out = printed("clock", told).splitlines()

    assert out == ["2026  (clock: live; next due 2027)", "the clock has stopped: it broke"]


def test_holds_are_printed_with_what_they_keep_back(printed: Callable[[str, Any], str]) -> None:
    parked = [{"what": "webhook https://shop.test/x", "at": "2026-01-01T00:00:00.000Z"}]
    hold = {"name": "gate", "where": "webhook", "part": "request", "parked": parked}
    empty = {**hold, "name": "other", "parked": []}

    lines = printed("holds", {"holds": [hold, empty]}).splitlines()

    assert lines == [
        "gate  request at webhook",
        "  2026-01-01T00:00:00.000Z  webhook https://shop.test/x",
        "other  request at webhook",
        "  nothing has come to it yet",
    ]
    assert printed("holds", {"holds": []}) == "nothing is held\n"


def test_attempts_have_a_line_each_and_one_is_printed_whole(printed) -> None:
    wires = Wires()
    wires.apns(is_signed=False)
    wires.mail()
    wires.lab.advance(minutes=1)
    documents = [each.document() for each in reversed(wires.lab.attempts)]

    listed = printed("attempts", {"attempts": documents, "dropped": 3}).splitlines()
    mail = wires.lab.attempts[-1]
    reasons = [reason.document() for reason in mail.why()]
    whole = printed("attempt", {**mail.document(whole=True), "reasons": reasons})

    assert listed[0] == "3 earlier ones are no longer kept"
    assert listed[1].split(maxsplit=4)[1:] == [
        "w1",
        "apns",
        "alice-ios",
        "403 MissingProviderToken",
    ]
    assert listed[2].endswith("alice-email  250  shown  “Sale”")
    assert "it lies in the inbox [delivered]" in whole
    assert f"envelope news@shop.test -> {wires.devices['smtp'].address}" in whole
    assert "Subject: Sale\n" in whole
    assert "nothing went to a gateway yet" in printed("attempts", {"attempts": [], "dropped": 0})


def test_an_attempt_without_its_bytes_says_so(printed) -> None:
    wires = Wires(attempts_kept_bytes_max=1)
    wires.apns()
    (attempt,) = wires.lab.attempts

    out = printed("attempt", {**attempt.document(whole=True), "reasons": []})

    assert "headers and body are no longer kept" in out


def test_a_push_is_printed_with_its_headers_and_bytes_by_their_number(printed) -> None:
    wires = Wires()
    wires.webpush(body=b"\xff" * 200)
    (attempt,) = wires.lab.attempts

    out = printed("attempt", {**attempt.document(whole=True), "reasons": []})

    assert "ttl: 60" in out
    assert out.endswith("(200 bytes)\n")
