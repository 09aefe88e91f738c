"""The steps about what goes wrong: `fault: {...}`, `end_fault: outage` and `release: gate`.

What a fault may say stands in `lab.fault`; a wrong one is refused before anything runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab.fault_plans import read_options
from pushlab.world.clock import parse_duration, parse_instant
from pushlab_fakes.faults import FOREVER, Fault, check_fault
from pushlab_scenarios.nodes import Fields, Scalar, Table, read_text, render_word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place

__all__ = [
    "EndFaultStep",
    "FaultStep",
    "ReleaseStep",
    "read_end_fault_step",
    "read_fault_step",
    "read_release_step",
]

EXAMPLE: Final = "fault: {where: onesignal POST /notifications, how: lost, times: 1}"
EXAMPLE_RELEASE: Final = "release: gate"


@dataclass(frozen=True, slots=True)
class FaultStep:
    """Something goes wrong from now on."""

    place: Place
    say: str | None
    where: str
    options: Mapping[str, object]
    """What else `lab.fault` is told."""

    @property
    def is_hold(self) -> bool:
        """Whether it keeps something in flight."""
        return self.options.get("how") == "hold"

    def describe(self) -> str:
        """Return the step in a line."""
        told = ", ".join(f"{name} {render_word(value)}" for name, value in self.options.items())
        return f"a fault at {self.where}" + (f": {told}" if told else "")


@dataclass(frozen=True, slots=True)
class EndFaultStep:
    """A fault ends."""

    place: Place
    say: str | None
    name: str

    def describe(self) -> str:
        """Return the step in a line."""
        return f"the fault {self.name} ends"


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """What a hold keeps in flight goes on: all of it, or the oldest."""

    place: Place
    say: str | None
    name: str
    count: int | None = None

    def describe(self) -> str:
        """Return the step in a line."""
        what = "everything" if self.count is None else f"the oldest {self.count}"
        return f"the hold {self.name} lets {what} go on"


def read_fault_step(node: Node, say: str | None, cast: Cast) -> FaultStep:
    """Read what stands under `fault`."""
    fields = Fields(node, "a fault", EXAMPLE)
    where = fields.need("where", fields.text("where"))
    options = read_options(fields, lambda: _read_devices(fields, cast), names_app=False)
    fields.finish()
    try:
        _check(where, options)
    except MisuseError as error:
        what, _, instead = str(error).partition("; ")
        raise node.place.refuse(what, instead or f"write {EXAMPLE}") from None
    if "id" in options:
        cast.add_fault(options["id"], node.place, is_hold=options.get("how") == "hold")
    return FaultStep(node.place, say, where, options)


def _check(where: str, options: Mapping[str, Any]) -> None:
    """Refuse a fault that cannot be; who it is limited to is known when it is played."""
    told = {name: value for name, value in options.items() if name not in {"delay", "person"}}
    is_limited = "devices" in told or "person" in options
    told["devices"] = frozenset([0]) if is_limited else None
    if "delay" in options:
        told["delay_ms"] = parse_duration(options["delay"])
    for name, otherwise in (("start", 0), ("end", FOREVER)):
        told[name] = parse_instant(options[name]) if name in options else otherwise
    check_fault(Fault(**{"id": "", **told, "where": where}))


def _read_devices(fields: Fields, cast: Cast) -> list[str] | None:
    listed = fields.listing("devices")
    if listed is None:
        return None
    names: list[str] = []
    for item in listed.items:
        read_text(item, "a device")
        assert isinstance(item, Scalar), "a text is no list"
        names.append(cast.read_device(item))
    return names


def read_end_fault_step(node: Node, say: str | None, cast: Cast) -> EndFaultStep:
    """Read what stands under `end_fault`."""
    return EndFaultStep(node.place, say, cast.read_fault(_read_name(node, "end_fault")))


def read_release_step(node: Node, say: str | None, cast: Cast) -> ReleaseStep:
    """Read what stands under `release`: the name of a hold, or `{hold: gate, count: 1}`."""
    if not isinstance(node, Table):
        return ReleaseStep(node.place, say, cast.read_hold(_read_name(node, "release")))
    fields = Fields(node, "a release", EXAMPLE_RELEASE)
    name = cast.read_hold(fields.need("hold", fields.scalar("hold")))
    place = fields.key_place("count") if "count" in fields else node.place
    count = fields.whole("count")
    fields.finish()
    if count == 0:
        raise place.refuse("count is 0", "release one at least, or leave the count out")
    return ReleaseStep(node.place, say, name, count)


def _read_name(node: Node, what: str) -> Scalar:
    read_text(node, what)
    assert isinstance(node, Scalar), "a text is no list"
    return node
