"""Mailboxes and numbers: what is reached by an address, with no app and no SDK behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.platform import Platform
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices

__all__ = ["MAILBOX", "NUMBER"]


def _subscribed(_devices: Devices, rows: NDArray[np.int32]) -> NDArray[np.int16]:
    """Mail and SMS records are subscribed when they are added (OneSignal, Subscriptions)."""
    return np.ones(len(rows), np.int16)


MAILBOX = Platform(
    name="email",
    kind="mailbox",
    channel=Channel.EMAIL,
    notification_types=_subscribed,
    queue_delay_ms=lambda _settings: 0,
    receipt_delay_s=lambda _settings: 0,
    confirms="never",
)
NUMBER = Platform(
    name="sms",
    kind="number",
    channel=Channel.SMS,
    notification_types=_subscribed,
    queue_delay_ms=lambda _settings: 0,
    receipt_delay_s=lambda _settings: 0,
    confirms="never",
)
