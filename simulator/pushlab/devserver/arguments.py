"""How a JSON value of the control API becomes an argument of a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pushlab.devices.arguments import CHOICES, find_shown, list_arguments
from pushlab.devserver.reading import Refusal
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.devices.arguments import Argument
    from pushlab.devices.device import Device
    from pushlab.devserver.reading import Fields

__all__ = ["LATER_VERBS", "read_arguments"]

LATER_VERBS: Final = ("upgrade", "move_to_new_phone")
"""Verbs that are promised and not built yet."""
EXAMPLES: Final[Mapping[str, object]] = {
    "address": "alice@example.com",
    "amount": 9.99,
    "attributes_type": "RideAttributes",
    "code": "de",
    "external_id": "alice",
    "key": "level",
    "kind": "voip",
    "lat": 52.5,
    "long": 13.4,
    "name": "Europe/Berlin",
    "network": "mobile",
    "number": "+15551234567",
    "on": False,
    "power": "low",
    "sku": "coins",
    "state": {"minutes": 5},
    "text": "STOP",
    "value": "10",
}
"""What a missing argument is shown with."""


def read_arguments(device: Device, verb: str, fields: Fields) -> dict[str, Any]:
    """Take the arguments of *verb*; raises Refusal when one does not fit."""
    read: dict[str, Any] = {}
    for argument in list_arguments(type(device), verb):
        value = _read(device, verb, argument, fields)
        if argument.is_needed:
            example = f"{{{_quote(argument.name)}: {_quote(EXAMPLES.get(argument.name, '...'))}}}"
            value = fields.need(argument.name, value, example)
        if value is not None:
            read[argument.parameter] = value
    return read


def _read(device: Device, verb: str, argument: Argument, fields: Fields) -> object:
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
        case "object":
            return fields.json_object(name)
    return _find_shown(device, verb, fields.text(name))


def _find_shown(device: Device, verb: str, notification: str | None) -> object:
    """Return what a device holds of a notification; None without an id."""
    if notification is None:
        return None
    try:
        [held] = find_shown(device, verb, notification).values()
    except MisuseError as error:
        what = f"{device.id} does not show {notification!r}"
        raise Refusal(409, what, str(error)) from None
    return held


def _quote(value: object) -> str:
    return msgspec.json.encode(value).decode()
