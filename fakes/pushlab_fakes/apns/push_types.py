"""The values of `apns-push-type`, and what each asks of topic, priority and size.

Mirrored from "Sending notification requests to APNs", table of push types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PUSH_TYPES", "PushType", "find_bundle_id", "find_push_type", "is_for_token"]

PAYLOAD_MAX: Final = 4_096
VOIP_PAYLOAD_MAX: Final = 5_120
LIVE_ACTIVITY: Final = ".push-type.liveactivity"


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
    has_own_token: bool = False
    """Whether it goes to a device token of its own."""


PUSH_TYPES: Final[Mapping[str, PushType]] = {
    each.name: each
    for each in (
        PushType("alert", is_shown=True),
        PushType("background"),
        PushType("complication", ".complication", has_own_token=True),
        PushType("controls", ".push-type.controls", has_own_token=True),
        PushType("fileprovider", ".pushkit.fileprovider", has_own_token=True),
        PushType("liveactivity", LIVE_ACTIVITY, token_only=True, has_own_token=True),
        PushType("location", ".location-query", has_own_token=True),
        PushType("mdm"),
        PushType("pushtotalk", ".voip-ptt", has_own_token=True),
        PushType("voip", ".voip", payload_max=VOIP_PAYLOAD_MAX, has_own_token=True),
        PushType("widgets", ".push-type.widgets", has_own_token=True),
    )
}

_BY_SUFFIX: Final = {each.suffix: each for each in PUSH_TYPES.values() if each.suffix}


def find_bundle_id(topic: str, push_type: PushType | None) -> str | None:
    """Return the bundle id in *topic*, or None when the topic does not fit the push type.

    Without a push type any topic does: the header is recommended only.
    """
    suffix = _find_suffix(topic)
    if push_type is not None and suffix != push_type.suffix:
        return None
    return topic.removesuffix(suffix)


def find_push_type(topic: str) -> PushType | None:
    """Return the push type that the ending of *topic* names; None for a bundle id as it is."""
    return _BY_SUFFIX.get(_find_suffix(topic))


def is_for_token(topic: str, kind: str | None) -> bool:
    """Whether *topic* is that of pushes to a token for *kind*; None is an app's own token."""
    return _find_suffix(topic) == ("" if kind is None else PUSH_TYPES[kind].suffix)


def _find_suffix(topic: str) -> str:
    return next((each for each in _BY_SUFFIX if topic.endswith(each)), "")
