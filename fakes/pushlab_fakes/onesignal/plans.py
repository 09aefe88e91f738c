"""What an app's plan has: one table of feature, plans, and the answer when it is missing.

Mirrored: which calls and fields the OneSignal documentation marks as paid. Two kinds of missing
exist. A call is refused with an answer; a field or a filter is simply without effect, and the
row says what is seen instead. Bounds that rise with the plan stand in the second table.

Left out: prices, trials, and contracts of single customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab_fakes.onesignal import refusals

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer

__all__ = [
    "BOUNDS",
    "DEFAULT_PLAN",
    "FEATURES",
    "PLANS",
    "Feature",
    "check_plan",
    "find_bound",
    "has_feature",
    "refuse_missing",
]

PLANS: Final = ("free", "growth", "pro", "enterprise")
"""From the smallest to the largest; each has what the ones before it have."""
DEFAULT_PLAN: Final = "pro"

PAID: Final = ("growth", "pro", "enterprise")
LARGE: Final = ("pro", "enterprise")


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the table."""

    name: str
    """What code asks for."""
    title: str
    """What a refusal calls it."""
    plans: tuple[str, ...]
    refused: bool
    """Whether a call is refused; otherwise *missing* says what is seen instead."""
    missing: str
    source: str


FEATURES: Final = {
    feature.name: feature
    for feature in (
        Feature(
            "segment_editing",
            "Creating and changing segments over the API",
            PAID,
            refused=True,
            missing="403",
            source="OneSignal API reference, segments: needs a paid plan; the answer is assumed",
        ),
        Feature(
            "time_operators",
            "Time operators in filters",
            PAID,
            refused=True,
            missing="403",
            source="OneSignal, Create message, filters: needs a paid plan; the answer is assumed",
        ),
        Feature(
            "confirmed_delivery",
            "Confirmed delivery",
            PAID,
            refused=False,
            missing="`received` stays 0, receipts are answered and not counted",
            source="OneSignal, Confirmed delivery: paid plans; OpenAPI: free accounts show 0",
        ),
        Feature(
            "throttling",
            "Throttling",
            PAID,
            refused=False,
            missing="`throttle_rate_per_minute` is null, the message is not throttled",
            source="OneSignal API reference, View message: null on the free plan",
        ),
        Feature(
            "history",
            "Message history over the API",
            PAID,
            refused=True,
            missing="403",
            source="OneSignal API reference, message history: paid; the answer is assumed",
        ),
        Feature(
            "custom_outcomes",
            "Custom outcomes",
            PAID,
            refused=False,
            missing="outcomes of the app's own names are not kept",
            source="OneSignal, Outcomes: custom ones are paid",
        ),
        Feature(
            "retargeting",
            "Retargeting",
            LARGE,
            refused=True,
            missing="403; what was sent meanwhile stays unusable after an upgrade",
            source="OneSignal, Retargeting: Pro and Enterprise only; the answer is assumed",
        ),
        Feature(
            "audit_logs",
            "Audit logs",
            ("enterprise",),
            refused=True,
            missing="403",
            source="OneSignal API reference, audit logs: Enterprise",
        ),
    )
}

BOUNDS: Final[dict[str, dict[str, int]]] = {
    "tags_per_user": {"free": 10, "growth": 20, "pro": 100, "enterprise": 1_000},
    "messages_per_second": {"free": 150, "growth": 6_000, "pro": 6_000, "enterprise": 6_000},
}
"""tags_per_user: 10 and 20 are reported, which plans they belong to and the rest is assumed.
messages_per_second: OneSignal documentation, Rate limits."""


def check_plan(plan: str) -> str:
    """Return *plan*; raises MisuseError when there is no such plan."""
    if plan not in PLANS:
        raise MisuseError(f"there is no plan {plan!r}; the plans are {', '.join(PLANS)}")
    return plan


def has_feature(plan: str, name: str) -> bool:
    """Whether *plan* has the feature *name*."""
    return plan in FEATURES[name].plans


def find_bound(plan: str, name: str) -> int:
    """Return the bound *name* of *plan*."""
    return BOUNDS[name][plan]


def refuse_missing(plan: str, name: str) -> Answer | None:
    """Return the refusal of a call that needs the feature *name*, or None when it may go on."""
    feature = FEATURES[name]
    if plan in feature.plans or not feature.refused:
        return None
    return refusals.plan_required(feature.title, plan)
