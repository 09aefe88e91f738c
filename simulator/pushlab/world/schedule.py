"""Future work in order: barriers, items and the lane.

A *barrier* is code that may look at the world: a call, a post, a listener. An *item* is bulk work
on one row: (instant, rank, row, what). Up to the next barrier all items form one window, worked
off in rounds: each round gives every kind, as arrays with distinct rows, the earliest item of each
row, and what handlers put inside the window joins it.

That equals one event at a time because of one law: **a bulk handler reads and writes only its own
row, constants of its message, and sums.** Then only the order within a row matters, and each round
keeps it. Whatever touches state shared by rows is a barrier.

A row somebody listens to is marked and moves to the *lane*: its items pass one by one through the
same handlers, ahead of the bulk (rows are independent, so nobody can tell), and what they tell the
listener becomes a barrier at the end of that instant.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pushlab.errors import MisuseError
from pushlab.world.runs import Run, join_runs, join_small, run_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pushlab.world.clock import Clock, Instant

__all__ = ["POOL_MAX", "RANKS", "Barrier", "Handler", "Schedule"]

RANKS = {"verb": 0, "attempt": 1, "arrival": 2, "receipt": 3, "tap": 4}
"""Order of items of one row at one instant; fixed for ever, since the digest shows it."""

LAST = np.iinfo(np.int64).max

POOL_MAX = 4_000_000
"""Items settled at a time; a longer window is cut, which changes nothing but memory."""
FEW = 24
"""Pools up to this size are ordered by Python, larger ones by numpy."""
TWICE = 2
"""Mark of a row that has two items in a pool."""
SCRATCH_MIN = 64
"""Rows for which there is room at the least once something is looked up by row."""
RUNS_MAX = 24
"""Beyond this many runs of a kind the small ones are folded into one."""


class Handler(Protocol):
    """Bulk work on distinct rows; all arrays have the shape (n,)."""

    def __call__(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        /,
    ) -> None:
        """Work off items: their instants, rows and what they are about."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Barrier:
    """Code to run at an instant, after all items of it; ties by name, then by planning order."""

    instant: Instant
    name: str
    number: int
    action: Callable[[], None]
    habit: bool


@dataclass(slots=True)
class _Kind:
    name: str
    rank: int
    handler: Handler
    independent: bool
    habit: bool


