"""The step in which your code calls the service: `request: {call: POST /notifications, ...}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pushlab_scenarios.nodes import Fields, Scalar, Table, read_text, render_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_scenarios.cast import Cast
    from pushlab_scenarios.nodes import Node, Place

__all__ = ["RequestStep", "read_request_step"]

EXAMPLE: Final = "request: {call: POST /notifications, body: {...}, save: welcome}"
CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)")
STATUS_MIN, STATUS_MAX = 100, 599
Outcome: TypeAlias = Literal["cut", "held"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("cut", "held")
ID: Final = "id"
"""What is saved of an answer unless the step says otherwise."""


@dataclass(frozen=True, slots=True)
class RequestStep:
    """One call of the OneSignal API, with the app's key."""

    place: Place
    say: str | None
    method: str
    path: Scalar
    """Path and query, with `$name` where a saved value goes."""
    body: Node | None
    headers: Mapping[str, Scalar]
    status: tuple[Place, int] | None
    """The status that is expected; None is any that says yes."""
    answer: Node | None
    """What the answer holds, at least."""
    save: Mapping[str, str]
    """By name, the path in the answer of what is kept."""
    outcome: Outcome | None = None
    """What happens instead of an answer: ``cut``, or ``held`` until a hold is released."""

    def describe(self) -> str:
        """Return the step in a line."""
        kept = ", ".join(name if path == ID else f"{name} ({path})" for name, path in self._kept())
        return f"your code calls {self.method} {self.path.text}{f' as {kept}' if kept else ''}"

    def describe_answer(self) -> str:
        """Return what is expected of the answer in a line."""
        if self.outcome is not None:
            return f"that it is {self.outcome}"
        status = [] if self.status is None else [f"status {self.status[1]}"]
        answer = [] if self.answer is None else [f"answer {render_node(self.answer)}"]
        return ", ".join([*status, *answer]) or "an answer that says yes"

    def _kept(self) -> list[tuple[str, str]]:
        return list(self.save.items())


def read_request_step(node: Node, say: str | None, cast: Cast) -> RequestStep:
    """Read what stands under `request`."""
    fields = Fields(node, "a request", EXAMPLE)
    call = fields.need("call", fields.scalar("call"))
    found = CALL.fullmatch(call.text)
    if found is None:
        raise call.place.refuse(
            f"{call.text!r} is no call", "write method and path, such as POST /notifications"
        )
    method, target = found.groups()
    path = Scalar(call.place, target, target)
    body, answer = fields.table("body"), fields.node("answer")
    headers = _read_headers(fields.table("headers"))
    status = _read_status(fields)
    for part in (path, body, answer, *headers.values()):
        if part is not None:
            cast.check(part)
    outcome = _read_outcome(fields)
    save = _read_save(fields.node("save"), cast)
    fields.finish()
    if outcome == "cut" and (status or answer or save):
        raise node.place.refuse(
            "a request whose connection is cut has no answer", "leave status, answer and save out"
        )
    return RequestStep(node.place, say, method, path, body, headers, status, answer, save, outcome)


def _read_headers(table: Table | None) -> dict[str, Scalar]:
    headers: dict[str, Scalar] = {}
    for key, value in table.pairs if table is not None else ():
        read_text(value, key.text)
        assert isinstance(value, Scalar)
        headers[key.text] = value
    return headers


def _read_status(fields: Fields) -> tuple[Place, int] | None:
    if "status" not in fields:
        return None
    place = fields.key_place("status")
    status = fields.whole("status")
    if status is None or not STATUS_MIN <= status <= STATUS_MAX:
        raise place.refuse(f"status is {status}", "write a status of HTTP, such as 400")
    return place, status


def _read_outcome(fields: Fields) -> Outcome | None:
    word = fields.choice("outcome", OUTCOMES)
    return next((known for known in OUTCOMES if known == word), None)


def _read_save(node: Node | None, cast: Cast) -> dict[str, str]:
    """Read `save: welcome`, or `save: {welcome: id, alice: identity.onesignal_id}`."""
    if node is None:
        return {}
    if isinstance(node, Table):
        return {cast.save(key): read_text(value, key.text) for key, value in node.pairs}
    read_text(node, "save")
    assert isinstance(node, Scalar)
    return {cast.save(node): ID}
