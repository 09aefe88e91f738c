"""Live a recorded run again, to the same digest.

Posts do not leave: each is answered as the record says, so what an app did in its handler (the
requests that stand between) comes at the same instant as it did.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pushlab.devices.arguments import find_shown
from pushlab.errors import MisuseError, ReplayError
from pushlab.lab import Lab
from pushlab.population import Population, read_rows
from pushlab.record import FORMAT
from pushlab.world.clock import parse_instant, render_instant
from pushlab.world.outbox import PostAnswer
from pushlab_fakes.exchange import Peer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pushlab.world.clock import Instant

__all__ = ["Recorded", "is_record", "live", "parse_record", "replay"]

SEED_MAX: Final = 2**64 - 1
START_OF_RECORD: Final = "pushlab_record"
LINE_BYTES_LOOKED_AT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record that was read: what the lab was made with, what came from outside, how it ended."""

    seed: int
    start: Instant
    options: Mapping[str, Any]
    actions: tuple[tuple[int, Instant, str, Any], ...]
    """Line, instant, name and arguments of each."""
    end: tuple[int, Instant]
    """Line and instant of the end."""
    digest: str


def replay(lines: Iterable[str]) -> Lab:
    """Return a lab that lived the record in *lines*.

    Raises ReplayError when the record is no record, or when the replay ends with another digest.
    """
    return live(parse_record(lines))


def is_record(path: Path) -> bool:
    """Tell whether the file *path* begins like a record."""
    try:
        with path.open("rb") as file:
            first = file.readline(LINE_BYTES_LOOKED_AT)
    except (OSError, ValueError):
        return False
    return first.lstrip().startswith(b"{") and START_OF_RECORD.encode() in first


def parse_record(lines: Iterable[str]) -> Recorded:
    """Read a record; raises ReplayError, with its line, where it is none."""
    numbered = ((number, _decode(number, line)) for number, line in enumerate(lines, 1))
    _, header = next(numbered, (1, {}))
    if header.get(START_OF_RECORD) not in range(1, FORMAT + 1):
        raise ReplayError("line 1: this is no record of pushlab; it begins with pushlab_record")
    seed, options = header.get("seed"), header.get("options")
    if type(seed) is not int or not 0 <= seed <= SEED_MAX or not isinstance(options, dict):
        raise ReplayError("line 1: a record carries a seed and options")
    start = _read_instant(1, header, "start")
    actions: list[tuple[int, Instant, str, Any]] = []
    for number, action in numbered:
        if "digest" in action:
            end = (number, _read_instant(number, action, "end"))
            return Recorded(seed, start, options, tuple(actions), end, str(action["digest"]))
        at = _read_instant(number, action, "at")
        names = [name for name in action if name != "at"]
        if len(names) != 1 or names[0] not in ACTIONS:
            told = ", ".join(map(repr, names)) or "nothing"
            raise ReplayError(f"line {number}: no action {told}; there are {sorted(ACTIONS)}")
        actions.append((number, at, names[0], action[names[0]]))
    raise ReplayError("the record has no end: its last line with the digest is missing")


