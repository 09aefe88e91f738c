"""Sends to push services as requests: which are some, to whom, and what a service's looks like.

Mirrored: RFC 8030, section 5. A message that a service sends is shown before it is encrypted for
its browser, and without the service's own signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Request
from pushlab_fakes.json_text import decode_object
from pushlab_fakes.webpush.dialects import find_dialect

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

HIGH: Final = 10
VERDICTS: Final = {
    Verdict.ACCEPTED: (201, ""),
    Verdict.DEAD: (410, "Gone"),
    Verdict.BAD: (404, "Not Found"),
    Verdict.TOO_LARGE: (413, "Payload Too Large"),
    Verdict.PUT_OFF: (503, "Service Unavailable"),
    Verdict.REFUSED: (403, "Forbidden"),
}
"""Status and reason phrase of each verdict, where no fault has its own."""
STRANGER: Final = VERDICTS[Verdict.REFUSED]
"""The same for an endpoint of another app's page."""
WORDS: Final = ("message", "reason")
"""Where services that answer with JSON say what is wrong."""


def is_send(request: Request) -> bool:
    """Whether *request* is for an endpoint, not for a message that was accepted."""
    dialect = find_dialect(request.host, request.path)
    return not request.path.startswith(dialect.message_path)


def find_address(request: Request) -> str:
    """Return the endpoint, with its service's own name whatever host the client was given."""
    dialect = find_dialect(request.host, request.path)
    tail = f"?{request.query}" if dialect.has_query else ""
    return f"{dialect.origin}{request.path}{tail}"


def find_name(answer: Answer) -> str | None:
    """Return the address of the accepted message."""
    return answer.header("location")


def find_reason(answer: Answer) -> str | None:
    """Return what a refusal says, as a line."""
    if answer.status < 400:
        return None
    said = decode_object(answer.body)
    if said is not None:
        return next((str(said[name]) for name in WORDS if name in said), None)
    return answer.body.decode("utf-8", "replace").strip() or None


def render_send(endpoint: str, payload: Mapping[str, object], content: Content) -> Request:
    """Return the request by which a service hands a message over, its body in clear text."""
    parts = urlsplit(endpoint)
    headers = [
        ("ttl", str(content.ttl_s)),
        ("urgency", "high" if content.priority == HIGH else "normal"),
        ("content-type", "application/json"),
    ]
    if content.topic:
        headers.append(("topic", content.topic))
    body = msgspec.json.encode(payload)
    return Request("POST", parts.netloc, parts.path, parts.query, tuple(headers), body)
