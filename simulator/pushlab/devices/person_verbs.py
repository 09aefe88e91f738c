"""What people set and where they go: verbs with a value, for one device or a whole population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.said import Said, say_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.fleet import Fleet
    from pushlab.world.world import World

__all__ = ["PersonVerbs"]


class PersonVerbs:
    """Bodies of the verbs that change more than the SDK's queue."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        self._world = world
        self._fleet = fleet

    def set_language(self, said: Said, rows: NDArray[np.int32]) -> None:
        """Let the apps at *rows* set the language of their SDKs: it outlives a log-out."""
        profile = self._fleet.sdk.profile
        profile.set_text("said_language", rows, said.about)
        profile.say(said, rows)

    def set_timezone(self, said: Said, rows: NDArray[np.int32]) -> None:
        """Set the time zone of systems; all apps on them tell it."""
        rows = self._fleet.hardware.expand(rows)
        profile = self._fleet.sdk.profile
        profile.set_text("timezone", rows, said.about)
        profile.note(said, rows)
        profile.queue(said, rows[self._fleet.devices.installed[rows]])

    def allow_location(self, row: int, *, on: bool) -> None:
        """Let one app know where the device is, at once where that is known, or no more."""
        fleet, rows = self._fleet, np.array([row], np.int32)
        fleet.devices.own("shares_location")[row] = on
        entry = "LocationAllowed" if on else "LocationForbidden"
        fleet.sdk.profile.note(Said(entry, "location", {}), rows)
        place = fleet.hardware.places.get(fleet.hardware.first_of(row))
        if on and place is not None:
            fleet.sdk.profile.queue(say_place(*place), rows)

    def move(self, row: int, said: Said) -> None:
        """Take a device to another place; the apps that may know it tell the service."""
        devices, hardware, profile = (
            self._fleet.devices,
            self._fleet.hardware,
            self._fleet.sdk.profile,
        )
        place = said.body["place"]
        hardware.places[hardware.first_of(row)] = place
        profile.note(said, np.array([row], np.int32))
        rows = np.array(hardware.rows_of(row), np.int32)
        able = devices.shares_location[rows] & devices.installed[rows]
        if able.any():
            profile.queue(said, rows[able])
