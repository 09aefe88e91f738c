"""Goal: broadcast channels are managed, and what is sent to one reaches those who follow it."""

from __future__ import annotations

import pytest

from pushlab_testing.apns import TOPIC
from pushlab_testing.apns_scene import SANDBOX, Scene

SANDBOX_MANAGEMENT = "api-manage-broadcast.sandbox.push.apple.com"


def said(scene: Scene, **state: object) -> dict[str, object]:
    """Return the payload of an update."""
    return {
        "aps": {"timestamp": scene.now_s, "event": "update", "content-state": state},
    }


def following(policy: int = 1) -> tuple[Scene, str]:
    """Return a scene whose phone follows a channel with a live activity."""
    scene = Scene()
    channel = scene.make_channel(policy)
    scene.phone.start_live_activity("Match", {"home": 0}, channel=channel)
    return scene, channel


def states(scene: Scene) -> list[object]:
    return [activity.content_state for activity in scene.phone.live_activities]


# --- management ------------------------------------------------------------------------------


def test_a_channel_is_made_read_listed_sent_to_and_deleted() -> None:
    scene = Scene()

    channel = scene.make_channel()
    read = scene.manage("GET", apns_channel_id=channel)
    listed = scene.manage("GET", "all-channels")
    sent = scene.broadcast(channel, apns_expiration=str(scene.now_s + 60))
    deleted = scene.manage("DELETE", apns_channel_id=channel)

    assert read.json() == {"message-storage-policy": 1, "push-type": "LiveActivity"}
    assert listed.json() == {"channels": [channel]}
    assert (sent.status, deleted.status) == (200, 204)
    assert scene.manage("GET", "all-channels").json() == {"channels": []}


def test_each_environment_has_channels_of_its_own() -> None:
    scene = Scene()
    scene.make_channel()

    listed = scene.manage("GET", "all-channels", host=SANDBOX_MANAGEMENT)

    assert listed.json() == {"channels": []}


def test_the_capability_for_broadcasts_can_be_switched_on_again() -> None:
    scene = Scene()
    scene.lab.apns.switch_broadcasts(TOPIC, on=False)
    scene.lab.apns.switch_broadcasts(TOPIC, on=True)

    assert scene.manage("GET", "all-channels").status == 200


# --- who follows -----------------------------------------------------------------------------


def test_a_broadcast_reaches_every_activity_that_follows_its_channel() -> None:
    scene, channel = following()
    other = scene.lab.device("ios", name="other")
    other.start_live_activity("Match", {"home": 0}, channel=channel)
    other.start_live_activity("Match", {"home": 9}, channel="another")
    other.start_live_activity("Match", {"home": 8})

    answer = scene.broadcast(channel, json=said(scene, home=1))
    scene.lab.run_until_idle()

    assert (answer.status, answer.body) == (200, b"")
    assert states(scene) == [{"home": 1}]
    assert [each.content_state for each in other.live_activities] == [
        {"home": 8},
        {"home": 9},
        {"home": 1},
    ]


def test_a_lab_knows_who_follows_a_channel() -> None:
    scene, channel = following()
    other = scene.lab.device("ios", name="other")
    other.start_live_activity("Match", {}, channel=channel)
    both = scene.lab.apns.followers(channel)

    scene.phone.dismiss_live_activity()

    assert both == ["phone", "other"]
    assert scene.lab.apns.followers(channel) == ["other"]
    assert scene.lab.apns.followers("no channel") == []


def test_an_activity_that_follows_a_channel_shows_no_token() -> None:
    scene, channel = following()

    [activity] = scene.phone.live_activities

    assert (activity.token, activity.channel) == (None, channel)


@pytest.mark.parametrize(("policy", "expected"), [(1, {"home": 2}), (0, {"home": 0})])
def test_a_phone_that_was_off_gets_the_newest_message_if_the_channel_keeps_one(
    policy: int, expected: object
) -> None:
    scene, channel = following(policy)
    scene.phone.go_offline()

    for home in (1, 2):
        ends = str(scene.now_s + 3600) if policy else "0"
        scene.broadcast(channel, json=said(scene, home=home), apns_expiration=ends)
        scene.lab.advance(seconds=10)
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert states(scene) == [expected]


def test_a_channel_outlives_its_followers_and_a_broadcast_to_nobody_is_accepted() -> None:
    scene, channel = following()
    scene.phone.end_live_activity()

    answer = scene.broadcast(channel, json=said(scene, home=1))
    scene.lab.run_until_idle()

    assert answer.status == 200
    assert states(scene) == [{"home": 0}]
    assert scene.lab.trace.find(["AttemptMade"]) == []


def test_the_end_of_an_activity_may_be_broadcast() -> None:
    scene, channel = following()
    payload = {"aps": {"timestamp": scene.now_s, "event": "end", "dismissal-date": scene.now_s}}

    scene.broadcast(channel, json=payload)
    scene.lab.run_until_idle()

    assert scene.phone.live_activities == []


def test_a_broadcast_in_the_other_environment_or_of_another_app_reaches_nobody() -> None:
    scene, channel = following()
    scene.lab.apns.bind(topic="com.example.other")

    scene.broadcast(channel, json=said(scene, home=1))
    scene.lab.run_until_idle()
    scene.lab.apns.bind(topic=TOPIC, environment="sandbox")
    scene.broadcast(channel, json=said(scene, home=2))
    scene.lab.run_until_idle()

    assert states(scene) == [{"home": 0}]


def test_the_first_broadcast_names_the_topic_of_the_app_that_follows() -> None:
    scene, channel = following()

    scene.broadcast(channel, json=said(scene, home=1))

    assert scene.phone.document()["topic"] == TOPIC


def test_a_push_may_start_an_activity_that_follows_a_channel() -> None:
    scene = Scene()
    channel = scene.make_channel()
    scene.phone.offer_live_activity("Ride")

    start = {"input-push-token": None, "input-push-channel": channel}
    scene.start(**start)
    scene.lab.run_until_idle()
    scene.broadcast(channel, json=said(scene, minutes=1))
    scene.lab.run_until_idle()

    [activity] = scene.phone.live_activities
    assert (activity.channel, activity.token) == (channel, None)
    assert activity.content_state == {"minutes": 1}


def test_a_broadcast_from_the_sandbox_names_itself_for_the_delivery_log() -> None:
    scene = Scene()
    asked = {"message-storage-policy": 1, "push-type": "LiveActivity"}
    made = scene.manage("POST", json=asked, host=SANDBOX_MANAGEMENT)

    answer = scene.broadcast(made.header("apns-channel-id"), host=SANDBOX)

    assert answer.status == 200
    assert answer.header("apns-unique-id")
