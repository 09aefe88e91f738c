"""Tokens that an iOS app holds beside the one for its notifications.

Mirrored from PushKit, Push to Talk and ActivityKit: the app asks for each by itself, each is good
for one kind of push, and all are lost with the app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.gateway import AppleTokens
    from pushlab.table import Chains
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["KINDS", "LIVE_ACTIVITY", "FurtherTokens"]

KINDS: Final = (
    "voip",
    "pushtotalk",
    "complication",
    "fileprovider",
    "location",
    "widgets",
    "controls",
)
"""Kinds of push for which an app asks for a token, as ``apns-push-type`` has them."""
LIVE_ACTIVITY: Final = "liveactivity"


class FurtherTokens:
    """The further tokens of all devices; few devices have any."""

    port: AppleTokens
    """Set by the composition."""

    def __init__(self, world: World, devices: Devices, lost: Chains) -> None:
        self._world = world
        self._devices = devices
        self._lost = lost
        self._held: dict[int, dict[str, int]] = {}
        """By row and name: routes."""
        self._rows: dict[int, int] = {}
        """By route: who holds it."""
        self._given: dict[tuple[int, str], int] = {}
        """How many tokens of each name a row was given so far."""
        self._unsaid: dict[int, list[int]] = {}
        """Tokens that a device gave up while it was offline."""

    # -- reading -------------------------------------------------------------------------------

    def held_by(self, row: int) -> Mapping[str, int]:
        """Return the routes that *row* holds, by name."""
        return self._held.get(row, {})

    def hold(self, devices: NDArray[np.int32], routes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each device holds this very token."""
        if not self._rows:
            return np.zeros(len(routes), np.bool_)
        pairs = zip(devices.tolist(), routes.tolist(), strict=True)
        return np.array([self._rows.get(route) == row for row, route in pairs], np.bool_)

    def list_routes(
        self, rows: NDArray[np.int32], instants: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the routes of all of *rows*, each with the instant of its row."""
        if not self._held:
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        mine = np.isin(rows, list(self._held))
        found = [
            (route, instant)
            for row, instant in zip(rows[mine].tolist(), instants[mine].tolist(), strict=True)
            for route in self._held[row].values()
        ]
        routes = np.array([route for route, _ in found], np.int32)
        return routes, np.array([instant for _, instant in found], np.int64)

    # -- what apps do --------------------------------------------------------------------------

    def ask(self, row: int, kind: str, name: str, *, until: Instant | None = None) -> int:
        """Let the app at *row* have a token for *kind*, called *name*; return its route."""
        held = self._held.setdefault(row, {})
        nth = self._given[row, name] = self._given.get((row, name), 0) + 1
        key = self._world.ids.key("further token", name, nth)
        route = held[name] = self.port.issue_own(row, kind, key, until=until)
        self._rows[route] = row
        return route

    def drop(self, row: int, name: str) -> None:
        """Let the token *name* of *row* go, in silence: a push to it finds nobody."""
        route = self._held[row].pop(name)
        del self._rows[route]
        self._lost.push(np.array([row], np.int32), route=np.array([route], np.int32))

    def end(self, row: int, name: str, instant: Instant) -> None:
        """Give the token *name* up; APNs is told, once the device is online."""
        route = self._held[row][name]
        self.drop(row, name)
        if self._devices.online[row]:
            self.port.end_own(route, instant)
        else:
            self._unsaid.setdefault(row, []).append(route)

    def tell(self, rows: NDArray[np.int32], instants: NDArray[np.int64]) -> None:
        """Tell APNs, now that *rows* are online, what they gave up meanwhile."""
        if self._unsaid:
            mine = np.isin(rows, list(self._unsaid))
            for row, instant in zip(rows[mine].tolist(), instants[mine].tolist(), strict=True):
                for route in self._unsaid.pop(row):
                    self.port.end_own(route, instant)

    def forget(self, rows: NDArray[np.int32]) -> None:
        """Lose all that the apps at *rows* held, in silence."""
        if self._held:
            for row in rows[np.isin(rows, list(self._held))].tolist():
                for name in list(self._held[row]):
                    self.drop(row, name)
                self._unsaid.pop(row, None)
