"""One story, told to a lab in several ways, so that the digests of the tellings can be compared.

Run as a script it tells the story in process and prints the digest and a few things that only
look the same when no set, locale, time zone or hash seed of the process reaches the world.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pushlab.devices.app_device import AppDevice
from pushlab.lab import Lab
from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Ask: TypeAlias = Callable[[str, str, object], Any]
    # Makes one call, from method, path and body, and returns the decoded answer.

__all__ = [
    "APP_ID",
    "NAMES",
    "ask_in_process",
    "ask_over_http",
    "begin",
    "end",
    "talk",
    "tell_in_process",
]

APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
HEADERS = {"authorization": "Key os_v2_app_made_up", "content-type": "application/json"}
NAMES = ("alice", "bob", "carol", "dave")
TIMEOUT_S = 10.0


def ask_in_process(lab: Lab) -> Ask:
    """Return what calls the fake directly."""

    def ask(method: str, path: str, body: object = None) -> Any:
        url = f"https://api.onesignal.com{path}"
        answer = lab.handle(Request.build(method, url, json=body, headers=HEADERS))
        assert answer.status < 300, answer
        return answer.json() if answer.body else None

    return ask


def ask_over_http(lab: Lab) -> Ask:
    """Return what calls the fake through its port, with a connection for each call."""
    import http.client

    port = lab.endpoints.port

    def ask(method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        with closing(connection):
            connection.request(method, path, json.dumps(body) if body else None, HEADERS)
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status < 300, text
        return json.loads(text) if text else None

    return ask


def begin(seed: int = 11) -> Lab:
    """Make the lab of the story: its people have their phones."""
    lab = Lab(seed)
    for number, name in enumerate(NAMES):
        lab.device("ios" if number % 2 else "android", external_id=name)
    return lab


def talk(ask: Ask, name: str) -> None:
    """Say about one person what a server says: nothing here touches any other."""
    user = f"/apps/{APP_ID}/users/by/external_id/{name}"
    ask("PATCH", user, {"properties": {"tags": {"city": "Zürich", "visits": "3"}}})
    ask("PATCH", f"{user}/identity", {"identity": {"shop": f"customer {name}"}})
    sent = [ask("POST", "/notifications", a_push(name, text)) for text in ("One", "Two", "Two")]
    ask("GET", f"/notifications/{sent[0]['id']}?app_id={APP_ID}", None)
    later = a_push(name, "Later") | {"send_after": "2026-01-02T09:00:00Z"}
    scheduled = ask("POST", "/notifications", later)
    ask("DELETE", f"/notifications/{scheduled['id']}?app_id={APP_ID}", None)
    ask("GET", user, None)


def a_push(name: str, text: str) -> dict[str, object]:
    """Return the body of a push to one person."""
    return {
        "app_id": APP_ID,
        "include_aliases": {"external_id": [name]},
        "target_channel": "push",
        "headings": {"en": f"Hello, {name}"},
        "contents": {"en": text},
    }


def end(lab: Lab) -> str:
    """Let the story run out, with somebody who taps, and return its digest."""
    lab.advance(minutes=5)
    for phone in lab.devices:
        if isinstance(phone, AppDevice) and phone.tray:
            phone.tap()
    lab.advance(days=1)
    return lab.trace.digest


def tell_in_process() -> Lab:
    """Tell the whole story without a socket."""
    lab = begin()
    ask = ask_in_process(lab)
    for name in NAMES:
        talk(ask, name)
    lab.population(50, prefix="guest")
    ask("POST", "/notifications", a_push("guest-000007", "Hello, guest"))
    end(lab)
    return lab


if __name__ == "__main__":
    told = tell_in_process()
    sys.stdout.write(f"{told.trace.digest} {told.trace.count} {[*told.devices]}\n")
    told.close()
