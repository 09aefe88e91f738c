"""The step in which a device does something: `verb: {device: alice-android, do: go_offline}`.

Which verbs a device has, and what each takes, stands in the device's class and nowhere else.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.devices.fleet import PLATFORMS
from pushlab.devices.kinds import KINDS
from pushlab.errors import find_near
from pushlab_scenarios.nodes import Fields
from pushlab_scenarios.shown import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place, Scalar

__all__ = ["VerbStep", "list_arguments", "list_verbs", "read_verb_step"]

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
        told = [f"{name} {_word(value)}" for name, value in self.arguments.items()]
        if self.message is not None:
            told.append(f"message {self.message}")
        return f"{self.device} {self.verb}" + (f" ({', '.join(told)})" if told else "")


def list_verbs(platform: str) -> list[str]:
    """Return the verbs of devices of *platform*."""
    return [*KINDS[PLATFORMS[platform].kind].VERBS]


def list_arguments(platform: str, verb: str) -> dict[str, inspect.Parameter]:
    """Return what *verb* takes, by name."""
    body = getattr(KINDS[PLATFORMS[platform].kind], verb)
    given = dict(inspect.signature(body).parameters)
    given.pop("self", None)
    return given


def read_verb_step(node: Node, say: str | None, cast: Cast) -> VerbStep:
    """Read what stands under `verb`."""
    fields = Fields(node, "a verb", EXAMPLE)
    device = cast.read_device(fields.need("device", fields.scalar("device")))
    verb = _read_verb(fields.need("do", fields.scalar("do")), device, cast.devices[device])
    taken = list_arguments(cast.devices[device], verb)
    message = fields.scalar(MESSAGE) if any(name in SHOWN for name in taken) else None
    arguments = dict(_read_arguments(fields, taken, f"{verb}: "))
    fields.finish()
    about = None if message is None else cast.read_saved(message)
    return VerbStep(node.place, say, device, verb, arguments, about)


def _read_verb(word: Scalar, device: str, platform: str) -> str:
    known = list_verbs(platform)
    if word.text in known:
        return word.text
    others = (verb for kind in KINDS.values() for verb in kind.VERBS)
    if word.text in others:
        what = f"{device} ({platform}) cannot {word.text}"
        raise word.place.refuse(what, f"what it can: {', '.join(known)}")
    raise word.place.refuse(f"there is no verb {word.text!r}", find_near(word.text, known))


def _read_arguments(
    fields: Fields, taken: Mapping[str, inspect.Parameter], context: str
) -> Iterator[tuple[str, object]]:
    for name, parameter in taken.items():
        if name in SHOWN:
            continue
        value = _read_argument(fields, name, str(parameter.annotation))
        if value is not None:
            yield name, value
        elif parameter.default is inspect.Parameter.empty:
            raise fields.place.refuse(f"{context}{name!r} is missing", f"add `{name}: ...`")


def _read_argument(fields: Fields, name: str, annotation: str) -> object:
    kinds = [part.strip() for part in annotation.split("|")]
    if "str" in kinds and len([kind for kind in kinds if kind != "None"]) > 1:
        scalar = fields.scalar(name)
        return None if scalar is None else scalar.value
    if "bool" in kinds:
        return fields.flag(name)
    if "int" in kinds or "float" in kinds:
        return fields.number(name)
    return fields.text(name)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
