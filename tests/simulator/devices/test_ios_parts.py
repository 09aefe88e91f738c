"""Goal: what only iPhones have is a verb of theirs, is told as JSON, and is lived again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.devices.arguments import Argument, list_arguments
from pushlab.devices.ios_parts import IOS_VERBS
from pushlab.devices.phone import Phone
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.load import parse
from pushlab_scenarios.replay import replay
from pushlab_scenarios.run import Play
from pushlab_scenarios.stage import LabStage
from pushlab_testing.apns_scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

ARGUMENTS: dict[str, dict[str, Any]] = {
    "register_pushes": {"kind": "voip"},
    "unregister_pushes": {"kind": "voip"},
    "offer_live_activity": {"attributes_type": "Ride"},
    "start_live_activity": {"attributes_type": "Ride", "state": {}},
}


@pytest.fixture
def phone() -> Phone:
    return Lab().device("ios", name="phone")


@pytest.mark.parametrize("verb", IOS_VERBS)
def test_an_android_phone_has_none_of_it(verb: str) -> None:
    android = Lab().device("android", name="droid")

    with pytest.raises(MisuseError, match=f"droid cannot {verb}: only an iPhone can"):
        getattr(android, verb)(**ARGUMENTS.get(verb, {}))

    assert verb not in android.verbs


@pytest.mark.parametrize("verb", IOS_VERBS)
def test_without_the_app_there_is_none_of_it(verb: str, phone: Phone) -> None:
    phone.uninstall()

    with pytest.raises(MisuseError, match=f"phone cannot {verb}: the app is not installed"):
        getattr(phone, verb)(**ARGUMENTS.get(verb, {}))


@pytest.mark.parametrize(
    "verb", ["end_live_activity", "dismiss_live_activity", "rotate_live_activity_token"]
)
def test_what_is_about_an_activity_needs_one_that_is_shown(verb: str, phone: Phone) -> None:
    with pytest.raises(MisuseError, match="it shows no live activity"):
        getattr(phone, verb)()
    phone.start_live_activity("Ride", {})
    known = phone.live_activities[0].id

    with pytest.raises(MisuseError, match=f"no live activity 'other'; it shows {known}"):
        getattr(phone, verb)("other")


def test_a_token_that_is_not_there_cannot_rotate(phone: Phone) -> None:
    phone.start_live_activity("Match", {}, channel="a channel")

    with pytest.raises(MisuseError, match="updated by a channel, or not at all"):
        phone.rotate_live_activity_token()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda phone: phone.register_pushes("alert"), "is one of voip, pushtotalk"),
        (lambda phone: phone.unregister_pushes("mail"), "is one of voip, pushtotalk"),
        (lambda phone: phone.offer_live_activity(""), "an attributes_type"),
        (lambda phone: phone.start_live_activity("", {}), "an attributes_type"),
        (lambda phone: phone.start_live_activity("Ride", 7), r"\(state=\) is a dict, not 7"),
        (
            lambda phone: phone.start_live_activity("Ride", {}, attributes=7),
            r"\(attributes=\) is a dict, not 7",
        ),
        (lambda phone: phone.end_live_activity(at_once=1), "at_once"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(
    call: Callable[[Any], None], words: str, phone: Phone
) -> None:
    with pytest.raises(MisuseError, match=words):
        call(phone)


def test_a_token_that_was_never_asked_for_can_be_given_up(phone: Phone) -> None:
    phone.unregister_pushes("voip")

    assert set(phone.tokens) == {"alert"}


def test_a_fresh_phone_has_no_token_at_all() -> None:
    phone = Lab().device("ios", fresh=True)

    assert (phone.tokens, phone.start_tokens, phone.live_activities) == ({}, {}, [])


def test_a_phone_reads_as_json_with_all_of_it(phone: Phone) -> None:
    phone.register_pushes("voip")
    phone.offer_live_activity("Ride")
    phone.start_live_activity("Ride", {"minutes": 5}, attributes={"ride": 7})

    told = json.loads(json.dumps(phone.document()))

    assert told["tokens"] == dict(phone.tokens)
    assert told["start_tokens"] == dict(phone.start_tokens)
    [activity] = told["live_activities"]
    assert (activity["id"], activity["token"]) == (
        phone.live_activities[0].id,
        phone.live_activities[0].token,
    )
    assert (activity["attributes"], activity["content_state"]) == ({"ride": 7}, {"minutes": 5})
    assert activity["started_at"] == "2026-01-01T00:00:00.000Z"
    assert "tokens" not in Lab().device("android").document()


def test_an_object_is_an_argument_like_any_other() -> None:
    assert list_arguments(Phone, "start_live_activity") == [
        Argument("attributes_type", "text", None, True, "attributes_type"),
        Argument("state", "object", None, True, "state"),
        Argument("attributes", "object", None, False, "attributes"),
        Argument("channel", "text", None, False, "channel"),
    ]


def test_every_verb_leaves_an_entry(phone: Phone) -> None:
    phone.register_pushes("voip")
    phone.unregister_pushes("voip")
    phone.offer_live_activity("Ride")
    for _ in range(2):
        phone.start_live_activity("Ride", {"minutes": 5})
    phone.rotate_live_activity_token()
    phone.dismiss_live_activity()
    phone.end_live_activity(at_once=True)

    lab = phone._host
    kinds = [entry.kind for entry in lab.world.trace.entries() if entry.fields.get("device")]
    assert kinds[-8:] == [
        "PushesRegistered",
        "PushesUnregistered",
        "LiveActivityOffered",
        "LiveActivityStarted",
        "LiveActivityStarted",
        "LiveActivityTokenRotated",
        "LiveActivityDismissed",
        "LiveActivityEnded",
    ]


def test_a_run_with_all_of_it_is_lived_again() -> None:
    scene = Scene()
    phone = scene.phone
    phone.register_pushes("voip")
    phone.offer_live_activity("Ride")
    channel = scene.make_channel()
    phone.start_live_activity("Match", {"home": 0}, channel=channel)
    phone.start_live_activity("Ride", {"minutes": 5}, attributes={"ride": 7})
    scene.update({"minutes": 1})
    scene.start()
    said = {"aps": {"timestamp": 1, "event": "update", "content-state": {"home": 1}}}
    scene.broadcast(channel, json=said)
    scene.lab.advance(minutes=1)
    phone.end_live_activity()
    phone.dismiss_live_activity()

    lived = replay(scene.lab.record())

    again: Any = lived.find_device("phone")
    assert lived.trace.digest == scene.lab.trace.digest
    assert again.live_activities == phone.live_activities
    assert again.tokens == phone.tokens


STORY = """
pushlab: 1
name: A ride
sentence: A phone shows how far the car is.
steps:
  - device: {platform: ios, name: phone}
  - verb:
      device: phone
      do: start_live_activity
      attributes_type: Ride
      state: {minutes: 5, car: {plate: B-XY 1}}
  - verb: {device: phone, do: register_pushes, kind: voip}
"""


def test_a_scenario_may_hand_an_object_over() -> None:
    stage = LabStage()
    play = Play(parse(STORY, "ride.yaml"), stage, 0)

    for _ in play.steps():
        pass

    phone: Any = stage.lab.find_device("phone")
    [activity] = phone.live_activities
    assert activity.content_state == {"minutes": 5, "car": {"plate": "B-XY 1"}}
    assert "voip" in phone.tokens
    stage.close()
