"""Messages that a gateway had accepted and gave up later: mail that bounces, texts nobody gets.

Their senders learn it at the instant at which the gateway gives up, and not before. A target
whose address belongs to nobody (a *stray*) has no device, so it is no row: its items touch itself
and sums alone.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pushlab.world.ids import content_key
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.fanout import Sends
    from pushlab.gateway import Fate, Handsets
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["Undelivered"]

STRAY = 0
"""Outcome of strays: the first that a gateway names."""
NOBODY = np.uint64(0)
"""Content key of who is behind a stray."""


class Undelivered:
    """Tells senders of what one gateway gave up, and writes an entry for each."""

    def __init__(
        self,
        world: World,
        sends: Sends,
        handsets: Handsets,
        gateway: str,
        *,
        entry: str,
        fates: Mapping[str, Fate],
    ) -> None:
        """Make one whose entries are called *entry*; *fates* are its outcomes, strays' first."""
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self._entry = entry
        self._outcomes = tuple(fates)
        self._fates = [fate.value for fate in fates.values()]
        self._kind: BatchKind | None = None
        self._stray_kind: BatchKind | None = None
        self._item = world.schedule.register(
            f"{gateway} stray", RANKS["arrival"], self._finish_strays, independent=True
        )

    def finish(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
        outcome: int,
    ) -> None:
        """Give up messages for *devices* now; all arrays have the shape (n,)."""
        if not len(what):
            return
        if self._kind is None:
            self._kind = self._handsets.entry_kind(
                self._entry, RANKS["arrival"], self._outcomes, "AttemptMade"
            )
        self._tell(instants, what, outcome)
        self._world.trace.record_batch(self._kind, instants, devices, what, outcome)

    def plan_strays(self, instants: NDArray[np.int64], what: NDArray[np.int64]) -> None:
        """Give up messages for nobody, at later *instants*.

        What went out past any service is given up one by one: a wire may plan what follows.
        """
        is_direct = np.zeros(len(what), np.bool_)
        for fan_out, _, places in self._sends.split(what):
            is_direct[places] = int(fan_out.subscriptions[0]) < 0
        for at, one in zip(instants[is_direct].tolist(), what[is_direct].tolist(), strict=True):
            name = f"{self._entry} {self._sends.name_target(one)[1]}"
            self._world.schedule.plan(at, name, partial(self._finish_stray, at, one))
        rest = ~is_direct
        rows = np.zeros(np.count_nonzero(rest), np.int32)
        self._world.schedule.put(self._item, instants[rest], rows, what[rest])

    def _finish_stray(self, instant: Instant, what: int) -> None:
        self._finish_strays(
            np.array([instant], np.int64), np.zeros(1, np.int32), np.array([what], np.int64)
        )

    def _finish_strays(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        if self._stray_kind is None:
            self._stray_kind = self._describe_strays()
        self._tell(instants, what, STRAY)
        self._world.trace.record_batch(self._stray_kind, instants, rows, what, STRAY)

    def _tell(self, instants: NDArray[np.int64], what: NDArray[np.int64], outcome: int) -> None:
        fate = self._fates[outcome]
        for fan_out, positions, places in self._sends.split(what):
            fan_out.fates[positions] = fate
            fates = np.full(len(positions), fate, np.uint8)
            fan_out.owner.undelivered(fan_out, positions, instants[places], fates)

    def _describe_strays(self) -> BatchKind:
        """Return the kind of a stray's entry, which names its target and no device."""

        def describe(_row: int, what: int) -> tuple[str, dict[str, object]]:
            notification, target = self._sends.name_target(what)
            return target, {"notification": notification}

        def causes(_row: int, what: int, _outcome: int) -> tuple[str, ...]:
            return (f"AttemptMade:{self._sends.name_target(what)[1]}",)

        return BatchKind(
            self._entry,
            RANKS["arrival"],
            self._outcomes,
            lambda rows: np.full(len(rows), NOBODY),
            self._name_keys,
            describe,
            causes,
        )

    def _name_keys(self, what: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return the content keys of targets' names: all that tells strays of a send apart."""
        names = (self._sends.name_target(one)[1] for one in what.tolist())
        return np.array([content_key("stray", name) for name in names], np.uint64)
