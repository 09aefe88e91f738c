"""Goal: the phone in a test's hand reads the truth, and a verb that does not fit says what does."""

from __future__ import annotations

import pytest

from pushlab.devices.phone import Phone
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App


def test_a_device_reads_as_the_control_api_shows_it() -> None:
    lab = Lab()
    phone = lab.device("ios", external_id="alice")

    document = phone.document()

    assert document["id"] == "alice-ios"
    assert document["platform"] == "ios"
    assert document["external_id"] == "alice"
    assert document["topic"] == "test.pushlab.app0"
    assert document["token"] == phone.token
    assert document["tray"] == []
    assert document["state"] == {
        "installed": True,
        "online": True,
        "app": "closed",
        "permission": "granted",
        "notifications": True,
        "opted_in": True,
        "badge": 0,
        "power": "plugged",
    }


def test_two_views_of_one_device_are_equal() -> None:
    lab, other = Lab(), Lab()
    phone = lab.device("android", name="phone")

    assert lab.find_device("phone") == phone
    assert hash(lab.find_device("phone")) == hash(phone)
    assert phone != other.device("android", name="phone")
    assert phone != "phone"


def test_a_device_shows_itself_in_an_assertion() -> None:
    phone = Lab().device("android", name="phone")

    assert repr(phone).startswith("<device phone: installed=True, online=True")


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("install", "the app is installed already"),
        ("reinstall", "the app is installed already"),
        ("go_online", "it is online already"),
        ("tap", "the tray is empty"),
        ("dismiss", "the tray is empty"),
    ],
)
def test_a_verb_that_does_not_fit_a_settled_device_is_refused(verb: str, reason: str) -> None:
    phone = Lab().device("android", name="phone")

    with pytest.raises(MisuseError) as caught:
        getattr(phone, verb)()

    assert f"phone cannot {verb}: {reason}; what fits now: open_app" in str(caught.value)


WITHOUT_APP = {"install", "reinstall", "go_offline", "set_timezone", "move", "set_power"}


@pytest.mark.parametrize("verb", sorted(set(Phone.VERBS) - WITHOUT_APP))
def test_without_the_app_only_installing_and_the_network_are_left(verb: str) -> None:
    phone = Lab().device("android", name="phone", fresh=True)
    arguments: dict[str, dict[str, object]] = {
        "login": {"external_id": "alice"},
        "prompt": {"answer": "allow"},
        "switch_notifications": {"on": True},
        "add_tag": {"key": "plan", "value": "pro"},
        "remove_tag": {"key": "plan"},
        "set_language": {"code": "de"},
        "add_email": {"address": "alice@example.com"},
        "remove_email": {"address": "alice@example.com"},
        "add_sms": {"number": "+12025550123"},
        "remove_sms": {"number": "+12025550123"},
        "purchase": {"sku": "gems", "amount": 1},
        "register_pushes": {"kind": "voip"},
        "unregister_pushes": {"kind": "voip"},
        "offer_live_activity": {"attributes_type": "Ride"},
        "start_live_activity": {"attributes_type": "Ride", "state": {}},
    }

    with pytest.raises(MisuseError, match="what fits now: install, reinstall, go_offline"):
        getattr(phone, verb)(**arguments.get(verb, {}))


def test_a_token_can_only_rotate_when_there_is_one() -> None:
    phone = Lab().device("ios", fresh=True)
    phone.install()

    with pytest.raises(MisuseError, match="no push token yet; open it first"):
        phone.rotate_token()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda phone: phone.prompt("maybe"), '"allow" or "deny"'),
        (lambda phone: phone.login(""), "a text that is not empty"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(call, words) -> None:
    with pytest.raises(MisuseError, match=words):
        call(Lab().device("android"))


# --- messages --------------------------------------------------------------------------------


def test_a_tap_takes_the_newest_message_opens_the_app_and_is_reported() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    app = App(lab)
    first = app.send("alice", contents={"en": "first"})
    lab.advance(minutes=1)
    second = app.send("alice", contents={"en": "second"})
    lab.advance(minutes=1)

    phone.tap()

    assert [message.body for message in phone.tray] == ["first"]
    assert phone.state["app"] == "foreground"
    assert [app.view(sent)["converted"] for sent in (first, second)] == [0, 1]


def test_a_chosen_message_is_dismissed_and_nobody_is_told() -> None:
    lab = Lab()
    phone = lab.device("ios", external_id="alice")
    app = App(lab)
    first, _ = (app.send("alice", contents={"en": text}) for text in ("first", "second"))
    lab.advance(minutes=1)
    old = next(message for message in phone.tray if message.body == "first")

    phone.dismiss(old)

    assert [message.body for message in phone.tray] == ["second"]
    assert app.view(first)["converted"] == 0


def test_a_message_that_is_gone_cannot_be_tapped() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    app = App(lab)
    app.send("alice")
    app.send("alice")
    lab.advance(minutes=1)
    message = phone.tray[0]
    phone.dismiss(message)

    with pytest.raises(MisuseError, match="does not show that message any more"):
        phone.tap(message)


def test_a_button_that_is_not_there_cannot_be_tapped() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    App(lab).send("alice", buttons=[{"id": "yes", "text": "Yes"}])
    lab.advance(minutes=1)

    with pytest.raises(MisuseError, match=r"no button 'no'; its buttons are \['yes'\]"):
        phone.tap(action="no")

    phone.tap(action="yes")
    assert len(phone.tray) == 0


def test_a_listener_sees_each_message_when_it_is_shown() -> None:
    lab = Lab()
    phone = lab.device("android", external_id="alice")
    seen: list[tuple[int, str | None]] = []
    phone.on_shown(lambda message: seen.append((lab.world.now - message.shown_at, message.body)))

    App(lab).send("alice")
    lab.advance(minutes=1)

    assert seen == [(0, "Hello")]


@pytest.mark.parametrize(
    ("platform", "slip", "message"),
    [
        ("android", lambda device: device.login(5), "is a text that is not empty, not 5"),
        ("android", lambda device: device.switch_notifications(on="yes"), "is True or False"),
        ("android", lambda device: device.allow_location(on=1), "is True or False, not 1"),
        ("android", lambda device: device.move("north", 1), "lat is a number of degrees"),
        ("android", lambda device: device.add_email(7), "is a text that is not empty, not 7"),
        ("android", lambda device: device.purchase("a", 1, None), "a currency is a text"),
        ("android", lambda device: device.tap("x"), "tap takes a message of .*tray, not 'x'"),
        ("email", lambda device: device.open_mail("x"), "open_mail takes a mail of .*inbox"),
        ("email", lambda device: device.switch_images(on=None), "is True or False, not None"),
        ("sms", lambda device: device.reply(5, "+15550001111"), "not empty, not 5"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_refused_and_changes_nothing(platform, slip, message):
    lab = Lab()
    device = lab.device(platform, external_id="alice")
    app = App(lab)
    app.mail("alice") if platform == "email" else None
    app.send("alice") if platform == "android" else None
    lab.advance(minutes=1)
    before = lab.trace.digest, len(lab.record())

    with pytest.raises(MisuseError, match=message):
        slip(device)

    assert (lab.trace.digest, len(lab.record())) == before
