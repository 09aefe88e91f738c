"""What the usual service workers show of a payload.

A payload is whatever the site's own worker understands. Three shapes are usual enough to be read
here: title and body at the top, the same under ``notification`` (FCM's web SDK, Angular, Apple's
declarative web push), and OneSignal's (``title``, ``alert``, ``custom``). Other text is shown as it
is; nothing, or bytes that are no text, show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pushlab.content import Text
from pushlab_fakes.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["NOTHING", "Shown", "read_payload"]

BODY_NAMES: Final = ("body", "alert", "message")
URL_NAMES: Final = ("navigate", "click_action", "url", "link")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a worker makes of a payload."""

    text: Text
    payload: Mapping[str, object]
    """The payload as parsed; raw text stands under ``text``."""
    data: Mapping[str, object]
    tag: str
    """A newer notification of the same tag takes its place; empty for none."""
    buttons: Sequence[Mapping[str, object]] = ()

    @property
    def is_visible(self) -> bool:
        """Whether there is anything to show."""
        return self.text.title is not None or self.text.body is not None


NOTHING: Final = Shown(Text(None, None, None, None), {}, {}, "")


def read_payload(plain: bytes) -> Shown:
    """Return what is shown of *plain*."""
    if not plain:
        return NOTHING
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return NOTHING
    try:
        value = decode_json(plain)
    except msgspec.DecodeError:
        value = text
    if not isinstance(value, dict):
        return Shown(Text(None, None, text, None), {"text": text}, {}, "")
    inner = value.get("notification")
    shown = _read_notification(inner if isinstance(inner, dict) else value, value)
    if shown.is_visible:
        return shown
    return Shown(Text(None, None, text, None), value, {}, "")


def _read_notification(inner: dict[str, Any], whole: dict[str, Any]) -> Shown:
    custom = _mapping(whole.get("custom"))
    data = _mapping(inner.get("data")) or _mapping(whole.get("data")) or _mapping(custom.get("a"))
    options = _mapping(whole.get("fcmOptions"))
    places = (inner, whole, data, options, {"url": custom.get("u")})
    return Shown(
        Text(
            title=_text(inner.get("title")),
            subtitle=None,
            body=next((text for name in BODY_NAMES if (text := _text(inner.get(name)))), None),
            url=next(
                (
                    text
                    for place in places
                    for name in URL_NAMES
                    if (text := _text(place.get(name)))
                ),
                None,
            ),
        ),
        payload=whole,
        data=data,
        tag=_text(inner.get("tag")) or "",
        buttons=_read_buttons(inner.get("actions")),
    )


def _read_buttons(value: object) -> list[dict[str, object]]:
    """Return the actions of a notification (Notifications API) as devices show buttons."""
    listed = value if isinstance(value, list) else []
    return [
        {"id": each.get("action"), "text": each.get("title")}
        for each in listed
        if isinstance(each, dict)
    ]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
