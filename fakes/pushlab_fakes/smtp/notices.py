"""Mails that a mail system writes itself: notices of delivery, complaints, automatic replies.

Mirrored: RFC 3461 and 3464 (delivery status notifications), RFC 6533 (the same where addresses or
headers are in UTF-8), RFC 6522 (multipart/report), RFC 5965 (complaints), RFC 3834 (automatic
replies). All go out with the null sender. Boundary, Message-ID and date follow from the mail they
tell of and from the world's clock.

Left out: notices of several recipients at once (one is written for each), and redaction of
complaints.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from pushlab_fakes.smtp.replies import SERVER_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.world.clock import Instant

__all__ = [
    "Notice",
    "Returned",
    "compose_auto_reply",
    "compose_complaint",
    "compose_leaving",
    "compose_notice",
    "render_date",
]

FULL_BYTES_MAX: Final = 50_000
"""A longer mail is given back as its headers alone."""
DAEMON: Final = f"Mail Delivery System <mailer-daemon@{SERVER_NAME}>"
SUBJECTS: Final = {
    "failed": "Undelivered Mail Returned to Sender",
    "delayed": "Delayed Mail (still being retried)",
    "delivered": "Successful Mail Delivery Report",
    "relayed": "Mail Relayed Report",
}
WORDS: Final = {
    "failed": "could not be delivered; it will not be tried again",
    "delayed": "has not been delivered yet; there is nothing for you to do",
    "delivered": "has been delivered to the mailbox",
    "relayed": "was handed to a server that sends no reports",
}


@dataclass(frozen=True, slots=True)
class Returned:
    """The mail that a notice tells of."""

    id: str
    """The server's own id of it."""
    sender: str
    """Its envelope sender, to whom the notice goes."""
    recipient: str
    raw: bytes
    arrived_at: Instant
    ret: str | None = None
    envid: str | None = None
    orcpt: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of one recipient."""

    action: str
    """``failed``, ``delayed``, ``delivered`` or ``relayed``."""
    status: str
    """Enhanced code: ``5.1.1``."""
    diagnostic: str | None
    """The reply that a server gave: ``550 5.1.1 No such user here``."""
    at: Instant
    retry_until: Instant | None = None


def compose_notice(about: Returned, notice: Notice) -> bytes:
    """Write a delivery status notification."""
    why = f"\r\n\r\n    {notice.diagnostic}" if notice.diagnostic else ""
    text = (
        f"This is the mail system at {SERVER_NAME}.\r\n\r\n"
        f"Your message to <{about.recipient}> {WORDS[notice.action]}.{why}\r\n"
    )
    status = [*_list_status(about, notice)]
    # RFC 6533, section 4: the types are others as soon as something in them is not ASCII.
    is_global = not all(line.isascii() for line in status)
    kind = "global-delivery-status" if is_global else "delivery-status"
    parts = [
        _part("text/plain; charset=utf-8", text.encode()),
        _part(f"message/{kind}", _lines(status)),
        _give_back(about, notice),
    ]
    name = f"{about.id}.{notice.action}"
    head = _head(about.sender, notice.at, name, SUBJECTS[notice.action])
    return _report(head, kind, name, parts)


def _list_status(about: Returned, notice: Notice) -> list[str]:
    """Return the lines of a status: what is told of the mail, and of its recipient."""
    kind = "rfc822" if about.recipient.isascii() else "utf-8"
    status = [f"Reporting-MTA: dns; {SERVER_NAME}"]
    if about.envid:
        status.append(f"Original-Envelope-Id: {_line(about.envid)}")
    status += [f"Arrival-Date: {render_date(about.arrived_at)}", ""]
    if about.orcpt:
        status.append(f"Original-Recipient: {_line(about.orcpt)}")
    status += [
        f"Final-Recipient: {kind}; {about.recipient}",
        f"Action: {notice.action}",
        f"Status: {notice.status}",
    ]
    if notice.diagnostic:
        status += [f"Remote-MTA: dns; {SERVER_NAME}", f"Diagnostic-Code: smtp; {notice.diagnostic}"]
    status.append(f"Last-Attempt-Date: {render_date(notice.at)}")
    if notice.retry_until is not None:
        status.append(f"Will-Retry-Until: {render_date(notice.retry_until)}")
    return status


def _give_back(about: Returned, notice: Notice) -> bytes:
    """Return the part with the mail itself, or with its headers.

    Only a failure gives the whole mail back, whatever RET says (RFC 3461, sections 4.3 and 6.2).
    """
    head = _head_of(about.raw)
    whole = about.ret != "HDRS" and notice.action == "failed"
    if whole and len(about.raw) <= FULL_BYTES_MAX:
        return _part("message/rfc822" if head.isascii() else "message/global", about.raw)
    return _part("text/rfc822-headers" if head.isascii() else "message/global-headers", head)


def compose_complaint(about: Returned, at: Instant) -> bytes:
    """Write an abuse report (ARF) of a mail that its reader marked as spam."""
    text = (
        f"This is an email abuse report for a message received on {render_date(about.arrived_at)}."
        "\r\nFor more information about this format see RFC 5965.\r\n"
    )
    told = [
        "Feedback-Type: abuse",
        f"User-Agent: {SERVER_NAME}/1.0",
        "Version: 1",
        f"Original-Mail-From: <{about.sender}>",
        f"Original-Rcpt-To: <{about.recipient}>",
        f"Arrival-Date: {render_date(about.arrived_at)}",
        f"Reported-Domain: {about.sender.rpartition('@')[2]}",
        "Incidents: 1",
    ]
    parts = [
        _part("text/plain; charset=utf-8", text.encode()),
        _part("message/feedback-report", _lines(told)),
        _part("message/rfc822", about.raw),
    ]
    name = f"{about.id}.abuse"
    return _report(_head(about.sender, at, name, "Abuse report"), "feedback-report", name, parts)


def compose_auto_reply(
    about: Returned, at: Instant, text: str, subject: str, thread: Sequence[str] = ()
) -> bytes:
    """Write the reply of somebody who is out of office; it is no bounce (RFC 3834).

    *thread* are the ids of the mails before it, that which is answered the last.
    """
    answered = [f"In-Reply-To: {_line(thread[-1])}"] if thread else []
    answered += [f"References: {_line(' '.join(thread))}"] if thread else []
    told = [
        f"Date: {render_date(at)}",
        f"From: <{about.recipient}>",
        f"To: <{about.sender}>",
        f"Subject: Auto: {_line(subject)}",
        f"Message-ID: <{about.id}.away@{SERVER_NAME}>",
        *answered,
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        text,
    ]
    return _lines(told)


def compose_leaving(about: Returned, at: Instant, to: str, subject: str, text: str) -> bytes:
    """Write the mail by which a reader unsubscribes (RFC 2369, section 3.2), as a person's own."""
    told = [
        f"Date: {render_date(at)}",
        f"From: <{about.recipient}>",
        f"To: <{_line(to)}>",
        f"Subject: {_line(subject)}",
        f"Message-ID: <{about.id}.leave@{SERVER_NAME}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *text.splitlines(),
    ]
    return _lines(told)


