"""What people do with numbers: they reply, and the carrier reads what they write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pushlab.content import File
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
        *,
        files: Sequence[File] = (),
    ) -> None:
        """Take *text* for *to*, or for who wrote to each number last; *entry* tells of it."""
        ...

    def forget_talk(self, routes: NDArray[np.int32]) -> None:
        """Let nobody have written to the numbers at *routes* yet."""
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

        for verb, body, entry in (
            ("disconnect", self._disconnect, "NumberDisconnected"),
            ("recycle", self._recycle, "NumberRecycled"),
        ):
            fleet.declare(verb, body, entry, is_quiet=True, kinds=("number",))

    def _disconnect(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Let the owners give their numbers up: nobody has these any more."""
        del instants
        self._fleet.devices.installed[rows] = False

    def _recycle(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Give the numbers to other people, whom nobody knows; whoever writes to them is not told.

        Blocks stay with a number, so a new owner never hears from whom the old one silenced.
        """
        assert self.carrier is not None, "the composition sets it"
        devices, sdk = self._fleet.devices, self._fleet.sdk
        devices.installed[rows] = True
        devices.installed_at[rows] = instants
        devices.subscription_key[rows] = 0
        devices.user_key[rows] = 0
        self.carrier.forget_talk(devices.route[rows])
        for row in rows.tolist():
            sdk.external_ids[row] = None

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

    def reply(self, row: int, text: str, to: str, files: Sequence[File] = ()) -> None:
        """Let the number at *row* write *text* to *to*, with *files*, now."""
        assert self.carrier is not None, "the composition sets it"
        now, device = self._world.now, self._fleet.name_of(row)
        told: dict[str, object] = {"device": device, "to": to, "text": text}
        if files:
            told["media"] = [{"type": file.type, "size_bytes": len(file.data)} for file in files]
        self._world.trace.record("NumberReplied", f"{device}@{now}", told)
        route = self._fleet.devices.route[row]
        at, routes = np.array([now], np.int64), np.array([route], np.int32)
        self.carrier.take_replies(at, routes, text, to, files=files)
