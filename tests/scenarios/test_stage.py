"""Goal: a lab and a dev server are the same stage, to the same trace.

Method: the server's front is asked without its port; sockets are tried in tests/edges.
"""

from __future__ import annotations

import pytest

from pushlab.devserver.bench import Bench
from pushlab.devserver.control import Control
from pushlab.errors import ScenarioError
from pushlab.lab import Lab
from pushlab_scenarios.run import run
from pushlab_scenarios.stage import LabStage, RemoteStage, _decode
from pushlab_testing.scenarios import HEAD, Wire, a_push, a_scenario

TOKEN = "a-token"
HEAD_OF_ALL = HEAD.replace(
    "steps:",
    "seed: 4\nstart: 2026-03-01T08:00:00Z\nsettings: {tray_max: 5}\n"
    "app: {plan: free, receipts_enabled: false}\nsteps:",
)
STORY = (
    "- device: {platform: ios, name: spare, fresh: true}",
    "- verb: {device: spare, do: install}",
    "- verb: {device: spare, do: open_app}",
    "- verb: {device: spare, do: prompt, answer: allow}",
    "- verb: {device: spare, do: login, external_id: alice}",
    "- advance: 1m",
    a_push(),
    "- advance: idle",
    "- verb: {device: alice-android, do: tap, message: hello}",
    "- advance: {until: 2026-03-01T09:00:00Z}",
    "- expect: {device: spare, tray: [{title: Hello}]}",
    "- expect: {message: hello, statistics: {successful: 2, converted: 1}}",
    "- expect: {message: hello, device: spare, why: receipt-not-asked}",
    "- expect: {device: alice-android, state: {installed: true}}",
    "- request: {call: POST /notifications, body: {}, status: 400}",
)


def serve(pace: str = "manual") -> RemoteStage:
    bench = Bench(lambda seed, start: Lab(seed or 0, start), pace)
    return RemoteStage(Wire(bench, Control(bench, TOKEN), TOKEN))


def test_a_lab_and_a_server_leave_the_same_trace() -> None:
    scenario = a_scenario(*STORY, head=HEAD_OF_ALL)
    stage, remote = LabStage(), serve()

    here, there = run(scenario, stage), run(scenario, remote)

    assert (here.failures, there.failures) == ([], [])
    assert here.digest == there.digest == stage.digest == remote.digest
    assert [*stage.lines()][1:] == [*remote.lines()][1:]
    assert stage.now == remote.now


FAULTS = (
    "- fault: {where: onesignal POST /notifications, how: lost, times: 1}",
    a_push().replace("save: hello", "outcome: cut"),
    "- fault: {id: gate, where: onesignal POST /notifications, how: hold}",
    a_push().replace("save: hello", "save: hello\n    outcome: held\n    status: 200"),
    "- advance: 10m",
    "- expect: {device: alice-android, tray: [{title: Hello}]}",
    "- release: {hold: gate, count: 1}",
    "- advance: 10m",
    "- expect: {device: alice-android, tray: [{title: Hello}, {title: Hello}]}",
    "- expect: {message: hello, device: alice-android, why: delivered}",
    a_push().replace("save: hello", "outcome: held"),
    "- end_fault: gate",
    "- fault: {id: outage, where: onesignal POST /notifications, status: 503, delay_s: 0.01}",
    a_push().replace("save: hello", "status: 503"),
    "- end_fault: outage",
    a_push().replace("save: hello", "save: {last: id}"),
)


def test_faults_and_holds_leave_the_same_trace_on_both() -> None:
    scenario = a_scenario(*FAULTS)
    stage, remote = LabStage(), serve()

    here, there = run(scenario, stage), run(scenario, remote)

    assert (here.failures, there.failures) == ([], [])
    assert here.held == there.held == 8
    assert [*stage.lines()][1:] == [*remote.lines()][1:]


def test_failures_read_the_same_on_both() -> None:
    scenario = a_scenario(
        "- verb: {device: alice-android, do: go_offline}",
        a_push(),
        "- advance: 5m",
        "- expect: {device: alice-android, tray: [{title: Hello}]}",
        "- expect: {message: hello, statistics: {successful: 5}}",
        "- expect: {message: hello, device: alice-android, why: delivered}",
    )

    here, there = run(scenario), run(scenario, serve())

    assert list(map(str, here.failures)) == list(map(str, there.failures))
    assert len(here.failures) == 3


def test_a_long_trace_is_read_page_by_page(monkeypatch) -> None:
    scenario, remote, stage = a_scenario(a_push(), "- advance: 1m"), serve(), LabStage()
    monkeypatch.setattr("pushlab_scenarios.stage.PAGE", 3)

    run(scenario, remote)
    run(scenario, stage)

    assert [*remote.lines()][1:] == [*stage.lines()][1:]


def test_a_server_begins_anew_with_each_scenario() -> None:
    scenario, remote = a_scenario(a_push(), "- advance: 1m"), serve()

    assert run(scenario, remote).digest == run(scenario, remote).digest


def test_a_server_whose_clock_moves_by_itself_is_refused() -> None:
    with pytest.raises(ScenarioError, match="1, column 1: the server's clock is live"):
        run(a_scenario(), serve("live"))


def test_what_a_server_refuses_ends_the_story_at_its_place() -> None:
    scenario = a_scenario("- verb: {device: alice-android, do: go_online}")

    with pytest.raises(ScenarioError, match=r"line 5, column 11: alice-android cannot go_online"):
        run(scenario, serve())


@pytest.mark.parametrize(
    ("body", "value"), [(b"", None), (b'{"a":1}', {"a": 1}), (b"<p>\xff</p>", "<p>\ufffd</p>")]
)
def test_an_answer_that_is_no_json_is_its_text(body: bytes, value: object) -> None:
    assert _decode(body) == value
