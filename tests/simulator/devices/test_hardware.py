"""Goal: several apps on one device are apart in all but what the hardware decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab.world.clock import DAY_MS
from pushlab_testing.app import App

if TYPE_CHECKING:
    from pushlab.devices.phone import Phone

PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])


def test_each_app_has_a_token_a_topic_and_a_subscription_of_its_own() -> None:
    lab = Lab()
    phone = lab.device("ios", external_id="alice")
    driver = phone.with_app(lab.add_app("Driver"), external_id="alice")

    shown, other = phone.document(), driver.document()

    for name in ("id", "token", "topic", "subscription_id", "onesignal_id"):
        assert shown[name] != other[name]
    assert other["id"] == "alice-ios-app-2"
    assert driver.external_id == "alice"


@PLATFORMS
def test_a_push_of_one_app_never_shows_in_the_tray_of_the_other(platform: str) -> None:
    lab = Lab()
    phone = lab.device(platform, external_id="alice")
    app = App(lab)
    app.push("alice")
    added = lab.add_app("Driver")
    driver = phone.with_app(added, external_id="alice")
    lab.advance(minutes=1)

    App(lab, added.id, "another key").send("alice", contents={"en": "Drive"})
    lab.advance(minutes=1)

    assert [message.body for message in phone.tray] == ["Hello"]
    assert [message.body for message in driver.tray] == ["Drive"]


@PLATFORMS
def test_a_token_of_one_app_with_the_credentials_of_another_is_refused(platform: str) -> None:
    lab = Lab()
    phone = lab.device(platform, external_id="alice")
    App(lab).push("nobody")
    other = App(lab, lab.add_app("Driver").id, "another key")
    kind = "AndroidPush" if platform == "android" else "iOSPush"
    body = {
        "identity": {"external_id": "thief"},
        "subscriptions": [{"type": kind, "token": phone.token, "enabled": True}],
    }
    other.call("POST", f"/apps/{other.id}/users", body)

    sent = other.send("thief")
    lab.advance(minutes=1)

    assert other.view(sent)["errored"] == 1
    assert lab.why(sent, "thief")[0].rule == "bad-token"
    assert len(phone.tray) == 0


@PLATFORMS
def test_all_apps_on_a_device_are_online_and_offline_together(platform: str) -> None:
    lab = Lab()
    phone = lab.device(platform, external_id="alice")
    driver = phone.with_app(lab.add_app("Driver"))

    driver.go_offline()
    away = (phone.state["online"], driver.state["online"])
    phone.go_online()

    assert away == (False, False)
    assert (phone.state["online"], driver.state["online"]) == (True, True)
    assert len(lab.trace.find(["DeviceWentOffline"])) == 2


def test_an_app_that_is_put_on_a_device_without_network_has_none() -> None:
    lab = Lab()
    phone = lab.device("android")
    phone.go_offline()
    lab.advance(days=1)

    driver = phone.with_app(lab.add_app("Driver"))

    devices = lab.fleet.devices
    assert driver.state["online"] is False
    assert devices.offline_since[driver.row] == devices.offline_since[phone.row]


def test_what_was_planned_for_the_network_of_a_device_holds_for_a_later_app() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"android": 1})
    crowd.plan("go_offline", lab.now + 1000)
    crowd.plan("switch_off", lab.now + 1000)
    driver = crowd[3].with_app(lab.add_app("Driver"))

    lab.advance(seconds=1)

    assert (driver.state["online"], driver.state["notifications"]) == (False, True)
    assert crowd[3].state["notifications"] is False


def test_a_verb_of_the_network_that_is_planned_for_a_population_takes_all_apps_along() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"android": 1})
    first, second = (crowd[place].with_app(lab.add_app()) for place in (3, 4))

    crowd.plan("go_offline", lab.now + 1000, spread_ms=500)
    crowd[:4].do("go_offline")
    now = (first.state["online"], second.state["online"])
    lab.advance(seconds=2)

    assert now == (False, True)
    assert second.state["online"] is False
    assert len({entry.id for entry in lab.trace.find(["DeviceWentOffline"])}) == 22


def test_a_verb_of_the_network_leaves_hardware_alone_that_is_not_meant() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"android": 1})
    driver = crowd[3].with_app(lab.add_app())

    crowd[5:].plan("go_offline", lab.now + 1000)
    crowd[6:].do("go_offline")
    lab.advance(seconds=2)

    assert driver.state["online"] is True
    assert crowd[5].state["online"] is False


def test_a_third_app_has_a_name_of_its_own() -> None:
    lab = Lab()
    phone = lab.device("android", name="phone")

    ids = [phone.with_app(lab.add_app()).id for _ in range(2)]

    assert ids == ["phone-app-2", "phone-app-3"]


def test_an_app_has_the_language_and_the_zone_of_its_device() -> None:
    lab = Lab()
    phone = lab.device("android", language="de", timezone="Europe/Berlin")
    phone.set_language("fr")

    driver = phone.with_app(lab.add_app("Driver"), external_id="alice")

    profile = lab.fleet.sdk.profile
    assert profile.language_of(driver.row) == "de"
    assert profile.timezone_of(driver.row) == "Europe/Berlin"
    assert profile.language_of(phone.row) == "fr"


def test_a_second_look_at_an_app_finds_the_first_one() -> None:
    lab = Lab()
    phone = lab.device("ios")
    app = lab.add_app("Driver")

    driver = phone.with_app(app)

    assert phone.with_app(app.id) == driver
    assert driver.with_app(lab.app) == phone
    assert driver.apps == [phone, driver]
    assert lab.device("ios").apps != phone.apps


def test_a_fresh_app_has_yet_to_be_installed() -> None:
    lab = Lab()
    phone = lab.device("ios")

    driver = phone.with_app(lab.add_app("Driver"), fresh=True, name="driver")

    assert (driver.id, driver.state["installed"], driver.token) == ("driver", False, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fresh": True, "external_id": "alice"}, "has nobody logged in"),
        ({"name": "taken"}, "there is a device 'taken' already"),
    ],
)
def test_an_app_that_cannot_be_put_on_a_device_is_refused(options, message) -> None:
    lab = Lab()
    lab.device("android", name="taken")
    phone, app = lab.device("ios"), lab.add_app("Driver")

    with pytest.raises(MisuseError, match=message):
        phone.with_app(app, **options)


# --- vendor ids ------------------------------------------------------------------------------


def two_apps(**options: str) -> tuple[Lab, Phone, Phone]:
    lab = Lab()
    phone = lab.device("ios")
    return lab, phone, phone.with_app(lab.add_app("Driver", **options))


def test_apps_of_one_vendor_on_one_device_read_one_vendor_id() -> None:
    lab, phone, driver = two_apps()
    elsewhere = lab.device("ios")

    assert phone.vendor_id == driver.vendor_id
    assert phone.vendor_id == str(phone.vendor_id).upper()
    assert elsewhere.vendor_id != phone.vendor_id


def test_apps_of_two_vendors_read_two_vendor_ids() -> None:
    _, phone, driver = two_apps(vendor="Acme")

    assert phone.vendor_id != driver.vendor_id


def test_a_vendor_id_survives_an_app_while_another_one_of_the_vendor_is_there() -> None:
    _, phone, driver = two_apps()
    before = phone.vendor_id

    phone.uninstall()
    gone = phone.vendor_id
    phone.reinstall()

    assert gone is None
    assert (phone.vendor_id, driver.vendor_id) == (before, before)


def test_a_vendor_id_changes_when_the_last_app_of_the_vendor_was_removed() -> None:
    _, phone, driver = two_apps()
    before = phone.vendor_id

    phone.uninstall()
    driver.uninstall()
    driver.reinstall()
    after = driver.vendor_id
    phone.reinstall()

    assert after != before
    assert phone.vendor_id == after


def test_a_vendor_id_does_not_wait_for_the_app_of_another_vendor() -> None:
    _, phone, driver = two_apps(vendor="Acme")
    before = (phone.vendor_id, driver.vendor_id)

    phone.uninstall()
    phone.reinstall()

    assert phone.vendor_id != before[0]
    assert driver.vendor_id == before[1]


def test_the_only_app_on_a_device_gets_a_new_vendor_id_with_each_install() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"ios": 1})
    before = crowd[0].vendor_id

    crowd.do("uninstall")
    crowd.plan("install", lab.now + DAY_MS)
    lab.advance(days=2)

    assert crowd[0].vendor_id not in {before, None}


def test_android_has_no_vendor_id() -> None:
    assert Lab().device("android").vendor_id is None
