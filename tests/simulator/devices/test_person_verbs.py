"""Goal: places are told with consent alone, and what the hardware decides, all apps tell."""

from __future__ import annotations

from typing import Any

from pushlab.lab import Lab
from pushlab_testing.app import App


def place(app: App, name: str = "alice") -> tuple[Any, Any]:
    properties: Any = app.call("GET", f"/apps/{app.id}/users/by/external_id/{name}").json()
    return properties["properties"].get("lat"), properties["properties"].get("long")


def two_apps() -> tuple[Lab, App, App, Any, Any]:
    lab = Lab()
    phone = lab.device("ios", external_id="alice")
    first = App(lab)
    first.push("nobody")
    added = lab.add_app("Driver")
    driver = phone.with_app(added, external_id="alice")
    return lab, first, App(lab, added.id, "another key"), phone, driver


def test_a_place_is_told_only_by_apps_that_may_know_it() -> None:
    lab, first, second, phone, driver = two_apps()
    driver.allow_location()

    phone.move(52.5, 13.4)
    lab.advance(seconds=5)

    assert place(first) == (None, None)
    assert place(second) == (52.5, 13.4)


def test_consent_tells_at_once_where_the_device_has_been() -> None:
    lab, first, _, phone, driver = two_apps()
    driver.move(52.5, 13.4)
    lab.advance(seconds=5)

    phone.allow_location()
    lab.advance(seconds=5)

    assert place(first) == (52.5, 13.4)


def test_without_consent_the_service_keeps_what_it_knew() -> None:
    lab, first, _, phone, _ = two_apps()
    phone.allow_location()
    phone.move(52.5, 13.4)
    lab.advance(seconds=5)

    phone.allow_location(on=False)
    phone.move(48.1, 11.6)
    lab.advance(seconds=5)

    assert place(first) == (52.5, 13.4)
    assert [entry.fields["lat"] for entry in lab.trace.find(["DeviceMoved"])] == [52.5, 48.1]


def test_consent_goes_with_the_app() -> None:
    lab, first, _, phone, _ = two_apps()
    phone.allow_location()
    phone.uninstall()
    phone.reinstall()
    phone.open_app()
    phone.login("alice")
    lab.advance(minutes=1)

    phone.move(52.5, 13.4)
    lab.advance(minutes=1)

    assert place(first) == (None, None)


def test_every_app_on_a_device_tells_its_time_zone() -> None:
    lab, first, second, phone, _ = two_apps()

    phone.set_timezone("Asia/Tokyo")
    lab.advance(seconds=5)

    for app in (first, second):
        shown: Any = app.call("GET", f"/apps/{app.id}/users/by/external_id/alice").json()
        assert shown["properties"]["timezone_id"] == "Asia/Tokyo"


def test_an_app_that_is_gone_tells_nothing_of_the_zone() -> None:
    lab, _, second, phone, driver = two_apps()
    driver.uninstall()

    phone.set_timezone("Asia/Tokyo")
    lab.advance(seconds=5)

    shown: Any = second.call("GET", f"/apps/{second.id}/users/by/external_id/alice").json()
    assert "timezone_id" not in shown["properties"]
    assert len(lab.trace.find(["UserUpdated"])) == 1


def test_what_an_app_says_of_the_language_is_its_own() -> None:
    lab, _, second, phone, _ = two_apps()

    phone.set_language("de")
    lab.advance(seconds=5)

    shown: Any = second.call("GET", f"/apps/{second.id}/users/by/external_id/alice").json()
    assert shown["properties"].get("language") != "de"


def test_a_purchase_is_told_of_consumables_alone() -> None:
    lab, first, _, phone, _ = two_apps()
    phone.purchase("gems", "4.50")
    phone.purchase("gems", 5.5, "USD")
    phone.purchase("car", 100, consumable=False)

    lab.advance(seconds=5)

    shown: Any = first.call("GET", f"/apps/{first.id}/users/by/external_id/alice").json()
    assert shown["properties"]["amount_spent"] == 10
    assert [each["sku"] for each in shown["properties"]["purchases"]] == ["gems", "gems"]
    assert len(lab.trace.find(["PurchaseMade"])) == 3
