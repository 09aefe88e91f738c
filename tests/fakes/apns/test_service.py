"""Goal: APNs over HTTP admits, answers and delivers as Apple documents.

Method: requests without a socket, to a lab whose first phone has the app that is pushed to. What
depends on a connection names one; the machine's clock comes with it.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.errors import MisuseError
from pushlab_fakes.exchange import Answer, Peer, Request, Steer
from pushlab_testing.apns import KEY_ID, TEAM, TOPIC, make_key_pem, sign_token
from pushlab_testing.apns_scene import (
    DAY_S,
    QUICK_REPORT,
    SANDBOX,
    UUID,
    Scene,
    certificate,
    reason_of,
)

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


def test_whatever_is_accepted_raises_the_number_of_streams() -> None:
    scene = Scene()
    channel = scene.make_channel()

    answers = [scene.manage("GET", "all-channels"), scene.broadcast(channel)]

    assert [answer.steer for answer in answers] == 2 * [Steer(streams_max=1000)]


def faulty(status: int, reason: str | None = None) -> Answer:
    """Send while APNs has a fault."""
    scene = Scene()
    scene.lab.fault("apns", status=status, reason=reason)
    return scene.push()


def test_what_ends_a_connection_says_so_in_its_goaway() -> None:
    assert faulty(503, "Shutdown").steer == Steer(goaway=b'{"reason":"Shutdown"}')
    assert faulty(503).steer is None


def test_a_revoked_key_ends_its_connection() -> None:
    scene = Scene()
    before = scene.push(peer=Peer(1)).status

    scene.lab.apns.revoke_key(KEY_ID)
    after = scene.push(peer=Peer(1))

    assert (before, reason_of(after)) == (200, (403, "InvalidProviderToken"))
    assert after.steer == Steer(goaway=b'{"reason":"InvalidProviderToken"}')


def test_a_dead_token_is_answered_with_the_time_at_which_apns_learned_of_it() -> None:
    scene = Scene(settings=QUICK_REPORT)
    scene.phone.uninstall()
    scene.push()
    scene.lab.advance(days=2)

    answer = scene.push()

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


def test_an_accepted_broadcast_settles_the_key_of_its_connection() -> None:
    scene = Scene()
    scene.broadcast(scene.make_channel(), peer=Peer(1))

    other = scene.push(peer=Peer(1), jwt=scene.jwt(key_id="KEY2222222"))

    assert reason_of(other) == (403, "UnrelatedKeyIdInToken")


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


def test_a_certificate_for_calls_alone_pushes_calls_and_nothing_else() -> None:
    scene = Scene()
    scene.phone.register_pushes("voip")
    for_calls = certificate(scene, uid=f"{TOPIC}.voip")
    calls = {"apns_push_type": "voip", **for_calls}

    named, default = (
        scene.push(scene.phone.tokens["voip"], apns_topic=topic, **calls)
        for topic in (f"{TOPIC}.voip", None)
    )

    assert (named.status, default.status) == (200, 200)
    assert reason_of(scene.push(**for_calls)) == (400, "TopicDisallowed")


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


def test_what_only_wakes_the_app_may_leave_its_priority_out() -> None:
    scene, answer = show({"aps": {"content-available": 1}}, apns_push_type=None)

    assert answer.status == 200
    assert [wakeup.kind for wakeup in scene.phone.wakeups] == ["background"]


def test_a_background_push_shows_nothing() -> None:
    scene, answer = show(
        {"aps": {"content-available": 1}}, apns_push_type="background", apns_priority="5"
    )

    assert answer.status == 200
    assert not scene.phone.tray


def test_a_voip_push_may_be_larger() -> None:
    scene = Scene()
    scene.phone.register_pushes("voip")
    token = scene.phone.tokens["voip"]
    given = {"apns_push_type": "voip", "apns_topic": f"{TOPIC}.voip"}

    assert scene.push(token, body=b"x" * 5120, **given).status == 200
    assert scene.push(token, body=b"x" * 5121, **given).status == 413


def test_without_a_push_type_the_topic_tells_how_large_a_push_may_be() -> None:
    scene = Scene()
    scene.phone.register_pushes("voip")
    given = {"apns_push_type": None, "apns_topic": f"{TOPIC}.voip"}

    sizes = [5120, 5121]
    answers = [scene.push(scene.phone.tokens["voip"], body=b"x" * n, **given) for n in sizes]

    assert [answer.status for answer in answers] == [200, 413]


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


@pytest.mark.parametrize(
    ("power", "shown"),
    [("plugged", ["10", "5", "1"]), ("battery", ["10", "5"]), ("low", ["10"])],
)
def test_priorities_mind_what_an_iphone_runs_on(power: str, shown: list[str]) -> None:
    scene = Scene()
    scene.phone.set_power(power)

    for priority in ("10", "5", "1"):
        scene.push(apns_priority=priority, json={"aps": {"alert": priority}})
        scene.lab.run_until_idle()

    assert [message.body for message in reversed(scene.phone.tray)] == shown


def test_what_was_kept_back_comes_with_the_power_and_the_newest_alone() -> None:
    scene = Scene()
    scene.phone.set_power("low")
    for text in ("older", "newer"):
        answer = scene.push(apns_priority="5", json={"aps": {"alert": text}})
        scene.lab.run_until_idle()
    before = scene.lab.why(answer.header("apns-id") or "", scene.phone)[0].rule

    scene.phone.set_power("plugged")
    scene.lab.run_until_idle()

    assert before == "not-urgent"
    assert [message.body for message in scene.phone.tray] == ["newer"]


def test_what_may_not_wait_is_lost_on_an_iphone_short_of_power() -> None:
    scene = Scene()
    scene.phone.set_power("low")

    answer = scene.push(apns_priority="5", apns_expiration="0")
    scene.phone.set_power("plugged")
    scene.lab.run_until_idle()

    assert not scene.phone.tray
    assert "short of power" in scene.lab.why(answer.header("apns-id") or "", scene.phone)[0].text


def test_an_iphone_that_is_off_gets_nothing_by_a_change_of_power() -> None:
    scene = Scene()
    scene.phone.go_offline()
    scene.phone.set_power("low")
    scene.push(apns_priority="5")

    scene.phone.go_online()
    scene.lab.run_until_idle()
    kept = list(scene.phone.tray)
    scene.phone.go_offline()
    scene.phone.set_power("plugged")
    scene.lab.run_until_idle()

    assert (kept, list(scene.phone.tray)) == ([], [])
    scene.phone.go_online()
    scene.lab.run_until_idle()
    assert len(scene.phone.tray) == 1


def test_a_setting_lets_all_priorities_come_at_once() -> None:
    scene = Scene(settings={"apns_spares_power": False})
    scene.phone.set_power("low")

    scene.push(apns_priority="1")
    scene.lab.run_until_idle()

    assert len(scene.phone.tray) == 1


def test_only_an_iphone_has_a_power_that_apns_minds() -> None:
    phone = Scene().lab.device("android")

    with pytest.raises(MisuseError, match="only an iPhone can"):
        phone.set_power("low")


def test_a_push_takes_the_place_of_an_older_one_of_its_collapse_id() -> None:
    scene = Scene()

    for text in ("first", "second"):
        scene.push(json={"aps": {"alert": text}}, apns_collapse_id="score")
        scene.lab.run_until_idle()

    assert [each.body for each in scene.phone.tray] == ["second"]


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


def test_a_run_in_which_an_iphone_was_short_of_power_is_lived_again() -> None:
    from pushlab_scenarios.replay import live, parse_record

    scene = Scene()
    scene.phone.set_power("low")
    scene.push(apns_priority="5")
    scene.lab.run_until_idle()
    scene.phone.set_power("plugged")
    scene.lab.run_until_idle()

    lived = live(parse_record(scene.lab.record()))

    assert lived.trace.digest == scene.lab.trace.digest
    assert len(lived.trace.find(["MessageHeldBack", "MessageArrived"])) == 2


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
