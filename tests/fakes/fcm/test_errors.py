"""Goal: every error of FCM and of what stands around it comes about by a state of the world.

Method: a table for each of four vocabularies (sends, what APNs said, OAuth, the Instance ID API),
compared with the documented words. Only what breaks inside of FCM is planned as a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab_fakes.fcm.errors import APNS_ERROR, FCM_ERROR
from pushlab_fakes.fcm.quotas import Limits
from pushlab_testing.fcm_scene import EMAIL, GRANT, NOW_S, PUBLIC, PUSH, Scene, iid, subscriptions
from pushlab_testing.pushing import PROJECT, FcmSender, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Answer

ERROR_CODES = {
    "INVALID_ARGUMENT",
    "UNREGISTERED",
    "SENDER_ID_MISMATCH",
    "QUOTA_EXCEEDED",
    "UNAVAILABLE",
    "INTERNAL",
    "THIRD_PARTY_AUTH_ERROR",
    "UNSPECIFIED_ERROR",
}
"""FCM, REST reference, ErrorCode."""
OAUTH_ERRORS = {
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
}
"""RFC 6749, section 5.2."""
IID_WORDS = {
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "TOO_MANY_TOPICS",
    "UNAVAILABLE",
}
"""What client libraries look for in the results of a batch."""


# --- sends -----------------------------------------------------------------------------------


def a_dead_token(scene: Scene) -> Answer:
    message = {"token": scene.token, "notification": PUSH}
    scene.phone.clear_data()
    return scene.sender.send(message)


def a_stale_token(scene: Scene) -> Answer:
    scene.phone.go_offline()
    scene.lab.advance(days=271)
    return scene.push()


def an_uninstalled_app(scene: Scene) -> Answer:
    message = {"token": scene.token, "notification": PUSH}
    scene.phone.uninstall()
    assert scene.sender.send(message).status == 200
    scene.lab.advance(minutes=1)
    return scene.sender.send(message)


def another_sender(scene: Scene) -> Answer:
    scene.push()
    return FcmSender(scene.lab, "other-project").send({"token": scene.token})


def an_expired_bearer(scene: Scene) -> Answer:
    bearer = scene.bearer()
    scene.lab.advance(hours=2)
    return scene.sender.call("POST", "messages:send", {"message": {}}, authorization=bearer)


def a_bearer_for_something_else(scene: Scene) -> Answer:
    bearer = scene.bearer(scope="https://www.googleapis.com/auth/drive")
    return scene.sender.call("POST", "messages:send", {"message": {}}, authorization=bearer)


def a_disabled_account(scene: Scene) -> Answer:
    bearer = scene.bearer()
    scene.lab.fcm.disable_account(EMAIL)
    return scene.sender.call("POST", "messages:send", {"message": {}}, authorization=bearer)


def a_disabled_api(scene: Scene) -> Answer:
    scene.lab.fcm.disable_api(PROJECT)
    return scene.push()


def a_revoked_role(scene: Scene) -> Answer:
    scene.lab.fcm.revoke_role(PROJECT)
    return scene.push()


def an_unknown_project(_: Scene) -> Answer:
    scene = Scene(strict_keys=True)
    scene.lab.fcm.add_account(EMAIL)
    bearer = scene.bearer()
    return scene.sender.call("POST", "messages:send", {"message": {}}, authorization=bearer)


def a_quota(**limits: int) -> Callable[[Scene], Answer]:
    def send_too_many(scene: Scene) -> Answer:
        scene.lab.change_settings(fcm_quotas=True)
        scene.lab.services.fcm.quotas.limits = Limits(**limits)
        scene.push()
        return scene.push()

    return send_too_many


def a_fault(status: int, **options: Any) -> Callable[[Scene], Answer]:
    def strike(scene: Scene) -> Answer:
        scene.lab.fault("fcm", status=status, **options)
        return scene.push()

    return strike


def another_package(scene: Scene) -> Answer:
    scene.push(android={"restricted_package_name": "com.shop"})
    return scene.push(android={"restricted_package_name": "com.other"})


def bad_bearer(scene: Scene) -> Answer:
    return scene.sender.call("POST", "messages:send", {}, authorization="Bearer ya29.c.pushlab-0")


def a_phone_without_its_key(service: str) -> Callable[[Scene], Answer]:
    def send(scene: Scene) -> Answer:
        device = scene.lab.device({"apns": "ios", "webpush": "web"}[service])
        device.register_fcm()
        scene.lab.fcm.remove_key(PROJECT, service)
        return scene.sender.send({"token": device.fcm_token, "notification": PUSH})

    return send


def too_many_fan_outs(scene: Scene) -> Answer:
    scene.lab.change_settings(fcm_quotas=True)
    scene.lab.services.fcm.quotas.limits = Limits(fan_outs_at_once=1)
    message = {"topic": "news", "notification": PUSH}
    scene.sender.send(message)
    return scene.sender.send(message)


BAD, AUTH, DENIED = "INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED"
GONE, FULL = "NOT_FOUND", "RESOURCE_EXHAUSTED"
States = list[tuple[str, Any, int, str, str | None, str | None]]
"""The state and what brings it about; HTTP status, canonical word, FCM's word, ErrorInfo's."""
BY_STATE: States = [
    ("no token", lambda scene: scene.push(token="x"), 400, BAD, BAD, None),
    ("reserved key", lambda scene: scene.push(data={"from": "x"}), 400, BAD, BAD, None),
    ("reserved start", lambda scene: scene.push(data={"google.x": ""}), 400, BAD, BAD, None),
    ("too large", lambda scene: scene.push(data={"a": "x" * 4097}), 400, BAD, BAD, None),
    ("long ttl", lambda scene: scene.push(android={"ttl": "2419201s"}), 400, BAD, BAD, None),
    ("another package", another_package, 400, BAD, BAD, None),
    ("unknown field", lambda scene: scene.push(nonsense=1), 400, BAD, None, None),
    ("wrong type", lambda scene: scene.push(data={"a": 1}), 400, BAD, None, None),
    (
        "no APNs key",
        a_phone_without_its_key("apns"),
        401,
        AUTH,
        "THIRD_PARTY_AUTH_ERROR",
        None,
    ),
    (
        "no web push key",
        a_phone_without_its_key("webpush"),
        401,
        AUTH,
        "THIRD_PARTY_AUTH_ERROR",
        None,
    ),
    ("an old access token", an_expired_bearer, 401, AUTH, None, "ACCESS_TOKEN_EXPIRED"),
    ("a made-up one", bad_bearer, 401, AUTH, None, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    ("a disabled account", a_disabled_account, 401, AUTH, None, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    (
        "no access token",
        lambda scene: scene.sender.call("POST", "messages:send", {}, authorization=None),
        401,
        AUTH,
        None,
        "CREDENTIALS_MISSING",
    ),
    ("another sender", another_sender, 403, DENIED, "SENDER_ID_MISMATCH", None),
    ("a disabled API", a_disabled_api, 403, DENIED, None, "SERVICE_DISABLED"),
    ("a revoked role", a_revoked_role, 403, DENIED, None, "IAM_PERMISSION_DENIED"),
    (
        "another scope",
        a_bearer_for_something_else,
        403,
        DENIED,
        None,
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    ),
    ("cleared data", a_dead_token, 404, GONE, "UNREGISTERED", None),
    ("270 days away", a_stale_token, 404, GONE, "UNREGISTERED", None),
    ("uninstalled", an_uninstalled_app, 404, GONE, "UNREGISTERED", None),
    ("unknown project", an_unknown_project, 404, GONE, None, None),
    ("project quota", a_quota(project_per_minute=1), 429, FULL, "QUOTA_EXCEEDED", None),
    ("minute quota", a_quota(device_per_minute=1), 429, FULL, "QUOTA_EXCEEDED", None),
    ("hour quota", a_quota(device_per_hour=1), 429, FULL, "QUOTA_EXCEEDED", None),
    ("collapsible quota", a_quota(collapsible_burst=1), 429, FULL, "QUOTA_EXCEEDED", None),
    ("fan-outs at once", too_many_fan_outs, 429, FULL, "QUOTA_EXCEEDED", None),
]
BY_FAULT: States = [
    ("internal", a_fault(500), 500, "INTERNAL", "INTERNAL", None),
    ("overloaded", a_fault(503), 503, "UNAVAILABLE", "UNAVAILABLE", None),
    (
        "unspecified",
        a_fault(503, reason="UNSPECIFIED_ERROR"),
        503,
        "UNAVAILABLE",
        "UNSPECIFIED_ERROR",
        None,
    ),
]
SENDS = [*BY_STATE, *BY_FAULT]


def details_of(answer: Answer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the error in an answer, and its details."""
    body = answer.json()
    assert isinstance(body, dict)
    return body["error"], body["error"].get("details", [])


