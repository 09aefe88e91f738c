"""What a payload says: the alert, the badge, the sound and the app's own keys.

Mirrored from "Generating a remote notification". APNs looks at little of it: what it does not
understand passes, and the device makes of it what it can. An app's own texts are not known here,
so a localised alert shows the key of its text, with its arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pushlab.content import Text
from pushlab_fakes.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Payload", "read_payload"]

NOTHING = Text(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload as the device reads it."""

    whole: Mapping[str, object] = field(default_factory=dict)
    text: Text = NOTHING
    has_alert: bool = False
    badge: int | None = None
    """0 takes the number off the icon."""
    sound: str | None = None
    wakes: bool = False
    """Whether it asks for the app to be woken in the background (``content-available``)."""
    data: Mapping[str, object] = field(default_factory=dict)
    """The app's own keys."""

    @property
    def is_background(self) -> bool:
        """Whether it is a push for the app alone."""
        return self.wakes and not self.has_alert and self.sound is None and self.badge is None


def read_payload(body: bytes) -> Payload:
    """Read a payload; what is no JSON object is delivered, and the device drops it."""
    try:
        whole = decode_json(body)
    except msgspec.DecodeError:
        return Payload()
    if not isinstance(whole, dict):
        return Payload()
    data = {name: value for name, value in whole.items() if name != "aps"}
    aps = whole.get("aps")
    if not isinstance(aps, dict):
        return Payload(whole, data=data)
    text = _read_alert(aps.get("alert"))
    badge = aps.get("badge")
    return Payload(
        whole,
        text=text,
        has_alert=any((text.title, text.subtitle, text.body)),
        badge=int(badge) if isinstance(badge, (int, float)) and badge >= 0 else None,
        sound=_read_sound(aps.get("sound")),
        wakes=aps.get("content-available") == 1,
        data=data,
    )


def _read_alert(alert: object) -> Text:
    if isinstance(alert, str):
        return Text(None, None, alert, None)
    if not isinstance(alert, dict):
        return NOTHING
    return Text(
        title=_find_text(alert, "title", "title-loc"),
        subtitle=_find_text(alert, "subtitle", "subtitle-loc"),
        body=_find_text(alert, "body", "loc"),
        url=None,
    )


def _find_text(alert: Mapping[str, object], name: str, localised: str) -> str | None:
    """Return a text of an alert; its key in the app's own texts counts before the text itself."""
    key = alert.get(f"{localised}-key")
    if isinstance(key, str) and key:
        arguments = alert.get(f"{localised}-args")
        listed = arguments if isinstance(arguments, list) else []
        return " ".join([key, *map(str, listed)])
    text = alert.get(name)
    return text if isinstance(text, str) else None


def _read_sound(sound: object) -> str | None:
    if isinstance(sound, dict):
        sound = sound.get("name")
    return sound if isinstance(sound, str) and sound else None
