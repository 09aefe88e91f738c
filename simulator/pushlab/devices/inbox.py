"""What lies in an inbox: mails and text messages, newest first, as their owner finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pushlab.devices.message_list import Held, MessageList, NoMessageError, list_arrived
from pushlab.devices.plain_text import strip_html
from pushlab.gateway import Mark
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from pushlab.content import Attachment, Link
    from pushlab.devices.fleet import Fleet
    from pushlab.fanout import FanOut, Sends
    from pushlab.world.clock import Instant

__all__ = ["EmptyInboxError", "Inbox", "ReceivedMail", "ReceivedSms", "list_mails", "list_texts"]

READ = Mark.OPENED.value | Mark.OPEN_LOST.value
"""Marks of a mail that was opened, whether or not its sender could see that."""


class EmptyInboxError(NoMessageError):
    """There is no such message in the inbox; its notes say why."""


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as it lies in a mailbox."""

    notification_id: str
    subject: str
    html: str
    preheader: str | None
    sender: str
    """Name and address: ``Shop <news@shop.test>``."""
    recipient: str
    reply_to: str | None
    links: tuple[Link, ...]
    """What can be clicked, in the order of the text; the link to unsubscribe stands apart."""
    unsubscribe_url: str | None
    """The link in the text that unsubscribes, or what the header names for it, or None."""
    one_click: bool
    """Whether the mailbox can offer to unsubscribe by one click (RFC 8058)."""
    headers: tuple[tuple[str, str], ...]
    opened: bool
    clicked: bool
    unsubscribed: bool
    """Whether its owner unsubscribed by this mail."""
    received_at: Instant
    what: int = field(repr=False)
    """The target of the send, for verbs."""
    plain: str | None = None
    """The part in plain text, where the sender wrote one."""
    attachments: tuple[Attachment, ...] = ()
    images: tuple[str, ...] = ()
    """What is loaded from elsewhere when it is opened with its images."""
    is_direct: bool = False
    """Whether it came over SMTP from the program under test itself, past any service."""

    @property
    def body(self) -> str:
        """What was sent as the body: the HTML, or the plain text of a mail without any."""
        return self.html or self.plain or ""

    @property
    def text(self) -> str:
        """What can be read: the HTML without tags and without what is hidden, or plain text."""
        return strip_html(self.html) if self.html else self.plain or ""

    def document(self) -> dict[str, object]:
        """Return the mail as the control API shows it."""
        return {
            "notification_id": self.notification_id,
            "subject": self.subject,
            "preheader": self.preheader,
            "sender": self.sender,
            "recipient": self.recipient,
            "reply_to": self.reply_to,
            "text": self.text,
            "html": self.html,
            "links": [
                {"text": link.text, "url": link.url, "target": link.target} for link in self.links
            ],
            "unsubscribe_url": self.unsubscribe_url,
            "one_click": self.one_click,
            "headers": [list(header) for header in self.headers],
            "opened": self.opened,
            "clicked": self.clicked,
            "unsubscribed": self.unsubscribed,
            "received_at": render_instant(self.received_at),
            "plain": self.plain,
            "attachments": [
                {"name": each.name, "type": each.type, "size_bytes": each.size_bytes}
                for each in self.attachments
            ],
            "images": list(self.images),
        }

    def __str__(self) -> str:
        """Show what an assertion needs: subject and sender."""
        return f"{self.subject!r} from {self.sender}"


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """One text message as a handset shows it."""

    notification_id: str
    body: str
    sender: str
    recipient: str
    media_urls: tuple[str, ...]
    segments: int
    encoding: str
    """``GSM-7`` or ``UCS-2``."""
    received_at: Instant
    what: int = field(repr=False)
    """The target of the send."""

    def document(self) -> dict[str, object]:
        """Return the message as the control API shows it."""
        return {
            "notification_id": self.notification_id,
            "body": self.body,
            "sender": self.sender,
            "recipient": self.recipient,
            "media_urls": list(self.media_urls),
            "segments": self.segments,
            "encoding": self.encoding,
            "received_at": render_instant(self.received_at),
        }

    def __str__(self) -> str:
        """Show what an assertion needs: who says what."""
        return f"{self.sender}: {self.body!r}"


M_co = TypeVar("M_co", bound=Held, covariant=True)


class Inbox(MessageList[M_co]):
    """The messages in an inbox now, newest first."""

    PLACE: ClassVar[str] = "inbox"
    ERROR: ClassVar[type[NoMessageError]] = EmptyInboxError


def list_mails(fleet: Fleet, sends: Sends, row: int) -> list[ReceivedMail]:
    """Return the mails of the mailbox at *row*, newest first, without those marked as spam."""
    return [
        _read_mail(fan_out, position, received_at)
        for received_at, fan_out, position in list_arrived(fleet, sends, row)
        if not fan_out.marks[position] & Mark.SPAM
    ]


def list_texts(fleet: Fleet, sends: Sends, row: int) -> list[ReceivedSms]:
    """Return the text messages of the number at *row*, newest first."""
    return [
        _read_sms(fan_out, position, received_at)
        for received_at, fan_out, position in list_arrived(fleet, sends, row)
    ]


def _read_mail(fan_out: FanOut, position: int, received_at: Instant) -> ReceivedMail:
    mail, marks = fan_out.owner.mail_for(fan_out, position), int(fan_out.marks[position])
    return ReceivedMail(
        notification_id=fan_out.name,
        subject=mail.subject,
        html=mail.html,
        preheader=mail.preheader,
        sender=mail.sender,
        recipient=mail.recipient,
        reply_to=mail.reply_to,
        links=mail.links,
        unsubscribe_url=mail.unsubscribe_url,
        one_click=mail.one_click,
        headers=mail.headers,
        opened=bool(marks & READ),
        clicked=bool(marks & Mark.CLICKED),
        unsubscribed=bool(marks & Mark.UNSUBSCRIBED),
        received_at=received_at,
        what=fan_out.what_at(position),
        plain=mail.plain,
        attachments=mail.attachments,
        images=mail.images,
        is_direct=fan_out.app < 0,
    )


def _read_sms(fan_out: FanOut, position: int, received_at: Instant) -> ReceivedSms:
    sms = fan_out.owner.sms_for(fan_out, position)
    return ReceivedSms(
        notification_id=fan_out.name,
        body=sms.body,
        sender=sms.sender,
        recipient=sms.recipient,
        media_urls=sms.media_urls,
        segments=sms.segments,
        encoding=sms.encoding,
        received_at=received_at,
        what=fan_out.what_at(position),
    )
