"""Goal: windows, rounds and the lane do exactly what one heap does, one event at a time.

Method: a made-up program whose handlers change their own row in a way that remembers the order,
put more items inside and outside the window, and raise sums; barriers and listeners look at all
rows and act. It runs on `Schedule` with its advances split at random points, and on one heap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import MisuseError
from pushlab.world import runs as runs_module
from pushlab.world import schedule as schedule_module
from pushlab.world.clock import Clock
from pushlab.world.randomness import mix
from pushlab.world.schedule import Schedule
from pushlab.world.world import World
from pushlab_testing.heap import OneHeap

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 6
KINDS = (("verb", 0), ("attempt", 1), ("arrival", 2), ("other arrival", 2), ("tap", 4))
TALLY_RANK = 2
CHILDREN_DEEP = 3
END = 80


# --- the program -----------------------------------------------------------------------------


class Program:
    """Handlers and listeners whose every step depends on what their row went through."""

    def __init__(self, schedule: Schedule | OneHeap, clock: Clock) -> None:
        self.schedule = schedule
        self.clock = clock
        self.values = np.zeros(ROWS, np.int64)
        self.logs: list[list[tuple[int, int, int]]] = [[] for _ in range(ROWS)]
        self.sum = 0
        self.seen: list[tuple[object, ...]] = []
        self.listened: set[int] = set()
        for code, (name, rank) in enumerate(KINDS):
            schedule.register(name, rank, partial(self._handle, code))
        schedule.register("tally", TALLY_RANK, self._tally, independent=True)

    def _handle(
        self,
        kind: int,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        assert len(np.unique(rows)) == len(rows), "a round hands over distinct rows"
        children: dict[int, list[tuple[int, int, int]]] = {}
        for at, row, about in zip(instants.tolist(), rows.tolist(), what.tolist(), strict=True):
            luck = mix(int(self.values[row]) * 31 + kind + (about << 8) + (at << 20))
            self.values[row] = luck >> 33
            self.logs[row].append((at, kind, about))
            if about < CHILDREN_DEEP:
                child, delay = luck % (len(KINDS) + 1), (luck >> 8) % 5 * ((luck >> 16) % 7)
                rank = KINDS[child][1] if child < len(KINDS) else TALLY_RANK
                later = max(delay, 0 if rank > KINDS[kind][1] else 1)
                children.setdefault(child, []).append((at + later, row, about + 1))
            if row in self.listened:
                name = f"row {row} {kind} {about}"
                self.schedule.plan(at, name, partial(self.look, luck % 1000, row))
        self._put(children)

    def _tally(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        for at, row, about in zip(instants.tolist(), rows.tolist(), what.tolist(), strict=True):
            self.sum += mix(at * 64 + row * 8 + about)
        few = what < CHILDREN_DEEP
        self.schedule.put(len(KINDS), instants[few] + 3, rows[few], what[few] + 1)

    def _put(self, items: dict[int, list[tuple[int, int, int]]]) -> None:
        for kind, listed in items.items():
            at, rows, what = zip(*listed, strict=True)
            self.schedule.put(
                kind, np.array(at, np.int64), np.array(rows, np.int32), np.array(what, np.int64)
            )

    def look(self, luck: int, row: int) -> None:
        """Look at the whole world, then act on another row, perhaps at this very instant."""
        now = self.clock.now
        self.seen.append((now, self.values.tolist(), self.sum, [len(log) for log in self.logs]))
        other = (row + 1 + luck) % ROWS
        if luck % 4 == 1:
            self._put({luck % len(KINDS): [(now + luck % 4, other, CHILDREN_DEEP - 1)]})
        if luck % 4 == 0:
            self.schedule.plan(now + luck % 2, f"again {luck}", partial(self.look, luck + 1, other))

    def do(self, step: Step) -> None:
        """Do what one step of a history says, at the program's now."""
        now = self.clock.now
        for kind, delay, row, about in step.items:
            self._put({kind: [(now + delay, row, about)]})
        if step.batch:
            self._put({step.kind: [(now + delay, row, 0) for delay, row in step.batch]})
        for delay, luck in step.barriers:
            self.schedule.plan(now + delay, f"barrier {luck}", partial(self.look, luck, 0))
        self.listened.update(step.listened)
        self.schedule.mark_lane(np.array(sorted(step.listened), np.int32))


@dataclass(frozen=True)
class Step:
    """What comes from outside at one instant, and how far time goes on from there."""

    items: list[tuple[int, int, int, int]]
    kind: int
    batch: list[tuple[int, int]]
    barriers: list[tuple[int, int]]
    listened: set[int]
    parts: list[int]


