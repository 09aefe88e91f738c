"""Goal: faults of every kind are planned over the control API, and holds are seen and released."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.devserver.bench import Bench
from pushlab.devserver.control import PREFIX, Control
from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, Request
from pushlab_testing.app import App

TOKEN = "pushlab_control_for_tests"
ROUTE = "onesignal POST /notifications"


class Scene:
    """A bench and its control API."""

    def __init__(self) -> None:
        self.bench = Bench(lambda seed, start: Lab(seed or 0, start))
        self.control = Control(self.bench, TOKEN)

    def ask(self, method: str, path: str, json: object = None) -> Answer:
        return self.control.handle(
            Request.build(
                method,
                f"http://localhost{PREFIX}{path}",
                json=json,
                headers={"authorization": f"Bearer {TOKEN}"},
            )
        )

    def tell(self, method: str, path: str, json: object = None) -> Any:
        return self.ask(method, path, json).json()

    def push(self) -> None:
        app = App(self.bench.lab)
        self.bench.lab.respond(app.request("POST", "/notifications", app.push_body("alice")))


@pytest.mark.parametrize(
    "body",
    [
        {"where": "smtp end", "how": "lost", "times": 1},
        {"where": ROUTE, "how": "hold", "part": "answer", "id": "gate"},
        {"where": ROUTE, "how": "goaway", "last_stream": "this", "reason": "bye"},
        {"where": ROUTE, "how": "slow", "delay_s": 0.5, "share": 0.25},
        {"where": ROUTE, "status": 429, "retry_after_s": 3, "app": "an-app"},
        {"where": "webhook https://shop.test", "how": "late", "delay": "90s"},
        {"where": "apns handshake", "how": "expired_certificate"},
    ],
)
def test_a_fault_reads_as_it_was_planned(body: dict[str, object]) -> None:
    scene = Scene()

    answer = scene.ask("POST", "faults", body)
    shown: Any = answer.json()

    assert answer.status == 201
    assert {name: shown[name] for name in body} == body
    assert scene.tell("GET", "faults")["faults"] == [shown]


def test_a_fault_tells_how_often_it_has_struck_and_at_a_gateway_nothing() -> None:
    scene = Scene()
    scene.tell("POST", "faults", {"where": ROUTE, "times": 2})
    scene.tell("POST", "faults", {"where": "fcm"})

    scene.push()

    first, second = scene.tell("GET", "faults")["faults"]
    assert first["hits"] == 1
    assert "hits" not in second


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"where": "onesignl POST /x"}, "no fault can strike at"),
        ({"where": "fcm", "how": "exploded"}, "how cannot be"),
        ({"where": "fcm", "how": "lost"}, "nothing goes wrong like 'lost'"),
        ({"where": ROUTE, "how": "slow"}, "how slow?"),
        ({"where": ROUTE, "delay_s": "long"}, "delay_s is"),
        ({"where": "webhook", "how": "late", "delay": "soon"}, "'soon' is no duration"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(body: object, words: str) -> None:
    scene = Scene()

    answer = scene.ask("POST", "faults", body)
    told: Any = answer.json()

    assert answer.status == 400
    assert words in told["error"]["what"]
    assert told["error"]["instead"]


def test_a_hold_shows_what_it_keeps_back_and_lets_it_go() -> None:
    scene = Scene()
    scene.bench.lab.device("android", external_id="alice")
    scene.tell("POST", "faults", {"where": ROUTE, "how": "hold", "id": "gate"})
    for _ in range(3):
        scene.push()

    (hold,) = scene.tell("GET", "holds")["holds"]
    first = scene.tell("POST", "holds/gate/release", {"count": 1})
    rest = scene.tell("POST", "holds/gate/release")

    parked = [{"what": ROUTE, "at": "2026-01-01T00:00:00.000Z"}] * 3
    assert hold == {"name": "gate", "where": ROUTE, "part": "request", "parked": parked}
    assert (first, rest) == (
        {"hold": "gate", "released": 1},
        {"hold": "gate", "released": 2},
    )
    assert scene.tell("GET", "holds") == {"holds": []}


@pytest.mark.parametrize("name", ["none", "outage"])
def test_only_a_hold_is_released(name: str) -> None:
    scene = Scene()
    scene.tell("POST", "faults", {"where": "fcm", "id": "outage"})

    assert scene.ask("POST", f"holds/{name}/release").status == 404


def test_a_hold_ends_as_a_fault_too() -> None:
    scene = Scene()
    scene.tell("POST", "faults", {"where": ROUTE, "how": "hold", "id": "gate"})
    scene.push()

    assert scene.tell("DELETE", "faults/gate") == {"ended": "gate"}
    assert scene.tell("GET", "holds") == {"holds": []}
