"""Goal: what SDKs say of their users changes belief as the same bodies over HTTP do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pushlab.gateway import Channel
from pushlab_testing.onesignal import an_api, columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab_testing.onesignal import Api

MANY = 100
FEW_AND_MANY = pytest.mark.parametrize("count", [1, MANY])


def some_users(count: int, **options: Any) -> tuple[Api, NDArray[np.uint64], NDArray[np.uint64]]:
    api = an_api(**options)
    names = [f"user-{number}" for number in range(count)]
    sent = columns(range(count))
    users, subscriptions = api.service.sdk.register(api.app, **sent, external_ids=names)
    return api, users, subscriptions


def properties(api: Api, name: str = "user-0") -> Any:
    return api.read("GET", f"/apps/{{app}}/users/by/external_id/{name}")["properties"]


# --- update users ----------------------------------------------------------------------------


@FEW_AND_MANY
def test_all_users_get_what_is_said_of_each(count: int) -> None:
    api, users, subscriptions = some_users(count)

    found = api.service.sdk.update_users(
        api.app, users, subscriptions, tags={"plan": "pro"}, language="de", timezone="Asia/Tokyo"
    )

    shown = properties(api, f"user-{count - 1}")
    assert found.all()
    assert shown["tags"] == {"plan": "pro"}
    assert (shown["language"], shown["timezone_id"]) == ("de", "Asia/Tokyo")


@FEW_AND_MANY
def test_each_user_has_an_entry_like_that_of_a_request(count: int) -> None:
    api, users, subscriptions = some_users(count)

    api.service.sdk.update_users(api.app, users, subscriptions, tags={"plan": "pro", "old": None})

    entries = api.entries("UserUpdated")
    assert len(entries) == count
    assert entries[0].fields["properties"] == {"tags": {"plan": "pro", "old": ""}}
    assert len({entry.id for entry in entries}) == count


@FEW_AND_MANY
def test_a_tag_is_taken_away(count: int) -> None:
    api, users, subscriptions = some_users(count)
    api.service.sdk.update_users(api.app, users, subscriptions, tags={"plan": "pro", "level": "1"})

    api.service.sdk.update_users(api.app, users, subscriptions, tags={"plan": None})

    assert properties(api)["tags"] == {"level": "1"}


@FEW_AND_MANY
def test_places_and_purchases_are_each_users_own(count: int) -> None:
    api, users, subscriptions = some_users(count)

    api.service.sdk.update_users(
        api.app, users, subscriptions, place=(52.5, 13.4), purchases=[("gems", "1.50", "USD")]
    )

    shown = properties(api, f"user-{count - 1}")
    assert (shown["lat"], shown["long"], shown["amount_spent"]) == (52.5, 13.4, 1.5)
    assert [each["sku"] for each in shown["purchases"]] == ["gems"]


@FEW_AND_MANY
def test_a_user_that_is_gone_is_not_found(count: int) -> None:
    api, users, subscriptions = some_users(count)
    api.call("DELETE", "/apps/{app}/users/by/external_id/user-0")

    found = api.service.sdk.update_users(api.app, users, subscriptions, tags={"plan": "pro"})

    assert found.tolist() == [False] + [True] * (count - 1)


def test_what_was_said_of_a_user_from_before_reaches_it() -> None:
    api, users, subscriptions = some_users(2)
    strangers = users[::-1].copy()

    api.service.sdk.update_users(api.app, strangers[:1], subscriptions[:1], tags={"who": "second"})

    assert "who" not in properties(api, "user-0").get("tags", {})
    assert properties(api, "user-1")["tags"] == {"who": "second"}


@FEW_AND_MANY
def test_a_user_with_as_many_tags_as_its_plan_allows_gets_no_more(count: int) -> None:
    api, users, subscriptions = some_users(count)
    api.belief.apps.change(api.app, 0, plan="free")
    ten = {f"tag {number}": "1" for number in range(10)}
    body = {"properties": {"tags": ten}}
    api.call("PATCH", "/apps/{app}/users/by/external_id/user-0", body)

    found = api.service.sdk.update_users(api.app, users, subscriptions, tags={"plan": "pro"})

    assert found.all()
    assert properties(api)["tags"] == ten
    refused = [entry for entry in api.entries("UserUpdated") if "refused" in entry.line()]
    assert len(refused) + len(api.entries("SdkCallRefused")) == 1


@FEW_AND_MANY
def test_a_full_user_may_change_the_tags_that_it_has(count: int) -> None:
    api, users, subscriptions = some_users(count)
    api.belief.apps.change(api.app, 0, plan="free")
    ten = {f"tag {number}": "1" for number in range(10)}
    body = {"properties": {"tags": ten}}
    api.call("PATCH", "/apps/{app}/users/by/external_id/user-0", body)

    changes = {"tag 0": "2", "tag 1": None, "another": None}
    api.service.sdk.update_users(api.app, users, subscriptions, tags=changes)

    held = properties(api)["tags"]
    assert (held["tag 0"], "tag 1" in held) == ("2", False)


@pytest.mark.parametrize("is_checked", [True, False])
def test_a_language_that_onesignal_does_not_list_is_refused(is_checked: bool) -> None:
    api, users, subscriptions = some_users(1, settings={"languages_checked": is_checked})

    found = api.service.sdk.update_users(api.app, users, subscriptions, language="tlh")

    assert found.all()
    assert len(api.entries("SdkCallRefused")) == int(is_checked)
    assert (properties(api).get("language") == "tlh") is not is_checked


@FEW_AND_MANY
def test_two_devices_of_one_user_are_one_user(count: int) -> None:
    api, users, subscriptions = some_users(count)
    names = [f"user-{number}" for number in range(count)]
    sent = columns(range(count), channel=Channel.IOS)
    _, others = api.service.sdk.register(api.app, **sent, external_ids=names)

    found = api.service.sdk.update_users(
        api.app,
        np.concatenate([users, users]),
        np.concatenate([subscriptions, others]),
        tags={"plan": "pro"},
    )

    assert len(found) == 2 * count
    assert properties(api)["tags"] == {"plan": "pro"}


# --- addresses -------------------------------------------------------------------------------


def held(api: Api, name: str = "user-0") -> list[tuple[str, str]]:
    shown = api.read("GET", f"/apps/{{app}}/users/by/external_id/{name}")
    return [(each["type"], each["token"]) for each in shown["subscriptions"]][1:]


@pytest.mark.parametrize(
    ("channel", "kind", "address"),
    [(Channel.EMAIL, "Email", "a@example.com"), (Channel.SMS, "SMS", "+12025550123")],
)
def test_an_address_is_added_and_taken_away(channel, kind, address) -> None:
    api, users, _ = some_users(1)

    added = api.service.sdk.add_addresses(api.app, users, channel, [address])
    between = held(api)
    removed = api.service.sdk.remove_addresses(api.app, users, channel, [address])

    assert (added.tolist(), removed.tolist()) == ([True], [True])
    assert (between, held(api)) == ([(kind, address)], [])
    assert len(api.entries("SubscriptionCreated")) == 2
    assert len(api.entries("SubscriptionDeleted")) == 1


def test_an_address_of_somebody_else_cannot_be_taken_away() -> None:
    api, users, _ = some_users(2)
    api.service.sdk.add_addresses(api.app, users[:1], Channel.EMAIL, ["a@example.com"])

    removed = api.service.sdk.remove_addresses(api.app, users[1:], Channel.EMAIL, ["a@example.com"])

    assert removed.tolist() == [False]
    assert held(api) == [("Email", "a@example.com")]


def test_addresses_of_a_user_that_is_gone_are_passed_over() -> None:
    api, users, _ = some_users(1)
    api.call("DELETE", "/apps/{app}/users/by/external_id/user-0")

    for call in (api.service.sdk.add_addresses, api.service.sdk.remove_addresses):
        assert call(api.app, users, Channel.EMAIL, ["a@example.com"]).tolist() == [False]


def test_an_address_for_which_a_user_has_no_room_is_refused() -> None:
    settings = {"subscriptions_max": 1, "full_user_detaches": False}
    api, users, _ = some_users(1, settings=settings)

    added = api.service.sdk.add_addresses(api.app, users, Channel.EMAIL, ["a@example.com"])

    assert added.tolist() == [False]
    assert api.entries("SdkCallRefused")[0].fields["call"] == "POST subscriptions"


def test_an_address_that_is_too_long_is_refused() -> None:
    api, users, _ = some_users(1)

    added = api.service.sdk.add_addresses(api.app, users, Channel.EMAIL, ["a" * 5_000])

    assert added.tolist() == [False]
    assert api.entries("SdkCallRefused")[0].fields["status"] == 400


@FEW_AND_MANY
def test_an_entry_names_what_caused_it(count: int) -> None:
    api, users, subscriptions = some_users(count)

    api.service.sdk.update_users(
        api.app, users, subscriptions, tags={"plan": "pro"}, causes=["TagAdded:phone"]
    )

    assert api.entries("UserUpdated")[0].causes == ("TagAdded:phone",)
