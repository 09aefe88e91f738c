"""Goal: an estimate counts whom a message would reach. Method: requests in, answers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab_fakes.onesignal import refusals
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_testing.onesignal import Api

PATH = "/notifications/count-unsaved"
ON = {"type": "AndroidPush", "enabled": True, "notification_types": 1}
GOLD = {"field": "tag", "key": "level", "relation": "=", "value": "gold"}
SILVER = {**GOLD, "value": "silver"}
AGED = {"field": "tag", "key": "seen", "relation": "time_elapsed_gt", "value": "60"}


@pytest.fixture
def api() -> Api:
    """Return OneSignal with three people: two of level gold, one of them unsubscribed."""
    made = an_api()
    gold = {"tags": {"level": "gold"}}
    mail = {"type": "Email", "token": "alice@shop.test"}
    made.a_user("alice", subscriptions=[{**ON, "token": "a"}, mail], properties=gold)
    off = {**ON, "token": "b", "enabled": False, "notification_types": -2}
    made.a_user("bob", subscriptions=[off], properties=gold)
    made.a_user("carol", subscriptions=[{**ON, "token": "c"}])
    return made


def count(api: Api, **fields: object) -> Any:
    """Return what the estimate of everybody says, narrowed by *fields*."""
    body = {"app_id": APP_ID, "included_segments": ["All"], **fields}
    return api.read("POST", PATH, body)


def test_an_estimate_is_complete_and_nothing_is_sent(api: Api) -> None:
    assert count(api) == {
        "count": 2,
        "uncapped_count": None,
        "cap_applied": False,
        "mobile_suppressed": False,
        "mobile_excluded_count": 0,
    }
    assert api.entries("NotificationAccepted") == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"filters": [GOLD]}, 1),
        ({"filters": [GOLD, {"operator": "OR"}, SILVER]}, 1),
        ({"include_aliases": {"external_id": ["alice", "carol", "nobody"]}}, 2),
        ({"include_aliases": {"external_id": ["carol"]}, "filters": [GOLD]}, 0),
        ({"target_channel": "email"}, 1),
        ({"excluded_segments": ["Total Subscriptions"]}, 0),
        ({"included_segments": ["Nobody"]}, 0),
        ({"isIos": True, "contents": {"de": "Hallo"}, "include_player_ids": ["x"]}, 2),
    ],
)
def test_it_is_narrowed_by_what_is_supported_and_the_rest_is_passed_over(
    api: Api, fields: dict[str, object], expected: int
) -> None:
    assert count(api, **fields)["count"] == expected


def test_segments_are_required(api: Api) -> None:
    answer = api.call("POST", PATH, {"app_id": APP_ID, "filters": [GOLD]})

    assert answer.body == refusals.no_targets().body


def test_filters_are_refused_as_in_a_message(api: Api) -> None:
    answer = api.call(
        "POST",
        PATH,
        {"app_id": APP_ID, "included_segments": ["All"], "filters": [{"field": "user_id"}]},
    )

    assert answer.body == refusals.bad_filter_fields(["user_id"]).body


def test_time_operators_need_a_plan(api: Api) -> None:
    api.belief.change_app(APP_ID, plan="free")
    body = {"app_id": APP_ID, "included_segments": ["All"], "filters": [AGED]}

    assert api.call("POST", PATH, body).status == 403


def test_a_body_that_does_not_decode_is_refused(api: Api) -> None:
    headers = {**api.headers, "content-type": "application/json"}

    answer = api.call("POST", PATH + f"?app_id={APP_ID}", headers=headers, body=b"{")

    assert answer.status == 400
