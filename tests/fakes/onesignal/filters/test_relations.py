"""Goal: comparisons are exact and lookups quick in every case. Method: arrays against Python."""

from __future__ import annotations

import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.table import Vocabulary
from pushlab_fakes.onesignal.filters.relations import (
    HOLDS,
    compare_texts_as_numbers,
    prepare_comparison,
    prepare_lookup,
)

EVERYTHING = slice(0, 1_000)


@pytest.mark.parametrize("relation", [">", "<", "=", "!="])
@pytest.mark.parametrize(
    "number", [Fraction(2), Fraction(5, 2), Fraction(-1), Fraction(2**80), Fraction(-(2**80))]
)
def test_whole_numbers_are_compared_exactly(relation: str, number: Fraction) -> None:
    values = np.array([-1, 0, 2, 3, 5, 2**31 - 1], np.int32)

    found = prepare_comparison(values, relation, number).check(EVERYTHING)

    assert found.tolist() == [HOLDS[relation](value, number) for value in values.tolist()]


@pytest.mark.parametrize("relation", [">", "<", "="])
def test_texts_are_compared_where_floats_see_no_difference(relation: str) -> None:
    texts = ["9007199254740992", "9007199254740993", "9007199254740992.00", "9007199254740994"]
    number = Fraction(2**53 + 1)

    found = compare_texts_as_numbers(Vocabulary(texts), relation, number)

    assert found.tolist() == [HOLDS[relation](Fraction(text), number) for text in texts]


def test_texts_that_are_no_numbers_are_in_no_relation() -> None:
    texts = Vocabulary(["gold", "", "nan"])

    for relation in (">", "<", "="):
        assert not compare_texts_as_numbers(texts, relation, Fraction(0)).any()


@given(
    st.lists(st.booleans(), min_size=1, max_size=8),
    st.lists(st.integers(-1, 6), max_size=30),
    st.booleans(),
)
def test_a_lookup_reads_the_table_however_it_does_it(
    table: list[bool], drawn: list[int], whole: bool
) -> None:
    codes = np.array([code for code in drawn if code < len(table) - 1], np.int32)
    part = EVERYTHING if whole else np.arange(len(codes))[::-1]

    found = prepare_lookup(codes, np.array(table)).check(part)

    assert found.tolist() == [operator.getitem(table, code) for code in codes[part].tolist()]


def test_only_a_table_with_gaps_is_dear() -> None:
    codes = np.zeros(3, np.int32)

    assert not prepare_lookup(codes, np.array([False, True, True, False])).is_dear
    assert not prepare_lookup(codes, np.array([True, False, False, True])).is_dear
    assert prepare_lookup(codes, np.array([True, False, True, False])).is_dear
