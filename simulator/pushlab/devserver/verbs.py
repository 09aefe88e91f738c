"""The verbs of devices as commands: `pushlab ctl add-tag alice-android level 10`.

They are made of what the classes of devices say: a verb's words, and what it takes.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import click

from pushlab.devices.arguments import CHOICES, list_arguments, list_kinds
from pushlab.devices.kinds import KINDS, VERBS
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pushlab.devices.arguments import Argument

    Perform = Callable[[str, str, dict[str, object]], None]
    """Lets a device (its id) do a verb with arguments."""

__all__ = ["list_sections", "make_command", "parse_arguments", "parse_scalar"]


def list_sections() -> list[tuple[str, list[str]]]:
    """Return the verbs of each kind of device, as they are typed."""
    return [
        (f"Verbs of a {name}", [verb.replace("_", "-") for verb in kind.VERBS])
        for name, kind in KINDS.items()
    ]


def make_command(name: str, perform: Perform) -> click.Command | None:
    """Return the command of the verb *name*, or None when there is no such verb."""
    verb = name.replace("-", "_")
    if verb not in VERBS:
        return None
    found = {
        argument.name: argument
        for kind in list_kinds(verb)
        for argument in list_arguments(kind, verb)
    }
    arguments = list(found.values())

    def call(device_id: str, **given: object) -> None:
        read = {
            name: _read_typed(found[name], value)
            for name, value in given.items()
            if value is not None
        }
        perform(device_id, verb, read)

    said = inspect.getdoc(getattr(list_kinds(verb)[0], verb)) or ""
    kinds = " or ".join(f"a {name}" for name, kind in KINDS.items() if verb in kind.VERBS)
    return click.Command(
        name,
        callback=call,
        params=[click.Argument(["device_id"], metavar="DEVICE"), *map(_make_parameter, arguments)],
        help=f"{said.replace('``', '')}\n\nDEVICE is {kinds}.",
        short_help=said.partition("\n")[0],
        # A longitude may be negative, and is no option then.
        context_settings={"ignore_unknown_options": any(_is_number(each) for each in arguments)},
    )


def parse_arguments(
    given: Iterable[str], verb: str = "", *, is_text: bool = False
) -> dict[str, object]:
    """Read NAME=VALUE; a value that is JSON is that, unless *verb* or *is_text* wants a text."""
    texts = {
        argument.name
        for kind in list_kinds(verb)
        for argument in list_arguments(kind, verb)
        if argument.kind in {"text", "shown"} or _is_written(argument)
    }
    read: dict[str, object] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise MisuseError(f"{each!r} is no argument; write NAME=VALUE")
        read[name] = value if is_text or name in texts else parse_scalar(value)
    return read


def parse_scalar(text: str) -> object:
    """Return *text* as JSON when it is that, else as it stands."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _make_parameter(argument: Argument) -> click.Parameter:
    option = argument.name.replace("_", "-")
    kind = _choose_type(argument)
    if argument.is_needed:
        return click.Argument([argument.name], type=kind, metavar=argument.name.upper())
    if argument.kind == "flag":
        off = "off" if option == "on" else f"no-{option}"
        return click.Option([f"--{option}/--{off}", argument.name], default=None)
    said = "The newest without it." if argument.kind == "shown" else None
    if argument.default is not None:
        said = f"Without it {argument.default}."
    return click.Option([f"--{option}", argument.name], type=kind, help=said)


def _choose_type(argument: Argument) -> Any:  # noqa: ANN401 - click's types have no common name
    if argument.name in CHOICES:
        return click.Choice(CHOICES[argument.name])
    types: dict[str, Any] = {"flag": click.BOOL, "whole": click.INT, "number": click.FLOAT}
    return types.get(argument.kind, click.STRING)


def _is_number(argument: Argument) -> bool:
    return argument.is_needed and argument.kind in {"number", "whole"}


def _read_typed(argument: Argument, value: object) -> object:
    if argument.kind == "object" and isinstance(value, str):
        return parse_scalar(value)
    if argument.kind == "scalar" and isinstance(value, str) and not _is_written(argument):
        return parse_scalar(value)
    return value


def _is_written(argument: Argument) -> bool:
    """Whether a number is better left as it was written: 1.50 and 1.5 are two tags."""
    return argument.kind == "scalar" and not isinstance(argument.default, int)
