"""Clients that do not read what they are sent: how long it waits for them, and for its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ReadingWatch", "let_nothing_wait"]

WAITING_BYTES_MIN: Final = 1
"""From more than so many on, what waits in this process is noticed."""


def let_nothing_wait(transport: asyncio.Transport) -> None:
    """Let the protocol of *transport* be told as soon as anything waits for its client.

    What waits would be written before a transport closes, whenever that may be.
    """
    transport.set_write_buffer_limits(WAITING_BYTES_MIN, 0)


class ReadingWatch:
    """Gives a client up that leaves unread what it was sent, after a bound, also while closing."""

    def __init__(
        self, transport: asyncio.Transport, bound_s: float, give_up: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._bound_s = bound_s
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        let_nothing_wait(transport)
        if transport.get_write_buffer_size():
            self.stall()

    def stall(self) -> None:
        """Learn that something waits."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._bound_s, self._ring)

    def go_on(self) -> None:
        """Learn that all was taken, or that nobody is there any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        self._give_up()
        self._transport.abort()
