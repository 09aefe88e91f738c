"""The step in which a device does something: `verb: {device: alice-android, do: go_offline}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.errors import find_near
from pushlab_scenarios.nodes import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place

    Reader = Callable[[Fields], dict[str, object]]
    """Takes the arguments of a verb."""

__all__ = ["VERBS", "VerbStep", "read_verb_step"]

EXAMPLE: Final = "verb: {device: alice-android, do: go_offline}"


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
        told = [f"{name} {value}" for name, value in self.arguments.items()]
        if self.message is not None:
            told.append(f"message {self.message}")
        return f"{self.device}: {self.verb}{f' ({", ".join(told)})' if told else ''}"


def read_verb_step(node: Node, say: str | None, cast: Cast) -> VerbStep:
    """Read what stands under `verb`."""
    fields = Fields(node, "a verb", EXAMPLE)
    device = cast.read_device(fields.need("device", fields.scalar("device")))
    verb = fields.need("do", fields.scalar("do"))
    if verb.text not in VERBS:
        raise verb.place.refuse(f"no device can {verb.text}", find_near(verb.text, VERBS))
    message = fields.scalar("message") if verb.text in ABOUT_MESSAGES else None
    arguments = VERBS[verb.text](fields)
    fields.finish()
    return VerbStep(
        node.place,
        say,
        device,
        verb.text,
        {name: value for name, value in arguments.items() if value is not None},
        None if message is None else cast.read_saved(message),
    )
