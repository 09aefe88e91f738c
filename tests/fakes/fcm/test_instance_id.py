"""Goal: older SDKs and scripts get from the Instance ID API what they are used to."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab_testing.fcm_scene import EMAIL, PUSH, Scene, iid
from pushlab_testing.pushing import PROJECT, FcmSender

LEGACY = {"authorization": "key=AAAA", "access_token_auth": None}


def batch(scene: Scene, call: str, tokens: list[Any], to: str = "/topics/news") -> Any:
    return iid(scene, f"v1:{call}", {"to": to, "registration_tokens": tokens})


def an_import(scene: Scene, **changes: Any) -> Any:
    body = {"application": "com.example.shop", "sandbox": False, "apns_tokens": [], **changes}
    return iid(scene, "v1:batchImport", body)


# --- topics ----------------------------------------------------------------------------------


def test_a_batch_answers_for_each_token_in_its_order() -> None:
    scene = Scene()
    bob = scene.lab.device("android", external_id="bob")
    dead = bob.token
    bob.clear_data()

    answer = batch(scene, "batchAdd", [scene.token, dead, "no-token", 7])

    assert answer.json() == {
        "results": [
            {},
            {"error": "NOT_FOUND"},
            {"error": "INVALID_ARGUMENT"},
            {"error": "INVALID_ARGUMENT"},
        ]
    }
    assert scene.lab.fcm.topics_of(scene.phone) == ["news"]
    assert batch(scene, "batchRemove", [scene.token]).json() == {"results": [{}]}
    assert scene.lab.fcm.topics_of(scene.phone) == []


@pytest.mark.parametrize(
    ("tokens", "to", "error"),
    [
        ([], "/topics/news", "MissingRegistrationTokens"),
        ("x", "/topics/news", "MissingRegistrationTokens"),
        (["x"] * 1_001, "/topics/news", "TooManyTokens"),
        (["x"], "/topics/a topic", "InvalidTopicName"),
        (["x"], 7, "InvalidTopicName"),
    ],
)
def test_a_whole_batch_is_refused_with_one_word(tokens: Any, to: Any, error: str) -> None:
    answer = batch(Scene(), "batchAdd", tokens, to)

    assert (answer.status, answer.json()) == (400, {"error": error})


def test_a_token_joins_and_leaves_a_topic_by_itself() -> None:
    scene = Scene()
    path = f"v1/{scene.token}/rel/topics/news"

    joined = iid(scene, path)
    topics = scene.lab.fcm.topics_of(scene.phone)
    left = iid(scene, path, method="DELETE")

    assert (joined.status, joined.json(), topics) == (200, {}, ["news"])
    assert (left.status, scene.lab.fcm.topics_of(scene.phone)) == (200, [])


def a_foreign_bearer(scene: Scene) -> dict[str, str]:
    FcmSender(scene.lab, "other-project").send({"token": scene.token})
    return {"authorization": scene.bearer()}


@pytest.mark.parametrize(
    ("topic", "token", "status", "word"),
    [
        ("a topic", None, 400, "InvalidTopicName"),
        ("news", "no-token", 400, "INVALID_ARGUMENT"),
        ("news", "dead", 404, "NOT_FOUND"),
        ("news", "foreign", 403, "PERMISSION_DENIED"),
    ],
)
def test_a_token_by_itself_is_refused_with_a_status(
    topic: str, token: str | None, status: int, word: str
) -> None:
    scene = Scene()
    held = scene.token if token in {None, "dead", "foreign"} else token
    options = a_foreign_bearer(scene) if token == "foreign" else {}
    if token == "dead":
        scene.phone.clear_data()

    answer = iid(scene, f"v1/{held}/rel/topics/{topic}", **options)

    assert (answer.status, answer.json()) == (status, {"error": word})


# --- what a token is -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "word"), [("android", "ANDROID"), ("ios", "IOS"), ("web", "CHROME")]
)
def test_a_token_is_told_with_its_platform_and_its_topics(platform: str, word: str) -> None:
    scene = Scene()
    device = scene.lab.device(platform, name="it")
    if platform != "android":
        device.register_fcm()
    scene.sender.send({"token": device.fcm_token})
    scene.lab.fcm.subscribe(device, "news")

    brief = iid(scene, f"info/{device.fcm_token}", method="GET").json()
    whole = iid(scene, f"info/{device.fcm_token}?details=true", method="GET").json()

    told = {
        "application": "test.pushlab.app0",
        "authorizedEntity": PROJECT,
        "platform": word,
    }
    assert brief == told
    assert whole == {**told, "rel": {"topics": {"news": {"addDate": "2026-01-01"}}}}


def test_what_is_no_token_or_a_dead_or_a_foreign_one_is_not_told() -> None:
    scene = Scene()
    path = f"info/{scene.token}"

    unknown = iid(scene, "info/x", method="GET")
    foreign = iid(scene, path, method="GET", **a_foreign_bearer(scene))
    scene.phone.clear_data()
    dead = iid(scene, path, method="GET")

    assert [each.status for each in (unknown, foreign, dead)] == [400, 403, 404]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": None},
        {"access_token_auth": None},
        {"authorization": "Bearer ya29.c.pushlab-0"},
        {"authorization": "Basic eDp5"},
    ],
)
def test_without_credentials_nothing_is_told(headers: dict[str, str | None]) -> None:
    scene = Scene()

    answer = iid(scene, f"info/{scene.token}", method="GET", **headers)

    assert (answer.status, answer.json()) == (401, {"error": "Unauthorized"})


def test_the_key_of_the_legacy_form_is_taken_as_it_is_unless_keys_are_strict() -> None:
    statuses = [
        iid(scene, f"info/{scene.token}", method="GET", **LEGACY).status
        for scene in (Scene(), Scene(strict_keys=True))
    ]

    assert statuses == [200, 401]


@pytest.mark.parametrize("path", ["v1:batchAnything", "v1/x/rel/groups/y", "else"])
def test_another_path_is_nobodys(path: str) -> None:
    assert iid(Scene(), path).status == 404


def test_a_fault_of_a_whole_call_is_one_word() -> None:
    scene = Scene()
    scene.lab.fault("fcm POST /iid/v1:batchAdd", status=429, retry_after_s=7)

    answer = batch(scene, "batchAdd", [scene.token])

    assert (answer.status, answer.json()) == (429, {"error": "RESOURCE_EXHAUSTED"})
    assert answer.header("retry-after") == "7"


# --- tokens of APNs --------------------------------------------------------------------------


def test_tokens_of_apns_become_tokens_of_fcm() -> None:
    scene = Scene()
    phone, other = (scene.lab.device("ios", name=name) for name in ("one", "two"))
    shouted = str(other.token).upper()

    first = an_import(scene, apns_tokens=[phone.token, "00ff", shouted]).json()
    again = an_import(scene, apns_tokens=[phone.token]).json()
    [one, unknown, two] = first["results"]
    answer = scene.sender.send({"token": one["registration_token"], "notification": PUSH})
    scene.lab.run_until_idle()

    assert one["apns_token"] == phone.token
    assert (one["status"], two["status"]) == ("OK", "OK")
    assert unknown == {"apns_token": "00ff", "status": "Internal Server Error"}
    assert again["results"] == [one]
    assert one["registration_token"] != two["registration_token"]
    assert (answer.status, len(phone.tray), len(other.tray)) == (200, 1, 0)


def test_an_imported_token_belongs_to_the_project_that_imported_it() -> None:
    scene = Scene()
    phone = scene.lab.device("ios")
    body = {"application": "a", "sandbox": True, "apns_tokens": [phone.token]}
    told: Any = iid(scene, "v1:batchImport", body, authorization=scene.bearer()).json()
    token = told["results"][0]["registration_token"]

    other = FcmSender(scene.lab, "other-project").send({"token": token})
    own = scene.sender.send({"token": token, "notification": PUSH})

    assert EMAIL.endswith(f"@{PROJECT}.iam.gserviceaccount.com")
    assert (own.status, other.status) == (200, 403)


def test_an_imported_token_dies_with_the_token_of_apns() -> None:
    scene = Scene(
        settings={
            "apns_never_reported": 0.0,
            "apns_feedback_min_days": 1,
            "apns_feedback_max_days": 1,
        }
    )
    phone = scene.lab.device("ios")
    told: Any = an_import(scene, apns_tokens=[phone.token]).json()
    message = {"token": told["results"][0]["registration_token"], "notification": PUSH}
    phone.uninstall()
    scene.sender.send(message)
    scene.lab.advance(days=2)

    statuses = [scene.sender.send(message).status for _ in range(2)]

    assert statuses == [404, 404]
    attempts = scene.lab.trace.find(["AttemptMade"])
    assert [(entry.fields["gateway"], entry.fields["outcome"]) for entry in attempts] == [
        ("apns", "accepted"),
        ("apns", "dead"),
        ("fcm", "dead"),
    ]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"application": ""}, "MissingApplication"),
        ({"application": None}, "MissingApplication"),
        ({"sandbox": None}, "MissingSandbox"),
        ({"sandbox": "no"}, "MissingSandbox"),
        ({}, "MissingApnsTokens"),
        ({"apns_tokens": "x"}, "MissingApnsTokens"),
        ({"apns_tokens": ["x"] * 101}, "TooManyTokens"),
    ],
)
def test_an_import_that_lacks_something_is_refused(changes: dict[str, Any], word: str) -> None:
    answer = an_import(Scene(), **changes)

    assert (answer.status, answer.json()) == (400, {"error": word})


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_an_empty_one(body: bytes) -> None:
    from pushlab_fakes.exchange import Request

    scene = Scene()
    headers = {"authorization": "Bearer ya29.x", "access_token_auth": "true"}
    url = "https://iid.googleapis.com/iid/v1:batchAdd"

    answer = scene.lab.handle(Request.build("POST", url, headers=headers, body=body))

    assert (answer.status, answer.json()) == (400, {"error": "InvalidTopicName"})
