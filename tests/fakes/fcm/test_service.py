"""Goal: FCM on the wire takes messages, exchanges assertions, and sends to topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.exchange import Peer, Request
from pushlab_testing.fcm_scene import EMAIL, GRANT, NOW_S, PUSH, TOKEN_URL, Scene
from pushlab_testing.pushing import PROJECT, FcmSender

if TYPE_CHECKING:
    from pushlab.devices.device import Device


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


def test_a_users_refresh_token_is_taken() -> None:
    assert Scene().exchange("grant_type=refresh_token&refresh_token=1//x").status == 200


def test_strict_keys_take_no_access_token_from_elsewhere() -> None:
    assert Scene(strict_keys=True).push().status == 401


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
