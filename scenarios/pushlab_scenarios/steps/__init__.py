"""The steps of a scenario, each a value with its own reader."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from pushlab.errors import find_near
from pushlab_scenarios.nodes import Table, read_text
from pushlab_scenarios.steps.advance import AdvanceStep, read_advance_step
from pushlab_scenarios.steps.device import DeviceStep, read_device_step
from pushlab_scenarios.steps.expect import (
    ExpectDevice,
    ExpectStatistics,
    ExpectStep,
    ExpectWhy,
    read_expect_step,
)
from pushlab_scenarios.steps.fault import (
    EndFaultStep,
    FaultStep,
    ReleaseStep,
    read_end_fault_step,
    read_fault_step,
    read_release_step,
)
from pushlab_scenarios.steps.request import RequestStep, read_request_step
from pushlab_scenarios.steps.verb import VerbStep, read_verb_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node

__all__ = [
    "AdvanceStep",
    "DeviceStep",
    "EndFaultStep",
    "ExpectDevice",
    "ExpectStatistics",
    "ExpectStep",
    "ExpectWhy",
    "FaultStep",
    "ReleaseStep",
    "RequestStep",
    "Step",
    "VerbStep",
    "read_step",
]

Step: TypeAlias = (
    DeviceStep
    | VerbStep
    | RequestStep
    | AdvanceStep
    | ExpectStep
    | FaultStep
    | EndFaultStep
    | ReleaseStep
)

READERS: Final[Mapping[str, Callable[[Node, str | None, Cast], Step]]] = MappingProxyType(
    {
        "device": read_device_step,
        "verb": read_verb_step,
        "request": read_request_step,
        "advance": lambda node, say, _cast: read_advance_step(node, say),
        "expect": read_expect_step,
        "fault": read_fault_step,
        "end_fault": read_end_fault_step,
        "release": read_release_step,
    }
)
"""The words that begin a step."""
SAY: Final = "say"


def read_step(node: Node, cast: Cast) -> Step:
    """Return the step that *node* says; *cast* knows who and what came before."""
    if not isinstance(node, Table):
        raise node.place.refuse("this is no step", "write `device: ...`, `advance: 5m` or the like")
    said: str | None = None
    found: tuple[str, Node] | None = None
    for key, value in node.pairs:
        if key.text == SAY:
            said = read_text(value, SAY)
        elif key.text not in READERS:
            near = find_near(key.text, (*READERS, SAY))
            raise key.place.refuse(f"there is no step {key.text!r}", near)
        elif found is not None:
            raise key.place.refuse(
                f"{key.text!r} stands in the same step as {found[0]!r}",
                f"begin a new step: `- {key.text}: ...`",
            )
        else:
            found = (key.text, value)
    if found is None:
        raise node.place.refuse("this step does nothing", f"add one of {', '.join(READERS)}")
    return READERS[found[0]](found[1], said, cast)
