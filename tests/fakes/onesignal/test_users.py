"""Goal: users and aliases change as OneSignal's do. Method: requests in, answers and trace out."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from pushlab_testing.onesignal import APP_ID, an_api

EMAIL = {"type": "Email", "token": "a@shop.test"}
PUSH = {"type": "AndroidPush", "token": "issued-1", "enabled": True, "notification_types": 1}
NO_KEY: dict[str, str] = {}


def test_a_new_alias_creates_a_user() -> None:
    api = an_api()

    answer = api.call("POST", "/apps/{app}/users", {"identity": {"external_id": "alice"}})

    assert answer.status == 201
    body = answer.json()
    assert body["identity"]["external_id"] == "alice"
    assert body["subscriptions"] == []
    assert body["properties"] == {
        "tags": {},
        "first_active": 1_767_225_600,
        "last_active": 1_767_225_600,
    }


def test_a_known_alias_updates_its_user() -> None:
    api = an_api()
    first = api.a_user("alice")

    answer = api.call(
        "POST",
        "/apps/{app}/users",
        {"identity": {"external_id": "alice"}, "properties": {"language": "de"}},
    )

    assert answer.status == 200
    assert answer.json()["identity"] == first["identity"]
    assert answer.json()["properties"]["language"] == "de"


def test_subscriptions_come_back_in_the_order_of_the_request() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[EMAIL])

    body = api.a_user("alice", subscriptions=[PUSH, {"type": "SMS", "token": "+4915112345678"}])

    assert [each["type"] for each in body["subscriptions"]] == ["AndroidPush", "SMS", "Email"]


def test_a_subscription_shows_every_documented_field() -> None:
    body = an_api().a_user("alice", subscriptions=[PUSH])

    shown = body["subscriptions"][0]
    del shown["id"]
    assert shown == {
        "app_id": APP_ID,
        "type": "AndroidPush",
        "token": "issued-1",
        "enabled": True,
        "notification_types": 1,
        "session_time": 0,
        "session_count": 0,
        "sdk": "",
        "device_model": "",
        "device_os": "",
        "rooted": False,
        "test_type": 0,
        "app_version": "",
        "net_type": 0,
        "carrier": "",
        "web_auth": "",
        "web_p256": "",
    }


def test_logging_in_on_a_device_moves_its_subscription() -> None:
    api = an_api()
    alice = api.a_user("alice", subscriptions=[PUSH])
    own = alice["subscriptions"][0]["id"]

    answer = api.call(
        "POST",
        "/apps/{app}/users",
        {"identity": {"external_id": "bob"}, "subscriptions": [{"id": own}]},
    )

    assert answer.status == 202
    assert answer.json()["subscriptions"][0]["id"] == own
    left = api.read("GET", "/apps/{app}/users/by/external_id/alice")
    assert left["subscriptions"] == []


def test_logging_out_gives_the_subscription_a_new_anonymous_user() -> None:
    api = an_api()
    alice = api.a_user("alice", subscriptions=[PUSH])
    own = alice["subscriptions"][0]["id"]

    anonymous = api.a_user(subscriptions=[{"id": own, "type": "AndroidPush"}])

    assert set(anonymous["identity"]) == {"onesignal_id"}
    assert anonymous["identity"]["onesignal_id"] != alice["identity"]["onesignal_id"]
    assert anonymous["subscriptions"][0]["id"] == own


def test_an_anonymous_user_without_its_last_subscription_is_removed() -> None:
    api = an_api()
    anonymous = api.a_user(subscriptions=[PUSH])["identity"]["onesignal_id"]

    api.a_user("alice", subscriptions=[PUSH])

    assert api.call("GET", f"/apps/{{app}}/users/by/onesignal_id/{anonymous}").status == 404
    assert len(api.entries("UserDeleted")) == 1


def test_an_emptied_user_stays_where_that_is_the_setting() -> None:
    api = an_api(settings={"empty_users_removed": False})
    anonymous = api.a_user(subscriptions=[PUSH])["identity"]["onesignal_id"]

    api.a_user("alice", subscriptions=[PUSH])

    assert api.call("GET", f"/apps/{{app}}/users/by/onesignal_id/{anonymous}").status == 200


def test_aliases_of_two_users_in_one_request_conflict() -> None:
    api = an_api()
    api.a_user("alice")
    api.read("POST", "/apps/{app}/users", {"identity": {"crm": "7"}})

    answer = api.call(
        "POST", "/apps/{app}/users", {"identity": {"crm": "7", "external_id": "alice"}}
    )

    assert answer.status == 409
    assert answer.body == (
        b'{"errors":[{"code":"user-2","title":"One or more Aliases claimed by another User",'
        b'"meta":{"crm":"7"}}]}'
    )


def test_conflicting_aliases_are_nested_where_that_is_the_setting() -> None:
    api = an_api(settings={"alias_conflict_nested": True})
    api.a_user("alice")
    api.read("POST", "/apps/{app}/users", {"identity": {"crm": "7"}})

    answer = api.call(
        "POST", "/apps/{app}/users", {"identity": {"crm": "7", "external_id": "alice"}}
    )

    assert answer.json()["errors"][0]["meta"] == {"conflicting_aliases": {"crm": "7"}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"identity": {}, "subscriptions": []},
        {"identity": {"external_id": 7}},
        {"identity": {"external_id": "x" * 129}},
        {"identity": {"external_id": "NULL"}},
        {"identity": {"external_id": "alice"}, "properties": {"language": "tlh"}},
        {"identity": {"external_id": "alice"}, "properties": {"tags": {"a": []}}},
        {"identity": {"external_id": "alice"}, "properties": {"lat": 91}},
        {"identity": {"external_id": "alice"}, "subscriptions": [{"type": "Pigeon"}]},
        {"identity": {"external_id": "alice"}, "subscriptions": [{"type": "Email"}]},
        {
            "identity": {"external_id": "alice"},
            "subscriptions": [{**PUSH, "notification_types": 0}],
        },
        {"identity": {f"label{n}": "x" for n in range(11)}},
    ],
)
def test_a_request_that_cannot_be_changes_nothing(body: object) -> None:
    api = an_api()

    answer = api.call("POST", "/apps/{app}/users", body)

    assert answer.status == 400
    assert list(answer.json()) == ["errors"]
    assert len(api.belief.users) == len(api.belief.subscriptions) == 0
    assert api.entries("UserCreated", "SubscriptionCreated", "AliasesSet") == []


def test_a_bad_subscription_spoils_the_good_one_before_it() -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(
        "POST",
        "/apps/{app}/users",
        {
            "identity": {"external_id": "alice", "crm": "7"},
            "properties": {"tags": {"a": "b"}},
            "subscriptions": [EMAIL, {"id": "unknown"}],
        },
    )

    assert answer.status == 404
    body = api.read("GET", "/apps/{app}/users/by/external_id/alice")
    assert "crm" not in body["identity"]
    assert body["properties"]["tags"] == {}
    assert body["subscriptions"] == []


def test_one_token_for_two_subscriptions_is_refused_as_a_whole() -> None:
    api = an_api()
    ids = [
        api.a_user(name, subscriptions=[{"type": "AndroidPush", "token": name}])["subscriptions"][
            0
        ]["id"]
        for name in ("alice", "bob")
    ]

    answer = api.call(
        "POST",
        "/apps/{app}/users",
        {
            "identity": {"external_id": "alice"},
            "subscriptions": [{"id": each, "token": "new"} for each in ids],
        },
    )

    assert answer.status == 409


def test_the_onesignal_id_names_the_user_of_a_request() -> None:
    api = an_api()
    onesignal_id = api.a_user("alice")["identity"]["onesignal_id"]

    answer = api.call(
        "POST", "/apps/{app}/users", {"identity": {"onesignal_id": onesignal_id, "crm": "7"}}
    )

    assert answer.status == 200
    assert answer.json()["identity"] == {
        "onesignal_id": onesignal_id,
        "external_id": "alice",
        "crm": "7",
    }


def test_an_unknown_onesignal_id_is_refused() -> None:
    answer = an_api().call("POST", "/apps/{app}/users", {"identity": {"onesignal_id": APP_ID}})

    assert answer.status == 404


def test_an_unknown_user_is_not_found() -> None:
    answer = an_api().call("GET", f"/apps/{{app}}/users/by/onesignal_id/{APP_ID}")

    assert answer.status == 404
    assert answer.json() == {"errors": [{"title": f"No aliases found for oneSignalID `{APP_ID}`"}]}


@pytest.mark.parametrize("external_id", ["a/b", "a b", "a+b@c.de", "ü%41", "?x=1#y"])
def test_an_external_id_is_percent_decoded(external_id: str) -> None:
    api = an_api()
    api.a_user(external_id)

    body = api.read("GET", f"/apps/{{app}}/users/by/external_id/{quote(external_id, safe='')}")

    assert body["identity"]["external_id"] == external_id


def test_tags_are_texts_and_an_empty_one_is_deleted() -> None:
    api = an_api()
    api.a_user("alice", properties={"tags": {"level": 3, "vip": True, "old": "x", "older": "y"}})

    answer = api.call(
        "PATCH",
        "/apps/{app}/users/by/external_id/alice",
        {"properties": {"tags": {"old": "", "older": None}}},
    )

    assert answer.status == 202
    body = api.read("GET", "/apps/{app}/users/by/external_id/alice")
    assert body["properties"]["tags"] == {"level": "3", "vip": "true"}


def test_the_answer_of_an_update_repeats_its_properties() -> None:
    api = an_api()
    api.a_user("alice")
    sent = {"tags": {"a": "b"}, "language": "fr", "timezone_id": "Europe/Paris", "country": "FR"}

    answer = api.call("PATCH", "/apps/{app}/users/by/external_id/alice", {"properties": sent})

    assert answer.json() == {"properties": sent}


def test_a_plan_limits_tags() -> None:
    api = an_api()
    api.a_user("alice", properties={"tags": {f"t{n}": "x" for n in range(10)}})
    api.belief.change_app(APP_ID, plan="free")

    more = api.call(
        "PATCH", "/apps/{app}/users/by/external_id/alice", {"properties": {"tags": {"u": "x"}}}
    )
    swap = api.call(
        "PATCH",
        "/apps/{app}/users/by/external_id/alice",
        {"properties": {"tags": {"t0": "", "u": "x"}}},
    )

    assert more.status == 400
    assert "maximum of 10 tags" in more.body.decode()
    assert swap.status == 202


def test_deleted_tags_count_where_that_is_the_setting() -> None:
    api = an_api(settings={"tag_deletions_counted": True})
    api.a_user("alice", properties={"tags": {f"t{n}": "x" for n in range(10)}})
    api.belief.change_app(APP_ID, plan="free")

    swap = api.call(
        "PATCH",
        "/apps/{app}/users/by/external_id/alice",
        {"properties": {"tags": {"t0": "", "u": "x"}}},
    )

    assert swap.status == 400


def test_more_than_a_hundred_tags_in_one_call_are_refused() -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(
        "PATCH",
        "/apps/{app}/users/by/external_id/alice",
        {"properties": {"tags": {f"t{n}": "x" for n in range(101)}}},
    )

    assert answer.status == 400
    assert "100 per request" in answer.body.decode()


def test_a_session_counts_for_the_device_that_the_header_names() -> None:
    api = an_api()
    body = api.a_user("alice", subscriptions=[PUSH, {"type": "AndroidPush", "token": "issued-2"}])
    second = body["subscriptions"][1]["id"]
    path = f"/apps/{{app}}/users/by/onesignal_id/{body['identity']['onesignal_id']}"

    api.call(
        "PATCH",
        path,
        {"deltas": {"session_count": 1, "session_time": 40}},
        headers={"onesignal-subscription-id": second},
    )

    shown = api.read("GET", path)["subscriptions"]
    assert [each["session_count"] for each in shown] == [0, 1]
    assert [each["session_time"] for each in shown] == [0, 40]


def test_purchases_add_to_the_amount_spent() -> None:
    api = an_api()
    api.a_user("alice")
    bought = {"sku": "coins", "amount": "0.10", "iso": "USD", "count": 3}

    for _ in range(2):
        api.call(
            "PATCH", "/apps/{app}/users/by/external_id/alice", {"deltas": {"purchases": [bought]}}
        )

    properties = api.read("GET", "/apps/{app}/users/by/external_id/alice")["properties"]
    assert properties["amount_spent"] == 0.6
    assert properties["purchases"] == [bought, bought]


def test_a_deleted_user_takes_aliases_and_subscriptions_along() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[PUSH])

    answer = api.call("DELETE", "/apps/{app}/users/by/external_id/alice")

    assert answer.status == 200
    assert api.call("GET", "/apps/{app}/users/by/external_id/alice").status == 404
    again = api.call(
        "POST",
        "/apps/{app}/users",
        {"identity": {"external_id": "alice"}, "subscriptions": [PUSH]},
    )
    assert again.status == 201


def test_an_anonymous_user_becomes_identified() -> None:
    api = an_api()
    onesignal_id = api.a_user(subscriptions=[PUSH])["identity"]["onesignal_id"]

    answer = api.call(
        "PATCH",
        f"/apps/{{app}}/users/by/onesignal_id/{onesignal_id}/identity",
        {"identity": {"external_id": "alice"}},
        headers=NO_KEY,
    )

    assert answer.status == 200
    assert answer.json() == {"identity": {"onesignal_id": onesignal_id, "external_id": "alice"}}


def test_an_alias_of_somebody_else_is_refused_and_none_is_set() -> None:
    api = an_api()
    api.a_user("alice")
    onesignal_id = api.a_user(subscriptions=[PUSH])["identity"]["onesignal_id"]

    answer = api.call(
        "PATCH",
        f"/apps/{{app}}/users/by/onesignal_id/{onesignal_id}/identity",
        {"identity": {"crm": "7", "external_id": "alice"}},
    )

    assert answer.status == 409
    assert answer.json()["errors"][0]["meta"] == {"external_id": "alice"}
    shown = api.read("GET", f"/apps/{{app}}/users/by/onesignal_id/{onesignal_id}/identity")
    assert shown == {"identity": {"onesignal_id": onesignal_id}}


@pytest.mark.parametrize("identity", [{}, {"onesignal_id": APP_ID}, None])
def test_what_is_no_alias_cannot_be_set(identity: object) -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(
        "PATCH", "/apps/{app}/users/by/external_id/alice/identity", {"identity": identity}
    )

    assert answer.status == 400


def test_an_alias_is_deleted_and_the_others_come_back() -> None:
    api = an_api()
    body = api.read("POST", "/apps/{app}/users", {"identity": {"external_id": "a", "crm": "7"}})

    answer = api.call("DELETE", "/apps/{app}/users/by/external_id/a/identity/crm")

    assert answer.status == 200
    assert answer.json() == {
        "identity": {"onesignal_id": body["identity"]["onesignal_id"], "external_id": "a"}
    }
    assert api.call("DELETE", "/apps/{app}/users/by/external_id/a/identity/crm").status == 404


def test_the_onesignal_id_cannot_be_deleted() -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call("DELETE", "/apps/{app}/users/by/external_id/alice/identity/onesignal_id")

    assert answer.status == 400


def test_a_subscription_leads_to_the_identity_of_its_user() -> None:
    api = an_api()
    body = api.a_user("alice", subscriptions=[PUSH])
    path = f"/apps/{{app}}/subscriptions/{body['subscriptions'][0]['id']}/user/identity"

    shown = api.read("GET", path)
    added = api.call("PATCH", path, {"identity": {"crm": "7"}})

    assert shown == {"identity": body["identity"]}
    assert added.json() == {"identity": {**body["identity"], "crm": "7"}}


def test_an_unknown_subscription_leads_to_nobody() -> None:
    answer = an_api().call("GET", f"/apps/{{app}}/subscriptions/{APP_ID}/user/identity")

    assert answer.status == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_looking_a_user_up_by_another_alias_needs_a_key(method: str) -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(method, "/apps/{app}/users/by/external_id/alice", headers=NO_KEY)

    assert answer.status == 403


def test_looking_a_user_up_by_its_onesignal_id_needs_none() -> None:
    api = an_api()
    onesignal_id = api.a_user("alice")["identity"]["onesignal_id"]

    answer = api.call("GET", f"/apps/{{app}}/users/by/onesignal_id/{onesignal_id}", headers=NO_KEY)

    assert answer.status == 200


def test_ids_do_not_depend_on_the_order_of_requests_that_do_not_touch() -> None:
    one, other = an_api(), an_api()

    first = [one.a_user(name, subscriptions=[{"type": "Email", "token": name}]) for name in "ab"]
    second = [other.a_user(name, subscriptions=[{"type": "Email", "token": name}]) for name in "ba"]

    assert first == second[::-1]
    assert one.world.trace.digest != an_api(seed=1).world.trace.digest


def test_what_a_request_does_names_it_as_its_cause() -> None:
    api = an_api()

    api.a_user("alice", subscriptions=[EMAIL])

    (received,) = api.entries("RequestReceived")
    made = api.entries("UserCreated", "SubscriptionCreated", "RequestAnswered")
    assert len(made) == 3
    assert all(entry.causes == (received.id,) for entry in made)


def test_which_request_came_first_does_not_show_in_the_adoption_of_the_app() -> None:
    one, other = an_api(), an_api()

    for name in ("alice", "bob"):
        one.a_user(name)
    for name in ("bob", "alice"):
        other.a_user(name)

    assert one.world.trace.digest == other.world.trace.digest


def test_when_a_user_was_last_active_may_be_said() -> None:
    api = an_api()

    api.a_user("alice", properties={"last_active": 1_700_000_000, "ip": "10.0.0.1"})

    shown = api.read("GET", "/apps/{app}/users/by/external_id/alice")["properties"]
    assert shown["last_active"] == 1_700_000_000
    assert shown["ip"] == "10.0.0.1"


def test_a_session_of_a_user_with_only_an_address_counts_there() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[EMAIL])

    api.call("PATCH", "/apps/{app}/users/by/external_id/alice", {"deltas": {"session_count": 2}})

    shown = api.read("GET", "/apps/{app}/users/by/external_id/alice")
    assert shown["subscriptions"][0]["session_count"] == 2


def test_a_session_of_a_user_without_subscriptions_only_marks_it_active() -> None:
    api = an_api()
    api.a_user("alice", properties={"last_active": 1})

    api.call("PATCH", "/apps/{app}/users/by/external_id/alice", {"deltas": {"session_count": 2}})

    shown = api.read("GET", "/apps/{app}/users/by/external_id/alice")["properties"]
    assert shown["last_active"] == api.world.now // 1000


def test_a_user_never_gets_an_eleventh_alias() -> None:
    api = an_api()
    api.read("POST", "/apps/{app}/users", {"identity": {f"l{n}": "x" for n in range(10)}})

    answer = api.call("PATCH", "/apps/{app}/users/by/l1/x/identity", {"identity": {"another": "y"}})

    assert answer.status == 400


def test_a_user_whose_last_alias_goes_is_removed() -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call("DELETE", "/apps/{app}/users/by/external_id/alice/identity/external_id")

    assert answer.status == 200
    assert len(api.entries("UserDeleted")) == 1


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/identity"),
        ("PATCH", "/identity"),
        ("DELETE", "/identity/crm"),
    ],
)
def test_nobody_can_be_changed(method: str, tail: str) -> None:
    answer = an_api().call(method, f"/apps/{{app}}/users/by/external_id/nobody{tail}", {})

    assert answer.status == 404


def test_equal_devices_without_a_token_are_told_apart_by_their_users() -> None:
    device = {"type": "iOSPush", "token": "", "enabled": False, "notification_types": -18}
    one, other = an_api(), an_api()

    first = [one.a_user(name, subscriptions=[device]) for name in ("alice", "bob")]
    second = [other.a_user(name, subscriptions=[device]) for name in ("bob", "alice")]

    assert first == second[::-1]


def test_an_amount_spent_needs_no_purchase() -> None:
    api = an_api()
    api.a_user("alice")

    api.call(
        "PATCH", "/apps/{app}/users/by/external_id/alice", {"deltas": {"amount_spent": "1.50"}}
    )

    shown = api.read("GET", "/apps/{app}/users/by/external_id/alice")["properties"]
    assert shown["amount_spent"] == 1.5


def test_a_user_named_by_its_own_id_alone_is_updated() -> None:
    api = an_api()
    identity = {"onesignal_id": api.a_user("alice")["identity"]["onesignal_id"]}

    answer = api.call("POST", "/apps/{app}/users", {"identity": identity, "subscriptions": [EMAIL]})

    assert answer.status == 200
    assert answer.json()["identity"]["external_id"] == "alice"
