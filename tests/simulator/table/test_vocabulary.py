"""Goal: texts and codes lead to each other and never change."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.table import Vocabulary


def test_codes_are_given_in_order_of_first_sight() -> None:
    words = Vocabulary()

    assert [words.code_of(text) for text in ("b", "a", "b", "")] == [0, 1, 0, 2]
    assert len(words) == 3
    assert list(words) == ["b", "a", ""]


def test_many_texts_get_the_codes_that_each_would_get() -> None:
    words = Vocabulary(["a"])

    assert words.codes_of(iter(["c", "a", "b", "c"])) == [1, 0, 2, 1]
    assert list(words) == ["a", "c", "b"]


def test_a_text_never_seen_is_not_found_and_not_added() -> None:
    words = Vocabulary(["a"])

    assert (words.find("a"), words.find("b")) == (0, -1)
    assert len(words) == 1


def test_a_code_leads_back_to_its_text() -> None:
    words = Vocabulary(["a", "b"])

    assert [words.text_of(0), words.text_of(1)] == ["a", "b"]


@pytest.mark.parametrize("code", [-1, 2])
def test_a_code_never_given_has_no_text(code: int) -> None:
    with pytest.raises(IndexError):
        Vocabulary(["a", "b"]).text_of(code)


def test_a_snapshot_brings_back_the_texts() -> None:
    words = Vocabulary(["a", "b"])
    snap = words.snapshot()
    words.code_of("c")

    words.restore(snap)

    assert list(words) == ["a", "b"]
    assert words.find("c") == -1


def test_numbers_are_known_by_code_and_follow_texts_that_come_later() -> None:
    words = Vocabulary(["10", "gold"])
    first = words.numbers()
    words.code_of("2.5")

    assert first[0] == 10
    assert np.isnan(words.numbers()[1])
    assert words.numbers()[2] == 2.5


def test_numbers_of_a_restored_vocabulary_are_those_of_its_texts() -> None:
    words = Vocabulary(["1"])
    snap = words.snapshot()
    words.code_of("2")
    words.numbers()

    words.restore(snap)
    words.code_of("3")

    assert words.numbers().tolist() == [1, 3]
