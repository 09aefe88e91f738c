"""One port of the edge, which takes TLS and clear text, and whoever answers behind it.

Everything in here runs in the edge thread, but for ``occupy`` and ``leave_unvisited``, which any
thread may call.

The first byte decides: 22 opens a TLS handshake (RFC 8446, section 5.1), and no HTTP method begins
so. Inside TLS the protocol is agreed by ALPN, among those of ``protocols``, unless the client named
a vendor that speaks HTTP/2 alone. In clear text, and of a client that offered nothing, as some
clients of APNs do, the first bytes tell: HTTP/2 begins with a preface of its own (RFC 9113, section
3.4).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import select
import socket
from typing import TYPE_CHECKING, cast
from weakref import WeakSet

from pushlab_fakes.wire.framing import PREFACE
from pushlab_fakes.wire.http1 import Http1Server
from pushlab_fakes.wire.serving import LOGGER, Limits, keep_error, make_refusal, note_broken

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from pushlab_fakes.wire.mail_ports import MailMode
    from pushlab_fakes.wire.serving import Failing, Served
    from pushlab_fakes.wire.tls import Authority

__all__ = ["DEPARTED_MAX", "Door"]

TLS_HANDSHAKE = b"\x16"
HTTP1, HTTP2 = "http/1.1", "h2"

ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked for, not bound to
BACKLOG = 512
TURNS_OF_AN_END = 8
"""More turns of the loop than a transport takes to close a socket that was shut down."""
DEPARTED_MAX = 32
"""Connections of labs that are over which wait for their clients; the oldest are cut."""
ACCEPT_RETRY_S = 1.0
"""How long to wait with the next connection when the process has no descriptors left."""


class Door:
    """A port of the edge; labs come and go behind it, and it keeps its address."""

    mail: MailMode | None = None
    """Which kind of SMTP is spoken here; None for HTTP."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        find_authority: Callable[[], Authority],
        host: str,
        port: int,
    ) -> None:
        self._loop = loop
        self._find_authority = find_authority
        self._socket = _listen(host, port)
        name = self._socket.getsockname()
        self.host: str = ANY_HOST.get(name[0], name[0])
        """Where this machine reaches it, also when it is open to all."""
        self.port: int = name[1]
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.address = f"{shown}:{self.port}"
        self.limits = Limits()
        self._served: Served | None = None
        self._tenancy = 0
        self._is_visited = False
        """Whether anybody came since the last lab left."""
        self._open: dict[socket.socket, asyncio.Transport | None] = {}
        self._departed: dict[socket.socket, asyncio.Transport] = {}
        """Connections of labs that are over, whose clients have yet to read the goodbye."""
        self._handed: WeakSet[socket.socket] = WeakSet()
        """Sockets that belong to asyncio."""
        self._arrivals: set[asyncio.Task[None]] = set()
        self._http1 = Http1Server(self, self._loop)
        self.protocols: Mapping[str, Callable[[], asyncio.Protocol]] = {
            HTTP2: self._make_http2,
            HTTP1: self._http1,
        }
        """What is spoken here, the preferred one first."""
        self._connections = 0
        self._loop.add_reader(self._socket, self._accept)

    @property
    def served(self) -> Served | None:
        """Who answers here, None between two labs."""
        return self._served

    @property
    def tenancy(self) -> int:
        """How many labs have left this door; a connection ends with its own."""
        return self._tenancy

    def number_connection(self) -> int:
        """Return the number of a new connection among those of the present lab, from 1."""
        self._connections += 1
        return self._connections

    def find_name(self, handshake: object) -> str:
        """Return the vendor's name that a client asked for in its handshake, "" for none."""
        return "" if handshake is None else self._find_authority().find_name(handshake)

    def _make_http2(self) -> asyncio.Protocol:
        from pushlab_fakes.wire.http2 import Http2Connection

        return Http2Connection(self)

    def occupy(self, served: Served, limits: Limits) -> None:
        """Put *served* behind the door."""
        assert self._served is None, "a door serves one lab at a time"
        self._connections = 0
        self.limits = limits
        self._served = served

    def leave_unvisited(self) -> bool:
        """Take the lab away if nobody came to it, and tell whether that was so.

        The second look comes when the tenancy is over: who is not here by then is late.
        """
        if self._has_visitors():
            return False
        served, self._served = self._served, None
        self._tenancy += 1
        if self._has_visitors():
            self._served = served
            return False
        return True

    def _has_visitors(self) -> bool:
        """Whether anybody came since the last lab left, or waits to be accepted."""
        try:
            waiting = select.select([self._socket], (), (), 0)[0]
        except ValueError:  # It watches no descriptor beyond the first thousand.
            return True
        # In this order: who waits no longer has been noted before.
        return bool(waiting) or self._is_visited

    async def vacate(self) -> None:
        """End every connection, also those that nobody has accepted yet.

        One that can be ended in order stays open, unserved, until its client closes it.
        """
        self._served = None
        self._tenancy += 1
        leaving, self._open = self._open, {}
        for task in self._arrivals:
            task.cancel()
        for conn, transport in leaving.items():
            if transport is None:
                continue
            if _depart(transport):
                self._departed[conn] = transport
            else:
                transport.abort()
        self._forget_departed()
        while (late := self._take()) is not None:
            late.close()
        await self._drop_all([conn for conn in leaving if conn not in self._departed])
        self._is_visited = bool(self._open)

    async def _drop_all(self, leaving: Sequence[socket.socket]) -> None:
        """See that sockets are closed whose tasks were cancelled or transports aborted."""
        # That much they do themselves, in the next turns.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for conn in leaving:
            self.drop(conn)
        for _ in range(TURNS_OF_AN_END):
            if all(conn.fileno() == -1 for conn in leaving):
                break
            await asyncio.sleep(0)

    def drop(self, conn: socket.socket) -> None:
        """Close *conn*, or let its transport do that, which may not have heard of its end.

        A TLS transport that was closed twice has let go of its protocol and cannot be aborted.
        Closed under it, the socket's number would go to another one, which asyncio then refuses.
        """
        if conn in self._handed:
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
        else:
            conn.close()

    def _forget_departed(self, kept: int = DEPARTED_MAX) -> None:
        """Cut the oldest connections that departed, all but so many of those still open."""
        self._departed = {
            conn: transport for conn, transport in self._departed.items() if conn.fileno() != -1
        }
        for conn in [*self._departed][: max(len(self._departed) - kept, 0)]:
            self._departed.pop(conn).abort()

    async def shut(self) -> None:
        """Close the address for good."""
        self._loop.remove_reader(self._socket)
        await self.vacate()
        leaving = [*self._departed]
        self._forget_departed(0)
        await self._drop_all(leaving)
        self._socket.close()

    def forget(self) -> None:
        """Close a forked child's copies of the sockets; the parent's stay as they are."""
        self._socket.close()
        for conn in (*self._open, *self._departed):
            conn.close()

    def _accept(self) -> None:
        self._is_visited = True
        while (conn := self._take()) is not None:
            self._open = {known: way for known, way in self._open.items() if known.fileno() != -1}
            if len(self._open) >= self.limits.connections:
                self._turn_away(conn)
                continue
            self._open[conn] = None
            task = self._loop.create_task(self._welcome(conn))
            self._arrivals.add(task)
            task.add_done_callback(self._arrivals.discard)

    def _turn_away(self, conn: socket.socket) -> None:
        """Say that the bound on connections is reached."""
        _turn_away(conn, self.limits)

    def _take(self) -> socket.socket | None:
        """Accept one waiting connection, if any."""
        try:
            conn, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return None
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
                raise
            LOGGER.warning("%s cannot accept connections: %s", self.address, error)
            self._loop.remove_reader(self._socket)
            self._loop.call_later(ACCEPT_RETRY_S, self._accept_again)
            return None
        conn.settimeout(0)
        return conn

    def _accept_again(self) -> None:
        if self._socket.fileno() != -1:
            self._loop.add_reader(self._socket, self._accept)

    async def _welcome(self, conn: socket.socket) -> None:
        """Find out what *conn* speaks and hand it over to that protocol."""
        try:
            async with asyncio.timeout(self.limits.first_byte_s):
                first = await self._peek(conn)
            if not first:
                conn.close()
            else:
                await self._hand_over(conn, first)
        except asyncio.CancelledError:
            self.drop(conn)
            raise
        except OSError as error:
            # Silence, a reset, or a handshake that the client broke off: the client knows why.
            self.drop(conn)
            self.note_failure(error)

    def hand_to_loop(self, conn: socket.socket) -> None:
        """Take note that *conn* is closed by asyncio from now on."""
        self._handed.add(conn)

    def note_failure(self, error: OSError) -> None:
        """Let the lab know of a handshake that failed, unless the client just went away."""
        from pushlab_fakes.wire.tls import describe_failure

        reason = describe_failure(error, self.limits.head_s)
        if reason is not None:
            note_broken(self._served, "TLS", reason)

    async def _peek(self, conn: socket.socket) -> bytes:
        """Return the first byte and leave it where it is; b"" when none will come."""
        while True:
            try:
                return conn.recv(1, socket.MSG_PEEK)
            except (BlockingIOError, InterruptedError):
                ready = self._loop.create_future()
                self._loop.add_reader(conn, _wake, ready)
                try:
                    await ready
                finally:
                    self._loop.remove_reader(conn)

    async def _hand_over(self, conn: socket.socket, first: bytes) -> None:
        protocol: Callable[[], asyncio.Protocol] = self._http1
        context = None
        if first == TLS_HANDSHAKE:
            clients = getattr(self._served, "client_certificates", ())
            context = self.make_base_context(tuple(self.protocols), clients)
            protocol = self._wait_for_agreement
        elif PREFACE.startswith(first):
            protocol = self._wait_for_preface
        self.hand_to_loop(conn)
        transport, _ = await self._loop.connect_accepted_socket(
            protocol,
            conn,
            ssl=context,
            ssl_handshake_timeout=self.limits.head_s if context is not None else None,
            ssl_shutdown_timeout=self.limits.linger_s if context is not None else None,
        )
        self._open[conn] = transport

    def make_base_context(
        self, protocols: Sequence[str], clients: Sequence[str] = ()
    ) -> ssl.SSLContext:
        """Return the server's TLS context, by way of planned faults where there are any."""
        authority = self._find_authority()
        if not getattr(self._served, "has_handshake_faults", False):
            return authority.get_server_context(protocols, clients)
        return authority.make_failing_context(protocols, clients, self.is_expired)

    def is_expired(self, host: str) -> bool:
        """Tell whether a client of *host* meets a certificate that is out of date."""
        served = self._served
        if not getattr(served, "has_handshake_faults", False):
            return False
        try:
            return cast("Failing", served).find_handshake(host, is_mail=self.mail is not None)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the edge must live on
            keep_error(cast("Served", served), error)
            return False

    def _wait_for_agreement(self) -> asyncio.Protocol:
        return _AgreedProtocol(self.protocols, self._wait_for_preface, self._speaks_http2_alone)

    def _speaks_http2_alone(self, handshake: object) -> bool:
        """Whether a client asked in its handshake for a vendor that speaks nothing else."""
        ask: Callable[[str], bool] | None = getattr(self._served, "speaks_http2_alone", None)
        return ask is not None and ask(self.find_name(handshake))

    def _wait_for_preface(self) -> asyncio.Protocol:
        return _SniffedProtocol(self.protocols, self.limits.head_s)