@pytest.mark.parametrize(
    ("state", "status", "word", "code", "reason"),
    [each[1:] for each in SENDS],
    ids=[each[0] for each in SENDS],
)
def test_every_error_of_a_send_has_its_state(state, status, word, code, reason) -> None:
    answer = state(Scene())

    error, details = details_of(answer)
    codes = [each["errorCode"] for each in details if each["@type"] == FCM_ERROR]
    reasons = [each["reason"] for each in details if "domain" in each]
    assert (answer.status, error["code"], error["status"]) == (status, status, word)
    assert codes == ([] if code is None else [code])
    assert reasons == ([] if reason is None else [reason])
    assert answer.body.startswith(b'{\n  "error": {\n    "code": ')


FCMS, GOOGLES, APPLES = "FcmError", "BadRequest", "ApnsError"


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        (lambda scene: scene.push(token="x"), [FCMS, GOOGLES]),
        (lambda scene: scene.sender.send({"notification": PUSH}), [GOOGLES, FCMS]),
        (lambda scene: scene.sender.send({"topic": "a topic"}), [GOOGLES, FCMS]),
        (lambda scene: scene.sender.send({"condition": "news"}), []),
        (lambda scene: scene.push(data={"a": "x" * 4097}), [GOOGLES, FCMS]),
        (lambda scene: scene.push(webpush={"headers": {"TTL": "soon"}}), [GOOGLES, FCMS]),
        (a_dead_token, [FCMS]),
        (a_phone_without_its_key("apns"), [FCMS, APPLES]),
    ],
)
def test_details_stand_in_the_order_in_which_fcm_was_seen_to_send_them(state, kinds) -> None:
    _, details = details_of(state(Scene()))

    assert [each["@type"].rpartition(".")[2] for each in details] == kinds


