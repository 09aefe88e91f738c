"""HTTP/2 between a socket and a fake: `Http2Session` on asyncio, with what takes time.

APNs speaks nothing else, FCM speaks it beside HTTP/1.1. A connection ends with its lab, and what a
client does wrong ends its own connection alone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pushlab_fakes.exchange import Peer, Request
from pushlab_fakes.wire.http1 import decode_header
from pushlab_fakes.wire.http2_session import Http2Session
from pushlab_fakes.wire.mishaps import break_off, cut, wait_out
from pushlab_fakes.wire.plain import find_host
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.serving import (
    answer_vacancy,
    make_refusal,
    note_broken,
    note_lost,
    note_unread,
    serve,
    serve_aside,
    takes_long,
    tell_parted,
)
from pushlab_fakes.wire.unread import let_nothing_wait

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.wire.http2_session import Arrived
    from pushlab_fakes.wire.plain import Host
    from pushlab_fakes.wire.serving import Served

__all__ = ["Http2Connection"]

PROTOCOL = "HTTP/2"
STREAMS_MAX = 100
"""How many streams a connection may have where the vendor says nothing else."""


class Http2Connection(asyncio.Protocol):
    """One connection, bounded in what it may send and in how long that may take."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tenancy = host.tenancy
        self._number = host.number_connection()
        self._clock = RealClock.monotonic
        self._heard_at = 0.0
        self._owing_since: float | None = None
        self._unread_since: float | None = None
        """Since when the client has left unread what it was sent."""
        self._timer: asyncio.TimerHandle | None = None
        self._is_leaving = False
        """Whether nothing more is served, and the end of the client is waited for."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._beside = ""
        """What is to be said beside when the client goes wrong."""
        self._is_cut = False
        """Whether a planned fault has cut the connection, to which nothing is written any more."""

    # -- the socket ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the settings."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        secure = transport.get_extra_info("ssl_object")
        self._is_secure = secure is not None
        certificate = secure.getpeercert(binary_form=True) if secure is not None else None
        self._certificate: bytes = certificate or b""
        let_nothing_wait(transport)
        first = getattr(self._host.served, "first_streams", None)
        name = self._host.find_name(secure)
        if secure is not None and secure.selected_alpn_protocol() == "http/1.1":
            self._beside = f"{name} speaks HTTP/2 alone, and the client asked for HTTP/1.1: "
        if self._certificate:
            first = None  # It says who comes; what APNs waits for is a token.
        self._session = Http2Session(
            body_bytes=self._host.limits.body_bytes,
            streams_max=STREAMS_MAX if first is None else first(name),
        )
        self._heard_at = self._owing_since = self._clock()
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take bytes, answer what they completed, send what is ready."""
        if self._tenancy != self._host.tenancy:
            self._transport.abort()
            return
        now = self._heard_at = self._clock()
        for arrived in self._session.receive(data, now):
            self._attend(arrived)
        text = f"a body may have {self._host.limits.body_bytes} bytes at most"
        self._refuse(self._session.list_oversized(), 413, text)
        if self._session.is_between_frames:
            self._owing_since = None
        elif self._owing_since is None:
            self._owing_since = now
        self._flush()

    def eof_received(self) -> bool:
        """Answer what is under way before closing: a client may shut its own side first."""
        self._session.leave()
        return False

    def pause_writing(self) -> None:
        """Read nothing more from a client that does not read, and wait for it no longer than so."""
        self._unread_since = self._clock()
        self._transport.pause_reading()
        self._set_timer()

    def resume_writing(self) -> None:
        """Go on reading."""
        self._unread_since = None
        if self._owing_since is not None:
            # It could not be heard meanwhile.
            self._owing_since = self._clock()
        self._transport.resume_reading()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of what belongs to the connection."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._tenancy == self._host.tenancy:
            note_lost(self._host.served, exc)
            tell_parted(self._host.served, self._number)
        for task in self._tasks:
            task.cancel()

    def _flush(self) -> None:
        if self._is_cut:
            return
        data = self._session.take()
        if data:
            self._transport.write(data)
        if self._session.is_over and not self._is_leaving:
            self._leave()
        self._set_timer()

    def _leave(self) -> None:
        """Close, so that the client gets to read the goodbye: what it sends meanwhile is read."""
        self._is_leaving = True
        if self._session.broken is not None:
            note_broken(self._host.served, PROTOCOL, self._beside + self._session.broken)
        # Under TLS closing is a dialogue anyhow.
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        else:
            self._transport.close()

    def depart(self) -> bool:
        """Leave the client alone with a goodbye, because the lab ends; tell whether that could be.

        A client that keeps connections, as one made at import does, learns from the GOAWAY that its
        next request was not served and makes it again on a new one. Cut off, it would fail: httpx
        writes before it looks.
        """
        if self._is_cut or self._transport.is_closing() or not self._session.leave_idle():
            return False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.write(self._session.take())
        self._transport.set_protocol(_Departed(self._transport, self._host.limits.linger_s))
        return True

    # -- time ----------------------------------------------------------------------------------

    def _find_deadline(self) -> float:
        """Return when the next of the bounds runs out, on the machine's clock."""
        limits = self._host.limits
        if self._unread_since is not None:
            return self._unread_since + limits.idle_s
        deadline = self._heard_at + limits.quiet_s
        if self._session.is_busy:
            deadline = self._heard_at + limits.idle_s
        if self._owing_since is not None:
            deadline = min(deadline, self._owing_since + limits.head_s)
        oldest = self._session.oldest_body_at
        if oldest is not None:
            deadline = min(deadline, oldest + limits.body_s)
        return deadline

    def _set_timer(self) -> None:
        """Let one timer run; it looks again when it fires, so it is seldom set anew."""
        if self._is_leaving or self._transport.is_closing():
            # What the client does not take away in time is dropped.
            deadline = self._clock() + self._host.limits.linger_s
        else:
            deadline = self._find_deadline()
        if self._timer is not None:
            if self._timer.when() <= deadline and not self._timer.cancelled():
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._look)

    def _look(self) -> None:
        """See which bound has run out, if any."""
        self._timer = None
        if self._is_leaving or self._transport.is_closing():
            self._transport.abort()
            return
        now, limits = self._clock(), self._host.limits
        if now < self._find_deadline():
            self._set_timer()
            return
        if self._unread_since is not None:
            note_unread(self._host.served, PROTOCOL, limits.idle_s)
            self._transport.abort()
            return
        if self._owing_since is not None and now >= self._owing_since + limits.head_s:
            text = f"a frame did not arrive as a whole within {limits.head_s:g} s of real time"
            self._session.give_up(text)
        slow = self._session.list_slow(now - limits.body_s)
        text = f"the body did not arrive within {limits.body_s:g} s of real time"
        self._refuse(slow, 408, text)
        if not slow and self._session.broken is None:
            if self._session.is_busy and not self._tasks:
                self._session.give_up(f"an answer was not read within {limits.idle_s:g} s")
            elif not self._session.is_busy:
                self._session.leave()
            else:
                self._heard_at = now
        self._flush()

    # -- requests ------------------------------------------------------------------------------

    def _attend(self, arrived: Arrived) -> None:
        served = self._host.served
        if served is None:
            self._session.answer(arrived.stream, answer_vacancy(self._host.address))
            return
        request = self._read_request(arrived)
        if request.method == "CONNECT":
            text = "this is no proxy: CONNECT is not served"
            self._session.answer(arrived.stream, make_refusal(501, text))
        elif takes_long(served, request):
            self._begin(self._attend_aside(arrived, request))
        else:
            answer = serve(served, request)
            if answer.mishap is None:
                self._session.answer(arrived.stream, answer)
            else:
                self._begin(self._answer_later(arrived.stream, served, answer))

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        """Let *work* go on beside what else comes; it ends with the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_later(self, stream: int, served: Served, answer: Answer) -> None:
        """Do what a planned fault makes of *answer*; other streams go on meanwhile."""
        answer = await wait_out(served, answer)
        session, transport, mishap = self._session, self._transport, answer.mishap
        if self._tenancy != self._host.tenancy:
            transport.abort()
            return
        match "" if mishap is None else mishap.how:
            case "reset":
                session.reset(stream, mishap.code if mishap is not None else 0)
            case "goaway":
                session.turn_away(stream, mishap.debug if mishap is not None else b"")
            case "half":
                self._flush()
                session.answer(stream, replace(answer, steer=None))
                self._is_cut = True
                cut(transport, break_off(session.take(), len(answer.body)))
            case "lost" | "drop":
                self._is_cut = True
                cut(transport)
            case _:
                session.answer(stream, answer)
        self._flush()

    def _refuse(self, streams: list[int], status: int, text: str) -> None:
        """Answer requests that passed a bound; their connection lives on."""
        for stream in streams:
            note_broken(self._host.served, PROTOCOL, text)
            self._session.answer(stream, make_refusal(status, text))

    async def _attend_aside(self, arrived: Arrived, request: Request) -> None:
        served = self._host.served
        assert served is not None, "looked at a moment ago"
        answer = await serve_aside(served, request)
        if self._tenancy != self._host.tenancy:
            self._transport.abort()
            return
        self._session.answer(arrived.stream, answer)
        self._flush()

    def _read_request(self, arrived: Arrived) -> Request:
        """Translate a request (RFC 9113, section 8.3.1); a Host header does for :authority."""
        pseudo: dict[str, str] = {}
        headers: list[tuple[str, str]] = []
        for raw_name, raw_value in arrived.headers:
            name, value = raw_name.decode("latin-1"), decode_header(raw_value)
            if name[0] == ":":
                pseudo[name] = value
            else:
                headers.append((name, value))
        authority = pseudo.get(":authority") or dict(reversed(headers)).get("host", "")
        path, _, query = pseudo.get(":path", "/").partition("?")
        return Request(
            pseudo[":method"].upper(),
            find_host(authority),
            path,
            query,
            tuple(headers),
            arrived.body,
            Peer(
                self._number,
                self._is_secure,
                self._certificate,
                int(RealClock.read_seconds() * 1000),
            ),
        )


class _Departed(asyncio.Protocol):
    """Serves nothing: its lab is over, and the goodbye waits to be read, whenever that may be.

    From what the client sends next it has so many seconds to read it and close.
    """

    def __init__(self, transport: asyncio.Transport, linger_s: float) -> None:
        self._transport = transport
        self._linger_s = linger_s
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - nobody is left to read it
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._linger_s, self._transport.abort)

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - nothing is lost
        if self._timer is not None:
            self._timer.cancel()
