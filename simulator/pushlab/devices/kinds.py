"""Which class shows which kind of device."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pushlab.devices.browser import Browser
from pushlab.devices.mailbox import Mailbox
from pushlab.devices.number import Number
from pushlab.devices.phone import Phone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.devices.device import Device, Host
    from pushlab.devices.platform import Kind

__all__ = ["KINDS", "VERBS", "view_device"]

KINDS: Final[Mapping[Kind, type[Device]]] = MappingProxyType(
    {"phone": Phone, "browser": Browser, "mailbox": Mailbox, "number": Number}
)
VERBS: Final = tuple(dict.fromkeys(verb for kind in KINDS.values() for verb in kind.VERBS))
"""Every verb of every kind of device."""


def view_device(host: Host, row: int) -> Device:
    """Return the device at *row* as what it is."""
    return KINDS[host.fleet.platform_of(row).kind](host, row)
