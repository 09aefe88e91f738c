"""The plain case of HTTP/1.1, answered without a task, a stream or a timer for each request.

A client of these services sends a short request with a known length, waits for its answer, and
sends the next one on the same connection. That much is read here: a head in the strictest form,
a body that follows at once. Everything else (parts, coding, pipelining, slow or odd senders,
answers that take long) is handed over, with all bytes so far, to a connection that speaks the
whole protocol, and stays there.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pushlab_fakes.exchange import Peer, Request
from pushlab_fakes.wire.mishaps import break_off, cut, reset, wait_out
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.serving import (
    answer_vacancy,
    note_lost,
    note_unread,
    serve,
    takes_long,
    tell_parted,
)
from pushlab_fakes.wire.unread import ReadingWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.wire.serving import Limits, Served

__all__ = [
    "FRAMING_HEADERS",
    "SERVER",
    "Host",
    "PlainConnection",
    "find_host",
    "find_peer",
    "render",
]

FRAMING_HEADERS: Final = frozenset(
    ["connection", "content-length", "keep-alive", "transfer-encoding"]
)
"""What an answer says about its way over the wire; the server sets these itself."""
PROTOCOL: Final = "HTTP/1.1"
SERVER: Final = "pushlab"
PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
BODILESS: Final = frozenset({204, 304})
"""Answers without a body and without its length (RFC 9110, section 8.6)."""

HEAD: Final = re.compile(
    rb"(GET|POST|PUT|PATCH|DELETE|OPTIONS) (/[!$-~]*) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n"
)
"""Request line and headers in ASCII, none of them folded, no blank before a colon."""
HEAD_BYTES_MAX: Final = 16_384
BODY_BYTES_MAX: Final = 1_048_576
NOT_PLAIN: Final = frozenset(
    ["content-encoding", "expect", "te", "trailer", "transfer-encoding", "upgrade"]
)
HOLD_S: Final = 0.05
"""How long the rest of a request may take to follow; what takes longer is not plain."""


class Host(Protocol):
    """What a connection asks of the door that it came through."""

    limits: Limits
    address: str

    @property
    def served(self) -> Served | None:
        """Return who answers here at the moment."""

    @property
    def tenancy(self) -> int:
        """Return the number of the present tenancy; another one ends all older connections."""

    def number_connection(self) -> int:
        """Return the number of a new connection among those of the present tenancy, from 1."""

    def find_name(self, handshake: object) -> str:
        """Return the vendor's name that a client asked for in its handshake, "" for none."""


class _Head(NamedTuple):
    """What the head of a plain request says."""

    method: str
    target: str
    host: str
    headers: tuple[tuple[str, str], ...]
    body_start: int
    end: int
    """Where the body ends, and the request with it."""


class PlainConnection(asyncio.Protocol):
    """One connection, for as long as its requests are plain."""

    def __init__(
        self,
        host: Host,
        loop: asyncio.AbstractEventLoop,
        make_whole: Callable[[int, bytes], asyncio.Protocol],
    ) -> None:
        self._host = host
        self._loop = loop
        self._make_whole = make_whole
        self._tenancy = host.tenancy
        self._number = host.number_connection()
        self._transport: asyncio.Transport | None = None
        self._held = b""
        """The beginning of a request whose rest has not come yet."""
        self._held_at = 0.0
        self._head: _Head | None = None
        """What was understood of it, when only its body is missing."""
        self._holding: asyncio.TimerHandle | None = None
        self._idling: asyncio.TimerHandle | None = None
        self._answered_at = 0.0
        self._waiting: asyncio.Task[None] | None = None
        """What a planned fault keeps from being answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        limits = self._host.limits
        self._watch = ReadingWatch(transport, limits.idle_s, self._note_unread)
        # Who is silent after a handshake has no first answer to be idle after.
        self._answered_at = self._loop.time()
        self._idling = self._loop.call_later(limits.idle_s, self._end_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what belongs to the connection."""
        self._transport = None
        self._stop_timers()
        if self._tenancy == self._host.tenancy:
            note_lost(self._host.served, exc)
            tell_parted(self._host.served, self._number)
        if self._waiting is not None:
            self._waiting.cancel()

    def pause_writing(self) -> None:
        """Read no further request while the client does not read its answers."""
        self._watch.stall()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        self._watch.go_on()
        if self._transport is not None:
            self._transport.resume_reading()

    def _note_unread(self) -> None:
        note_unread(self._host.served, PROTOCOL, self._host.limits.idle_s)

    def data_received(self, data: bytes) -> None:
        """Answer a request that is here as a whole, wait a moment for its rest, or hand over."""
        if self._held:
            data = self._held + data
        head = self._head or _read_head(data, self._host.limits)
        if head is None:
            if b"\r\n\r\n" in data or len(data) > HEAD_BYTES_MAX:
                self._hand_over(data)
            else:
                self._hold(data, None)
        elif len(data) > head.end:
            self._hand_over(data)
        elif len(data) < head.end:
            self._hold(data, head)
        else:
            path, _, query = head.target.partition("?")
            body = data[head.body_start :]
            peer = find_peer(self._transport, self._number)
            request = Request(head.method, head.host, path, query, head.headers, body, peer)
            self._answer(request, data)

    def _answer(self, request: Request, data: bytes) -> None:
        """Answer *request*, which came as *data*; nothing else happens on this loop meanwhile."""
        transport, served = self._transport, self._host.served
        assert transport is not None
        if self._tenancy != self._host.tenancy:
            transport.abort()
        elif served is None:
            transport.write(render(answer_vacancy(self._host.address), close=True))
            transport.close()
        elif takes_long(served, request):
            self._hand_over(data)
        else:
            self._held, self._head = b"", None
            answer = serve(served, request)
            if answer.mishap is None:
                self._reply(transport, answer)
            else:
                transport.pause_reading()
                self._waiting = self._loop.create_task(self._reply_later(served, answer))

    def _reply(self, transport: asyncio.Transport, answer: Answer) -> None:
        close = (answer.header("connection") or "").lower() == "close"
        transport.write(render(answer, close=close))
        if close:
            transport.close()
        self._answered_at = self._loop.time()

    async def _reply_later(self, served: Served, answer: Answer) -> None:
        """Do what a planned fault makes of *answer*; the connection reads nothing meanwhile."""
        answer = await wait_out(served, answer)
        self._waiting, transport = None, self._transport
        if transport is None:
            return
        how = "" if answer.mishap is None else answer.mishap.how
        if self._tenancy != self._host.tenancy:
            transport.abort()
        elif how == "half":
            cut(transport, break_off(render(answer, close=False), len(answer.body)))
        elif how == "reset":
            reset(transport)
        elif how:
            cut(transport)
        else:
            self._reply(transport, answer)
            transport.resume_reading()

    def _hold(self, data: bytes, head: _Head | None) -> None:
        """Wait a moment for the rest of a request; *head* is what was understood of it."""
        if not self._held:
            self._held_at = self._loop.time()
        self._held, self._head = data, head
        if self._holding is None:
            # It outlives this request, so that a timer is made now and then and not for each.
            self._holding = self._loop.call_later(HOLD_S, self._end_hold)

    def _end_hold(self) -> None:
        """Hand over what has been held for long; look again when something newer is held."""
        self._holding = None
        if not self._held:
            return
        left_s = self._held_at + HOLD_S - self._loop.time()
        if left_s > 0:
            self._holding = self._loop.call_later(left_s, self._end_hold)
        else:
            self._hand_over(self._held)

    def _end_idle(self) -> None:
        """Close a connection on which nothing came for long; else look again when it might be."""
        left_s = self._answered_at + self._host.limits.idle_s - self._loop.time()
        if left_s > 0 or self._held or self._waiting is not None:
            self._idling = self._loop.call_later(max(left_s, HOLD_S), self._end_idle)
        elif self._transport is not None:
            self._transport.close()

    def _hand_over(self, data: bytes) -> None:
        """Let the whole protocol go on from *data*."""
        transport = self._transport
        if transport is None or transport.is_closing():
            # The whole protocol would begin on a connection whose end is on its way.
            return
        self._stop_timers()
        if self._tenancy != self._host.tenancy:
            transport.abort()
            return
        whole = self._make_whole(self._number, data)
        transport.set_protocol(whole)
        whole.connection_made(transport)
        whole.data_received(data)

    def _stop_timers(self) -> None:
        self._watch.go_on()
        for timer in (self._holding, self._idling):
            if timer is not None:
                timer.cancel()


