"""APNs over TLS and HTTP/2, against a bare echo of the same protocol made of `h2`.

Both servers are asked in turns with the same requests, over connections that stay open, by two
clients: httpx with HTTP/2, one push after the other, which is what a provider in Python does; and
one that writes frames made beforehand and only counts the answers, one by one and fifty streams at
once, which leaves nothing but the servers. Its answers are decoded after the clock has stopped.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final

import httpx
from hpack import Decoder, Encoder

from pushlab_benchmarks.child import Race, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pushlab_benchmarks.child import Child
    from pushlab_benchmarks.measure import Figure, Options

__all__ = ["measure"]

SERVERS = ("pushlab apns", "h2 echo")
RACE = Race("APNs over TLS and HTTP/2", 31, "push", "pushes")
REQUESTS = 400
"""Requests in a turn of the client that costs next to nothing; httpx sends a quarter of them."""
AT_ONCE = 50
LEAST = 0.8
HOST = "api.push.apple.com"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES = 9
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, ACK = 1, 1
NO_SETTINGS: Final = b"\0\0\0\x04\0\0\0\0\0"
ACKNOWLEDGED: Final = b"\0\0\0\x04\x01\0\0\0\0"


class Provider:
    """Both clients of one server, and what they saw of it."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._sent = 0
        self._headers = {
            "authorization": f"bearer {_make_token()}",
            "apns-topic": "com.example.shop",
            "apns-push-type": "alert",
            "apns-priority": "10",
        }
        self._frames = FrameClient(child.port)
        self._httpx = httpx.Client(http1=False, http2=True, verify=False)
        self.one, self.many, self.library = Turns(), Turns(), Turns()

    def run(self) -> None:
        """Let each client have a turn."""
        for turns, size in ((self.one, 1), (self.many, AT_ONCE)):
            frames = [self._make_frames() for _ in range(REQUESTS)]
            self._child.time(turns, REQUESTS, _bind(self._frames.ask, frames, size))
            self._frames.check()
        self._child.time(self.library, REQUESTS // 4, self._ask_with_library)

    def _next(self) -> tuple[str, bytes]:
        """Return path and body of the next push."""
        self._sent += 1
        alert = {"title": "Good news", "body": f"Your order {self._sent} is on its way"}
        body = {"aps": {"alert": alert, "badge": 1, "sound": "default"}, "order": self._sent}
        addresses = self._child.addresses
        token = addresses[self._sent % len(addresses)]
        return f"/3/device/{token}", json.dumps(body).encode()

    def _make_frames(self) -> bytes:
        path, body = self._next()
        return self._frames.write(path, [*self._headers.items()], body)

    def _ask_with_library(self) -> None:
        for _ in range(REQUESTS // 4):
            path, body = self._next()
            url = f"https://127.0.0.1:{self._child.port}{path}"
            answer = self._httpx.post(url, content=body, headers=self._headers)
            assert answer.status_code == 200, answer.text

    def close(self) -> None:
        """Close the connections."""
        self._frames.close()
        self._httpx.close()


class FrameClient:
    """A client of HTTP/2 that costs next to nothing while it is timed."""

    def __init__(self, port: int) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), 30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._conn = context.wrap_socket(plain, server_hostname=HOST)
        self._conn.sendall(PREFACE + NO_SETTINGS)
        self._encoder, self._decoder = Encoder(), Decoder()
        self._stream = -1
        self._held = bytearray()
        self._blocks: list[bytes] = []

    def write(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
        """Return the frames of a request; the order of writing is that of sending."""
        self._stream += 2
        pseudo = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", HOST)]
        block = self._encoder.encode([*pseudo, *headers, ("content-length", str(len(body)))])
        return _frame(HEADERS, 0x04, self._stream, block) + _frame(
            DATA, END_STREAM, self._stream, body
        )

    def ask(self, frames: Sequence[bytes], at_once: int) -> None:
        """Send requests, so many at once, and wait for their answers."""
        for start in range(0, len(frames), at_once):
            part = frames[start : start + at_once]
            self._conn.sendall(b"".join(part))
            answered = 0
            while answered < len(part):
                answered += self._read()

    def _read(self) -> int:
        """Read what is there and return how many answers have ended in it."""
        data = self._conn.recv(65_536)
        assert data, "the server closed the connection"
        self._held += data
        ended = 0
        while len(self._held) >= HEAD_BYTES:
            end = HEAD_BYTES + int.from_bytes(self._held[:3], "big")
            if len(self._held) < end:
                break
            kind, flags = self._held[3], self._held[4]
            if kind == HEADERS:
                self._blocks.append(bytes(self._held[HEAD_BYTES:end]))
            elif kind == SETTINGS and not flags & ACK:
                self._conn.sendall(ACKNOWLEDGED)
            else:
                known = kind in {DATA, SETTINGS, 8}
                assert known, f"the server sent a frame of type {kind}: {self._held[:end]!r}"
            ended += kind in {DATA, HEADERS} and flags & END_STREAM
            del self._held[:end]
        return ended

    def check(self) -> None:
        """Look whether all answers were good ones, and forget them."""
        for block in self._blocks:
            headers = {bytes(name): value for name, value in self._decoder.decode(block, raw=True)}
            assert headers[b":status"] == b"200", headers
            assert headers[b"apns-id"], headers
        self._blocks.clear()

    def close(self) -> None:
        """Close the connection."""
        self._conn.close()


def measure(options: Options) -> list[Figure]:
    """Measure both servers in turns."""
    mine, bare = RACE.run(SERVERS, Provider, options)
    found = [
        ("by httpx, one after the other", mine.library, bare.library),
        ("by a client that costs next to nothing, one after the other", mine.one, bare.one),
        (f"by the same, {AT_ONCE} streams at once", mine.many, bare.many),
    ]
    return [
        RACE.compare(f"speed of a bare `h2` echo, {what}", one, other, at_least=LEAST)
        for what, one, other in found
    ]


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


def _make_token() -> str:
    """Return a provider token as long as a real one; a lab takes any signature."""
    parts = ({"alg": "ES256", "kid": "KEY1234567"}, {"iss": "TEAM123456", "iat": int(time.time())})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, urlsafe_b64encode(bytes(range(64))).rstrip(b"=")]).decode("ascii")


def _bind(
    ask: Callable[[Sequence[bytes], int], None], frames: Sequence[bytes], at_once: int
) -> Callable[[], None]:
    return lambda: ask(frames, at_once)
