"""Filters that were read, and whom they select: groups of which one must hold as a whole.

Each filter is tested at its scope: those on users over users, once for all their subscriptions,
the others over subscriptions. Within a group the cheap ones go first; where few rows are left to
the dear ones, these look at the few only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.table import as_slice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.filters.condition import Condition, Scope, Test
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["FilterList", "Finding"]

BLOCK: Final = 1 << 15
"""Rows tested together."""
FEW_SHIFT: Final = 3
"""Fewer than an eighth of a block are looked at one by one rather than all together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one filter says of one subscription."""

    entry: Mapping[str, object]
    """The filter as it was sent."""
    text: str
    """The filter in words: ``tag level = "10"``."""
    scope: Scope
    matches: bool
    seen: str
    """What was there: ``tag level is "9"``."""


@dataclass(frozen=True, slots=True)
class FilterList:
    """Filters that were read; they select a subscription when one group fits as a whole."""

    groups: tuple[tuple[tuple[Mapping[str, object], Condition], ...], ...]
    """What OR parts: each a run of filters that AND joins, as sent and as read."""

    @property
    def needs_time_operators(self) -> bool:
        """Whether a filter is of the paid ones."""
        return any(each.needs_time_operators for group in self.groups for _, each in group)

    def select(self, belief: Belief, app: int) -> NDArray[np.bool_]:
        """Return which subscriptions match: live ones of *app*, reachable or not; shape (n,)."""
        columns = belief.subscriptions
        found = np.zeros(len(columns), np.bool_)
        for group in self.groups:
            whose = _prepare(belief, group, "user")
            own = _prepare(belief, group, "subscription")
            users = _choose(whose, len(belief.users)) if whose else None
            found |= _choose(own, len(columns), belief, users)
        found &= columns.live("app") == app
        found &= ~columns.live("deleted")
        return found

    def matches(self, belief: Belief, row: int) -> bool:
        """Whether the live subscription at *row* matches."""
        return any(
            all(_holds(belief, condition, row) for _, condition in group) for group in self.groups
        )

    def explain(self, belief: Belief, row: int) -> list[Finding]:
        """Return what each filter says of the live subscription at *row*, in the order sent."""
        return [
            Finding(
                entry,
                condition.render(),
                condition.scope,
                _holds(belief, condition, row),
                condition.describe(belief, _tested_row(belief, condition, row)),
            )
            for group in self.groups
            for entry, condition in group
        ]


def _tested_row(belief: Belief, condition: Condition, row: int) -> int:
    return row if condition.scope == "subscription" else int(belief.subscriptions.user[row])


def _holds(belief: Belief, condition: Condition, row: int) -> bool:
    tested = np.array([_tested_row(belief, condition, row)], np.intp)
    return bool(condition.prepare(belief).check(tested)[0])


def _prepare(
    belief: Belief, group: Sequence[tuple[Mapping[str, object], Condition]], scope: Scope
) -> list[Test]:
    """Return the tests of one scope, cheap ones first."""
    tests = [condition.prepare(belief) for _, condition in group if condition.scope == scope]
    return sorted(tests, key=lambda test: test.is_dear)


def _choose(
    tests: Sequence[Test],
    count: int,
    belief: Belief | None = None,
    users: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Return which of *count* rows pass all *tests*, and belong to one of *users*, if given.

    Block by block: what a block needs stays in the processor's cache.
    """
    found = np.zeros(count, np.bool_)
    owners = None if belief is None or users is None else belief.subscriptions.live("user")
    for start in range(0, count, BLOCK):
        part = slice(start, min(start + BLOCK, count))
        mask = None
        if owners is not None and users is not None:
            # A deleted subscription has no owner and reads the last user, whoever that is.
            owned = as_slice(owners[part])
            mask = users[owned].copy() if isinstance(owned, slice) else users[owned]
        found[part] = _test_block(tests, part, mask)
    return found


def _test_block(
    tests: Sequence[Test], part: slice, mask: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Return which rows of *part*, of those in *mask* if given, pass all *tests*."""
    size = part.stop - part.start
    rows = None
    for test in tests:
        if rows is not None:
            rows = rows[test.check(rows)]
        elif mask is None:
            mask = test.check(part)
        elif test.is_dear and np.count_nonzero(mask) << FEW_SHIFT < size:
            rows = np.flatnonzero(mask) + part.start
            rows = rows[test.check(rows)]
        else:
            mask &= test.check(part)
    assert mask is not None, "a group has at least one filter"
    if rows is not None:
        mask[:] = False
        mask[rows - part.start] = True
    return mask
