"""Filters on columns of texts: language and country of the user, app version of the device.

Mirrored: OneSignal documentation, Create message, filters. An older page wrote the value of
language and app_version under ``hours_ago``, so both names are read.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from pushlab_fakes.onesignal.filters.condition import Condition
from pushlab_fakes.onesignal.filters.relations import EQUALITY, HOLDS, ORDER, prepare_lookup

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.filters.condition import Scope, Test
    from pushlab_fakes.onesignal.filters.operands import Operands
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["read_country", "read_language", "read_version"]

_PART: Final = re.compile(r"(\d{0,18})(.*)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text(Condition):
    """A condition on a column of texts."""

    name: ClassVar[str]
    relation: str
    value: str

    def render(self) -> str:
        """Return the filter in words."""
        return f'{self.name} {self.relation} "{self.value}"'

    def prepare(self, belief: Belief) -> Test:
        """Return the test of rows."""
        fitting = np.append(self._list_fitting(belief), values=False)
        if self.relation == "!=":
            np.logical_not(fitting, out=fitting)
            fitting[-1] = belief.settings.filter_absent_differs
        return prepare_lookup(self._codes(belief), fitting)

    def describe(self, belief: Belief, row: int) -> str:
        """Say what the row has."""
        text = belief.text_of(self.name, int(self._codes(belief)[row]))
        return f"no {self.name}" if text is None else f'{self.name} is "{text}"'

    def _list_fitting(self, belief: Belief) -> NDArray[np.bool_]:
        """Return by code which texts fit; for ``!=``, which do not."""
        texts = belief.texts[self.name]
        fitting = np.zeros(len(texts), np.bool_)
        code = texts.find(self.value)
        if code >= 0:
            fitting[code] = True
        return fitting

    @abstractmethod
    def _codes(self, belief: Belief) -> NDArray[np.int16]:
        """Return the column."""


@dataclass(frozen=True, slots=True)
class Language(Text):
    """The user's language."""

    name: ClassVar[str] = "language"

    def _codes(self, belief: Belief) -> NDArray[np.int16]:
        return belief.users.language


@dataclass(frozen=True, slots=True)
class Country(Text):
    """The user's country."""

    name: ClassVar[str] = "country"

    def _codes(self, belief: Belief) -> NDArray[np.int16]:
        return belief.users.country


@dataclass(frozen=True, slots=True)
class Version(Text):
    """The version of the app on the device."""

    scope: ClassVar[Scope] = "subscription"
    name: ClassVar[str] = "app_version"

    def _list_fitting(self, belief: Belief) -> NDArray[np.bool_]:
        holds = HOLDS["=" if self.relation == "!=" else self.relation]
        texts = belief.texts[self.name]
        if belief.settings.filter_versions_dotted:
            wanted = version_key(self.value)
            found = [holds(version_key(text), wanted) for text in texts]
        else:
            found = [holds(text, self.value) for text in texts]
        return np.array(found, np.bool_)

    def _codes(self, belief: Belief) -> NDArray[np.int16]:
        return belief.subscriptions.app_version


def version_key(text: str) -> tuple[tuple[int, str], ...]:
    """Return what dotted versions are compared by: 1.10 is more than 1.9, and 1.0 equals 1."""
    parts = []
    for part in text.split("."):
        match = _PART.fullmatch(part)
        assert match is not None, "the expression fits every text"
        parts.append((int(match[1] or "0"), match[2]))
    while parts and parts[-1] == (0, ""):
        parts.pop()
    return tuple(parts)


def read_language(operands: Operands) -> Text:
    """Read a filter on the language."""
    return Language(operands.relation(EQUALITY), operands.operand("value", "hours_ago"))


def read_country(operands: Operands) -> Text:
    """Read a filter on the country."""
    return Country(operands.relation(("=",), default="="), operands.operand("value"))


def read_version(operands: Operands) -> Text:
    """Read a filter on the app version."""
    relation = operands.relation((*ORDER, *EQUALITY))
    return Version(relation, operands.operand("value", "hours_ago"))
