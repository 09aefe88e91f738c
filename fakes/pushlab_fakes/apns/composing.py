"""What of a push gateways and devices get to know: its content, and the letter it is carried in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.content import Content
from pushlab.world.clock import DAY_MS
from pushlab_fakes.apns.core import PAYLOAD_MAX
from pushlab_fakes.direct import Letter

if TYPE_CHECKING:
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.apns.headers import SendHeaders
    from pushlab_fakes.apns.payload import Payload
    from pushlab_fakes.apns.push_types import PushType

__all__ = ["compose"]


def compose(
    payload: Payload,
    size: int,
    headers: SendHeaders,
    letter: tuple[str, str],
    *,
    world: World,
    stamped_by: Instant,
) -> tuple[Content, Letter]:
    """Make of a request what gateways and devices know of it.

    *size* is that of its body in bytes. *letter* is its name and its token, which is empty when it
    is for many. *stamped_by* is the clock by which its credential is fresh: its other instants were
    stamped by the same one.
    """
    push_type = headers.push_type
    content = Content(
        is_visible=payload.has_alert and (push_type is None or push_type.is_shown),
        push_type=_find_push_type(payload, push_type),
        data=payload.data,
        collapse_id=headers.collapse_id,
        ttl_s=_find_ttl_s(headers, world.settings, stamped_by),
        priority=headers.priority,
        badge=_find_badge(payload, push_type),
        sound=payload.sound,
        stamped_ahead_ms=stamped_by - world.now,
        size_bytes=size,
        # The wire has looked at its bound: some types of push may be larger than the core's.
        sizes={"apns": min(size, PAYLOAD_MAX)},
    )
    name, token = letter
    return content, Letter(name, token.lower(), payload.text, payload.whole)


def _find_ttl_s(headers: SendHeaders, settings: Settings, stamped_by: Instant) -> int:
    if headers.expiration_s is None:
        return settings.apns_stored_days * DAY_MS // 1000
    return max(headers.expiration_s - stamped_by // 1000, 0) if headers.expiration_s else 0


def _find_push_type(payload: Payload, push_type: PushType | None) -> str:
    """Return what the device is to do with a push, where that is not to show it."""
    if push_type is None:
        return "background" if payload.is_background else ""
    is_for_app = push_type.has_own_token or (push_type.name == "background" and payload.wakes)
    return push_type.name if is_for_app else ""


def _find_badge(payload: Payload, push_type: PushType | None) -> tuple[str, int] | None:
    is_shown = push_type is None or push_type.is_shown
    return ("SetTo", payload.badge) if payload.badge is not None and is_shown else None
