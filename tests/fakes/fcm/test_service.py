"""Goal: every error of FCM and of what stands before it comes about by a state of the world."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.exchange import Peer, Request
from pushlab_fakes.fcm.errors import FCM_ERROR
from pushlab_fakes.fcm.quotas import Limits
from pushlab_testing.pushing import PROJECT, FcmSender, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.devices.device import Device
    from pushlab_fakes.exchange import Answer

NOW_S = 1_767_225_600
"""Where a lab begins."""
EMAIL = f"sender@{PROJECT}.iam.gserviceaccount.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
PAIR = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PUBLIC = (
    PAIR.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
PUSH = {"title": "Welcome", "body": "Hello"}


class Scene:
    """A phone with the app, and the server that sends to it."""

    def __init__(self, **options: Any) -> None:
        self.lab = Lab(**options)
        self.phone: Any = self.lab.device("android", external_id="alice")
        self.sender = FcmSender(self.lab)

    @property
    def token(self) -> str:
        token = self.phone.token
        assert isinstance(token, str)
        return token

    def push(self, **fields: Any) -> Answer:
        return self.sender.send({"token": self.token, "notification": PUSH, **fields})

    def assertion(self, **changes: Any) -> str:
        now_s = self.lab.now // 1000
        right = {
            "iss": EMAIL,
            "scope": SCOPE,
            "aud": TOKEN_URL,
            "iat": now_s,
            "exp": now_s + 3_600,
        }
        claims = {name: value for name, value in (right | changes).items() if value is not None}
        head = {"alg": "RS256", "typ": "JWT", "kid": "a1"}
        signed = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
        signature = PAIR.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encode(signature)}"

    def exchange(self, body: str | None = None, **changes: Any) -> Answer:
        body = (
            body
            if body is not None
            else f"grant_type={GRANT}&assertion={self.assertion(**changes)}"
        )
        return self.lab.handle(Request.build("POST", TOKEN_URL, body=body.encode()))

    def bearer(self, **changes: Any) -> str:
        answer = self.exchange(**changes).json()
        assert isinstance(answer, dict)
        return f"Bearer {answer['access_token']}"


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


TABLE: list[tuple[Callable[[Scene], Answer], int, str, str | None, str | None]] = [
    # the state, HTTP status, canonical word, FCM's word, reason of ErrorInfo
    (lambda scene: scene.push(token="x"), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
    (lambda s: s.push(data={"from": "x"}), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
    (lambda s: s.push(data={"google.x": ""}), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
    (lambda s: s.push(data={"a": "x" * 4097}), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
    (
        lambda scene: scene.push(android={"ttl": "2419201s"}),
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        None,
    ),
    (another_package, 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
    (lambda scene: scene.push(nonsense=1), 400, "INVALID_ARGUMENT", None, None),
    (lambda scene: scene.push(data={"a": 1}), 400, "INVALID_ARGUMENT", None, None),
    (a_fault(401), 401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", None),
    (an_expired_bearer, 401, "UNAUTHENTICATED", None, "ACCESS_TOKEN_EXPIRED"),
    (bad_bearer, 401, "UNAUTHENTICATED", None, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    (a_disabled_account, 401, "UNAUTHENTICATED", None, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    (
        lambda scene: scene.sender.call("POST", "messages:send", {}, authorization=None),
        401,
        "UNAUTHENTICATED",
        None,
        "CREDENTIALS_MISSING",
    ),
    (another_sender, 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", None),
    (a_disabled_api, 403, "PERMISSION_DENIED", None, "SERVICE_DISABLED"),
    (a_revoked_role, 403, "PERMISSION_DENIED", None, "IAM_PERMISSION_DENIED"),
    (
        a_bearer_for_something_else,
        403,
        "PERMISSION_DENIED",
        None,
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    ),
    (a_dead_token, 404, "NOT_FOUND", "UNREGISTERED", None),
    (a_stale_token, 404, "NOT_FOUND", "UNREGISTERED", None),
    (an_uninstalled_app, 404, "NOT_FOUND", "UNREGISTERED", None),
    (an_unknown_project, 404, "NOT_FOUND", None, None),
    (a_quota(project_per_minute=1), 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", None),
    (a_quota(device_per_minute=1), 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", None),
    (a_quota(device_per_hour=1), 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", None),
    (a_quota(collapsible_burst=1), 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", None),
    (a_fault(429, retry_after_s=9), 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", None),
    (a_fault(500), 500, "INTERNAL", "INTERNAL", None),
    (a_fault(503), 503, "UNAVAILABLE", "UNAVAILABLE", None),
    (a_fault(503, reason="UNSPECIFIED_ERROR"), 503, "UNAVAILABLE", "UNSPECIFIED_ERROR", None),
]


@pytest.mark.parametrize(("state", "status", "word", "code", "reason"), TABLE)
def test_every_error_has_its_state(state, status, word, code, reason) -> None:
    answer = state(Scene())

    body = answer.json()
    assert isinstance(body, dict)
    error = body["error"]
    details = error.get("details", [])
    codes = [each["errorCode"] for each in details if each["@type"] == FCM_ERROR]
    reasons = [each["reason"] for each in details if "reason" in each]
    assert (answer.status, error["code"], error["status"]) == (status, status, word)
    assert codes == ([] if code is None else [code])
    assert reasons == ([] if reason is None else [reason])
    assert answer.body.startswith(b'{\n  "error": {\n    "code": ')


def test_a_quota_says_when_to_come_again() -> None:
    project = a_quota(project_per_minute=1)(Scene())
    hour = a_quota(device_per_hour=1)(Scene())
    collapsible = a_quota(collapsible_burst=1)(Scene())

    waits = [answer.header("retry-after") for answer in (project, hour, collapsible)]
    assert waits == ["60", "3600", "180"]


def test_quotas_are_off_unless_asked_for() -> None:
    scene = Scene()

    assert {scene.push().status for _ in range(300)} == {200}


def test_messages_that_are_not_stored_are_not_throttled_for_collapsing() -> None:
    scene = Scene()
    scene.lab.change_settings(fcm_quotas=True)

    statuses = {scene.push(android={"ttl": "0s"}).status for _ in range(30)}

    assert statuses == {200}


# --- sending ---------------------------------------------------------------------------------


def test_a_dry_run_names_no_message_and_finds_dead_tokens() -> None:
    scene = Scene()

    answer = scene.sender.send({"token": scene.token}, validate_only=True)
    message = {"token": scene.token}
    scene.phone.clear_data()
    dead = scene.sender.send(message, validate_only=True)
    topic = scene.sender.send({"topic": "news"}, validate_only=True)

    name = f"projects/{PROJECT}/messages/fake_message_id"
    assert (answer.json(), topic.json()) == ({"name": name}, {"name": name})
    assert dead.status == 404


def test_a_data_message_reaches_the_app_and_shows_nothing() -> None:
    scene = Scene()

    scene.sender.send({"token": scene.token, "data": {"sku": "7"}})
    scene.lab.advance(minutes=1)

    assert len(scene.phone.tray) == 0
    assert any("nothing to show" in line for line in scene.lab.trace.lines())


def test_notifications_without_a_collapse_key_wait_under_the_package() -> None:
    scene = Scene()
    scene.phone.go_offline()

    for title in ("One", "Two"):
        scene.push(notification={"title": title})
    scene.push(notification={"title": "Three"}, android={"collapse_key": "offers"})
    scene.phone.go_online()
    scene.lab.advance(minutes=1)

    assert sorted(shown.title for shown in scene.phone.tray) == ["Three", "Two"]


def test_messages_to_a_phone_that_is_online_do_not_replace_each_other() -> None:
    scene = Scene()

    for title in ("One", "Two"):
        scene.push(notification={"title": title})
    scene.lab.advance(minutes=1)

    assert sorted(shown.title for shown in scene.phone.tray) == ["One", "Two"]


@pytest.mark.parametrize(("ttl", "count"), [("0s", 0), ("0.5s", 0), ("60s", 0), ("7200s", 1)])
def test_a_message_waits_for_as_long_as_it_lives(ttl: str, count: int) -> None:
    scene = Scene()
    scene.phone.go_offline()

    scene.push(android={"ttl": ttl})
    scene.lab.advance(hours=1)
    scene.phone.go_online()
    scene.lab.advance(minutes=1)

    assert len(scene.phone.tray) == count


# --- oauth -----------------------------------------------------------------------------------


def test_an_assertion_becomes_an_access_token() -> None:
    scene = Scene()

    answer = scene.exchange()

    body = answer.json()
    assert isinstance(body, dict)
    assert answer.status == 200
    assert body["access_token"].startswith("ya29.")
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3_599)
    message = {"message": {"token": scene.token, "notification": PUSH}}
    bearer = f"Bearer {body['access_token']}"
    sent = scene.sender.call("POST", "messages:send", message, authorization=bearer)
    assert sent.status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "words"),
    [
        ({"iat": NOW_S - 9_000, "exp": NOW_S - 5_400}, 400, "invalid_grant", "short-lived token"),
        ({"exp": NOW_S + 7_200}, 400, "invalid_grant", "short-lived token"),
        ({"iat": "now"}, 400, "invalid_grant", "short-lived token"),
        ({"aud": "https://example.com"}, 400, "invalid_grant", "Failed audience check"),
        ({"iss": None}, 400, "invalid_grant", "iss field missing"),
        ({"scope": "everything"}, 400, "invalid_scope", "Invalid OAuth scope"),
        ({"scope": None}, 400, "invalid_scope", "Invalid OAuth scope"),
    ],
)
def test_claims_that_are_wrong_are_refused(changes, status, error, words) -> None:
    answer = Scene().exchange(**changes)

    body = answer.json()
    assert isinstance(body, dict)
    assert (answer.status, body["error"]) == (status, error)
    assert words in body["error_description"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "unsupported_grant_type"),
        ("grant_type=password", "unsupported_grant_type"),
        (f"grant_type={GRANT}&assertion=nonsense", "invalid_grant"),
        (f"grant_type={GRANT}&assertion=e30.e30.e30", "invalid_grant"),
        ("grant_type=refresh_token", "invalid_request"),
    ],
)
def test_what_is_no_exchange_is_refused(body: str, error: str) -> None:
    answer = Scene().exchange(body).json()

    assert isinstance(answer, dict)
    assert answer["error"] == error


def test_a_users_refresh_token_is_taken() -> None:
    assert Scene().exchange("grant_type=refresh_token&refresh_token=1//x").status == 200


def test_a_signature_is_checked_where_the_key_is_known() -> None:
    scene = Scene()
    scene.lab.fcm.add_account(EMAIL, public_key=PUBLIC)
    forged = scene.assertion().rpartition(".")[0] + "." + encode(bytes(256))

    right = scene.exchange()
    wrong = scene.exchange(f"grant_type={GRANT}&assertion={forged}").json()

    assert right.status == 200
    assert wrong == {
        "error": "invalid_grant",
        "error_description": "Invalid JWT Signature.",
    }


def test_strict_keys_know_no_account_that_was_not_added() -> None:
    answer = Scene(strict_keys=True).exchange()

    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "Invalid grant: account not found",
    }


def test_strict_keys_take_no_access_token_from_elsewhere() -> None:
    assert Scene(strict_keys=True).push().status == 401


def test_a_disabled_account_gets_no_token() -> None:
    scene = Scene()
    scene.lab.fcm.disable_account(EMAIL)

    answer = scene.exchange()

    body = answer.json()
    assert isinstance(body, dict)
    assert (answer.status, body["error"]) == (401, "unauthorized_client")


def test_a_client_may_stamp_with_the_machines_own_clock() -> None:
    scene = Scene()
    real_s = NOW_S + 20_000_000
    body = f"grant_type={GRANT}&assertion={scene.assertion(iat=real_s, exp=real_s + 3_600)}"
    request = Request.build("POST", TOKEN_URL, body=body.encode())
    peer = Peer(1, real_at=real_s * 1000)

    refused = scene.lab.handle(request)
    taken = scene.lab.handle(
        Request("POST", request.host, "/token", "", request.headers, request.body, peer)
    )

    assert (refused.status, taken.status) == (400, 200)


# --- topics ----------------------------------------------------------------------------------


def subscriptions(scene: Scene, method: str, rest: str = "", **options: Any) -> Answer:
    path = f"registrations/{scene.token}/topicSubscriptions{rest}"
    return scene.sender.call(method, path, **options)


def test_a_topic_subscription_is_made_read_listed_and_removed() -> None:
    scene = Scene()

    made = subscriptions(scene, "POST", "?topic_name=news")
    again = subscriptions(scene, "POST", "?topic_name=news")
    patched = subscriptions(scene, "PATCH", "/news?allowMissing=true")
    read = subscriptions(scene, "GET", "/news")
    listed = subscriptions(scene, "GET").json()
    removed = subscriptions(scene, "DELETE", "/news")
    missing = subscriptions(scene, "DELETE", "/news")
    allowed = subscriptions(scene, "DELETE", "/news?allow_missing=true")

    answers = (made, again, patched, read, removed, missing, allowed)
    assert [answer.status for answer in answers] == [200, 409, 200, 200, 200, 404, 200]
    shown = made.json()
    assert isinstance(shown, dict)
    assert (shown["topic_name"], shown["create_time"]) == ("news", "2026-01-01T00:00:00.000Z")
    assert listed == {"topic_subscriptions": [shown]}
    assert subscriptions(scene, "GET", "/news").status == 404


def test_topics_of_dead_or_foreign_tokens_are_refused() -> None:
    scene = Scene()
    subscriptions(scene, "POST", "?topic_name=news")
    path = f"registrations/{scene.token}/topicSubscriptions?topic_name=news"

    foreign = FcmSender(scene.lab, "other-project").call("POST", path)
    malformed = scene.sender.call("POST", "registrations/x/topicSubscriptions?topic_name=news")
    misnamed = subscriptions(scene, "POST", "?topic_name=a%20topic")
    scene.phone.clear_data()
    dead = scene.sender.call("POST", path)

    statuses = [answer.status for answer in (foreign, malformed, misnamed, dead)]
    assert statuses == [403, 400, 400, 404]


def test_an_app_has_at_most_2000_topics() -> None:
    scene = Scene()
    for number in range(2_000):
        scene.lab.services.fcm.topics.subscribe(f"topic-{number}", 0, 0)

    v1 = subscriptions(scene, "POST", "?topic_name=news")
    old = iid(scene, "batchAdd", [scene.token])

    assert v1.status == 429
    assert old.json() == {"results": [{"error": "TOO_MANY_TOPICS"}]}


def iid(scene: Scene, call: str, tokens: list[str], to: str = "/topics/news") -> Answer:
    body = {"to": to, "registration_tokens": tokens}
    headers = {"authorization": "Bearer ya29.made-up", "access_token_auth": "true"}
    url = f"https://iid.googleapis.com/iid/v1:{call}"
    return scene.lab.handle(Request.build("POST", url, json=body, headers=headers))


def test_the_older_api_answers_for_each_token() -> None:
    scene = Scene()
    bob = scene.lab.device("android", external_id="bob")
    dead = bob.token
    assert dead is not None
    bob.clear_data()

    answer = iid(scene, "batchAdd", [scene.token, dead, "no-token"])

    results: list[dict[str, str]] = [{}, {"error": "NOT_FOUND"}, {"error": "INVALID_ARGUMENT"}]
    assert answer.json() == {"results": results}
    assert scene.lab.fcm.topics_of(scene.phone) == ["news"]
    assert iid(scene, "batchRemove", [scene.token]).json() == {"results": [{}]}
    assert scene.lab.fcm.topics_of(scene.phone) == []


@pytest.mark.parametrize(
    ("tokens", "to", "error"),
    [
        ([], "/topics/news", "MissingRegistrationTokens"),
        (["x"] * 1_001, "/topics/news", "TooManyTokens"),
        (["x"], "/topics/a topic", "InvalidTopicName"),
    ],
)
def test_the_older_api_refuses_a_whole_call_with_one_word(tokens, to, error) -> None:
    answer = iid(Scene(), "batchAdd", tokens, to)

    assert (answer.status, answer.json()) == (400, {"error": error})


def test_the_older_api_tells_of_a_token() -> None:
    scene = Scene()
    scene.lab.fcm.subscribe(scene.phone, "news")
    headers = {"authorization": "Bearer ya29.made-up"}
    url = f"https://iid.googleapis.com/iid/info/{scene.token}?details=true"

    answer = scene.lab.handle(Request.build("GET", url, headers=headers)).json()
    unknown = scene.lab.handle(
        Request.build("GET", "https://iid.googleapis.com/iid/info/x", headers=headers)
    )
    stranger = scene.lab.handle(Request.build("GET", url))

    assert isinstance(answer, dict)
    assert answer["rel"] == {"topics": {"news": {"addDate": "2026-01-01"}}}
    assert (unknown.status, stranger.status) == (400, 401)


def test_a_topic_message_is_answered_at_once_and_reaches_who_is_left() -> None:
    scene = Scene()
    bob = scene.lab.device("android", external_id="bob")
    for phone in (scene.phone, bob):
        scene.lab.fcm.subscribe(phone, "news")
    scene.lab.fcm.unsubscribe(bob, "news")

    answer = scene.sender.send({"topic": "news", "notification": PUSH})
    nobody = scene.sender.send({"topic": "nothing", "notification": PUSH})
    scene.lab.advance(minutes=1)

    body = answer.json()
    assert isinstance(body, dict)
    assert body["name"].rpartition("/")[2].isdigit()
    assert nobody.status == 200
    assert (len(scene.phone.tray), len(bob.tray)) == (1, 0)


def test_the_topics_of_another_project_are_not_reached() -> None:
    scene = Scene()
    scene.push()
    scene.lab.fcm.subscribe(scene.phone, "news")

    FcmSender(scene.lab, "other-project").send({"topic": "news", "notification": PUSH})
    scene.lab.advance(minutes=1)

    assert len(scene.phone.tray) == 1


def test_only_a_phone_with_a_token_of_fcm_subscribes() -> None:
    scene = Scene()
    ios: Device = scene.lab.device("ios")

    for device, topic in ((ios, "news"), ("nobody", "news"), (scene.phone, "a topic")):
        with pytest.raises(MisuseError):
            scene.lab.fcm.subscribe(device, topic)


# --- what is gone, and what stands beside ----------------------------------------------------


@pytest.mark.parametrize("path", ["/batch", "/fcm/send", "/v2/nothing"])
def test_what_google_has_shut_down_answers_with_a_page(path: str) -> None:
    request = Request.build("POST", f"https://fcm.googleapis.com{path}", json={})

    answer = Lab().handle(request)

    assert answer.status == 404
    assert str(answer.header("content-type")).startswith("text/html")
    assert b"Error 404 (Not Found)!!1" in answer.body


def test_boundaries_of_an_account_are_not_known_and_leave_no_entry() -> None:
    lab = Lab()
    path = f"/v1/projects/-/serviceAccounts/{EMAIL}/allowedLocations"

    answer = lab.handle(Request.build("GET", f"https://iamcredentials.googleapis.com{path}"))

    assert answer.status == 404
    assert lab.trace.count == 0


def test_on_loopback_the_path_tells_fcm_from_web_push() -> None:
    lab = Lab()
    urls = ["/v1/projects/shop/messages:send", "/token", "/fcm/send", "/fcm/send/abc", "/wp/abc"]

    found = [
        lab.services.directory.find(Request.build("POST", f"http://127.0.0.1{url}")) for url in urls
    ]

    assert [place.name for place in found] == ["fcm", "fcm", "fcm", "webpush", "webpush"]


def test_the_trace_holds_no_assertion_and_no_access_token() -> None:
    scene = Scene()
    bearer = scene.bearer()
    message = {"message": {"token": scene.token}}
    scene.sender.call("POST", "messages:send", message, authorization=bearer)

    text = "\n".join(scene.lab.trace.lines())

    assert "assertion" not in text
    assert bearer.partition(" ")[2] not in text
