"""The proxy's side of a connection: reads what the client asks for, and passes bytes to and fro.

A way to the fakes leads through the lab's own port, so that whatever comes out of a tunnel (TLS or
clear text, HTTP/1.1 or HTTP/2, mail) is met as if its client had dialled the port itself.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, cast

from pushlab_fakes.wire.proxied import HEAD_BYTES_MAX, read_asked
from pushlab_fakes.wire.sending import is_loopback
from pushlab_fakes.wire.serving import LOGGER, make_refusal, note_broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.wire.plain import Host
    from pushlab_fakes.wire.proxied import Asked
    from pushlab_fakes.wire.ways import Ways

__all__ = ["ProxyConnection", "find_ways"]

PHRASE_LENGTH_MAX = 1_000
"""Clients show the phrase of a refused tunnel and nothing else of it, so it carries the reason."""
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Leading(Protocol):
    """A side behind a door that is a proxy too."""

    @property
    def ways(self) -> Ways | None:
        """Return the guard, None while nothing is led anywhere."""


def find_ways(served: object) -> Ways | None:
    """Return the guard of who answers here; None when that is no proxy."""
    return cast("Leading", served).ways if hasattr(served, "ways") else None


class ProxyConnection(asyncio.Protocol):
    """A connection whose client wants somebody else, until it is known whom."""

    def __init__(self, host: Host, make_own: Callable[[], asyncio.Protocol]) -> None:
        """Wait for a head; *make_own* makes the protocol for who is wanted here after all."""
        self._host = host
        self._tenancy = host.tenancy
        self._make_own = make_own
        self._data = b""
        self._timer: asyncio.TimerHandle | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; a head may take its time, and no longer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        bound_s = self._host.limits.head_s
        self._timer = asyncio.get_running_loop().call_later(bound_s, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up."""
        del exc
        self._transport = None
        self._stop()
        if self._dialling is not None:
            self._dialling.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on until the head is whole."""
        self._data += data
        transport = self._transport
        if transport is None or self._dialling is not None:
            return
        if b"\r\n\r\n" not in self._data and len(self._data) <= HEAD_BYTES_MAX:
            return
        self._stop()
        if self._tenancy != self._host.tenancy:
            transport.abort()
            return
        asked = read_asked(self._data)
        ways = find_ways(self._host.served)
        if asked is None or ways is None:
            # No demand on a proxy, or one that is malformed: the whole protocol says what of it.
            self._hand_over(transport, self._data)
            return
        self._lead(transport, asked, ways)

    def _lead(self, transport: asyncio.Transport, asked: Asked, ways: Ways) -> None:
        way = ways.find(asked.host, asked.port, is_near=_is_near(transport))
        if way.kind == "refused":
            _refuse(transport, 403, way.reason)
        elif way.kind == "served" and not asked.is_tunnel:
            self._hand_over(transport, asked.rest)
        else:
            self._data = b""
            # What comes meanwhile waits in the socket.
            transport.pause_reading()
            dial = self._dial(transport, asked, way.host, way.port)
            self._dialling = asyncio.get_running_loop().create_task(dial)

    async def _dial(self, transport: asyncio.Transport, asked: Asked, host: str, port: int) -> None:
        loop, limits = asyncio.get_running_loop(), self._host.limits
        far = _End(limits.quiet_s)
        try:
            async with asyncio.timeout(limits.head_s):
                await loop.create_connection(lambda: far, host, port)
        except OSError as error:
            LOGGER.debug("no tunnel to %s:%s: %s", host, port, error)
            reason = str(error) or "it did not answer in time"
            _refuse(transport, 502, f"{asked.host}:{asked.port} cannot be reached: {reason}")
            return
        near = _End(limits.quiet_s)
        near.join(far)
        if asked.is_tunnel:
            transport.write(ESTABLISHED)
        transport.set_protocol(near)
        near.connection_made(transport)
        # Whatever the client said too early, or the request itself.
        near.data_received(asked.rest + self._data)
        transport.resume_reading()

    def _give_up(self) -> None:
        """End a connection whose head does not come to its end."""
        bound_s = self._host.limits.head_s
        text = f"the head did not arrive within {bound_s:g} s of real time"
        note_broken(self._host.served, "HTTP/1.1", text)
        if self._transport is not None:
            self._transport.abort()

    def _hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        own = self._make_own()
        transport.set_protocol(own)
        own.connection_made(transport)
        own.data_received(data)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _End(asyncio.Protocol):
    """One end of a tunnel: what comes in here goes out at the other."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.is_ended = False
        """Whether nothing more comes in here."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def _out(self) -> asyncio.Transport | None:
        """Where it goes out, while that is open."""
        return self.other.transport if self.other is not None else None

    def join(self, other: _End) -> None:
        """Make *other* the other end, and this one its."""
        self.other, other.other = other, self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self._wait()
        out = self._out
        if data and out is not None:
            out.write(data)

    def eof_received(self) -> bool:
        """Pass the end on; the other side may still have something to say."""
        self.is_ended = True
        out = self._out
        if out is None or not out.can_write_eof() or (self.other and self.other.is_ended):
            return False
        out.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end as this one was closed: after what is on its way, or at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        out, self.transport, self.other = self._out, None, None
        if out is not None:
            out.close() if exc is None else out.abort()

    def pause_writing(self) -> None:
        """Read no more at the other end than this one takes."""
        if self._out is not None:
            self._out.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self._out is not None:
            self._out.resume_reading()

    def _wait(self) -> None:
        """Wait for the next bytes, and not for ever."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._quiet_s, self._time_out)

    def _time_out(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def _is_near(transport: asyncio.Transport) -> bool:
    """Say whether a client is on this machine."""
    peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    if not isinstance(peer, tuple) or not isinstance(own, tuple):
        return False
    return peer[0] == own[0] or is_loopback(str(peer[0]))


def _refuse(transport: asyncio.Transport, status: int, reason: str) -> None:
    answer = make_refusal(status, reason)
    words = f"{HTTPStatus(status).phrase} - pushlab: {reason}".split()
    phrase = " ".join(words).encode("ascii", "replace").decode("ascii")[:PHRASE_LENGTH_MAX]
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Length: {len(answer.body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    transport.write(head.encode("ascii") + b"Connection: close\r\n\r\n" + answer.body)
    transport.close()
