"""What the verbs of devices take, as the classes of devices say it: for those who read texts.

Which verbs a device has and what each takes stands in the device's class and nowhere else; the
control API, the command line and scenarios read it here. An argument that is something shown (a
message of the tray, a mail) is named by its notification's id; without one the newest is meant.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from pushlab.devices.further_tokens import KINDS as KINDS_OF_PUSH
from pushlab.devices.kinds import KINDS
from pushlab.devices.power import NETWORKS, POWERS
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.devices.device import Device

    ArgumentKind = Literal["text", "flag", "whole", "number", "scalar", "object", "shown"]

__all__ = ["CHOICES", "NOTIFICATION", "Argument", "find_shown", "list_arguments", "list_kinds"]

CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "answer": ("allow", "deny"),
        "kind": KINDS_OF_PUSH,
        "network": NETWORKS,
        "power": POWERS,
    }
)
"""Arguments that are one of a few words."""
SHELVES: Final[Mapping[str, str]] = MappingProxyType({"message": "tray", "mail": "inbox"})
"""Arguments that are something a device shows or holds, and where that is."""
NOTIFICATION: Final = "notification"
"""What names them."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing that a verb takes."""

    name: str
    """As it is called in JSON."""
    kind: ArgumentKind
    default: object = None
    is_needed: bool = False
    parameter: str = ""
    """As the device's method calls it."""


def list_kinds(verb: str) -> list[type[Device]]:
    """Return the classes of device that have *verb*."""
    return [kind for kind in KINDS.values() if verb in kind.VERBS]


def list_arguments(kind: type[Device], verb: str) -> list[Argument]:
    """Return what *verb* takes of a device of *kind*, in the order of its method."""
    body = inspect.signature(getattr(kind, verb))
    return [_describe(parameter) for name, parameter in body.parameters.items() if name != "self"]


def _describe(parameter: inspect.Parameter) -> Argument:
    kinds = {part.strip() for part in str(parameter.annotation).split("|")} - {"None"}
    is_needed = parameter.default is inspect.Parameter.empty
    default = None if is_needed else parameter.default
    if parameter.name in SHELVES:
        return Argument(NOTIFICATION, "shown", parameter=parameter.name)
    kind: ArgumentKind = "scalar"
    if kinds == {"str"}:
        kind = "text"
    elif kinds == {"bool"}:
        kind = "flag"
    elif kinds == {"int"}:
        kind = "whole"
    elif kinds <= {"int", "float"}:
        kind = "number"
    elif kinds == {"Mapping[str, object]"}:
        kind = "object"
    return Argument(parameter.name, kind, default, is_needed, parameter.name)


def find_shown(device: Device, verb: str, notification: str) -> dict[str, object]:
    """Return the argument of *verb* that is what *device* has of a notification, by its name.

    Raises MisuseError when the device has nothing of it, or the verb is about nothing.
    """
    for argument in list_arguments(type(device), verb):
        if argument.kind != "shown":
            continue
        shelf = SHELVES[argument.parameter]
        held = list(getattr(device, shelf))
        for message in held:
            if message.notification_id == notification:
                return {argument.parameter: message}
        known = ", ".join(str(message.notification_id) for message in held) or "nothing"
        raise MisuseError(
            f"the {shelf} of {device.id} does not hold that message; it holds {known}"
        )
    raise MisuseError(f"{verb} is about no message; leave the message out")