class Schedule:
    """All future work of one world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kinds: list[_Kind] = []
        self._runs: list[list[Run]] = []
        self._barriers: list[Barrier] = []
        self._planned = 0
        self._lane_rows = np.zeros(0, np.bool_)
        self._lane_used = False
        self._lane: list[tuple[int, int, int, int, int]] = []
        self._limit: int | None = None
        self._horizon: int | None = None
        """How far the bulk is being settled now; `_limit` may be a first part of it."""
        self._fresh: list[tuple[int, Run]] = []
        self._earliest = np.zeros(0, np.int64)
        self._place = np.zeros(0, np.int32)
        self._marks = np.zeros(0, np.uint8)
        self._first_due: int = LAST
        """No item of the bulk is due before."""

    # -- planning ------------------------------------------------------------------------------

    def register(
        self,
        name: str,
        rank: int,
        handler: Handler,
        *,
        independent: bool = False,
        habit: bool = False,
    ) -> int:
        """Add a kind of item and return its code.

        *independent* kinds touch sums only, so rows may repeat within one call. Items of a
        *habit* kind do not keep the world from being idle.
        """
        self._kinds.append(_Kind(name, rank, handler, independent, habit))
        self._runs.append([])
        return len(self._kinds) - 1

    def put(
        self,
        kind: int,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        *,
        distinct: bool = False,
    ) -> None:
        """Add items; all arrays have the shape (n,) and belong to the schedule from now on.

        *distinct* promises that no row stands in *rows* twice, which saves looking.

        A handler puts an item at its own instant only with a higher rank (a receipt without
        delay is fine, a second arrival is not).
        """
        if not len(rows):
            return
        one = len(rows) == 1
        low = int(instants[0]) if one else int(instants.min())
        high = low if one else int(instants.max())
        if low < self._clock.now:
            raise MisuseError(f"{self._kinds[kind].name} was put at an instant that is over")
        if self._lane_used and not self._kinds[kind].independent:
            self._mark_capacity(int(rows[0]) if one else int(rows.max()))
            mask = self._lane_rows[rows]
            marked = np.count_nonzero(mask)
            if marked:
                rank, part = self._kinds[kind].rank, slice(None) if one else mask
                for at, row, about in zip(
                    instants[part].tolist(), rows[part].tolist(), what[part].tolist(), strict=True
                ):
                    heapq.heappush(self._lane, (at, rank, row, about, kind))
                if marked == len(rows):
                    return
                rest = ~mask
                instants, rows, what = instants[rest], rows[rest], what[rest]
                low, high = int(instants.min()), int(instants.max())
                one = len(rows) == 1
        run = Run(instants, rows, what, low, high, ordered=one, distinct=distinct or one)
        if self._limit is None or low > self._limit:
            self._keep(kind, run)
        elif high <= self._limit:
            self._fresh.append((kind, run))
        else:
            due, later = run.cut(self._limit)
            self._fresh.append((kind, due))
            self._keep(kind, later)

    def plan(
        self, instant: Instant, name: str, action: Callable[[], None], *, habit: bool = False
    ) -> None:
        """Add a barrier: *action* runs at *instant*, after all items due by then.

        *name* is the natural key of what plans it; barriers of one instant run in its order.
        """
        if instant < self._clock.now:
            raise MisuseError(f"{name} was planned at an instant that is over")
        assert self._horizon is None or instant > self._horizon, (
            f"{name} was planned inside a window; rows that plan barriers belong in the lane"
        )
        self._planned += 1
        heapq.heappush(self._barriers, Barrier(instant, name, self._planned, action, habit))

    def mark_lane(self, rows: NDArray[np.int32]) -> None:
        """Move *rows* to the lane, with what already waits for them."""
        if not len(rows):
            return
        self._lane_used = True
        self._mark_capacity(int(rows[0]) if len(rows) == 1 else int(rows.max()))
        if np.count_nonzero(self._lane_rows[rows]) == len(rows):
            return
        self._lane_rows[rows] = True
        for kind, runs in enumerate(self._runs):
            kept, self._runs[kind] = runs, []
            for run in kept:
                self.put(kind, run.instants, run.rows, run.what, distinct=run.distinct)

    def _mark_capacity(self, row: int) -> None:
        if row >= len(self._lane_rows):
            grown = np.zeros(max(row + 1, 2 * len(self._lane_rows), SCRATCH_MIN), np.bool_)
            grown[: len(self._lane_rows)] = self._lane_rows
            self._lane_rows = grown

    def _keep(self, kind: int, run: Run) -> None:
        runs = self._runs[kind]
        runs.append(run)
        self._first_due = min(self._first_due, run.low)
        if len(runs) > RUNS_MAX:
            runs.sort(key=len)
            small = runs[: RUNS_MAX // 2]
            del runs[: RUNS_MAX // 2]
            runs.append(join_runs(small))

    @property
    def is_in_bulk(self) -> bool:
        """Whether bulk items are being settled, whose handlers plan no barrier."""
        return self._horizon is not None

    # -- looking ahead -------------------------------------------------------------------------

    def next_barrier(self) -> Barrier | None:
        """Return the earliest barrier without taking it, or None."""
        return self._barriers[0] if self._barriers else None

    def next_due(self) -> Instant | None:
        """Return the instant of the earliest work that is no habit, or None when idle."""
        due = [
            run.low
            for kind, runs in zip(self._kinds, self._runs, strict=True)
            if not kind.habit
            for run in runs
        ]
        due.extend(item[0] for item in self._lane if not self._kinds[item[4]].habit)
        due.extend(barrier.instant for barrier in self._barriers if not barrier.habit)
        return min(due, default=None)

    def waiting_rows(self, kind: int) -> NDArray[np.int32]:
        """Return the rows outside the lane for which items of *kind* wait; they may repeat."""
        return np.concatenate([np.zeros(0, np.int32), *(run.rows for run in self._runs[kind])])

    def list_waiting(self, kind: int, row: int) -> list[tuple[Instant, int]]:
        """Return (instant, what) of each item of *kind* that waits for *row*, in order."""
        found = [(item[0], item[3]) for item in self._lane if (item[2], item[4]) == (row, kind)]
        for run in self._runs[kind]:
            mine = run.rows == row
            found += zip(run.instants[mine].tolist(), run.what[mine].tolist(), strict=True)
        return sorted(found)

    def __len__(self) -> int:
        """How many items and barriers wait."""
        return (
            sum(len(run) for runs in self._runs for run in runs)
            + len(self._lane)
            + len(self._barriers)
        )

    # -- working off ---------------------------------------------------------------------------

    def pop_barrier(self, instant: Instant) -> Barrier | None:
        """Take the first barrier due at *instant*, or None."""
        if self._barriers and self._barriers[0].instant <= instant:
            return heapq.heappop(self._barriers)
        return None

    def run_lane(self, limit: Instant) -> Instant:
        """Work off the lane up to *limit* and return the instant reached.

        It stops short at the end of the instant at which a listener's barrier was planned.
        """
        while self._lane and self._lane[0][0] <= limit:
            at, _, row, what, kind = heapq.heappop(self._lane)
            self._kinds[kind].handler(
                np.array([at], np.int64), np.array([row], np.int32), np.array([what], np.int64)
            )
            barrier = self.next_barrier()
            if barrier is not None and barrier.instant < limit:
                limit = barrier.instant
        return limit

    def settle(self, limit: Instant) -> None:
        """Work off every item due at or before *limit*, in rounds."""
        assert self._limit is None, "a handler settles nothing"
        if self._first_due > limit:
            return  # This is asked at each request.
        floor = self._clock.now
        self._horizon = limit
        try:
            while floor < limit or self._limit is None:
                floor = self._limit = self._bounded(floor, limit)
                self._take(floor)
                while self._fresh:
                    self._round()
        finally:
            self._limit = self._horizon = None
            self._first_due = min([run.low for runs in self._runs for run in runs], default=LAST)

    def _bounded(self, floor: Instant, limit: Instant) -> Instant:
        """Return an instant up to which at most POOL_MAX items are due, and at least one ms."""
        if sum([len(run.rows) for runs in self._runs for run in runs]) <= POOL_MAX:
            return limit
        while limit > floor + 1:
            count = sum(run.due_count(limit) for runs in self._runs for run in runs)
            if count <= POOL_MAX:
                break
            limit = floor + (limit - floor) // 2
        return limit

    def _take(self, limit: Instant) -> None:
        for kind, runs in enumerate(self._runs):
            later: list[Run] = []
            for run in runs:
                if run.high <= limit:
                    self._fresh.append((kind, run))
                elif run.low > limit:
                    later.append(run)
                else:
                    due, rest = run.cut(limit)
                    self._fresh.append((kind, due))
                    later.append(rest)
            self._runs[kind] = later

    def _round(self) -> None:
        """Give every kind the earliest item of each row; the others stay in the pool."""
        pool, self._fresh = self._fresh, []
        bound: list[tuple[int, Run]] = []
        for kind, run in pool:
            if self._kinds[kind].independent:
                self._kinds[kind].handler(run.instants, run.rows, run.what)
            else:
                bound.append((kind, run))
        if not bound:
            return
        if len(bound) == 1 and bound[0][1].find_distinct():
            kind, run = bound[0]
            self._kinds[kind].handler(run.instants, run.rows, run.what)
            return
        size = sum(len(run) for _, run in bound)
        chosen = self._choose_few(bound) if size <= FEW else self._choose_many(bound)
        chosen.sort(key=lambda pair: (self._kinds[pair[0]].rank, pair[0]))
        for kind, run in chosen:
            self._kinds[kind].handler(run.instants, run.rows, run.what)

    def _choose_few(self, bound: list[tuple[int, Run]]) -> list[tuple[int, Run]]:
        rows = [row for _, run in bound for row in run.rows.tolist()]
        if len(set(rows)) == len(rows):
            return join_small(bound)
        best: dict[int, tuple[int, int, int, int]] = {}
        rest: list[tuple[int, int, int, int, int]] = []
        for kind, run in bound:
            rank = self._kinds[kind].rank
            for at, row, about in zip(
                run.instants.tolist(), run.rows.tolist(), run.what.tolist(), strict=True
            ):
                item = (at, rank, about, kind)
                held = best.get(row)
                if held is None:
                    best[row] = item
                elif item < held:
                    best[row] = item
                    rest.append((*held, row))
                else:
                    rest.append((*item, row))
        chosen: dict[int, list[tuple[int, int, int]]] = {}
        for row, (at, _, about, kind) in best.items():
            chosen.setdefault(kind, []).append((at, row, about))
        left: dict[int, list[tuple[int, int, int]]] = {}
        for at, _, about, kind, row in rest:
            left.setdefault(kind, []).append((at, row, about))
        self._fresh.extend((kind, run_of(items)) for kind, items in left.items())
        return [(kind, run_of(items)) for kind, items in chosen.items()]

    def _choose_many(self, bound: list[tuple[int, Run]]) -> list[tuple[int, Run]]:
        if not all(run.find_distinct() for _, run in bound):
            return self._choose_earliest(bound)
        marks = self._mark_clashes([run for _, run in bound])
        if marks is None:
            return join_small(bound)
        # Most rows have one item only; those are free, and the rest is small.
        free: list[tuple[int, Run]] = []
        clashing: list[tuple[int, Run]] = []
        for kind, run in bound:
            mask = marks[run.rows] == TWICE
            for part, places in ((clashing, mask), (free, ~mask)):
                if places.any():
                    part.append((kind, run.pick(np.flatnonzero(places))))
        for _, run in bound:
            marks[run.rows] = 0
        return [*join_small(free), *self._choose_earliest(clashing)]

    def _mark_clashes(self, runs: list[Run]) -> NDArray[np.uint8] | None:
        """Mark, by row, what stands in two of *runs*, each of them distinct; None when nothing.

        What is returned is scratch: whoever gets it clears it again.
        """
        if len(runs) == 1:
            return None
        runs = sorted(runs, key=len)
        self._reserve(max(int(run.rows.max()) for run in runs) + 1)
        marks, any_twice = self._marks, False
        for run in runs:
            again = run.rows[marks[run.rows] != 0]
            if run is not runs[-1]:
                marks[run.rows] = 1
            if len(again):
                marks[again] = TWICE
                any_twice = True
        if any_twice:
            return marks
        for run in runs[:-1]:
            marks[run.rows] = 0
        return None

    def _choose_earliest(self, bound: list[tuple[int, Run]]) -> list[tuple[int, Run]]:
        kinds = sorted({kind for kind, _ in bound})
        merged = [(kind, join_runs([run for k, run in bound if k == kind])) for kind in kinds]
        rows = (
            merged[0][1].rows
            if len(merged) == 1
            else np.concatenate([run.rows for _, run in merged])
        )
        self._reserve(int(rows.max()) + 1)
        if self._are_distinct(rows):
            return merged
        low = min(run.low for _, run in merged)
        instants, earliest = np.empty(len(rows), np.int64), self._earliest
        start = 0
        for kind, run in merged:
            part = instants[start : start + len(run)]
            np.subtract(run.instants, low, out=part)
            part <<= 4
            part |= self._kinds[kind].rank
            start += len(run)
        np.minimum.at(earliest, rows, instants)
        first = instants == earliest[rows]
        earliest[rows] = LAST
        near = np.flatnonzero(first)
        if self._are_distinct(rows[near]):
            return self._split(merged, first)
        what = np.concatenate([run.what for _, run in merged])
        return self._split(merged, self._one_a_row(rows, what, near))

    def _reserve(self, count: int) -> None:
        if count > len(self._earliest):
            capacity = max(count, 2 * len(self._earliest), SCRATCH_MIN)
            self._earliest = np.full(capacity, LAST, np.int64)
            self._place = np.zeros(capacity, np.int32)
            self._marks = np.zeros(capacity, np.uint8)

    def _are_distinct(self, rows: NDArray[np.int32]) -> bool:
        places = np.arange(len(rows), dtype=np.int32)
        self._place[rows] = places
        return bool((self._place[rows] == places).all())

    def _one_a_row(
        self, rows: NDArray[np.int32], what: NDArray[np.int64], near: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Among equal (instant, rank) of a row keep the lowest *what*, then the lowest kind."""
        earliest, near_rows = self._earliest, rows[near]
        np.minimum.at(earliest, near_rows, what[near])
        lowest = what[near] == earliest[near_rows]
        earliest[near_rows] = LAST
        near, near_rows = near[lowest], near_rows[lowest]
        places = np.arange(len(near), dtype=np.int32)
        self._place[near_rows[::-1]] = places[::-1]
        kept = np.zeros(len(rows), np.bool_)
        kept[near[self._place[near_rows] == places]] = True
        return kept

    def _split(
        self, merged: list[tuple[int, Run]], first: NDArray[np.bool_]
    ) -> list[tuple[int, Run]]:
        chosen: list[tuple[int, Run]] = []
        start = 0
        for kind, run in merged:
            mask = first[start : start + len(run)]
            start += len(run)
            picked = np.flatnonzero(mask)
            if len(picked) == len(run):
                chosen.append((kind, run))
                continue
            if len(picked):
                chosen.append((kind, run.pick(picked)))
            self._fresh.append((kind, run.pick(np.flatnonzero(~mask))))
        return chosen
