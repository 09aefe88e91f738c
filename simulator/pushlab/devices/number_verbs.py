"""What people do with numbers: they reply, and the carrier reads what they write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.fleet import Fleet
    from pushlab.world.world import World

__all__ = ["Carrier", "NumberVerbs"]


class Carrier(Protocol):
    """Who carries what people write."""

    def take_replies(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        text: str,
        to: str | None = None,
        entry: str = "NumberReplied",
    ) -> None:
        """Take *text* for *to*, or for who wrote to each number last; *entry* tells of it."""
        ...


class NumberVerbs:
    """Bodies of replies; each takes a batch of distinct rows."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        """Make the bodies and declare to *fleet* those that need no words."""
        self._world = world
        self._fleet = fleet
        self.carrier: Carrier | None = None
        """Set by the composition."""
        fleet.declare(
            "reply_stop", self._reply_stop, "StopReplied", is_quiet=True, kinds=("number",)
        )
        fleet.declare(
            "reply_start", self._reply_start, "StartReplied", is_quiet=True, kinds=("number",)
        )

    def _reply_stop(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._reply(instants, rows, "STOP", "StopReplied")

    def _reply_start(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._reply(instants, rows, "START", "StartReplied")

    def _reply(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], text: str, entry: str
    ) -> None:
        """Let those that are online answer who wrote to them last."""
        assert self.carrier is not None, "the composition sets it"
        online = self._fleet.devices.online[rows]
        routes = self._fleet.devices.route[rows[online]]
        self.carrier.take_replies(instants[online], routes, text, entry=entry)

    def reply(self, row: int, text: str, to: str) -> None:
        """Let the number at *row* write *text* to *to*, now."""
        assert self.carrier is not None, "the composition sets it"
        now, device = self._world.now, self._fleet.name_of(row)
        told = {"device": device, "to": to, "text": text}
        self._world.trace.record("NumberReplied", f"{device}@{now}", told)
        route = self._fleet.devices.route[row]
        self.carrier.take_replies(np.array([now], np.int64), np.array([route], np.int32), text, to)
