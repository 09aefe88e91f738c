"""Goal: a text is a number in one way only. Method: texts on both sides, exact values."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pushlab.table import NUMERAL_SIZE_MAX, find_number
from pushlab.table.numerals import read_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10", Fraction(10)),
        ("-3", Fraction(-3)),
        ("+0.10", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("007", Fraction(7)),
        ("9007199254740993", Fraction(2**53 + 1)),
    ],
)
def test_plain_decimals_are_numbers_to_the_last_digit(text: str, number: Fraction) -> None:
    assert find_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1e5",
        "nan",
        "inf",
        "1_000",
        "1,5",
        "0x10",
        ".",
        "-",
        "--1",
        "1.2.3",
        "\u0661",
    ],
)
def test_other_texts_are_none(text: str) -> None:
    assert find_number(text) is None


def test_a_text_beyond_the_bound_is_no_number() -> None:
    assert find_number("9" * NUMERAL_SIZE_MAX) is not None
    assert find_number("9" * (NUMERAL_SIZE_MAX + 1)) is None


def test_numbers_of_many_texts_are_floats_and_nan() -> None:
    numbers = read_numbers(["2.5", "gold", "-1"])

    assert numbers.dtype == np.float64
    assert numbers.tolist()[::2] == [2.5, -1.0]
    assert np.isnan(numbers[1])
