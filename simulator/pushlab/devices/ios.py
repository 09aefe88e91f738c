"""iOS: APNs, OneSignal-iOS-SDK 5.6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Permission
from pushlab.devices.platform import Platform
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices

__all__ = ["IOS"]

ALL_KINDS, PROVISIONAL, NO_PERMISSION, OPTED_OUT, NEVER_ASKED = 31, 95, 0, -2, -18


def _notification_types(devices: Devices, rows: NDArray[np.int32]) -> NDArray[np.int16]:
    """Return a bit field when subscribed, -2 opted out, -18 never asked, 0 denied or off."""
    permission = devices.permission[rows]
    value = np.full(len(rows), NO_PERMISSION, np.int16)
    value[permission == Permission.GRANTED.value] = ALL_KINDS
    value[permission == Permission.PROVISIONAL.value] = PROVISIONAL
    value[~devices.switch[rows]] = NO_PERMISSION
    value[permission == Permission.NOT_ASKED.value] = NEVER_ASKED
    value[~devices.opted_in[rows]] = OPTED_OUT
    return value


IOS = Platform(
    name="ios",
    kind="phone",
    channel=Channel.IOS,
    token_needs_permission=True,
    notification_types=_notification_types,
    queue_delay_ms=lambda settings: settings.sdk_queue_delay_ios_ms,
    receipt_delay_s=lambda settings: settings.receipt_delay_ios_s,
    confirms="shown",
)
