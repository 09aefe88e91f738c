"""SMTP between a socket and the session machine: bytes, TLS and bounds; nothing of the dialogue.

Three kinds of port: one in clear text, one that offers STARTTLS, one under TLS from the first byte.
The plain one does not offer STARTTLS unless the lab asks for it: clients that begin TLS by
themselves when they see it would fail for want of trust.

All bounds are in real time; no timer of the world has a part in it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.dialogue import Event
from pushlab_fakes.wire.door import Door
from pushlab_fakes.wire.mishaps import cut, reset, wait_for
from pushlab_fakes.wire.serving import LOGGER, keep_error, note_broken, note_lost
from pushlab_fakes.wire.vendors import plain_name

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    from pushlab_fakes.smtp.dialogue import TlsMode
    from pushlab_fakes.wire.mail_ports import MailMode, MailPorts
    from pushlab_fakes.wire.tls import Authority

__all__ = ["MailConnection", "MailDoor", "MailServed"]

IDLE_S = 300.0
"""RFC 5321, section 4.5.3.2.7: a server waits five minutes at least."""
OUTPUT_BYTES_MAX = 1 << 20
"""A client that reads no replies gets no more of them."""
NO_PROTOCOLS: tuple[str, ...] = ("smtp",)
"""RFC 7301's list has no protocol for mail; clients offer none, and this one meets no other."""


class MailSession(Protocol):
    """One connection as the lab sees it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is served."""

    def open(self) -> Event:
        """Return the greeting."""

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take bytes and yield what the server does; takes the world's lock for each unit."""

    def begin_tls(self) -> None:
        """Learn that TLS is active."""


class MailView(Protocol):
    """The mail of a lab."""

    def connect(self, tls: TlsMode = "none") -> MailSession:
        """Begin a connection."""

    def offers_starttls(self) -> bool:
        """Whether the port for clear text offers STARTTLS too."""


class MailServed(Protocol):
    """A side behind a door that takes mail."""

    @property
    def mail(self) -> MailView:
        """The mail of the lab."""

    @property
    def mail_ports(self) -> MailPorts:
        """The ports of the lab."""


