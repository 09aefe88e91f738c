"""What differs between platforms, as one value each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pushlab.devices.columns import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.gateway import Channel
    from pushlab.settings import Settings

__all__ = [
    "WITH_APP",
    "WITH_NETWORK",
    "Confirms",
    "Kind",
    "Platform",
    "list_states",
    "tabulate",
]

SUBSCRIBED, NO_PERMISSION, OPTED_OUT = 1, 0, -2
"""notification_types of an Android device and of a browser."""

Kind = Literal["phone", "browser", "mailbox", "number"]
Confirms = Literal["reached", "shown", "never"]

WITH_APP: tuple[Kind, ...] = ("phone", "browser")
WITH_NETWORK: tuple[Kind, ...] = ("phone", "browser", "number")
"""What can lose the network; a mailbox lies on a server."""


@dataclass(frozen=True, slots=True)
class Platform:
    """The rules of one platform that the fleet asks for."""

    name: str
    """What people write: ``android``, ``ios``, ``web``, ``email``, ``sms``."""
    kind: Kind
    channel: Channel
    notification_types: Callable[[Devices, NDArray[np.int32]], NDArray[np.int16]]
    """What is reported of rows, shape (n,)."""
    queue_delay_ms: Callable[[Settings], int]
    receipt_delay_s: Callable[[Settings], int]
    """Bound of the seconds that a receipt waits."""
    confirms: Confirms
    """Which messages it sends a receipt for: those that reached the app, those it showed, none."""
    browser: str | None = None
    """``chrome``, ``firefox``, ``safari``, ``edge``, for the web."""
    push_service: int = 0
    """The number of the push service, where it is not the one of the channel."""
    token_needs_permission: bool = False
    """Whether the token comes only after the prompt was accepted (iOS, the web)."""
    registers_bare: bool = True
    """Whether the first opening is told without a token and a login (not on the web)."""
    token_needs_switch: bool = False
    """Whether the token is lost as soon as notifications are switched off (the web)."""
    restarts_wait: bool = False
    """Whether each new operation restarts the SDK's quiet time (Android)."""
    receipt_in_seconds: bool = True
    """Whether a receipt waits whole seconds up to its bound, else milliseconds below it (web)."""
    receipt_waits_offline: bool = False
    """Whether a receipt waits for the network (Android) or dies with its extension or worker."""
    sends_unsubscribed: bool = True
    """Whether sessions are told of people who are not subscribed (not on the web)."""
    replaces_by_tag: bool = False
    """Whether a newer notification takes the place of one with the same tag (the web)."""

    @property
    def has_app(self) -> bool:
        """Whether there is an app or a site with an SDK in it."""
        return self.kind in WITH_APP


def list_states(devices: Devices, rows: NDArray[np.int32]) -> NDArray[np.int16]:
    """Return what Android's and the web's SDK report of rows, shape (n,).

    Opt-out outranks missing permission since SDK 5 and web 16 (device SDKs, priority of states).
    """
    allowed = devices.switch[rows] & (devices.permission[rows] == Permission.GRANTED.value)
    value = np.where(allowed, np.int16(SUBSCRIBED), np.int16(NO_PERMISSION))
    return np.where(devices.opted_in[rows], value, np.int16(OPTED_OUT))


def tabulate(
    platforms: Mapping[int, Platform], holds: Callable[[Platform], bool]
) -> NDArray[np.bool_]:
    """Return, to be read by channel, whether *holds* is true of its platform."""
    table = np.zeros(max(platforms) + 1, np.bool_)
    for code, platform in platforms.items():
        table[code] = holds(platform)
    return table
