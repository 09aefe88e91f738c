"""The numbers of a page: ``limit`` and ``offset`` as they stand in a query."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["read_whole"]

DIGITS: Final = re.compile(r"[0-9]{1,18}")
"""What is read as a number; more digits than any list has entries are a mistake."""


def read_whole(text: str | None, default: int) -> int | None:
    """Return the whole number in *text*, *default* for none, None for what is no such number."""
    if not text:
        return default
    return int(text) if DIGITS.fullmatch(text) else None
