"""Goal: a number by row reads the same as a dict and as an array. Method: both, side by side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.table import Figures


def test_a_row_without_a_number_reads_as_absent() -> None:
    figures = Figures(range(3), np.int64, -1)
    figures.set(1, 5)

    assert figures.read().tolist() == [-1, 5, -1]
    assert (figures.get(0), figures.get(1)) == (-1, 5)


@pytest.mark.parametrize("absent", [0.0, np.nan])
def test_absent_takes_a_number_away(absent: float) -> None:
    figures = Figures(range(3), np.float64, absent)
    figures.set(1, 5.5)
    figures.set(1, absent)

    assert figures.nbytes == 0
    np.testing.assert_array_equal(figures.read(), [absent] * 3)


def test_many_numbers_become_an_array() -> None:
    figures = Figures(range(100), np.int64)
    for row in range(70):
        figures.set(row, row + 1)

    assert figures.nbytes == 800
    assert figures.read().tolist() == [*range(1, 71), *[0] * 30]


def test_an_array_follows_a_table_that_grows() -> None:
    table = list(range(100))
    figures = Figures(table, np.int64)
    for row in range(70):
        figures.set(row, 1)
    table += range(900)

    assert figures.get(999) == 0
    figures.set(999, 7)

    assert len(figures.read()) == 1_000
    assert figures.get(999) == 7


def test_reading_reaches_rows_added_since() -> None:
    table = list(range(100))
    figures = Figures(table, np.int64)
    for row in range(70):
        figures.set(row, 1)
    table += range(400)

    assert figures.read().tolist() == [1] * 70 + [0] * 430


@given(st.lists(st.tuples(st.integers(0, 199), st.integers(-9, 9)), max_size=150))
def test_it_reads_like_a_dict(writes: list[tuple[int, int]]) -> None:
    figures, plain = Figures(range(200), np.int64), dict.fromkeys(range(200), 0)
    for row, number in writes:
        figures.set(row, number)
        plain[row] = number
    snap = figures.snapshot()
    for row in range(200):
        figures.set(row, 99)

    figures.restore(snap)

    assert figures.read().tolist() == list(plain.values())
    assert [figures.get(row) for row in plain] == list(plain.values())