def test_a_detail_names_a_bad_token_and_says_nothing_of_what_is_too_large() -> None:
    large, bad = ({"data": {"a": "x" * 4097}}, {"token": "x"})

    _, of_large = details_of(Scene().push(**large))
    _, of_bad = details_of(Scene().push(**bad))

    assert list(of_large[0]) == ["@type"]
    assert [each["field"] for each in of_bad[1]["fieldViolations"]] == ["message.token"]


def test_messages_to_topics_may_have_the_smaller_bound_of_older_pages() -> None:
    scene = Scene(settings={"fcm_topic_payload_max": 2048})
    targets = ({"topic": "news"}, {"condition": "'news' in topics"}, {"token": scene.token})

    statuses = [
        [scene.sender.send(target | {"data": {"a": "x" * size}}).status for size in (2047, 2048)]
        for target in targets
    ]

    assert statuses == [[200, 400], [200, 400], [200, 200]]


def test_the_table_has_every_documented_error_and_faults_bring_about_internal_ones_alone() -> None:
    by_fault = {each[4] for each in BY_FAULT}

    assert by_fault == {"INTERNAL", "UNAVAILABLE", "UNSPECIFIED_ERROR"}
    assert {each[4] for each in SENDS} - {None} == ERROR_CODES


def test_a_quota_says_which_one_it_is() -> None:
    subjects = []
    for state in (a_quota(project_per_minute=1), a_quota(device_per_hour=1), too_many_fan_outs):
        _, details = details_of(state(Scene()))
        subjects += [each["violations"][0]["subject"] for each in details if "violations" in each]

    assert subjects == [f"project:{PROJECT}", "device", "topic:news"]


