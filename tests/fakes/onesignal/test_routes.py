"""Goal: requests find their handler, with the right key. Method: requests in, answers out."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.gateway import Channel
from pushlab.world.world import World
from pushlab_fakes.exchange import Request
from pushlab_fakes.faults import Fault
from pushlab_fakes.onesignal.operations import OPERATIONS
from pushlab_fakes.onesignal.routes import OneSignal, Router
from pushlab_testing.onesignal import APP_ID, HOST, KEY, ListedTokens, QuietMessages, an_api

OTHER_APP = "f0e1d2c3-0000-4000-8000-000000000000"
DENIED = (
    b'{"errors":["Access denied.  Please include an \'Authorization: ...\' header with a valid API '
    b'key (https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys)."]}'
)
MESSAGE = {
    "app_id": APP_ID,
    "include_aliases": {"external_id": ["alice"]},
    "target_channel": "push",
    "contents": {"en": "hi"},
}


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("ending", ["", "/", "?c=push", "/?unknown=1&c=push"])
def test_prefix_slash_and_unknown_query_keys_do_not_matter(prefix: str, ending: str) -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call("GET", f"{prefix}/apps/{{app}}/users/by/external_id/alice{ending}")

    assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/nothing"), ("PUT", "/apps/{app}/users"), ("GET", "/api/v2/apps")],
)
def test_an_unknown_path_or_method_gets_the_words_of_the_framework(method: str, path: str) -> None:
    answer = an_api().call(method, path)

    assert answer.status == 404
    assert answer.body == b'{"status":404,"error":"Not Found"}'


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if not each.is_built], ids=lambda each: each.id
)
def test_a_documented_call_that_is_not_built_says_so(operation) -> None:
    api = an_api()

    answer = api.call(operation.method, operation.path)

    assert answer.status == 501
    assert answer.json() == {"errors": [f"pushlab does not serve {operation.name} yet"]}
    assert api.service.unbuilt == answer.json()["errors"]


def test_every_operation_is_found_by_its_own_path() -> None:
    router = Router()

    for operation in OPERATIONS:
        found = router.find(operation.method, operation.path)
        assert found is not None
        assert found[0] is operation


def test_a_fixed_part_wins_over_a_variable_one() -> None:
    found = Router().find("POST", "/notifications/count-unsaved")

    assert found is not None
    assert found[0].id == "estimate_notification_recipients"


# Keys and apps.


@pytest.mark.parametrize(
    "header", [f"Key {KEY}", f"key {KEY}", f"Basic {KEY}", f"Bearer {KEY}", f'Bearer token="{KEY}"']
)
def test_a_key_comes_in_any_documented_form(header: str) -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(
        "GET", "/apps/{app}/users/by/external_id/alice", headers={"authorization": header}
    )

    assert answer.status == 200


@pytest.mark.parametrize("header", ["", "Key", "Key wrong", KEY, f"Token {KEY}", "Basic wrong"])
def test_another_key_or_none_is_denied(header: str) -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(
        "DELETE", "/apps/{app}/users/by/external_id/alice", headers={"authorization": header}
    )

    assert answer.status == 403
    assert answer.body == DENIED


def test_a_missing_key_is_denied_where_devices_do_not_call() -> None:
    api = an_api()
    api.service.messages = QuietMessages()

    answer = api.call("POST", "/notifications", MESSAGE, headers={})

    assert answer.status == 403


def test_a_device_needs_no_key_but_must_not_have_a_wrong_one() -> None:
    api = an_api()
    api.a_user("alice")
    body = {"identity": {"external_id": "bob"}}

    without = api.call("POST", "/apps/{app}/users", body, headers={})
    wrong = api.call("POST", "/apps/{app}/users", body, headers={"authorization": "Key wrong"})

    assert without.status == 201
    assert wrong.status == 403


def test_a_signed_token_of_a_user_is_no_key() -> None:
    answer = an_api().call(
        "POST",
        "/apps/{app}/users",
        {"identity": {"external_id": "bob"}},
        headers={"authorization": "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln"},
    )

    assert answer.status == 201


def test_the_first_app_and_key_are_adopted() -> None:
    api = an_api()

    api.a_user("alice")

    (entry,) = api.entries("AppAdopted")
    assert entry.fields == {"app": APP_ID, "with_key": True}
    assert api.belief.apps.get(APP_ID).keys == (KEY,)


def test_an_app_without_a_key_takes_the_first() -> None:
    api = an_api()
    api.call("GET", "/apps/{app}/ios_params.js", headers={})

    api.a_user("alice")

    assert len(api.entries("KeyAdopted")) == 1
    assert api.belief.apps.get(APP_ID).keys == (KEY,)


def test_devices_that_registered_before_belong_to_the_first_app() -> None:
    api = an_api()
    stand_in = api.belief.first_app()

    api.a_user("alice")

    assert api.belief.first_app().id == APP_ID != stand_in.id
    assert api.belief.first_app().row == stand_in.row
    assert api.belief.find_app(stand_in.id) is None


def test_further_apps_become_further_apps() -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call(
        "POST",
        f"/apps/{OTHER_APP}/users",
        {"identity": {"external_id": "alice"}},
        headers={"authorization": "Key other"},
    )

    assert answer.status == 201
    assert len(api.belief.apps) == 2


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_strict_keys_adopt_nothing(method: str) -> None:
    api = an_api(strict_keys=True)
    path = "/apps/{app}/users" if method == "POST" else "/apps/{app}/ios_params.js"

    answer = api.call(method, path, {"identity": {"external_id": "alice"}})

    assert answer.status == 404
    assert len(api.belief.apps) == 0


def test_strict_keys_take_what_was_set_up() -> None:
    api = an_api(strict_keys=True)
    api.belief.adopt_app(APP_ID, KEY)

    assert api.call("POST", "/apps/{app}/users", {"identity": {"crm": "7"}}).status == 201


def test_strict_keys_want_an_app_id_that_is_a_uuid() -> None:
    api = an_api(strict_keys=True)
    api.service.messages = QuietMessages()

    answer = api.call("POST", "/notifications", {**MESSAGE, "app_id": "my-app"})

    assert answer.status == 400
    assert "malformed" in answer.body.decode()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b'{"app_id":"5eb5a37e-b458-11e3-ac11-000c2940e62c"}'),
        ({"content-type": "text/plain"}, b'{"app_id":"5eb5a37e-b458-11e3-ac11-000c2940e62c"}'),
        ({"content-type": "application/json"}, b"{}"),
        ({"content-type": "application/json"}, b""),
    ],
)
def test_a_message_without_a_readable_app_id_is_refused(
    headers: dict[str, str], body: bytes
) -> None:
    api = an_api()

    answer = api.call("POST", "/notifications", headers={**api.headers, **headers}, body=body)

    assert answer.status == 400
    assert answer.body.startswith(b'{"errors":["app_id not found.')


def test_a_list_without_app_id_is_refused() -> None:
    answer = an_api().call("GET", "/notifications")

    assert answer.status == 400


def test_the_organization_key_does_not_send() -> None:
    api = an_api()
    api.service.messages = QuietMessages()
    api.a_user("alice")
    organization = {"authorization": "Key organization"}

    listed = api.call("GET", "/apps", headers=organization)
    sent = api.call("POST", "/notifications", MESSAGE, headers=organization)
    prefixed = api.call(
        "POST", "/notifications", MESSAGE, headers={"authorization": "Key os_v2_org_x"}
    )

    assert listed.status == 200
    assert [app["id"] for app in listed.json()] == [APP_ID]
    assert sent.status == prefixed.status == 403


@pytest.mark.parametrize("header", [f"Key {KEY}", "Key os_v2_app_x", ""])
def test_an_app_key_does_not_list_apps(header: str) -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call("GET", "/apps", headers={"authorization": header})

    assert answer.status == 403


def test_an_app_is_read_with_either_key() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{"type": "Email", "token": "a@shop.test"}])

    own = api.call("GET", "/apps/{app}")
    organization = api.call("GET", "/apps/{app}", headers={"authorization": "Key organization"})

    assert own.json()["players"] == own.json()["messageable_players"] == 1
    assert organization.json() == own.json()


def test_a_second_organization_key_is_denied() -> None:
    api = an_api()
    api.call("GET", "/apps", headers={"authorization": "Key organization"})

    assert api.call("GET", "/apps", headers={"authorization": "Key another"}).status == 403


def test_an_app_that_does_not_exist_is_not_found() -> None:
    api = an_api()
    api.a_user("alice")

    answer = api.call("GET", "/apps/a", headers={"authorization": "Key organization"})

    assert answer.status == 404
    assert answer.body == b'{"errors":"Couldn\'t find app with id = a"}'


# Notifications are handed over.


def test_a_message_is_parsed_and_handed_to_the_engine() -> None:
    api = an_api()
    messages = api.service.messages = QuietMessages()

    answer = api.call("POST", "/api/v1/notifications/?c=push", MESSAGE)

    assert answer.json() == {"id": "made"}
    (received,) = api.entries("RequestReceived")
    assert messages.asked == [("create", (APP_ID, "hi", received.id))]


def test_views_lists_and_cancellations_are_handed_over() -> None:
    api = an_api()
    messages = api.service.messages = QuietMessages()

    api.call("GET", f"/notifications/n1?app_id={APP_ID}")
    api.call("GET", f"/notifications?app_id={APP_ID}&limit=5")
    api.call("DELETE", f"/notifications/n1?app_id={APP_ID}")

    assert [name for name, _ in messages.asked] == ["view", "list", "cancel"]
    assert messages.asked[0][1] == (APP_ID, "n1")
    assert messages.asked[1][1] == (APP_ID, {"app_id": APP_ID, "limit": "5"})


def test_a_message_that_is_refused_never_reaches_the_engine() -> None:
    api = an_api()
    messages = api.service.messages = QuietMessages()

    answer = api.call("POST", "/notifications", {"app_id": APP_ID, "contents": {"en": "hi"}})

    assert answer.status == 400
    assert messages.asked == []


@pytest.mark.parametrize("path", ["/notifications/n1", "/notifications/n1/report_received"])
def test_a_report_on_an_unknown_notification_is_refused(path: str) -> None:
    api = an_api()
    api.service.messages = QuietMessages()

    answer = api.call("PUT", path, {"app_id": APP_ID, "opened": True}, headers={})

    assert answer.status == 404


def test_an_update_that_opens_nothing_is_refused() -> None:
    api = an_api()
    api.service.messages = QuietMessages()

    answer = api.call("PUT", "/notifications/n1", {"app_id": APP_ID}, headers={})

    assert answer.status == 400


# Faults, headers and the trace.


@pytest.mark.parametrize(
    ("fault", "status", "text", "retry_after"),
    [
        ({"status": 429, "retry_after_s": 7}, 429, "API rate limit exceeded.", "7"),
        ({"status": 503}, 503, "Service temporarily unavailable", None),
        ({"status": 500, "reason": "Oops", "retry_after_s": 3}, 500, "Oops", "3"),
    ],
)
def test_a_planned_fault_answers_instead(
    fault: dict[str, Any], status: int, text: str, retry_after: str | None
) -> None:
    world = World(0)
    service = OneSignal(world, {Channel.ANDROID: ListedTokens()})
    request = Request.build("POST", HOST + "/notifications", json=MESSAGE)

    answer = service.fail(request, Fault("x", "onesignal POST /notifications", **fault))

    assert answer.status == status
    assert answer.json() == {"errors": [text]}
    assert answer.header("retry-after") == retry_after
    assert answer.header("access-control-allow-origin") == "*"
    received, struck, answered = world.trace.entries()
    assert struck.id == f"FaultStruck:x {received.id.partition(':')[2]}"
    assert struck.causes == answered.causes == (received.id,)
    assert service.hits == {}


def test_a_browser_may_read_the_answer() -> None:
    api = an_api()

    answer = api.call("POST", "/apps/{app}/users", {"identity": {"crm": "7"}})
    preflight = api.call("OPTIONS", "/apps/{app}/users", headers={})

    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("content-type") == "application/json; charset=utf-8"
    assert preflight.status == 204
    assert "PATCH" in (preflight.header("access-control-allow-methods") or "")


def test_every_request_is_in_the_trace_without_secrets() -> None:
    api = an_api()

    api.call(
        "POST",
        "/apps/{app}/users",
        {
            "identity": {"crm": "7"},
            "external_user_id_auth_hash": "s3cret",
            "list": [{"gcm_key": "x"}],
        },
    )

    received, answered = api.entries("RequestReceived", "RequestAnswered")
    assert received.fields["route"] == "POST /apps/{app_id}/users"
    assert received.fields["body"] == {
        "identity": {"crm": "7"},
        "external_user_id_auth_hash": "[redacted]",
        "list": [{"gcm_key": "[redacted]"}],
    }
    assert answered.fields == {"status": 201}
    assert answered.causes == (received.id,)
    text = "\n".join(api.world.trace.lines())
    assert KEY not in text
    assert "s3cret" not in text


def test_a_refusal_shows_its_texts_in_the_trace() -> None:
    api = an_api()

    api.call("GET", f"/apps/{{app}}/users/by/onesignal_id/{APP_ID}")

    (answered,) = api.entries("RequestAnswered")
    assert answered.fields["status"] == 404
    assert answered.fields["errors"] == [f"No aliases found for oneSignalID `{APP_ID}`"]


def test_a_body_that_is_no_json_is_traced_as_text() -> None:
    api = an_api()

    answer = api.call(
        "POST",
        "/apps/{app}/users",
        headers={**api.headers, "content-type": "application/json"},
        body=b"{not json",
    )

    (received,) = api.entries("RequestReceived")
    assert answer.status == 400
    assert received.fields["body"] == "{not json"


def test_equal_requests_in_two_worlds_leave_equal_traces() -> None:
    one, other = an_api(), an_api()

    for api in (one, other):
        api.a_user("alice", subscriptions=[{"type": "Email", "token": "a@shop.test"}])
        api.call("GET", "/apps/{app}/users/by/external_id/alice")

    assert one.world.trace.digest == other.world.trace.digest
    assert list(one.world.trace.lines()) == list(other.world.trace.lines())


def test_the_first_call_may_be_one_that_reads_its_app() -> None:
    api = an_api()

    answer = api.call("GET", "/apps/{app}")
    sent = api.a_user("alice")

    assert answer.json()["id"] == APP_ID
    assert sent["identity"]["external_id"] == "alice"


def test_reading_an_app_needs_a_key() -> None:
    assert an_api().call("GET", "/apps/{app}", headers={}).status == 403


def test_reading_an_app_with_a_wrong_key_is_denied_once_both_are_known() -> None:
    api = an_api()
    api.a_user("alice")
    api.call("GET", "/apps", headers={"authorization": "Key organization"})

    assert api.call("GET", "/apps/{app}", headers={"authorization": "Key wrong"}).status == 403


def test_further_apps_may_be_called_anything_short() -> None:
    api = an_api()

    assert api.call("POST", "/apps/my-app/users", {"identity": {"crm": "7"}}).status == 201
    assert api.call("POST", f"/apps/{'x' * 129}/users", {"identity": {"crm": "7"}}).status == 400


def test_a_body_that_says_it_is_something_else_is_not_read() -> None:
    api = an_api()

    answer = api.call(
        "POST",
        "/apps/{app}/users",
        headers={**api.headers, "content-type": "text/plain"},
        body=b'{"identity":{"external_id":"alice"}}',
    )

    assert answer.status == 400


def test_the_engine_can_be_read_back() -> None:
    api = an_api()
    messages = QuietMessages()

    api.service.messages = messages

    assert api.service.messages is messages


def test_an_app_id_in_the_query_does_not_make_a_body_readable() -> None:
    api = an_api()

    answer = api.call("POST", f"/notifications?app_id={APP_ID}")

    assert answer.status == 400
    assert answer.body.startswith(b'{"errors":["app_id not found.')
