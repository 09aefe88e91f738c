"""Rivals that run in turns, and the figures that come of them."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Figure", "Options", "Sample", "Times", "interleave", "render_seconds", "time_once"]


@dataclass(frozen=True)
class Options:
    """How thorough a run is."""

    tell: Callable[[str], None]
    quick: bool = False
    """Small sizes and few turns: to see that the benchmarks run."""
    full: bool = False
    """Also what takes many minutes."""

    def turns(self, count: int) -> int:
        """Return how often each rival runs where a thorough run takes *count*."""
        return max(count // 3, 1) if self.quick else count


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    benchmark: str
    what: str
    value: float | None
    """None when it was not run."""
    unit: str
    budget: str = ""
    is_met: bool | None = None
    """None without a budget."""
    how: str = ""
    """Counts and absolute figures behind the value."""

    @property
    def shown(self) -> str:
        """The value as the tables show it."""
        if self.value is None:
            return "not run"
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()


@dataclass(frozen=True)
class Sample:
    """What one turn took."""

    wall_s: float
    cpu_s: float
    """Processor time of this process: other work on the machine hardly shows in it."""
    result: object = None


class Times:
    """The turns of one rival."""

    def __init__(self, samples: list[Sample]) -> None:
        self.samples = samples

    @property
    def cpu_s(self) -> float:
        """Median processor time of a turn."""
        return median(sample.cpu_s for sample in self.samples)

    @property
    def wall_s(self) -> float:
        """Median real time of a turn."""
        return median(sample.wall_s for sample in self.samples)

    @property
    def result(self) -> object:
        """What the last turn returned."""
        return self.samples[-1].result

    def describe(self) -> str:
        """Say the median and how many turns there were."""
        return f"{render_seconds(self.cpu_s)}, n = {len(self.samples)}"


def time_once(action: Callable[[], object]) -> Sample:
    """Run *action* once, with the garbage of what came before swept up."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return Sample(time.perf_counter() - wall, time.process_time() - cpu, result)


def interleave(
    rivals: Mapping[str, Callable[[], Callable[[], object]]],
    turns: Mapping[str, int],
    tell: Callable[[str], None],
) -> dict[str, Times]:
    """Let the rivals run in turns, each as often as *turns* says, and return what they took.

    A rival is called to prepare a turn, which is not timed, and returns what is.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in rivals}
    for turn in range(max(turns.values())):
        for name, prepare in rivals.items():
            if turn < turns[name]:
                tell(f"{name}: {turn + 1} of {turns[name]}")
                samples[name].append(time_once(prepare()))
    return {name: Times(held) for name, held in samples.items() if held}


def render_seconds(seconds: float) -> str:
    """Render a time with the unit that suits it."""
    if seconds < 0.000_1:
        return f"{seconds * 1e6:.1f} us"
    if seconds < 0.01:
        return f"{seconds * 1e3:.2f} ms"
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.1f} s"
