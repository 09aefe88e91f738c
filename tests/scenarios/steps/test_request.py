"""Goal: a call is method and path, with names for what was saved before."""

from __future__ import annotations

import pytest

from pushlab_scenarios.steps.request import RequestStep
from pushlab_testing.scenarios import FILE, a_push, a_scenario, refuse_step


def read(text: str) -> RequestStep:
    step = a_scenario(a_push(), f"- request: {text}").steps[-1]
    assert isinstance(step, RequestStep)
    return step


def test_a_call_is_read() -> None:
    step = read(
        "{call: 'GET /notifications/$hello?app_id=$app_id', status: 404, answer: {errors: []}}"
    )

    assert (step.method, step.path.text) == ("GET", "/notifications/$hello?app_id=$app_id")
    assert step.status is not None
    assert step.status[1] == 404
    assert step.describe_answer() == "status 404, answer {errors: []}"


def test_what_is_saved_is_the_id_unless_a_path_says_otherwise() -> None:
    by_name = read("{call: POST /notifications, save: second}").save
    by_path = read("{call: GET /users, save: {user: identity.onesignal_id}}").save

    assert (by_name, by_path) == ({"second": "id"}, {"user": "identity.onesignal_id"})


def test_headers_are_texts() -> None:
    step = read("{call: GET /apps, headers: {Authorization: Key $app_key, X: 5}}")

    assert {name: value.text for name, value in step.headers.items()} == {
        "Authorization": "Key $app_key",
        "X": "5",
    }


def test_an_answer_that_nobody_looks_into_only_says_yes() -> None:
    assert read("{call: GET /apps}").describe_answer() == "an answer that says yes"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{call: SEND /x}", "21: 'SEND /x' is no call; write method and path, such as POST /not"),
        ("{call: POST}", "21: 'POST' is no call; write method and path"),
        ("{body: {}}", "14: a request lacks 'call'; write request: {call: POST /notifications"),
        ("{call: GET /$welcom}", "21: nothing is saved as $welcom; there are app_id, app_key"),
        ("{call: POST /x, body: {a: [$x]}}", "41: nothing is saved as $x"),
        ("{call: POST /x, body: 5}", "36: body is 5; write a table of names and values"),
        ("{call: GET /x, status: 42}", "29: status is 42; write a status of HTTP, such as 400"),
        ("{call: GET /x, save: app_id}", "35: 'app_id' has a value already; choose another name"),
        ("{call: GET /x, save: [a]}", "35: save is a list; write a text"),
        ("{call: GET /x, headers: {A: [1]}}", "42: A is a list; write a text"),
        ("{call: GET /x, boddy: {}}", "29: a request has no 'boddy'; did you mean 'body'?"),
        ("POST /notifications", '14: a request is "POST /notifications"; write request: {call:'),
    ],
)
def test_a_slip_is_refused_at_its_place(step: str, message: str) -> None:
    assert refuse_step(f"request: {step}").startswith(f"{FILE}, line 5, column {message}")
