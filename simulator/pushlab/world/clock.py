"""The virtual clock: one instant that moves only forward and only by command."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final

from pushlab.errors import MisuseError

__all__ = ["DAY_MS", "Clock", "Instant", "parse_duration", "parse_instant", "render_instant"]

Instant = int
"""Whole milliseconds since 1970-01-01T00:00:00Z."""

DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999: what ISO 8601 text can still say."""

UNITS_MS: Final = (
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", DAY_MS),
    ("w", 7 * DAY_MS),
)
DURATION: Final = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,6})?(?:ms|s|m|h|d|w))+")
DURATION_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")


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


def parse_duration(text: str) -> int:
    """Return the milliseconds of a duration such as 90s, 5m, 1h30m or 2d.

    Raises MisuseError for text that is none, and for parts of a millisecond.
    """
    if not DURATION.fullmatch(text):
        raise MisuseError(f"{text!r} is no duration; write 90s, 5m, 1h30m or 2d")
    units = dict(UNITS_MS)
    duration = sum(
        (Fraction(amount) * units[unit] for amount, unit in DURATION_PART.findall(text)),
        Fraction(0),
    )
    if duration.denominator != 1:
        raise MisuseError(f"{text!r} is no duration; the clock counts whole milliseconds")
    return int(duration)


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
