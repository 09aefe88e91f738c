"""Goal: what people send to APNs with reaches the phone, unmodified, whatever they send.

That each client is served, by its own setting and redirected, stands in `test_clients`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from typing import Any

import httpx
import pytest
from h2.connection import H2Connection
from h2.events import StreamEnded

from pushlab.lab import Lab
from pushlab_testing.apns import (
    KEY_ID,
    TEAM,
    TOPIC,
    a_certificate,
    make_key_pem,
    sign_token,
)
from pushlab_testing.vendor_clients.apns import close_aioapns
from pushlab_testing.vendor_targets import SETTINGS, make_targets

WAIT_S = 10
MALFORMED = "not-hexadecimal"
HOST = "api.push.apple.com"
HEAD = [
    (":method", "GET"),
    (":scheme", "http"),
    (":authority", HOST),
    (":path", "/1/apps/a/channels"),
]
PAYLOAD = {"aps": {"alert": {"title": "Sale", "body": "Today only"}, "badge": 2}}


@pytest.fixture
def lab():
    """Yield a lab on a port, in which dead tokens are reported a day later."""
    with Lab(settings=SETTINGS) as lab:
        lab.serve()
        yield lab


# --- httpx -----------------------------------------------------------------------------------


def send_with_httpx(client, base_url, tokens):
    headers = {
        "authorization": f"bearer {sign_token(int(time.time()))}",
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
    }
    for token in tokens:
        answer = client.post(f"{base_url}/3/device/{token}", headers=headers, json=PAYLOAD)
        assert answer.http_version == "HTTP/2"
        assert answer.headers["apns-id"]
        reason = answer.json()["reason"] if answer.content else None
        yield answer.status_code, reason


def test_httpx_is_redirected_on_the_other_port(lab):
    phone = lab.device("ios")
    lab.redirect()

    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        results = [*send_with_httpx(client, f"https://{HOST}:2197", [phone.token])]

    assert results == [(200, None)]


def test_a_client_of_httpx_that_keeps_its_connection_serves_one_lab_after_the_other():
    shown = []

    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        for _ in range(3):
            with Lab() as lab:
                lab.serve()
                lab.redirect()
                phone = lab.device("ios")
                results = [*send_with_httpx(client, f"https://{HOST}", [phone.token] * 2)]
                lab.advance(minutes=1)
                shown.append((results, len(phone.tray)))

    assert shown == [([(200, None)] * 2, 2)] * 3


def test_nothing_is_served_to_who_writes_on_after_the_goodbye():
    with Lab() as lab:
        place = lab.serve().apns
        conn = socket.create_connection((place.host, place.port), WAIT_S)
        client = H2Connection()
        client.initiate_connection()
        client.send_headers(1, HEAD, end_stream=True)
        conn.sendall(client.data_to_send())
        while not any(
            isinstance(each, StreamEnded) for each in client.receive_data(conn.recv(9999))
        ):
            conn.sendall(client.data_to_send())
    with Lab() as other:
        other.serve()
        client.send_headers(3, HEAD, end_stream=True)
        conn.sendall(client.data_to_send())
        events = client.receive_data(conn.recv(9999))
        requests = other.trace.find(["RequestReceived"])

    assert [getattr(each, "last_stream_id", None) for each in events] == [1]
    assert requests == []
    assert conn.recv(9999) == b""
    conn.close()


# --- aioapns ---------------------------------------------------------------------------------


def test_aioapns_sends_many_at_a_time_over_the_streams_that_it_is_given(lab):
    from aioapns import APNs, NotificationRequest

    phones = [lab.device("ios", name=f"phone-{number}") for number in range(30)]
    tokens = [phone.token for phone in phones]
    lab.redirect()

    async def send():
        client = APNs(key=make_key_pem(), key_id=KEY_ID, team_id=TEAM, topic=TOPIC)
        requests = [NotificationRequest(device_token=each, message=PAYLOAD) for each in tokens]
        sends = [client.send_notification(request) for request in requests]
        answers = await asyncio.wait_for(asyncio.gather(*sends), WAIT_S)
        await asyncio.wait_for(close_aioapns(client), WAIT_S)
        return {answer.status for answer in answers}

    assert asyncio.run(send()) == {"200"}
    lab.advance(minutes=1)
    assert {len(phone.tray) for phone in phones} == {1}


@pytest.fixture
def certificate_file(tmp_path):
    """Return a provider's certificate with its key, valid now on the machine's clock."""
    der = a_certificate(time.time())
    pem = ssl.DER_cert_to_PEM_cert(der) + make_key_pem()
    path = tmp_path / "provider.pem"
    path.write_text(pem, "utf-8")
    return path


def send_with_certificate(tokens, certificate_file):
    from aioapns import APNs, NotificationRequest

    async def send():
        client = APNs(client_cert=str(certificate_file))
        results = []
        for token in tokens:
            request = NotificationRequest(device_token=token, message=PAYLOAD)
            answer = await asyncio.wait_for(client.send_notification(request), WAIT_S)
            results.append((int(answer.status), answer.description or None))
        await asyncio.wait_for(close_aioapns(client), WAIT_S)
        return results

    return asyncio.run(send())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # it reads the file with pyOpenSSL
def test_aioapns_is_known_by_its_certificate(lab, certificate_file):
    targets = make_targets(lab, "APNs")
    lab.redirect()
    lab.apns.accept_certificate(certificate_file.read_text("utf-8"))

    results = send_with_certificate(targets.addresses, certificate_file)
    lab.advance(minutes=1)

    assert results == [(200, None), (410, "Unregistered"), (400, "BadDeviceToken")]
    assert targets.show() == targets.expected


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_certificate_that_nobody_asks_for_says_nothing(lab, certificate_file):
    phone = lab.device("ios")
    lab.redirect()

    results = send_with_certificate([phone.token], certificate_file)

    assert results == [(403, "MissingProviderToken")]


# --- live activities, channels, calls --------------------------------------------------------


def say(state, **more):
    """Return the payload of an update, stamped by the machine's own clock."""
    aps = {"timestamp": int(time.time()), "event": "update", "content-state": state, **more}
    return {"aps": aps}


