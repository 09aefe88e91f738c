"""What every filter can do: test rows, say itself in words, say what it saw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.model import Belief

    Part = slice | NDArray[np.intp]
    """Rows to test: the first n of a table as a slice, or an array of shape (n,)."""

__all__ = ["Condition", "Scope"]

Scope = Literal["user", "subscription"]
"""Whose rows a filter tests; a filter on users holds for all their subscriptions."""


class Condition(ABC):
    """One filter, read."""

    __slots__ = ()

    scope: ClassVar[Scope] = "user"
    cost: ClassVar[int] = 0
    """Cheap ones go first, so that dear ones look at few rows: 0 compares codes, 1 numbers, 2
    looks each code up in a table, 3 works something out."""
    needs_time_operators: ClassVar[bool] = False
    """Whether it is a paid one."""

    @abstractmethod
    def render(self) -> str:
        """Return the filter in words."""

    @abstractmethod
    def test(self, belief: Belief, part: Part) -> NDArray[np.bool_]:
        """Return which rows of *part* fulfil it; bool of shape (n,), the caller's own."""

    @abstractmethod
    def describe(self, belief: Belief, row: int) -> str:
        """Say what the row, a user's or a subscription's, has."""
