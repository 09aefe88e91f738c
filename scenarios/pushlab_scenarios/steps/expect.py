"""The step that says what must be so: on a device, in the counts, or why it is so.

`expect: {device: alice-android, tray: [{title: Welcome}]}`, the same with `inbox` or `state`;
`expect: {message: welcome, statistics: {successful: 1}}`;
`expect: {message: welcome, device: alice-android, why: offline}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pushlab.errors import find_near
from pushlab_fakes.onesignal.statistics import Statistics
from pushlab_scenarios.nodes import Fields, Listing, Scalar, Table, read_text, render_node

if TYPE_CHECKING:
    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place

__all__ = [
    "ExpectDevice",
    "ExpectStatistics",
    "ExpectStep",
    "ExpectWhy",
    "Look",
    "read_expect_step",
]

Look: TypeAlias = Literal["tray", "inbox", "state"]
LOOKS: Final[tuple[Look, ...]] = ("tray", "inbox", "state")
COUNTS: Final = tuple(Statistics().totals())
EXAMPLE: Final = "expect: {device: alice-android, tray: [{title: Welcome}]}"
EXAMPLE_MESSAGE: Final = "expect: {message: welcome, statistics: {successful: 1}}"


@dataclass(frozen=True, slots=True)
class ExpectDevice:
    """What a device shows, holds or is, as far as it is named; lists are newest first."""

    place: Place
    say: str | None
    device: str
    look: Look
    wanted: Listing | Table

    def describe(self) -> str:
        """Return the step in a line."""
        return f"{self.device}: {self.look} {render_node(self.wanted)}"


@dataclass(frozen=True, slots=True)
class ExpectStatistics:
    """What the service has counted for a message."""

    place: Place
    say: str | None
    message: str
    wanted: Table

    def describe(self) -> str:
        """Return the step in a line."""
        return f"{self.message}: statistics {render_node(self.wanted)}"


@dataclass(frozen=True, slots=True)
class ExpectWhy:
    """The rule by which a device got a message, or did not."""

    place: Place
    say: str | None
    message: str
    device: str
    rule: Scalar

    def describe(self) -> str:
        """Return the step in a line."""
        return f"{self.message} on {self.device}: why {self.rule.text}"


ExpectStep: TypeAlias = ExpectDevice | ExpectStatistics | ExpectWhy


def read_expect_step(node: Node, say: str | None, cast: Cast) -> ExpectStep:
    """Read what stands under `expect`."""
    example = EXAMPLE
    if isinstance(node, Table) and any(key.text == "message" for key, _ in node.pairs):
        example = EXAMPLE_MESSAGE
    fields = Fields(node, "an expectation", example)
    message, device = fields.scalar("message"), fields.scalar("device")
    saved = None if message is None else cast.read_saved(message)
    joined = None if device is None else cast.read_device(device)
    step: ExpectStep
    if saved is not None and joined is not None:
        rule = fields.need("why", fields.scalar("why"))
        step = ExpectWhy(node.place, say, saved, joined, rule)
    elif saved is not None:
        wanted = fields.need("statistics", fields.table("statistics"))
        step = ExpectStatistics(node.place, say, saved, _check_counts(wanted))
    else:
        name = fields.need("device", joined)
        look, held = _read_look(fields)
        cast.check(held)
        step = ExpectDevice(node.place, say, name, look, held)
    fields.finish()
    return step


def _read_look(fields: Fields) -> tuple[Look, Listing | Table]:
    found: list[tuple[Look, Listing | Table]] = []
    for look in LOOKS:
        place = fields.key_place(look) if look in fields else None
        held = fields.table(look) if look == "state" else fields.listing(look)
        if held is None or place is None:
            continue
        if found:
            raise place.refuse(
                f"{look} stands beside {found[0][0]}", "write an expectation for each"
            )
        if isinstance(held, Listing):
            _check_items(held, look)
        found.append((look, held))
    if not found:
        fields.finish()
    return fields.need("tray", found[0] if found else None)


def _check_items(held: Listing, look: str) -> None:
    for item in held.items:
        if not isinstance(item, Table):
            raise item.place.refuse(
                f"this is no message of the {look}", "write its fields, such as {title: Welcome}"
            )


def _check_counts(wanted: Table) -> Table:
    for key, value in wanted.pairs:
        if key.text not in COUNTS:
            near = find_near(key.text, COUNTS)
            raise key.place.refuse(f"statistics have no {key.text!r}", near)
        if not isinstance(value, Scalar) or type(value.value) is not int:
            read_text(value, key.text)
            raise value.place.refuse(f"{key.text} is no count", f"write {key.text}: 1")
    return wanted
