"""How a sentence of the timeline sounds."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["BAD", "GOOD", "MOODS", "NOTE", "PLAIN", "Saying"]

GOOD, BAD, NOTE, PLAIN = MOODS = ("good", "bad", "note", "plain")

Saying: TypeAlias = tuple[str, str]
"""What is said, and its mood; words in braces come from the entry."""