def live(recorded: Recorded) -> Lab:
    """Return a lab that lived a record; raises ReplayError when it ends with another digest."""
    try:
        lab = Lab(recorded.seed, recorded.start, **recorded.options)
    except (MisuseError, TypeError) as error:
        raise ReplayError(f"line 1: no lab can be made of these options: {error}") from error
    for number, at, name, arguments in recorded.actions:
        _reach(lab, at, number, is_post=name == "post")
        try:
            ACTIONS[name](lab, arguments)
        except (MisuseError, AttributeError, LookupError, TypeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise ReplayError(f"line {number}: {name} cannot be done again: {what}") from error
    line, end = recorded.end
    _reach(lab, end, line)
    if lab.trace.digest != recorded.digest:
        raise ReplayError(
            f"the replay ended with digest {lab.trace.digest}, the record with {recorded.digest}; "
            "compare their traces line by line (lab.trace.lines())"
        )
    return lab


def _decode(number: int, line: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReplayError(f"line {number}: {error}") from None


def _read_instant(number: int, told: Mapping[str, Any], name: str) -> Instant:
    try:
        return parse_instant(told.get(name, ""))
    except MisuseError as error:
        raise ReplayError(f"line {number}: {name}: {error}") from None


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
    headers = tuple(
        (name, value)
        for name, held in arguments["headers"].items()
        for value in (held if isinstance(held, list) else [held])
    )
    lab.respond(
        Request(
            arguments["method"],
            arguments["host"],
            arguments["path"],
            arguments["query"],
            headers,
            raw,
            _read_peer(arguments.get("peer")),
        )
    )


def _read_peer(told: dict[str, Any] | None) -> Peer | None:
    if told is None:
        return None
    real_at = told["real_at"]
    return Peer(
        told["connection"],
        told["secure"],
        b64decode(told["certificate_base64"]),
        None if real_at is None else parse_instant(real_at),
    )


def _post(lab: Lab, arguments: dict[str, Any]) -> None:
    post = lab.world.outbox.find_next()
    assert post is not None, "checked before"
    if post.name != arguments["name"]:
        raise ReplayError(f"the record has the post {arguments['name']}, the replay {post.name}")
    headers = tuple(arguments.get("headers", {}).items())
    body = arguments.get("body", "").encode()
    if "size_bytes" in arguments:
        # Nobody reads more of a file than its beginning and its size.
        body = b64decode(arguments["begins_base64"]).ljust(arguments["size_bytes"], b"\0")
    url = arguments.get("url", post.url)
    answer = PostAnswer(arguments["status"], headers, body, arguments["error"], url)
    lab.world.outbox.settle(post, answer)


def _find_device(lab: Lab, name: str) -> Any:  # noqa: ANN401  whatever has the verb
    device = lab.find_device(name)
    if device is None:
        raise ReplayError(f"the record has a device {name!r}, the replay has none")
    return device


def _verb(lab: Lab, arguments: dict[str, Any]) -> None:
    device = _find_device(lab, arguments["device"])
    verb, given = arguments["verb"], dict(arguments["with"])
    if verb not in device.VERBS:
        raise ReplayError(f"{device.id} has no verb {verb!r}")
    if "notification" in given:
        given.update(find_shown(device, verb, given.pop("notification")))
    getattr(device, verb)(**given)


def _population(lab: Lab, arguments: dict[str, Any]) -> None:
    given = dict(arguments)
    if "platforms" in given:
        given["platforms"] = dict(given["platforms"])
    lab.population(**given)


def _members(lab: Lab, arguments: dict[str, Any]) -> None:
    members = Population(lab, arguments["prefix"], read_rows(arguments["rows"]))
    getattr(members, arguments["verb"])(**arguments["with"])


def _app(lab: Lab, arguments: dict[str, Any]) -> None:
    changes = dict(arguments)
    named = changes.pop("app", None)
    app = lab.app if named is None else lab.find_app(named)
    if app is None:
        raise ReplayError(f"the record has an app {named!r}, the replay has none")
    app.update(**changes)


def _with_app(lab: Lab, arguments: dict[str, Any]) -> None:
    given = dict(arguments)
    _find_device(lab, given.pop("device")).with_app(**given)


ACTIONS: dict[str, Callable[[Lab, dict[str, Any]], object]] = {
    "add_app": lambda lab, arguments: lab.add_app(**arguments),
    "app": _app,
    "device": lambda lab, arguments: lab.device(**arguments),
    "broke": lambda lab, arguments: lab.broke(**arguments),
    "apns": lambda lab, arguments: getattr(lab.apns, arguments["do"])(**arguments["with"]),
    "end_fault": lambda lab, arguments: lab.end_fault(arguments["id"]),
    "fault": lambda lab, arguments: lab.fault(**arguments),
    "fcm": lambda lab, arguments: getattr(lab.fcm, arguments["do"])(**arguments["with"]),
    "members": _members,
    "observe": lambda lab, arguments: lab.observe_subscriptions(arguments["url"]),
    "handshake": lambda lab, arguments: lab.find_handshake(**arguments),
    "population": _population,
    "post": _post,
    "release": lambda lab, arguments: lab.release(**arguments),
    "request": _request,
    "settings": lambda lab, arguments: lab.change_settings(**arguments),
    "twilio": lambda lab, arguments: lab.twilio.apply(**arguments),
    "smtp": lambda lab, arguments: lab.mail.replay(arguments),
    "refuse_mail": lambda lab, arguments: lab.mail.refuse(**arguments),
    "accept_mail": lambda lab, arguments: lab.mail.accept(**arguments),
    "mail_login": lambda lab, arguments: lab.mail.add_login(**arguments),
    "verb": _verb,
    "with_app": _with_app,
}
