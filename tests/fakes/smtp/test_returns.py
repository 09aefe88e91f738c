"""Goal: what comes back of a mail is a mail in its documented form, to whom and when it should.

Method: a lab and a client without a socket; the returned mails are read by the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.lab import Lab
from pushlab_testing.mail import MailClient, a_mail, hand_over

if TYPE_CHECKING:
    from email.message import Message

ALICE, SENDER = "alice@example.com", "news@shop.test"


def a_lab(**settings: object) -> tuple[Lab, Any]:
    lab = Lab(settings=settings)
    return lab, lab.device("email", name="alice", address=ALICE, fresh=True)


def read_status(part: Any) -> list[dict[str, str]]:
    """Return the blocks of a message/delivery-status part."""
    blocks: list[Message] = part.get_payload()
    return [dict(block.items()) for block in blocks]


def send(lab: Lab, mail_more: str = "", rcpt_more: str = "", address: str = ALICE) -> None:
    client = MailClient(lab)
    client.say(f"MAIL FROM:<{SENDER}>{mail_more}", f"RCPT TO:<{address}>{rcpt_more}", "DATA")
    assert client.send(a_mail("Hi") + b".\r\n")[0].startswith("250")


# --- notices -------------------------------------------------------------------------------------


def test_an_unknown_mailbox_that_is_found_out_late_bounces_as_a_notice() -> None:
    lab, _ = a_lab(smtp_late_bounce_share=1.0)
    send(lab, " ENVID=order-7", " ORCPT=rfc822;al@old.test", address="nobody@example.com")

    lab.advance(hours=1)

    (returned,) = lab.mail.returned
    message = returned.message
    human, status, original = message.iter_parts()
    about_mail, about_recipient = read_status(status)
    assert (returned.kind, returned.to, returned.status) == ("failed", SENDER, "5.1.1")
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["To"] == SENDER
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert "nobody@example.com" in human.get_content()
    assert about_mail["Reporting-MTA"] == "dns; mx.pushlab.test"
    assert about_mail["Original-Envelope-Id"] == "order-7"
    assert about_mail["Arrival-Date"] == "Thu, 01 Jan 2026 00:00:00 +0000"
    assert about_recipient["Original-Recipient"] == "rfc822;al@old.test"
    assert about_recipient["Final-Recipient"] == "rfc822; nobody@example.com"
    assert about_recipient["Action"] == "failed"
    assert about_recipient["Status"] == "5.1.1"
    assert about_recipient["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user here"
    assert original.get_content_type() == "message/rfc822"
    assert original.get_content()["Subject"] == "Hello"


def test_a_mailbox_that_closes_while_mail_is_under_way_bounces_as_disabled() -> None:
    lab, alice = a_lab()
    send(lab)
    alice.close()

    lab.advance(hours=1)

    assert [(each.kind, each.status) for each in lab.mail.returned] == [("failed", "5.2.1")]


def test_a_full_mailbox_is_told_of_as_a_delay_and_then_as_a_failure() -> None:
    lab, alice = a_lab(smtp_full_reply="queue")
    alice.fill()
    send(lab)

    lab.advance(days=4)

    delayed, failed = lab.mail.returned
    until = read_status(list(delayed.message.iter_parts())[1])[1]["Will-Retry-Until"]
    assert (delayed.kind, delayed.status, failed.kind) == ("delayed", "4.2.2", "failed")
    assert until == "Sun, 04 Jan 2026 00:00:00 +0000"
    assert delayed.at == lab.world.clock.start + 4 * 3_600_000
    assert failed.at == lab.world.clock.start + 72 * 3_600_000
    assert list(delayed.message.iter_parts())[2].get_content_type() == "text/rfc822-headers"


def test_mail_that_finds_room_in_time_is_not_told_of() -> None:
    lab, alice = a_lab(smtp_full_reply="queue")
    alice.fill()
    send(lab)
    lab.advance(hours=1)
    alice.empty()

    lab.advance(days=4)

    assert lab.mail.returned == []
    assert len(alice.inbox) == 1


@pytest.mark.parametrize(
    ("notify", "kinds"),
    [
        ("", []),
        (" NOTIFY=SUCCESS", ["delivered"]),
        (" NOTIFY=FAILURE,DELAY", []),
        (" NOTIFY=NEVER", []),
    ],
)
def test_a_delivery_is_told_of_to_who_asked_for_it(notify: str, kinds: list[str]) -> None:
    lab, _ = a_lab()
    send(lab, rcpt_more=notify)

    lab.advance(hours=1)

    assert [each.kind for each in lab.mail.returned] == kinds


@pytest.mark.parametrize("notify", [" NOTIFY=NEVER", " NOTIFY=SUCCESS"])
def test_a_failure_is_not_told_of_to_who_did_not_ask(notify: str) -> None:
    lab, _ = a_lab(smtp_late_bounce_share=1.0)
    send(lab, rcpt_more=notify, address="nobody@example.com")

    lab.advance(hours=1)

    assert lab.mail.returned == []


def test_headers_alone_come_back_if_so_asked() -> None:
    lab, _ = a_lab(smtp_late_bounce_share=1.0)
    send(lab, " RET=HDRS", address="nobody@example.com")

    lab.advance(hours=1)

    original = list(lab.mail.returned[0].message.iter_parts())[2]
    assert original.get_content_type() == "text/rfc822-headers"


def test_mail_from_the_null_sender_never_comes_back() -> None:
    lab, alice = a_lab(smtp_late_bounce_share=1.0)
    alice.switch_auto_reply(on=True)

    hand_over(lab, a_mail(), ALICE, "nobody@example.com", sender="")
    lab.advance(hours=1)
    alice.mark_spam()
    lab.advance(hours=1)

    assert lab.mail.returned == []


def test_a_notice_lies_in_the_mailbox_of_the_sender() -> None:
    lab, _ = a_lab(smtp_late_bounce_share=1.0)
    sender = lab.device("email", name="shop", address=SENDER, fresh=True)
    send(lab, address="nobody@example.com")

    lab.advance(hours=1)

    assert sender.inbox[0].subject == "Undelivered Mail Returned to Sender"
    assert lab.mail.returned[0].mailbox
    assert "nobody@example.com" in sender.inbox[0].text


# --- a relay -------------------------------------------------------------------------------------


def test_a_relay_takes_all_and_sends_back_what_it_cannot_deliver() -> None:
    lab, alice = a_lab(smtp_role="relay")

    said = hand_over(lab, a_mail(), ALICE, "nobody@example.com")
    lab.advance(hours=1)

    assert said.startswith("250")
    assert len(alice.inbox) == 1
    assert [(each.recipient, each.status) for each in lab.mail.returned] == [
        ("nobody@example.com", "5.1.1")
    ]


def test_a_relay_tries_again_what_was_put_off() -> None:
    lab, alice = a_lab(smtp_role="relay")
    lab.fault("smtp", status=450, end=lab.now + 1_800_000)

    said = hand_over(lab, a_mail(), ALICE)
    lab.advance(hours=3)

    assert said.startswith("250")
    assert len(alice.inbox) == 1
    assert lab.mail.returned == []


def test_a_relay_gives_up_when_its_queue_does() -> None:
    lab, _ = a_lab(smtp_role="relay")
    lab.fault("smtp", status=450)
    hand_over(lab, a_mail(), ALICE)

    lab.advance(days=4)

    told = [(each.kind, each.status) for each in lab.mail.returned]
    assert told == [("delayed", "4.7.1"), ("failed", "4.7.1")]
    assert "Will-Retry-Until: Sun, 04 Jan 2026 00:00:00 +0000" in lab.mail.returned[0].raw.decode()


@pytest.mark.parametrize(
    ("hours", "notify", "kinds"),
    [
        (1, "", []),
        (5, "", ["delayed"]),
        (5, " NOTIFY=FAILURE", []),
        (5, " NOTIFY=DELAY", ["delayed"]),
    ],
)
def test_a_relay_tells_of_a_delay_to_who_wants_to_know(
    hours: int, notify: str, kinds: list[str]
) -> None:
    lab, alice = a_lab(smtp_role="relay")
    lab.fault("smtp", status=451, end=lab.now + hours * 3_600_000)
    send(lab, "", notify)

    lab.advance(days=1)

    assert [each.kind for each in lab.mail.returned] == kinds
    assert len(alice.inbox) == 1


def test_one_mail_is_told_of_as_a_delay_once_whatever_delays_it() -> None:
    lab, alice = a_lab(smtp_role="relay")
    alice.fill()
    lab.fault("smtp", status=451, end=lab.now + 5 * 3_600_000)
    send(lab)

    lab.advance(days=4)

    assert [each.kind for each in lab.mail.returned] == ["delayed", "failed"]


# --- complaints and automatic replies ------------------------------------------------------------


def test_a_complaint_comes_as_a_feedback_report() -> None:
    lab, alice = a_lab()
    send(lab)
    lab.advance(minutes=5)

    alice.mark_spam()
    lab.advance(minutes=5)

    (returned,) = lab.mail.returned
    message = returned.message
    parts = list(message.iter_parts())
    report = parts[1].as_string()
    assert returned.kind == "complaint"
    assert message.get_param("report-type") == "feedback-report"
    assert parts[1].get_content_type() == "message/feedback-report"
    for line in (
        "Feedback-Type: abuse",
        "Version: 1",
        "User-Agent: mx.pushlab.test/1.0",
        f"Original-Mail-From: <{SENDER}>",
        f"Original-Rcpt-To: <{ALICE}>",
        "Reported-Domain: shop.test",
    ):
        assert report.count(line) == 1
    assert parts[2].get_content()["Subject"] == "Hello"


def test_who_is_out_of_office_answers_once_and_that_is_no_bounce() -> None:
    lab, alice = a_lab()
    shop = lab.device("email", name="shop", address=SENDER, fresh=True)
    shop.switch_auto_reply(on=True)
    alice.switch_auto_reply(on=True)
    send(lab)

    lab.advance(days=1)

    (returned,) = lab.mail.returned
    assert (returned.kind, returned.status) == ("auto-reply", None)
    assert returned.message["Auto-Submitted"] == "auto-replied"
    assert shop.inbox[0].subject == "Auto: Hello"


@pytest.mark.parametrize(("days", "answers"), [(7, 2), (0, 3)])
def test_who_is_out_of_office_answers_a_sender_once_in_a_while(days: int, answers: int) -> None:
    """RFC 3834, section 2."""
    lab, alice = a_lab(mail_auto_reply_days=days)
    alice.switch_auto_reply(on=True)
    for _ in range(2):
        send(lab)
        lab.advance(days=1)
    lab.advance(days=6)
    send(lab)

    lab.advance(days=1)

    assert [returned.kind for returned in lab.mail.returned] == ["auto-reply"] * answers


def test_an_automatic_reply_names_what_it_answers() -> None:
    """RFC 3834, section 3.1.6."""
    lab, alice = a_lab()
    alice.switch_auto_reply(on=True)
    hand_over(lab, a_mail(Message_ID="<2@shop.test>", References="<0@x.test> <1@x.test>"), ALICE)

    lab.advance(days=1)

    message = lab.mail.returned[0].message
    assert message["In-Reply-To"] == "<2@shop.test>"
    assert message["References"] == "<0@x.test> <1@x.test> <2@shop.test>"


def test_what_a_program_wrote_is_not_answered() -> None:
    lab, alice = a_lab()
    alice.switch_auto_reply(on=True)
    hand_over(lab, a_mail(Auto_Submitted="auto-generated"), ALICE)

    lab.advance(days=1)

    assert lab.mail.returned == []


def test_who_is_back_answers_no_more() -> None:
    lab, alice = a_lab()
    alice.switch_auto_reply(on=True)
    alice.switch_auto_reply(on=False)
    send(lab)

    lab.advance(days=1)

    assert lab.mail.returned == []


# --- unsubscribing by mail -----------------------------------------------------------------------

LEAVE = "leave@shop.test"


@pytest.mark.parametrize(
    ("html", "listed", "to", "subject", "body"),
    [
        (None, f"<mailto:{LEAVE}>", LEAVE, "unsubscribe", ""),
        (None, f"<mailto:{LEAVE}?subject=bye%20u-7+x&body=Now%21>", LEAVE, "bye u-7+x", "Now!"),
        (
            None,
            f"<ftp://shop.test/x>, <mailto:{LEAVE}>, <https://x.test>",
            LEAVE,
            "unsubscribe",
            "",
        ),
        (f'<a href="MAILTO:{LEAVE}?subject=7">Unsubscribe</a>', None, LEAVE, "7", ""),
        (None, "<mailto:a%2Bb@shop.test>", "a+b@shop.test", "unsubscribe", ""),
        (None, f"<mailto:{LEAVE}?subject=a%0D%0ABcc:%20b@x.test>", LEAVE, "a Bcc: b@x.test", ""),
    ],
)
def test_a_reader_unsubscribes_by_a_mail_to_who_is_named(
    html: str | None, listed: str | None, to: str, subject: str, body: str
) -> None:
    """RFC 2369, section 3.2; RFC 6068."""
    lab, alice = a_lab()
    more = {} if listed is None else {"List_Unsubscribe": listed}
    hand_over(lab, a_mail(html=html, **more), ALICE)
    lab.advance(minutes=5)

    alice.click_unsubscribe()
    lab.advance(seconds=1)

    (returned,) = lab.mail.returned
    assert (returned.kind, returned.to, returned.recipient) == ("unsubscribe", to, ALICE)
    assert (returned.message["From"], returned.message["To"]) == (ALICE, to)
    assert returned.message["Subject"] == subject
    assert returned.message["Bcc"] is None
    assert returned.message.get_content().strip() == body
    assert alice.inbox[0].unsubscribed


def test_a_mail_to_unsubscribe_lies_in_the_mailbox_that_it_names() -> None:
    lab, alice = a_lab()
    leaving = lab.device("email", address=LEAVE, fresh=True)
    hand_over(lab, a_mail(List_Unsubscribe=f"<mailto:{LEAVE}?subject=u-7>"), ALICE)
    lab.advance(minutes=5)

    alice.click_unsubscribe()
    lab.advance(minutes=5)

    assert [mail.subject for mail in leaving.inbox] == ["u-7"]
    assert lab.mail.returned[0].mailbox


def test_where_the_header_offers_one_click_nothing_is_written() -> None:
    lab, alice = a_lab()
    listed = f"<mailto:{LEAVE}>, <https://shop.test/out>"
    post = "List-Unsubscribe=One-Click"
    hand_over(lab, a_mail(List_Unsubscribe=listed, List_Unsubscribe_Post=post), ALICE)
    lab.advance(minutes=5)

    alice.click_unsubscribe(one_click=True)
    lab.advance(minutes=5)

    assert lab.mail.returned == []


def test_a_page_that_the_header_alone_names_is_visited() -> None:
    lab, alice = a_lab()
    asked: list[str] = []

    def take(request: Any) -> int:
        asked.append(f"{request.method} {request.path}")
        return 204

    lab.mount("https://shop.test", take)
    listed = f"<https://shop.test/out>, <mailto:{LEAVE}>"
    hand_over(lab, a_mail(List_Unsubscribe=listed), ALICE)
    lab.advance(minutes=5)

    alice.click_unsubscribe()
    lab.advance(minutes=5)

    assert asked == ["GET /out"]
    assert lab.mail.returned == []


# --- one click -----------------------------------------------------------------------------------


def test_one_click_is_a_post_to_the_address_in_the_header() -> None:
    lab, alice = a_lab()
    seen = []

    def take(request):
        seen.append((request.method, request.url, request.body, dict(request.headers)))
        return 200

    lab.mount("https://shop.test", take)
    raw = a_mail(
        List_Unsubscribe="<mailto:out@shop.test>, <https://shop.test/out?u=1>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    hand_over(lab, raw, ALICE)
    lab.advance(minutes=5)

    alice.click_unsubscribe(one_click=True)
    lab.advance(minutes=1)

    ((method, url, body, headers),) = seen
    assert (method, url, body) == (
        "POST",
        "https://shop.test/out?u=1",
        b"List-Unsubscribe=One-Click",
    )
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert [(hook.purpose, hook.status) for hook in lab.webhooks] == [
        ("one-click unsubscribe", 200)
    ]
    assert alice.inbox[0].unsubscribed


def test_cutting_the_wait_changes_nothing() -> None:
    digests = []
    for steps in (1, 96):
        lab, alice = a_lab(smtp_full_reply="queue", smtp_late_bounce_share=1.0)
        alice.fill()
        hand_over(lab, a_mail(), ALICE, "nobody@example.com")
        for _ in range(steps):
            lab.advance(hours=96 // steps)
        digests.append(lab.trace.digest)

    assert digests[0] == digests[1]
