"""What a device shows: its tray, newest first, read from the fan-outs when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from pushlab.gateway import WEB_CHANNELS, Channel, Fate, Mark
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.devices.fleet import Fleet
    from pushlab.gateway import FanOut, Sends
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant

__all__ = ["EmptyTrayError", "ShownMessage", "Tray", "list_shown"]

Explain = Callable[[], Sequence[str]]


class EmptyTrayError(IndexError):
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

    def document(self) -> dict[str, object]:
        """Return the message as the control API shows it."""
        return {
            "notification_id": self.notification_id,
            "title": self.title,
            "body": self.body,
            "subtitle": self.subtitle,
            "data": dict(self.data),
            "url": self.url,
            "buttons": [dict(button) for button in self.buttons],
            "shown_at": render_instant(self.shown_at),
        }


class Tray(Sequence[ShownMessage]):
    """The messages that a device shows now, newest first."""

    def __init__(
        self, device: str, at: Instant, messages: Sequence[ShownMessage], explain: Explain
    ) -> None:
        self._device = device
        self._at = at
        self._messages = tuple(messages)
        self._explain = explain

    def __len__(self) -> int:
        """How many messages are shown."""
        return len(self._messages)

    @overload
    def __getitem__(self, index: int) -> ShownMessage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ShownMessage]: ...
    def __getitem__(self, index: int | slice) -> ShownMessage | Sequence[ShownMessage]:
        """Return a message; raises EmptyTrayError, with the reason, when there is none."""
        __tracebackhide__ = True
        if isinstance(index, slice):
            return self._messages[index]
        try:
            return self._messages[index]
        except IndexError:
            error = EmptyTrayError(
                f"the tray of {self._device} holds {len(self._messages)} "
                f"message{'' if len(self._messages) == 1 else 's'} at {render_instant(self._at)}, "
                f"so there is no tray[{index}]"
            )
        for line in self.explain():
            error.add_note(line)
        raise error

    def explain(self) -> Sequence[str]:
        """Say in lines why the last notifications are, or are not, in here."""
        return self._explain()

    def __eq__(self, other: object) -> bool:
        """Compare with another tray or a list of messages."""
        if isinstance(other, Tray):
            return self._messages == other._messages
        if isinstance(other, (list, tuple)):
            return list(self._messages) == list(other)
        return NotImplemented

    def __hash__(self) -> int:
        """Hash by what is shown."""
        return sum(message.what for message in self._messages)

    def __repr__(self) -> str:
        """Show what an assertion needs: each title and body."""
        shown = ", ".join(f"{message.title!r}: {message.body!r}" for message in self._messages)
        return f"<tray of {self._device}: {shown or 'empty'}>"


def list_shown(fleet: Fleet, sends: Sends, settings: Settings, row: int) -> list[ShownMessage]:
    """Return what the device at *row* shows, newest first.

    A message goes when it is tapped, dismissed, replaced by one with the same collapse id or tag,
    pushed out by later ones (Android shows 49), or lost with its app.
    """
    devices = fleet.devices
    if not devices.installed[row]:
        return []
    found: list[tuple[int, int, FanOut, int]] = []
    for fan_out in sends.live():
        for position in fan_out.positions_of(row):
            shown_at = fan_out.sent_at + int(fan_out.shown_ms[position])
            is_there = not fan_out.marks[position] & Mark.REPLACED
            is_there &= shown_at >= devices.installed_at[row]
            if fan_out.fates[position] == Fate.SHOWN and is_there:
                found.append((shown_at, fan_out.number, fan_out, position))
    found.sort(key=lambda item: item[:2], reverse=True)
    channel = Channel(int(devices.platform[row]))
    if channel == Channel.ANDROID:
        found = found[: settings.tray_max]
    return [
        _render(fan_out, position, channel, shown_at)
        for shown_at, _, fan_out, position in found
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
        what=fan_out.number << 32 | position,
    )
