"""The trace for people: one line an entry, with the time since the start in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab.world.trace import Entry

__all__ = ["render_elapsed", "render_entry"]

LINE_CHARACTERS_MAX = 160
_DAY_MS, _HOUR_MS, _MINUTE_MS, _SECOND_MS = 86_400_000, 3_600_000, 60_000, 1_000


def render_elapsed(duration_ms: int) -> str:
    """Return a duration as people read it: ``+00:05:00.031``, ``+3d 01:00:00.000``."""
    days, rest = divmod(duration_ms, _DAY_MS)
    hours, rest = divmod(rest, _HOUR_MS)
    minutes, rest = divmod(rest, _MINUTE_MS)
    seconds, rest = divmod(rest, _SECOND_MS)
    return f"+{f'{days}d ' if days else ''}{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"


def render_entry(entry: Entry, start: Instant) -> str:
    """Return *entry* in one line, cut where it gets too long; its causes are left out."""
    told = " ".join(f"{name}={_render_value(value)}" for name, value in entry.fields.items())
    line = f"{render_elapsed(entry.at - start)} {entry.kind} {told}".rstrip()
    if len(line) > LINE_CHARACTERS_MAX:
        return f"{line[: LINE_CHARACTERS_MAX - 1]}…"
    return line


def _render_value(value: object) -> str:
    if isinstance(value, str) and value and not any(mark in value for mark in ' =\n\t"'):
        return value
    return msgspec.json.encode(value).decode()
