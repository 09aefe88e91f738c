"""Goal: a token is good for the kind of push that its app asked for, and for no other."""

from __future__ import annotations

import pytest

from pushlab.gateway import Fate
from pushlab_testing.apns import TOPIC
from pushlab_testing.apns_scene import QUICK_REPORT, Scene, reason_of

SUFFIXES = {
    "complication": ".complication",
    "controls": ".push-type.controls",
    "fileprovider": ".pushkit.fileprovider",
    "location": ".location-query",
    "pushtotalk": ".voip-ptt",
    "voip": ".voip",
    "widgets": ".push-type.widgets",
}
KINDS = pytest.mark.parametrize("kind", SUFFIXES)


def registered(kind: str, **settings: object) -> Scene:
    """Return a scene whose phone has a token for *kind*."""
    scene = Scene(settings=settings)
    scene.phone.register_pushes(kind)
    return scene


def push_to_own(scene: Scene, kind: str) -> tuple[int, str | None]:
    """Send a push of *kind* to the token for it."""
    given = {"apns_push_type": kind, "apns_topic": TOPIC + SUFFIXES[kind]}
    return reason_of(scene.push(scene.phone.tokens[kind], json={"aps": {}, "x": kind}, **given))


@KINDS
def test_a_push_of_its_kind_reaches_the_apps_code_and_not_the_tray(kind: str) -> None:
    scene = registered(kind)

    answer = push_to_own(scene, kind)
    scene.lab.run_until_idle()

    assert answer == (200, None)
    assert [(each.kind, each.payload["x"]) for each in scene.phone.wakeups] == [(kind, kind)]
    assert not scene.phone.tray


@KINDS
def test_without_a_push_type_the_topic_tells(kind: str) -> None:
    scene = registered(kind)
    topic = TOPIC + SUFFIXES[kind]

    own = scene.push(scene.phone.tokens[kind], apns_push_type=None, apns_topic=topic)
    other = scene.push(apns_push_type=None, apns_topic=topic)

    assert own.status == 200
    assert reason_of(other) == (400, "DeviceTokenNotForTopic")


def test_each_kind_has_a_token_of_its_own_that_stays_as_it_is() -> None:
    scene = registered("voip")
    first = scene.phone.tokens["voip"]

    scene.phone.register_pushes("voip")
    scene.phone.register_pushes("pushtotalk")

    tokens = scene.phone.tokens
    assert tokens["voip"] == first
    assert len(set(tokens.values())) == 3
    assert tokens["alert"] == scene.token


def test_the_same_world_has_the_same_tokens_and_another_one_others() -> None:
    tokens = [
        registered("voip").phone.tokens["voip"],
        registered("voip").phone.tokens["voip"],
    ]
    other = Scene(seed=2)
    other.phone.register_pushes("voip")

    assert tokens[0] == tokens[1] != other.phone.tokens["voip"]


def test_a_token_that_was_given_up_is_accepted_until_apns_has_found_out() -> None:
    scene = registered("voip", **QUICK_REPORT)
    token = scene.phone.tokens["voip"]
    given = {"apns_push_type": "voip", "apns_topic": f"{TOPIC}.voip"}

    scene.phone.unregister_pushes("voip")
    first = scene.push(token, **given)
    scene.lab.advance(days=2)
    second = scene.push(token, **given)

    assert (reason_of(first), reason_of(second)) == ((200, None), (410, "Unregistered"))
    assert scene.phone.wakeups == []


def test_a_call_waits_for_a_phone_that_is_off() -> None:
    scene = registered("voip")
    scene.phone.go_offline()

    push_to_own(scene, "voip")
    scene.lab.advance(minutes=1)
    before = scene.phone.wakeups
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert (before, len(scene.phone.wakeups)) == ([], 1)


def test_what_waits_for_a_token_that_was_given_up_finds_nobody() -> None:
    scene = registered("voip")
    scene.phone.go_offline()
    push_to_own(scene, "voip")

    scene.phone.unregister_pushes("voip")
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert scene.phone.wakeups == []
    assert [entry.kind for entry in scene.lab.trace.find(["AppGone"])] == ["AppGone"]


def test_each_token_has_one_place_to_store_a_push() -> None:
    scene = registered("voip")
    scene.phone.go_offline()

    scene.push()
    push_to_own(scene, "voip")
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert (len(scene.phone.tray), len(scene.phone.wakeups)) == (1, 1)


def test_a_removed_app_has_lost_its_tokens() -> None:
    scene = registered("voip")
    before = scene.phone.tokens["voip"]

    scene.phone.uninstall()
    gone = scene.phone.tokens
    scene.phone.reinstall()
    scene.phone.register_pushes("voip")

    assert gone == {}
    assert scene.phone.tokens["voip"] != before


def test_the_fate_of_a_push_for_code_says_that_it_was_handed_over() -> None:
    scene = registered("voip")

    push_to_own(scene, "voip")
    scene.lab.run_until_idle()

    [fan_out] = scene.lab.sends.live()
    assert Fate(int(fan_out.fates[0])) is Fate.HANDED_OVER
