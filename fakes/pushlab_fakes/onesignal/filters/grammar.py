"""How a list of entries is read: filters and operators, or the refusal.

Mirrored: OneSignal documentation, Create message, "filters". The list is flat and has no
parentheses: AND binds tighter than OR, and neighbours without an operator are joined by AND, so
OR parts the list into groups of which one must hold. 200 entries may be given; filters and OR
count, AND is free.

An entry that does not fit is refused; that OneSignal does so, and its texts, are assumed, except
for a field that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.filters.addresses import read_device_type, read_email
from pushlab_fakes.onesignal.filters.operands import Operands
from pushlab_fakes.onesignal.filters.places import read_location
from pushlab_fakes.onesignal.filters.purchases import read_amount_spent, read_bought_sku
from pushlab_fakes.onesignal.filters.selection import FilterList
from pushlab_fakes.onesignal.filters.sessions import (
    read_first_session,
    read_last_session,
    read_session_count,
    read_session_time,
)
from pushlab_fakes.onesignal.filters.tags import read_tag
from pushlab_fakes.onesignal.filters.texts import read_country, read_language, read_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.filters.condition import Condition

__all__ = ["FIELDS", "parse_filters"]

ENTRIES_MAX: Final = 200
"""Filters and ORs (OneSignal, Create message, filters)."""
OPERATORS: Final = ("AND", "OR")

FIELDS: Final[Mapping[str, Callable[[Operands], Condition]]] = {
    "tag": read_tag,
    "last_session": read_last_session,
    "first_session": read_first_session,
    "session_count": read_session_count,
    "session_time": read_session_time,
    "language": read_language,
    "app_version": read_version,
    "location": read_location,
    "amount_spent": read_amount_spent,
    "bought_sku": read_bought_sku,
    "country": read_country,
    "device_type": read_device_type,
    "email": read_email,
}
"""Each field that a filter may be over, and who reads it."""


def parse_filters(entries: Sequence[Mapping[str, object]]) -> FilterList | Answer:
    """Read *entries*, the value of ``filters``, or refuse them.

    In this order: none, what is no object, fields that do not exist, too many, operators that
    stand wrong, and then the first filter that does not fit.
    """
    if not entries:
        return refusals.bad_value("filters", "an array of at least one filter")
    for position, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            return refusals.bad_value(f"filters[{position}]", "an object")
    fields = [entry.get("field") for entry in entries if "operator" not in entry]
    unknown = [str(field) for field in fields if not isinstance(field, str) or field not in FIELDS]
    if unknown:
        return refusals.bad_filter_fields(unknown)
    if sum(entry.get("operator") != "AND" for entry in entries) > ENTRIES_MAX:
        return refusals.too_many("filters", ENTRIES_MAX)
    return _refuse_operators(entries) or _read_groups(entries)


def _refuse_operators(entries: Sequence[Mapping[str, object]]) -> Answer | None:
    """Refuse an operator that is none, or that does not stand between two filters."""
    is_filter_before = False
    for position, entry in enumerate(entries):
        is_operator = "operator" in entry
        if is_operator:
            name = f"filters[{position}]"
            if "field" in entry:
                return refusals.bad_value(name, "either a filter or an operator, not both")
            if entry["operator"] not in OPERATORS:
                return refusals.bad_value(f"{name}.operator", "AND or OR")
            if not is_filter_before or position == len(entries) - 1:
                return refusals.bad_value(name, "a filter: an operator stands between two of them")
        is_filter_before = not is_operator
    return None


def _read_groups(entries: Sequence[Mapping[str, object]]) -> FilterList | Answer:
    groups: list[list[tuple[Mapping[str, object], Condition]]] = [[]]
    for position, entry in enumerate(entries):
        if "operator" not in entry:
            operands = Operands(entry, position)
            condition = FIELDS[operands.field](operands)
            if operands.refusal is not None:
                return operands.refusal
            groups[-1].append((dict(entry), condition))
        elif entry["operator"] == "OR":
            groups.append([])
    return FilterList(tuple(map(tuple, groups)))
