"""Sends to FCM as requests: which are some, to whom, and what a service's own looks like.

Mirrored: ``projects.messages:send`` of the FCM HTTP v1 reference; the legacy ``/fcm/send`` counts,
though nothing comes of it. A request that a service makes carries no credentials here: they are
the service's secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Request
from pushlab_fakes.json_text import decode_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.content import Content
    from pushlab_fakes.exchange import Answer

__all__ = [
    "STRANGER",
    "VERDICTS",
    "find_address",
    "find_name",
    "find_reason",
    "is_send",
    "render_send",
]

HOST: Final = "fcm.googleapis.com"
SEND: Final = ("/messages:send", "/messages%3Asend", "/messages%3asend")
LEGACY: Final = "/fcm/send"
JSON: Final = (("content-type", "application/json; charset=UTF-8"),)
HIGH: Final = 10
VERDICTS: Final = {
    Verdict.ACCEPTED: (200, ""),
    Verdict.DEAD: (404, "UNREGISTERED"),
    Verdict.BAD: (400, "INVALID_ARGUMENT"),
    Verdict.TOO_LARGE: (400, "INVALID_ARGUMENT"),
    Verdict.PUT_OFF: (503, "UNAVAILABLE"),
    Verdict.REFUSED: (403, "PERMISSION_DENIED"),
}
"""Status and error code of each verdict, where no fault has its own."""
STRANGER: Final = (403, "SENDER_ID_MISMATCH")
"""The same for a token of another app."""


def is_send(request: Request) -> bool:
    """Whether *request* sends a message."""
    if request.method != "POST":
        return False
    return request.path.endswith(SEND) or request.path == LEGACY


def find_address(request: Request) -> str:
    """Return the token, or the installation, topic or condition with what it is."""
    said = decode_object(request.body) or {}
    if request.path == LEGACY:
        return str(said.get("to") or "")
    message = said.get("message")
    if not isinstance(message, dict):
        return ""
    if isinstance(message.get("token"), str):
        return str(message["token"])
    named = next((name for name in ("fid", "topic", "condition") if message.get(name)), None)
    return "" if named is None else f"{named} {message[named]}"


def find_name(answer: Answer) -> str | None:
    """Return the name of the message."""
    name = (decode_object(answer.body) or {}).get("name")
    return name if isinstance(name, str) else None


def find_reason(answer: Answer) -> str | None:
    """Return FCM's own word of a refusal, or else Google's; of a page for people, its status."""
    if answer.status < 400:
        return None
    error = (decode_object(answer.body) or {}).get("error")
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and "errorCode" in detail:
            return str(detail["errorCode"])
    return str(error.get("status", "")) or None


def render_send(
    token: str, payload: Mapping[str, object], content: Content, *, project: str
) -> Request:
    """Return the request by which a service hands a data message over."""
    android: dict[str, object] = {
        "priority": "HIGH" if content.priority == HIGH else "NORMAL",
        "ttl": f"{content.ttl_s}s",
    }
    if content.collapse_id:
        android["collapse_key"] = content.collapse_id
    message = {"token": token, "data": dict(payload), "android": android}
    path = f"/v1/projects/{project}{SEND[0]}"
    return Request("POST", HOST, path, "", JSON, msgspec.json.encode({"message": message}))