def test_live_activities_are_started_updated_and_broadcast_over_http2(lab):
    phone = lab.device("ios")
    phone.offer_live_activity("Ride")
    lab.redirect()
    jwt = {"authorization": f"bearer {sign_token(int(time.time()))}"}
    live = {**jwt, "apns-topic": f"{TOPIC}.push-type.liveactivity"}
    live |= {"apns-push-type": "liveactivity"}
    channels = f"https://api-manage-broadcast.push.apple.com:2196/1/apps/{TOPIC}/channels"
    start = {"event": "start", "attributes-type": "Ride", "attributes": {}, "input-push-token": 1}

    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        asked = {"message-storage-policy": 1, "push-type": "LiveActivity"}
        channel = client.post(channels, headers=jwt, json=asked).headers["apns-channel-id"]
        phone.start_live_activity("Match", {"home": 0}, channel=channel)
        url = f"https://{HOST}/3/device/"
        token = phone.start_tokens["Ride"]
        client.post(url + token, headers=live, json=say({"minutes": 5}, **start))
        lab.advance(seconds=30)
        token = phone.live_activities[0].token
        client.post(url + token, headers=live, json=say({"minutes": 4}))
        told = client.post(
            f"https://{HOST}/4/broadcasts/apps/{TOPIC}",
            headers={
                **jwt,
                "apns-channel-id": channel,
                "apns-push-type": "liveactivity",
                "apns-expiration": str(int(time.time()) + 60),
            },
            json=say({"home": 1}),
        )
    lab.advance(minutes=1)

    assert told.status_code == 200
    assert [each.content_state for each in phone.live_activities] == [{"minutes": 4}, {"home": 1}]
    assert lab.list_problems() == []


def test_aioapns_lets_a_phone_ring_and_wakes_its_app(lab):
    from aioapns import APNs, NotificationRequest, PushType

    phone = lab.device("ios")
    phone.register_pushes("voip")
    lab.redirect()

    async def send():
        options: Any = {"key": make_key_pem(), "key_id": KEY_ID, "team_id": TEAM}
        results = []
        for topic, token, kind, payload in (
            (f"{TOPIC}.voip", phone.tokens["voip"], PushType.VOIP, {"caller": "Bob"}),
            (TOPIC, phone.token, PushType.BACKGROUND, {"aps": {"content-available": 1}}),
        ):
            client = APNs(topic=topic, use_sandbox=False, **options)
            priority = 5 if kind is PushType.BACKGROUND else None
            request = NotificationRequest(
                device_token=token, message=payload, push_type=kind, priority=priority
            )
            answer = await asyncio.wait_for(client.send_notification(request), WAIT_S)
            results.append(int(answer.status))
            await asyncio.wait_for(close_aioapns(client), WAIT_S)
        return results

    results = asyncio.run(send())
    lab.advance(minutes=1)

    assert results == [200, 200]
    assert {wakeup.kind for wakeup in phone.wakeups} == {"voip", "background"}


# --- one digest ------------------------------------------------------------------------------


def test_a_run_over_the_wire_is_lived_again_to_the_same_digest(lab):
    from pushlab_scenarios.replay import live, parse_record

    phone = lab.device("ios")
    lab.redirect()
    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        assert [*send_with_httpx(client, f"https://{HOST}", [phone.token, MALFORMED])]
    lab.advance(minutes=1)

    record = lab.record()

    assert live(parse_record(record)).trace.digest == lab.trace.digest
    assert not any(sign_token(0).rpartition(".")[2] in line for line in record)
    assert json.loads(record[-1])["digest"] == lab.trace.digest
