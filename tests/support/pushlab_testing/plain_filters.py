"""Filters read plainly: one user and one of its subscriptions at a time, after the documents.

Nothing here knows columns, codes or masks, and nothing is shared with the code that it checks: it
is written from OneSignal's page "Create message", section filters, and from the list of settings.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.settings import Settings

__all__ = ["PlainSubscription", "PlainUser", "is_selected", "is_true"]

HOUR_MS = 3_600_000
EARTH_RADIUS_M = 6_371_008.8
DOLLARS = {"USD": Decimal(1), "EUR": Decimal("1.08"), "JPY": Decimal("0.0067")}
"""A few of the rates that the settings name."""
WEB_TYPES = ("ChromePush", "FirefoxPush", "SafariPush", "SafariLegacyPush", "ChromeExtensionPush")
DEVICE_TYPES = {
    "iOS": ("iOSPush",),
    "Android": ("AndroidPush",),
    "Web Push (Browser)": WEB_TYPES,
    "Email": ("Email",),
    "SMS": ("SMS",),
}


@dataclass
class PlainSubscription:
    """One device or address."""

    id: str
    type: str
    token: str
    last_session_ms: int
    session_count: int = 0
    session_time: int = 0
    app_version: str | None = None


@dataclass
class PlainUser:
    """One user."""

    created_ms: int
    tags: dict[str, str] = field(default_factory=dict)
    language: str | None = None
    country: str | None = None
    lat: float | None = None
    long: float | None = None
    purchases: list[tuple[str, Decimal, str]] = field(default_factory=list)
    """Sku, amount and currency."""
    subscriptions: list[PlainSubscription] = field(default_factory=list)


def is_selected(
    entries: Sequence[Mapping[str, Any]],
    user: PlainUser,
    subscription: PlainSubscription,
    now_ms: int,
    settings: Settings,
) -> bool:
    """Tell whether a list of filters selects one subscription of a user."""
    one_group_holds = False
    group_holds = True
    for entry in entries:
        if entry.get("operator") == "OR":
            one_group_holds = one_group_holds or group_holds
            group_holds = True
        elif "field" in entry:
            group_holds = group_holds and is_true(entry, user, subscription, now_ms, settings)
    return one_group_holds or group_holds


def is_true(
    entry: Mapping[str, Any],
    user: PlainUser,
    subscription: PlainSubscription,
    now_ms: int,
    settings: Settings,
) -> bool:
    """Tell whether one filter holds for one subscription of a user."""
    if entry["field"] == "tag":
        return _holds_of_tag(entry, user.tags.get(entry["key"]), now_ms, settings)
    if entry["field"] in ("language", "country", "email", "device_type", "app_version"):
        return _holds_of_text(entry, user, subscription, settings)
    if entry["field"] == "location":
        return _is_within(entry, user)
    return _holds_of_number(entry, user, subscription, now_ms, settings)


def _holds_of_text(
    entry: Mapping[str, Any], user: PlainUser, subscription: PlainSubscription, settings: Settings
) -> bool:
    wanted = entry.get("value", entry.get("hours_ago"))
    match entry["field"]:
        case "language":
            return _compare_present(user.language, entry["relation"], wanted, settings)
        case "app_version":
            return _holds_of_version(subscription.app_version, entry["relation"], wanted, settings)
        case "country":
            return bool(user.country == wanted)
        case "device_type":
            return subscription.type in DEVICE_TYPES[wanted]
    return any(each.type == "Email" and each.token == wanted for each in user.subscriptions)


def _holds_of_number(
    entry: Mapping[str, Any],
    user: PlainUser,
    subscription: PlainSubscription,
    now_ms: int,
    settings: Settings,
) -> bool:
    wanted = Decimal(str(entry.get("hours_ago", entry.get("value"))))
    paid = [(sku, amount * DOLLARS[iso]) for sku, amount, iso in user.purchases]
    match entry["field"]:
        case "first_session":
            value, wanted = Decimal(now_ms - user.created_ms), wanted * HOUR_MS
        case "last_session":
            value, wanted = Decimal(now_ms - subscription.last_session_ms), wanted * HOUR_MS
        case "session_count":
            value = Decimal(subscription.session_count)
        case "session_time":
            value = Decimal(subscription.session_time)
        case "amount_spent":
            value = sum((dollars for _, dollars in paid), Decimal(0))
        case field:
            assert field == "bought_sku"
            bought = [dollars for sku, dollars in paid if sku == entry["key"]]
            if not bought and not settings.filter_unbought_is_zero:
                return False
            value = sum(bought, Decimal(0))
    return _compare(value, entry["relation"], wanted)


def _compare(value: Any, relation: str, wanted: Any) -> bool:
    if relation == ">":
        return bool(value > wanted)
    if relation == "<":
        return bool(value < wanted)
    if relation == "=":
        return bool(value == wanted)
    assert relation == "!="
    return bool(value != wanted)


def _compare_present(text: str | None, relation: str, wanted: str, settings: Settings) -> bool:
    if text is None:
        return relation == "!=" and settings.filter_absent_differs
    return _compare(text, relation, wanted)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", text) else None


def _holds_of_tag(
    entry: Mapping[str, Any], text: str | None, now_ms: int, settings: Settings
) -> bool:
    relation: str = entry["relation"]
    if relation in ("exists", "not_exists"):
        return (text is not None) == (relation == "exists")
    value = str(entry["value"])
    if text is None:
        return relation in ("!=", "not_in_array") and settings.filter_absent_differs
    number = _number(text)
    if relation.startswith("time_elapsed"):
        if number is None:
            return False
        elapsed_s = Decimal(now_ms) / 1000 - number
        return _compare(elapsed_s, ">" if relation.endswith("gt") else "<", Decimal(value))
    if relation in ("in_array", "not_in_array"):
        is_in = any(
            _is_equal(text, each.strip(), settings) for each in value.split(",") if each.strip()
        )
        return is_in == (relation == "in_array")
    if relation in ("=", "!="):
        return _is_equal(text, value, settings) == (relation == "=")
    wanted = _number(value)
    if number is not None and wanted is not None:
        return _compare(number, relation, wanted)
    return settings.filter_texts_ordered and _compare(text, relation, value)


def _is_equal(text: str, value: str, settings: Settings) -> bool:
    number, wanted = _number(text), _number(value)
    if settings.filter_numbers_equal and number is not None and wanted is not None:
        return number == wanted
    return text == value


def _holds_of_version(version: str | None, relation: str, wanted: str, settings: Settings) -> bool:
    if version is None or not settings.filter_versions_dotted:
        return _compare_present(version, relation, wanted, settings)
    mine, other = _split(version), _split(wanted)
    while len(mine) < len(other):
        mine.append((0, ""))
    while len(other) < len(mine):
        other.append((0, ""))
    return _compare(mine, relation, other)


def _split(version: str) -> list[tuple[int, str]]:
    parts = []
    for part in version.split("."):
        digits = ""
        while part[len(digits) :] and part[len(digits)] in "0123456789":
            digits += part[len(digits)]
        parts.append((int(digits or 0), part[len(digits) :]))
    return parts


def _is_within(entry: Mapping[str, Any], user: PlainUser) -> bool:
    """Tell it by the haversine formula."""
    if user.lat is None or user.long is None:
        return False
    lat, other = math.radians(user.lat), math.radians(float(entry["lat"]))
    east = math.radians(float(entry["long"]) - user.long)
    half = (
        math.sin((other - lat) / 2) ** 2 + math.cos(lat) * math.cos(other) * math.sin(east / 2) ** 2
    )
    way_m = 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(half, 1)))
    return bool(way_m <= float(entry["radius"]))