def render_date(instant: Instant) -> str:
    """Render an instant as mails are dated (RFC 5322, section 3.3)."""
    return format_datetime(datetime.fromtimestamp(instant // 1000, UTC))


def _head(to: str, at: Instant, name: str, subject: str) -> list[str]:
    return [
        f"Date: {render_date(at)}",
        f"From: {DAEMON}",
        f"To: <{to}>",
        f"Subject: {subject}",
        f"Message-ID: <{name}@{SERVER_NAME}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
    ]


def _report(head: list[str], kind: str, name: str, parts: list[bytes]) -> bytes:
    boundary = f"=_{name}_{SERVER_NAME}"
    kind = f'multipart/report; report-type={kind}; boundary="{boundary}"'
    whole = [*head, f"Content-Type: {kind}", "", "This is a MIME-encapsulated message."]
    line = f"\r\n--{boundary}".encode()
    return _lines(whole) + b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"


def _part(kind: str, body: bytes) -> bytes:
    encoding = "7bit" if body.isascii() else "8bit"
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _head_of(raw: bytes) -> bytes:
    head, found, _ = raw.partition(b"\r\n\r\n")
    return (head + b"\r\n" if found else head)[:FULL_BYTES_MAX]


def _lines(told: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in told).encode()


def _line(text: str) -> str:
    """Return *text* on one line: what a client said must not begin a header of its own."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
