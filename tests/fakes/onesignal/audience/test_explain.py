"""Goal: the reason names what keeps one out, and changes with it. Method: one fact at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_fakes.onesignal.audience import explain_row
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_testing.onesignal import Api

PHONE = 0
GOLD = {"field": "tag", "key": "level", "relation": "=", "value": "gold"}
OFTEN = {"field": "session_count", "relation": ">", "value": "2"}
OR = {"operator": "OR"}


@pytest.fixture
def api() -> Api:
    """Return OneSignal with alice and her phone, and the segments Gold and Often."""
    made = an_api()
    phone = {"type": "AndroidPush", "token": "a", "enabled": True, "notification_types": 1}
    made.a_user("alice", subscriptions=[phone], properties={"tags": {"level": "silver"}})
    made.belief.segments.add(made.belief.apps[0], "Gold", [GOLD])
    made.belief.segments.add(made.belief.apps[0], "Often", [OFTEN])
    return made


def set_level(api: Api, level: str) -> None:
    """Let alice be of another level."""
    path = "/apps/{app}/users/by/external_id/alice"
    api.call("PATCH", path, {"properties": {"tags": {"level": level}}})


def why(api: Api, **fields: object) -> tuple[str, str] | None:
    """Return why a message with these fields does not reach alice's phone."""
    draft = draft_notification({"contents": {"en": "hi"}, **fields}, APP_ID)
    assert isinstance(draft, NotificationDraft)
    return explain_row(api.belief, api.app, draft, PHONE)


def test_a_filter_that_is_false_is_named_with_its_scope_and_what_was_seen(api: Api) -> None:
    before = why(api, filters=[GOLD])
    set_level(api, "gold")

    assert before == (
        "filter-false",
        'tag level = "gold" is false for the user: tag level is "silver"',
    )
    assert why(api, filters=[GOLD]) is None


def test_only_the_filters_that_are_false_are_named(api: Api) -> None:
    set_level(api, "gold")

    assert why(api, filters=[GOLD, OFTEN]) == (
        "filter-false",
        "session_count > 2 is false for the subscription: session_count is 0",
    )


def test_of_many_false_filters_three_are_named(api: Api) -> None:
    found = why(api, filters=[GOLD, OR, OFTEN, OR, GOLD, OR, OFTEN, OR, GOLD])

    assert found is not None
    assert found[1].count(" is false for the ") == 3
    assert found[1].endswith("; and 2 more")


def test_a_segment_that_excludes_is_named_with_the_filter_that_is_true(api: Api) -> None:
    said = {"included_segments": ["All"], "excluded_segments": ["Often", "Gold"]}
    set_level(api, "gold")
    before = why(api, **said)
    set_level(api, "silver")

    assert before is not None
    rule, text = before
    assert rule == "excluded-by-segment"
    assert text.startswith("the segment 'Gold' is excluded: ")
    assert text.endswith('tag level = "gold" is true for the user: tag level is "gold"')
    assert why(api, **said) is None


def test_an_excluded_segment_of_everybody_excludes_everybody(api: Api) -> None:
    found = why(api, included_segments=["Gold"], excluded_segments=["Total Subscriptions"])

    assert found == (
        "excluded-by-segment",
        "the segment 'Total Subscriptions' is excluded: everybody is in it",
    )


def test_every_segment_that_one_is_not_in_is_named_with_its_filter(api: Api) -> None:
    before = why(api, included_segments=["Gold", "Often"])
    set_level(api, "gold")

    assert before is not None
    rule, text = before
    assert rule == "not-in-segment"
    assert text.startswith("it is not in the segment 'Gold': tag level = \"gold\" is false")
    assert "it is not in the segment 'Often': session_count > 2 is false" in text
    assert why(api, included_segments=["Gold", "Often"]) is None


def test_a_segment_that_does_not_exist_is_named(api: Api) -> None:
    assert why(api, included_segments=["gold"]) == (
        "not-in-segment",
        "there is no segment 'gold' (names are told apart by case)",
    )


def test_who_is_in_the_segment_and_not_subscribed_is_told_so(api: Api) -> None:
    path = f"/apps/{{app}}/subscriptions/{api.belief.subscription_id(PHONE)}"
    before = why(api, included_segments=["All"])
    api.call("PATCH", path, {"subscription": {"enabled": False, "notification_types": -2}})

    assert before is None
    assert why(api, included_segments=["All"]) == (
        "unsubscribed",
        "segments and filters reach only who is subscribed; it has notification_types -2",
    )


def test_targets_that_are_named_one_by_one_have_no_reason_here(api: Api) -> None:
    aliases = {"external_id": ["bob"]}

    assert why(api, include_aliases=aliases, target_channel="push") is None
