"""What a test that sends twenty messages to one device costs, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.lab import Lab
from pushlab_benchmarks.measure import Figure, interleave
from pushlab_benchmarks.story import APP, read_counts, send
from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

NAME = "one device"
SENDS = 20
LIMIT_MS = 10.0
TURNS = 45
HOST = "https://api.onesignal.com"
HEADERS = {"Authorization": "Key key"}


def measure(options: Options) -> list[Figure]:
    """Measure the sends alone, then the same sends as requests with their statistics read."""
    turns = options.turns(TURNS)
    times = interleave(
        {"sends": _prepare_sends, "requests": _prepare_requests},
        {"sends": turns, "requests": turns},
        lambda line: options.tell(f"{NAME}, {line}"),
    )
    sends_ms, requests_ms = times["sends"].cpu_s * 1000, times["requests"].cpu_s * 1000
    return [
        Figure(
            NAME,
            f"{SENDS} sends in process, with arrival, receipt and statistics",
            sends_ms,
            "ms",
            f"<= {LIMIT_MS:.0f} ms",
            sends_ms <= LIMIT_MS,
            f"n = {turns}",
        ),
        Figure(
            NAME,
            f"the same as {SENDS} POST and {SENDS} GET, in process",
            requests_ms,
            "ms",
            how=f"admission, parsing, audience and trace of the requests included, n = {turns}",
        ),
    ]


def _make_lab() -> Lab:
    lab = Lab(1, app=f"{APP}:key", plan="pro")
    lab.device("android", external_id="anna", tap_chance=0.5)
    return lab


def _prepare_sends() -> Callable[[], object]:
    lab = _make_lab()
    rows = np.zeros(1, np.int32)

    def run() -> object:
        received = 0
        for number in range(SENDS):
            notification = send(lab, rows, f"Order {number}")
            lab.advance(minutes=1)
            received += read_counts(lab, notification)["received"]
        lab.close()
        assert received == SENDS, f"{received} of {SENDS} receipts came"
        return received

    return run


def _prepare_requests() -> Callable[[], object]:
    lab = _make_lab()

    def run() -> object:
        received = 0
        for number in range(SENDS):
            body = {
                "app_id": APP,
                "include_aliases": {"external_id": ["anna"]},
                "target_channel": "push",
                "contents": {"en": f"Order {number}"},
            }
            url = f"{HOST}/notifications"
            made = lab.handle(Request.build("POST", url, json=body, headers=HEADERS)).json()
            assert isinstance(made, dict), made
            lab.advance(minutes=1)
            url = f"{HOST}/notifications/{made['id']}?app_id={APP}"
            view = lab.handle(Request.build("GET", url, headers=HEADERS)).json()
            assert isinstance(view, dict), view
            received += view["received"]
        lab.close()
        assert received == SENDS, f"{received} of {SENDS} receipts came"
        return received

    return run
