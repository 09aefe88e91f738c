"""Goal: what is parked goes on in order when it is let go, and nothing waits for ever."""

from __future__ import annotations

import pytest

from pushlab.errors import LimitError
from pushlab_fakes.holds import PARKED_MAX, Holds

AT = 1_767_225_600_000


def test_what_is_parked_does_nothing_until_it_is_let_go() -> None:
    holds, done = Holds(), list[str]()

    def go() -> str:
        done.append("a")
        return "answer a"

    first = holds.park("gate", "POST /a", AT, go)
    holds.park("gate", "POST /b", AT, lambda: done.append("b"))
    other = holds.park("other", "POST /c", AT, lambda: done.append("c"))

    before = [*done]
    leaving = holds.release("gate")

    assert (before, done) == ([], ["a", "b"])
    assert [parked.what for parked in leaving] == ["POST /a", "POST /b"]
    assert (first.is_released, first.outcome, first.at) == (True, "answer a", AT)
    assert (holds.at("gate"), holds.at("other")) == ([], [other])
    assert not other.is_released


def test_who_listens_is_told_also_when_that_is_late() -> None:
    holds, told = Holds(), list[str]()
    early, late = (holds.park("gate", name, AT, lambda: None) for name in "ab")
    early.listen(lambda: told.append("early"))

    holds.release("gate")
    late.listen(lambda: told.append("late"))

    assert told == ["early", "late"]


def test_whatever_changes_is_told() -> None:
    holds, sizes = Holds(), list[int]()
    holds.on_change = lambda: sizes.append(len(holds.at("gate")))

    holds.park("gate", "a", AT, lambda: None)
    holds.park("gate", "b", AT, lambda: None)
    holds.release("gate", 1)
    holds.abandon()

    assert sizes == [1, 2, 1, 0]


def test_what_breaks_keeps_no_other_back_and_is_raised_at_the_end() -> None:
    holds, told = Holds(), list[str]()
    broken = holds.park("gate", "a", AT, lambda: 1 // 0)
    broken.listen(lambda: told.append("a"))
    whole = holds.park("gate", "b", AT, lambda: "b")

    with pytest.raises(ZeroDivisionError):
        holds.release("gate")

    assert (told, whole.outcome) == (["a"], "b")
    assert isinstance(broken.outcome, ZeroDivisionError)
    assert holds.at("gate") == []


def test_what_is_given_up_tells_that_nothing_comes_of_it() -> None:
    holds, done, told = Holds(), list[str](), list[str]()
    parked = holds.park("gate", "a", AT, lambda: done.append("a"))
    parked.listen(lambda: told.append("a"))

    holds.abandon()

    assert (done, told) == ([], ["a"])
    assert (parked.is_released, parked.outcome) == (True, None)


def test_no_more_is_parked_than_the_bound_says() -> None:
    holds = Holds()
    for _ in range(PARKED_MAX):
        holds.park("gate", "a", AT, lambda: None)

    with pytest.raises(LimitError, match="1,000 requests, answers and webhooks"):
        holds.park("gate", "a", AT, lambda: None)


def test_something_parked_shows_what_it_is() -> None:
    assert repr(Holds().park("gate", "POST /a", AT, lambda: None)) == "<parked POST /a at gate>"
