"""What every filter can do: test rows, say itself in words, say what it saw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.model import Belief

    Part = slice | NDArray[np.intp]
    """Rows to test: some that follow one another as a slice, or an array of shape (n,)."""

__all__ = ["Condition", "Scope", "Test"]

Scope = Literal["user", "subscription"]
"""Whose rows a filter tests; a filter on users holds for all their subscriptions."""


@dataclass(frozen=True, slots=True)
class Test:
    """A filter ready to test rows."""

    check: Callable[[Part], NDArray[np.bool_]]
    """Returns which rows of a part pass: bool of shape (n,), the caller's own."""
    is_dear: bool = False
    """Whether it is worth finding out first which rows are left; comparing all is cheaper."""


class Condition(ABC):
    """One filter, read."""

    __slots__ = ()

    scope: ClassVar[Scope] = "user"
    needs_time_operators: ClassVar[bool] = False
    """Whether it is a paid one."""

    @abstractmethod
    def render(self) -> str:
        """Return the filter in words."""

    @abstractmethod
    def prepare(self, belief: Belief) -> Test:
        """Work out what is the same for all rows and return the test of rows as they are now."""

    @abstractmethod
    def describe(self, belief: Belief, row: int) -> str:
        """Say what the row, a user's or a subscription's, has."""
