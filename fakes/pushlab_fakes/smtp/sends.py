"""Mails as they are handed over: what a service's own looks like, and how the log reads one.

Mirrored: RFC 5322 and MIME (RFC 2045, 2047), as mail programs write: long lines and what is not
ASCII are encoded. A mail that is handed over stands in the log as the command ``DATA`` with the
mail for its body; a recipient who was refused as ``RCPT``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from quopri import encodestring
from typing import TYPE_CHECKING, Final

from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Answer, Request

if TYPE_CHECKING:
    from pushlab.content import Mail
    from pushlab.world.clock import Instant
    from pushlab_fakes.smtp.replies import Reply

__all__ = [
    "STRANGER",
    "VERDICTS",
    "describe_command",
    "describe_reply",
    "find_address",
    "find_name",
    "find_reason",
    "is_send",
    "render_mail",
    "strip_path",
]

PATH: Final = re.compile(r"^\s*to\s*:", re.IGNORECASE)
QUEUED: Final = "queued as "
ADDRESS_HEADERS: Final = frozenset({"from", "reply-to", "to"})
OWN: Final = frozenset({"content-transfer-encoding", "content-type", "mime-version"})
"""Headers that the rendering writes itself."""
VERDICTS: Final = {
    Verdict.ACCEPTED: (250, ""),
    Verdict.DEAD: (550, "5.1.1"),
    Verdict.BAD: (550, "5.1.1"),
    Verdict.TOO_LARGE: (552, "5.3.4"),
    Verdict.PUT_OFF: (451, "4.3.0"),
    Verdict.REFUSED: (554, "5.7.1"),
    Verdict.STOPPED: (554, "5.7.1"),
}
"""Reply and enhanced code of each verdict, where no fault has its own."""
STRANGER: Final = VERDICTS[Verdict.REFUSED]
"""The same where a mailbox is another app's; mail servers know no apps."""


def describe_command(verb: str, about: str = "", body: bytes = b"") -> Request:
    """Return a command as the log keeps it."""
    return Request(verb, "", about, body=body)


def describe_reply(reply: Reply) -> Answer:
    """Return a reply as the log keeps it."""
    return Answer(reply.code, reply.text.encode())


def strip_path(argument: str) -> str:
    """Return what stands for an address in the argument of RCPT, however it is written."""
    return PATH.sub("", argument).strip("<> ")


def is_send(request: Request) -> bool:
    """Whether *request* hands a mail over, or names a recipient."""
    return request.method in {"DATA", "RCPT"}


def find_address(request: Request) -> str:
    """Return the recipient that a command names; those of a mail stand in its envelope."""
    return request.path


def find_name(answer: Answer) -> str | None:
    """Return the server's own id of the mail."""
    said = answer.body.decode()
    return said.partition(QUEUED)[2] or None


def find_reason(answer: Answer) -> str | None:
    """Return the words of a refusal, without the code that is the status."""
    if answer.status < 400:
        return None
    return answer.body.decode().partition(" ")[2]


def render_mail(mail: Mail, *, sent_at: Instant, name: str) -> bytes:
    """Return *mail* as its sender's program writes it; *name* is unique to it."""
    domain = parseaddr(mail.sender)[1].rpartition("@")[2] or "localhost"
    headers = [
        ("From", mail.sender),
        ("To", mail.recipient),
        ("Subject", mail.subject),
        ("Date", format_datetime(datetime.fromtimestamp(sent_at // 1000, UTC))),
        ("Message-ID", f"<{name}@{domain}>"),
        *([("Reply-To", mail.reply_to)] if mail.reply_to else []),
    ]
    written = {header.lower() for header, _ in mail.headers}
    lines = [_render_header(*header) for header in headers if header[0].lower() not in written]
    lines += [_render_header(*header) for header in mail.headers if header[0].lower() not in OWN]
    lines.append("MIME-Version: 1.0")
    if mail.plain is None or not mail.html:
        kind, text = ("html", mail.html) if mail.html else ("plain", mail.plain or "")
        return _join([*lines, *_render_part(kind, text)])
    boundary = f"=_{name}"
    lines += [f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for kind, text in (("plain", mail.plain), ("html", mail.html)):
        lines += [f"--{boundary}", *_render_part(kind, text)]
    return _join([*lines, f"--{boundary}--", ""])


def _render_part(kind: str, text: str) -> list[str]:
    encoded = encodestring("\n".join(text.splitlines()).encode()).decode("ascii")
    return [
        f'Content-Type: text/{kind}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *encoded.split("\n"),
    ]


def _render_header(name: str, value: str) -> str:
    """Return a header; what is not ASCII becomes encoded words, but for an address itself."""
    said = " ".join(value.split())
    if said.isascii():
        return f"{name}: {said}"
    if name.lower() in ADDRESS_HEADERS:
        shown, address = parseaddr(said)
        if address:
            words = shown if shown.isascii() else Header(shown, "utf-8").encode()
            return f"{name}: {words} <{address}>".replace(":  <", ": <")
    return f"{name}: {Header(said, 'utf-8', header_name=name).encode(linesep=chr(10))}"


def _join(lines: list[str]) -> bytes:
    return "\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n").encode()
