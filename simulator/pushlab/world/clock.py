"""The virtual clock: one instant that moves only forward and only by command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pushlab.errors import MisuseError

__all__ = ["DAY_MS", "Clock", "Instant", "parse_instant", "render_instant"]

Instant = int
"""Whole milliseconds since 1970-01-01T00:00:00Z."""

DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999: what ISO 8601 text can still say."""


class Clock:
    """The world's clock; its owner is the world, which alone moves it."""

    def __init__(self, start: Instant) -> None:
        self.start = start
        self.now: Instant = start

    def move_to(self, instant: Instant) -> None:
        """Set the clock to *instant*; raises MisuseError when that lies behind."""
        if instant < self.now:
            raise MisuseError(
                f"time does not go back: it is {render_instant(self.now)}, "
                f"asked for {render_instant(instant)}"
            )
        self.now = instant

    def restart(self, instant: Instant) -> None:
        """Let the world begin at *instant*; only a world in which nothing happened does this."""
        self.start = instant
        self.now = instant


def parse_instant(value: str | int | datetime) -> Instant:
    """Return the instant that *value* names: milliseconds, an ISO 8601 text or an aware datetime.

    Raises MisuseError for text that is no instant and for a time without a zone: a zone that
    is guessed is right on one machine only.
    """
    if isinstance(value, bool):
        raise MisuseError("an instant is ISO 8601 text, a datetime or whole milliseconds")
    if isinstance(value, int):
        return _bounded(value, value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise MisuseError(
                f"{value!r} is no instant; write it like 2026-01-31T09:30:00Z"
            ) from None
    elif isinstance(value, datetime):
        moment = value
    else:
        raise MisuseError(
            f"an instant is ISO 8601 text, a datetime or whole milliseconds, not {value!r}"
        )
    if moment.tzinfo is None:
        raise MisuseError(f"{value!r} has no time zone; add Z or an offset like +02:00")
    return _bounded((moment - EPOCH) // timedelta(milliseconds=1), value)


def _bounded(instant: int, value: object) -> Instant:
    if not 0 <= instant <= LATEST:
        raise MisuseError(f"{value!r} is out of range; instants lie between 1970 and 9999")
    return instant


def render_instant(instant: Instant) -> str:
    """Return *instant* as text: ``2026-01-01T00:00:00.000Z``."""
    second, millisecond = divmod(instant, 1000)
    return f"{_render_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=256)
def _render_second(second: int) -> str:
    # The world stands still while requests come, so their entries share their second.
    return f"{EPOCH + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}"
