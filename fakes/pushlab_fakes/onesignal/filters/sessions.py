"""Filters on sessions: when the first and the last one began, how many and how long.

Mirrored: OneSignal documentation, Create message, filters: last_session, session_count and
session_time are the subscription's, first_session is the user's.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pushlab_fakes.onesignal.filters.condition import Condition
from pushlab_fakes.onesignal.filters.relations import EQUALITY, ORDER, prepare_comparison

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.filters.condition import Scope, Test
    from pushlab_fakes.onesignal.filters.operands import Number, Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = [
    "read_first_session",
    "read_last_session",
    "read_session_count",
    "read_session_time",
]

HOUR_MS: Final = 3_600_000
OPPOSITE: Final = {">": "<", "<": ">"}


@dataclass(frozen=True, slots=True)
class Session(Condition):
    """A condition on how long ago a session was: ``>`` is longer ago."""

    name: ClassVar[str]
    relation: str
    hours: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"{self.name} {self.relation} {self.hours.text} h ago"

    def prepare(self, belief: Belief) -> Test:
        """Return the test of rows."""
        limit = belief.now - self.hours.exact * HOUR_MS
        return prepare_comparison(self._instants(belief), OPPOSITE[self.relation], limit)

    def describe(self, belief: Belief, row: int) -> str:
        """Say when the session of *row* was."""
        hours = (belief.now - int(self._instants(belief)[row])) / HOUR_MS
        return f"{self.name} was {hours:.6g} h ago"

    @abstractmethod
    def _instants(self, belief: Belief) -> NDArray[np.int64]:
        """Return the column."""


@dataclass(frozen=True, slots=True)
class FirstSession(Session):
    """When the user came."""

    name: ClassVar[str] = "first_session"

    def _instants(self, belief: Belief) -> NDArray[np.int64]:
        return belief.users.created_at


@dataclass(frozen=True, slots=True)
class LastSession(Session):
    """When the app was last opened on the device."""

    scope: ClassVar[Scope] = "subscription"
    name: ClassVar[str] = "last_session"

    def _instants(self, belief: Belief) -> NDArray[np.int64]:
        return belief.subscriptions.last_active


@dataclass(frozen=True, slots=True)
class Counter(Condition):
    """A condition on what the device has counted."""

    scope: ClassVar[Scope] = "subscription"
    name: str
    relation: str
    number: Number

    def render(self) -> str:
        """Return the filter in words."""
        return f"{self.name} {self.relation} {self.number.text}"

    def prepare(self, belief: Belief) -> Test:
        """Return the test of subscriptions."""
        return prepare_comparison(self._values(belief), self.relation, self.number.exact)

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the subscription at *row* has counted."""
        return f"{self.name} is {int(self._values(belief)[row])}"

    def _values(self, belief: Belief) -> NDArray[np.integer[Any]]:
        columns = belief.subscriptions
        return columns.session_count if self.name == "session_count" else columns.session_time


def read_first_session(operands: Operands) -> Session:
    """Read a filter on the first session."""
    return FirstSession(operands.relation(ORDER), _read_hours(operands))


def read_last_session(operands: Operands) -> Session:
    """Read a filter on the last session."""
    return LastSession(operands.relation(ORDER), _read_hours(operands))


def read_session_count(operands: Operands) -> Counter:
    """Read a filter on the number of sessions."""
    relation = operands.relation((*ORDER, *EQUALITY))
    return Counter("session_count", relation, operands.number("value"))


def read_session_time(operands: Operands) -> Counter:
    """Read a filter on the seconds in the app."""
    return Counter("session_time", operands.relation(ORDER), operands.number("value"))


def _read_hours(operands: Operands) -> Number:
    """Return the hours; examples of older versions write them under ``value``."""
    return operands.number("hours_ago", "value", low=0, wanted="a number of hours")
