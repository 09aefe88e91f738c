"""Clients of Twilio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pushlab_testing.vendor_clients.scene import BODY, Client, redirect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_testing.vendor_clients.scene import Scene

__all__ = ["CLIENTS"]

SERVICE: Final = "Twilio"
SID, TOKEN, SHOP = "AC" + 32 * "1", "made-up-token-of-an-account", "+14155550100"
TOLD: Final = ("delivered", "undelivered 30005", "400 21211")


def _lead(scene: Scene) -> str:
    scene.stay_here()
    return scene.lab.endpoints.twilio


def _say(message: Any) -> str:
    return f"{message.status} {message.error_code or ''}".strip()


def _send(scene: Scene, numbers: Sequence[str], led: Any) -> list[str]:
    from twilio.base.exceptions import TwilioRestException
    from twilio.rest import Client as Twilio

    client, told = Twilio(SID, TOKEN), []
    if led:
        client.api.base_url = led
    for number in numbers:
        try:
            sent = client.messages.create(to=number, from_=SHOP, body=BODY)
            scene.lab.advance(minutes=1)
            told.append(_say(sent.fetch()))
        except TwilioRestException as error:
            told.append(f"{error.status} {error.code}")
    client.http_client.session.close()
    return told


def _send_async(scene: Scene, numbers: Sequence[str], led: Any) -> list[str]:
    from twilio.base.exceptions import TwilioRestException
    from twilio.http.async_http_client import AsyncTwilioHttpClient
    from twilio.rest import Client as Twilio

    async def send() -> list[str]:
        told = []
        async with AsyncTwilioHttpClient() as http:
            client = Twilio(SID, TOKEN, http_client=http)
            if led:
                client.api.base_url = led
            for number in numbers:
                try:
                    sent = await client.messages.create_async(to=number, from_=SHOP, body=BODY)
                    await scene.lab.advance_async(minutes=1)
                    told.append(_say(await sent.fetch_async()))
                except TwilioRestException as error:
                    told.append(f"{error.status} {error.code}")
        return told

    return asyncio.run(send())


CLIENTS: Final = (
    Client(
        SERVICE,
        "twilio",
        "9.13",
        "Client.messages.create",
        _send,
        TOLD,
        {"`client.api.base_url`": _lead, "redirected": redirect},
        "twilio",
    ),
    Client(
        SERVICE,
        "twilio",
        "9.13",
        "Client.messages.create_async",
        _send_async,
        TOLD,
        {"`client.api.base_url`": _lead, "redirected": redirect},
        "twilio",
    ),
)
