"""A client that speaks SMTP to a lab without a socket, and mails to send with it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pushlab.lab import Lab
    from pushlab_fakes.smtp.dialogue import TlsMode

__all__ = ["MailClient", "a_mail", "hand_over"]

SENDER = "news@shop.test"


class MailClient:
    """One connection; replies come as lines, continued ones joined by a bar."""

    def __init__(self, lab: Lab, tls: TlsMode = "none", *, greet: bool = True) -> None:
        self.connection = lab.mail.connect(tls)
        opened = self.connection.open()
        self.banner = opened.data.decode().rstrip()
        self.ended = opened.then
        """``close`` or ``cut`` once the server has ended the connection."""
        if greet and not self.ended:
            self.say("EHLO client.test")

    def send(self, data: bytes) -> list[str]:
        """Send bytes and return the replies, each on one line."""
        events = list(self.connection.receive(data))
        self.ended = events[-1].then if events and events[-1].then else self.ended
        return read_replies(b"".join(event.data for event in events))

    def say(self, *lines: str) -> list[str]:
        """Send command lines and return the replies."""
        return self.send("".join(f"{line}\r\n" for line in lines).encode())

    def close(self) -> None:
        """Leave; there is no socket to close."""

    def ask(self, line: str) -> str:
        """Send one command and return the reply to it; "" when there is none."""
        return "\n".join(self.say(line))

    def envelope(self, *recipients: str, sender: str = SENDER) -> list[str]:
        """Name sender and recipients."""
        named = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        return self.say(f"MAIL FROM:<{sender}>", *named)

    def mail(self, raw: bytes, *recipients: str, sender: str = SENDER) -> str:
        """Hand over a mail and return the last reply."""
        self.envelope(*recipients, sender=sender)
        if not self.ask("DATA").startswith("354"):
            return ""
        return "\n".join(self.send(stuff(raw) + b".\r\n"))


def read_replies(data: bytes) -> list[str]:
    """Return each reply on one line, the lines of a long one joined by a bar."""
    replies: list[str] = []
    parts: list[str] = []
    for line in data.decode().splitlines():
        parts.append(line)
        if line[3:4] != "-":
            replies.append(" | ".join(parts))
            parts = []
    assert not parts, "a reply has a last line"
    return replies


def stuff(raw: bytes) -> bytes:
    """Return a mail as DATA takes it, up to its final dot."""
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def a_mail(text: str = "Hello", *, html: str | None = None, **headers: Any) -> bytes:
    """Return a mail as bytes; names of headers have underscores for hyphens."""
    message = EmailMessage()
    for name, value in {"From": "Shop <news@shop.test>", "Subject": "Hello", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes().replace(b"\n", b"\r\n")


def hand_over(lab: Lab, raw: bytes, *recipients: str, sender: str = SENDER) -> str:
    """Hand over a mail on a connection of its own and return the last reply."""
    return MailClient(lab).mail(raw, *recipients, sender=sender)
