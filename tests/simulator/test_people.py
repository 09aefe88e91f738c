"""Goal: people have devices, share them, and are one user to the service only by their name."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.app import App


def user(app: App, name: str) -> Any:
    return app.call("GET", f"/apps/{app.id}/users/by/external_id/{name}").json()


def test_a_persons_web_mail_number_and_app_are_records_under_one_external_id() -> None:
    lab = Lab()
    app = App(lab)
    alice = lab.person("alice")
    made = [alice.device(platform) for platform in ("ios", "web", "email", "sms")]

    shown = user(app, "alice")["subscriptions"]

    assert alice.devices == made
    assert [alice.phone, alice.browser, alice.mailbox, alice.number] == made
    assert [each["type"] for each in shown] == ["iOSPush", "ChromePush", "Email", "SMS"]
    assert [each["id"] for each in shown] == [device.subscription_id for device in made]
    assert len({each["id"] for each in shown}) == 4


def test_a_message_reaches_every_device_of_a_person() -> None:
    lab = Lab()
    alice = lab.person("alice")
    phone, tablet = alice.device("ios"), alice.device("android")

    App(lab).send("alice")
    lab.advance(minutes=1)

    assert [len(device.tray) for device in (phone, tablet)] == [1, 1]
    assert repr(alice) == "<person 'alice' with ['alice-ios', 'alice-android']>"


@pytest.mark.parametrize(
    ("platforms", "message"),
    [
        ([], "alice is logged in on no phone; choose from person.devices: none"),
        (["web"], "no phone; choose from person.devices: alice-web"),
        (["ios", "android"], "2 devices of the kind phone; .*: alice-ios, alice-android"),
    ],
)
def test_the_phone_of_a_person_is_one(platforms, message) -> None:
    alice = Lab().person("alice")
    for platform in platforms:
        alice.device(platform)

    with pytest.raises(MisuseError, match=message):
        _ = alice.phone


def test_a_person_who_leaves_a_device_has_it_no_more() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice")

    phone.login("bob")

    assert lab.person("alice").devices == []
    assert lab.person("bob").phone == phone


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_messages_to_the_old_person_reach_the_device_until_the_service_knows(platform) -> None:
    lab = Lab()
    app = App(lab)
    phone = lab.device(platform, external_id="alice")
    lab.device(platform, external_id="bob", name="bobs own")
    phone.login("bob")
    app.send("alice", contents={"en": "for alice"})
    lab.advance(seconds=5)
    shown = [message.body for message in phone.tray]

    late = app.push("alice")
    app.send("bob", contents={"en": "for bob"})
    lab.advance(minutes=1)

    assert shown == ["for alice"]
    assert [message.body for message in phone.tray] == ["for bob", "for alice"]
    assert not late["id"]


def test_a_device_without_network_shows_what_was_sent_to_who_left_it() -> None:
    lab = Lab()
    app = App(lab)
    phone = lab.device("android", external_id="alice")
    lab.device("android", external_id="bob", name="bobs own")
    phone.go_offline()
    phone.login("bob")
    lab.advance(hours=1)
    app.send("alice", contents={"en": "for alice"})
    lab.advance(hours=1)

    phone.go_online()
    lab.advance(minutes=1)

    assert [message.body for message in phone.tray] == ["for alice"]
    assert user(app, "bob")["subscriptions"][-1]["id"] == phone.subscription_id


def test_people_who_take_turns_on_a_device_keep_one_subscription() -> None:
    lab = Lab()
    app = App(lab)
    phone = lab.device("android", external_id="alice")
    before = (phone.subscription_id, phone.onesignal_id)
    owners = []

    for turn in (phone.logout, lambda: phone.login("bob"), lambda: phone.login("alice")):
        turn()
        lab.advance(seconds=5)
        owners.append(phone.onesignal_id)

    assert phone.subscription_id == before[0]
    assert len({before[1], *owners[:2]}) == 2, "bob is who nobody was before"
    assert owners[2] == before[1]
    assert user(app, "bob")["subscriptions"] == []


def test_nobody_gets_the_messages_of_a_person_who_logged_out() -> None:
    lab = Lab()
    app = App(lab)
    phone = lab.device("android", external_id="alice")
    phone.logout()
    lab.advance(seconds=5)

    sent = app.push("alice")
    lab.advance(minutes=1)

    assert not sent["id"]
    assert len(phone.tray) == 0


# -- what a device is made with ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"external_id": 7}, r"device\(external_id=\) is a text that is not empty, not 7"),
        ({"external_id": ""}, "is a text that is not empty"),
        ({"name": ""}, "is a text that is not empty"),
        ({"language": 5}, "is a text that is not empty"),
        ({"timezone": ""}, "is a text that is not empty"),
        ({"fresh": "yes"}, r"device\(fresh=\) is True or False, not 'yes'"),
        ({"extension": 1}, "is True or False"),
        ({"tap_chance": 2}, "is a share between 0 and 1, not 2"),
        ({"tap_chance": "a"}, "is a share between 0 and 1"),
        ({"tags": "level"}, "is a dict such as"),
        ({"tags": {"": "10"}}, "a tag's key"),
    ],
)
def test_a_device_that_cannot_be_made_leaves_nothing_behind(options, message) -> None:
    lab = Lab()
    before = lab.trace.count, len(lab.record())

    with pytest.raises(MisuseError, match=message):
        lab.device("android", **options)

    assert (lab.trace.count, len(lab.record())) == before
    assert lab.devices == []


def test_tags_that_a_device_is_made_with_are_its_users_and_live_again() -> None:
    lab = Lab()
    app = App(lab)
    lab.device("android", external_id="alice", tags={"level": 10, "plan": "pro", "none": ""})
    lab.person("bob").device("email", tags={"level": 1.5})

    shown = [user(app, name)["properties"]["tags"] for name in ("alice", "bob")]
    again = replay(lab.record())

    assert shown == [{"level": "10", "plan": "pro"}, {"level": "1.5"}]
    assert again.trace.digest == lab.trace.digest


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("alice", "alice@example.com"),
        ("alice@shop.test", "alice@shop.test"),
        ("two@at@signs.test", "two-at-signs.test@example.com"),
        ("Jane <jane>", "Jane--jane-@example.com"),
        ("a" * 80, f"{'a' * 64}@example.com"),
    ],
)
def test_an_address_is_made_up_of_any_name(name, address) -> None:
    assert Lab().device("email", external_id=name).address == address


def test_made_up_addresses_are_told_apart() -> None:
    lab = Lab()
    names = ("bob", "alice@shop.test", "a" * 64)

    made = [lab.device("email", external_id=name).address for name in names for _ in range(2)]

    assert made == [
        "bob@example.com",
        "bob1@example.com",
        "alice@shop.test",
        "alice-shop.test1@example.com",
        f"{'a' * 64}@example.com",
        f"{'a' * 63}1@example.com",
    ]
