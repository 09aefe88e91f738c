"""What must be true of a device before a verb of the fleet fits, read for many rows at once.

Named devices refuse a verb in words (see `Device`); where many do it together, or it was planned
long before, those whom it does not fit pass over it: nobody opens an app that is gone.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices

    Need = Callable[[Devices, NDArray[np.int32]], NDArray[np.bool_]]

__all__ = ["NEEDS", "find_fitting"]

_HOLDS: Final[Mapping[str, Need]] = MappingProxyType(
    {
        "gone": lambda devices, rows: ~devices.installed[rows],
        "installed": lambda devices, rows: devices.installed[rows],
        "online": lambda devices, rows: devices.online[rows],
        "offline": lambda devices, rows: ~devices.online[rows],
        "token": lambda devices, rows: devices.route[rows] >= 0,
        "room": lambda devices, rows: ~devices.is_full[rows],
        "full": lambda devices, rows: devices.is_full[rows],
    }
)
NEEDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "install": ("gone",),
        "open_app": ("installed",),
        "close_app": ("installed",),
        "force_stop": ("installed",),
        "uninstall": ("installed",),
        "clear_data": ("installed",),
        "clear_cookies": ("installed",),
        "go_offline": ("online",),
        "go_online": ("offline",),
        "rotate_token": ("installed", "token"),
        "switch_on": ("installed",),
        "switch_off": ("installed",),
        "opt_in": ("installed",),
        "opt_out": ("installed",),
        "allow": ("installed",),
        "deny": ("installed",),
        "fill": ("installed", "room"),
        "empty": ("installed", "full"),
        "close": ("installed",),
        "reopen": ("gone",),
        "show_images": ("installed",),
        "hide_images": ("installed",),
        "start_auto_reply": ("installed",),
        "end_auto_reply": ("installed",),
        "start_privacy_proxy": ("installed",),
        "end_privacy_proxy": ("installed",),
        "start_image_cache": ("installed",),
        "end_image_cache": ("installed",),
        "start_link_scanner": ("installed",),
        "end_link_scanner": ("installed",),
        "reply_stop": ("installed", "online"),
        "reply_start": ("installed", "online"),
        "disconnect": ("installed",),
        "recycle": (),
    }
)
"""By verb; a mailbox is installed while its address is there."""


def find_fitting(devices: Devices, verb: str, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return for each of *rows* whether *verb* fits now."""
    fits = np.ones(len(rows), np.bool_)
    for need in NEEDS[verb]:
        fits &= _HOLDS[need](devices, rows)
    return fits
