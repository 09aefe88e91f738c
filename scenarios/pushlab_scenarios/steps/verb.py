"""The step in which a device does something: `verb: {device: alice-android, do: go_offline}`.

Which verbs a device has, and what each takes, stands in the device's class and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.devices.arguments import CHOICES, list_arguments
from pushlab.devices.fleet import PLATFORMS
from pushlab.devices.kinds import KINDS
from pushlab.errors import find_near
from pushlab_scenarios.nodes import Fields, render_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pushlab.devices.arguments import Argument
    from pushlab.devices.device import Device
    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place, Scalar

__all__ = ["VerbStep", "read_verb_step"]

EXAMPLE: Final = "verb: {device: alice-android, do: go_offline}"
MESSAGE: Final = "message"
"""What names the notification that a verb is about."""


@dataclass(frozen=True, slots=True)
class VerbStep:
    """A device does something, at once."""

    place: Place
    say: str | None
    device: str
    verb: str
    arguments: Mapping[str, object]
    message: str | None = None
    """The name under which the notification was saved that the verb is about."""

    def describe(self) -> str:
        """Return the step in a line."""
        told = [f"{name} {render_word(value)}" for name, value in self.arguments.items()]
        if self.message is not None:
            told.append(f"message {self.message}")
        return f"{self.device} {self.verb}" + (f" ({', '.join(told)})" if told else "")


def read_verb_step(node: Node, say: str | None, cast: Cast) -> VerbStep:
    """Read what stands under `verb`."""
    fields = Fields(node, "a verb", EXAMPLE)
    device = cast.read_device(fields.need("device", fields.scalar("device")))
    platform = cast.devices[device]
    kind = KINDS[PLATFORMS[platform].kind]
    verb = _read_verb(fields.need("do", fields.scalar("do")), f"{device} ({platform})", kind)
    taken = list_arguments(kind, verb)
    is_about = any(argument.kind == "shown" for argument in taken)
    message = fields.scalar(MESSAGE) if is_about else None
    arguments = dict(_read_arguments(fields, taken, f"{verb}: "))
    fields.finish()
    about = None if message is None else cast.read_saved(message)
    return VerbStep(node.place, say, device, verb, arguments, about)


def _read_verb(word: Scalar, device: str, kind: type[Device]) -> str:
    known = list(kind.VERBS)
    if word.text in known:
        return word.text
    others = (verb for kind in KINDS.values() for verb in kind.VERBS)
    if word.text in others:
        what = f"{device} cannot {word.text}"
        raise word.place.refuse(what, f"what it can: {', '.join(known)}")
    raise word.place.refuse(f"there is no verb {word.text!r}", find_near(word.text, known))


def _read_arguments(
    fields: Fields, taken: Sequence[Argument], context: str
) -> Iterator[tuple[str, object]]:
    for argument in taken:
        if argument.kind == "shown":
            continue
        name = argument.name
        value = _read_argument(fields, argument)
        if value is not None:
            yield argument.parameter, value
        elif argument.is_needed:
            raise fields.place.refuse(f"{context}{name!r} is missing", f"add `{name}: ...`")


def _read_argument(fields: Fields, argument: Argument) -> object:
    name = argument.name
    if name in CHOICES:
        return fields.choice(name, CHOICES[name])
    match argument.kind:
        case "text":
            return fields.text(name)
        case "flag":
            return fields.flag(name)
        case "whole" | "number":
            return fields.number(name)
        case "object":
            table = fields.table(name)
            return None if table is None else table.plain()
    scalar = fields.scalar(name)
    return None if scalar is None else scalar.value
