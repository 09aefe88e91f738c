"""Goal: the answer of POST /notifications says who was reached. Method: a lab, calls, bytes."""

from __future__ import annotations

import pytest

from pushlab.lab import Lab
from pushlab_testing.app import App

NOBODY = b'{"id":"","errors":["All included players are not subscribed"]}'
GOLD = {"field": "tag", "key": "level", "relation": "=", "value": "gold"}
TEXT = {"contents": {"en": "Hello"}}


@pytest.fixture
def lab():
    with Lab(seed=3) as made:
        yield made


@pytest.fixture
def app(lab):
    return App(lab)


@pytest.fixture
def alice(lab):
    return lab.device("android", external_id="alice")


@pytest.fixture
def bob(lab):
    return lab.device("ios", external_id="bob")


def send(app, **fields):
    return app.call("POST", "/notifications", {"app_id": app.id, **TEXT, **fields})


def set_level(app, external_id, level):
    path = f"/apps/{app.id}/users/by/external_id/{external_id}"
    app.call("PATCH", path, {"properties": {"tags": {"level": level}}})


def test_a_segment_reaches_its_people_once_though_they_are_in_two(lab, app, alice, bob):
    answer = send(app, included_segments=["Subscribed Users", "Total Subscriptions"])
    lab.advance(minutes=1)

    body = answer.json()
    assert answer.status == 200
    assert answer.body == b'{"id":"%s","external_id":null}' % body["id"].encode()
    assert [len(each.tray) for each in (alice, bob)] == [1, 1]
    assert app.view(body["id"])["successful"] == 2


def test_who_is_in_an_excluded_segment_gets_nothing(lab, app, alice, bob):
    path = f"/apps/{app.id}/segments"
    app.call("POST", path, {"name": "Gold", "filters": [GOLD]})
    set_level(app, "alice", "gold")

    send(app, included_segments=["All"], excluded_segments=["Gold"])
    lab.advance(minutes=1)

    assert [len(each.tray) for each in (alice, bob)] == [0, 1]


def test_filters_reach_who_fulfils_them(lab, app, alice, bob):
    set_level(app, "bob", "gold")

    send(app, filters=[GOLD])
    lab.advance(minutes=1)

    assert [len(each.tray) for each in (alice, bob)] == [0, 1]


@pytest.mark.parametrize(
    "fields",
    [
        {"included_segments": ["all"]},
        {"included_segments": ["Inactive Users"]},
        {"included_segments": ["All"], "excluded_segments": ["All"]},
        {"filters": [GOLD]},
        {"included_segments": ["All"], "isIos": True},
    ],
)
def test_nobody_in_the_audience_is_a_200_without_an_id(app, alice, fields):
    answer = send(app, **fields)

    assert answer.status == 200
    assert answer.body == NOBODY


def test_the_old_names_are_unknown_to_an_app_of_today(app, lab, alice):
    lab.world.change_settings(old_segment_names=False)

    assert send(app, included_segments=["Subscribed Users"]).body == NOBODY
    assert send(app, included_segments=["Total Subscriptions"]).json()["id"]


def test_two_targeting_methods_are_refused(app, alice):
    answer = send(app, included_segments=["All"], filters=[GOLD])

    assert answer.status == 400


def test_of_two_targeting_methods_one_wins_where_that_is_the_setting(app, lab, alice):
    lab.world.change_settings(mixed_targeting_refused=False)

    assert send(app, included_segments=["All"], filters=[GOLD]).json()["id"]


def test_a_scheduled_message_goes_to_who_is_in_the_audience_then(lab, app, alice, bob):
    set_level(app, "alice", "gold")
    send(app, filters=[GOLD], send_after="2026-01-01T01:00:00Z")
    set_level(app, "alice", "silver")
    set_level(app, "bob", "gold")

    lab.advance(hours=2)

    assert [len(each.tray) for each in (alice, bob)] == [0, 1]


def test_an_unknown_token_makes_a_user_and_is_refused_by_the_gateway(lab, app):
    answer = send(app, include_android_reg_ids=["made-up"])
    lab.advance(minutes=1)

    notification = app.view(answer.json()["id"])
    assert notification["errored"] == 1
    assert len(lab.trace.find(("UserCreated",))) == 1


def test_the_token_of_a_phone_reaches_that_phone(lab, app, alice):
    send(app, include_android_reg_ids=[alice.token])
    lab.advance(minutes=1)

    assert alice.tray[0].body == "Hello"


def test_time_operators_are_refused_without_a_plan(lab, app, alice):
    aged = {"field": "tag", "key": "seen", "relation": "time_elapsed_gt", "value": "60"}
    send(app, included_segments=["All"])
    lab.onesignal.belief.change_app(app.id, plan="free")

    assert send(app, filters=[aged]).status == 403


def test_an_idempotent_message_to_a_segment_is_sent_once(lab, app, alice):
    key = "f47ac10b-58cc-4372-a567-0e02b2c3d479"

    first = send(app, included_segments=["All"], idempotency_key=key)
    second = send(app, included_segments=["All"], idempotency_key=key)
    lab.advance(minutes=1)

    assert first.json()["id"] == second.json()["id"]
    assert len(alice.tray) == 1