class MailDoor(Door):
    """A port that speaks SMTP; the server speaks first."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        find_authority: Callable[[], Authority],
        host: str,
        port: int,
        *,
        mail: MailMode,
    ) -> None:
        super().__init__(loop, find_authority, host, port)
        self.mail = mail

    def make_context(self) -> ssl.SSLContext:
        """Return the server's TLS context, which shows a mail server's name a leaf of its own."""
        context = self.make_base_context(NO_PROTOCOLS)
        choose_vendor = cast("Callable[..., None]", context.sni_callback)

        def choose(handshake: ssl.SSLObject, name: str | None, given: ssl.SSLContext) -> None:
            host = plain_name(name)
            served = cast("MailServed | None", self.served)
            authority = served.mail_ports.find_authority(host) if served is not None else None
            if authority is None:
                choose_vendor(handshake, name, given)
            elif self.is_expired(host):
                handshake.context = authority.make_expired_context(host, NO_PROTOCOLS)
            else:
                handshake.context = authority.get_host_context(host, NO_PROTOCOLS)

        context.sni_callback = choose
        return context

    async def _welcome(self, conn: socket.socket) -> None:
        """Let the session greet a client at once, after the handshake where TLS comes first."""
        is_secure = self.mail == "tls"
        self.hand_to_loop(conn)
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: MailConnection(self),
                conn,
                ssl=self.make_context() if is_secure else None,
                ssl_handshake_timeout=self.limits.head_s if is_secure else None,
                ssl_shutdown_timeout=self.limits.linger_s if is_secure else None,
            )
        except asyncio.CancelledError:
            self.drop(conn)
            raise
        except OSError as error:
            # A reset, or a handshake that the client broke off: the client knows why.
            self.drop(conn)
            self.note_failure(error)
            return
        if conn in self._open:
            self._open[conn] = transport
        else:
            transport.abort()

    def _turn_away(self, conn: socket.socket) -> None:
        """Say that the bound on connections is reached."""
        with conn:
            try:
                conn.send(replies.TOO_MANY_CONNECTIONS.render())
            except OSError:
                return


class MailConnection(asyncio.Protocol):
    """One connection: hands bytes to the session, and does what it says."""

    def __init__(self, door: MailDoor) -> None:
        self._door = door
        self._served = door.served
        self._tenancy = door.tenancy
        self._session: MailSession | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._upgrade: asyncio.Task[None] | None = None
        self._early = bytearray()
        """What came under TLS before the end of the handshake was noticed."""
        self._pause: asyncio.Task[None] | None = None
        """What a planned fault has to be waited for; nothing is read meanwhile."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(OUTPUT_BYTES_MAX)
        self._wait()
        if self._served is None:
            self._end(replies.CLOSING.render())
            return
        self._serve(self._begin())

    def data_received(self, data: bytes) -> None:
        """Hand over what came."""
        self._wait()
        if self._upgrade is not None and not self._upgrade.done():
            # The handshake is through, and whoever waits for it has not gone on yet.
            self._early += data
            return
        session = self._session
        if session is not None and self._tenancy == self._door.tenancy:
            self._serve(session.receive(data))

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of what belongs to the connection."""
        if self._tenancy == self._door.tenancy:
            note_lost(self._served, exc)
        for waiting in (self._timer, self._pause):
            if waiting is not None:
                waiting.cancel()
        self._timer = self._transport = None

    def pause_writing(self) -> None:
        """Cut a client that reads no replies."""
        self._break("the client does not read the replies")

    def _begin(self) -> Iterator[Event]:
        mail = cast("MailServed", self._served).mail
        offers = self._door.mail == "starttls" or mail.offers_starttls()
        mode: TlsMode = "active" if self._door.mail == "tls" else "offered" if offers else "none"
        self._session = mail.connect(mode)
        yield self._session.open()

    def _serve(self, events: Iterable[Event]) -> None:
        """Do what the lab says; an error inside it is raised in the test."""
        said, then = bytearray(), ""
        struck: Event | None = None
        try:
            for event in events:
                if event.mishap is not None:
                    struck = event
                    break
                said += event.data
                then = event.then
        except BaseException as error:  # noqa: BLE001 - whatever it is, the edge must live on
            assert self._served is not None
            keep_error(self._served, error)
            text = f"pushlab: an error inside a fake, raised again in the test: {error!r}"
            said += replies.make_reply(421, "4.3.0", text).render()
            then = "close"
        transport = self._transport
        if transport is None:
            return
        # One write for all replies of a packet: small separate ones wait for each other.
        if then == "cut":
            cut(transport, bytes(said))
            return
        transport.write(bytes(said))
        if struck is not None:
            self._begin_pause(struck, transport)
            return
        match then:
            case "close":
                self._close(transport)
            case "reset":
                reset(transport)
            case "tls":
                transport.pause_reading()
                self._upgrade = asyncio.get_running_loop().create_task(self._begin_tls(transport))

    def _begin_pause(self, event: Event, transport: asyncio.Transport) -> None:
        """Read nothing until what a planned fault waits for is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        transport.pause_reading()
        self._pause = asyncio.get_running_loop().create_task(self._go_on_after(event))

    async def _go_on_after(self, event: Event) -> None:
        mishap = event.mishap
        assert mishap is not None, "it is why there is a pause"
        await asyncio.sleep(mishap.delay_s)
        if mishap.parked is not None:
            await wait_for(mishap.parked)
        self._pause = None
        if self._transport is not None and self._tenancy == self._door.tenancy:
            self._transport.resume_reading()
            self._wait()
            self._serve(self._resume(event))

    def _resume(self, event: Event) -> Iterator[Event]:
        """Yield *event* itself, unless it was parked, and what comes of what the client said."""
        assert event.mishap is not None, "it is why there was a pause"
        if event.mishap.parked is None:
            yield Event(event.data, event.then)
            if event.then:
                return
        if self._session is not None:
            yield from self._session.receive(b"")

    async def _begin_tls(self, transport: asyncio.Transport) -> None:
        session, door = self._session, self._door
        assert session is not None
        if transport.is_closing():
            # A handshake would wait on it for somebody who has gone already.
            return
        if self._timer is not None:
            # A handshake has a bound of its own, and nobody tells this side of its failure.
            self._timer.cancel()
            self._timer = None
        try:
            secure = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                door.make_context(),
                server_side=True,
                ssl_handshake_timeout=door.limits.head_s,
                ssl_shutdown_timeout=door.limits.linger_s,
            )
        except (OSError, asyncio.CancelledError) as error:
            # The client broke it off, or its lab was closed.
            transport.abort()
            if isinstance(error, OSError) and self._tenancy == door.tenancy:
                door.note_failure(error)
            return
        if secure is None:
            return
        if transport.is_closing():
            secure.abort()
            return
        self._transport = secure
        self._wait()
        session.begin_tls()
        early, self._early = bytes(self._early), bytearray()
        self._upgrade = None
        if early:
            self.data_received(early)

    def _wait(self) -> None:
        """Wait for the next bytes, and not for ever; one timer serves for many of them."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(IDLE_S, self._time_out)

    def _close(self, transport: asyncio.Transport) -> None:
        """Close when all is sent, and soon in any case: a client may read nothing more."""
        transport.close()
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._door.limits.linger_s, transport.abort)

    def _time_out(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        left_s = self._heard_at + IDLE_S - loop.time()
        if left_s > 0:
            self._timer = loop.call_later(left_s, self._time_out)
            return
        if self._upgrade is not None:
            return  # A handshake has a bound of its own.
        note_broken(self._served, "smtp", "the client was silent for too long")
        self._end(replies.IDLE.render())

    def _break(self, why: str) -> None:
        LOGGER.debug("%s: %s", self._door.address, why)
        note_broken(self._served, "smtp", why)
        if self._transport is not None:
            self._transport.abort()

    def _end(self, last: bytes) -> None:
        if self._transport is not None:
            self._transport.write(last)
            self._close(self._transport)
