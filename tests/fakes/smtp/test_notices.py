"""Goal: what a mail system writes itself has the form that its RFC says, and nothing forged in it.

Method: notices are composed of values, and read by the standard library's own parser.
"""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from flufl.bounce import all_failures

from pushlab_fakes.smtp.notices import (
    Notice,
    Returned,
    compose_auto_reply,
    compose_complaint,
    compose_notice,
    render_date,
)
from pushlab_testing.mail import a_mail

if TYPE_CHECKING:
    from email.message import EmailMessage

AT = 1_767_225_600_000
DATE = "Thu, 01 Jan 2026 00:00:00 +0000"
FAILED = Notice("failed", "5.1.1", "550 5.1.1 No such user here", AT)
DELAYED = Notice("delayed", "4.2.2", "452 4.2.2 Mailbox full", AT, AT + 3_600_000)
DELIVERED = Notice("delivered", "2.1.5", None, AT)


def returned(**more: Any) -> Returned:
    told: dict[str, Any] = {
        "id": "ABC",
        "sender": "news@shop.test",
        "recipient": "alice@example.com",
        "raw": a_mail("Hi", Message_ID="<1@shop.test>"),
        "arrived_at": AT,
        **more,
    }
    return Returned(**told)


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def notify(notice: Notice = FAILED, **more: Any) -> EmailMessage:
    return read(compose_notice(returned(**more), notice))


def parts_of(message: EmailMessage) -> list[Any]:
    return list(message.iter_parts())


def status_of(message: EmailMessage) -> list[dict[str, str]]:
    return [dict(block.items()) for block in parts_of(message)[1].get_payload()]


# --- notices (RFC 3464) --------------------------------------------------------------------------


def test_a_notice_is_a_report_in_three_parts() -> None:
    message = notify()

    kinds = [part.get_content_type() for part in parts_of(message)]
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert kinds == ["text/plain", "message/delivery-status", "message/rfc822"]
    assert (message["To"], message["Date"]) == ("news@shop.test", DATE)
    assert (message["Auto-Submitted"], message["MIME-Version"]) == ("auto-replied", "1.0")
    assert message.defects == []


def test_a_status_has_a_block_for_the_mail_and_one_for_its_recipient() -> None:
    assert status_of(notify(envid="order-7", orcpt="rfc822;al@old.test")) == [
        {
            "Reporting-MTA": "dns; mx.pushlab.test",
            "Original-Envelope-Id": "order-7",
            "Arrival-Date": DATE,
        },
        {
            "Original-Recipient": "rfc822;al@old.test",
            "Final-Recipient": "rfc822; alice@example.com",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx.pushlab.test",
            "Diagnostic-Code": "smtp; 550 5.1.1 No such user here",
            "Last-Attempt-Date": DATE,
        },
    ]


def test_what_nobody_said_is_left_out() -> None:
    about_mail, about_recipient = status_of(notify(DELIVERED))

    assert "Original-Envelope-Id" not in about_mail
    assert about_recipient.keys() == {
        "Final-Recipient",
        "Action",
        "Status",
        "Last-Attempt-Date",
    }


def test_only_a_delay_says_how_long_it_will_be_tried() -> None:
    told = status_of(notify(DELAYED))[1]

    assert told["Will-Retry-Until"] == "Thu, 01 Jan 2026 01:00:00 +0000"
    assert (told["Action"], told["Status"]) == ("delayed", "4.2.2")


@pytest.mark.parametrize("action", ["failed", "delayed", "delivered", "relayed"])
def test_every_action_has_a_subject_and_words_of_its_own(action: str) -> None:
    message = notify(Notice(action, "2.0.0", None, AT))
    others = [notify(Notice(each, "2.0.0", None, AT)) for each in ("failed", "delivered")]

    assert message["Subject"]
    assert "alice@example.com" in parts_of(message)[0].get_content()
    assert [other["Subject"] == message["Subject"] for other in others] == [
        action == "failed",
        action == "delivered",
    ]


@pytest.mark.parametrize(
    ("ret", "notice", "kind"),
    [
        (None, FAILED, "message/rfc822"),
        (None, DELIVERED, "text/rfc822-headers"),
        ("FULL", FAILED, "message/rfc822"),
        ("FULL", DELIVERED, "text/rfc822-headers"),
        ("HDRS", FAILED, "text/rfc822-headers"),
    ],
)
def test_how_much_of_the_mail_comes_back_with_a_failure_is_as_its_sender_wished(
    ret: str | None, notice: Notice, kind: str
) -> None:
    assert parts_of(notify(notice, ret=ret))[2].get_content_type() == kind


def test_headers_alone_are_those_of_the_mail() -> None:
    raw = compose_notice(returned(ret="HDRS"), FAILED)

    assert b"Message-ID: <1@shop.test>" in raw
    assert b"\r\nHi\r\n" not in raw


def test_of_a_large_mail_only_the_headers_come_back() -> None:
    message = notify(raw=a_mail("x" * 60_000), ret="FULL")

    assert parts_of(message)[2].get_content_type() == "text/rfc822-headers"


