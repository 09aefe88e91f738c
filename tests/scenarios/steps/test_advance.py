"""Goal: time goes on by a duration, to an instant or until nothing is due."""

from __future__ import annotations

import pytest

from pushlab.world.clock import parse_instant
from pushlab_scenarios.steps.advance import AdvanceStep
from pushlab_testing.scenarios import FILE, a_scenario, refuse_step


def read(text: str) -> AdvanceStep:
    step = a_scenario(f"- advance: {text}").steps[-1]
    assert isinstance(step, AdvanceStep)
    return step


def test_a_duration_an_instant_or_neither_is_read() -> None:
    until = read("{until: 2026-02-01T00:00:00Z}")
    idle = read("idle")

    assert read("1h30m").duration_ms == 5_400_000
    assert until.until == parse_instant("2026-02-01T00:00:00Z")
    assert (idle.duration_ms, idle.until) == (None, None)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("soon", "14: 'soon' is no duration; write 90s, 5m, 1h30m, 2d or idle"),
        ("5", "14: '5' is no duration; write 90s, 5m"),
        ("-5m", "14: '-5m' is no duration"),
        ("{until: noon}", "22: 'noon' is no instant; write it like 2026-01-31T09:30:00Z"),
        ("{untl: x}", "15: an advance has no 'untl'; did you mean 'until'?"),
        ("{until: 2026-02-01T00:00:00Z, by: 5m}", "44: an advance has no 'by'; there is until"),
        ("[5m]", "14: advance is a list; write a text"),
        ("", "13: advance is empty; write a text"),
    ],
)
def test_a_slip_is_refused_at_its_place(step: str, message: str) -> None:
    assert refuse_step(f"advance: {step}".rstrip()).startswith(f"{FILE}, line 5, column {message}")
