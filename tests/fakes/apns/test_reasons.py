"""Goal: a state of the world brings about every reason that Apple documents.

Method: one table for sends and one for broadcast channels, compared with the documented lists. Only
what breaks inside of APNs is planned as a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_fakes.apns.reasons import CHANNEL_REASONS, SEND_REASONS
from pushlab_fakes.exchange import Peer
from pushlab_testing.apns import (
    DEVELOPMENT,
    KEY_ID,
    TEAM,
    TOPIC,
    make_key_pem,
    public_half,
)
from pushlab_testing.apns_scene import (
    LIVE,
    QUICK_REPORT,
    SANDBOX,
    Scene,
    certificate,
    reason_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Answer

INTERNAL = ("InternalServerError", "ServiceUnavailable", "Shutdown")
"""What nobody outside of APNs can bring about."""


def ten_for_content_available(scene: Scene) -> Answer:
    payload = {"aps": {"content-available": 1}}
    return scene.push(apns_priority="10", apns_push_type=None, json=payload)


def half_a_second_over_an_hour(scene: Scene) -> Answer:
    token = scene.jwt()
    scene.lab.advance(seconds=3600.5)
    return scene.push(jwt=token)


def gone(scene: Scene) -> Answer:
    scene.phone.uninstall()
    scene.push()
    scene.lab.advance(days=2)
    return scene.push()


def long_away(scene: Scene) -> Answer:
    scene.lab.change_settings(apns_token_days=90)
    scene.phone.go_offline()
    scene.lab.advance(days=90)
    return scene.push()


def a_certificate_of_another_team(scene: Scene) -> Answer:
    scene.push()
    return scene.push(**certificate(scene, team="TEAM222222"))


def another_apps_topic(scene: Scene) -> Answer:
    scene.push()
    return scene.push(apns_topic="com.example.other")


def the_other_environment(scene: Scene) -> Answer:
    scene.push()
    return scene.push(host=SANDBOX)


def another_teams_topic(scene: Scene) -> Answer:
    scene.push()
    return scene.push(jwt=scene.jwt(key_id="KEY2222222", team="TEAM222222"))


def silent_connection(scene: Scene) -> Answer:
    scene.lab.change_settings(apns_idle_s=3600)
    scene.push(peer=Peer(1))
    scene.lab.advance(seconds=3601)
    return scene.push(peer=Peer(1))


def key_of_the_sandbox(scene: Scene) -> Answer:
    scene.lab.apns.add_key(KEY_ID, TEAM, environment="sandbox")
    return scene.push()


def another_key_on_one_connection(scene: Scene) -> Answer:
    scene.push(peer=Peer(1))
    return scene.push(peer=Peer(1), jwt=scene.jwt(key_id="KEY2222222"))


def a_token_of_another_key(scene: Scene) -> Answer:
    scene.lab.apns.add_key(KEY_ID, TEAM, public_key=public_half(make_key_pem()))
    return scene.push(jwt=scene.jwt(pem=make_key_pem("second")))


def tokens_in_quick_succession(scene: Scene) -> Answer:
    scene.push(peer=Peer(1), jwt=scene.jwt(age_s=1199))
    return scene.push(peer=Peer(1))


def revoked(scene: Scene) -> Answer:
    scene.lab.apns.revoke_key(KEY_ID)
    return scene.push()


def a_call_to_the_token_for_alerts(scene: Scene) -> Answer:
    return scene.push(apns_topic=f"{TOPIC}.voip", apns_push_type="voip")


def an_alert_to_the_token_for_calls(scene: Scene) -> Answer:
    scene.phone.register_pushes("voip")
    return scene.push(scene.phone.tokens["voip"])


def an_update_of_what_is_over(scene: Scene) -> Answer:
    scene.push()
    scene.phone.start_live_activity("Ride", {"minutes": 5})
    token = scene.phone.live_activities[0].token or ""
    scene.phone.end_live_activity()
    return scene.push(token, apns_topic=LIVE, apns_push_type="liveactivity")


def an_update_after_eight_hours(scene: Scene) -> Answer:
    scene.phone.start_live_activity("Ride", {"minutes": 5})
    token = scene.phone.live_activities[0].token or ""
    scene.lab.advance(hours=8)
    return scene.push(token, apns_topic=LIVE, apns_push_type="liveactivity")


def many_to_one_token(scene: Scene) -> Answer:
    scene.lab.change_settings(apns_requests_per_minute=2)
    return [scene.push() for _ in range(3)][-1]


def faulty(scene: Scene, status: int, reason: str | None = None) -> Answer:
    scene.lab.fault("apns", status=status, reason=reason)
    return scene.push()


STATES: list[tuple[str, str, Callable[[Scene], Answer]]] = [
    ("BadCollapseId", "65 bytes", lambda scene: scene.push(apns_collapse_id="x" * 65)),
    ("BadDeviceToken", "no hexadecimal", lambda scene: scene.push("xyz")),
    ("BadDeviceToken", "odd digits", lambda scene: scene.push("abc")),
    ("BadDeviceToken", "over 100 bytes", lambda scene: scene.push("ab" * 101)),
    ("BadDeviceToken", "never issued", lambda scene: scene.push("ab" * 32)),
    ("BadDeviceToken", "the other environment", the_other_environment),
    ("BadExpirationDate", "a word", lambda scene: scene.push(apns_expiration="soon")),
    ("BadExpirationDate", "negative", lambda scene: scene.push(apns_expiration="-1")),
    ("BadMessageId", "no UUID", lambda scene: scene.push(apns_id="1")),
    ("BadPriority", "unknown", lambda scene: scene.push(apns_priority="7")),
    (
        "BadPriority",
        "10 in the background",
        lambda scene: scene.push(apns_priority="10", apns_push_type="background"),
    ),
    ("BadPriority", "10 to wake the app", ten_for_content_available),
    ("BadTopic", "a space", lambda scene: scene.push(apns_topic="com example")),
    ("BadTopic", "not of its type", lambda scene: scene.push(apns_push_type="voip")),
    ("DeviceTokenNotForTopic", "another app's", another_apps_topic),
    ("DeviceTokenNotForTopic", "a call to the app's own", a_call_to_the_token_for_alerts),
    ("DeviceTokenNotForTopic", "an alert to the one for calls", an_alert_to_the_token_for_calls),
    ("DuplicateHeaders", "topic", lambda scene: scene.push(extra=[("apns-topic", "x")])),
    ("IdleTimeout", "a silent connection", silent_connection),
    ("InvalidPushType", "unknown", lambda scene: scene.push(apns_push_type="loud")),
    ("MissingDeviceToken", "no token", lambda scene: scene.push("")),
    ("MissingDeviceToken", "no slash", lambda scene: scene.push("", path="/3/device")),
    ("MissingTopic", "no topic", lambda scene: scene.push(apns_topic=None)),
    ("PayloadEmpty", "no body", lambda scene: scene.push(body=b"")),
    ("TopicDisallowed", "another team's", another_teams_topic),
    ("TopicDisallowed", "a certificate of another team", a_certificate_of_another_team),
    (
        "BadCertificate",
        "no topic",
        lambda scene: scene.push(**certificate(scene, uid=None)),
    ),
    ("BadCertificate", "over", lambda scene: scene.push(**certificate(scene, days=0))),
    (
        "BadCertificateEnvironment",
        "of development",
        lambda scene: scene.push(**certificate(scene, environments=[DEVELOPMENT])),
    ),
    ("BadEnvironmentKeyIdInToken", "a key of the sandbox", key_of_the_sandbox),
    ("ExpiredProviderToken", "an hour old", lambda scene: scene.push(jwt=scene.jwt(3601))),
    ("ExpiredProviderToken", "half a second over an hour", half_a_second_over_an_hour),
    (
        "Forbidden",
        "a live activity by its topic, by certificate",
        lambda scene: scene.push(**certificate(scene), apns_topic=LIVE, apns_push_type=None),
    ),
    (
        "Forbidden",
        "a live activity by certificate",
        lambda scene: scene.push(**certificate(scene), apns_push_type="liveactivity"),
    ),
    ("InvalidProviderToken", "no JWT", lambda scene: scene.push(jwt="x.y.z")),
    ("InvalidProviderToken", "the future", lambda scene: scene.push(jwt=scene.jwt(-3600))),
    (
        "InvalidProviderToken",
        "another algorithm",
        lambda scene: scene.push(jwt=scene.jwt(algorithm="HS256")),
    ),
    ("InvalidProviderToken", "another key's signature", a_token_of_another_key),
    ("InvalidProviderToken", "a revoked key", revoked),
    ("MissingProviderToken", "nothing", lambda scene: scene.push(jwt=None)),
    ("UnrelatedKeyIdInToken", "another key", another_key_on_one_connection),
    ("BadPath", "another path", lambda scene: scene.push(path="/3/devices/ab")),
    ("MethodNotAllowed", "GET", lambda scene: scene.push(method="GET")),
    ("ExpiredToken", "long away", long_away),
    ("ExpiredToken", "of an ended activity", an_update_of_what_is_over),
    ("ExpiredToken", "of an old activity", an_update_after_eight_hours),
    ("Unregistered", "uninstalled", gone),
    ("PayloadTooLarge", "4097 bytes", lambda scene: scene.push(body=b"x" * 4097)),
    ("TooManyProviderTokenUpdates", "within 20 minutes", tokens_in_quick_succession),
    ("TooManyRequests", "three in a minute", many_to_one_token),
    ("InternalServerError", "a fault", lambda scene: faulty(scene, 500)),
    ("ServiceUnavailable", "a fault", lambda scene: faulty(scene, 503)),
    ("Shutdown", "a fault", lambda scene: faulty(scene, 503, "Shutdown")),
]


@pytest.mark.parametrize(
    ("reason", "state", "bring_about"), STATES, ids=[f"{each[0]}: {each[1]}" for each in STATES]
)
def test_a_state_of_the_world_brings_about_each_reason(
    reason: str, state: str, bring_about: Callable[[Scene], Answer]
) -> None:
    answer = bring_about(Scene(settings=QUICK_REPORT))

    assert reason_of(answer) == (SEND_REASONS[reason], reason)
    assert answer.header("apns-id")


def test_the_table_has_every_documented_reason_of_a_send() -> None:
    assert {reason for reason, _, _ in STATES} == set(SEND_REASONS)


def test_only_what_breaks_inside_of_apns_is_planned_as_a_fault() -> None:
    planned = {reason for reason, state, _ in STATES if state == "a fault"}

    assert planned == set(INTERNAL)


def disabled(scene: Scene) -> Answer:
    scene.lab.apns.switch_broadcasts(TOPIC, on=False)
    return scene.manage("GET", "all-channels")


def one_channel_too_many(scene: Scene) -> Answer:
    scene.lab.change_settings(apns_channels_max=1)
    scene.make_channel()
    return scene.manage("POST", json={"message-storage-policy": 0, "push-type": "LiveActivity"})


def managed_by_another_team(scene: Scene) -> Answer:
    scene.push()
    return scene.manage("GET", jwt=scene.jwt(key_id="KEY2222222", team="TEAM222222"))


def many_to_one_channel(scene: Scene) -> Answer:
    scene.lab.change_settings(apns_requests_per_minute=2)
    channel = scene.make_channel()
    return [scene.broadcast(channel) for _ in range(3)][-1]


CHANNEL_STATES: list[tuple[str, Callable[[Scene], Answer]]] = [
    ("BadChannelId", lambda scene: scene.manage("GET", apns_channel_id="x" * 65)),
    ("BadChannelId", lambda scene: scene.manage("GET", apns_channel_id="not base64!")),
    ("BadRequestParams", lambda scene: scene.broadcast(scene.make_channel(), apns_expiration=None)),
    ("BadRequestPayload", lambda scene: scene.manage("POST", body=b"[]")),
    ("CannotCreateChannelConfig", one_channel_too_many),
    ("ChannelNotRegistered", lambda scene: scene.manage("GET", apns_channel_id="bm9uZQ==")),
    ("FeatureNotEnabled", disabled),
    ("MissingChannelId", lambda scene: scene.manage("GET")),
    ("MissingChannelQueueSize", lambda scene: scene.manage("POST", json={})),
    (
        "MissingPushType",
        lambda scene: scene.manage("POST", json={"message-storage-policy": 1}),
    ),
    ("TopicMismatch", managed_by_another_team),
]


@pytest.mark.parametrize(("reason", "bring_about"), CHANNEL_STATES)
def test_a_state_of_the_world_brings_about_each_reason_of_channels(
    reason: str, bring_about: Callable[[Scene], Answer]
) -> None:
    answer = bring_about(Scene())

    assert reason_of(answer) == (CHANNEL_REASONS[reason], reason)
    assert answer.header("apns-request-id")


def test_the_table_has_every_documented_reason_of_channels() -> None:
    assert {reason for reason, _ in CHANNEL_STATES} == set(CHANNEL_REASONS)


@pytest.mark.parametrize(
    ("reason", "bring_about"),
    [
        (
            "InvalidPushType",
            lambda scene: scene.manage(
                "POST", json={"message-storage-policy": 1, "push-type": "Alert"}
            ),
        ),
        ("InvalidPushType", lambda scene: scene.broadcast("x", apns_push_type="alert")),
        ("MissingPushType", lambda scene: scene.broadcast("x", apns_push_type=None)),
        ("MethodNotAllowed", lambda scene: scene.manage("PUT")),
        ("BadPath", lambda scene: scene.manage("GET", "nothing")),
        ("BadRequestPayload", lambda scene: scene.manage("POST", body=b"{")),
        ("BadPath", lambda scene: scene.manage("GET", path="/1/apps")),
        ("Forbidden", lambda scene: scene.manage("GET", **certificate(scene))),
        ("PayloadEmpty", lambda scene: scene.broadcast(scene.make_channel(), body=b"")),
        (
            "PayloadTooLarge",
            lambda scene: scene.broadcast(scene.make_channel(), body=b"x" * 5121),
        ),
        (
            "BadExpirationDate",
            lambda scene: scene.broadcast(scene.make_channel(0), apns_expiration="1"),
        ),
        ("TooManyRequests", many_to_one_channel),
    ],
)
def test_channels_are_refused_for_reasons_of_sends_too(
    reason: str, bring_about: Callable[[Scene], Answer]
) -> None:
    answer = bring_about(Scene())

    assert reason_of(answer)[1] == reason
