"""Goal: one table says what a plan has. Method: ask it."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab_fakes.onesignal import plans


def test_the_default_plan_has_retargeting() -> None:
    assert plans.has_feature(plans.DEFAULT_PLAN, "retargeting")


@pytest.mark.parametrize(
    ("plan", "feature", "has"),
    [
        ("free", "confirmed_delivery", False),
        ("growth", "confirmed_delivery", True),
        ("free", "segment_editing", False),
        ("growth", "retargeting", False),
        ("pro", "retargeting", True),
        ("pro", "audit_logs", False),
        ("enterprise", "audit_logs", True),
    ],
)
def test_a_plan_has_what_the_documentation_says(plan: str, feature: str, has: bool) -> None:
    assert plans.has_feature(plan, feature) is has


def test_a_larger_plan_has_all_that_a_smaller_one_has() -> None:
    for feature in plans.FEATURES.values():
        first = plans.PLANS.index(feature.plans[0])
        assert feature.plans == plans.PLANS[first:]


def test_a_call_that_the_plan_lacks_is_refused() -> None:
    answer = plans.refuse_missing("free", "retargeting")

    assert answer is not None
    assert answer.status == 403
    assert answer.json() == {"errors": ["Retargeting is not available on the free plan."]}


def test_a_field_that_the_plan_lacks_is_no_refusal() -> None:
    assert plans.refuse_missing("free", "confirmed_delivery") is None


def test_a_call_that_the_plan_has_is_not_refused() -> None:
    assert plans.refuse_missing("enterprise", "audit_logs") is None


def test_bounds_rise_with_the_plan() -> None:
    for name in plans.BOUNDS:
        bounds = [plans.find_bound(plan, name) for plan in plans.PLANS]
        assert bounds == sorted(bounds)


def test_a_plan_that_does_not_exist_is_a_misuse_that_lists_those_that_do() -> None:
    with pytest.raises(MisuseError, match="free, growth, pro, enterprise"):
        plans.check_plan("gold")