class _AgreedProtocol(asyncio.Protocol):
    """Stands in until the handshake has agreed on a protocol, then makes way for it."""

    def __init__(
        self,
        protocols: Mapping[str, Callable[[], asyncio.Protocol]],
        otherwise: Callable[[], asyncio.Protocol],
        is_http2_alone: Callable[[object], bool],
    ) -> None:
        self._protocols = protocols
        self._otherwise = otherwise
        self._is_http2_alone = is_http2_alone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        handshake = transport.get_extra_info("ssl_object")
        agreed = HTTP2 if self._is_http2_alone(handshake) else handshake.selected_alpn_protocol()
        # A client that offers nothing, or nothing that is spoken here, tells by what it sends.
        protocol = self._protocols.get(agreed, self._otherwise)()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


class _SniffedProtocol(asyncio.Protocol):
    """Stands in until the first bytes tell whether they are HTTP/2's preface."""

    def __init__(
        self, protocols: Mapping[str, Callable[[], asyncio.Protocol]], wait_s: float
    ) -> None:
        self._protocols = protocols
        self._wait_s = wait_s
        self._first = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(self._wait_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        self._first += data
        if len(self._first) < len(PREFACE) and PREFACE.startswith(self._first):
            return
        self._timer.cancel()
        protocol = self._protocols[HTTP2 if self._first.startswith(PREFACE) else HTTP1]()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(self._first)

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - nothing was said
        self._timer.cancel()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if port:
            # A server that was stopped a moment ago must not block its own port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.settimeout(0)
    except BaseException:
        listening.close()
        raise
    return listening


def _depart(transport: asyncio.Transport) -> bool:
    """Let a protocol say goodbye that can; tell whether its connection stays open for that."""
    if transport.is_closing():  # TLS that was lost has no protocol any more.
        return False
    depart: Callable[[], bool] | None = getattr(transport.get_protocol(), "depart", None)
    return depart is not None and depart()


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _turn_away(conn: socket.socket, limits: Limits) -> None:
    """Say that the bound on connections is reached, to a client that may read it in clear text."""
    refusal = make_refusal(503, f"{limits.connections} connections are open, the bound")
    head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {len(refusal.body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in refusal.headers)
    with conn:
        try:
            conn.send(head.encode("ascii") + b"Connection: close\r\n\r\n" + refusal.body)
        except OSError:
            return