def test_a_quota_says_when_to_come_again() -> None:
    project = a_quota(project_per_minute=1)(Scene())
    hour = a_quota(device_per_hour=1)(Scene())
    collapsible = a_quota(collapsible_burst=1)(Scene())

    waits = [answer.header("retry-after") for answer in (project, hour, collapsible)]
    assert waits == ["60", "3600", "180"]


# --- what APNs said --------------------------------------------------------------------------


class Phone(Scene):
    """An iPhone with the Firebase SDK, and the server that sends to it by FCM."""

    def __init__(self) -> None:
        super().__init__(
            settings={
                "apns_never_reported": 0.0,
                "apns_feedback_min_days": 1,
                "apns_feedback_max_days": 1,
            }
        )
        self.phone = self.lab.device("ios", name="phone")
        self.phone.register_fcm()
        self.known = self.phone.fcm_token

    def send(self, **apns: Any) -> Answer:
        """Send a notification with what is for Apple's devices alone."""
        return self.sender.send({"token": self.known, "notification": PUSH, "apns": apns})


def dead_at_apns(phone: Phone) -> Answer:
    phone.phone.uninstall()
    phone.send()
    phone.lab.advance(days=2)
    return phone.send()


def rotated_at_apns(phone: Phone) -> Answer:
    phone.phone.rotate_token()
    phone.send()
    phone.lab.advance(days=2)
    return phone.send()


def an_ended_activity(phone: Phone) -> Answer:
    phone.phone.start_live_activity("Ride", {})
    token = phone.phone.live_activities[0].token
    phone.phone.end_live_activity()
    return phone.send(live_activity_token=token)


def another_topic(phone: Phone) -> Answer:
    phone.lab.apns.bind(topic="com.example.shop")
    return phone.send(headers={"apns-topic": "com.example.other"})


def no_key(phone: Phone) -> Answer:
    phone.lab.fcm.remove_key(PROJECT)
    return phone.send()


def too_many_to_one(phone: Phone) -> Answer:
    phone.lab.change_settings(apns_requests_per_minute=1)
    phone.send()
    return phone.send()


def broken(status: int) -> Callable[[Phone], Answer]:
    def send(phone: Phone) -> Answer:
        phone.lab.fault("apns", status=status)
        return phone.send()

    return send


QUOTED: list[tuple[Any, int, str, tuple[int, str]]] = [
    (dead_at_apns, 404, "UNREGISTERED", (410, "Unregistered")),
    (rotated_at_apns, 404, "UNREGISTERED", (410, "Unregistered")),
    (an_ended_activity, 404, "UNREGISTERED", (410, "ExpiredToken")),
    (
        lambda phone: phone.send(payload={"big": "x" * 4096}),
        400,
        BAD,
        (413, "PayloadTooLarge"),
    ),
    (
        lambda phone: phone.send(headers={"apns-priority": "7"}),
        400,
        BAD,
        (400, "BadPriority"),
    ),
    (
        lambda phone: phone.send(headers={"apns-push-type": "loud"}),
        400,
        BAD,
        (400, "InvalidPushType"),
    ),
    (
        lambda phone: phone.send(live_activity_token="ab" * 32),
        400,
        BAD,
        (400, "BadDeviceToken"),
    ),
    (another_topic, 400, BAD, (400, "DeviceTokenNotForTopic")),
    (no_key, 401, "THIRD_PARTY_AUTH_ERROR", (403, "InvalidProviderToken")),
    (too_many_to_one, 429, "QUOTA_EXCEEDED", (429, "TooManyRequests")),
    (broken(500), 500, "INTERNAL", (500, "InternalServerError")),
    (broken(503), 503, "UNAVAILABLE", (503, "ServiceUnavailable")),
]


@pytest.mark.parametrize(("state", "status", "code", "quoted"), QUOTED)
def test_what_apns_said_is_quoted_beside_fcms_own_word(state, status, code, quoted) -> None:
    answer = state(Phone())

    _, details = details_of(answer)
    codes = [each["errorCode"] for each in details if each["@type"] == FCM_ERROR]
    told = [(each["statusCode"], each["reason"]) for each in details if each["@type"] == APNS_ERROR]
    assert (answer.status, codes, told) == (status, [code], [quoted])


