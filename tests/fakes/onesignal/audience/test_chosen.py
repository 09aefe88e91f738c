"""Goal: segments and filters become columns. Method: users in, ids of subscriptions out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pushlab.world.clock import DAY_MS
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.audience import refuse_filters, select_segment, select_segments
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.exchange import Answer
    from pushlab_testing.onesignal import Api

ON = {"type": "AndroidPush", "enabled": True, "notification_types": 1}
GOLD = {"field": "tag", "key": "level", "relation": "=", "value": "gold"}
BERLIN = {"field": "tag", "key": "city", "relation": "=", "value": "Berlin"}
AGED = {"field": "tag", "key": "seen", "relation": "time_elapsed_gt", "value": "60"}


@pytest.fixture
def api() -> Api:
    """Return OneSignal with four users of one phone each, named by their tokens."""
    made = an_api()
    tags = {
        "both": {"level": "gold", "city": "Berlin"},
        "gold": {"level": "gold"},
        "berlin": {"city": "Berlin"},
        "none": {},
    }
    for name, held in tags.items():
        phone = {**ON, "token": name}
        made.a_user(name, subscriptions=[phone], properties={"tags": held})
    made.belief.segments.add(made.belief.apps[0], "Gold", [GOLD])
    made.belief.segments.add(made.belief.apps[0], "Berlin", [BERLIN])
    return made


def tokens(api: Api, inside: NDArray[np.bool_]) -> list[str]:
    """Return the tokens of the subscriptions that are inside."""
    return [api.belief.token(row) for row in np.flatnonzero(inside).tolist()]


def chosen(api: Api, included: list[str], excluded: tuple[str, ...] = ()) -> list[str]:
    """Return who is in the segments."""
    return tokens(api, select_segments(api.belief, api.belief.apps[0], included, excluded))


def test_a_segment_has_who_fulfils_its_filters(api: Api) -> None:
    assert chosen(api, ["Gold"]) == ["both", "gold"]


def test_who_is_in_several_segments_is_in_once(api: Api) -> None:
    assert chosen(api, ["Gold", "Berlin"]) == ["both", "gold", "berlin"]


def test_exclusion_wins(api: Api) -> None:
    assert chosen(api, ["Gold", "Berlin"], ("Gold",)) == ["berlin"]
    assert chosen(api, ["Gold"], ("Gold",)) == []


@pytest.mark.parametrize("name", ["gold", "GOLD", "Gold ", "all", "All Users"])
def test_names_are_told_apart_by_case_and_unknown_ones_match_nobody(api: Api, name: str) -> None:
    assert chosen(api, [name]) == []
    assert chosen(api, ["Gold"], (name,)) == ["both", "gold"]


def test_all_stands_for_everybody_unless_a_segment_is_called_so(api: Api) -> None:
    assert len(chosen(api, ["All"])) == 4

    api.belief.segments.add(api.belief.apps[0], "All", [BERLIN])

    assert chosen(api, ["All"]) == ["both", "berlin"]


def test_two_segments_of_one_name_are_both_meant(api: Api) -> None:
    api.belief.segments.add(api.belief.apps[0], "Gold", [BERLIN])

    assert chosen(api, ["Gold"]) == ["both", "gold", "berlin"]


def test_a_segment_follows_the_changes_of_its_people(api: Api) -> None:
    path = "/apps/{app}/users/by/external_id/none"
    api.call("PATCH", path, {"properties": {"tags": {"level": "gold"}}})

    assert chosen(api, ["Gold"]) == ["both", "gold", "none"]


def test_users_of_another_app_are_in_no_segment_of_this_one(api: Api) -> None:
    other = api.belief.adopt_app("f0e1d2c3-0000-4000-8000-000000000000")

    for name in ("All", "Total Subscriptions"):
        assert not select_segments(api.belief, other, [name], ()).any()


def test_a_subscription_that_is_deleted_is_in_no_segment(api: Api) -> None:
    api.call("DELETE", "/apps/{app}/users/by/external_id/gold")

    assert chosen(api, ["Total Subscriptions"]) == ["both", "berlin", "none"]


def test_every_default_segment_can_be_asked_for(api: Api) -> None:
    app = api.belief.apps[0]
    mail = {"type": "Email", "token": "a@shop.test"}
    api.a_user("mail", subscriptions=[mail, {"type": "SMS", "token": "+15555550100"}])

    found = {
        segment.name: tokens(api, select_segment(api.belief, app, segment))
        for segment in api.belief.segments.of(app)
        if segment.is_read_only
    }

    assert len(found["Total Subscriptions"]) == len(found["Subscribed Users"]) == 6
    assert found["All Email Subscriptions"] == ["a@shop.test"]
    assert found["All SMS Subscriptions"] == ["+15555550100"]
    assert found["Engaged Subscriptions"] == found["Inactive Users"] == []


def test_the_default_segments_tell_active_engaged_and_inactive_apart(api: Api) -> None:
    sessions = {"deltas": {"session_count": 4}}
    api.world.run_until(api.world.now + 8 * DAY_MS)
    api.call("PATCH", "/apps/{app}/users/by/external_id/gold", sessions)
    api.call("PATCH", "/apps/{app}/users/by/external_id/berlin", {"deltas": {"session_count": 3}})

    assert chosen(api, ["Active Subscriptions"]) == ["gold", "berlin"]
    assert chosen(api, ["Engaged Users"]) == ["gold"]
    assert chosen(api, ["Inactive Users"]) == ["both", "none"]


def refused(api: Api, filters: Sequence[Mapping[str, object]]) -> Answer | None:
    """Return what the filters of a message are refused for."""
    draft = draft_notification({"contents": {"en": "hi"}, "filters": list(filters)}, APP_ID)
    assert isinstance(draft, NotificationDraft)
    return refuse_filters(api.belief.apps[0], draft.targeting)


def test_filters_in_order_are_not_refused(api: Api) -> None:
    assert refused(api, [GOLD, {"operator": "OR"}, BERLIN]) is None


def test_filters_over_unknown_fields_are_refused_one_by_one(api: Api) -> None:
    answer = refused(api, [{"field": "user_id"}, {"operator": "OR"}, {"field": "device_id"}])

    assert answer == refusals.bad_filter_fields(["user_id", "device_id"])


def test_more_than_200_filters_are_refused(api: Api) -> None:
    assert refused(api, [GOLD] * 201) == refusals.too_many("filters", 200)
    assert refused(api, [GOLD, *[{"operator": "AND"}, GOLD] * 199]) is None


def test_time_operators_need_a_paid_plan(api: Api) -> None:
    assert refused(api, [AGED]) is None

    api.belief.change_app(APP_ID, plan="free")

    answer = refused(api, [GOLD, AGED])
    assert answer is not None
    assert answer.status == 403
    assert refused(api, [GOLD]) is None
