"""What verbs take, and how the control API and the command line read it.

Which verbs a device has and what each takes stands in the device's class; here is only how a JSON
value becomes such an argument. An argument that is something shown (a message of the tray, a mail)
is named by its notification's id; without one the newest is meant.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pushlab.devices.kinds import KINDS
from pushlab.devserver.reading import Refusal, find_near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.devices.device import Device
    from pushlab.devserver.reading import Fields

    ArgumentKind = Literal["text", "flag", "whole", "number", "scalar", "shown"]

__all__ = [
    "CHOICES",
    "LATER_VERBS",
    "Argument",
    "list_arguments",
    "list_kinds",
    "read_arguments",
]

LATER_VERBS: Final = ("upgrade", "move_to_new_phone")
"""Verbs that are promised and not built yet."""
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"answer": ("allow", "deny")}
"""Arguments that are one of a few words."""
SHOWN: Final = ("message", "mail")
"""Arguments that are something in the tray or the inbox."""
NOTIFICATION: Final = "notification"
"""What names them."""
EXAMPLES: Final[Mapping[str, object]] = {
    "address": "alice@example.com",
    "amount": 9.99,
    "code": "de",
    "external_id": "alice",
    "key": "level",
    "lat": 52.5,
    "long": 13.4,
    "name": "Europe/Berlin",
    "number": "+15551234567",
    "on": False,
    "sku": "coins",
    "text": "STOP",
    "value": "10",
}
"""What a missing argument is shown with."""


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


def read_arguments(device: Device, verb: str, fields: Fields) -> dict[str, Any]:
    """Take the arguments of *verb*; raises Refusal when one does not fit."""
    read: dict[str, Any] = {}
    for argument in list_arguments(type(device), verb):
        value = _read(device, argument, fields)
        if argument.is_needed:
            example = f"{{{_quote(argument.name)}: {_quote(EXAMPLES.get(argument.name, '...'))}}}"
            value = fields.need(argument.name, value, example)
        if value is not None:
            read[argument.parameter] = value
    return read


def _describe(parameter: inspect.Parameter) -> Argument:
    kinds = {part.strip() for part in str(parameter.annotation).split("|")} - {"None"}
    is_needed = parameter.default is inspect.Parameter.empty
    default = None if is_needed else parameter.default
    if parameter.name in SHOWN:
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
    return Argument(parameter.name, kind, default, is_needed, parameter.name)


def _read(device: Device, argument: Argument, fields: Fields) -> object:
    name = argument.name
    if name in CHOICES:
        return fields.choice(name, CHOICES[name])
    match argument.kind:
        case "text":
            return fields.text(name)
        case "flag":
            return fields.flag(name)
        case "whole":
            return fields.whole(name)
        case "number":
            return fields.number(name)
        case "scalar":
            return fields.scalar(name)
    return _find_shown(device, fields.text(name), argument.parameter)


def _find_shown(device: Device, notification: str | None, parameter: str) -> object:
    """Return what a device holds of a notification; None without an id."""
    if notification is None:
        return None
    held = device.tray if parameter == "message" else device.inbox
    for each in held:
        if each.notification_id == notification:
            return each
    known = [str(each.notification_id) for each in held]
    raise Refusal(
        409, f"{device.id} does not show {notification!r}", find_near(notification, known)
    )


def _quote(value: object) -> str:
    return msgspec.json.encode(value).decode()