def test_an_outage_of_fcm_strikes_before_anything_is_handed_over() -> None:
    phone = Phone()
    phone.lab.outage("fcm")

    answer = phone.send()
    phone.lab.run_until_idle()

    _, details = details_of(answer)
    assert (answer.status, [each["@type"] for each in details]) == (503, [FCM_ERROR])
    assert not phone.phone.tray
    assert len(phone.lab.trace.find(["FaultStruck"])) == 1


# --- OAuth -----------------------------------------------------------------------------------


def strict(scene: Scene) -> Answer:
    del scene
    return Scene(strict_keys=True).exchange()


def strict_refresh(scene: Scene) -> Answer:
    del scene
    body = "grant_type=refresh_token&refresh_token=1//x&client_id=nobody"
    return Scene(strict_keys=True).exchange(body)


def forged(scene: Scene) -> Answer:
    scene.lab.fcm.add_account(EMAIL, public_key=PUBLIC)
    assertion = scene.assertion().rpartition(".")[0] + "." + encode(bytes(256))
    return scene.exchange(f"grant_type={GRANT}&assertion={assertion}")


def switched_off(scene: Scene) -> Answer:
    scene.lab.fcm.disable_account(EMAIL)
    return scene.exchange()


OAUTH: list[tuple[Any, int, str, str]] = [
    (
        lambda scene: scene.exchange(iat=NOW_S - 9_000, exp=NOW_S - 5_400),
        400,
        "invalid_grant",
        "short-lived token",
    ),
    (lambda scene: scene.exchange(exp=NOW_S + 7_200), 400, "invalid_grant", "short-lived token"),
    (lambda scene: scene.exchange(iat="now"), 400, "invalid_grant", "short-lived token"),
    (
        lambda scene: scene.exchange(aud="https://example.com"),
        400,
        "invalid_grant",
        "Failed audience check",
    ),
    (lambda scene: scene.exchange(iss=None), 400, "invalid_grant", "iss field missing"),
    (forged, 400, "invalid_grant", "Invalid JWT Signature."),
    (strict, 400, "invalid_grant", "Invalid grant: account not found"),
    (
        lambda scene: scene.exchange(f"grant_type={GRANT}&assertion=nonsense"),
        400,
        "invalid_grant",
        "Bad Request",
    ),
    (
        lambda scene: scene.exchange(f"grant_type={GRANT}&assertion=e30.e30.e30"),
        400,
        "invalid_grant",
        "Bad Request",
    ),
    (lambda scene: scene.exchange(scope="all"), 400, "invalid_scope", "Invalid OAuth scope"),
    (lambda scene: scene.exchange(scope=None), 400, "invalid_scope", "Invalid OAuth scope"),
    (switched_off, 401, "unauthorized_client", "Unauthorized client"),
    (strict_refresh, 401, "invalid_client", "The OAuth client was not found."),
    (
        lambda scene: scene.exchange("grant_type=refresh_token"),
        400,
        "invalid_request",
        "Missing required parameter",
    ),
    (lambda scene: scene.exchange(""), 400, "unsupported_grant_type", "grant_type not found"),
    (
        lambda scene: scene.exchange("grant_type=password"),
        400,
        "unsupported_grant_type",
        "Invalid grant_type: password",
    ),
]


@pytest.mark.parametrize(("state", "status", "error", "words"), OAUTH)
def test_every_error_of_an_exchange_has_its_state(state, status, error, words) -> None:
    answer = state(Scene())

    body = answer.json()
    assert isinstance(body, dict)
    assert (answer.status, body["error"]) == (status, error)
    assert words in body["error_description"]


def test_the_table_has_every_documented_error_of_an_exchange() -> None:
    assert {each[2] for each in OAUTH} == OAUTH_ERRORS


# --- topics, over both APIs ------------------------------------------------------------------


def word_of(answer: Answer) -> str:
    """Return the word of the only result of a batch."""
    body = answer.json()
    assert isinstance(body, dict)
    assert answer.status == 200
    [result] = body["results"]
    return str(result["error"])


def add(scene: Scene, token: str | None = None, **options: Any) -> Answer:
    """Subscribe one token by a batch."""
    body = {"to": "/topics/news", "registration_tokens": [token or scene.token]}
    return iid(scene, "v1:batchAdd", body, **options)


