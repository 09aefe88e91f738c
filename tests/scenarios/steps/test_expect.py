"""Goal: an expectation is about a device, a message, or both, and says what it looks at."""

from __future__ import annotations

import pytest

from pushlab_scenarios.steps.expect import ExpectDevice, ExpectStatistics, ExpectWhy
from pushlab_testing.scenarios import FILE, a_push, a_scenario, refuse_step


def test_each_kind_of_expectation_is_read() -> None:
    steps = a_scenario(
        a_push(),
        "- expect: {device: alice-android, state: {online: true}}",
        "- expect: {message: hello, statistics: {successful: 1}}",
        "- expect: {message: hello, device: alice-android, why: offline}",
    ).steps[2:]

    assert isinstance(steps[0], ExpectDevice)
    assert isinstance(steps[1], ExpectStatistics)
    assert isinstance(steps[2], ExpectWhy)
    assert (steps[0].look, steps[1].message, steps[2].rule.text) == ("state", "hello", "offline")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{device: alice-android}", "13: an expectation lacks 'tray'; write expect: {device:"),
        (
            "{device: alice-android, tary: []}",
            "37: an expectation has no 'tary'; did you mean 'tray'",
        ),
        ("{device: alice-android, tray: {}}", "43: tray is a table; write a list"),
        ("{device: alice-android, tray: [Hello]}", "44: this is no message of the tray; write its"),
        ("{device: alice-android, tray: [], inbox: []}", "47: inbox stands beside tray; write an"),
        ("{device: alice-android, state: []}", "44: state is a list; write a table"),
        (
            "{device: bob, tray: []}",
            "22: no device 'bob' has joined before; there is alice-android",
        ),
        ("{tray: []}", "13: an expectation lacks 'device'; write expect: {device: alice-android"),
        (
            "{message: hello, statistics: {}}",
            "23: no request has saved 'hello' before; write `save",
        ),
        ("{device: alice-android, tray: [{title: $x}]}", "52: nothing is saved as $x"),
        ("arrival", '13: an expectation is "arrival"; write expect: {device: alice-android'),
    ],
)
def test_a_slip_is_refused_at_its_place(step: str, message: str) -> None:
    assert refuse_step(f"expect: {step}").startswith(f"{FILE}, line 5, column {message}")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "{message: hello}",
            "13: an expectation lacks 'statistics'; write expect: {message: welcome",
        ),
        (
            "{message: hello, statistics: {successful: one}}",
            "55: successful is no count; write suc",
        ),
        ("{message: hello, statistics: {sucessful: 1}}", "43: statistics have no 'sucessful'; did"),
        ("{message: hello, device: alice-android}", "13: an expectation lacks 'why'; write expect"),
        ("{message: helo, statistics: {}}", "23: no request has saved 'helo' before; did you mean"),
    ],
)
def test_a_slip_about_a_message_is_refused_at_its_place(step: str, message: str) -> None:
    refused = refuse_step(f"{a_push()[2:]}- expect: {step}")

    assert refused.startswith(f"{FILE}, line 15, column {message}")
