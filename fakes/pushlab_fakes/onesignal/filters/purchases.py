"""Filters on what a user has bought.

Mirrored: OneSignal documentation, Create message, filters, "amount_spent" and "bought_sku".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pushlab_fakes.onesignal.filters.condition import Condition
from pushlab_fakes.onesignal.filters.relations import ORDER, compare_whole
from pushlab_fakes.onesignal.profiles import MICRO, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.filters.condition import Part
    from pushlab_fakes.onesignal.filters.operands import Number, Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["read_amount_spent", "read_bought_sku"]


@dataclass(frozen=True, slots=True)
class AmountSpent(Condition):
    """A condition on the dollars that a user has spent; without a purchase they are 0."""

    cost: ClassVar[int] = 1
    relation: str
    dollars: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"amount_spent {self.relation} {self.dollars.text} USD"

    def test(self, belief: Belief, part: Part) -> NDArray[np.bool_]:
        """Return which users of *part* fulfil it."""
        micros = belief.profiles.spent.read(part)
        return compare_whole(micros, self.relation, self.dollars.exact * MICRO)

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the user at *row* has spent."""
        return f"amount_spent is {belief.profiles.spent.get(row) / MICRO:.15g} USD"


@dataclass(frozen=True, slots=True)
class BoughtSku(Condition):
    """A condition on the dollars that a user has spent on one thing."""

    cost: ClassVar[int] = 1
    sku: str
    relation: str
    dollars: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"bought_sku {self.sku} {self.relation} {self.dollars.text} USD"

    def test(self, belief: Belief, part: Part) -> NDArray[np.bool_]:
        """Return which users of *part* fulfil it."""
        micros = belief.profiles.read_sku(self.sku, part)
        limit = self.dollars.exact * MICRO
        if belief.settings.filter_unbought_is_zero:
            return compare_whole(np.maximum(micros, 0), self.relation, limit)
        found = compare_whole(micros, self.relation, limit)
        found &= micros != NEVER
        return found

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the user at *row* has spent on it."""
        micros = belief.profiles.find_sku(row, self.sku)
        if micros == NEVER:
            return f"never bought {self.sku}"
        return f"spent {micros / MICRO:.15g} USD on {self.sku}"


def read_amount_spent(operands: Operands) -> Condition:
    """Read a filter on all that was spent."""
    return AmountSpent(operands.relation((*ORDER, "=")), operands.number("value"))


def read_bought_sku(operands: Operands) -> Condition:
    """Read a filter on what was spent on one thing."""
    relation = operands.relation((*ORDER, "="))
    return BoughtSku(operands.named("key"), relation, operands.number("value"))
