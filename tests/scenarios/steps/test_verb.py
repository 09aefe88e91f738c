"""Goal: verbs and what they take are those of the device, found before anything runs."""

from __future__ import annotations

import pytest

from pushlab_scenarios.steps.verb import VerbStep
from pushlab_testing.scenarios import FILE, a_push, a_scenario, refuse_step


def read(text: str) -> VerbStep:
    step = a_scenario(a_push(), f"- verb: {text}").steps[-1]
    assert isinstance(step, VerbStep)
    return step


def test_a_verb_takes_what_the_devices_method_takes() -> None:
    step = read("{device: alice-android, do: switch_notifications, on: false}")

    assert (step.device, step.verb, step.arguments) == (
        "alice-android",
        "switch_notifications",
        {"on": False},
    )


def test_a_verb_is_about_the_notification_that_was_saved() -> None:
    step = read("{device: alice-android, do: tap, message: hello, action: buy}")

    assert (step.message, step.arguments) == ("hello", {"action": "buy"})


def test_an_argument_that_may_be_left_out_is_left_out() -> None:
    assert read("{device: alice-android, do: prompt}").arguments == {}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("do: add_tag, key: level, value: 10", {"key": "level", "value": 10}),
        ("do: add_tag, key: level, value: '10'", {"key": "level", "value": "10"}),
        ("do: move, lat: 52.5, long: 13", {"lat": 52.5, "long": 13}),
        ("do: login, external_id: 42", {"external_id": "42"}),
    ],
)
def test_an_argument_is_of_the_kind_that_the_method_says(text: str, arguments: object) -> None:
    assert read(f"{{device: alice-android, {text}}}").arguments == arguments


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "{device: alice-android, do: go_ofline}",
            "39: there is no verb 'go_ofline'; did you mean",
        ),
        ("{device: alice-android, do: wobble}", "39: there is no verb 'wobble'; there are install"),
        ("{device: alice-android, do: visit}", "39: alice-android (android) cannot visit; what it"),
        (
            "{device: alice-andriod, do: tap}",
            "20: no device 'alice-andriod' has joined before; did",
        ),
        (
            "{device: alice-android, do: login}",
            "11: login: 'external_id' is missing; add `external",
        ),
        (
            "{device: alice-android, do: tap, on: true}",
            "44: a verb has no 'on'; did you mean 'do'?",
        ),
        ("{device: alice-android, do: tap, message: hi}", "53: no request has saved 'hi' before"),
        (
            "{device: alice-android, do: switch_notifications, on: yes}",
            '65: on is "yes"; write true',
        ),
        (
            "{device: alice-android, do: prompt, answer: alow}",
            "55: answer cannot be 'alow'; did you mean 'allow'?",
        ),
        ("{device: alice-android}", "11: a verb lacks 'do'; write verb: {device: alice-android"),
        ("{do: tap}", "11: a verb lacks 'device'; write verb: {device: alice-android"),
        (
            "go_offline",
            '11: a verb is "go_offline"; write verb: {device: alice-android, do: go_off',
        ),
    ],
)
def test_a_slip_is_refused_at_its_place(step: str, message: str) -> None:
    assert refuse_step(f"verb: {step}").startswith(f"{FILE}, line 5, column {message}")
