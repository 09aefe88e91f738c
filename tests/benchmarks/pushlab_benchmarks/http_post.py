"""POST /notifications over HTTP, against a bare aiohttp handler that types its body by msgspec.

Both servers run in processes of their own; one client asks them in turns, over the same number of
connections that stay open, with the same bytes. It does as little as a client can, so that the
servers are what is measured.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Self

from pushlab_benchmarks.measure import Figure
from pushlab_benchmarks.rivals import APP, RIVALS

if TYPE_CHECKING:
    from types import TracebackType

    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

NAME = "POST /notifications over HTTP"
CONNECTIONS = 8
ROUNDS = 50
"""A turn is so many requests on each connection."""
TURNS = 21
LEAST = 0.6


class Rival:
    """A server in its own process, and a client's connections to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.rivals", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        port = int(self._read_line())
        self._sockets = [
            socket.create_connection(("127.0.0.1", port), 30) for _ in range(CONNECTIONS)
        ]
        for connection in self._sockets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = 0
        self.rates: list[float] = []
        """Requests a second, by turn."""
        self.costs: list[float] = []
        """Processor time of the server for one request, by turn, in seconds."""

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _read_cpu(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read_line())

    def run(self, rounds: int) -> None:
        """Ask on all connections at once, *rounds* times."""
        cpu, wall = self._read_cpu(), time.perf_counter()
        for _ in range(rounds):
            for connection in self._sockets:
                self._requests += 1
                connection.sendall(_render_request(self._requests))
            for connection in self._sockets:
                _read_answer(connection)
        asked = rounds * CONNECTIONS
        self.rates.append(asked / (time.perf_counter() - wall))
        self.costs.append((self._read_cpu() - cpu) / asked)

    def __enter__(self) -> Self:
        """Use the server in a with statement; it ends with it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        """Close the connections and end the server."""
        for connection in self._sockets:
            connection.close()
        self._process.communicate(timeout=30)


def measure(options: Options) -> list[Figure]:
    """Measure both servers in turns."""
    with ExitStack() as stack:
        rivals = {name: stack.enter_context(Rival(name)) for name in RIVALS}
        turns = options.turns(TURNS)
        # The first turn warms caches and is forgotten.
        for turn in range(turns + 1):
            for rival in rivals.values():
                options.tell(f"{NAME}, {rival.name}: {turn} of {turns}")
                rival.run(ROUNDS)
    rates = {name: median(rival.rates[1:]) for name, rival in rivals.items()}
    costs_us = {name: median(rival.costs[1:]) * 1e6 for name, rival in rivals.items()}
    ratio = rates["pushlab"] / rates["bare"]
    cost_ratio = costs_us["bare"] / costs_us["pushlab"]
    return [
        Figure(
            NAME,
            "requests a second, against a bare aiohttp + msgspec handler",
            ratio,
            "x",
            f">= {LEAST} x",
            ratio >= LEAST,
            f"real time; {rates['pushlab']:,.0f} and {rates['bare']:,.0f} requests/s over "
            f"{CONNECTIONS} connections, n = {turns} turns of {ROUNDS * CONNECTIONS}",
        ),
        Figure(
            NAME,
            "the same by the servers' processor time",
            cost_ratio,
            "x",
            how=f"{costs_us['pushlab']:.0f} and {costs_us['bare']:.0f} us a request",
        ),
    ]


def _render_request(number: int) -> bytes:
    body = json.dumps(
        {
            "app_id": APP,
            "include_aliases": {"external_id": ["anna"]},
            "target_channel": "push",
            "contents": {"en": f"Your order {number} is on its way"},
            "headings": {"en": "Good news"},
            "data": {"order": number, "shop": "north"},
        }
    ).encode()
    head = (
        "POST /notifications HTTP/1.1\r\n"
        "Host: api.onesignal.com\r\n"
        "Authorization: Key key\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


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
