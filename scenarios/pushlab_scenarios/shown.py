"""What a verb is about: the message in the tray or inbox that belongs to a notification."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.devices.device import Device

__all__ = ["SHOWN", "find_shown"]

SHOWN: Final[Mapping[str, str]] = {"message": "tray", "mail": "inbox"}
"""Arguments of verbs that are something a device shows or holds, and where that is."""


def find_shown(device: Device, verb: str, notification: str) -> dict[str, object]:
    """Return the argument of *verb* that is what *device* has of a notification, by its name.

    Raises MisuseError when the device has nothing of it, or the verb is about nothing.
    """
    taken = inspect.signature(getattr(device, verb)).parameters
    for name, shelf in SHOWN.items():
        if name in taken:
            held = list(getattr(device, shelf))
            for message in held:
                if message.notification_id == notification:
                    return {name: message}
            there = f"{len(held)} other{'' if len(held) == 1 else 's'}" if held else "nothing"
            raise MisuseError(
                f"the {shelf} of {device.id} does not hold that message; it holds {there}"
            )
    raise MisuseError(f"{verb} is about no message; leave the message out")
