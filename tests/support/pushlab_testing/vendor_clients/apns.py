"""Clients of APNs."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from pushlab_testing.apns import KEY_ID, TEAM, TOPIC, make_key_pem, sign_token
from pushlab_testing.vendor_clients.scene import BODY, MODE, TITLE, WAIT_S, Client, redirect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_testing.vendor_clients.scene import Scene

__all__ = ["CLIENTS", "close_aioapns"]

SERVICE: Final = "APNs"
HOST: Final = "api.push.apple.com"
PAYLOAD: Final = {"aps": {"alert": {"title": TITLE, "body": BODY}, "badge": 2}}
TOLD: Final = ("200", "410 Unregistered", "400 BadDeviceToken")


def _trust(scene: Scene) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=scene.lab.endpoints.ca_pem.decode())


# -- aioapns ---------------------------------------------------------------------------------------


async def close_aioapns(client: Any) -> None:
    """Close its connections, and wait until they are: it offers no wait of its own."""
    client.pool.close()
    while client.pool.connections:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(0)
    await asyncio.sleep(0)


def _send_with_aioapns(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    from aioapns import APNs, NotificationRequest

    async def send() -> list[str]:
        client = APNs(key=make_key_pem(), key_id=KEY_ID, team_id=TEAM, topic=TOPIC, **(led or {}))
        told = []
        for token in tokens:
            request = NotificationRequest(device_token=token, message=PAYLOAD, time_to_live=60)
            answer = await asyncio.wait_for(client.send_notification(request), WAIT_S)
            told.append(f"{answer.status} {answer.description or ''}".strip())
        await asyncio.wait_for(close_aioapns(client), WAIT_S)
        return told

    return asyncio.run(send())


def _lead_aioapns(scene: Scene) -> dict[str, Any]:
    from aioapns.connection import APNsProductionClientProtocol as Protocol

    scene.stay_here()
    scene.patch.setattr(Protocol, "APNS_SERVER", scene.lab.endpoints.apns.host)
    scene.patch.setattr(Protocol, "APNS_PORT", scene.lab.endpoints.apns.port)
    return {"ssl_context": _trust(scene)}


# -- apns2-up --------------------------------------------------------------------------------------


def _send_with_apns2(scene: Scene, tokens: Sequence[str], _: Any) -> list[str]:
    from apns2.client import APNsClient
    from apns2.credentials import TokenCredentials
    from apns2.errors import APNsException
    from apns2.payload import Payload, PayloadAlert

    key_file = scene.folder / "AuthKey.p8"
    key_file.write_text(make_key_pem(), "utf-8")
    client = APNsClient(TokenCredentials(str(key_file), KEY_ID, TEAM))
    payload = Payload(alert=PayloadAlert(title=TITLE, body=BODY), badge=2)
    told = []
    for token in tokens:
        try:
            client.send_notification(token, payload, TOPIC)
            told.append("sent")
        except APNsException as error:
            told.append(type(error).__name__)
    client._connection.close()
    return told


def _lead_apns2(scene: Scene) -> None:
    import hyper.tls
    from apns2.client import APNsClient

    scene.stay_here()
    scene.patch.setattr(APNsClient, "LIVE_SERVER", scene.lab.endpoints.apns.host)
    scene.patch.setattr(APNsClient, "DEFAULT_PORT", scene.lab.endpoints.apns.port)
    scene.patch.setenv("SSL_CERT_FILE", str(scene.ca_file))
    # It reads the file once in a process.
    scene.patch.setattr(hyper.tls, "_context", None)


# -- httpx -----------------------------------------------------------------------------------------


def _send_with_httpx(_: Scene, tokens: Sequence[str], led: Any) -> list[str]:
    base_url, options = led
    headers = {
        "authorization": f"bearer {sign_token(int(time.time()))}",
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
    }
    told = []
    with httpx.Client(http2=True, base_url=base_url, timeout=WAIT_S, **options) as client:
        for token in tokens:
            answer = client.post(f"/3/device/{token}", headers=headers, json=PAYLOAD)
            assert answer.http_version == "HTTP/2"
            reason = answer.json()["reason"] if answer.content else ""
            told.append(f"{answer.status_code} {reason}".strip())
    return told


def _lead_httpx_in_clear(scene: Scene) -> tuple[str, dict[str, Any]]:
    scene.stay_here()
    return f"http://{scene.lab.endpoints.apns}", {"http1": False}


def _lead_httpx_under_tls(scene: Scene) -> tuple[str, dict[str, Any]]:
    scene.stay_here()
    return f"https://{scene.lab.endpoints.apns}", {"verify": _trust(scene)}


def _redirect_httpx(scene: Scene) -> tuple[str, dict[str, Any]]:
    redirect(scene)
    return f"https://{HOST}", {}


CLIENTS: Final = (
    Client(
        SERVICE,
        "aioapns",
        "4.0",
        "APNs.send_notification",
        _send_with_aioapns,
        TOLD,
        {
            "`APNS_SERVER` and `APNS_PORT` of its protocol class, `ssl_context=`": _lead_aioapns,
            "redirected": redirect,
        },
        "aioapns",
    ),
    Client(
        SERVICE,
        "apns2-up",
        "0.9",
        "APNsClient.send_notification",
        _send_with_apns2,
        ("sent", "Unregistered", "BadDeviceToken"),
        {
            "`LIVE_SERVER` and `DEFAULT_PORT` of its class, `SSL_CERT_FILE`": _lead_apns2,
            "redirected": redirect,
        },
        "apns2-up",
        before=(3, 12),
    ),
    Client(
        SERVICE,
        "httpx with HTTP/2",
        "0.28",
        "Client(http2=True).post",
        _send_with_httpx,
        TOLD,
        {
            f"`base_url=`{MODE}clear text": _lead_httpx_in_clear,
            f"`base_url=`{MODE}TLS with `verify=`": _lead_httpx_under_tls,
            "redirected": _redirect_httpx,
        },
        "httpx",
    ),
)