def _read_head(data: bytes, limits: Limits) -> _Head | None:
    """Return the head that *data* begins with; None when it is not there or not plain."""
    found = HEAD.match(data)
    if found is None or found.end() > HEAD_BYTES_MAX:
        return None
    method, target, lines = (part.decode("ascii") for part in found.groups())
    pairs = [line.partition(":") for line in lines.split("\r\n")[:-1]]
    headers = tuple([(name.lower(), value.strip(" \t")) for name, _, value in pairs])
    length = _find_length(headers, limits)
    if length is None:
        return None
    host = next(value for name, value in headers if name == "host")
    start = found.end()
    return _Head(method, target, find_host(host), headers, start, start + length)


def _find_length(headers: tuple[tuple[str, str], ...], limits: Limits) -> int | None:
    """Return how long the body is; None when the request is not plain."""
    lengths: list[str] = []
    hosts = 0
    for name, value in headers:
        if name == "content-length":
            lengths.append(value)
        elif name == "host":
            hosts += 1
        elif name in NOT_PLAIN or (name == "connection" and value.lower() != "keep-alive"):
            return None
    if hosts != 1 or len(lengths) > 1:
        return None
    said = lengths[0] if lengths else "0"
    if not (said.isascii() and said.isdecimal()) or len(said) > len(str(BODY_BYTES_MAX)):
        return None
    length = int(said)
    return length if length <= min(limits.body_bytes, BODY_BYTES_MAX) else None


def render(answer: Answer, *, close: bool) -> bytes:
    """Return *answer* as it goes over the wire, as the whole protocol would write it."""
    lines = [f"HTTP/1.1 {answer.status} {PHRASES.get(answer.status, '')}"]
    names: set[str] = set()
    for name, value in answer.headers:
        lowered = name.lower()
        if lowered not in FRAMING_HEADERS:
            names.add(lowered)
            lines.append(f"{name}: {value}")
    if "server" not in names:
        lines.append(f"Server: {SERVER}")
    body = b"" if answer.status in BODILESS else answer.body
    if answer.status not in BODILESS:
        lines.append(f"Content-Length: {len(body)}")
    if body and "content-type" not in names:
        lines.append("Content-Type: application/octet-stream")
    if close:
        lines.append("Connection: close")
    lines.append("\r\n")
    return "\r\n".join(lines).encode() + body


def find_peer(transport: asyncio.BaseTransport | None, number: int) -> Peer:
    """Return what is known of connection *number* at the moment."""
    secure = transport.get_extra_info("ssl_object") if transport is not None else None
    certificate = secure.getpeercert(binary_form=True) if secure is not None else None
    real_at = int(RealClock.read_seconds() * 1000)
    return Peer(number, secure is not None, certificate or b"", real_at)


def find_host(authority: str) -> str:
    """Return the host of ``host:port``, of ``[address]:port`` or of either alone."""
    host = authority.rpartition("@")[2].lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")
