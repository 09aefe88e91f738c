"""Android: FCM, OneSignal-Android-SDK 5.9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Permission
from pushlab.devices.platform import Platform
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices

__all__ = ["ANDROID"]

SUBSCRIBED, NO_PERMISSION, OPTED_OUT = 1, 0, -2


def _notification_types(devices: Devices, rows: NDArray[np.int32]) -> NDArray[np.int16]:
    """Opt-out outranks missing permission since SDK 5 (device SDK, priority of states)."""
    allowed = devices.switch[rows] & (devices.permission[rows] == Permission.GRANTED.value)
    value = np.where(allowed, np.int16(SUBSCRIBED), np.int16(NO_PERMISSION))
    return np.where(devices.opted_in[rows], value, np.int16(OPTED_OUT))


ANDROID = Platform(
    name="android",
    kind="phone",
    channel=Channel.ANDROID,
    sdk="050909",
    device_os="14",
    device_model="Pixel 8",
    restarts_wait=True,
    notification_types=_notification_types,
    queue_delay_ms=lambda settings: settings.sdk_queue_delay_android_ms,
    receipt_delay_s=lambda settings: settings.receipt_delay_android_s,
    confirms="reached",
    receipt_waits_offline=True,
)
