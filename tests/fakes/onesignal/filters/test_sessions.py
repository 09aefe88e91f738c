"""Goal: sessions count for the device, the first one for the user. Method: two devices of one."""

from __future__ import annotations

import pytest

from pushlab_testing.filtering import explain, select
from pushlab_testing.onesignal import Api, an_api

HOUR_MS = 3_600_000
PATH = "/apps/{app}/users/by/external_id/alice"


def session(field: str, relation: str, hours: object, name: str = "hours_ago") -> dict[str, object]:
    return {"field": field, "relation": relation, name: hours}


def two_devices() -> Api:
    """Return an API with a user of "old" and "new", who opened the app on new an hour ago."""
    api = an_api()
    phones = [{"type": "AndroidPush", "token": token} for token in ("old", "new")]
    user = api.a_user("alice", subscriptions=phones)
    api.world.run_until(api.world.now + 10 * HOUR_MS)
    headers = {**api.headers, "onesignal-subscription-id": user["subscriptions"][1]["id"]}
    deltas = {"session_count": 2, "session_time": 90}
    api.call("PATCH", PATH, {"deltas": deltas}, headers=headers)
    api.world.run_until(api.world.now + HOUR_MS)
    return api


@pytest.mark.parametrize(
    ("relation", "hours", "found"),
    [
        (">", "10", ["old"]),
        (">", "11", []),
        (">", "10.9999", ["old"]),
        ("<", "10", ["new"]),
        ("<", "1", []),
        ("<", 1.1, ["new"]),
        (">", "1", ["old"]),
        (">", "0", ["old", "new"]),
    ],
)
def test_the_last_session_is_each_device_s(relation: str, hours: object, found: list[str]) -> None:
    assert select(two_devices(), session("last_session", relation, hours)) == found


def test_the_first_session_is_the_user_s() -> None:
    api = two_devices()

    assert select(api, session("first_session", ">", "10")) == ["old", "new"]
    assert select(api, session("first_session", "<", "11")) == []
    assert select(api, session("first_session", "<", "11.001")) == ["old", "new"]


def test_hours_may_stand_under_value_as_in_older_requests() -> None:
    assert select(two_devices(), session("last_session", "<", "2", "value")) == ["new"]


@pytest.mark.parametrize(
    ("field", "relation", "value", "found"),
    [
        ("session_count", ">", "1", ["new"]),
        ("session_count", "<", "1", ["old"]),
        ("session_count", "=", 2, ["new"]),
        ("session_count", "!=", "2", ["old"]),
        ("session_count", "=", "1.5", []),
        ("session_count", "!=", "1.5", ["old", "new"]),
        ("session_time", ">", "89.5", ["new"]),
        ("session_time", "<", "90", ["old"]),
    ],
)
def test_counters_are_each_device_s(
    field: str, relation: str, value: object, found: list[str]
) -> None:
    entry = {"field": field, "relation": relation, "value": value}

    assert select(two_devices(), entry) == found


def test_sessions_are_told_with_what_was_seen() -> None:
    told = [
        (finding.text, finding.scope, finding.matches, finding.seen)
        for finding in explain(
            two_devices(),
            0,
            session("last_session", "<", "2"),
            session("first_session", ">", 1),
            {"field": "session_count", "relation": ">", "value": "1"},
            {"field": "session_time", "relation": "<", "value": "1"},
        )
    ]

    assert told == [
        ("last_session < 2 h ago", "subscription", False, "last_session was 11 h ago"),
        ("first_session > 1 h ago", "user", True, "first_session was 11 h ago"),
        ("session_count > 1", "subscription", False, "session_count is 0"),
        ("session_time < 1", "subscription", True, "session_time is 0"),
    ]
