"""What many apps tell their SDKs at once: told by one call of many, as long as nothing differs.

A crowd is rows to which the same was said at one instant, whose SDKs had nothing else to say.
They are told together after the SDK's quiet time, in one barrier. Rows that cannot call then go
on waiting, still as arrays, and are told together when they are back together. A row about which
something else happens meanwhile leaves the crowd and waits by itself.

A crowd does not restart the wait of Android's SDKs: its quiet time is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Process
from pushlab.devices.said import join_said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.devices.said import Said
    from pushlab.devices.sdk import Sdk
    from pushlab.world.world import World

__all__ = ["Crowds"]


@dataclass(slots=True, eq=False)
class _Crowd:
    """Rows with the same to tell; arrays of the shape (n,), rows ascending."""

    rows: NDArray[np.int32]
    keys: NDArray[np.uint64]
    """The subscriptions that they had when it was said: another one is another install."""
    said: list[Said]
    due: int
    """When it is told; -1 while it waits for its devices."""
    left: NDArray[np.bool_]
    """Which of them are still in the crowd."""

    def find(self, row: int) -> int:
        """Return the place of *row*, -1 when it is not in the crowd (any more)."""
        place = int(np.searchsorted(self.rows, row))
        is_here = place < len(self.rows) and self.rows[place] == row and self.left[place]
        return place if is_here else -1

    def find_many(self, rows: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return the places of those of *rows* that are in the crowd."""
        places = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found: NDArray[np.intp] = places[(self.rows[places] == rows) & self.left[places]]
        return found


class Crowds:
    """All crowds of a world, oldest first."""

    def __init__(self, world: World, devices: Devices, sdk: Sdk) -> None:
        self._world = world
        self._devices = devices
        self._sdk = sdk
        self._crowds: list[_Crowd] = []
        self._count = 0

    def __len__(self) -> int:
        """How many crowds have something to tell."""
        return len(self._crowds)

    def gather(
        self, said: Said, rows: NDArray[np.int32], busy: AbstractSet[int]
    ) -> NDArray[np.int32]:
        """Make crowds of *rows* for what was *said*; return the rows that must wait alone.

        Alone are rows whose SDK has something else to tell, *busy* among them.
        """
        rows = np.sort(rows)
        alone = self._devices.subscription_key[rows] == 0
        others = busy | self._sdk.list_busy()
        if others:
            alone |= np.isin(rows, sorted(others))
        for due, part in self._split(rows[~alone], self._world.now):
            last = self._crowds[-1] if self._crowds else None
            same = last is not None and last.due == due and np.array_equal(last.rows, part)
            if last is not None and same and last.left.all():
                last.said.append(said)
            else:
                self._add(part, self._devices.subscription_key[part], [said], due)
        left: NDArray[np.int32] = rows[alone]
        return left

    def _split(
        self, rows: NDArray[np.int32], instant: int
    ) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Yield (instant of the call, rows) for the quiet times of the platforms among *rows*."""
        platforms = self._devices.platform[rows]
        delays = np.zeros(len(rows), np.int64)
        for code in np.unique(platforms).tolist():
            delays[platforms == code] = self._sdk.quiet_ms(code)
        for delay in np.unique(delays).tolist():
            yield instant + delay, rows[delays == delay]

    def _add(
        self, rows: NDArray[np.int32], keys: NDArray[np.uint64], said: list[Said], due: int
    ) -> None:
        crowd = _Crowd(rows, keys, said, due, np.ones(len(rows), np.bool_))
        self._crowds.append(crowd)
        self._count += 1
        # Crowds of one instant are told in the order in which they were made.
        self._world.schedule.plan(due, f"sdk crowd {self._count:012d}", lambda: self._tell(crowd))

    def pull(self, row: int) -> Iterable[Said]:
        """Take *row* out of all crowds and return what it had to tell, oldest first."""
        found: list[Said] = []
        for crowd in self._crowds:
            place = crowd.find(row)
            if place >= 0:
                crowd.left[place] = False
                if crowd.keys[place] == self._devices.subscription_key[row]:
                    found += crowd.said
        return found

    def _tell(self, crowd: _Crowd) -> None:
        """Make the call for those of *crowd* that can; the others wait until they can."""
        devices, service = self._devices, self._sdk.service
        assert service is not None
        keep = crowd.left & (devices.subscription_key[crowd.rows] == crowd.keys)
        rows = crowd.rows[keep]
        able = devices.online[rows] & devices.installed[rows]
        able &= devices.process[rows] != Process.STOPPED.value
        away = np.flatnonzero(keep)[~able]
        crowd.rows, crowd.keys = crowd.rows[away], crowd.keys[away]
        crowd.left, crowd.due = np.ones(len(away), np.bool_), -1
        if len(away):
            self._sdk.let_talk(crowd.rows)
        else:
            self._crowds.remove(crowd)
        rows, body = rows[able], join_said(crowd.said)
        for app in np.unique(devices.app[rows]).tolist():
            mine = rows[devices.app[rows] == app]
            users, keys = devices.user_key[mine], devices.subscription_key[mine]
            found = service.update_users(app, users, keys, **body)
            for row in mine[~found].tolist():
                self._sdk.rebuild(row, crowd.said)

    def resume(self, rows: NDArray[np.int32], instants: NDArray[np.int64]) -> None:
        """Let those of *rows* that wait be told after the quiet time, from their *instants* on.

        What was said of such a row later goes with it, so that it is told in order.
        """
        waiting = [crowd.rows[crowd.find_many(rows)] for crowd in self._crowds if crowd.due < 0]
        if not waiting:
            return
        back = np.isin(rows, np.concatenate(waiting))
        rows, instants = rows[back], instants[back]
        for instant in np.unique(instants).tolist():
            mine = rows[instants == instant]
            for crowd in self._crowds.copy():
                places = np.sort(crowd.find_many(mine))
                crowd.left[places] = False
                keys = crowd.keys[places]
                same = self._devices.subscription_key[crowd.rows[places]] == keys
                for due, part in self._split(crowd.rows[places[same]], instant):
                    self._add(part, self._devices.subscription_key[part], [*crowd.said], due)
        self._crowds = [crowd for crowd in self._crowds if crowd.due >= 0 or crowd.left.any()]
