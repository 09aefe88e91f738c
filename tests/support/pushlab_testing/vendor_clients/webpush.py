"""Clients of the browsers' push services."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pushlab_testing.vendor_clients.scene import BODY, TITLE, WAIT_S, Client, redirect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_testing.vendor_clients.scene import Scene

__all__ = ["CLIENTS"]

SERVICE: Final = "Web Push"
SAID: Final = json.dumps({"title": TITLE, "body": BODY})
TOLD: Final = ("201", "410", "404")
BY_ENDPOINT: Final = "the endpoint of the subscription"


def _lead(scene: Scene) -> str:
    scene.stay_here()
    return scene.lab.endpoints.webpush


def _subscriptions(given: Sequence[dict[str, Any]], led: Any) -> list[dict[str, Any]]:
    """Return what browsers gave, with *led* for the origin of the endpoint if there is one."""
    if not led:
        return [*given]
    return [each | {"endpoint": led + urlsplit(each["endpoint"]).path} for each in given]


def _options() -> dict[str, Any]:
    from py_vapid import Vapid

    key = Vapid()
    key.generate_keys()
    return {"vapid_private_key": key, "ttl": 3_600}


def _claims() -> dict[str, str]:
    return {"sub": "mailto:push@example.com"}


def _send(_: Scene, subscriptions: Sequence[dict[str, Any]], led: Any) -> list[str]:
    from pywebpush import WebPushException, webpush

    options, told = _options(), []
    for each in _subscriptions(subscriptions, led):
        try:
            answer = webpush(each, SAID, vapid_claims=_claims(), timeout=WAIT_S, **options)
        except WebPushException as error:
            answer = error.response
        told.append(str(answer.status_code))
    return told


def _send_async(_: Scene, subscriptions: Sequence[dict[str, Any]], led: Any) -> list[str]:
    from pywebpush import WebPushException, webpush_async

    async def send(each: dict[str, Any], **options: Any) -> str:
        try:
            answer: Any = await webpush_async(each, SAID, vapid_claims=_claims(), **options)
        except WebPushException as error:
            answer = error.response
        return str(answer.status)

    async def send_all() -> list[str]:
        options = _options()
        return [
            await asyncio.wait_for(send(each, **options), WAIT_S)
            for each in _subscriptions(subscriptions, led)
        ]

    return asyncio.run(send_all())


CLIENTS: Final = (
    Client(
        SERVICE,
        "pywebpush",
        "2.5",
        "webpush",
        _send,
        TOLD,
        {BY_ENDPOINT: _lead, "redirected": redirect},
        "pywebpush",
    ),
    Client(
        SERVICE,
        "pywebpush",
        "2.5",
        "webpush_async",
        _send_async,
        TOLD,
        {BY_ENDPOINT: _lead, "redirected": redirect},
        "pywebpush",
    ),
)
