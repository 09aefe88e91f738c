"""Aliases: label and value that name a user, given one by one or derived for a population.

Mirrored: OneSignal documentation, Aliases. ``external_id`` is one label among others here;
``onesignal_id`` is no alias but the user's own id, and is dealt with elsewhere.

A population of a million has the external ids ``prefix-000001`` and on, and stores none of them:
one range says whose they are. A member whose derived alias was taken away or replaced is an
exception, kept beside the range.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["EXTERNAL_ID", "Aliases", "render_member"]

EXTERNAL_ID: Final = "external_id"
DIGITS_MIN: Final = 6


@dataclass(frozen=True, slots=True)
class _Range:
    """Users in consecutive rows whose external ids are numbered on from one prefix."""

    app: int
    prefix: str
    first_number: int
    first_row: int
    count: int


def render_member(prefix: str, number: int) -> str:
    """Return the external id of a population's member: ``render_member("m", 7) == "m-000007"``."""
    return f"{prefix}-{number:0{DIGITS_MIN}d}"


class Aliases:
    """Who is called what, for the users of all apps."""

    def __init__(self) -> None:
        self._owners: dict[tuple[int, str, str], int] = {}
        self._texts: dict[int, dict[str, str]] = {}
        self._ranges: list[_Range] = []
        self._starts: list[int] = []
        self._named: dict[tuple[int, str], list[_Range]] = {}
        self._lost: dict[int, None] = {}

    # -- reading -------------------------------------------------------------------------------

    def find(self, app: int, label: str, value: str) -> int:
        """Return the row of the user called *value* under *label*, or -1."""
        row = self._owners.get((app, label, value), -1)
        if row >= 0 or label != EXTERNAL_ID or not self._ranges:
            return row
        prefix, _, digits = value.rpartition("-")
        for held in self._named.get((app, prefix), ()):
            row = _member_row(held, digits)
            if row >= 0 and row not in self._lost:
                return row
        return -1

    def find_many(self, app: int, label: str, values: Sequence[str]) -> NDArray[np.int32]:
        """Return the row for each of *values*, -1 where nobody is called so; shape (n,)."""
        return np.array([self.find(app, label, value) for value in values], np.int32)

    def of(self, row: int) -> dict[str, str]:
        """Return the aliases of the user at *row*, in the order in which they were given."""
        derived = self._derived(row)
        given = self._texts.get(row, {})
        return dict(given) if derived is None else {EXTERNAL_ID: derived, **given}

    def has_any(self, row: int) -> bool:
        """Whether the user at *row* is called anything."""
        return row in self._texts or self._derived(row) is not None

    def find_value(self, row: int, label: str) -> str | None:
        """Return what the user at *row* is called under *label*."""
        value = self._texts.get(row, {}).get(label)
        if value is None and label == EXTERNAL_ID:
            return self._derived(row)
        return value

    def given_external_ids(self, app: int, prefix: str) -> list[tuple[str, int]]:
        """Return (value, row) of external ids of *app* that were given and begin like *prefix*."""
        return [
            (value, row)
            for (held, label, value), row in self._owners.items()
            if held == app and label == EXTERNAL_ID and value.startswith(prefix)
        ]

    # -- changing ------------------------------------------------------------------------------

    def give(self, app: int, row: int, label: str, value: str) -> None:
        """Call the user at *row* *value*; nobody else may be called so."""
        if self.find_value(row, label) == value:
            return
        self.take(app, row, label)
        self._owners[app, label, value] = row
        self._texts.setdefault(row, {})[label] = value

    def take(self, app: int, row: int, label: str) -> bool:
        """Take what the user at *row* is called under *label* away; False when there was none."""
        texts = self._texts.get(row, {})
        value = texts.pop(label, None)
        if value is not None:
            del self._owners[app, label, value]
            if not texts:
                del self._texts[row]
            return True
        if label == EXTERNAL_ID and self._derived(row) is not None:
            self._lost[row] = None
            return True
        return False

    def take_all(self, app: int, row: int) -> None:
        """Take all aliases of the user at *row* away."""
        for label in list(self.of(row)):
            self.take(app, row, label)

    def derive(self, app: int, prefix: str, first_number: int, first_row: int, count: int) -> None:
        """Call *count* users from *first_row* on ``prefix-000001`` and so on.

        Rows of ranges only rise. Raises MisuseError when numbers of this prefix are in use.
        """
        held = self._named.setdefault((app, prefix), [])
        for other in held:
            end, other_end = first_number + count, other.first_number + other.count
            if first_number < other_end and other.first_number < end:
                taken = render_member(prefix, max(first_number, other.first_number))
                raise MisuseError(f"there is a member {taken} already; choose another prefix")
        added = _Range(app, prefix, first_number, first_row, count)
        held.append(added)
        self._ranges.append(added)
        self._starts.append(first_row)

    def snapshot(self) -> object:
        """Return what `restore` takes."""
        return (
            dict(self._owners),
            {row: dict(texts) for row, texts in self._texts.items()},
            list(self._ranges),
            dict(self._lost),
        )

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        owners, texts, ranges, lost = cast("tuple[Any, ...]", snap)
        self._owners = dict(owners)
        self._texts = {row: dict(held) for row, held in texts.items()}
        self._ranges = list(ranges)
        self._starts = [held.first_row for held in self._ranges]
        self._named = {}
        for held in self._ranges:
            self._named.setdefault((held.app, held.prefix), []).append(held)
        self._lost = dict(lost)

    def _derived(self, row: int) -> str | None:
        if not self._ranges or row in self._lost:
            return None
        held = self._ranges[max(bisect_right(self._starts, row) - 1, 0)]
        offset = row - held.first_row
        if not 0 <= offset < held.count:
            return None
        return render_member(held.prefix, held.first_number + offset)


def _member_row(held: _Range, digits: str) -> int:
    """Return the row that *digits* name in *held*, or -1; only the canonical form counts."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) > DIGITS_MIN * 2:
        return -1
    number = int(digits)
    offset = number - held.first_number
    if not 0 <= offset < held.count or f"{number:0{DIGITS_MIN}d}" != digits:
        return -1
    return held.first_row + offset
