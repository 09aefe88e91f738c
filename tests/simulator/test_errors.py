"""Goal: a misspelt word meets the one that was meant, and a strange one the words there are."""

from __future__ import annotations

import pytest

from pushlab.errors import ConnectionCut, PushlabError, RequestHeld, find_near


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


def test_a_cut_connection_is_an_error_of_both_worlds() -> None:
    error = ConnectionCut("outage", "lost")

    assert isinstance(error, PushlabError)
    assert isinstance(error, ConnectionError)
    assert (error.fault, error.how) == ("outage", "lost")


def test_a_held_request_says_where_its_answer_will_be() -> None:
    answers: list[object] = [None]
    error = RequestHeld("gate", lambda: answers[0])
    before = error.answer
    answers[0] = "an answer"

    assert (error.hold, before, error.answer) == ("gate", None, "an answer")
    assert "release it" in str(error)
