"""The values of `apns-push-type`, and what each asks of topic, priority and size.

Mirrored from "Sending notification requests to APNs", table of push types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PUSH_TYPES", "PushType", "find_bundle_id"]

PAYLOAD_MAX: Final = 4_096
VOIP_PAYLOAD_MAX: Final = 5_120


@dataclass(frozen=True, slots=True)
class PushType:
    """One kind of push."""

    name: str
    suffix: str = ""
    """What its topic has after the bundle id."""
    is_shown: bool = False
    """Whether an alert in it is a notification; the others are for code of the app."""
    payload_max: int = PAYLOAD_MAX
    """Bytes of a payload."""
    token_only: bool = False
    """Whether a certificate does not do."""


PUSH_TYPES: Final[Mapping[str, PushType]] = {
    each.name: each
    for each in (
        PushType("alert", is_shown=True),
        PushType("background"),
        PushType("complication", ".complication"),
        PushType("controls", ".push-type.controls"),
        PushType("fileprovider", ".pushkit.fileprovider"),
        PushType("liveactivity", ".push-type.liveactivity", token_only=True),
        PushType("location", ".location-query"),
        PushType("mdm"),
        PushType("pushtotalk", ".voip-ptt"),
        PushType("voip", ".voip", payload_max=VOIP_PAYLOAD_MAX),
        PushType("widgets", ".push-type.widgets"),
    )
}

_SUFFIXES: Final = tuple(sorted({each.suffix for each in PUSH_TYPES.values()} - {""}))


def find_bundle_id(topic: str, push_type: PushType | None) -> str | None:
    """Return the bundle id in *topic*, or None when the topic does not fit the push type.

    Without a push type any topic does: the header is recommended only.
    """
    suffix = next((each for each in _SUFFIXES if topic.endswith(each)), "")
    if push_type is not None and suffix != push_type.suffix:
        return None
    return topic.removesuffix(suffix)