def test_a_mail_without_a_body_or_without_headers_comes_back_too() -> None:
    for raw in (b"", b"Subject: x\r\n", b"no header at all\r\n\r\n\xff"):
        for ret in ("FULL", "HDRS"):
            assert len(parts_of(notify(raw=raw, ret=ret))) == 3


# --- notices beyond ASCII (RFC 6533) -------------------------------------------------------------


def test_an_address_beyond_ascii_makes_the_status_a_global_one() -> None:
    raw = compose_notice(returned(recipient="dörte@grün.test"), FAILED)
    message = read(raw)

    assert message.get_param("report-type") == "global-delivery-status"
    assert parts_of(message)[1].get_content_type() == "message/global-delivery-status"
    assert "Final-Recipient: utf-8; dörte@grün.test\r\n".encode() in raw
    assert parts_of(message)[2].get_content_type() == "message/rfc822"


def test_an_original_recipient_beyond_ascii_does_so_too() -> None:
    message = notify(orcpt="utf-8;dörte@old.test")

    assert message.get_param("report-type") == "global-delivery-status"


@pytest.mark.parametrize(
    ("ret", "kind"), [("FULL", "message/global"), ("HDRS", "message/global-headers")]
)
def test_headers_beyond_ascii_come_back_in_a_global_part(ret: str, kind: str) -> None:
    raw = "Subject: Grüße\r\nFrom: dörte@grün.test\r\n\r\nHallo\r\n".encode()

    message = notify(raw=raw, ret=ret)

    assert message.get_param("report-type") == "delivery-status"
    assert parts_of(message)[2].get_content_type() == kind
    assert parts_of(message)[2]["Content-Transfer-Encoding"] == "8bit"


def test_a_body_beyond_ascii_under_plain_headers_is_a_usual_part() -> None:
    message = notify(raw="Subject: x\r\n\r\nGrüße\r\n".encode())

    assert parts_of(message)[2].get_content_type() == "message/rfc822"


# --- what a client said cannot forge -------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"envid": "a\r\nAction: delivered"},
        {"orcpt": "rfc822;a\nStatus: 2.0.0"},
        {"envid": "a\r\n\r\n--boundary"},
    ],
)
def test_a_line_of_the_status_stays_one_line(more: dict[str, Any]) -> None:
    blocks = status_of(notify(**more))

    assert len(blocks) == 2
    assert (blocks[1]["Action"], blocks[1]["Status"]) == ("failed", "5.1.1")


def test_a_subject_cannot_begin_a_header() -> None:
    raw = compose_auto_reply(returned(), AT, "Away.", "Hi\r\nBcc: all@example.com")

    assert read(raw)["Subject"] == "Auto: Hi Bcc: all@example.com"
    assert read(raw)["Bcc"] is None


# --- a second opinion ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (compose_notice(returned(), FAILED), ([], [b"alice@example.com"])),
        (compose_notice(returned(), DELAYED), ([b"alice@example.com"], [])),
        (compose_notice(returned(), DELIVERED), ([], [])),
        (compose_auto_reply(returned(), AT, "Away.", "Hello"), ([], [])),
        (compose_complaint(returned(), AT), ([], [])),
    ],
    ids=["failed", "delayed", "delivered", "auto-reply", "complaint"],
)
def test_a_mailing_list_manager_takes_it_for_what_it_is(
    raw: bytes, told: tuple[list[bytes], list[bytes]]
) -> None:
    for_now, for_good = all_failures(message_from_bytes(raw))

    assert (sorted(for_now), sorted(for_good)) == told


# --- complaints (RFC 5965) and automatic replies (RFC 3834) --------------------------------------


def test_a_complaint_is_a_feedback_report_with_the_mail_in_it() -> None:
    message = read(compose_complaint(returned(), AT + 60_000))
    parts = parts_of(message)

    lines = parts[1].get_payload()[0].as_string()
    assert message.get_param("report-type") == "feedback-report"
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "message/feedback-report",
        "message/rfc822",
    ]
    assert [
        lines.count(each) for each in ("Feedback-Type: abuse", "Version: 1", "User-Agent:")
    ] == [
        1,
        1,
        1,
    ]
    assert f"Arrival-Date: {DATE}" in lines
    assert "Reported-Domain: shop.test" in lines
    assert parts[2].get_content()["Message-ID"] == "<1@shop.test>"


def test_an_automatic_reply_comes_from_who_is_away_and_is_no_bounce() -> None:
    message = read(compose_auto_reply(returned(), AT, "Away.", "Hello"))

    assert (message["From"], message["To"]) == ("alice@example.com", "news@shop.test")
    assert message["Auto-Submitted"] == "auto-replied"
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "Away.\r\n"


def test_what_tells_of_one_mail_is_the_same_every_time_and_of_another_it_is_not() -> None:
    one = [compose_notice(returned(), FAILED) for _ in range(2)]

    assert one[0] == one[1]
    assert notify()["Message-ID"] != notify(id="ABD")["Message-ID"]
    assert notify()["Message-ID"] != notify(DELIVERED)["Message-ID"]


def test_dates_are_those_of_the_worlds_clock() -> None:
    assert render_date(AT + 999) == DATE
