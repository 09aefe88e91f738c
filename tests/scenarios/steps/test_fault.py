"""Goal: what a story says of faults is understood, and a slip is found before anything runs."""

from __future__ import annotations

import pytest

from pushlab_scenarios.steps.fault import EndFaultStep, FaultStep, ReleaseStep
from pushlab_testing.scenarios import FILE, a_scenario, refuse_step

GATE = "- fault: {id: gate, where: onesignal POST /notifications, how: hold}"


def read(*steps: str) -> object:
    return a_scenario(*steps).steps[-1]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("{where: fcm}", {}),
        ("{where: fcm, status: 429, retry_after_s: 5}", {"status": 429, "retry_after_s": 5}),
        ("{where: fcm, share: 0.5, person: alice}", {"share": 0.5, "person": "alice"}),
        ("{where: fcm, devices: [alice-android]}", {"devices": ["alice-android"]}),
        ("{where: fcm, end: 2026-01-02T00:00:00Z}", {"end": "2026-01-02T00:00:00Z"}),
        ("{where: smtp end, how: lost, times: 1}", {"how": "lost", "times": 1}),
        ("{where: smtp end, how: slow, delay_s: 0.5}", {"how": "slow", "delay_s": 0.5}),
        ("{where: webhook, how: late, delay: 5m}", {"how": "late", "delay": "5m"}),
        (
            "{where: apns POST /3, how: goaway, last_stream: this, reason: Shutdown}",
            {"how": "goaway", "last_stream": "this", "reason": "Shutdown"},
        ),
    ],
)
def test_a_fault_takes_what_a_lab_takes(text: str, options: object) -> None:
    step = read(f"- fault: {text}")

    assert isinstance(step, FaultStep)
    assert (step.options, step.is_hold) == (options, False)


def test_a_hold_is_a_fault_that_can_be_released_whole_or_in_part() -> None:
    gate = read(GATE)
    whole, part = read(GATE, "- release: gate"), read(GATE, "- release: {hold: gate, count: 2}")

    assert isinstance(gate, FaultStep)
    assert gate.is_hold
    assert isinstance(whole, ReleaseStep)
    assert isinstance(part, ReleaseStep)
    assert [(step.name, step.count) for step in (whole, part)] == [("gate", None), ("gate", 2)]


def test_a_fault_ends_by_its_name() -> None:
    step = read("- fault: {id: outage, where: fcm}", "- end_fault: outage")

    assert isinstance(step, EndFaultStep)
    assert step.name == "outage"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("fault: {}", "a fault lacks 'where'"),
        ("fault: fcm", "a fault is"),
        ("fault: {where: moon}", "no fault can strike at 'moon'"),
        ("fault: {where: fcm, how: lost}", "how=refuse"),
        ("fault: {where: fcm, how: explode}", "how cannot be 'explode'"),
        ("fault: {where: fcm, statu: 500}", "a fault has no 'statu'; did you mean 'status'?"),
        ("fault: {where: fcm, status: 200}", "between 400 and 599"),
        ("fault: {where: fcm, devices: [nobody]}", "no device 'nobody' has joined before"),
        ("fault: {where: smtp end, devices: [alice-android]}", "plan it at a gateway"),
        ("fault: {where: webhook, how: late, delay: soon}", "'soon' is no duration"),
        ("fault: {where: fcm, start: soon}", "'soon' is no instant"),
        ("end_fault: outage", "no fault 'outage' was planned before; give the fault an `id`"),
        ("release: gate", "no hold 'gate' was planned before; give the hold an `id`"),
        ("release: {count: 1}", "a release lacks 'hold'"),
        ("release: [gate]", "release is a list"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(step: str, words: str) -> None:
    said = refuse_step(step)

    assert said.startswith(f"{FILE}, line 5, column ")
    assert words in said


def test_nothing_less_than_one_is_released() -> None:
    hold = "fault: {id: gate, where: webhook, how: hold}\n- release: {hold: gate, count: 0}"

    assert "count is 0; release one at least" in refuse_step(hold)
