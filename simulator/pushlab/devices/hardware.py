"""One piece of hardware with several apps on it: what their rows share.

A row stands for one app on one device. Rows of one piece of hardware are online and offline
together, have one language, one time zone and one place, and iOS apps of one vendor see one
vendor id. Such rows stand in the lane, since what one of them does another one may read.

Mirrored: Apple, UIDevice ``identifierForVendor``: the same for all apps of one vendor on a
device, another one after the vendor's last app there was removed and one is installed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.world.world import World

__all__ = ["Hardware"]

OURS = ""
"""The vendor of apps for which nobody named one: the company whose program is under test."""


class Hardware:
    """Which rows lie on the same piece of hardware, and who sells their apps."""

    def __init__(self, world: World, devices: Devices) -> None:
        self._world = world
        self._devices = devices
        self.vendors: dict[int, str] = {}
        """By app row, where one was named."""
        self._groups: dict[int, list[int]] = {}
        self.places: dict[int, tuple[float, float]] = {}
        """Latitude and longitude by the first row of the hardware, where somebody said it."""

    def first_of(self, row: int) -> int:
        """Return the first row on the hardware of *row*: what names the piece."""
        first = int(self._devices.hardware[row])
        return row if first < 0 else first

    def rows_of(self, row: int) -> list[int]:
        """Return all rows on the hardware of *row*, in the order in which they came."""
        return self._groups.get(self.first_of(row), [row])

    def find(self, row: int, app: int) -> int:
        """Return the row of *app* on the hardware of *row*, -1 when it was never there."""
        apps = self._devices.app
        return next((each for each in self.rows_of(row) if apps[each] == app), -1)

    def join(self, row: int, newcomer: int) -> None:
        """Let *newcomer*, a row that was just added, lie on the hardware of *row*."""
        devices, first = self._devices, self.first_of(row)
        group = self._groups.setdefault(first, [first])
        group.append(newcomer)
        devices.own("hardware")[[first, newcomer]] = first
        devices.online[newcomer] = devices.online[row]
        for name in ("offline_since", "language", "timezone"):
            column = getattr(devices, name)
            if column[newcomer] != column[row]:
                devices.own(name)[newcomer] = column[row]
        self._world.schedule.mark_lane(np.array([first, newcomer], np.int32))

    def expand(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return *rows* and, behind each, the others on its hardware; none comes twice."""
        if not self._groups:
            return rows
        shared = self._devices.hardware[rows] >= 0
        if not shared.any():
            return rows
        listed = [each for row in rows[shared].tolist() for each in self.rows_of(row)]
        more = np.array(list(dict.fromkeys(listed)), np.int32)
        return np.concatenate([rows[~shared], more])

    def expand_plans(
        self, rows: NDArray[np.int32], instants: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return *rows* with their *instants*, and the others on the same hardware beside them."""
        if not self._groups:
            return rows, instants
        shared = self._devices.hardware[rows] >= 0
        if not shared.any():
            return rows, instants
        pairs = zip(rows[shared].tolist(), instants[shared].tolist(), strict=True)
        spread = dict.fromkeys((each, at) for row, at in pairs for each in self.rows_of(row))
        more, when = np.array(list(spread), np.int64).T
        return (
            np.concatenate([rows[~shared], more.astype(np.int32)]),
            np.concatenate([instants[~shared], when]),
        )

    # -- vendors -------------------------------------------------------------------------------

    def vendor_of(self, app: int) -> str:
        """Return who sells the app, ``""`` for the company whose program is under test."""
        return self.vendors.get(app, OURS)

    def lose(self, rows: NDArray[np.int32]) -> None:
        """Note that the apps at *rows* were removed: with a vendor's last one its id ends."""
        devices = self._devices
        rows = rows[devices.platform[rows] == Channel.IOS.value]
        if not len(rows):
            return
        alone = devices.hardware[rows] < 0
        lives = devices.own("vendor_life")
        lives[rows[alone]] += 1
        for row in rows[~alone].tolist():
            others = self._list_same_vendor(row)
            if not any(devices.installed[other] for other in others):
                lives[row] = max(int(lives[other]) for other in others) + 1

    def vendor_id(self, row: int) -> str | None:
        """Return what the iOS app at *row* reads as ``identifierForVendor``, None without one."""
        devices = self._devices
        if devices.platform[row] != Channel.IOS.value or not devices.installed[row]:
            return None
        life = max(int(devices.vendor_life[other]) for other in self._list_same_vendor(row))
        ids, first = self._world.ids, self.first_of(row)
        vendor = self.vendor_of(int(devices.app[row]))
        key = ids.key("vendor", int(devices.key[first]), vendor, life)
        return ids.uuid("vendor", key).upper()

    def _list_same_vendor(self, row: int) -> list[int]:
        apps = self._devices.app
        vendor = self.vendor_of(int(apps[row]))
        return [each for each in self.rows_of(row) if self.vendor_of(int(apps[each])) == vendor]
