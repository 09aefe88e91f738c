"""Goal: what people send to APNs with reaches the phone, unmodified, redirected or not.

Method: each client sends to a live, a dead and a malformed token, once by its own setting of host
and port under TLS, once under Apple's name with nothing set; then the phone is looked at.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time

import httpx
import pytest

from pushlab.lab import Lab
from pushlab_testing.apns import (
    KEY_ID,
    TEAM,
    TOPIC,
    a_certificate,
    make_key_pem,
    sign_token,
)

WAIT_S = 10
MALFORMED = "not-hexadecimal"
HOST = "api.push.apple.com"
PAYLOAD = {"aps": {"alert": {"title": "Sale", "body": "Today only"}, "badge": 2}}


@pytest.fixture
def lab():
    """Yield a lab on a port, in which dead tokens are reported a day later."""
    settings = {
        "apns_never_reported": 0.0,
        "apns_feedback_min_days": 1,
        "apns_feedback_max_days": 1,
    }
    with Lab(settings=settings) as lab:
        lab.serve()
        yield lab


@pytest.fixture
def key_file(tmp_path):
    """Return the file of a signing key."""
    path = tmp_path / "AuthKey.p8"
    path.write_text(make_key_pem(), "utf-8")
    return path


@pytest.fixture
def ca_file(lab, tmp_path):
    """Return a file with the certificate that clients of the port trust."""
    path = tmp_path / "ca.pem"
    path.write_bytes(lab.endpoints.ca_pem)
    return path


def a_dead_token(lab):
    """Return the token of an app that was removed, which APNs has found out."""
    phone = lab.device("ios", name="removed")
    token = phone.token
    phone.uninstall()
    stamp = int(lab.now / 1000)
    with httpx.Client(http1=False, http2=True) as client:
        answer = client.post(
            f"http://{lab.endpoints.apns}/3/device/{token}",
            headers={"authorization": f"bearer {sign_token(stamp)}", "apns-topic": TOPIC},
            json=PAYLOAD,
        )
    assert answer.status_code == 200
    lab.advance(days=3)
    return token


def check(lab, phone, results):
    """Look at what three sends came to: to a live, a dead and a malformed token."""
    live, dead, malformed = results
    lab.advance(minutes=1)
    assert live == (200, None)
    assert dead == (410, "Unregistered")
    assert malformed == (400, "BadDeviceToken")
    assert [(each.title, each.body) for each in phone.tray] == [("Sale", "Today only")]
    assert phone.badge == 2
    assert lab.list_problems() == []


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


def test_httpx_sends_in_clear_text_by_its_base_url(lab):
    phone = lab.device("ios")
    tokens = [phone.token, a_dead_token(lab), MALFORMED]

    with httpx.Client(http1=False, http2=True, timeout=WAIT_S) as client:
        results = [*send_with_httpx(client, f"http://{lab.endpoints.apns}", tokens)]

    check(lab, phone, results)


def test_httpx_sends_under_tls_by_its_base_url(lab):
    phone = lab.device("ios")
    tokens = [phone.token, a_dead_token(lab), MALFORMED]
    trust = ssl.create_default_context(cadata=lab.endpoints.ca_pem.decode())

    with httpx.Client(http2=True, verify=trust, timeout=WAIT_S) as client:
        results = [*send_with_httpx(client, f"https://{lab.endpoints.apns}", tokens)]

    check(lab, phone, results)


def test_httpx_is_redirected(lab):
    client = httpx.Client(http2=True, timeout=WAIT_S)
    phone = lab.device("ios")
    tokens = [phone.token, a_dead_token(lab), MALFORMED]
    lab.redirect()

    with client:
        results = [*send_with_httpx(client, f"https://{HOST}", tokens)]

    check(lab, phone, results)


def test_httpx_is_redirected_on_the_other_port(lab):
    phone = lab.device("ios")
    lab.redirect()

    with httpx.Client(http2=True, timeout=WAIT_S) as client:
        results = [*send_with_httpx(client, f"https://{HOST}:2197", [phone.token])]

    assert results == [(200, None)]


# --- aioapns ---------------------------------------------------------------------------------


async def close_aioapns(client):
    """Close its connections, and wait until they are: it offers no wait of its own."""
    client.pool.close()
    while client.pool.connections:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0)
    await asyncio.sleep(0)


def send_with_aioapns(tokens, **options):
    from aioapns import APNs, NotificationRequest

    async def send():
        client = APNs(
            key=make_key_pem(),
            key_id=KEY_ID,
            team_id=TEAM,
            topic=TOPIC,
            use_sandbox=False,
            **options,
        )
        results = []
        for token in tokens:
            request = NotificationRequest(device_token=token, message=PAYLOAD, time_to_live=60)
            answer = await asyncio.wait_for(client.send_notification(request), WAIT_S)
            results.append((int(answer.status), answer.description or None))
        await asyncio.wait_for(close_aioapns(client), WAIT_S)
        return results

    return asyncio.run(send())


def test_aioapns_sends_by_its_own_setting(lab, monkeypatch):
    from aioapns.connection import APNsProductionClientProtocol

    phone = lab.device("ios")
    tokens = [phone.token, a_dead_token(lab), MALFORMED]
    monkeypatch.setattr(APNsProductionClientProtocol, "APNS_SERVER", lab.endpoints.apns.host)
    monkeypatch.setattr(APNsProductionClientProtocol, "APNS_PORT", lab.endpoints.apns.port)
    trust = ssl.create_default_context(cadata=lab.endpoints.ca_pem.decode())

    results = send_with_aioapns(tokens, ssl_context=trust)

    check(lab, phone, results)


def test_aioapns_is_redirected(lab):
    phone = lab.device("ios")
    tokens = [phone.token, a_dead_token(lab), MALFORMED]
    lab.redirect()

    results = send_with_aioapns(tokens)

    check(lab, phone, results)


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
    phone = lab.device("ios")
    tokens = [phone.token, a_dead_token(lab), MALFORMED]
    lab.redirect()
    lab.apns.accept_certificate(certificate_file.read_text("utf-8"))

    results = send_with_certificate(tokens, certificate_file)

    check(lab, phone, results)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_certificate_that_nobody_asks_for_says_nothing(lab, certificate_file):
    phone = lab.device("ios")
    lab.redirect()

    results = send_with_certificate([phone.token], certificate_file)

    assert results == [(403, "MissingProviderToken")]


# --- apns2-up --------------------------------------------------------------------------------


def send_with_apns2(tokens, key_file):
    from apns2.client import APNsClient
    from apns2.credentials import TokenCredentials
    from apns2.errors import APNsException, Unregistered
    from apns2.payload import Payload, PayloadAlert

    client = APNsClient(TokenCredentials(str(key_file), KEY_ID, TEAM))
    payload = Payload(alert=PayloadAlert(title="Sale", body="Today only"), badge=2)
    try:
        for token in tokens:
            try:
                client.send_notification(token, payload, TOPIC)
            except Unregistered as error:
                yield (410, "Unregistered") if error.timestamp else (410, "no timestamp")
            except APNsException as error:
                yield 400, type(error).__name__
            else:
                yield 200, None
    finally:
        client._connection.close()


if sys.version_info < (3, 12):  # Its hyper asks ssl for match_hostname, which later ones lack.

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_apns2_sends_by_its_own_setting(lab, monkeypatch, key_file, ca_file):
        import hyper.tls
        from apns2.client import APNsClient

        phone = lab.device("ios")
        tokens = [phone.token, a_dead_token(lab), MALFORMED]
        monkeypatch.setattr(APNsClient, "LIVE_SERVER", lab.endpoints.apns.host)
        monkeypatch.setattr(APNsClient, "DEFAULT_PORT", lab.endpoints.apns.port)
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        monkeypatch.setattr(hyper.tls, "_context", None)

        results = [*send_with_apns2(tokens, key_file)]

        check(lab, phone, results)

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_apns2_is_redirected(lab, key_file):
        phone = lab.device("ios")
        tokens = [phone.token, a_dead_token(lab), MALFORMED]
        lab.redirect()

        results = [*send_with_apns2(tokens, key_file)]

        check(lab, phone, results)


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
