"""What differs between platforms, as one value each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.gateway import Channel
    from pushlab.settings import Settings

__all__ = ["Platform"]


@dataclass(frozen=True, slots=True)
class Platform:
    """The rules of one platform that the fleet asks for."""

    name: str
    channel: Channel
    sdk: str
    """Version that the SDK sends with its subscription."""
    device_os: str
    device_model: str
    permission_at_open: bool
    """Whether opening the app is enough (Android up to 12)."""
    token_needs_permission: bool
    """Whether the token comes only after the prompt was accepted (iOS)."""
    restarts_wait: bool
    """Whether each new operation restarts the SDK's quiet time (Android)."""
    notification_types: Callable[[Devices, NDArray[np.int32]], NDArray[np.int16]]
    """What the SDK reports of rows, shape (n,)."""
    queue_delay_ms: Callable[[Settings], int]
    receipt_delay_s: Callable[[Settings], int]
    receipt_waits_offline: bool
    """Whether a receipt waits for the network (Android) or dies with its extension (iOS)."""
