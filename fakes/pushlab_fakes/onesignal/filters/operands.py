"""The operands of one entry, read by kind; a mistake names the entry's place and what fits."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from pushlab.table import NUMERAL_SIZE_MAX, find_number
from pushlab_fakes.onesignal.draft import Fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Number", "Operands"]

TEXT_SIZE_MAX: Final = 4_096


class Number(NamedTuple):
    """A number of a filter."""

    text: str
    """As it was written."""
    exact: Fraction


class Operands(Fields):
    """The fields of one filter; numbers may come as texts, texts as numbers."""

    def __init__(self, raw: Mapping[str, object], position: int) -> None:
        super().__init__(raw, prefix=f"filters[{position}].")
        self.field = str(raw.get("field"))

    def relation(self, relations: Sequence[str], default: str = "") -> str:
        """Return the relation, one of *relations*; left out it is *default*, where there is one."""
        value = self.raw.get("relation")
        if value is None and default:
            return default
        if not isinstance(value, str) or value not in relations:
            self.fail_type("relation", f"one of {', '.join(relations)} for the field {self.field}")
            return relations[0]
        return value

    def operand(self, *names: str, wanted: str = "a string") -> str:
        """Return the text of the first of *names* that is there; a number is a text as well."""
        for name in names:
            value = self.raw.get(name)
            if value is None:
                continue
            text = value if isinstance(value, str) else _render(value)
            if text is None or len(text) > TEXT_SIZE_MAX:
                break
            return text
        self.fail_type(names[0], f"{wanted} for the field {self.field}")
        return ""

    def named(self, name: str) -> str:
        """Return a text that is not empty."""
        text = self.operand(name, wanted="a non-empty string")
        if not text:
            self.fail_type(name, f"a non-empty string for the field {self.field}")
        return text

    def number(
        self, *names: str, low: int | None = None, high: int | None = None, wanted: str = "a number"
    ) -> Number:
        """Return the number of the first of *names* that is there."""
        text = self.operand(*names, wanted=wanted)
        exact = find_number(text.strip())
        is_low = exact is not None and low is not None and exact < low
        is_high = exact is not None and high is not None and exact > high
        if exact is None or is_low or is_high:
            self.fail_type(names[0], f"{wanted} for the field {self.field}")
            return Number("0", Fraction(0))
        return Number(text.strip(), exact)


def _render(value: object) -> str | None:
    """Return a number or a truth value as the text that a tag would hold."""
    if isinstance(value, (bool, int)):
        return msgspec.json.encode(value).decode() if abs(value) < 10**NUMERAL_SIZE_MAX else None
    return repr(value) if isinstance(value, float) else None
