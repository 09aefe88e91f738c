"""Goal: subscriptions change as OneSignal's do. Method: requests in, answers and belief out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pytest

from pushlab.gateway import Channel
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_testing.onesignal import Api

PUSH = {"type": "AndroidPush", "token": "issued-1", "enabled": True, "notification_types": 1}
EMAIL = {"type": "Email", "token": "a@shop.test"}
ALICE = "/apps/{app}/users/by/external_id/alice"


def create(api: Api, subscription: object, user: str = "alice") -> tuple[int, Any]:
    """Create a subscription and return the status and what the answer shows."""
    path = f"/apps/{{app}}/users/by/external_id/{user}/subscriptions"
    answer = api.call("POST", path, {"subscription": subscription})
    shown = answer.json()
    return answer.status, shown.get("subscription", shown)


def patch(api: Api, subscription_id: object, **changes: object) -> int:
    """Change a subscription and return the status."""
    path = f"/apps/{{app}}/subscriptions/{subscription_id}"
    return api.call("PATCH", path, {"subscription": changes}).status


def shown(api: Api, user: str = "alice") -> Any:
    """Return the subscriptions of a user."""
    return api.read("GET", f"/apps/{{app}}/users/by/external_id/{user}")["subscriptions"]


def test_a_new_subscription_is_created() -> None:
    api = an_api()
    api.a_user("alice")

    status, subscription = create(api, EMAIL)

    assert status == 201
    assert subscription["token"] == "a@shop.test"
    assert subscription["enabled"] is True
    assert shown(api) == [subscription]


def test_a_pair_that_the_user_has_already_is_not_updated() -> None:
    api = an_api()
    first = api.a_user("alice", subscriptions=[EMAIL])["subscriptions"][0]

    status, subscription = create(api, {**EMAIL, "enabled": False})

    assert status == 200
    assert subscription == first


def test_a_pair_of_another_user_is_transferred() -> None:
    api = an_api()
    first = api.a_user("bob", subscriptions=[EMAIL])["subscriptions"][0]
    api.a_user("alice")

    status, subscription = create(api, EMAIL)

    assert status == 202
    assert subscription["id"] == first["id"]
    assert shown(api, "bob") == []


def test_the_same_token_may_stand_under_two_types() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[PUSH])

    status, _ = create(api, {"type": "iOSPush", "token": "issued-1"})

    assert status == 201
    assert len(shown(api)) == 2


def test_subscriptions_without_a_token_do_not_clash() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{"type": "iOSPush", "token": "", "enabled": False}])
    api.a_user("bob", subscriptions=[{"type": "iOSPush", "enabled": False}])

    assert shown(api)[0]["id"] != shown(api, "bob")[0]["id"]
    assert "notification_types" not in shown(api)[0]


@pytest.mark.parametrize(
    "subscription", [{}, {"token": "x"}, {"type": "Pigeon", "token": "x"}, {"type": "SMS"}, None]
)
def test_a_subscription_of_no_known_kind_is_refused(subscription: object) -> None:
    api = an_api()
    api.a_user("alice")

    status, _ = create(api, subscription)

    assert status == 400
    assert shown(api) == []


def test_a_deleted_pair_comes_back_with_a_new_id() -> None:
    api = an_api()
    first = api.a_user("alice", subscriptions=[EMAIL])["subscriptions"][0]["id"]

    answer = api.call("DELETE", f"/apps/{{app}}/subscriptions/{first}", headers={})
    _, second = create(api, EMAIL)

    assert (answer.status, answer.body) == (202, b"{}")
    assert second["id"] != first
    assert patch(api, first, enabled=False) == 404


def test_the_lives_of_a_pair_have_the_same_ids_in_every_world() -> None:
    lives = []
    for _ in range(2):
        api = an_api()
        api.a_user("alice")
        ids = []
        for _ in range(3):
            _, subscription = create(api, EMAIL)
            ids.append(subscription["id"])
            api.call("DELETE", f"/apps/{{app}}/subscriptions/{subscription['id']}")
        lives.append(ids)

    assert lives[0] == lives[1]
    assert len(set(lives[0])) == 3


def test_a_user_without_alias_goes_with_its_last_subscription() -> None:
    api = an_api()
    body = api.a_user(subscriptions=[EMAIL])

    api.call("DELETE", f"/apps/{{app}}/subscriptions/{body['subscriptions'][0]['id']}")

    onesignal_id = body["identity"]["onesignal_id"]
    assert api.call("GET", f"/apps/{{app}}/users/by/onesignal_id/{onesignal_id}").status == 404


def test_disabling_over_the_api_says_so_in_notification_types() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    status = patch(api, subscription, enabled=False)

    assert status == 200
    assert shown(api)[0]["enabled"] is False
    assert shown(api)[0]["notification_types"] == -31


def test_the_code_for_disabling_is_a_setting() -> None:
    api = an_api(settings={"rest_disabled_reason": 30})
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    patch(api, subscription, enabled=False)

    assert shown(api)[0]["notification_types"] == -30


def test_an_sdk_that_opts_out_keeps_its_own_code() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    patch(api, subscription, enabled=False, notification_types=-2)

    assert shown(api)[0]["notification_types"] == -2


def test_enabling_again_subscribes() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]
    patch(api, subscription, enabled=False)

    patch(api, subscription, enabled=True)

    assert shown(api)[0]["enabled"] is True
    assert shown(api)[0]["notification_types"] == 1


@pytest.mark.parametrize(
    "changes", [{"enabled": True, "notification_types": 0}, {"notification_types": -2}]
)
def test_enabled_and_not_subscribed_do_not_go_together(changes: dict[str, object]) -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    answer = api.call(
        "PATCH",
        f"/apps/{{app}}/subscriptions/{subscription}",
        {"subscription": {"sdk": "050909", **changes}},
    )

    assert answer.status == 400
    assert answer.json()["errors"][0]["code"] == "subscription-9"
    assert shown(api)[0]["sdk"] == ""


def test_a_new_token_replaces_the_old_one_under_the_same_id() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    status = patch(api, subscription, token="issued-2")

    assert status == 200
    assert shown(api)[0]["id"] == subscription
    assert shown(api)[0]["token"] == "issued-2"
    assert create(api, {**PUSH, "token": "issued-1"})[0] == 201


def test_a_token_of_another_subscription_is_refused() -> None:
    api = an_api()
    api.a_user("bob", subscriptions=[{**PUSH, "token": "issued-2"}])
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    status = patch(api, subscription, token="issued-2")

    assert status == 409
    assert shown(api)[0]["token"] == "issued-1"


def test_the_type_cannot_change() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    assert patch(api, subscription, type="iOSPush") == 400
    assert patch(api, subscription, type="AndroidPush") == 200


def test_what_a_device_says_of_itself_is_shown() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]
    said = {
        "sdk": "050909",
        "device_model": "Pixel 9",
        "device_os": "16",
        "app_version": "12",
        "rooted": True,
        "net_type": 1,
        "carrier": "Nobody",
    }

    patch(api, subscription, **said)

    assert said.items() <= shown(api)[0].items()


def test_a_subscription_is_changed_by_its_token() -> None:
    api = an_api()
    address = "a+b/c@shop.test"
    api.a_user("alice", subscriptions=[{"type": "Email", "token": address}])

    path = f"/apps/{{app}}/subscriptions_by_token/Email/{quote(address, safe='')}"
    answer = api.call("PATCH", path, {"subscription": {"enabled": False}})

    assert answer.status == 202
    assert shown(api)[0]["enabled"] is False


@pytest.mark.parametrize(("kind", "status"), [("Email", 404), ("Pigeon", 400)])
def test_an_unknown_token_or_type_is_refused(kind: str, status: int) -> None:
    path = f"/apps/{{app}}/subscriptions_by_token/{kind}/nobody"

    answer = an_api().call("PATCH", path, {"subscription": {"enabled": False}})

    assert answer.status == status


def test_ownership_is_transferred_by_an_alias() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]
    bob = api.a_user("bob")

    answer = api.call(
        "PATCH",
        f"/apps/{{app}}/subscriptions/{subscription}/owner",
        {"identity": {"external_id": "bob"}},
    )

    assert answer.status == 200
    assert answer.json() == {"identity": bob["identity"]}
    assert shown(api, "bob")[0]["id"] == subscription


@pytest.mark.parametrize(
    ("identity", "status"),
    [({}, 400), ({"external_id": "bob", "crm": "7"}, 400), ({"external_id": "nobody"}, 404)],
)
def test_a_transfer_names_exactly_one_known_user(identity: object, status: int) -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]
    api.a_user("bob")

    answer = api.call(
        "PATCH", f"/apps/{{app}}/subscriptions/{subscription}/owner", {"identity": identity}
    )

    assert answer.status == status
    assert len(shown(api)) == 1


def test_a_transfer_to_a_full_user_is_refused() -> None:
    api = an_api(settings={"subscriptions_max": 1})
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]
    api.a_user("bob", subscriptions=[EMAIL])

    answer = api.call(
        "PATCH",
        f"/apps/{{app}}/subscriptions/{subscription}/owner",
        {"identity": {"external_id": "bob"}},
    )

    assert answer.status == 409
    assert answer.json()["errors"][0]["code"] == "subscription-1"


def test_the_twenty_first_subscription_detaches_the_oldest() -> None:
    api = an_api()
    pushes = [{**PUSH, "token": f"issued-{n}"} for n in range(20)]
    first = api.a_user("alice", subscriptions=pushes)["subscriptions"][0]["id"]

    status, _ = create(api, {**PUSH, "token": "issued-20"})

    assert status == 201
    assert len(shown(api)) == 20
    assert first not in [each["id"] for each in shown(api)]
    owner = api.read("GET", f"/apps/{{app}}/subscriptions/{first}/user/identity")["identity"]
    assert set(owner) == {"onesignal_id"}


def test_addresses_that_are_kept_may_be_more_than_a_user_may_have() -> None:
    api = an_api(settings={"subscriptions_max": 1})
    api.a_user("alice", subscriptions=[EMAIL])

    status, _ = create(api, {**EMAIL, "token": "other@shop.test"})

    assert status == 201
    assert len(shown(api)) == 2


def test_three_addresses_are_kept_when_a_user_is_full() -> None:
    api = an_api()
    mails = [{"type": "Email", "token": f"a{n}@shop.test"} for n in range(3)]
    pushes = [{**PUSH, "token": f"issued-{n}"} for n in range(18)]

    api.a_user("alice", subscriptions=[*mails, *pushes])

    kinds = [each["type"] for each in shown(api)]
    assert kinds.count("Email") == 3
    assert kinds.count("AndroidPush") == 17


def test_a_full_user_refuses_where_that_is_the_setting() -> None:
    api = an_api(settings={"full_user_detaches": False, "subscriptions_max": 2})
    api.a_user("alice", subscriptions=[PUSH, EMAIL])

    status, body = create(api, {"type": "SMS", "token": "+4915112345678"})

    assert status == 409
    assert body["errors"][0]["code"] == "subscription-1"
    assert len(shown(api)) == 2


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_unknown_subscription_is_not_found(method: str) -> None:
    answer = an_api().call(method, f"/apps/{{app}}/subscriptions/{APP_ID}", {"subscription": {}})

    assert answer.status == 404
    assert answer.json()["errors"][0]["code"] == "subscription-0"


def test_a_token_of_this_world_is_kept_as_a_route_and_any_other_as_text() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[PUSH, {"type": "AndroidPush", "token": "foreign"}])

    rows = api.belief.subscriptions_of(api.belief.find_user(api.app, "external_id", "alice"))

    assert api.belief.subscriptions.route[rows].tolist() == [1, -1]
    assert [api.belief.token(row) for row in rows] == ["issued-1", "foreign"]
    assert api.belief.reachable(np.array(rows, np.int32)).all()


def test_an_address_that_a_gateway_issues_later_becomes_a_route() -> None:
    api = an_api()
    gateway = api.gateways[Channel.ANDROID]
    api.a_user("alice", subscriptions=[{"type": "AndroidPush", "token": "issued-1500"}])
    row = api.belief.subscriptions_of(api.belief.find_user(api.app, "external_id", "alice"))[0]

    gateway.count = 2_000
    api.belief.bind_routes(np.array([row], np.int32))

    assert api.belief.subscriptions.route[row] == 1_500
    assert create(api, {**PUSH, "token": "issued-1500"})[0] == 200


def test_a_transfer_to_the_owner_changes_nothing() -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    answer = api.call(
        "PATCH",
        f"/apps/{{app}}/subscriptions/{subscription}/owner",
        {"identity": {"external_id": "alice"}},
    )

    assert answer.status == 200
    assert api.entries("SubscriptionMoved") == []


@pytest.mark.parametrize("body", [b"{", b'{"identity": 1}'])
@pytest.mark.parametrize("tail", ["", "/owner"])
def test_an_unreadable_change_is_refused(tail: str, body: bytes) -> None:
    api = an_api()
    subscription = api.a_user("alice", subscriptions=[PUSH])["subscriptions"][0]["id"]

    answer = api.call("PATCH", f"/apps/{{app}}/subscriptions/{subscription}{tail}", body=body)

    assert answer.status == 400


def test_a_transfer_of_an_unknown_subscription_is_refused() -> None:
    answer = an_api().call("PATCH", f"/apps/{{app}}/subscriptions/{APP_ID}/owner", {})

    assert answer.status == 404


def test_a_subscription_for_an_unknown_user_is_refused() -> None:
    status, _ = create(an_api(), EMAIL, "nobody")

    assert status == 404


def test_an_id_that_nobody_has_is_passed_over_beside_a_type() -> None:
    api = an_api()
    api.a_user("alice")

    status, subscription = create(api, {**PUSH, "id": APP_ID})

    assert status == 201
    assert subscription["id"] != APP_ID


def test_an_id_that_nobody_has_is_refused_alone() -> None:
    api = an_api()
    api.a_user("alice")

    assert create(api, {"id": APP_ID})[0] == 404


def test_a_token_that_no_gateway_issues_stays_text() -> None:
    api = an_api()
    subscriptions = [{**PUSH, "token": "foreign"}, {"type": "iOSPush", "token": ""}]
    api.a_user("alice", subscriptions=subscriptions)

    api.belief.bind_routes(np.array([0, 1], np.int32))

    assert api.belief.subscriptions.route[:2].tolist() == [-1, -1]
    assert [each["token"] for each in shown(api)] == ["foreign", ""]


def test_members_without_a_token_hold_none() -> None:
    api = an_api()
    keys = api.world.ids.member_keys(1, 0, 2)

    api.service.sdk.register_members(
        api.app,
        types=np.full(2, Channel.HUAWEI, np.int8),
        routes=np.full(2, -1, np.int32),
        enabled=np.zeros(2, bool),
        notification_types=np.full(2, -18, np.int16),
        prefix="m",
        keys=keys,
    )

    assert [each["token"] for each in shown(api, "m-000002")] == [""]
