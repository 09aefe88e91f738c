"""Goal: a misspelt word meets the one that was meant, and a strange one the words there are."""

from __future__ import annotations

import pytest

from pushlab.errors import find_near


@pytest.mark.parametrize(
    ("word", "known", "instead"),
    [
        ("expct", ["advance", "expect"], "did you mean 'expect'?"),
        ("wobble", ["advance", "expect"], "there are advance, expect"),
        ("wobble", ["advance"], "there is advance"),
        ("wobble", [], "there are none yet"),
        ("x", [f"w{number}" for number in range(14)], "w10, w11 and 2 more"),
    ],
)
def test_the_nearest_word_is_named_or_else_those_there_are(word, known, instead) -> None:
    assert find_near(word, known).endswith(instead)
