"""What a device holds for its owner to see, newest first: the common part of tray and inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, overload

from pushlab.gateway import Fate
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from pushlab.devices.fleet import Fleet
    from pushlab.fanout import FanOut, Sends
    from pushlab.world.clock import Instant

__all__ = ["Arrived", "Held", "MessageList", "NoMessageError", "list_arrived"]

Explain = Callable[[], Sequence[str]]
Arrived = tuple["Instant", "FanOut", int]
"""When a message came, its send, and its position there."""


class NoMessageError(IndexError):
    """There is no such message on the device; its notes say why."""


class Held(Protocol):
    """A message that a device holds."""

    @property
    def what(self) -> int:
        """The target of the send."""
        ...


M_co = TypeVar("M_co", bound=Held, covariant=True)


class MessageList(Sequence[M_co]):
    """Messages that a device holds now, newest first."""

    PLACE: ClassVar[str] = "list"
    """What people call it."""
    ERROR: ClassVar[type[NoMessageError]] = NoMessageError

    def __init__(
        self, device: str, at: Instant, messages: Sequence[M_co], explain: Explain
    ) -> None:
        self._device = device
        self._at = at
        self._messages = tuple(messages)
        self._explain = explain

    def __len__(self) -> int:
        """How many messages there are."""
        return len(self._messages)

    @overload
    def __getitem__(self, index: int) -> M_co: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[M_co]: ...
    def __getitem__(self, index: int | slice) -> M_co | Sequence[M_co]:
        """Return a message; raises an IndexError, with the reason, when there is none."""
        __tracebackhide__ = True
        if isinstance(index, slice):
            return self._messages[index]
        try:
            return self._messages[index]
        except IndexError:
            error = self.ERROR(
                f"the {self.PLACE} of {self._device} holds {len(self._messages)} "
                f"message{'' if len(self._messages) == 1 else 's'} at {render_instant(self._at)}, "
                f"so there is no {self.PLACE}[{index}]"
            )
        for line in self.explain():
            error.add_note(line)
        raise error

    def explain(self) -> Sequence[str]:
        """Say in lines why the last notifications are, or are not, in here."""
        return self._explain()

    def __eq__(self, other: object) -> bool:
        """Compare with another of its kind or a list of messages."""
        if isinstance(other, type(self)):
            return self._messages == other._messages
        if isinstance(other, (list, tuple)):
            return list(self._messages) == list(other)
        return NotImplemented

    def __hash__(self) -> int:
        """Hash by what is in here."""
        return sum(message.what for message in self._messages)

    def __repr__(self) -> str:
        """Show what an assertion needs of each message."""
        shown = ", ".join(str(message) for message in self._messages)
        return f"<{self.PLACE} of {self._device}: {shown or 'empty'}>"


def list_arrived(fleet: Fleet, sends: Sends, row: int) -> list[Arrived]:
    """Return what the device at *row* was shown since it was last set up, newest first."""
    devices = fleet.devices
    if not devices.installed[row]:
        return []
    found: list[tuple[Instant, int, FanOut, int]] = []
    for fan_out in sends.live():
        for position in fan_out.positions_of(row):
            shown_at = fan_out.sent_at + int(fan_out.shown_ms[position])
            if fan_out.fates[position] == Fate.SHOWN and shown_at >= devices.installed_at[row]:
                found.append((shown_at, fan_out.number, fan_out, position))
    found.sort(key=lambda item: item[:2], reverse=True)
    return [(shown_at, fan_out, position) for shown_at, _, fan_out, position in found]
