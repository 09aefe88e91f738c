"""Goal: a hold says what it keeps back, can be waited for, and lets go what it should.

Waiting is tried with bounds of a few milliseconds; what clients see is in tests/edges.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.errors import LimitError, MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App

ROUTE = "onesignal POST /notifications"
SHORT_S = 0.01


def ask(lab: Lab, count: int = 1) -> None:
    """Let an app push so often."""
    app = App(lab)
    for number in range(count):
        body = app.push_body("alice", contents={"en": str(number)})
        lab.respond(app.request("POST", "/notifications", body))


def a_lab() -> Lab:
    lab = Lab()
    lab.device("android", external_id="alice")
    return lab


def test_a_hold_says_what_it_keeps_back() -> None:
    lab = a_lab()
    hold = lab.hold(ROUTE, "answer", name="gate")
    empty = repr(hold)

    ask(lab)

    assert (hold.name, hold.where, hold.part) == ("gate", ROUTE, "answer")
    assert [(held.what, held.at) for held in hold.parked] == [(ROUTE, lab.now)]
    assert hold.document() == {
        "name": "gate",
        "where": ROUTE,
        "part": "answer",
        "parked": [{"what": ROUTE, "at": "2026-01-01T00:00:00.000Z"}],
    }
    assert empty == f"<hold gate at {ROUTE}, 0 parked>"


def test_what_is_there_needs_no_waiting() -> None:
    lab = a_lab()
    hold = lab.hold(ROUTE)
    ask(lab, 2)

    assert len(hold.wait(0, count=2)) == 2


def test_waiting_ends_with_its_bound_and_says_what_was_missing() -> None:
    lab = a_lab()
    hold = lab.hold(ROUTE, name="gate")
    ask(lab)

    with pytest.raises(LimitError) as caught:
        hold.wait(SHORT_S, count=2)

    assert (
        str(caught.value) == f"1 of 2 came to the hold 'gate' at {ROUTE} within 0.01 s of real time"
    )


def test_a_hold_ends_with_its_block_unless_it_was_released() -> None:
    lab = a_lab()

    with lab.hold(ROUTE) as hold:
        ask(lab)
    with lab.hold(ROUTE) as other:
        ask(lab)
        other.release()

    assert (hold.parked, lab.holds(), lab.faults.list()) == ([], [], [])


def test_holds_are_listed_and_released_by_name() -> None:
    lab = a_lab()
    lab.fault("fcm")
    lab.hold(ROUTE, name="gate")
    ask(lab, 3)

    listed = [hold.name for hold in lab.holds()]
    released = [lab.release("gate", 2), lab.release("gate")]

    assert (listed, released) == (["gate"], [2, 1])
    with pytest.raises(MisuseError, match="no fault 'gate'"):
        lab.release("gate")


def test_a_hold_may_be_limited_like_any_fault() -> None:
    lab = a_lab()
    hold = lab.hold(ROUTE, times=1)

    ask(lab, 3)

    assert len(hold.parked) == 1


def test_a_lab_that_closes_gives_up_what_is_held() -> None:
    lab = a_lab()
    hold = lab.hold(ROUTE)
    ask(lab)

    lab.close()

    assert hold.parked == []


def test_a_broken_fake_is_raised_where_it_was_released(monkeypatch: Any) -> None:
    lab = a_lab()
    hold = lab.hold(ROUTE)
    ask(lab)
    monkeypatch.setattr(type(lab.onesignal), "handle", lambda _self, _request: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        hold.release()
