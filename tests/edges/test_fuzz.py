"""Goal: no bytes break the edge, whatever door they come to, and none is left of their connections.

Method: for HTTP/1.1 the protocols of a door are fed by hand, in parts, on a loop of the test's own:
the short way of plain requests and the whole protocol must say the same. Over sockets every door of
a lab meets spoiled input of its own and of the others' kind, and serves the next client.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.wire import plain
from pushlab_fakes.wire.edge import EdgeLoop
from pushlab_fakes.wire.http1 import Http1Connection, Http1Server
from pushlab_fakes.wire.serving import Limits
from pushlab_testing.echo import Echo
from pushlab_testing.fuzzing import cut, spoil_bytes, strokes, tries
from pushlab_testing.leftovers import count_objects, wait_until_none_is_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.wire.plain import Host

WAIT_S = 10
DATE = re.compile(rb"Date: [^\r\n]*", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON = b'{"app_id": "x"}'
HEAD = b"Host: api.onesignal.com\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(JSON)
PACKED = gzip.compress(JSON, mtime=0)
REQUESTS = (
    b"GET /apps/x?limit=1 HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"POST /notifications HTTP/1.1\r\n" + HEAD + LENGTH + b"\r\n" + JSON,
    b"POST /3/device/ab HTTP/1.1\r\n"
    + HEAD
    + b"Connection: keep-alive\r\n"
    + LENGTH
    + b"\r\n"
    + JSON,
    b"PUT / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\n"
    + HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED)
    + PACKED,
    b"POST / HTTP/1.1\r\n" + HEAD + b"Expect: 100-continue\r\n" + LENGTH + b"\r\n" + JSON,
    b"GET / HTTP/1.0\r\n\r\n",
    b"DELETE http://api.onesignal.com/x HTTP/1.1\r\n"
    + HEAD
    + b"TE: trailers\r\nX: \xc3\xa9\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n",
    b"CONNECT x:443 HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
)
STREAMS = st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3).map(b"".join)
SPOILT = st.one_of(strokes(most=0), strokes(most=2))


# --- HTTP/1.1, without a socket ---------------------------------------------------------------


class Tap(asyncio.Transport):
    """A transport that leads nowhere, and keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.protocol: Any = None
        self.is_closed = False

    def write(self, data: Any) -> None:
        if not self.is_closed:
            self.written += bytes(data)

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.is_closed

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


class Doorway:
    """What a connection asks of its door."""

    limits = Limits(body_bytes=200)
    address = "nowhere"
    tenancy = 0

    def __init__(self) -> None:
        self.served: Any = Echo()

    def number_connection(self) -> int:
        return 1

    def find_name(self, _: object) -> str:
        return ""


async def settle() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


async def meet(parts: Sequence[bytes], *, is_short: bool) -> tuple[list[Any], bytes, bool]:
    """Return what was asked, what was written, and whether the connection was closed."""
    tap, doorway, loop = Tap(), Doorway(), asyncio.get_running_loop()
    host: Host = doorway
    server = Http1Server(host, loop)
    tap.set_protocol(server() if is_short else Http1Connection(host, server, loop, 1))
    tap.protocol.connection_made(tap)
    for part in parts:
        if not tap.is_closed:
            tap.protocol.data_received(part)
            await settle()
    await settle()
    written, is_closed = tap.written, tap.is_closed
    tap.protocol.connection_lost(None)
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    asked = [
        (each.method, each.host, each.path, each.query, each.headers, each.body)
        for each in doorway.served.requests
    ]
    assert doorway.served.errors == []
    # What is said of a mistake shows the bytes around it, as far as they had come; who waits for
    # a word before a body hears it unless the body is there.
    said = DATE.sub(b"", written).replace(CONTINUE, b"").partition(b"X-Pushlab-Error")[0]
    return asked, said, is_closed


@pytest.fixture(scope="module")
def own_loop():
    """Return a loop of the test's own, on which nothing is held back for a moment."""
    loop = EdgeLoop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "HOLD_S", 0.0)
        yield loop
    loop.close()


@tries(100, 1_500)
@given(stream=STREAMS, done=SPOILT, places=st.lists(st.integers(0, 2**16), max_size=4))
@example(REQUESTS[1] + REQUESTS[0], [], [30])
def test_the_short_way_and_the_whole_protocol_say_the_same(cases, own_loop, stream, done, places):
    cases.add("HTTP/1.1 streams")
    data = spoil_bytes(stream, done)

    short = own_loop.run_until_complete(meet([data], is_short=True))
    whole = own_loop.run_until_complete(meet([data], is_short=False))
    in_parts = own_loop.run_until_complete(meet(cut(data, places), is_short=True))

    assert short == whole
    if b"400 Bad Request" in in_parts[1] + short[1]:
        # The parser forgets the requests that came in one piece with a broken one.
        count = min(len(in_parts[0]), len(short[0]))
        assert in_parts[0][:count] == short[0][:count]
    else:
        assert in_parts == short


# --- every door, over sockets -----------------------------------------------------------------


def greet_under_tls() -> bytes:
    """Return what a client of TLS says first."""
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="api.push.apple.com")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


DOORS = ("web", "clear", "starttls", "tls")
OPENINGS = (
    *REQUESTS,
    greet_under_tls(),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\1\x83",
    b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<postmaster>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n",
    b"EHLO x\r\nSTARTTLS\r\n" + greet_under_tls(),
    b"\x16",
    b"",
)


class Doors:
    """A lab and its doors."""

    def __init__(self, edge):
        self.lab = Lab()
        self.listeners = {
            name: edge.borrow(self.lab, mail=None if name == "web" else name) for name in DOORS
        }

    def close(self):
        for listener in self.listeners.values():
            listener.release()
        self.lab.close()

    def dial(self, name):
        listener = self.listeners[name]
        return socket.create_connection((listener.host, listener.port), WAIT_S)

    def ask(self):
        """Be a client who behaves, at a door for the web and at one for mail."""
        with self.dial("web") as conn:
            conn.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            web = conn.recv(100)
        with self.dial("clear") as conn:
            mail = conn.recv(100)
            conn.sendall(b"QUIT\r\n")
            conn.recv(100)
        return web[:9], mail[:4]


@pytest.fixture(scope="module")
def doors(edge):
    before = count_objects()
    made = Doors(edge)
    yield made
    assert wait_until_none_is_held(edge, WAIT_S) == []
    assert made.lab.list_problems() == []
    assert made.lab.trace.digest
    made.close()
    assert count_objects() == before


@tries(60, 600)
@given(
    door=st.sampled_from(DOORS),
    sent=st.tuples(st.sampled_from(OPENINGS), SPOILT),
    is_abrupt=st.booleans(),
)
def test_whatever_comes_to_a_door_the_next_client_is_served(cases, doors, door, sent, is_abrupt):
    cases.add("connections")
    opening, done = sent
    with doors.dial(door) as conn:
        if is_abrupt:
            # A reset instead of an end, with whatever was not read.
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        conn.sendall(spoil_bytes(opening, done))

    assert doors.ask() == (b"HTTP/1.1 ", b"220 ")
