"""Live a recorded run again, to the same digest.

Posts do not leave: each is answered as the record says, so what an app did in its handler (the
requests that stand between) comes at the same instant as it did.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec

from pushlab.errors import ReplayError
from pushlab.lab import Lab
from pushlab.population import Population, read_rows
from pushlab.record import FORMAT
from pushlab.world.clock import parse_instant, render_instant
from pushlab.world.outbox import PostAnswer
from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pushlab.world.clock import Instant

__all__ = ["replay"]


def replay(lines: Iterable[str]) -> Lab:
    """Return a lab that lived the record in *lines*.

    Raises ReplayError when the record is no record, or when the replay ends with another digest.
    """
    header, *actions = [_decode(number, line) for number, line in enumerate(lines, 1)]
    if header.get("pushlab_record") not in range(1, FORMAT + 1):
        raise ReplayError("line 1: this is no record of pushlab; it begins with pushlab_record")
    lab = Lab(header["seed"], header["start"], **header["options"])
    digest = None
    for number, action in enumerate(actions, 2):
        if "digest" in action:
            _reach(lab, parse_instant(action["end"]), number)
            digest = action["digest"]
            break
        at = parse_instant(action.pop("at"))
        name, arguments = next(iter(action.items()))
        _reach(lab, at, number, is_post=name == "post")
        if name not in ACTIONS:
            raise ReplayError(f"line {number}: no action {name!r}; there are {sorted(ACTIONS)}")
        ACTIONS[name](lab, arguments)
    if digest is None:
        raise ReplayError("the record has no end: its last line with the digest is missing")
    if lab.trace.digest != digest:
        raise ReplayError(
            f"the replay ended with digest {lab.trace.digest}, the record with {digest}; "
            "compare their traces line by line (lab.trace.lines())"
        )
    return lab


def _decode(number: int, line: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ReplayError(f"line {number}: {error}") from None


def _reach(lab: Lab, at: Instant, number: int, *, is_post: bool = False) -> None:
    """Run the world to *at*; a post that waits must be the next thing in the record."""
    post = lab.world.outbox.find_next()
    if post is None and lab.world.now <= at:
        post = lab.world.run_until(at)
    if lab.world.now != at:
        raise ReplayError(
            f"line {number}: the record goes on at {render_instant(at)}, the replay stands at "
            f"{render_instant(lab.world.now)}" + (f" with {post.name}" if post else "")
        )
    if is_post and post is None:
        raise ReplayError(f"line {number}: the record has a post here, the replay has none")


def _request(lab: Lab, arguments: dict[str, Any]) -> None:
    body = arguments.get("body")
    raw = b64decode(arguments["body_base64"]) if body is None else body.encode()
    headers = tuple(arguments["headers"].items())
    lab.handle(
        Request(
            arguments["method"],
            arguments["host"],
            arguments["path"],
            arguments["query"],
            headers,
            raw,
        )
    )


def _post(lab: Lab, arguments: dict[str, Any]) -> None:
    post = lab.world.outbox.find_next()
    assert post is not None, "checked before"
    if post.name != arguments["name"]:
        raise ReplayError(f"the record has the post {arguments['name']}, the replay {post.name}")
    answer = PostAnswer(arguments["status"], error=arguments["error"])
    lab.world.outbox.settle(post, answer)


def _verb(lab: Lab, arguments: dict[str, Any]) -> None:
    device = lab.find_device(arguments["device"])
    if device is None:
        raise ReplayError(f"the record has a device {arguments['device']!r}, the replay has none")
    given = dict(arguments["with"])
    if arguments["verb"] in {"tap", "dismiss"}:
        wanted = given.pop("notification")
        given["message"] = next(held for held in device.tray if held.notification_id == wanted)
    getattr(device, arguments["verb"])(**given)


def _members(lab: Lab, arguments: dict[str, Any]) -> None:
    members = Population(lab, arguments["prefix"], read_rows(arguments["rows"]))
    getattr(members, arguments["verb"])(**arguments["with"])


ACTIONS: dict[str, Callable[[Lab, dict[str, Any]], object]] = {
    "app": lambda lab, arguments: lab.app.update(**arguments),
    "device": lambda lab, arguments: lab.device(**arguments),
    "end_fault": lambda lab, arguments: lab.end_fault(arguments["id"]),
    "fault": lambda lab, arguments: lab.fault(**arguments),
    "members": _members,
    "observe": lambda lab, arguments: lab.observe_subscriptions(arguments["url"]),
    "population": lambda lab, arguments: lab.population(**arguments),
    "post": _post,
    "request": _request,
    "settings": lambda lab, arguments: lab.change_settings(**arguments),
    "verb": _verb,
}