DELAYS = st.integers(0, 20)
STEPS = st.builds(
    Step,
    items=st.lists(
        st.tuples(st.integers(0, len(KINDS)), DELAYS, st.integers(0, ROWS - 1), st.integers(0, 3)),
        max_size=8,
    ),
    kind=st.integers(0, len(KINDS)),
    batch=st.lists(st.tuples(DELAYS, st.integers(0, ROWS - 1)), max_size=12),
    barriers=st.lists(st.tuples(DELAYS, st.integers(0, 20)), max_size=2),
    listened=st.sets(st.integers(0, ROWS - 1), max_size=1),
    parts=st.lists(st.integers(0, 15), min_size=1, max_size=3),
)
HISTORIES = st.lists(STEPS, min_size=1, max_size=4)


def run_in_rounds(history: list[Step]) -> tuple[Program, list[int | None]]:
    world = World(start=0)
    program = Program(world.schedule, world.clock)
    due: list[int | None] = []
    for step in history:
        world.act(partial(program.do, step))
        for part in step.parts:
            world.run_until(world.now + part)
            due.append(world.next_due())
    world.run_until(world.now + END)
    return program, due


def run_on_one_heap(history: list[Step]) -> tuple[Program, list[int | None]]:
    clock = Clock(0)
    heap = OneHeap(clock)
    program = Program(heap, clock)
    due: list[int | None] = []
    for step in history:
        program.do(step)
        for part in step.parts:
            heap.run_until(clock.now + part)
            due.append(heap.next_due())
    heap.run_until(clock.now + END)
    return program, due


def check_equal(history: list[Step]) -> None:
    engine, engine_due = run_in_rounds(history)
    naive, naive_due = run_on_one_heap(history)

    assert engine.logs == naive.logs
    assert engine.seen == naive.seen
    assert engine.values.tolist() == naive.values.tolist()
    assert engine.sum == naive.sum
    assert engine_due == naive_due


@given(HISTORIES)
def test_every_history_goes_as_on_one_heap(history: list[Step]) -> None:
    check_equal(history)


@pytest.mark.parametrize("small", [1, 65_536])
@given(HISTORIES)
def test_every_history_goes_as_on_one_heap_when_numpy_chooses_the_rounds(
    small: int, history: list[Step]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule_module, "FEW", 0)
        patch.setattr(runs_module, "SMALL", small)
        patch.setattr(schedule_module, "RUNS_MAX", 2)
        patch.setattr(schedule_module, "POOL_MAX", 5)
        check_equal(history)


@given(HISTORIES, st.lists(st.integers(0, 60), max_size=5))
def test_splitting_an_advance_changes_nothing(history: list[Step], stops: list[int]) -> None:
    whole, _ = run_in_rounds([*history, Step([], 0, [], [], set(), [60])])
    cuts = sorted({0, 60, *stops})
    parts = [after - before for before, after in pairwise(cuts)]
    split, _ = run_in_rounds([*history, Step([], 0, [], [], set(), parts)])

    assert split.logs == whole.logs
    assert split.seen == whole.seen
    assert split.sum == whole.sum


# --- one by one ------------------------------------------------------------------------------


def a_schedule(now: int = 0) -> Schedule:
    return Schedule(Clock(now))


def put(schedule: Schedule, kind: int, *items: tuple[int, int, int]) -> None:
    at, rows, what = zip(*items, strict=True)
    schedule.put(kind, np.array(at, np.int64), np.array(rows, np.int32), np.array(what, np.int64))


def test_nothing_is_put_at_an_instant_that_is_over() -> None:
    schedule = a_schedule(10)
    kind = schedule.register("arrival", 2, lambda *_: None)

    with pytest.raises(MisuseError, match="arrival was put at an instant that is over"):
        put(schedule, kind, (9, 0, 0))


def test_nothing_is_planned_at_an_instant_that_is_over() -> None:
    with pytest.raises(MisuseError, match="x was planned at an instant that is over"):
        a_schedule(10).plan(9, "x", lambda: None)


def test_no_items_are_no_work() -> None:
    schedule = a_schedule()
    kind = schedule.register("arrival", 2, lambda *_: None)

    schedule.put(kind, np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))

    assert len(schedule) == 0
    assert schedule.next_due() is None


