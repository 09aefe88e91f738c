"""Texts that are numbers: what clients send as ``"10"``, ``"-3"`` or ``"0.99"``."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["NUMERAL_SIZE_MAX", "find_number", "read_numbers"]

NUMERAL_SIZE_MAX: Final = 40
"""A longer text is no number here."""
_NUMERAL: Final = re.compile(rf"(?=.{{1,{NUMERAL_SIZE_MAX}}}\Z)[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)


def find_number(text: str) -> Fraction | None:
    """Return the number that *text* writes in plain decimals, exactly, or None."""
    return Fraction(text) if _NUMERAL.fullmatch(text) else None


def read_numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the number of each text, NaN for one that is none; float64 of shape (n,).

    Each is the float next to the exact number, so that the order of two texts can only be lost,
    never turned round: where two floats are equal, `find_number` decides.
    """
    is_number = _NUMERAL.fullmatch
    found = [float(text) if is_number(text) else np.nan for text in texts]
    return np.array(found, np.float64)
