"""The columns of truth: one row stands for one app on one device."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from pushlab.table import Table, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Devices", "Permission", "Process"]


class Process(IntEnum):
    """State of the app's process."""

    CLOSED = 0
    FOREGROUND = 1
    BACKGROUND = 2
    STOPPED = 3
    """Force-stopped: Android hands it nothing until the person opens it again."""


class Permission(IntEnum):
    """What the person answered to the system's prompt for notifications."""

    NOT_ASKED = 0
    GRANTED = 1
    DENIED = 2
    PROVISIONAL = 3
    """iOS: quiet delivery without a prompt."""


class Devices(Table):
    """Truth about devices; a row never moves and is never reused."""

    key: NDArray[np.uint64] = column(np.uint64)
    """Content key: the *who* of luck and digest."""
    app: NDArray[np.int16] = column(np.int16)
    platform: NDArray[np.uint8] = column(np.uint8)
    """A `Channel`."""
    online: NDArray[np.bool_] = column(np.bool_, default=True)
    installed: NDArray[np.bool_] = column(np.bool_, default=False)
    opted_in: NDArray[np.bool_] = column(np.bool_, default=True)
    """The SDK's own switch; what `optOut()` turns off."""
    switch: NDArray[np.bool_] = column(np.bool_, default=True)
    """Notifications of this app in the system's settings."""
    permission: NDArray[np.uint8] = column(np.uint8)
    process: NDArray[np.uint8] = column(np.uint8)
    has_extension: NDArray[np.bool_] = column(np.bool_, default=True)
    """iOS: the app ships the notification service extension, which sends receipts."""
    route: NDArray[np.int32] = column(np.int32, default=-1)
    """The current token, as a row of the gateway's registry; -1 without one."""
    generation: NDArray[np.int16] = column(np.int16)
    """How many tokens the device was given so far."""
    badge: NDArray[np.int32] = column(np.int32)
    installed_at: NDArray[np.int64] = column(np.int64)
    offline_since: NDArray[np.int64] = column(np.int64, is_rare=True)
    background_since: NDArray[np.int64] = column(np.int64)
    subscription_key: NDArray[np.uint64] = column(np.uint64)
    """The subscription id that the SDK stored, as a key; 0 before it has one."""
    user_key: NDArray[np.uint64] = column(np.uint64)
    """The OneSignal id that the SDK stored, as a key; 0 before it has one."""
    sent_route: NDArray[np.int32] = column(np.int32, default=-1)
    sent_types: NDArray[np.int16] = column(np.int16)
    """What the SDK told the service last: token and notification_types."""
    hardware: NDArray[np.int32] = column(np.int32, default=-1, is_rare=True)
    """The first row on the same piece of hardware, -1 where it holds this app alone."""
    vendor_life: NDArray[np.int16] = column(np.int16, is_rare=True)
    """iOS: how many vendor ids had ended when this app last left as its vendor's last one."""
    language: NDArray[np.int16] = column(np.int16, default=-1, is_rare=True)
    timezone: NDArray[np.int16] = column(np.int16, default=-1, is_rare=True)
    """What the system is set to, as codes; -1 where nobody said."""
    said_language: NDArray[np.int16] = column(np.int16, default=-1, is_rare=True)
    """What the app told its SDK, which counts before the system's."""
    shares_location: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """Whether the person lets this app know where the device is."""
    is_full: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """A mailbox without room."""
    is_away: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """A mailbox that answers by itself, because its owner is out of office."""
    hides_images: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """The person's habit: mails are read without their images, so no open is counted."""
    is_proxied: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """A mailbox whose provider loads the images of each mail soon after it came, read or not."""
    caches_images: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """A mailbox whose provider loads images at the first view and keeps them."""
    scans_links: NDArray[np.bool_] = column(np.bool_, default=False, is_rare=True)
    """A mailbox in front of which a scanner follows every link of each mail."""
    push_service: NDArray[np.uint8] = column(np.uint8, is_rare=True)
    """Which push service serves a browser; 0 is the one of its channel."""
    power: NDArray[np.uint8] = column(np.uint8, is_rare=True)
    network: NDArray[np.uint8] = column(np.uint8, is_rare=True)
    """What a browser's machine runs on and is connected by, as codes (see `power`)."""
    urgency_floor: NDArray[np.uint8] = column(np.uint8, is_rare=True)
    """The least urgency that a browser asks its push service for, from 0 to 3."""
    background_free_at: NDArray[np.int64] = column(np.int64, is_rare=True)
    """iOS: when all that the app was woken for is paid back to its background budget."""
    background_held: NDArray[np.int64] = column(np.int64, default=-1, is_rare=True)
    """iOS: the background push that the device holds back; -1 for none."""
    tap_share: NDArray[np.uint32] = column(np.uint32)
    """The person's habit: chance of tapping what is shown, or of opening a mail, in 2**-32."""

    def stayed(self, rows: NDArray[np.int32], since: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether what is installed at *rows* has been there *since* those instants, shape (n,)."""
        found: NDArray[np.bool_] = self.installed[rows] & (self.installed_at[rows] <= since)
        return found
