"""Goal: APNs over HTTP says what Apple documents, each reason for a state of the world.

Method: requests without a socket, to a lab whose first phone has the app that is pushed to. What
depends on a connection names one; the machine's clock comes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.apns.reasons import CHANNEL_REASONS, SEND_REASONS
from pushlab_fakes.exchange import Peer, Request, Steer
from pushlab_testing.apns import (
    DEVELOPMENT,
    KEY_ID,
    TEAM,
    TOPIC,
    a_certificate,
    a_push,
    make_key_pem,
    public_half,
    sign_token,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Answer

DAY_S = 86_400
SANDBOX = "api.sandbox.push.apple.com"
MANAGEMENT = "api-manage-broadcast.push.apple.com"
UUID = "123e4567-e89b-12d3-a456-42665544000a"
QUICK_REPORT: dict[str, object] = {
    "apns_never_reported": 0.0,
    "apns_feedback_min_days": 1,
    "apns_feedback_max_days": 1,
}


class Scene:
    """A lab with one phone, and a provider that knows how to speak."""

    def __init__(self, **options: Any) -> None:
        self.lab = Lab(**options)
        self.phone = self.lab.device("ios", name="phone")
        self.token = self.phone.token or ""

    @property
    def now_s(self) -> int:
        return self.lab.now // 1000

    def jwt(self, age_s: int = 0, **options: Any) -> str:
        return sign_token(self.now_s - age_s, **options)

    def push(self, token: str | None = None, **options: Any) -> Answer:
        """Send to the phone, with a fresh token unless told."""
        options.setdefault("jwt", self.jwt())
        return self.lab.handle(a_push(self.token if token is None else token, **options))

    def manage(self, method: str, tail: str = "channels", **options: Any) -> Answer:
        """Ask the management of broadcast channels."""
        extra = {"host": MANAGEMENT, "path": f"/1/apps/{TOPIC}/{tail}", "method": method}
        left_out: dict[str, None] = {"apns_topic": None, "apns_push_type": None}
        return self.push("", **(extra | left_out | options))

    def make_channel(self, policy: int = 1) -> str:
        """Make a channel and return its id."""
        asked = {"message-storage-policy": policy, "push-type": "LiveActivity"}
        return self.manage("POST", json=asked).header("apns-channel-id") or ""

    def broadcast(self, channel: str | None, **options: Any) -> Answer:
        """Send to a channel."""
        given = {
            "path": f"/4/broadcasts/apps/{TOPIC}",
            "apns_topic": None,
            "apns_push_type": "liveactivity",
            "apns_expiration": "0",
            "apns_channel_id": channel,
        }
        return self.push("", **(given | options))


def reason_of(answer: Answer) -> tuple[int, str | None]:
    """Return status and reason; an answer that says yes has none."""
    body = answer.json() if answer.body else {}
    assert isinstance(body, dict)
    return answer.status, body.get("reason")


# --- every reason ----------------------------------------------------------------------------


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


def certificate(scene: Scene, **options: Any) -> dict[str, Any]:
    return {"jwt": None, "peer": Peer(1, True, a_certificate(scene.now_s, **options))}


def tokens_in_quick_succession(scene: Scene) -> Answer:
    scene.push(peer=Peer(1), jwt=scene.jwt(age_s=1199))
    return scene.push(peer=Peer(1))


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
    ("BadTopic", "a space", lambda scene: scene.push(apns_topic="com example")),
    ("BadTopic", "not of its type", lambda scene: scene.push(apns_push_type="voip")),
    ("DeviceTokenNotForTopic", "another app's", another_apps_topic),
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
    ("MissingProviderToken", "nothing", lambda scene: scene.push(jwt=None)),
    ("UnrelatedKeyIdInToken", "another key", another_key_on_one_connection),
    ("BadPath", "another path", lambda scene: scene.push(path="/3/devices/ab")),
    ("MethodNotAllowed", "GET", lambda scene: scene.push(method="GET")),
    ("ExpiredToken", "long away", long_away),
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


CHANNEL_STATES: list[tuple[str, Callable[[Scene], Answer]]] = [
    ("BadChannelId", lambda scene: scene.manage("GET", apns_channel_id="x" * 65)),
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
    ],
)
def test_channels_are_refused_for_reasons_of_sends_too(
    reason: str, bring_about: Callable[[Scene], Answer]
) -> None:
    answer = bring_about(Scene())

    assert reason_of(answer)[1] == reason


# --- good answers ----------------------------------------------------------------------------


def test_a_push_is_answered_200_without_a_body_and_shown_a_little_later() -> None:
    scene = Scene()

    answer = scene.push()
    scene.lab.advance(seconds=30)

    assert (answer.status, answer.body) == (200, b"")
    assert [(each.title, each.body) for each in scene.phone.tray] == [("Sale", "Today only")]


def test_the_clients_own_id_comes_back_as_it_was_written() -> None:
    assert Scene().push(apns_id=UUID).header("apns-id") == UUID


def test_without_an_id_apns_makes_one_in_upper_case_and_never_the_same_twice() -> None:
    scene = Scene()

    made = [scene.push().header("apns-id") or "" for _ in range(2)]

    assert made[0] != made[1]
    assert [each.upper() for each in made] == made


def test_the_sandbox_names_each_push_for_the_delivery_log() -> None:
    answer = Scene().push(host=SANDBOX)

    assert answer.status == 200
    assert answer.header("apns-unique-id")


def test_the_first_good_token_raises_the_number_of_streams() -> None:
    scene = Scene()

    refused, accepted = scene.push("ab" * 32), scene.push()

    assert refused.steer is None
    assert accepted.steer == Steer(streams_max=1000)
    assert scene.lab.first_streams("api.push.apple.com") == 1
    assert scene.lab.first_streams("fcm.googleapis.com") == 100


def test_what_ends_a_connection_says_so_in_its_goaway() -> None:
    assert faulty(Scene(), 503, "Shutdown").steer == Steer(goaway=b'{"reason":"Shutdown"}')
    assert faulty(Scene(), 503).steer is None


def test_a_dead_token_is_answered_with_the_time_at_which_apns_learned_of_it() -> None:
    scene = Scene(settings=QUICK_REPORT)

    answer = gone(scene)

    body = answer.json()
    assert isinstance(body, dict)
    assert scene.lab.now - 3 * DAY_S * 1000 < body["timestamp"] < scene.lab.now


def test_a_token_is_hexadecimal_in_either_case() -> None:
    scene = Scene()

    assert scene.push(scene.token.upper()).status == 200


def test_a_fault_may_say_when_to_come_back() -> None:
    scene = Scene()
    scene.lab.fault("apns", status=429, retry_after_s=7)

    answer = scene.push()

    assert reason_of(answer) == (429, "TooManyRequests")
    assert answer.header("retry-after") == "7"
    scene.lab.run_until_idle()
    assert not scene.phone.tray


# --- credentials -----------------------------------------------------------------------------


def test_the_scheme_of_a_token_is_read_in_any_case() -> None:
    scene = Scene()

    assert scene.push(jwt=None, authorization=f"BEARER {scene.jwt()}").status == 200


def test_a_token_that_is_fresh_on_the_machines_clock_alone_is_fresh() -> None:
    scene = Scene()
    later = scene.lab.now + 300 * DAY_S * 1000
    token = sign_token(later // 1000)

    assert scene.push(jwt=token, peer=Peer(1, real_at=later)).status == 200
    assert reason_of(scene.push(jwt=token)) == (403, "InvalidProviderToken")


@pytest.mark.parametrize(
    ("choice", "of_world", "of_machine"), [("world", 200, 403), ("real", 403, 200)]
)
def test_a_setting_says_which_clock_counts(choice: str, of_world: int, of_machine: int) -> None:
    scene = Scene(settings={"client_clock": choice})
    later = scene.lab.now + 300 * DAY_S * 1000

    by_world = scene.push(peer=Peer(1, real_at=later))
    by_machine = scene.push(jwt=sign_token(later // 1000), peer=Peer(2, real_at=later))

    assert (by_world.status, by_machine.status) == (of_world, of_machine)


def test_the_end_of_storing_is_read_by_the_clock_of_the_token() -> None:
    scene = Scene()
    later = scene.lab.now + 300 * DAY_S * 1000
    peer, token = Peer(1, real_at=later), sign_token(later // 1000)
    scene.phone.go_offline()

    scene.push(jwt=token, peer=peer, apns_expiration=str(later // 1000 + 60))
    scene.lab.advance(seconds=61)
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert not scene.phone.tray


def test_a_new_connection_may_bring_a_new_token_at_once() -> None:
    scene = Scene()

    answers = [
        scene.push(peer=Peer(number), jwt=scene.jwt(age_s=number)).status for number in range(1, 11)
    ]

    assert answers == [200] * 10


def test_a_token_may_change_after_twenty_minutes() -> None:
    scene = Scene()
    scene.push(peer=Peer(1))
    scene.lab.advance(minutes=20)

    assert scene.push(peer=Peer(1)).status == 200


def test_a_related_key_may_share_a_connection() -> None:
    scene = Scene()
    scene.lab.apns.add_key(KEY_ID, TEAM, related="KEY2222222")
    scene.lab.apns.add_key("KEY2222222", TEAM, related=KEY_ID)
    scene.push(peer=Peer(1))

    assert scene.push(peer=Peer(1), jwt=scene.jwt(key_id="KEY2222222")).status == 200


def test_a_key_that_was_added_is_verified_and_admits_no_other() -> None:
    scene = Scene()
    scene.lab.apns.add_key(KEY_ID, TEAM, public_key=make_key_pem(), topics=[TOPIC])

    assert scene.push().status == 200
    assert reason_of(scene.push(jwt=scene.jwt(key_id="KEY2222222")))[1] == "InvalidProviderToken"
    assert reason_of(scene.push(jwt=scene.jwt(team="TEAM222222")))[1] == "InvalidProviderToken"
    assert reason_of(scene.push(apns_topic="com.example.other"))[1] == "TopicDisallowed"


def test_strict_keys_refuse_what_was_not_added() -> None:
    scene = Scene(strict_keys=True)

    assert reason_of(scene.push()) == (403, "InvalidProviderToken")


def test_what_cannot_be_a_key_is_refused_to_the_test() -> None:
    apns = Scene().lab.apns

    with pytest.raises(MisuseError, match="PEM"):
        apns.add_key(KEY_ID, TEAM, public_key="nothing")
    with pytest.raises(MisuseError, match="PEM"):
        apns.add_key(KEY_ID, TEAM, public_key="-----BEGIN PRIVATE KEY-----")
    with pytest.raises(MisuseError, match="environment"):
        apns.add_key(KEY_ID, TEAM, environment="staging")
    with pytest.raises(MisuseError, match="environment"):
        apns.bind(environment="staging")
    with pytest.raises(MisuseError, match="bundle id"):
        apns.bind(team=TEAM)


def test_a_certificate_names_the_topic_that_is_not_named() -> None:
    scene = Scene()

    assert scene.push(**certificate(scene), apns_topic=None).status == 200
    assert reason_of(scene.push(**certificate(scene), apns_topic="com.example.other")) == (
        400,
        "TopicDisallowed",
    )


def test_credentials_and_topics_that_are_adopted_stand_in_the_trace() -> None:
    scene = Scene()

    scene.push()

    adopted = scene.lab.trace.find(["CredentialAdopted", "TopicAdopted"])
    assert [entry.fields.get("key") or entry.fields.get("topic") for entry in adopted] == [
        KEY_ID,
        TOPIC,
    ]
    assert scene.phone.document()["topic"] == TOPIC


def test_an_app_that_was_bound_takes_no_other_topic_and_no_other_environment() -> None:
    scene = Scene()
    scene.lab.apns.bind(topic=TOPIC, environment="sandbox", team=TEAM)

    other = scene.push(host=SANDBOX, apns_topic="com.example.other")

    assert reason_of(other)[1] == "DeviceTokenNotForTopic"
    assert reason_of(scene.push())[1] == "BadDeviceToken"
    assert scene.push(host=SANDBOX).status == 200


def test_another_app_of_the_lab_has_a_topic_of_its_own() -> None:
    scene = Scene()
    scene.push()
    other = scene.lab.device("ios", name="other", app=scene.lab.add_app())
    token = other.token or ""

    assert reason_of(scene.push(token))[1] == "DeviceTokenNotForTopic"
    assert scene.push(token, apns_topic="com.example.other").status == 200


# --- what the device makes of it -------------------------------------------------------------


def show(json: object, **options: Any) -> tuple[Scene, Answer]:
    """Send a payload and wait for the phone."""
    scene = Scene()
    answer = scene.push(json=json, **options)
    scene.lab.run_until_idle()
    return scene, answer


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        ("Hello", (None, None, "Hello")),
        ({"title": "T", "subtitle": "S", "body": "B"}, ("T", "S", "B")),
        (
            {"title-loc-key": "TITLE", "loc-key": "BODY", "loc-args": ["a", 2], "body": "B"},
            ("TITLE", None, "BODY a 2"),
        ),
    ],
)
def test_the_tray_shows_the_alert(alert: object, expected: tuple[str | None, ...]) -> None:
    scene, _ = show({"aps": {"alert": alert, "sound": {"name": "ping"}}, "order": 7})

    shown = scene.phone.tray[0]
    assert (shown.title, shown.subtitle, shown.body) == expected
    assert (shown.sound, shown.data) == ("ping", {"order": 7})


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'{"aps":1}', b'{"other":1}', b"\xff" * 20, b"[" * 4000]
)
def test_what_the_device_cannot_read_is_accepted_and_shows_nothing(body: bytes) -> None:
    scene = Scene()

    answer = scene.push(body=body)
    scene.lab.run_until_idle()

    assert answer.status == 200
    assert not scene.phone.tray


def test_a_number_without_an_alert_goes_on_the_icon_and_nothing_into_the_tray() -> None:
    scene, _ = show({"aps": {"badge": 4}})

    assert scene.phone.badge == 4
    assert not scene.phone.tray

    scene.push(json={"aps": {"badge": 0}})
    scene.lab.run_until_idle()

    assert scene.phone.badge == 0


def test_a_background_push_shows_nothing() -> None:
    scene, answer = show(
        {"aps": {"content-available": 1}}, apns_push_type="background", apns_priority="5"
    )

    assert answer.status == 200
    assert not scene.phone.tray


@pytest.mark.parametrize(
    ("push_type", "suffix"),
    [
        ("complication", ".complication"),
        ("controls", ".push-type.controls"),
        ("fileprovider", ".pushkit.fileprovider"),
        ("liveactivity", ".push-type.liveactivity"),
        ("location", ".location-query"),
        ("pushtotalk", ".voip-ptt"),
        ("voip", ".voip"),
        ("widgets", ".push-type.widgets"),
    ],
)
def test_a_push_for_code_of_the_app_has_a_topic_of_its_type_and_shows_nothing(
    push_type: str, suffix: str
) -> None:
    scene, answer = show(
        {"aps": {"alert": "x"}}, apns_push_type=push_type, apns_topic=TOPIC + suffix
    )

    assert answer.status == 200
    assert not scene.phone.tray


def test_a_voip_push_may_be_larger() -> None:
    scene = Scene()
    given = {"apns_push_type": "voip", "apns_topic": f"{TOPIC}.voip"}

    assert scene.push(body=b"x" * 5120, **given).status == 200
    assert scene.push(body=b"x" * 5121, **given).status == 413


def test_a_push_that_is_never_to_be_stored_is_lost_on_a_phone_that_is_off() -> None:
    scene = Scene()
    scene.phone.go_offline()

    answer = scene.push(apns_expiration="0")
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert answer.status == 200
    assert not scene.phone.tray


def test_of_two_pushes_to_a_phone_that_is_off_the_newer_one_is_stored() -> None:
    scene = Scene()
    scene.phone.go_offline()

    for text in ("first", "second"):
        scene.push(json={"aps": {"alert": text}})
        scene.lab.advance(seconds=1)
    scene.phone.go_online()
    scene.lab.run_until_idle()

    assert [each.body for each in scene.phone.tray] == ["second"]


def test_a_push_takes_the_place_of_an_older_one_of_its_collapse_id() -> None:
    scene = Scene()

    for text in ("first", "second"):
        scene.push(json={"aps": {"alert": text}}, apns_collapse_id="score")
        scene.lab.run_until_idle()

    assert [each.body for each in scene.phone.tray] == ["second"]


# --- channels --------------------------------------------------------------------------------


def test_a_channel_is_made_read_listed_sent_to_and_deleted() -> None:
    scene = Scene()

    channel = scene.make_channel()
    read = scene.manage("GET", apns_channel_id=channel)
    listed = scene.manage("GET", "all-channels")
    sent = scene.broadcast(channel, apns_expiration=str(scene.now_s + 60))
    deleted = scene.manage("DELETE", apns_channel_id=channel)

    assert read.json() == {"message-storage-policy": 1, "push-type": "LiveActivity"}
    assert listed.json() == {"channels": [channel]}
    assert (sent.status, deleted.status) == (200, 204)
    assert scene.manage("GET", "all-channels").json() == {"channels": []}


def test_each_environment_has_channels_of_its_own() -> None:
    scene = Scene()
    scene.make_channel()

    listed = scene.manage("GET", "all-channels", host="api-manage-broadcast.sandbox.push.apple.com")

    assert listed.json() == {"channels": []}


def test_the_capability_for_broadcasts_can_be_switched_on_again() -> None:
    scene = Scene()
    scene.lab.apns.switch_broadcasts(TOPIC, on=False)
    scene.lab.apns.switch_broadcasts(TOPIC, on=True)

    assert scene.manage("GET", "all-channels").status == 200


# --- the trace -------------------------------------------------------------------------------


def test_what_clients_make_up_anew_leaves_no_mark_on_the_digest() -> None:
    digests = set()
    for number in range(2):
        scene = Scene()
        scene.push(
            apns_id=f"{UUID[:-1]}{number}",
            apns_expiration=str(scene.now_s + 1000 + number),
            jwt=scene.jwt(age_s=number),
        )
        scene.lab.run_until_idle()
        digests.add(scene.lab.trace.digest)

    assert len(digests) == 1


def test_no_token_of_a_provider_stands_in_the_trace() -> None:
    scene = Scene()
    token = scene.jwt()

    scene.push(jwt=token)

    assert not any(token.rpartition(".")[2] in line for line in scene.lab.trace.lines())


def test_on_loopback_the_path_tells_that_it_is_apns() -> None:
    scene = Scene()

    assert scene.push(host="127.0.0.1").status == 200
    assert scene.manage("GET", "all-channels", host="127.0.0.1").status == 200
    assert scene.lab.handle(Request("GET", "127.0.0.1", "/nothing")).status == 404


def test_what_was_said_of_keys_and_topics_is_lived_again() -> None:
    from pushlab_scenarios.replay import live, parse_record

    scene = Scene()
    scene.lab.apns.add_key(KEY_ID, TEAM, public_key=make_key_pem())
    scene.lab.apns.bind(topic=TOPIC)
    scene.lab.apns.switch_broadcasts(TOPIC, on=False)
    scene.push(peer=Peer(3, True, b"x", scene.lab.now))
    scene.push(extra=[("apns-topic", "twice")])
    scene.lab.broke("HTTP/2", "a reason")

    record = scene.lab.record()

    assert live(parse_record(record)).trace.digest == scene.lab.trace.digest
    assert not any("PRIVATE" in line for line in record)
