"""Browsers: Web Push, OneSignal-Website-SDK 16."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Permission
from pushlab.devices.platform import Platform
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices

__all__ = ["CHROME", "FIREFOX", "SAFARI"]

SUBSCRIBED, NO_PERMISSION, OPTED_OUT = 1, 0, -2


def _notification_types(devices: Devices, rows: NDArray[np.int32]) -> NDArray[np.int16]:
    """Return 1 when subscribed, -2 opted out (which outranks), 0 without permission."""
    allowed = devices.switch[rows] & (devices.permission[rows] == Permission.GRANTED.value)
    value = np.where(allowed, np.int16(SUBSCRIBED), np.int16(NO_PERMISSION))
    return np.where(devices.opted_in[rows], value, np.int16(OPTED_OUT))


CHROME = Platform(
    name="web",
    kind="browser",
    browser="chrome",
    channel=Channel.CHROME_WEB,
    sdk="160608",
    device_os="131",
    device_model="Linux x86_64",
    token_needs_permission=True,
    token_needs_switch=True,
    registers_bare=False,
    sends_unsubscribed=False,
    notification_types=_notification_types,
    queue_delay_ms=lambda settings: settings.sdk_queue_delay_web_ms,
    receipt_delay_s=lambda settings: settings.receipt_delay_web_s,
    receipt_in_seconds=False,
    confirms="shown",
    replaces_by_tag=True,
)
FIREFOX = replace(CHROME, browser="firefox", channel=Channel.FIREFOX, device_os="133")
SAFARI = replace(
    CHROME,
    browser="safari",
    channel=Channel.SAFARI_WEB,
    device_os="18",
    device_model="MacIntel",
    confirms="never",
)
"""Safari sends no receipts: its budget for a push event is too short."""
