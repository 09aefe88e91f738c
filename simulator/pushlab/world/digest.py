"""The sums behind a trace's digest: each row of a batch mixed into two 64-bit lanes.

The form for few rows, on Python's integers, and the one for many, on arrays, are equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BLOCK", "MASK", "sum_array", "sum_scalar"]

MASK = 0xFFFF_FFFF_FFFF_FFFF
BLOCK = 32_768
"""Rows hashed at a time, so that the scratch arrays stay in the processor's cache."""

WHO, WHAT, AT, OUTCOME = (
    0x9E37_79B9_7F4A_7C15,
    0xD1B5_4A32_D192_ED03,
    0xA24B_AED4_963E_E407,
    0x9FB2_1C65_1E98_DF25,
)
LANE_A = (0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 30, 27, 31)
LANE_B = (0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53, 33, 29, 32)


def _mix(value: int, lane: tuple[int, int, int, int, int]) -> int:
    first, second, one, two, three = lane
    value = ((value ^ (value >> one)) * first) & MASK
    value = ((value ^ (value >> two)) * second) & MASK
    return value ^ (value >> three)


def sum_scalar(
    base: int,
    who: list[int],
    about: list[int],
    instants: list[int],
    outcomes: list[int],
) -> tuple[int, int]:
    """Return what a few rows add to the two lanes; *base* is the key of their kind."""
    first = second = 0
    for a, b, c, d in zip(who, about, instants, outcomes, strict=True):
        value = (base + a * WHO + b * WHAT + c * AT + d * OUTCOME) & MASK
        first += _mix(value, LANE_A)
        second += _mix(value, LANE_B)
    return first & MASK, second & MASK


def sum_array(
    base: int,
    who: NDArray[np.uint64],
    about: NDArray[np.uint64] | int,
    instants: NDArray[np.int64],
    outcomes: NDArray[np.uint8],
) -> tuple[int, int]:
    """Return the same for arrays of the shape (n,); *about* may be one key for all."""
    first = second = 0
    for start in range(0, len(who), BLOCK):
        cut = slice(start, start + BLOCK)
        value = who[cut] * np.uint64(WHO)
        value += instants[cut].astype(np.uint64) * np.uint64(AT)
        codes = outcomes[cut]
        if codes.any():
            value += codes.astype(np.uint64) * np.uint64(OUTCOME)
        if isinstance(about, int):
            value += np.uint64((base + about * WHAT) & MASK)
        else:
            value += about[cut] * np.uint64(WHAT)
            value += np.uint64(base)
        first += int(_mix_array(value, LANE_A).sum())
        second += int(_mix_array(value, LANE_B).sum())
    return first & MASK, second & MASK


def _mix_array(
    value: NDArray[np.uint64], lane: tuple[int, int, int, int, int]
) -> NDArray[np.uint64]:
    first, second, one, two, three = lane
    mixed = value ^ (value >> np.uint64(one))
    mixed *= np.uint64(first)
    mixed ^= mixed >> np.uint64(two)
    mixed *= np.uint64(second)
    mixed ^= mixed >> np.uint64(three)
    return mixed
