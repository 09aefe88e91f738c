"""What a machine runs on, and what urgency it asks for then.

Mirrored from RFC 8030, section 5.3: a user agent on power and Wi-Fi takes everything, on either of
them what is of low urgency, on neither what is normal, and with a low battery what is urgent. APNs
has priorities instead and says of two of them that they mind a device's power; see `apns.core`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pushlab.devices.fleet import Fleet
    from pushlab.world.clock import Instant

__all__ = ["NETWORKS", "POWERS", "find_floor", "set_state"]

POWERS: Final = ("plugged", "battery", "low")
NETWORKS: Final = ("wifi", "mobile")
LOW_BATTERY: Final = POWERS.index("low")
HIGH: Final = 3


def find_floor(power: int, network: int) -> int:
    """Return the least urgency that is asked for, from 0 (very low) to 3 (high)."""
    return HIGH if power == LOW_BATTERY else min(power, 1) + network


def set_state(fleet: Fleet, row: int, instant: Instant, column: str, code: int) -> None:
    """Set ``power`` or ``network`` of the machine of *row*; what may come now sets out."""
    devices = fleet.devices
    rows = fleet.hardware.rows_of(row)
    devices.own(column)[rows] = code
    floor = find_floor(int(devices.power[row]), int(devices.network[row]))
    devices.own("urgency_floor")[rows] = floor
    fleet.connect(np.full(len(rows), instant, np.int64), np.array(rows, np.int32))
