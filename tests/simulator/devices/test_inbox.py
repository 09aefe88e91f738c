"""Goal: an inbox holds what came, newest first, and reads it as it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.content import Link
from pushlab.devices.inbox import EmptyInboxError, Inbox, list_mails, list_texts
from pushlab.gateway import Mark
from pushlab.lab import Lab
from pushlab_testing.app import App
from pushlab_testing.phones import Phones, Sent


def show(phones: Phones, row: int, **content: Any) -> Sent:
    sent = phones.send(row, **content)
    phones.wait(seconds=60)
    return sent


def a_mailbox() -> tuple[Phones, int]:
    phones = Phones()
    return phones, phones.add("email", "alice", address="alice@example.com")


def subjects(phones: Phones, row: int) -> list[str]:
    return [mail.subject for mail in list_mails(phones.fleet, phones.sends, row)]


# --- what lies where -------------------------------------------------------------------------


def test_mails_are_newest_first() -> None:
    phones, row = a_mailbox()

    for _ in range(3):
        show(phones, row)

    assert subjects(phones, row) == ["message-3", "message-2", "message-1"]


def test_what_is_marked_as_spam_is_no_longer_in_the_inbox() -> None:
    phones, row = a_mailbox()
    show(phones, row)
    spam = show(phones, row)

    spam.fan_out.marks[0] |= Mark.SPAM

    assert subjects(phones, row) == ["message-1"]


def test_opened_mails_and_mails_with_one_collapse_id_stay() -> None:
    phones, row = a_mailbox()
    first = show(phones, row, collapse_id="score")
    first.fan_out.marks[0] |= Mark.OPENED

    show(phones, row, collapse_id="score")

    assert subjects(phones, row) == ["message-2", "message-1"]
    assert first.marks == [Mark.OPENED]


def test_a_closed_mailbox_holds_nothing_and_begins_anew_when_it_is_reopened() -> None:
    phones, row = a_mailbox()
    show(phones, row)
    phones.do("close", row)
    closed = subjects(phones, row)

    phones.do("reopen", row)
    reopened = subjects(phones, row)
    show(phones, row)

    assert (closed, reopened, subjects(phones, row)) == ([], [], ["message-2"])


def test_text_messages_are_newest_first() -> None:
    phones = Phones()
    row = phones.add("sms", address="+12025550111")

    for _ in range(2):
        show(phones, row)

    texts = list_texts(phones.fleet, phones.sends, row)
    assert [text.body for text in texts] == ["message-2", "message-1"]


# --- what it reads like ----------------------------------------------------------------------


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_a_mail_reads_as_it_was_sent(lab: Lab) -> None:
    mailbox = lab.device("email", external_id="alice")
    sent = App(lab).mail("alice", email_preheader="Look inside", email_reply_to_address="a@b.test")
    lab.advance(minutes=1)

    mail = mailbox.inbox[0]

    assert (mail.notification_id, mail.subject, mail.preheader) == (sent, "Hello", "Look inside")
    assert mail.recipient == mailbox.address == "alice@example.com"
    assert mail.reply_to == "a@b.test"
    assert mail.text == "Read the news or unsubscribe."
    assert mail.body == mail.html
    assert "Look inside" in mail.html
    assert [link.target for link in mail.links] == ["https://shop.test/news"]
    assert isinstance(mail.links[0], Link)
    assert mail.unsubscribe_url is not None
    assert mail.one_click
    assert dict(mail.headers)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail.opened, mail.clicked, mail.unsubscribed) == (False, False, False)
    assert lab.now - 60_000 < mail.received_at < lab.now


def test_a_text_message_reads_as_it_was_sent(lab: Lab) -> None:
    number = lab.device("sms", external_id="alice")
    sent = App(lab).text(
        "alice",
        contents={"en": "ы" * 71},
        sms_from="+15550100",
        sms_media_urls=["https://shop.test/cat.png"],
    )
    lab.advance(minutes=1)

    text = number.inbox[0]

    assert (text.notification_id, text.body, text.sender) == (sent, "ы" * 71, "+15550100")
    assert text.recipient == number.address
    assert text.media_urls == ("https://shop.test/cat.png",)
    assert (text.encoding, text.segments) == ("UCS-2", 1)


def test_inboxes_read_as_the_control_api_shows_them(lab: Lab) -> None:
    mailbox = lab.device("email", external_id="alice")
    number = lab.device("sms", external_id="alice")
    app = App(lab)
    app.mail("alice")
    app.text("alice")
    lab.advance(minutes=1)

    mail, text = (device.document()["inbox"] for device in (mailbox, number))

    assert mail == [mailbox.inbox[0].document()]
    assert mail[0]["links"] == [
        {
            "text": "the news",
            "url": mailbox.inbox[0].links[0].url,
            "target": "https://shop.test/news",
        }
    ]
    assert mail[0]["text"] == "Read the news or unsubscribe."
    assert text == [number.inbox[0].document()]
    assert text[0]["body"] == "Hello. Reply STOP to stop."
    assert text[0]["received_at"].startswith("2026-01-01T00:00:0")


def test_a_phone_has_an_empty_inbox_and_a_mailbox_an_empty_tray(lab: Lab) -> None:
    phone, mailbox = lab.device("android"), lab.device("email")

    assert (len(phone.inbox), len(mailbox.tray)) == (0, 0)
    assert phone.document()["inbox"] == []


def test_an_inbox_shows_itself_in_an_assertion(lab: Lab) -> None:
    mailbox = lab.device("email", external_id="alice")
    number = lab.device("sms", external_id="alice")
    app = App(lab)
    app.mail("alice")
    app.text("alice")
    lab.advance(minutes=1)

    assert repr(mailbox.inbox).startswith("<inbox of alice-email: 'Hello' from pushlab app <")
    assert repr(number.inbox) == (
        f"<inbox of alice-sms: {number.inbox[0].sender}: 'Hello. Reply STOP to stop.'>"
    )


# --- why it is empty -------------------------------------------------------------------------


def why(inbox: Inbox[Any]) -> str:
    with pytest.raises(EmptyInboxError) as caught:
        _ = inbox[0]
    return "\n".join(caught.value.__notes__)


def test_an_inbox_to_which_nothing_was_sent_says_so(lab: Lab) -> None:
    mailbox = lab.device("email", external_id="alice")

    assert "did the app call the API?" in why(mailbox.inbox)


def test_an_inbox_with_mail_under_way_says_so(lab: Lab) -> None:
    mailbox = lab.device("email", external_id="alice")
    App(lab).mail("alice")

    assert "advance the clock" in why(mailbox.inbox)


@pytest.mark.parametrize(
    ("verb", "words"),
    [("fill", "[mailbox-full]"), ("close", "[bounced]")],
)
def test_an_inbox_that_mail_cannot_reach_says_why(lab: Lab, verb: str, words: str) -> None:
    mailbox = lab.device("email", external_id="alice")
    getattr(mailbox, verb)()
    App(lab).mail("alice")
    lab.advance(hours=1)

    assert words in why(mailbox.inbox)


def test_an_inbox_after_a_complaint_says_that_the_address_is_suppressed(lab: Lab) -> None:
    mailbox = lab.device("email", external_id="alice")
    app = App(lab)
    app.mail("alice")
    lab.advance(minutes=1)
    mailbox.mark_spam()

    app.mail("alice", include_unsubscribed=True, email_subject="Again")
    lab.advance(minutes=1)

    assert "[suppressed]" in why(mailbox.inbox)


def test_an_inbox_of_a_handset_that_is_off_says_so(lab: Lab) -> None:
    number = lab.device("sms", external_id="alice")
    number.go_offline()
    App(lab).text("alice")
    lab.advance(hours=1)

    assert "the handset is off since 2026-01-01T00:00:00.000Z" in why(number.inbox)
