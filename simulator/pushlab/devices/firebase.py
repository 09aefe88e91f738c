"""The Firebase SDK in iOS apps and on web pages: FCM's token beside the platform's own.

Mirrored from "Set up a Firebase Cloud Messaging client app" for Apple platforms and for JavaScript:
the SDK registers the app's APNs token, or the page's push subscription, with FCM and gets a token
of FCM for it; what replaces it is told when the app is next opened. On Android FCM's token is the
platform's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushlab.devices.columns import Devices
    from pushlab.gateway import FirebaseTokens
    from pushlab.world.clock import Instant

__all__ = ["Firebase"]


class Firebase:
    """FCM's tokens of apps that another gateway serves, by row; few have one."""

    port: FirebaseTokens
    """Set by the composition."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._held: dict[int, int] = {}
        self._given: dict[int, int] = {}
        """How many tokens each row was given so far."""

    def route_of(self, row: int) -> int:
        """Return the row of FCM's registry that stands for the app at *row*; -1 for none."""
        return self._held.get(row, -1)

    def register(self, row: int) -> None:
        """Tell FCM what the token at hand stands for now; get one if it is dead, or missing."""
        route = int(self._devices.route[row])
        if row in self._held and self.port.relink(self._held[row], route):
            return
        nth = self._given[row] = self._given.get(row, 0) + 1
        self._held[row] = self.port.issue_linked(row, route, nth)

    def refresh(self, row: int) -> None:
        """Tell FCM of the platform's token, now that the app at *row* is open."""
        if row in self._held and self._devices.route[row] >= 0 and self._devices.online[row]:
            self.register(row)

    def delete(self, row: int, instant: Instant) -> None:
        """Delete the token (``deleteToken``), which FCM is told of."""
        self.port.delete(self._held.pop(row), instant)

    def forget(self, rows: Iterable[int]) -> None:
        """Lose the tokens with what the SDKs had stored; nobody is told."""
        if self._held:
            for row in rows:
                self._held.pop(row, None)
