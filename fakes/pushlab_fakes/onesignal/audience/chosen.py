"""Targets that a request describes: segments by name, and filters.

Each becomes a column of truth values over all subscriptions, whatever their channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal.filters import parse_filters
from pushlab_fakes.onesignal.plans import refuse_missing
from pushlab_fakes.onesignal.segments import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.draft import Targeting
    from pushlab_fakes.onesignal.filters import FilterList
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.segments import Segment

__all__ = [
    "find_segments",
    "read_filters",
    "refuse_filters",
    "select_filters",
    "select_segment",
    "select_segments",
]


def refuse_filters(app: App, targeting: Targeting) -> Answer | None:
    """Refuse filters that cannot be read, and those that the app's plan does not have."""
    if not targeting.filters:
        return None
    parsed = parse_filters(targeting.filters)
    if isinstance(parsed, Answer):
        return parsed
    return refuse_missing(app.plan, "time_operators") if parsed.needs_time_operators else None


def read_filters(entries: Sequence[Mapping[str, object]]) -> FilterList | None:
    """Return filters that were found in order before, None where there are none."""
    if not entries:
        return None
    parsed = parse_filters(entries)
    assert not isinstance(parsed, Answer), "filters are refused before they are kept"
    return parsed


def find_segments(belief: Belief, app: App, name: str) -> list[FilterList | None]:
    """Return the filters of the segments called *name*, None in place of no filters."""
    held = belief.segments.named(app, name)
    if not held and name == ALL:
        return [None]
    return [read_filters(segment.filters) for segment in held]


def select_segments(
    belief: Belief, app: App, included: Sequence[str], excluded: Sequence[str]
) -> NDArray[np.bool_]:
    """Return which subscriptions are in one of *included* and in none of *excluded*; shape (n,).

    A name that no segment has matches nobody.
    """
    inside = np.zeros(len(belief.subscriptions), np.bool_)
    for name in included:
        for filters in find_segments(belief, app, name):
            inside |= _select(belief, app, filters)
    for name in excluded:
        for filters in find_segments(belief, app, name):
            inside &= ~_select(belief, app, filters)
    return inside


def select_segment(belief: Belief, app: App, segment: Segment) -> NDArray[np.bool_]:
    """Return which subscriptions are in *segment*, reachable or not; shape (n,)."""
    return _select(belief, app, read_filters(segment.filters))


def select_filters(
    belief: Belief, app: App, entries: Sequence[Mapping[str, object]]
) -> NDArray[np.bool_]:
    """Return which subscriptions fulfil the filters *entries*; shape (n,)."""
    return _select(belief, app, read_filters(entries))


def _select(belief: Belief, app: App, filters: FilterList | None) -> NDArray[np.bool_]:
    if filters is not None:
        return filters.select(belief, app.row)
    columns = belief.subscriptions
    inside: NDArray[np.bool_] = columns.live("app") == app.row
    inside &= ~columns.live("deleted")
    return inside
