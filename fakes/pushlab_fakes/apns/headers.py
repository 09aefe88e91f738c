"""The headers of a send, read and checked (Apple, Sending notification requests to APNs)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab_fakes.apns.push_types import PUSH_TYPES
from pushlab_fakes.apns.reasons import Refused

if TYPE_CHECKING:
    from pushlab_fakes.apns.push_types import PushType
    from pushlab_fakes.exchange import Request

__all__ = ["SendHeaders", "find_apns_id", "read_headers", "refuse_duplicates"]

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TOPIC: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
SECONDS: Final = re.compile(r"[0-9]{1,15}")
PRIORITIES: Final = {"10": 10, "5": 5, "1": 1}
COLLAPSE_ID_MAX: Final = 64
"""Bytes."""
READ_ONCE: Final = (
    "apns-channel-id",
    "apns-collapse-id",
    "apns-expiration",
    "apns-id",
    "apns-priority",
    "apns-push-type",
    "apns-request-id",
    "apns-topic",
    "authorization",
)


@dataclass(frozen=True, slots=True)
class SendHeaders:
    """What the headers of one send say."""

    push_type: PushType | None
    """None when the header is absent, which APNs accepts."""
    topic: str | None
    expiration_s: int | None
    """Seconds since 1970; 0 means never to store; None leaves it to APNs."""
    priority: int
    collapse_id: str | None


def refuse_duplicates(request: Request) -> None:
    """Refuse headers that come twice."""
    seen: set[str] = set()
    for name, _ in request.headers:
        if name in READ_ONCE and name in seen:
            raise Refused("DuplicateHeaders")
        seen.add(name)


def find_apns_id(request: Request, name: str = "apns-id") -> str | None:
    """Return the client's own id of the message, a canonical UUID."""
    given = request.header(name)
    if given is not None and UUID.fullmatch(given) is None:
        raise Refused("BadMessageId")
    return given


def read_headers(request: Request) -> SendHeaders:
    """Read what a send says beside its credentials."""
    said = dict(reversed(request.headers))
    return SendHeaders(
        push_type=_read_push_type(said.get("apns-push-type")),
        topic=_read_topic(said.get("apns-topic")),
        expiration_s=_read_expiration(said.get("apns-expiration")),
        priority=_read_priority(said.get("apns-priority"), said.get("apns-push-type")),
        collapse_id=_read_collapse_id(said.get("apns-collapse-id")),
    )


def _read_topic(topic: str | None) -> str | None:
    if topic and TOPIC.fullmatch(topic) is None:
        raise Refused("BadTopic")
    return topic or None


def _read_collapse_id(collapse_id: str | None) -> str | None:
    if collapse_id is not None and len(collapse_id.encode()) > COLLAPSE_ID_MAX:
        raise Refused("BadCollapseId")
    return collapse_id or None


def _read_expiration(given: str | None) -> int | None:
    if given is None:
        return None
    if SECONDS.fullmatch(given) is None:
        raise Refused("BadExpirationDate")
    return int(given)


def _read_priority(given: str | None, push_type: str | None) -> int:
    """Return the priority; 10 in so many words is an error for a background push."""
    if given is None:
        return 10
    if given not in PRIORITIES or (given == "10" and push_type == "background"):
        raise Refused("BadPriority")
    return PRIORITIES[given]


def _read_push_type(given: str | None) -> PushType | None:
    if given is None:
        return None
    if given not in PUSH_TYPES:
        raise Refused("InvalidPushType")
    return PUSH_TYPES[given]
