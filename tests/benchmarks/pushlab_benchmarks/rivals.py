"""The servers that benchmarks compare, each in a process of its own; here those of `http_post`.

``python -m pushlab_benchmarks.rivals NAME`` prints its port, and the addresses that it knows, as
JSON on one line; serves; and answers each line on its standard input with the processor time that
it has used so far, in seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import uuid4

import msgspec

from pushlab_benchmarks.wire_rivals import (
    serve_aiosmtpd,
    serve_h2_echo,
    serve_pushlab_apns,
    serve_pushlab_smtp,
    serve_smtp_machine,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

__all__ = ["APP", "RIVALS"]

APP = "11111111-2222-4333-8444-555555555555"


class Notification(msgspec.Struct):
    """The body of POST /notifications, as far as a careful stub would type it."""

    app_id: Annotated[str, msgspec.Meta(min_length=36, max_length=36)]
    include_aliases: dict[str, list[str]]
    contents: dict[str, str]
    target_channel: Literal["push", "email", "sms"] = "push"
    headings: dict[str, str] = msgspec.field(default_factory=dict)
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    ttl: Annotated[int, msgspec.Meta(ge=0)] = 259_200
    priority: int | None = None
    idempotency_key: str | None = None


class Accepted(msgspec.Struct):
    """The answer."""

    id: str
    external_id: str | None = None


def serve_pushlab() -> dict[str, Any]:
    """Serve a lab with one device."""
    from pushlab.lab import Lab

    lab = Lab(1, app=f"{APP}:key", plan="pro")
    lab.device("android", external_id="anna")
    return {"port": lab.serve().port, "addresses": ["anna"]}


def serve_bare() -> dict[str, Any]:
    """Serve one aiohttp handler, typed by msgspec."""
    from aiohttp import web

    decoder = msgspec.json.Decoder(Notification)

    async def create(request: web.Request) -> web.Response:
        try:
            draft = decoder.decode(await request.read())
        except msgspec.DecodeError as error:
            return web.json_response({"errors": [str(error)]}, status=400)
        accepted = Accepted(str(uuid4()), draft.idempotency_key)
        return web.Response(
            body=msgspec.json.encode(accepted), content_type="application/json", charset="utf-8"
        )

    async def listen() -> int:
        application = web.Application()
        application.router.add_post("/notifications", create)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    port = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    return {"port": port, "addresses": ["anna"]}


RIVALS: dict[str, Callable[[], dict[str, Any]]] = {
    "pushlab": serve_pushlab,
    "bare": serve_bare,
    "pushlab apns": serve_pushlab_apns,
    "h2 echo": serve_h2_echo,
    "pushlab smtp": serve_pushlab_smtp,
    "smtp machine": serve_smtp_machine,
    "aiosmtpd": serve_aiosmtpd,
}


def main() -> None:
    """Serve until standard input ends."""
    sys.stdout.write(f"{json.dumps(RIVALS[sys.argv[1]]())}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(f"{time.process_time()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
