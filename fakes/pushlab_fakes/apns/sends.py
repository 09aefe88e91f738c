"""Sends to APNs as requests: which are some, to whom, and what a service's own looks like.

Mirrored from "Sending notification requests to APNs" and "Handling notification responses from
APNs". A request that a service makes carries no credentials here: they are the service's secret.
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
    from pushlab.world.clock import Instant
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

HOST: Final = "api.push.apple.com"
DEVICE_PATH: Final = "/3/device"
CHANNELS_PATH: Final = "/1/apps/"
MANAGEMENT: Final = "api-manage-broadcast."
VERDICTS: Final = {
    Verdict.ACCEPTED: (200, ""),
    Verdict.DEAD: (410, "Unregistered"),
    Verdict.BAD: (400, "BadDeviceToken"),
    Verdict.TOO_LARGE: (413, "PayloadTooLarge"),
    Verdict.PUT_OFF: (503, "ServiceUnavailable"),
    Verdict.REFUSED: (403, "Forbidden"),
}
"""Status and reason of each verdict, where no fault has its own."""
STRANGER: Final = (400, "DeviceTokenNotForTopic")
"""The same for a token of another app."""


def is_send(request: Request) -> bool:
    """Whether *request* is for a device or a broadcast, not for the management of channels."""
    return not (request.path.startswith(CHANNELS_PATH) or request.host.startswith(MANAGEMENT))


def find_address(request: Request) -> str:
    """Return the device token, or the channel of a broadcast."""
    if request.path.startswith(DEVICE_PATH):
        return request.path.removeprefix(DEVICE_PATH).strip("/")
    return request.header("apns-channel-id") or ""


def find_name(answer: Answer) -> str | None:
    """Return the ``apns-id``."""
    return answer.header("apns-id")


def find_reason(answer: Answer) -> str | None:
    """Return the reason of a refusal."""
    if answer.status < 400:
        return None
    said = decode_object(answer.body) or {}
    return str(said.get("reason", "")) or None


def render_send(
    token: str, payload: Mapping[str, object], content: Content, *, topic: str, sent_at: Instant
) -> Request:
    """Return the request by which a service hands a push over."""
    expires_s = sent_at // 1000 + content.ttl_s if content.ttl_s else 0
    # APNs refuses 10 where there is nothing to show.
    priority = content.priority if content.is_visible else min(content.priority, 5)
    headers = [
        ("apns-topic", topic),
        ("apns-push-type", "alert" if content.is_visible else "background"),
        ("apns-priority", str(priority)),
        ("apns-expiration", str(expires_s)),
    ]
    if content.collapse_id:
        headers.append(("apns-collapse-id", content.collapse_id))
    body = msgspec.json.encode(payload)
    return Request("POST", HOST, f"{DEVICE_PATH}/{token}", "", tuple(headers), body)
