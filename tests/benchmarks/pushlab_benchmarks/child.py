"""A server in a process of its own, and what its clients saw of it turn by turn."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

__all__ = ["Child", "Turns", "compare"]


class Turns:
    """What one client saw of one server, turn by turn; the first warmed the caches."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        """Requests a second."""
        self.costs: list[float] = []
        """Processor time of the server for one request, in seconds."""

    @property
    def rate(self) -> float:
        """Median without the first turn."""
        return median(self.rates[1:])

    @property
    def cost_us(self) -> float:
        """Median, likewise."""
        return median(self.costs[1:]) * 1e6


class Child:
    """One of the `rivals`, from its start to the end of the with statement."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.rivals", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        self.port, self.addresses = self._read_greeting()

    def _read_greeting(self) -> tuple[int, list[str]]:
        told = json.loads(self._read_line())
        return int(told["port"]), [str(address) for address in told["addresses"]]

    def time(self, turns: Turns, count: int, ask: Callable[[], None]) -> None:
        """Let a client ask *count* times, and note in *turns* what that took."""
        cpu, wall = self._read_cpu(), time.perf_counter()
        ask()
        turns.rates.append(count / (time.perf_counter() - wall))
        turns.costs.append((self._read_cpu() - cpu) / count)

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the server {self.name!r} has ended"
        return line

    def _read_cpu(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read_line())

    def __enter__(self) -> Self:
        """Use the server in a with statement; it ends with it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        """End the server."""
        self._process.communicate(timeout=30)


def compare(mine: Turns, rival: Turns) -> tuple[float, str]:
    """Return how many times as fast *mine* is, and how far the turns lie apart.

    Neighbours in time are compared: the machine's speed drifts by more than the difference.
    """
    ratios = _divide(mine.rates[1:], rival.rates[1:])
    low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return median(ratios), f"half of the turns from {low:.2f} to {high:.2f}"


def _divide(mine: Sequence[float], rivals: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(mine, rivals, strict=True)]
