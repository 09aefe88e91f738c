"""The servers that `push_wire` and `mail_wire` compare: ours, and the least that does the same.

The bare echo of HTTP/2 is `h2` on asyncio under TLS, with the certificate that pushlab shows: it
reads the body and answers 200 with a new apns-id. The bare mail server is aiosmtpd with a handler
that keeps each message; beside it stands our line machine with a desk that does the same.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pushlab_benchmarks.bare_mail import BareConnection, KeepingDesk

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = [
    "serve_aiosmtpd",
    "serve_h2_echo",
    "serve_pushlab_apns",
    "serve_pushlab_smtp",
    "serve_smtp_machine",
]

ADDRESSES = 50
"""Phones and mailboxes that are written to in turn."""
MAILBOXES = [f"reader-{number}@example.com" for number in range(ADDRESSES)]


def serve_pushlab_apns() -> dict[str, Any]:
    """Serve a lab with some phones."""
    from pushlab.lab import Lab

    lab = Lab(1)
    tokens = [lab.device("ios", name=f"phone-{number}").token for number in range(ADDRESSES)]
    return {"port": lab.serve().port, "addresses": tokens}


def serve_h2_echo() -> dict[str, Any]:
    """Serve the bare echo; it takes any token."""
    from pushlab_fakes.wire.tls import Authority

    context = Authority().get_server_context(("h2",))

    async def listen() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(_Echo, "127.0.0.1", 0, ssl=context)

    return {
        "port": _start(listen()),
        "addresses": [f"{number:064x}" for number in range(ADDRESSES)],
    }


class _Echo(asyncio.Protocol):
    """One connection of the bare echo, as the manual of `h2` writes such servers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._conn = H2Connection(H2Configuration(client_side=False))
        self._conn.initiate_connection()
        self._bodies: dict[int, bytearray] = {}
        transport.write(self._conn.data_to_send())

    def data_received(self, data: bytes) -> None:
        from h2.events import DataReceived, RequestReceived, StreamEnded

        for event in self._conn.receive_data(data):
            if isinstance(event, RequestReceived):
                self._bodies[event.stream_id] = bytearray()
            elif isinstance(event, DataReceived):
                self._bodies[event.stream_id] += event.data or b""
                size = event.flow_controlled_length or 0
                self._conn.acknowledge_received_data(size, event.stream_id)
            elif isinstance(event, StreamEnded):
                assert bytes(self._bodies.pop(event.stream_id))
                headers = [(":status", "200"), ("apns-id", str(uuid4()).upper())]
                self._conn.send_headers(event.stream_id, headers, end_stream=True)
        self._transport.write(self._conn.data_to_send())


def serve_pushlab_smtp() -> dict[str, Any]:
    """Serve the mail server of a lab with some mailboxes."""
    from pushlab.lab import Lab

    lab = Lab(1)
    for address in MAILBOXES:
        lab.device("email", address=address, fresh=True)
    endpoint = lab.serve().smtp
    return {"port": int(str(endpoint).rpartition(":")[2]), "addresses": MAILBOXES}


def serve_smtp_machine() -> dict[str, Any]:
    """Serve our line machine with no world behind it."""
    desk = KeepingDesk()

    async def listen() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: BareConnection(desk), "127.0.0.1", 0)

    return {"port": _start(listen()), "addresses": MAILBOXES}


def serve_aiosmtpd() -> dict[str, Any]:
    """Serve aiosmtpd."""
    from aiosmtpd.smtp import SMTP

    keeper = _Keeper()

    async def listen() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(keeper, hostname="mx.test", loop=loop), "127.0.0.1", 0
        )

    return {"port": _start(listen()), "addresses": MAILBOXES}


class _Keeper:
    """Keeps what was handed over."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


def _start(listen: Coroutine[None, None, asyncio.Server]) -> int:
    """Let a server listen in a thread of its own, as the edge does, and return its port."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = asyncio.run_coroutine_threadsafe(listen, loop).result(10)
    return int(server.sockets[0].getsockname()[1])