def dead_in_a_batch(scene: Scene) -> Answer:
    token = scene.token
    scene.phone.clear_data()
    return add(scene, token)


def of_another_project(scene: Scene) -> Answer:
    FcmSender(scene.lab, "other-project").send({"token": scene.token})
    return add(scene, authorization=scene.bearer())


def full_of_topics(scene: Scene) -> Answer:
    for number in range(2_000):
        scene.lab.services.fcm.topics.subscribe(f"topic-{number}", 0, 0)
    return add(scene)


def too_many_changes(scene: Scene) -> Answer:
    scene.lab.change_settings(fcm_quotas=True)
    scene.lab.services.fcm.quotas.limits = Limits(topic_changes_per_second=1)
    add(scene)
    return add(scene)


def broken_batch(status: int) -> Callable[[Scene], Answer]:
    def ask(scene: Scene) -> Answer:
        scene.lab.fault("fcm", status=status)
        return add(scene)

    return ask


WORDS_BY_STATE = {
    "INVALID_ARGUMENT": lambda scene: add(scene, "no token"),
    "NOT_FOUND": dead_in_a_batch,
    "PERMISSION_DENIED": of_another_project,
    "RESOURCE_EXHAUSTED": too_many_changes,
    "TOO_MANY_TOPICS": full_of_topics,
}
WORDS_BY_FAULT = {"INTERNAL": broken_batch(500), "UNAVAILABLE": broken_batch(503)}
WORDS = WORDS_BY_STATE | WORDS_BY_FAULT


@pytest.mark.parametrize("word", WORDS)
def test_every_word_in_a_batchs_results_has_its_state(word: str) -> None:
    assert word_of(WORDS[word](Scene())) == word


def test_the_table_has_every_word_of_a_batch() -> None:
    assert set(WORDS) == IID_WORDS


def v1_full(scene: Scene) -> Answer:
    full_of_topics(scene)
    return subscriptions(scene, "POST", "?topic_name=news")


def v1_too_fast(scene: Scene) -> Answer:
    scene.lab.change_settings(fcm_quotas=True)
    scene.lab.services.fcm.quotas.limits = Limits(topic_changes_per_second=1)
    subscriptions(scene, "POST", "?topic_name=sport")
    return subscriptions(scene, "POST", "?topic_name=news")


def v1_twice(scene: Scene) -> Answer:
    subscriptions(scene, "POST", "?topic_name=news")
    return subscriptions(scene, "POST", "?topic_name=news")


def v1_of_another(scene: Scene) -> Answer:
    subscriptions(scene, "POST", "?topic_name=news")
    path = f"registrations/{scene.token}/topicSubscriptions?topic_name=news"
    return FcmSender(scene.lab, "other-project").call("POST", path)


def v1_dead(scene: Scene) -> Answer:
    path = f"registrations/{scene.token}/topicSubscriptions?topic_name=news"
    scene.phone.clear_data()
    return scene.sender.call("POST", path)


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        (lambda scene: subscriptions(scene, "POST", "?topic_name=a%20b"), 400, BAD),
        (lambda scene: subscriptions(scene, "GET", "?page_size=few"), 400, BAD),
        (
            lambda scene: scene.sender.call(
                "POST", "registrations/x/topicSubscriptions?topic_name=news"
            ),
            400,
            BAD,
        ),
        (v1_of_another, 403, DENIED),
        (v1_dead, 404, GONE),
        (lambda scene: subscriptions(scene, "GET", "/news"), 404, GONE),
        (lambda scene: subscriptions(scene, "DELETE", "/news"), 404, GONE),
        (lambda scene: subscriptions(scene, "PATCH", "/news"), 404, GONE),
        (v1_twice, 409, "ALREADY_EXISTS"),
        (v1_full, 429, FULL),
        (v1_too_fast, 429, FULL),
    ],
)
def test_every_error_of_a_topic_subscription_has_its_state(state, status, word) -> None:
    answer = state(Scene())

    error, _ = details_of(answer)
    assert (answer.status, error["status"]) == (status, word)
