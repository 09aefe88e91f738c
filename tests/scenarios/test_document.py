"""Goal: what stands above the steps is read, or refused at its place."""

from __future__ import annotations

import pytest

from pushlab.world.clock import parse_instant
from pushlab_testing.scenarios import FILE, a_scenario, refuse

HEAD = "pushlab: 1\nsentence: It happens.\n{}\nsteps:\n"


def test_what_is_not_said_is_as_a_lab_has_it() -> None:
    scenario = a_scenario()

    assert (scenario.seed, scenario.start) == (0, parse_instant("2026-01-01T00:00:00Z"))
    assert (scenario.app.changes, scenario.settings) == ({}, {})


def test_seed_start_app_and_settings_are_read() -> None:
    head = HEAD.format(
        "name: mine\nseed: 9\nstart: 2026-02-01T10:00:00+01:00\n"
        "app: {id: my-app, key: my-key, plan: free, receipts_enabled: false}\n"
        "settings: {retention_days: 7}"
    )

    scenario = a_scenario(head=head)

    assert (scenario.name, scenario.seed) == ("mine", 9)
    assert scenario.start == parse_instant("2026-02-01T09:00:00Z")
    assert (scenario.app.id, scenario.app.key) == ("my-app", "my-key")
    assert scenario.app.changes == {"plan": "free", "receipts_enabled": False}
    assert scenario.settings == {"retention_days": 7}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seed: x", '7: seed is "x"; write a whole number from 0 on'),
        ("seed: 99999999999999999999", '7: seed is "99999999999999999999"; write a whole number'),
        ("start: tomorrow", "8: 'tomorrow' is no instant; write it like 2026-01-31T09:30:00Z"),
        ("start: 2026-01-01", "8: '2026-01-01' has no time zone; add Z"),
        ("app: {plan: fre}", "13: plan cannot be 'fre'; did you mean 'free'?"),
        ("app: {plna: free}", "7: an app has no 'plna'; did you mean 'plan'?"),
        ("app: free", '6: an app is "free"; write app: {plan: free}'),
        ("settings: {retention_day: 7}", "12: there is no setting 'retention_day'; did you mean"),
        ("settings: {retention_days: long}", "12: the setting retention_days takes int"),
        ("settings: 5", "11: settings is 5; write a table"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(line: str, message: str) -> None:
    text = HEAD.format(line) + "  - advance: 5m\n"

    assert refuse(text).startswith(f"{FILE}, line 3, column {message}")


def test_the_largest_seed_is_read() -> None:
    assert a_scenario(head=HEAD.format(f"seed: {2**64 - 1}")).seed == 2**64 - 1
