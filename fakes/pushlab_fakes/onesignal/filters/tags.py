"""Filters on tags.

Mirrored: OneSignal documentation, Create message, filters, "tag", and Time operators; the lists
of values are only in its OpenAPI file. A filter is worked out once a text of the tag's vocabulary
and then read by each user's code.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from pushlab.table import find_number
from pushlab_fakes.onesignal.filters.condition import Condition
from pushlab_fakes.onesignal.filters.relations import (
    EQUALITY,
    HOLDS,
    ORDER,
    compare_texts_as_numbers,
    prepare_lookup,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.settings import Settings
    from pushlab.table import Vocabulary
    from pushlab_fakes.onesignal.filters.condition import Test
    from pushlab_fakes.onesignal.filters.operands import Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["read_tag"]

PRESENCE: Final = ("exists", "not_exists")
ELAPSED: Final = {"time_elapsed_gt": "<", "time_elapsed_lt": ">"}
"""More time has gone by since an earlier instant."""
LISTS: Final = ("in_array", "not_in_array")
RELATIONS: Final = (*ORDER, *EQUALITY, *PRESENCE, *ELAPSED, *LISTS)
VALUES_MAX: Final = 20
"""Values of in_array (OneSignal OpenAPI, Filter)."""


@dataclass(frozen=True, slots=True)
class Tag(Condition):
    """A condition on one tag."""

    key: str
    relation: str

    def render(self) -> str:
        """Return the filter in words."""
        return f"tag {self.key} {self.relation}"

    def prepare(self, belief: Belief) -> Test:
        """Return the test of users."""
        fitting = self._list_fitting(belief.tags.vocabulary(self.key), belief)
        return prepare_lookup(belief.tags.codes(self.key, len(belief.users)), fitting)

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the user at *row* has."""
        value = belief.tags.find(row, self.key)
        return f"no tag {self.key}" if value is None else f'tag {self.key} is "{value}"'

    @abstractmethod
    def _list_fitting(self, texts: Vocabulary, belief: Belief) -> NDArray[np.bool_]:
        """Return by code which of *texts* fit, and last whether a user without the tag does."""


@dataclass(frozen=True, slots=True)
class TagPresence(Tag):
    """Whether the tag is there."""

    def _list_fitting(self, texts: Vocabulary, belief: Belief) -> NDArray[np.bool_]:
        del belief
        fitting = np.full(len(texts) + 1, self.relation == "exists")
        fitting[-1] = self.relation == "not_exists"
        return fitting


@dataclass(frozen=True, slots=True)
class TagEquality(Tag):
    """Whether the tag has one of some values, or none of them."""

    values: tuple[str, ...]

    def render(self) -> str:
        """Return the filter in words."""
        quoted = ", ".join(f'"{each}"' for each in self.values)
        return f"tag {self.key} {self.relation} {quoted}"

    def _list_fitting(self, texts: Vocabulary, belief: Belief) -> NDArray[np.bool_]:
        fitting = np.zeros(len(texts) + 1, np.bool_)
        for value in self.values:
            number = find_number(value) if belief.settings.filter_numbers_equal else None
            if number is not None:
                fitting[:-1] |= compare_texts_as_numbers(texts, "=", number)
            code = texts.find(value)
            if code >= 0:
                fitting[code] = True
        if self.relation in ("!=", "not_in_array"):
            np.logical_not(fitting, out=fitting)
            fitting[-1] = belief.settings.filter_absent_differs
        return fitting


@dataclass(frozen=True, slots=True)
class TagOrder(Tag):
    """Whether the tag's value is more, or less, than another."""

    value: str

    def render(self) -> str:
        """Return the filter in words."""
        return f'tag {self.key} {self.relation} "{self.value}"'

    def _list_fitting(self, texts: Vocabulary, belief: Belief) -> NDArray[np.bool_]:
        return np.append(_compare(texts, self.relation, self.value, belief.settings), values=False)


@dataclass(frozen=True, slots=True)
class TagElapsed(Tag):
    """How long ago the instant is that the tag holds, in Unix seconds."""

    needs_time_operators: ClassVar[bool] = True
    seconds: Fraction

    def render(self) -> str:
        """Return the filter in words."""
        return f"tag {self.key} {self.relation} {float(self.seconds):.15g} s"

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the user at *row* has, and how long ago that is."""
        seen = super(TagElapsed, self).describe(belief, row)
        instant = find_number(belief.tags.find(row, self.key) or "")
        if instant is None:
            return seen
        return f"{seen}, {float(Fraction(belief.now, 1000) - instant):.15g} s ago"

    def _list_fitting(self, texts: Vocabulary, belief: Belief) -> NDArray[np.bool_]:
        limit = Fraction(belief.now, 1000) - self.seconds
        return np.append(
            compare_texts_as_numbers(texts, ELAPSED[self.relation], limit), values=False
        )


def read_tag(operands: Operands) -> Tag:
    """Read a filter on a tag."""
    key, relation = operands.named("key"), operands.relation(RELATIONS)
    if relation in PRESENCE:
        return TagPresence(key, relation)
    if relation in ELAPSED:
        elapsed = operands.number("value", low=0, wanted="a number of seconds")
        return TagElapsed(key, relation, elapsed.exact)
    value = operands.operand("value")
    if relation in ORDER:
        return TagOrder(key, relation, value)
    if relation in EQUALITY:
        return TagEquality(key, relation, (value,))
    values = tuple(each.strip() for each in value.split(",") if each.strip())
    if not 1 <= len(values) <= VALUES_MAX:
        operands.fail_type("value", f"1 to {VALUES_MAX} values with commas between them")
    return TagEquality(key, relation, values)


def _compare(texts: Vocabulary, relation: str, value: str, settings: Settings) -> NDArray[np.bool_]:
    """Return by code which of *texts* are in *relation* to *value*: as numbers where both are."""
    number = find_number(value)
    if number is None:
        fitting, others = np.zeros(len(texts), np.bool_), np.arange(len(texts))
    else:
        fitting = compare_texts_as_numbers(texts, relation, number)
        others = np.flatnonzero(np.isnan(texts.numbers()))
    if settings.filter_texts_ordered:
        holds = HOLDS[relation]
        for code in others.tolist():
            fitting[code] = holds(texts.text_of(code), value)
    return fitting
