"""The columns of truth that gateways may read: the greater part of `Handsets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices

__all__ = ["HandsetColumns"]


class HandsetColumns:
    """What a gateway sees of devices, column by column; of a row its own gateway alone."""

    devices: Devices

    @property
    def online(self) -> NDArray[np.bool_]:
        """Which devices are online."""
        return self.devices.online

    @property
    def app(self) -> NDArray[np.int16]:
        """The app of each row."""
        return self.devices.app

    @property
    def platform(self) -> NDArray[np.uint8]:
        """The channel of each row."""
        return self.devices.platform

    @property
    def is_full(self) -> NDArray[np.bool_]:
        """Which mailboxes are full."""
        return self.devices.is_full

    @property
    def is_away(self) -> NDArray[np.bool_]:
        """Which mailboxes answer by themselves."""
        return self.devices.is_away

    @property
    def key(self) -> NDArray[np.uint64]:
        """Content keys."""
        return self.devices.key

    @property
    def offline_since(self) -> NDArray[np.int64]:
        """Since when, for devices that are offline."""
        return self.devices.offline_since

    @property
    def urgency_floor(self) -> NDArray[np.uint8]:
        """The least urgency that browsers ask for now."""
        return self.devices.urgency_floor

    @property
    def push_service(self) -> NDArray[np.uint8]:
        """Which push service serves browsers; 0 is the one of their channel."""
        return self.devices.push_service
