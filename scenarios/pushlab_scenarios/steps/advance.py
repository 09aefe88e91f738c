"""The step that moves the clock: `advance: 5m`, `advance: idle` or `advance: {until: ...}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab.world.clock import parse_duration, parse_instant, render_instant
from pushlab_scenarios.nodes import Fields, Table, read_text

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab_scenarios.nodes import Node, Place

__all__ = ["AdvanceStep", "read_advance_step"]

IDLE: Final = "idle"
EXAMPLE: Final = "advance: 5m, advance: idle or advance: {until: 2026-01-31T09:30:00Z}"


@dataclass(frozen=True, slots=True)
class AdvanceStep:
    """Time goes on: by a duration, up to an instant, or until nothing is due (neither)."""

    place: Place
    say: str | None
    text: str
    """As it was written."""
    duration_ms: int | None = None
    until: Instant | None = None

    def describe(self) -> str:
        """Return the step in a line."""
        if self.until is not None:
            return f"time goes on until {render_instant(self.until)}"
        if self.duration_ms is None:
            return "time goes on until nothing is due"
        return f"{self.text} go by"


def read_advance_step(node: Node, say: str | None) -> AdvanceStep:
    """Read what stands under `advance`."""
    if isinstance(node, Table):
        fields = Fields(node, "an advance", EXAMPLE)
        until = fields.need("until", fields.scalar("until"))
        fields.finish()
        try:
            return AdvanceStep(node.place, say, until.text, until=parse_instant(until.text))
        except MisuseError as error:
            raise refuse_value(until.place, error) from None
    text = read_text(node, "advance")
    if text == IDLE:
        return AdvanceStep(node.place, say, text)
    try:
        return AdvanceStep(node.place, say, text, duration_ms=parse_duration(text))
    except MisuseError:
        raise node.place.refuse(
            f"{text!r} is no duration", "write 90s, 5m, 1h30m, 2d or idle"
        ) from None


def refuse_value(place: Place, error: MisuseError) -> Exception:
    """Return *error* with the place of the value that it speaks of."""
    what, _, instead = str(error).partition("; ")
    return place.refuse(what, instead or EXAMPLE)
