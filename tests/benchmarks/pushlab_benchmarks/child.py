"""Servers in processes of their own that are asked in turns, and what their clients saw of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, TypeVar

from pushlab_benchmarks.measure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from pushlab_benchmarks.measure import Options

__all__ = ["Child", "Race", "Turns"]


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


class Asker(Protocol):
    """Who asks one server, in one way or several."""

    def run(self) -> None:
        """Let each way have a turn."""

    def close(self) -> None:
        """Close the connections."""


A = TypeVar("A", bound=Asker)


class Race(NamedTuple):
    """Servers that do the same, asked in turns."""

    name: str
    turns: int
    """Those that count; one more warms the caches."""
    unit: str
    """What is asked for: one of it."""
    units: str
    """Several."""

    def run(self, servers: Sequence[str], ask: Callable[[Child], A], options: Options) -> list[A]:
        """Start the *servers*, let each be asked in turns, and return who asked them."""
        turns = options.turns(self.turns)
        with ExitStack() as stack:
            children = [stack.enter_context(Child(name)) for name in servers]
            askers = [stack.enter_context(closing(ask(child))) for child in children]
            for turn in range(turns + 1):
                for child, asker in zip(children, askers, strict=True):
                    options.tell(f"{self.name}, {child.name}: {turn} of {turns}")
                    asker.run()
        return askers

    def compare(
        self, what: str, mine: Turns, rival: Turns, *, at_least: float | None = None
    ) -> Figure:
        """Return how many times as fast *mine* is, with its budget if there is one.

        Neighbours in time are compared: the machine's speed drifts by more than the difference.
        """
        ratios = [one / other for one, other in zip(mine.rates, rival.rates, strict=True)][1:]
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
        return Figure(
            self.name,
            what,
            median(ratios),
            "x",
            "" if at_least is None else f">= {at_least:g} x",
            None if at_least is None else median(ratios) >= at_least,
            f"real time; {mine.rate:,.0f} and {rival.rate:,.0f} {self.units}/s, "
            f"n = {len(ratios)} turns, half of them from {low:.2f} to {high:.2f}; processor time "
            f"of the servers {mine.cost_us:.0f} and {rival.cost_us:.0f} us a {self.unit}",
        )
