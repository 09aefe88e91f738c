"""Items of one kind that wait together: columns of instants, rows and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Run", "join_runs", "join_small", "run_of"]

SMALL = 65_536
"""Runs below this size are joined for their handler: a copy costs less than a call."""
CUTS_UNSORTED = 4
"""A run is sorted when it is cut this often; before that a mask is cheaper."""


@dataclass(slots=True)
class Run:
    """Items of one kind that were put together; sorted only when several cuts split it.

    The order of equal instants is of no account: rows do not see each other.
    """

    instants: NDArray[np.int64]
    rows: NDArray[np.int32]
    what: NDArray[np.int64]
    low: int
    high: int
    ordered: bool = False
    distinct: bool = False
    """Whether no row stands in it twice."""
    cuts: int = 0

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.instants)

    def find_distinct(self) -> bool:
        """Whether no row is known to stand in it twice: promised, or seen since the rows rise."""
        if not self.distinct:
            self.distinct = bool((self.rows[1:] > self.rows[:-1]).all())
        return self.distinct

    def order(self) -> None:
        """Sort by instant, once."""
        if not self.ordered:
            places = np.argsort(self.instants)
            self.instants = self.instants[places]
            self.rows = self.rows[places]
            self.what = self.what[places]
            self.ordered = True

    def cut(self, limit: int) -> tuple[Run, Run]:
        """Split into what is due at *limit* and what is later; neither is empty."""
        self.cuts += 1
        if not self.ordered and self.cuts < CUTS_UNSORTED:
            due = self.instants <= limit
            return self.pick(np.flatnonzero(due)), self.pick(np.flatnonzero(~due))
        self.order()
        place = int(np.searchsorted(self.instants, limit, side="right"))
        return self._part(slice(None, place)), self._part(slice(place, None))

    def _part(self, part: slice) -> Run:
        instants = self.instants[part]
        return Run(
            instants,
            self.rows[part],
            self.what[part],
            int(instants[0]),
            int(instants[-1]),
            ordered=True,
            distinct=self.distinct,
        )

    def pick(self, places: NDArray[np.intp]) -> Run:
        """Return the items at *places*, at least one."""
        instants = self.instants[places]
        return Run(
            instants,
            self.rows[places],
            self.what[places],
            int(instants.min()),
            int(instants.max()),
            ordered=self.ordered or len(places) == 1,
            distinct=self.distinct,
            cuts=self.cuts,
        )

    def due_count(self, limit: int) -> int:
        """Return how many items are due at *limit*."""
        if self.high <= limit:
            return len(self)
        if self.low > limit:
            return 0
        if self.ordered:
            return int(np.searchsorted(self.instants, limit, side="right"))
        return int(np.count_nonzero(self.instants <= limit))


def run_of(items: list[tuple[int, int, int]]) -> Run:
    """Return (instant, row, what) triples, at least one, as a run."""
    instants = np.array([item[0] for item in items], np.int64)
    return Run(
        instants,
        np.array([item[1] for item in items], np.int32),
        np.array([item[2] for item in items], np.int64),
        int(instants.min()),
        int(instants.max()),
        ordered=len(items) == 1,
    )


def join_runs(runs: list[Run]) -> Run:
    """Return one run with the items of all."""
    if len(runs) == 1:
        return runs[0]
    return Run(
        np.concatenate([run.instants for run in runs]),
        np.concatenate([run.rows for run in runs]),
        np.concatenate([run.what for run in runs]),
        min(run.low for run in runs),
        max(run.high for run in runs),
    )


def join_small(bound: list[tuple[int, Run]]) -> list[tuple[int, Run]]:
    """Join the runs of each kind that are small; no row stands in two of *bound*."""
    joined: list[tuple[int, Run]] = []
    for kind in sorted({kind for kind, _ in bound}):
        runs = [run for each, run in bound if each == kind]
        small = [run for run in runs if len(run) < SMALL]
        joined += [(kind, run) for run in runs if len(run) >= SMALL]
        if small:
            joined.append((kind, join_runs(small)))
    return joined
