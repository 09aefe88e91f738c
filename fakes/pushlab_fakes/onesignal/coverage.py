"""What is served of OneSignal, as a table made from the routes themselves.

The second half of each row, whether a test really asked for it, comes from the counts that
`OneSignal.hits` keeps; whoever runs the tests adds them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushlab_fakes.onesignal.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CoverageRow", "list_coverage", "render_coverage"]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One operation and how far it is covered."""

    group: str
    operation: str
    """Method and path template."""
    id: str
    is_served: bool
    hits: int
    """How often tests asked for it; 0 when nobody counted."""


def list_coverage(hits: Mapping[str, int] | None = None) -> list[CoverageRow]:
    """Return a row for every documented operation; *hits* counts requests by operation id."""
    counted = hits or {}
    return [
        CoverageRow(each.group, each.name, each.id, each.is_built, counted.get(each.id, 0))
        for each in OPERATIONS
    ]


def render_coverage(hits: Mapping[str, int] | None = None) -> str:
    """Return the table as text, one line an operation, under a line that sums it up."""
    rows = list_coverage(hits)
    served = [row for row in rows if row.is_served]
    lines = [f"OneSignal: {len(served)} of {len(rows)} documented calls are served"]
    width = max(len(row.operation) for row in rows)
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(f"\n{group}")
        state = "served" if row.is_served else "answers 501"
        tested = f", asked for {row.hits} times" if hits is not None and row.is_served else ""
        lines.append(f"  {row.operation:{width}}  {state}{tested}")
    return "\n".join(lines)
