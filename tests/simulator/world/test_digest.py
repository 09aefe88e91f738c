"""Goal: a few rows and many have one sum, and each part of a row moves both lanes."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.world.digest import BLOCK, MASK, sum_array, sum_scalar

BASE = 0x1234_5678_9ABC_DEF0
SIZE = 40
WHO = (np.arange(SIZE, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E37_79B9_7F4A_7C15)
ABOUT = np.arange(SIZE, dtype=np.uint64) + np.uint64(99)
AT = np.arange(SIZE, dtype=np.int64) + 1_767_225_600_000
OUTCOMES = (np.arange(SIZE) % 3).astype(np.uint8)


def test_both_forms_are_equal() -> None:
    one_by_one = sum_scalar(BASE, WHO.tolist(), ABOUT.tolist(), AT.tolist(), OUTCOMES.tolist())
    first, second = sum_array(BASE, WHO, ABOUT, AT, OUTCOMES)

    assert (first & MASK, second & MASK) == one_by_one


def test_one_key_for_all_is_that_key_for_each() -> None:
    same = np.full(SIZE, 7, np.uint64)

    assert sum_array(BASE, WHO, 7, AT, OUTCOMES) == sum_array(BASE, WHO, same, AT, OUTCOMES)


@pytest.mark.parametrize("part", range(5))
def test_each_part_moves_both_lanes(part: int) -> None:
    parts = [BASE, [1], [2], [3], [0]]
    changed = [*parts]
    changed[part] = BASE + 1 if part == 0 else [9]

    first, second = sum_scalar(*parts), sum_scalar(*changed)  # type: ignore[arg-type]

    assert first[0] != second[0]
    assert first[1] != second[1]


def test_the_cut_into_blocks_does_not_show() -> None:
    size = BLOCK + 3
    who = np.arange(size, dtype=np.uint64)
    at, none = np.zeros(size, np.int64), np.zeros(size, np.uint8)
    whole = sum_array(BASE, who, 7, at, none)
    head = sum_array(BASE, who[:5], 7, at[:5], none[:5])
    tail = sum_array(BASE, who[5:], 7, at[5:], none[5:])

    assert [lane & MASK for lane in whole] == [
        (a + b) & MASK for a, b in zip(head, tail, strict=True)
    ]
