"""Goal: what an app says of its user reaches the service as the SDKs have it.

It comes late, in one call, and for the user who was current when it was said.

Method: a lab with one phone; what the service believes is read over its API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pushlab.errors import LimitError, MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App

if TYPE_CHECKING:
    from pushlab.devices.phone import Phone

PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])


def a_phone(platform: str = "android", **options: Any) -> tuple[Lab, App, Phone]:
    lab = Lab()
    app = App(lab)
    phone = lab.device(platform, **{"external_id": "alice", **options})
    app.push("nobody")
    return lab, app, phone


def user(app: App, name: str = "alice") -> Any:
    return app.call("GET", f"/apps/{app.id}/users/by/external_id/{name}").json()


def tags(app: App, name: str = "alice") -> Any:
    return user(app, name)["properties"].get("tags", {})


# --- one call a flush ------------------------------------------------------------------------


@PLATFORMS
def test_a_tag_is_told_after_the_quiet_time(platform: str) -> None:
    lab, app, phone = a_phone(platform)
    phone.add_tag("plan", "pro")
    lab.run_until(lab.now + 4_999)
    before = tags(app)

    lab.run_until(lab.now + 1)

    assert (before, tags(app)) == ({}, {"plan": "pro"})


def test_all_that_is_said_in_the_quiet_time_is_one_call() -> None:
    lab, app, phone = a_phone()
    phone.add_tag("plan", "free")
    phone.add_tag("plan", "pro")
    phone.add_tag("level", 3)
    phone.set_language("de")
    phone.set_timezone("Europe/Berlin")
    phone.purchase("gems", "9.99")

    lab.advance(seconds=10)

    properties = user(app)["properties"]
    assert len(lab.trace.find(["UserUpdated"])) == 1
    assert properties["tags"] == {"plan": "pro", "level": "3"}
    assert (properties["language"], properties["timezone_id"]) == ("de", "Europe/Berlin")
    assert properties["amount_spent"] == 9.99


@PLATFORMS
def test_what_is_said_without_network_is_told_when_it_is_back(platform: str) -> None:
    lab, app, phone = a_phone(platform)
    phone.go_offline()
    phone.add_tag("plan", "pro")
    phone.add_email("alice@example.com")
    lab.advance(days=3)
    before = user(app)

    phone.go_online()
    lab.advance(seconds=5)

    assert (before["properties"].get("tags"), len(before["subscriptions"])) == ({}, 1)
    assert tags(app) == {"plan": "pro"}
    assert [each["type"] for each in user(app)["subscriptions"]][1:] == ["Email"]


def test_what_was_not_told_goes_with_the_app() -> None:
    lab, app, phone = a_phone()
    phone.add_tag("plan", "pro")
    phone.uninstall()
    phone.reinstall()
    phone.open_app()

    lab.advance(minutes=5)

    assert tags(app) == {}


def test_a_tag_that_is_removed_is_gone() -> None:
    lab, app, phone = a_phone()
    phone.add_tag("plan", "pro")
    phone.add_tag("level", 3)
    lab.advance(seconds=5)

    phone.remove_tag("plan")
    phone.add_tag("level", "")
    lab.advance(seconds=5)

    assert tags(app) == {}


def test_a_call_that_the_service_refuses_is_dropped_and_leaves_an_entry() -> None:
    lab, app, phone = a_phone()
    lab.app.update(plan="free")
    for number in range(11):
        phone.add_tag(f"tag {number}", 1)

    lab.advance(minutes=5)

    (entry,) = lab.trace.find(["SdkCallRefused"])
    assert (entry.fields["call"], entry.fields["status"]) == ("PATCH users", 400)
    assert tags(app) == {}


def test_a_user_that_was_deleted_is_built_anew_and_told_again() -> None:
    lab, app, phone = a_phone()
    app.call("DELETE", f"/apps/{app.id}/users/by/external_id/alice")
    before = phone.onesignal_id

    phone.add_tag("plan", "pro")
    lab.advance(seconds=10)

    assert tags(app) == {"plan": "pro"}
    assert phone.onesignal_id != before


def test_a_language_that_an_app_has_set_is_told_of_every_later_user() -> None:
    lab, app, phone = a_phone(language="en")
    phone.set_language("de")
    lab.advance(seconds=5)

    phone.login("bob")
    lab.advance(seconds=5)

    assert user(app)["properties"]["language"] == "de"
    assert user(app, "bob")["properties"]["language"] == "de"


def test_a_language_that_an_app_has_set_goes_with_the_app() -> None:
    lab, app, phone = a_phone(language="en")
    phone.set_language("de")
    phone.uninstall()
    phone.reinstall()
    phone.open_app()
    phone.login("bob")

    lab.advance(minutes=1)

    assert user(app, "bob")["properties"]["language"] == "en"


def test_devices_tell_so_many_languages_and_zones_apart() -> None:
    lab, _, phone = a_phone()
    profile, rows = lab.fleet.sdk.profile, np.array([phone.row], np.int32)
    for number in range(32_768):
        profile.set_text("language", rows, f"{number}")

    with pytest.raises(LimitError, match="at most 32768"):
        profile.set_text("language", rows, "one more")


# --- turns of users --------------------------------------------------------------------------


@PLATFORMS
def test_what_was_said_goes_to_the_user_who_was_current_then(platform: str) -> None:
    lab, app, phone = a_phone(platform)
    phone.go_offline()
    phone.add_tag("who", "alice")
    phone.login("bob")
    phone.add_tag("who", "bob")
    phone.logout()
    phone.add_tag("who", "nobody")
    phone.login("carol")
    phone.go_online()

    lab.advance(seconds=5)

    assert [tags(app, name) for name in ("alice", "bob", "carol")] == [
        {"who": "alice"},
        {"who": "bob"},
        {"who": "nobody"},
    ], "the user without a name got one"
    assert phone.external_id == "carol"
    assert user(app, "carol")["subscriptions"][0]["id"] == phone.subscription_id


def test_an_anonymous_user_keeps_its_tags_when_it_gets_a_name() -> None:
    lab, app, phone = a_phone(external_id=None)
    phone.add_tag("seen", "tour")
    phone.login("alice")

    lab.advance(seconds=5)

    assert tags(app) == {"seen": "tour"}


def test_a_login_under_a_known_name_leaves_the_tags_of_the_anonymous_user_behind() -> None:
    lab, app, phone = a_phone(external_id=None)
    lab.device("ios", external_id="alice")
    phone.add_tag("seen", "tour")
    phone.login("alice")

    lab.advance(seconds=5)

    assert tags(app) == {}
    assert len(user(app)["subscriptions"]) == 2


def test_a_first_opening_without_network_tells_of_each_user_in_turn() -> None:
    lab, app, phone = a_phone(external_id=None, fresh=True)
    phone.go_offline()
    phone.install()
    phone.open_app()
    phone.prompt()
    phone.login("alice")
    phone.add_tag("who", "alice")
    phone.login("bob")
    lab.advance(hours=1)

    phone.go_online()
    lab.advance(seconds=5)

    assert tags(app) == {"who": "alice"}
    assert user(app, "bob")["subscriptions"][0]["token"] == phone.token


def test_a_login_as_the_same_person_ends_no_turn() -> None:
    lab, _, phone = a_phone()
    phone.add_tag("plan", "pro")
    phone.login("alice")
    phone.add_tag("level", 1)

    lab.advance(seconds=5)

    assert len(lab.trace.find(["UserUpdated"])) == 1


# --- addresses -------------------------------------------------------------------------------


def test_addresses_are_subscriptions_of_the_current_user() -> None:
    lab, app, phone = a_phone()
    phone.add_email("alice@example.com")
    phone.add_sms("+12025550123")

    lab.advance(seconds=5)

    held = {each["type"]: each["token"] for each in user(app)["subscriptions"]}
    assert held == {
        "AndroidPush": phone.token,
        "Email": "alice@example.com",
        "SMS": "+12025550123",
    }


def test_addresses_stay_with_their_user_when_another_one_logs_in() -> None:
    lab, app, phone = a_phone()
    phone.add_email("alice@example.com")
    phone.login("bob")

    lab.advance(seconds=5)

    assert [each["type"] for each in user(app)["subscriptions"]] == ["Email"]
    assert [each["type"] for each in user(app, "bob")["subscriptions"]] == ["AndroidPush"]


def test_an_address_that_is_removed_is_gone_and_a_strangers_stays() -> None:
    lab, app, phone = a_phone()
    other = lab.device("ios", external_id="bob")
    other.add_email("bob@example.com")
    phone.add_email("alice@example.com")
    phone.add_sms("+12025550123")
    lab.advance(seconds=5)

    phone.remove_email("alice@example.com")
    phone.remove_email("bob@example.com")
    phone.remove_sms("+12025550123")
    lab.advance(seconds=5)

    assert [each["type"] for each in user(app)["subscriptions"]] == ["AndroidPush"]
    assert len(user(app, "bob")["subscriptions"]) == 2


def test_an_address_of_another_user_moves_to_the_one_who_adds_it() -> None:
    lab, app, phone = a_phone()
    other = lab.device("ios", external_id="bob")
    other.add_email("shared@example.com")
    lab.advance(seconds=5)

    phone.add_email("shared@example.com")
    lab.advance(seconds=5)

    assert len(user(app)["subscriptions"]) == 2
    assert len(user(app, "bob")["subscriptions"]) == 1


# --- browsers --------------------------------------------------------------------------------


def test_a_site_tells_of_nobody_until_somebody_subscribes() -> None:
    lab = Lab()
    app = App(lab)
    app.push("nobody")
    browser = lab.device("web", fresh=True)
    browser.visit()
    browser.add_tag("seen", "tour")
    lab.advance(minutes=1)
    before = len(lab.onesignal.belief.users)

    browser.prompt()
    lab.advance(minutes=1)
    browser.login("alice")
    lab.advance(minutes=1)

    assert before == 0
    assert tags(app) == {"seen": "tour"}


def test_a_site_tells_tags_and_addresses_of_its_visitor() -> None:
    lab = Lab()
    app = App(lab)
    browser = lab.device("web", external_id="alice")
    browser.add_tag("plan", "pro")
    browser.add_email("alice@example.com")
    browser.set_language("de")

    lab.advance(seconds=1)

    assert tags(app) == {"plan": "pro"}
    assert [each["type"] for each in user(app)["subscriptions"]] == ["ChromePush", "Email"]


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("purchase", ("gems", 1)), ("move", (1, 2)), ("allow_location", ())],
)
def test_a_site_has_no_shop_and_no_place(verb: str, arguments: tuple[object, ...]) -> None:
    browser = Lab().device("web", name="browser")

    with pytest.raises(MisuseError, match=f"browser cannot {verb}: that is no verb of a browser"):
        getattr(browser, verb)(*arguments)
