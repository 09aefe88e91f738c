"""Goal: a keyword is the whole text, whatever its case."""

from __future__ import annotations

import pytest

from pushlab_fakes.sms.keywords import HELP, START, STOP, TOLL_FREE, find_keyword

STOPS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]


@pytest.mark.parametrize("word", STOPS)
def test_these_words_stop(word: str) -> None:
    assert find_keyword(word) is find_keyword(word.lower()) is STOP


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_these_words_start(word: str) -> None:
    assert find_keyword(word) is START


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_these_words_ask_for_help(word: str) -> None:
    assert find_keyword(word) is HELP


def test_room_around_a_keyword_does_not_matter() -> None:
    assert find_keyword("  Stop\n") is STOP


@pytest.mark.parametrize("text", ["", "Stop please", "STOP.", "don't stop", "STOP STOP", "no"])
def test_other_texts_mean_nothing(text: str) -> None:
    assert find_keyword(text) is None


def test_toll_free_numbers_have_words_of_their_own() -> None:
    assert find_keyword("stop", TOLL_FREE) is TOLL_FREE[0]
    assert find_keyword("UNSTOP", TOLL_FREE) is TOLL_FREE[1]
    assert find_keyword("QUIT", TOLL_FREE) is None
    assert find_keyword("HELP", TOLL_FREE) is None
