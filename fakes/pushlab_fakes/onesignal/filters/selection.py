"""Filters that were read, and whom they select: groups of which one must hold as a whole.

Each filter is tested at its scope: those on users over users, once for all their subscriptions,
the others over subscriptions. Within a group the cheap ones go first; once few rows are left, the
rest looks at these only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.filters.condition import Condition, Scope
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["FilterList", "Finding"]

FEW_SHIFT: Final = 3
"""Fewer than an eighth of the rows are looked at one by one rather than all together."""


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
            whose = [each for _, each in group if each.scope == "user"]
            own = [each for _, each in group if each.scope == "subscription"]
            chosen: _Chosen | None = None
            if whose:
                chosen = _spread(belief, _choose(belief, whose, len(belief.users)))
            if own:
                chosen = _choose(belief, own, len(columns), chosen)
            assert chosen is not None, "a group has at least one filter"
            if chosen.rows is None:
                found |= chosen.mask
            else:
                found[chosen.rows] = True
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
    return bool(condition.test(belief, tested)[0])


@dataclass(slots=True)
class _Chosen:
    """Rows of a table: a truth value for each, or the numbers of a few."""

    mask: NDArray[np.bool_]
    """Only the length counts once there are *rows*."""
    rows: NDArray[np.intp] | None = None

    def thin(self) -> None:
        """Turn to the numbers when they are few."""
        if self.rows is None and np.count_nonzero(self.mask) << FEW_SHIFT < len(self.mask):
            self.rows = np.flatnonzero(self.mask)

    def keep(self, condition: Condition, belief: Belief) -> None:
        """Leave only the rows that fulfil *condition*."""
        self.thin()
        if self.rows is None:
            self.mask &= condition.test(belief, slice(0, len(self.mask)))
        else:
            self.rows = self.rows[condition.test(belief, self.rows)]


def _choose(
    belief: Belief, conditions: Sequence[Condition], count: int, chosen: _Chosen | None = None
) -> _Chosen:
    """Return which of the first *count* rows, or of those *chosen*, fulfil all *conditions*."""
    for condition in sorted(conditions, key=lambda each: each.cost):
        if chosen is None:
            chosen = _Chosen(condition.test(belief, slice(0, count)))
        else:
            chosen.keep(condition, belief)
    assert chosen is not None, "there is at least one condition"
    return chosen


def _spread(belief: Belief, users: _Chosen) -> _Chosen:
    """Return the subscriptions of the *users* chosen; deleted ones may be among them."""
    owners = belief.subscriptions.live("user")
    users.thin()
    if users.rows is None:
        found = users.mask[owners] if len(users.mask) else np.zeros(len(owners), np.bool_)
        return _Chosen(found)
    rows, _ = belief.subscriptions_of_many(users.rows.astype(np.int32))
    return _Chosen(np.empty(len(owners), np.bool_), rows.astype(np.intp))
