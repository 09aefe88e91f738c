"""Filters on what a user has bought.

Mirrored: OneSignal documentation, Create message, filters, "amount_spent" and "bought_sku".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pushlab_fakes.onesignal.filters.condition import Condition, Test
from pushlab_fakes.onesignal.filters.relations import ORDER, prepare_comparison
from pushlab_fakes.onesignal.profiles import MICRO, NEVER

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.filters.operands import Number, Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["read_amount_spent", "read_bought_sku"]


@dataclass(frozen=True, slots=True)
class AmountSpent(Condition):
    """A condition on the dollars that a user has spent; without a purchase they are 0."""

    relation: str
    dollars: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"amount_spent {self.relation} {self.dollars.text} USD"

    def prepare(self, belief: Belief) -> Test:
        """Return the test of users."""
        limit = self.dollars.exact * MICRO
        return prepare_comparison(belief.profiles.spent.read(), self.relation, limit)

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the user at *row* has spent."""
        return f"amount_spent is {belief.profiles.spent.get(row) / MICRO:.15g} USD"


@dataclass(frozen=True, slots=True)
class BoughtSku(Condition):
    """A condition on the dollars that a user has spent on one thing."""

    sku: str
    relation: str
    dollars: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"bought_sku {self.sku} {self.relation} {self.dollars.text} USD"

    def prepare(self, belief: Belief) -> Test:
        """Return the test of users."""
        micros, limit = belief.profiles.read_sku(self.sku), self.dollars.exact * MICRO
        if belief.settings.filter_unbought_is_zero:
            micros = np.where(micros == NEVER, 0, micros)
            return prepare_comparison(micros, self.relation, limit)
        compare = prepare_comparison(micros, self.relation, limit)
        return Test(lambda part: compare.check(part) & (micros[part] != NEVER))

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
