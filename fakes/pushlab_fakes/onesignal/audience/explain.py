"""Why one subscription is not among those that segments or filters choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab_fakes.onesignal.audience.chosen import find_segments, read_filters
from pushlab_fakes.onesignal.audience.found import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.onesignal.draft import NotificationDraft, Targeting
    from pushlab_fakes.onesignal.filters import FilterList
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["explain_row"]

SHOWN_MAX: Final = 3
"""Filters that one reason names."""


def explain_row(
    belief: Belief, app: int, draft: NotificationDraft, row: int
) -> tuple[str, str] | None:
    """Return the rule that keeps the subscription at *row* out now, and a sentence.

    None where the draft names its targets one by one, and where nothing keeps it out: then belief
    has changed since the message was sent.
    """
    targeting, reach = draft.targeting, Reach.of(draft)
    if not (targeting.segments or targeting.filters):
        return None
    found = (
        _explain_segments(belief, app, targeting, row)
        if targeting.segments
        else _explain_filters(belief, targeting, row)
    )
    if found is None and not reach.can_send(belief, np.array([row], np.int32))[0]:
        types = int(belief.subscriptions.notification_types[row])
        said = f"notification_types {types}"
        return "unsubscribed", f"segments and filters reach only who is subscribed; it has {said}"
    return found


def _explain_segments(
    belief: Belief, app: int, targeting: Targeting, row: int
) -> tuple[str, str] | None:
    held = belief.apps[app]
    for name in targeting.excluded_segments:
        for filters in find_segments(belief, held, name):
            if filters is None or filters.matches(belief, row):
                shown = "everybody is in it" if filters is None else _show(belief, filters, row)
                return "excluded-by-segment", f"the segment {name!r} is excluded: {shown}"
    outside = []
    for name in targeting.segments:
        segments = find_segments(belief, held, name)
        if not segments:
            outside.append(f"there is no segment {name!r} (names are told apart by case)")
        for filters in segments:
            if filters is None or filters.matches(belief, row):
                return None
            outside.append(f"it is not in the segment {name!r}: {_show(belief, filters, row)}")
    return "not-in-segment", _join(outside)


def _explain_filters(belief: Belief, targeting: Targeting, row: int) -> tuple[str, str] | None:
    filters = read_filters(targeting.filters)
    assert filters is not None, "a draft with filters has some"
    if filters.matches(belief, row):
        return None
    return "filter-false", _show(belief, filters, row)


def _show(belief: Belief, filters: FilterList, row: int) -> str:
    """Name the filters that decide: the true ones of a match, else the false ones."""
    wanted = filters.matches(belief, row)
    word = "true" if wanted else "false"
    return _join(
        [
            f"{finding.text} is {word} for the {finding.scope}: {finding.seen}"
            for finding in filters.explain(belief, row)
            if finding.matches == wanted
        ]
    )


def _join(parts: Sequence[str]) -> str:
    more = len(parts) - SHOWN_MAX
    shown = "; ".join(parts[:SHOWN_MAX])
    return f"{shown}; and {more} more" if more > 0 else shown
