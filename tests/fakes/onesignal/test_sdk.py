"""Goal: devices by the thousand do what requests do one by one. Method: both, and compare."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab_testing.onesignal import APP_ID, Api, an_api, columns

NO_KEY: dict[str, str] = {}


def members(api: Api, count: int, *, prefix: str = "m", first_route: int = 0) -> np.ndarray:
    """Register a population and return the keys of its subscriptions."""
    arrays = columns(range(first_route, first_route + count))
    del arrays["subscription_keys"]
    keys = api.world.ids.member_keys(api.world.ids.key("population", prefix), 0, count)
    _, subscriptions = api.service.sdk.register_members(api.app, **arrays, prefix=prefix, keys=keys)
    return subscriptions


def test_a_device_registers_as_over_http() -> None:
    api, http = an_api(), an_api()
    http.call(
        "POST",
        "/apps/{app}/users",
        {
            "identity": {"external_id": "alice"},
            "properties": {"language": "de", "timezone_id": "Europe/Berlin"},
            "subscriptions": [
                {
                    "type": "AndroidPush",
                    "token": "issued-3",
                    "enabled": True,
                    "notification_types": 1,
                    "sdk": "050909",
                }
            ],
        },
    )

    api.service.sdk.register(
        api.app,
        **columns([3]),
        external_ids=["alice"],
        languages=["de"],
        timezones=["Europe/Berlin"],
        sdks=["050909"],
    )

    path = "/apps/{app}/users/by/external_id/alice"
    assert api.read("GET", path) == http.read("GET", path)


def owner_of(api: Api, subscription_key: int) -> tuple[int, str | None]:
    """Return the key and the external id of the user that owns a subscription."""
    row = api.belief.find_subscription_key(api.app, int(subscription_key))
    user = int(api.belief.subscriptions.user[row])
    return int(api.belief.users.key[user]), api.belief.aliases.find_value(user, "external_id")


def test_a_device_without_external_id_is_anonymous() -> None:
    api = an_api()

    users, subscriptions = api.service.sdk.register(api.app, **columns([3]))

    assert owner_of(api, subscriptions[0]) == (users[0], None)


def test_devices_of_one_person_share_a_user() -> None:
    api = an_api()

    users, subscriptions = api.service.sdk.register(
        api.app, **columns([3, 4]), external_ids=["alice", "alice"]
    )

    assert users[0] == users[1]
    assert subscriptions[0] != subscriptions[1]


def test_logging_out_keeps_the_subscription() -> None:
    api = an_api()
    users, keys = api.service.sdk.register(api.app, **columns([3]), external_ids=["alice"])

    others, again = api.service.sdk.register(api.app, **columns([3], keys=keys.tolist()))

    assert again.tolist() == keys.tolist()
    assert others[0] != users[0]
    assert owner_of(api, keys[0]) == (others[0], None)


def test_a_subscription_that_was_deleted_is_made_anew() -> None:
    api = an_api()
    _, keys = api.service.sdk.register(api.app, **columns([3]), external_ids=["alice"])
    subscription = api.world.ids.uuid("subscription", int(keys[0]))
    api.call("DELETE", f"/apps/{{app}}/subscriptions/{subscription}")

    told = columns([3])
    del told["types"], told["subscription_keys"]
    found = api.service.sdk.update_subscriptions(api.app, keys, **told)
    _, again = api.service.sdk.register(
        api.app, **columns([3], keys=keys.tolist()), external_ids=["alice"]
    )

    assert found.tolist() == [False]
    assert again[0] != keys[0]


def test_identifying_answers_ok_conflict_or_missing() -> None:
    api = an_api()
    users, _ = api.service.sdk.register(api.app, **columns([1, 2]))
    sdk = api.service.sdk

    assert sdk.identify(api.app, int(users[0]), "alice") == "ok"
    assert sdk.identify(api.app, int(users[1]), "alice") == "conflict"
    assert sdk.identify(api.app, 12345, "alice") == "missing"


def test_an_impossible_device_is_a_misuse() -> None:
    api = an_api()

    with pytest.raises(MisuseError, match="notification_types"):
        api.service.sdk.register(api.app, **columns([1], notification_types=0))


def test_a_device_tells_its_state() -> None:
    api = an_api()
    _, keys = api.service.sdk.register(api.app, **columns([1, 2]))

    found = api.service.sdk.update_subscriptions(
        api.app,
        keys,
        routes=np.array([1, 7], np.int32),
        enabled=np.array([False, True]),
        notification_types=np.array([-2, 1], np.int16),
    )

    rows = api.belief.find_subscription_keys(api.app, keys)
    assert found.all()
    assert [api.belief.token(row) for row in rows.tolist()] == ["issued-1", "issued-7"]
    assert api.belief.reachable(rows).tolist() == [False, True]
    assert [entry.fields["outcome"] for entry in api.entries("SubscriptionUpdated")] == [
        "changed",
        "changed",
    ]


def test_an_update_that_contradicts_itself_changes_nothing() -> None:
    api = an_api()
    _, keys = api.service.sdk.register(api.app, **columns([1]))

    found = api.service.sdk.update_subscriptions(
        api.app,
        keys,
        routes=np.array([7], np.int32),
        enabled=np.array([True]),
        notification_types=np.array([0], np.int16),
    )

    (row,) = api.belief.find_subscription_keys(api.app, keys).tolist()
    assert found.all()
    assert api.belief.token(row) == "issued-1"
    assert [entry.fields["outcome"] for entry in api.entries("SubscriptionUpdated")] == ["refused"]


def test_a_token_of_somebody_else_is_not_taken() -> None:
    api = an_api()
    _, keys = api.service.sdk.register(api.app, **columns([1, 2]))

    api.service.sdk.update_subscriptions(
        api.app,
        keys[:1],
        routes=np.array([2], np.int32),
        enabled=np.array([True]),
        notification_types=np.array([1], np.int16),
    )

    rows = api.belief.find_subscription_keys(api.app, keys).tolist()
    assert [api.belief.token(row) for row in rows] == ["issued-1", "issued-2"]


def test_an_update_with_a_cause_names_it() -> None:
    api = an_api()
    _, keys = api.service.sdk.register(api.app, **columns([1]))

    api.service.sdk.update_subscriptions(
        api.app,
        keys,
        routes=np.array([1], np.int32),
        enabled=np.array([False]),
        notification_types=np.array([-2], np.int16),
        causes=["OptedOut:phone"],
    )

    (entry,) = api.entries("SubscriptionUpdated")
    assert entry.causes == ("OptedOut:phone",)
    assert entry.fields["notification_types"] == -2


def test_how_updates_are_batched_does_not_show_in_the_digest() -> None:
    digests = []
    for size in (1, 100):
        api = an_api()
        keys = members(api, 100)
        for start in range(0, 100, size):
            api.service.sdk.update_subscriptions(
                api.app,
                keys[start : start + size],
                routes=np.arange(start, start + size, dtype=np.int32),
                enabled=np.zeros(size, bool),
                notification_types=np.full(size, -2, np.int16),
            )
            api.service.sdk.start_sessions(
                api.app, keys[start : start + size], np.full(size, api.world.now)
            )
        digests.append(api.world.trace.digest)

    assert digests[0] == digests[1]


def test_sessions_are_counted_for_subscription_and_user() -> None:
    api = an_api()
    users, keys = api.service.sdk.register(api.app, **columns([1]), external_ids=["alice"])
    later = api.world.now + 90_000

    api.service.sdk.start_sessions(api.app, keys, np.array([later]))
    api.service.sdk.end_sessions(api.app, keys, np.array([75]))

    shown = api.read("GET", "/apps/{app}/users/by/external_id/alice")
    assert shown["subscriptions"][0]["session_count"] == 1
    assert shown["subscriptions"][0]["session_time"] == 75
    assert shown["properties"]["last_active"] == later // 1000
    assert api.belief.find_user_key(api.app, int(users[0])) == 0


def test_sessions_of_a_deleted_subscription_are_not_counted() -> None:
    api = an_api()

    found = api.service.sdk.start_sessions(
        api.app, np.array([5], np.uint64), np.array([api.world.now])
    )

    assert found.tolist() == [False]


def test_a_population_has_derived_external_ids() -> None:
    api = an_api()

    keys = members(api, 1_000)

    shown = api.read("GET", "/apps/{app}/users/by/external_id/m-001000")
    assert shown["identity"]["external_id"] == "m-001000"
    assert shown["subscriptions"][0]["token"] == "issued-999"
    assert shown["subscriptions"][0]["id"] == api.world.ids.uuid("subscription", int(keys[999]))
    assert api.call("GET", "/apps/{app}/users/by/external_id/m-1000").status == 404
    assert api.call("GET", "/apps/{app}/users/by/external_id/m-001001").status == 404


def test_a_population_is_one_entry_of_the_trace() -> None:
    api = an_api()

    members(api, 1_000)

    (entry,) = api.entries("MembersRegistered")
    assert entry.fields["count"] == 1_000
    assert api.entries("UserCreated") == []


def test_many_single_devices_are_one_entry_of_the_trace() -> None:
    api = an_api()

    api.service.sdk.register(api.app, **columns(range(65)))

    assert len(api.entries("DevicesRegistered")) == 1
    assert api.entries("UserCreated") == []


def test_a_member_may_be_renamed_and_its_name_given_to_another() -> None:
    api = an_api()
    members(api, 300)
    path = "/apps/{app}/users/by/external_id/"

    api.call("PATCH", path + "m-000007/identity", {"identity": {"external_id": "grace"}})
    other = api.a_user("m-000007")

    assert api.read("GET", path + "grace")["subscriptions"][0]["token"] == "issued-6"
    assert api.read("GET", path + "m-000007")["identity"] == other["identity"]


def test_a_member_whose_name_was_given_before_joins_that_user() -> None:
    api = an_api()
    mail = {"type": "Email", "token": "a@shop.test"}
    before = api.a_user("m-000002", subscriptions=[mail])

    members(api, 300)

    shown = api.read("GET", "/apps/{app}/users/by/external_id/m-000002")
    assert shown["identity"] == before["identity"]
    assert [each["token"] for each in shown["subscriptions"]] == ["a@shop.test", "issued-1"]


def test_a_second_population_of_the_same_name_is_a_misuse() -> None:
    api = an_api()
    members(api, 300)

    with pytest.raises(MisuseError, match="m-000001"):
        members(api, 300, first_route=300)

    assert len(api.belief.users) == 300


def test_a_member_is_deleted_like_anybody() -> None:
    api = an_api()
    keys = members(api, 300)

    api.call("DELETE", "/apps/{app}/users/by/external_id/m-000002")

    assert api.call("GET", "/apps/{app}/users/by/external_id/m-000002").status == 404
    rows = api.belief.find_subscription_keys(api.app, keys[:3])
    assert (rows >= 0).tolist() == [True, False, True]


def test_an_app_tells_its_android_devices_how_to_behave() -> None:
    api = an_api()
    api.belief.adopt_app(APP_ID)

    asked = api.call("GET", "/apps/{app}/android_params.js?player_id=x", headers=NO_KEY)
    again = api.call(
        "GET",
        "/apps/{app}/android_params.js",
        headers={"if-none-match": asked.header("etag") or ""},
    )

    assert asked.status == 200
    assert asked.json()["receive_receipts_enable"] is True
    assert asked.json()["android_sender_id"]
    assert (again.status, again.body) == (304, b"")


def test_an_app_without_receipts_says_so() -> None:
    api = an_api()
    before = api.call("GET", "/apps/{app}/android_params.js", headers=NO_KEY).header("etag")
    api.belief.change_app(APP_ID, receipts_enabled=False)

    android = api.call("GET", "/apps/{app}/android_params.js", headers=NO_KEY)
    ios = api.call("GET", "/api/v1/apps/{app}/ios_params.js", headers=NO_KEY)

    assert android.json()["receive_receipts_enable"] is False
    assert android.header("etag") != before
    assert ios.json()["receive_receipts_enable"] is False


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/apps/{app}/sdk/features/android/050909", {"features": []}),
        ("POST", "/sdk/log?app_id={app}", {}),
        ("POST", "/api/v1/track", {}),
        ("POST", "/v1/track", {}),
    ],
)
def test_what_is_noise_is_answered(method: str, path: str, answer: object) -> None:
    got = an_api().call(method, path, headers=NO_KEY)

    assert got.status == 200
    assert got.json() == answer


def test_tokens_of_two_channels_do_not_mix() -> None:
    api = an_api()

    _, keys = api.service.sdk.register(api.app, **columns([5]))
    _, others = api.service.sdk.register(api.app, **columns([5], channel=Channel.IOS))

    assert keys[0] != others[0]


def test_sessions_read_well_in_the_trace() -> None:
    api = an_api()
    _, keys = api.service.sdk.register(api.app, **columns([1]))
    subscription = api.world.ids.uuid("subscription", int(keys[0]))

    api.service.sdk.start_sessions(api.app, keys, np.array([api.world.now]))
    api.service.sdk.end_sessions(api.app, keys, np.array([75]))

    started, ended = api.entries("SessionStarted", "SessionEnded")
    assert started.fields == {"subscription": subscription, "session": 1}
    assert ended.fields == {"subscription": subscription, "seconds": 75}


def test_a_population_of_nobody_changes_nothing() -> None:
    api = an_api()

    assert len(members(api, 0)) == 0
    assert api.entries("MembersRegistered") == []


def test_names_that_only_look_like_a_member_s_stay_apart() -> None:
    api = an_api()
    for external_id in ("m-x", "m-7", "m-000900"):
        api.a_user(external_id)

    members(api, 300)

    for external_id in ("m-x", "m-7", "m-000900"):
        shown = api.read("GET", f"/apps/{{app}}/users/by/external_id/{external_id}")
        assert shown["subscriptions"] == []
