"""Goal: an iPhone shows live activities as apps and pushes have them, for as long as iOS does."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab_fakes.exchange import Peer
from pushlab_testing.apns import sign_token
from pushlab_testing.apns_scene import Scene, reason_of


def a_ride(**options: Any) -> Scene:
    """Return a scene with one live activity, started by the app."""
    scene = Scene(**options)
    scene.phone.start_live_activity("Ride", {"minutes": 5}, attributes={"ride": 7})
    return scene


def settle(scene: Scene) -> None:
    scene.lab.run_until_idle()


def outcome(scene: Scene) -> object:
    """Return what the last push came to."""
    return scene.lab.trace.find(["MessageArrived"])[-1].fields["outcome"]


# --- started by the app ----------------------------------------------------------------------


def test_an_activity_that_the_app_starts_is_shown_and_has_a_token() -> None:
    scene = a_ride()

    [activity] = scene.phone.live_activities

    assert (activity.attributes_type, activity.attributes) == ("Ride", {"ride": 7})
    assert (activity.content_state, activity.state) == ({"minutes": 5}, "active")
    assert activity.started_at == activity.updated_at == scene.lab.now
    assert len(activity.token or "") == 64
    assert (activity.channel, activity.alert, activity.relevance_score) == (None, {}, None)


def test_activities_have_ids_and_tokens_of_their_own_that_a_seed_fixes() -> None:
    first, again = a_ride(), a_ride()
    for scene in (first, again):
        scene.phone.start_live_activity("Ride", {"minutes": 9})

    shown = first.phone.live_activities
    assert len({each.id for each in shown} | {each.token for each in shown}) == 4
    assert shown == again.phone.live_activities
    assert [each.content_state["minutes"] for each in shown] == [9, 5]


def test_the_app_ends_an_activity_which_stays_for_a_while() -> None:
    scene = a_ride()

    scene.phone.end_live_activity()
    at_once = [(each.state, each.token) for each in scene.phone.live_activities]
    scene.lab.advance(hours=4)

    assert at_once == [("ended", None)]
    assert scene.phone.live_activities == []


@pytest.mark.parametrize("how", ["end at once", "dismiss"])
def test_an_activity_may_go_at_once(how: str) -> None:
    scene = a_ride()
    scene.phone.start_live_activity("Ride", {"minutes": 9})
    older = scene.phone.live_activities[1].id

    if how == "dismiss":
        scene.phone.dismiss_live_activity(older)
    else:
        scene.phone.end_live_activity(older, at_once=True)

    assert [each.content_state for each in scene.phone.live_activities] == [{"minutes": 9}]


def test_the_system_ends_an_activity_after_eight_hours_and_takes_it_off_after_twelve() -> None:
    scene = a_ride()
    states = []

    for hours in (7, 1, 3, 1):
        scene.lab.advance(hours=hours)
        states.append([each.state for each in scene.phone.live_activities])

    assert states == [["active"], ["ended"], ["ended"], []]


def test_the_token_goes_with_the_eighth_hour_and_so_does_what_is_on_its_way() -> None:
    scene = a_ride()
    scene.lab.advance(hours=7, minutes=59, seconds=59)
    before = scene.phone.live_activities[0].token

    scene.lab.run_until(scene.lab.now + 990)
    answer = scene.update({"minutes": 0})
    settle(scene)

    [activity] = scene.phone.live_activities
    assert (answer.status, outcome(scene)) == (200, "left alone: the live activity is over")
    assert (before is None, activity.token) == (False, None)
    assert activity.content_state == {"minutes": 5}


# --- started by a push -----------------------------------------------------------------------


def offered(**options: Any) -> Scene:
    """Return a scene whose app lets pushes start rides."""
    scene = Scene(**options)
    scene.phone.offer_live_activity("Ride")
    return scene


def test_a_push_starts_an_activity_with_a_token_for_its_updates() -> None:
    scene = offered()

    answer = scene.start(alert={"title": "Your ride", "body": "is near"})
    settle(scene)

    [activity] = scene.phone.live_activities
    assert (answer.status, outcome(scene)) == (200, "live activity started")
    assert (activity.attributes, activity.content_state) == ({"ride": 7}, {"minutes": 5})
    assert activity.alert == {"title": "Your ride", "body": "is near"}
    assert activity.token is not None
    assert activity.started_at > scene.lab.world.clock.start
    assert not scene.phone.tray


@pytest.mark.parametrize(
    ("asks", "asked", "has_token"),
    [(True, 1, True), (True, None, False), (False, None, True), (False, 1, True)],
)
def test_whether_a_started_activity_has_a_token_depends_on_the_push_or_a_setting(
    asks: bool, asked: int | None, has_token: bool
) -> None:
    scene = offered(settings={"ios_start_asks_for_token": asks})

    scene.start(**{"input-push-token": asked})
    settle(scene)

    [activity] = scene.phone.live_activities
    assert (activity.token is not None) == has_token


@pytest.mark.parametrize(
    "lacks",
    [
        {"attributes-type": "Match"},
        {"attributes": None},
        {"content-state": None},
        {"timestamp": None},
        {"timestamp": "now"},
        {"event": "begin"},
        {"event": None},
    ],
)
def test_a_start_that_lacks_something_is_accepted_and_starts_nothing(
    lacks: dict[str, object],
) -> None:
    scene = offered()

    answer = scene.start(**lacks)
    settle(scene)

    assert answer.status == 200
    assert outcome(scene) == "left alone: the payload lacks something"
    assert scene.phone.live_activities == []


def test_a_token_that_starts_starts_any_number_and_updates_none() -> None:
    scene = offered()
    for _ in range(2):
        scene.start()
        settle(scene)
    token = scene.phone.start_tokens["Ride"]

    scene.push_live(token, {"timestamp": 0, "event": "update", "content-state": {}})
    settle(scene)

    assert len(scene.phone.live_activities) == 2
    assert outcome(scene) == "left alone: an event for another kind of token"


def test_an_offer_is_made_once() -> None:
    scene = offered()
    token = scene.phone.start_tokens["Ride"]

    scene.phone.offer_live_activity("Ride")
    scene.phone.offer_live_activity("Match")

    assert scene.phone.start_tokens["Ride"] == token
    assert set(scene.phone.start_tokens) == {"Ride", "Match"}


# --- updated and ended by pushes -------------------------------------------------------------


def test_an_update_changes_the_state_and_may_light_the_screen() -> None:
    scene = a_ride()
    scene.lab.advance(minutes=1)

    answer = scene.update({"minutes": 3}, alert={"title": "Soon"}, **{"relevance-score": 0.5})
    settle(scene)

    [activity] = scene.phone.live_activities
    assert (answer.status, outcome(scene)) == (200, "live activity updated")
    assert (activity.content_state, activity.alert) == ({"minutes": 3}, {"title": "Soon"})
    assert activity.relevance_score == 0.5
    assert activity.updated_at > activity.started_at


def test_an_update_that_is_older_than_what_is_shown_is_left_alone() -> None:
    scene = a_ride()

    scene.update({"minutes": 3}, timestamp=scene.now_s + 10)
    settle(scene)
    scene.update({"minutes": 9}, timestamp=scene.now_s + 9)
    settle(scene)
    older = outcome(scene)
    scene.update({"minutes": 2}, timestamp=scene.now_s + 10)
    settle(scene)

    assert older == "left alone: older than what is shown"
    assert scene.phone.live_activities[0].content_state == {"minutes": 2}


def test_an_activity_goes_stale_when_it_is_told_to_and_is_fresh_with_the_next_update() -> None:
    scene = a_ride()
    states = []

    scene.update(**{"stale-date": scene.now_s + 60})
    for seconds in (30, 30):
        scene.lab.advance(seconds=seconds)
        states.append(scene.phone.live_activities[0].state)
    scene.update()
    settle(scene)
    states.append(scene.phone.live_activities[0].state)

    assert states == ["active", "stale", "active"]


@pytest.mark.parametrize(
    ("dismissal_s", "hours"),
    [(None, 4), (3_600, 1), (-60, 0), (100 * 3_600, 4)],
)
def test_an_ended_activity_stays_until_its_dismissal_and_four_hours_at_most(
    dismissal_s: int | None, hours: int
) -> None:
    scene = a_ride()
    end = {"event": "end"}
    if dismissal_s is not None:
        end |= {"dismissal-date": scene.now_s + dismissal_s}  # type: ignore[dict-item]

    scene.update({"minutes": 0}, **end)
    settle(scene)
    shown = []
    for _ in range(6):
        shown.append(len(scene.phone.live_activities))
        scene.lab.advance(hours=1)

    # The push took a moment, so the last hour is a little longer.
    assert sum(shown) in {hours, hours + 1}
    assert (hours == 0) == (shown[0] == 0)


def test_the_last_state_of_an_ended_activity_is_shown() -> None:
    scene = a_ride()

    scene.update({"minutes": 0}, event="end")
    settle(scene)

    [activity] = scene.phone.live_activities
    assert (activity.content_state, activity.state) == ({"minutes": 0}, "ended")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"event": "start"}, "left alone: an event for another kind of token"),
        ({"content-state": 7}, "left alone: the payload lacks something"),
        ({"content-state": None}, "left alone: the payload lacks something"),
        ({"timestamp": True}, "left alone: the payload lacks something"),
    ],
)
def test_an_update_that_makes_no_sense_is_left_alone(change: dict[str, object], told: str) -> None:
    scene = a_ride()
    said = {"timestamp": scene.now_s, "event": "update", "content-state": {"minutes": 1}}

    scene.push_live(scene.phone.live_activities[0].token or "", said | change)
    settle(scene)

    assert outcome(scene) == told
    assert scene.phone.live_activities[0].content_state == {"minutes": 5}


def test_what_was_on_its_way_when_the_activity_ended_is_left_alone() -> None:
    scene = a_ride()
    scene.update({"minutes": 0}, event="end")
    scene.update({"minutes": 9})

    settle(scene)

    outcomes = [entry.fields.get("outcome") for entry in scene.lab.trace.find(["MessageArrived"])]
    gone = scene.lab.trace.find(["AppGone"])
    assert len(outcomes) + len(gone) == 2
    assert scene.phone.live_activities[0].state == "ended"


def test_an_app_that_was_force_quit_still_has_its_activities() -> None:
    scene = a_ride()
    scene.phone.force_stop()

    scene.update({"minutes": 1})
    settle(scene)

    assert scene.phone.live_activities[0].content_state == {"minutes": 1}


def test_a_budget_bounds_urgent_updates_if_it_is_asked_for() -> None:
    scene = a_ride(settings={"ios_live_activities_per_hour": 2})

    for minutes in (4, 3, 2):
        scene.update({"minutes": minutes})
        settle(scene)
    urgent = scene.phone.live_activities[0].content_state
    over = outcome(scene)
    scene.update({"minutes": 1}, apns_priority="5")
    settle(scene)

    assert (urgent, over) == ({"minutes": 3}, "left alone: updated too often")
    assert scene.phone.live_activities[0].content_state == {"minutes": 1}


def test_the_budget_of_urgent_updates_comes_back() -> None:
    scene = a_ride(settings={"ios_live_activities_per_hour": 2})
    for minutes in (4, 3):
        scene.update({"minutes": minutes})
        settle(scene)

    scene.lab.advance(minutes=31)
    scene.update({"minutes": 2})
    settle(scene)

    assert scene.phone.live_activities[0].content_state == {"minutes": 2}


# --- tokens ----------------------------------------------------------------------------------


def test_another_token_takes_the_place_of_one_that_has_expired_then() -> None:
    scene = a_ride()
    scene.push()
    before = scene.phone.live_activities[0].token or ""

    scene.phone.rotate_live_activity_token()
    said = {"timestamp": scene.now_s, "event": "update", "content-state": {"minutes": 1}}
    old = scene.push_live(before, said)
    scene.update({"minutes": 2})
    settle(scene)

    assert reason_of(old) == (410, "ExpiredToken")
    assert scene.phone.live_activities[0].token != before
    assert scene.phone.live_activities[0].content_state == {"minutes": 2}


def test_apns_hears_of_an_ended_activity_once_its_phone_is_back() -> None:
    scene = a_ride()
    scene.push()
    token = scene.phone.live_activities[0].token or ""
    said = {"timestamp": scene.now_s, "event": "update", "content-state": {"minutes": 1}}
    scene.phone.go_offline()
    scene.phone.end_live_activity()

    early = scene.push_live(token, said).status
    scene.phone.go_online()
    late = scene.push_live(token, said)

    assert early == 200
    assert reason_of(late) == (410, "ExpiredToken")
    timestamp = late.json()
    assert isinstance(timestamp, dict)
    assert timestamp["timestamp"] <= scene.lab.now


def test_a_removed_app_takes_its_activities_with_it() -> None:
    scene = a_ride()

    scene.phone.uninstall()
    gone = scene.phone.live_activities
    scene.phone.reinstall()

    assert (gone, scene.phone.live_activities) == ([], [])


def test_instants_are_read_by_the_clock_of_the_sender() -> None:
    scene = a_ride()
    ahead_s = 300 * 86_400
    later_s = scene.now_s + ahead_s
    peer, jwt = Peer(1, real_at=later_s * 1000), sign_token(later_s)
    said = {
        "timestamp": later_s,
        "event": "update",
        "content-state": {"minutes": 1},
        "stale-date": later_s + 60,
    }

    scene.push_live(scene.phone.live_activities[0].token or "", said, jwt=jwt, peer=peer)
    scene.lab.advance(seconds=61)

    assert scene.phone.live_activities[0].state == "stale"
