"""Our line machine of SMTP alone: no lab, no edge, and a desk that only keeps the mails.

It does what aiosmtpd with its handler does. What a lab takes beyond that is its world.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.dialogue import Offer
from pushlab_fakes.smtp.session import Session

if TYPE_CHECKING:
    from pushlab_fakes.smtp.dialogue import Client, Envelope
    from pushlab_fakes.smtp.replies import Reply
    from pushlab_fakes.smtp.syntax import Recipient, Sender

__all__ = ["BareConnection", "KeepingDesk"]

OFFER = Offer(33_554_432)
"""As large as aiosmtpd takes mails."""


class BareConnection(asyncio.Protocol):
    """One connection: hands bytes to the machine, and writes what it says."""

    def __init__(self, desk: KeepingDesk) -> None:
        self._session = Session(desk)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._session.open().data)

    def data_received(self, data: bytes) -> None:
        said = b"".join(event.data for event in self._session.receive(data))
        if said:
            self._transport.write(said)
        if self._session.is_over:
            self._transport.close()


class KeepingDesk:
    """Says yes to everything, and keeps the mails."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    def offer(self) -> Offer:
        return OFFER

    def connect(self, client: Client) -> None:
        """Take everybody."""

    def hello(self, client: Client, name: str) -> None:
        """Take every name."""

    def login(self, client: Client, mechanism: str, login: str, password: str) -> Reply:
        return replies.AUTH_OK

    def mail(self, client: Client, sender: Sender) -> Reply:
        return replies.SENDER_OK

    def rcpt(self, client: Client, envelope: Envelope, recipient: Recipient) -> Reply:
        return replies.RECIPIENT_OK

    def data(self, client: Client, envelope: Envelope) -> None:
        """Hear every mail."""

    def deliver(self, client: Client, envelope: Envelope, raw: bytes) -> Reply:
        self.mails.append(raw)
        return replies.OK

    def fail(self, command: str, reply: Reply, said: str = "") -> None:
        """Break: nothing that a benchmark sends is to be refused."""
        raise AssertionError(command, reply, said)
