"""What a device shows: its tray, newest first, read from the fan-outs when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pushlab.devices.message_list import MessageList, NoMessageError, list_arrived
from pushlab.gateway import WEB_CHANNELS, Channel, Mark
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.devices.fleet import Fleet
    from pushlab.fanout import FanOut, Sends
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant

__all__ = ["EmptyTrayError", "ShownMessage", "Tray", "list_shown"]


class EmptyTrayError(NoMessageError):
    """There is no such message in the tray; its notes say why."""


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One notification as it stands in a device's tray."""

    notification_id: str
    title: str | None
    body: str | None
    subtitle: str | None
    data: Mapping[str, object]
    url: str | None
    buttons: Sequence[Mapping[str, object]]
    shown_at: Instant
    """When the device displayed it; later than the send when it was offline."""
    what: int = field(repr=False)
    """The target of the send, for verbs."""
    sound: str | None = None
    """The name of the sound that came with it."""

    def document(self) -> dict[str, object]:
        """Return the message as the control API shows it."""
        shown: dict[str, object] = {
            "notification_id": self.notification_id,
            "title": self.title,
            "body": self.body,
            "subtitle": self.subtitle,
            "data": dict(self.data),
            "url": self.url,
            "buttons": [dict(button) for button in self.buttons],
            "shown_at": render_instant(self.shown_at),
        }
        if self.sound is not None:
            shown["sound"] = self.sound
        return shown

    def __str__(self) -> str:
        """Show what an assertion needs: title and body."""
        return f"{self.title!r}: {self.body!r}"


class Tray(MessageList[ShownMessage]):
    """The messages that a device shows now, newest first."""

    PLACE: ClassVar[str] = "tray"
    ERROR: ClassVar[type[NoMessageError]] = EmptyTrayError


def list_shown(fleet: Fleet, sends: Sends, settings: Settings, row: int) -> list[ShownMessage]:
    """Return what the device at *row* shows, newest first.

    A message goes when it is tapped, dismissed, replaced by one with the same collapse id or tag,
    pushed out by later ones (Android shows 49), or lost with its app.
    """
    found = [
        arrived
        for arrived in list_arrived(fleet, sends, row)
        if not arrived[1].marks[arrived[2]] & Mark.REPLACED
    ]
    channel = Channel(int(fleet.devices.platform[row]))
    if channel == Channel.ANDROID:
        found = found[: settings.tray_max]
    return [
        _render(fan_out, position, channel, shown_at)
        for shown_at, fan_out, position in found
        if not fan_out.marks[position]
    ]


def _render(fan_out: FanOut, position: int, channel: Channel, shown_at: Instant) -> ShownMessage:
    content, text = fan_out.content, fan_out.owner.text_for(fan_out, position)
    return ShownMessage(
        notification_id=fan_out.name,
        title=text.title,
        body=text.body,
        subtitle=text.subtitle,
        data=content.data,
        url=text.url,
        buttons=content.web_buttons if channel in WEB_CHANNELS else content.buttons,
        shown_at=shown_at,
        what=fan_out.what_at(position),
        sound=content.sound,
    )
