"""What a session of SMTP and the server behind it say to each other, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from pushlab_fakes.exchange import Mishap

if TYPE_CHECKING:
    from pushlab_fakes.smtp.replies import Reply
    from pushlab_fakes.smtp.syntax import Recipient, Sender

__all__ = ["Client", "Desk", "Envelope", "Event", "Offer", "TlsMode", "Unit"]

TlsMode = Literal["none", "offered", "active"]
"""What a port does about TLS at the moment."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server allows at the moment."""

    size_max_bytes: int
    """0 means any size (RFC 1870)."""
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    auth_needs_tls: bool = False
    auth_required: bool = False
    tls_required: bool = False
    errors_max: int = 20
    """Commands that are none, after which the server hangs up."""
    body_line_max: int = 0
    """Octets of a line of a mail, with its end; 0 means any."""


@dataclass(slots=True)
class Client:
    """What is known of the other side."""

    is_secure: bool = False
    login: str | None = None
    mails: int = 0
    """How many it has handed over on this connection."""


@dataclass(slots=True)
class Envelope:
    """The mail transaction at hand."""

    sender: Sender
    recipients: list[Recipient] = field(default_factory=list)
    refused: int = 0
    chunks: list[bytes] = field(default_factory=list)
    chunk_bytes: int = 0
    is_chunked: bool = False


class Desk(Protocol):
    """Who decides, by the state of the world, what becomes of a command in good order."""

    def offer(self) -> Offer:
        """Return what the server allows now."""
        ...

    def connect(self, client: Client) -> Reply | None:
        """Refuse a connection, or say nothing."""
        ...

    def hello(self, client: Client, name: str) -> Reply | None:
        """Refuse a greeting, or say nothing."""
        ...

    def login(self, client: Client, mechanism: str, login: str, password: str) -> Reply:
        """Judge credentials."""
        ...

    def mail(self, client: Client, sender: Sender) -> Reply:
        """Judge a sender."""
        ...

    def rcpt(self, client: Client, envelope: Envelope, recipient: Recipient) -> Reply:
        """Judge a recipient."""
        ...

    def data(self, client: Client, envelope: Envelope) -> Reply | None:
        """Refuse to hear the mail, or say nothing."""
        ...

    def deliver(self, client: Client, envelope: Envelope, raw: bytes) -> Reply:
        """Take a mail over, or refuse it after its end."""
        ...

    def fail(self, command: str, reply: Reply, said: str = "") -> None:
        """Take note of a *command* that was refused, whatever the reason.

        *said* is what a recipient was written as that cannot be read.
        """
        ...


class Unit(msgspec.Struct, frozen=True):
    """One whole unit of a client's input."""

    kind: Literal["line", "auth", "mail", "chunk", "overlong", "endless"]
    raw: bytes
    """Without line end or final dot; a mail is dot-stuffed still."""


class Event(msgspec.Struct, frozen=True):
    """What the server does next."""

    data: bytes = b""
    """To be sent."""
    then: Literal["", "tls", "close", "cut", "reset"] = ""
    """Begin TLS, close, or cut the connection without another word, perhaps by a TCP reset."""
    mishap: Mishap | None = None
    """What a planned fault has to be waited for first."""
