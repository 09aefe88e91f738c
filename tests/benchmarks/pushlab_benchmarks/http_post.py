"""POST /notifications over HTTP, against a bare aiohttp handler that types its body by msgspec.

Both servers run in processes of their own and are asked in turns with the same bytes, by two
clients: ``http.client`` on one connection that stays open, which is about the least that a test
does, and eight connections at once written to by hand, which leaves nothing but the servers.
"""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING

from pushlab_benchmarks.child import Race, Turns
from pushlab_benchmarks.rivals import APP

if TYPE_CHECKING:
    from pushlab_benchmarks.child import Child
    from pushlab_benchmarks.measure import Figure, Options

__all__ = ["measure"]

SERVERS = ("pushlab", "bare")
CONNECTIONS = 8
REQUESTS = 400
"""Requests in a turn."""
RACE = Race("POST /notifications over HTTP", 21, "request", "requests")
LEAST = 0.6
HEADERS = {
    "Host": "api.onesignal.com",
    "Authorization": "Key key",
    "Content-Type": "application/json",
}


class Rival:
    """Both clients of one server, and what they saw of it."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._client = http.client.HTTPConnection("127.0.0.1", child.port, timeout=30)
        self._sockets = [
            socket.create_connection(("127.0.0.1", child.port), 30) for _ in range(CONNECTIONS)
        ]
        for connection in self._sockets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._asked = 0
        self.client, self.crowd = Turns(), Turns()

    def run(self) -> None:
        """Let each client have a turn."""
        self._child.time(self.client, REQUESTS, self._ask_with_client)
        self._child.time(self.crowd, REQUESTS, self._ask_with_crowd)

    def _ask_with_client(self) -> None:
        for _ in range(REQUESTS):
            self._client.request("POST", "/notifications", self._next_body(), HEADERS)
            answer = self._client.getresponse()
            text = answer.read()
            assert answer.status == 200, text

    def _ask_with_crowd(self) -> None:
        for _ in range(REQUESTS // CONNECTIONS):
            for connection in self._sockets:
                connection.sendall(_render_request(self._next_body()))
            for connection in self._sockets:
                _read_answer(connection)

    def _next_body(self) -> bytes:
        self._asked += 1
        body = {
            "app_id": APP,
            "include_aliases": {"external_id": ["anna"]},
            "target_channel": "push",
            "contents": {"en": f"Your order {self._asked} is on its way"},
            "headings": {"en": "Good news"},
            "data": {"order": self._asked, "shop": "north"},
        }
        return json.dumps(body).encode()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        for connection in self._sockets:
            connection.close()


def measure(options: Options) -> list[Figure]:
    """Measure both servers in turns."""
    mine, bare = RACE.run(SERVERS, Rival, options)
    crowd = f"the same by {CONNECTIONS} connections and a client that costs next to nothing"
    return [
        RACE.compare(
            "speed of a bare aiohttp + msgspec handler, by http.client",
            mine.client,
            bare.client,
            at_least=LEAST,
        ),
        RACE.compare(crowd, mine.crowd, bare.crowd),
    ]


def _render_request(body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    start = f"POST /notifications HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    return start.encode() + body


def _read_answer(connection: socket.socket) -> None:
    held = b""
    while b"\r\n\r\n" not in held:
        held += _receive(connection)
    head, _, rest = held.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), held
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(rest) < length:
        rest += _receive(connection)


def _receive(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    assert part, "the server closed the connection"
    return part
