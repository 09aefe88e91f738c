"""Goal: a token's topics are made, read, listed and removed one by one, as new SDKs do it."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab_testing.fcm_scene import PUSH, Scene, subscriptions


def test_a_topic_subscription_is_made_read_listed_and_removed() -> None:
    scene = Scene()

    made = subscriptions(scene, "POST", "?topic_name=news")
    again = subscriptions(scene, "POST", "?topic_name=news")
    patched = subscriptions(scene, "PATCH", "/news?allowMissing=true")
    read = subscriptions(scene, "GET", "/news")
    listed = subscriptions(scene, "GET").json()
    removed = subscriptions(scene, "DELETE", "/news")
    missing = subscriptions(scene, "DELETE", "/news")
    allowed = subscriptions(scene, "DELETE", "/news?allow_missing=true")

    answers = (made, again, patched, read, removed, missing, allowed)
    assert [answer.status for answer in answers] == [200, 409, 200, 200, 200, 404, 200]
    shown: Any = made.json()
    assert (shown["topic_name"], shown["create_time"]) == ("news", "2026-01-01T00:00:00.000Z")
    assert listed == {"topic_subscriptions": [shown]}
    assert subscriptions(scene, "GET", "/news").status == 404


def test_a_patch_makes_a_subscription_only_if_it_is_allowed_to() -> None:
    scene = Scene()

    strict = subscriptions(scene, "PATCH", "/news")
    allowed = subscriptions(scene, "PATCH", "/news?allowMissing=true")
    again = subscriptions(scene, "PATCH", "/news")

    assert [each.status for each in (strict, allowed, again)] == [404, 200, 200]
    assert scene.lab.fcm.topics_of(scene.phone) == ["news"]


def test_a_subscription_keeps_the_instant_at_which_it_was_made() -> None:
    scene = Scene()
    made = subscriptions(scene, "POST", "?topic_name=news").json()
    scene.lab.advance(days=1)

    patched = subscriptions(scene, "PATCH", "/news?allowMissing=true").json()

    assert patched == made


def test_a_list_comes_page_by_page() -> None:
    scene = Scene()
    for topic in ("c", "a", "b"):
        subscriptions(scene, "POST", f"?topic_name={topic}")

    first: Any = subscriptions(scene, "GET", "?page_size=2").json()
    second: Any = subscriptions(
        scene, "GET", f"?pageSize=2&pageToken={first['next_page_token']}"
    ).json()
    whole: Any = subscriptions(scene, "GET", "?page_size=0").json()

    names = [
        [each["topic_name"] for each in page["topic_subscriptions"]]
        for page in (first, second, whole)
    ]
    assert names == [["a", "b"], ["c"], ["a", "b", "c"]]
    assert "next_page_token" not in second


def test_a_registration_may_be_named_by_its_installation() -> None:
    scene = Scene()
    fid = scene.token.partition(":")[0]

    made = scene.sender.call("POST", f"registrations/{fid}/topicSubscriptions?topic_name=news")

    assert made.status == 200
    assert scene.lab.fcm.topics_of(scene.phone) == ["news"]


@pytest.mark.parametrize("platform", ["ios", "web"])
def test_apps_that_fcm_does_not_serve_itself_have_topics_too(platform: str) -> None:
    scene = Scene()
    device = scene.lab.device(platform, name="it")
    device.register_fcm()
    path = f"registrations/{device.fcm_token}/topicSubscriptions?topic_name=news"

    made = scene.sender.call("POST", path)
    scene.lab.fcm.subscribe(scene.phone, "news")
    sent = scene.sender.send({"topic": "news", "notification": PUSH})
    scene.lab.run_until_idle()

    assert (made.status, sent.status) == (200, 200)
    assert (len(device.tray), len(scene.phone.tray)) == (1, 1)


@pytest.mark.parametrize(
    ("method", "rest"),
    [("PUT", "/news"), ("POST", "/news/more"), ("HEAD", "")],
)
def test_another_call_is_nobodys(method: str, rest: str) -> None:
    assert subscriptions(Scene(), method, rest).status in {400, 404}