def test_a_schedule_counts_items_barriers_and_the_lane() -> None:
    schedule = a_schedule()
    kind = schedule.register("arrival", 2, lambda *_: None)
    put(schedule, kind, (5, 0, 0), (6, 1, 0))
    schedule.plan(7, "x", lambda: None)
    schedule.mark_lane(np.array([1], np.int32))

    assert len(schedule) == 3
    assert schedule.next_due() == 5


def test_a_schedule_lists_what_waits_for_a_row() -> None:
    schedule = a_schedule()
    kind, other = (schedule.register(name, 2, lambda *_: None) for name in ("arrival", "tap"))
    put(schedule, kind, (6, 1, 3), (5, 1, 4), (5, 2, 5))
    put(schedule, other, (5, 1, 6))
    outside = schedule.list_waiting(kind, 1)

    schedule.mark_lane(np.array([1], np.int32))

    assert outside == schedule.list_waiting(kind, 1) == [(5, 4), (6, 3)]


def test_habits_do_not_keep_a_schedule_from_being_idle() -> None:
    schedule = a_schedule()
    kind = schedule.register("session", 0, lambda *_: None, habit=True)
    put(schedule, kind, (5, 0, 0), (6, 1, 0))
    schedule.plan(7, "x", lambda: None, habit=True)
    schedule.mark_lane(np.array([1], np.int32))

    assert schedule.next_due() is None


def test_items_of_one_row_and_instant_go_by_rank_then_by_what() -> None:
    schedule = a_schedule()
    done: list[tuple[str, int]] = []

    def handle(name, _instants, _rows, what) -> None:
        done.append((name, int(what[0])))

    kinds = [
        schedule.register(name, rank, partial(handle, name))
        for name, rank in (("late", 4), ("early", 1))
    ]
    put(schedule, kinds[0], (5, 0, 1))
    put(schedule, kinds[1], (5, 0, 9), (5, 0, 3))

    schedule.settle(5)

    assert done == [("early", 3), ("early", 9), ("late", 1)]


def test_independent_kinds_get_all_their_items_at_once() -> None:
    schedule = a_schedule()
    sizes: list[int] = []
    kind = schedule.register(
        "stray", 1, lambda _at, rows, _what: sizes.append(len(rows)), independent=True
    )
    put(schedule, kind, (1, 0, 0), (2, 0, 0), (3, 0, 0))

    schedule.settle(9)

    assert sizes == [3]


def test_an_independent_item_stays_in_the_bulk_though_its_row_is_in_the_lane() -> None:
    """It names no device, so the row it carries may be anybody's."""
    schedule = a_schedule()
    done: list[int] = []
    stray = schedule.register("stray", 1, lambda at, *_: done.extend(at.tolist()), independent=True)
    attempt = schedule.register("attempt", 0, lambda *_: put(schedule, stray, (6, 0, 0)))
    schedule.mark_lane(np.array([0], np.int32))
    put(schedule, attempt, (5, 1, 0))

    schedule.run_lane(9)
    schedule.settle(9)

    assert done == [6]


def test_a_bulk_handler_that_plans_a_barrier_inside_its_window_is_our_mistake() -> None:
    schedule = a_schedule()
    kind = schedule.register("bad", 1, lambda *_: schedule.plan(6, "too late", lambda: None))
    put(schedule, kind, (5, 0, 0))

    with pytest.raises(AssertionError, match="lane"):
        schedule.settle(9)


def test_a_handler_can_ask_whether_it_works_in_bulk() -> None:
    schedule = a_schedule()
    seen: list[tuple[list[int], bool]] = []
    kind = schedule.register(
        "arrival", 2, lambda _at, rows, _what: seen.append((rows.tolist(), schedule.is_in_bulk))
    )
    put(schedule, kind, (5, 0, 0), (5, 1, 0), (5, 2, 0))
    schedule.mark_lane(np.array([1], np.int32))

    schedule.settle(schedule.run_lane(9))

    assert seen == [([1], False), ([0, 2], True)]
    assert not schedule.is_in_bulk


def test_the_lane_stops_at_the_instant_of_a_listener() -> None:
    schedule = a_schedule()
    done: list[int] = []

    def handle(instants, _rows, _what) -> None:
        done.append(int(instants[0]))
        if instants[0] == 5:
            schedule.plan(5, "listener", lambda: None)

    kind = schedule.register("arrival", 2, handle)
    schedule.mark_lane(np.array([0, 1], np.int32))
    put(schedule, kind, (5, 0, 0), (5, 1, 0), (6, 0, 0))

    reached = schedule.run_lane(9)

    assert reached == 5
    assert done == [5, 5]
