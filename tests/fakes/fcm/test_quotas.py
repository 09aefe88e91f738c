"""Goal: quotas are those that FCM documents, and off unless the world asks for them."""

from __future__ import annotations

from pushlab_fakes.fcm.quotas import Limits
from pushlab_testing.fcm_scene import PUSH, Scene


def test_quotas_are_off_unless_asked_for() -> None:
    scene = Scene()

    assert {scene.push().status for _ in range(300)} == {200}


def test_messages_that_are_not_stored_are_not_throttled_for_collapsing() -> None:
    scene = Scene()
    scene.lab.change_settings(fcm_quotas=True)

    statuses = {scene.push(android={"ttl": "0s"}).status for _ in range(30)}

    assert statuses == {200}


def test_apps_of_other_platforms_have_the_projects_quota_alone() -> None:
    scene = Scene(settings={"fcm_quotas": True})
    scene.lab.services.fcm.quotas.limits = Limits(device_per_minute=1, project_per_minute=3)
    phone = scene.lab.device("ios")
    phone.register_fcm()
    message = {"token": phone.fcm_token, "notification": PUSH}

    statuses = [scene.sender.send(message).status for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


def test_what_is_refused_counts_unless_it_is_too_many() -> None:
    scene = Scene(settings={"fcm_quotas": True})
    limits = Limits(project_per_minute=4, device_per_minute=1)
    scene.lab.services.fcm.quotas.limits = limits
    plain, to_nobody = {"token": scene.token, "data": {"a": "b"}}, {"token": "x"}
    to_topic = {"topic": "news", "notification": PUSH}
    messages = [to_nobody, {"nonsense": 1}, plain, plain, plain, to_topic, to_topic]

    statuses = [scene.sender.send(message).status for message in messages]

    assert statuses == [400, 400, 200, 429, 429, 200, 429]


def test_a_fan_out_ends_and_makes_room_for_another_one() -> None:
    scene = Scene(settings={"fcm_quotas": True})
    scene.lab.services.fcm.quotas.limits = Limits(fan_outs_at_once=1, fan_out_per_second=1)
    scene.lab.fcm.subscribe(scene.phone, "news")
    message = {"topic": "news", "notification": PUSH}
    statuses = []

    for wait_s in (0, 0, 1):
        scene.lab.advance(seconds=wait_s)
        statuses.append(scene.sender.send(message).status)

    assert statuses == [200, 429, 200]


def test_changes_of_topics_are_counted_by_the_second() -> None:
    scene = Scene(settings={"fcm_quotas": True})
    quotas = scene.lab.services.fcm.quotas
    quotas.limits = Limits(topic_changes_per_second=2)

    first = [quotas.take_topic_change("shop") for _ in range(3)]
    other = quotas.take_topic_change("other")
    scene.lab.advance(seconds=1)

    assert (first, other) == ([True, True, False], True)
    assert quotas.take_topic_change("shop")
