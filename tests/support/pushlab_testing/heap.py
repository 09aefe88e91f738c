"""A naive schedule: one heap, one event at a time; what `Schedule` must be equal to.

The same program can be run on either: both take `register`, `put`, `plan` and `mark_lane`.
"""

from __future__ import annotations

import heapq
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pushlab.world.clock import Clock
    from pushlab.world.schedule import Handler

__all__ = ["OneHeap"]

ITEM, BARRIER = 0, 1


class OneHeap:
    """All future work of one world in one heap, done strictly in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kinds: list[tuple[int, Handler]] = []
        self._heap: list[tuple[Any, ...]] = []
        self._planned = 0

    def __len__(self) -> int:
        """How many items and barriers wait."""
        return len(self._heap)

    def register(
        self, _name: str, rank: int, handler: Handler, *, independent: bool = False
    ) -> int:
        """Add a kind of item and return its code; independence makes no difference here."""
        del independent
        self._kinds.append((rank, handler))
        return len(self._kinds) - 1

    def put(
        self,
        kind: int,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Add items: those of an instant come by rank, row, what and kind, before barriers."""
        rank, handler = self._kinds[kind]
        for at, row, about in zip(instants.tolist(), rows.tolist(), what.tolist(), strict=True):
            one = (np.array([at], np.int64), np.array([row], np.int32), np.array([about], np.int64))
            self.put_one(at, rank, row, about, partial(handler, *one), kind)

    def put_one(  # noqa: PLR0917  the order of an item's parts is its order in time
        self, at: int, rank: int, row: int, about: int, action: Callable[[], None], kind: int = 0
    ) -> None:
        """Add one item as a plain call."""
        assert at >= self._clock.now, "an item was put at an instant that is over"
        self._planned += 1
        heapq.heappush(self._heap, (at, ITEM, rank, row, about, kind, self._planned, action))

    def plan(
        self, instant: int, name: str, action: Callable[[], None], *, habit: bool = False
    ) -> None:
        """Add a barrier: after the items of its instant, by name."""
        assert instant >= self._clock.now, "a barrier was planned at an instant that is over"
        assert not habit, "histories know no habits"
        self._planned += 1
        heapq.heappush(self._heap, (instant, BARRIER, name, self._planned, action))

    def mark_lane(self, rows: NDArray[np.int32]) -> None:
        """Do nothing: every row passes one by one here."""

    def next_due(self) -> int | None:
        """Return the instant of the earliest work, or None."""
        return self._heap[0][0] if self._heap else None

    def run_until(self, instant: int) -> None:
        """Do everything due up to *instant*, one event at a time."""
        while self._heap and self._heap[0][0] <= instant:
            event = heapq.heappop(self._heap)
            self._clock.move_to(event[0])
            event[-1]()
        self._clock.move_to(instant)

    def settle_now(self) -> None:
        """Do the items of this instant, and leave barriers waiting."""
        while self._heap and self._heap[0][:2] == (self._clock.now, ITEM):
            heapq.heappop(self._heap)[-1]()
