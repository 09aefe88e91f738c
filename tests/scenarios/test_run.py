"""Goal: a story is played step by step; what does not hold says what is there, where and why."""

from __future__ import annotations

import pytest

from pushlab.errors import ScenarioError
from pushlab_scenarios.run import Play, run
from pushlab_scenarios.stage import LabStage
from pushlab_testing.scenarios import FILE, HEAD, a_push, a_scenario

OFFLINE = "- verb: {device: alice-android, do: go_offline}"
MINUTES = "- advance: 5m"
SAVE_USER = """\
- request:
    call: GET /apps/$app_id/users/by/external_id/alice
    save: {user: identity.onesignal_id}
"""
VIEW = "- request:\n    call: GET /notifications/$hello?app_id=$app_id\n"


def test_a_story_whose_expectations_hold_says_so() -> None:
    outcome = run(
        a_scenario(
            a_push(),
            MINUTES,
            "- expect: {device: alice-android, tray: [{title: Hello, body: Good to see you}]}",
            "- expect: {device: alice-android, state: {online: true}}",
            "- expect: {message: hello, statistics: {successful: 1, failed: 0}}",
            "- expect: {message: hello, device: alice-android, why: delivered}",
            f"{VIEW}    answer: {{id: $hello, successful: 1}}",
        )
    )

    assert (outcome.held, outcome.failures) == (5, [])
    assert len(outcome.digest) == 32
    outcome.check()


def test_a_verb_may_be_about_a_message() -> None:
    outcome = run(
        a_scenario(
            a_push(),
            MINUTES,
            "- verb: {device: alice-android, do: tap, message: hello}",
            "- advance: 1m",
            "- expect: {device: alice-android, tray: []}",
            "- expect: {message: hello, statistics: {converted: 1}}",
        )
    )

    assert outcome.failures == []


def test_time_goes_on_in_every_way() -> None:
    stage = LabStage()
    steps = ("- advance: {until: 2026-02-01T00:00:00Z}", a_push(), "- advance: idle")
    play = Play(a_scenario(*steps), stage, 0)

    instants = [stage.lab.now for _ in play.steps()]

    assert instants[1] - instants[0] == 31 * 86_400_000
    assert instants[3] > instants[2]


def test_an_expectation_that_fails_says_what_is_there_where_and_why() -> None:
    outcome = run(
        a_scenario(
            OFFLINE,
            a_push(),
            MINUTES,
            "- expect: {device: alice-android, tray: [{title: Hello}]}",
        )
    )

    [failure] = outcome.failures
    lines = str(failure).splitlines()
    assert lines[0] == (
        f"{FILE}, line 18, column 43: alice-android: tray is empty, expected 1 item: "
        '[{"title": "Hello"}]'
    )
    assert lines[1] == "  there is: nothing"
    assert lines[2].startswith("  why: hello: the device is offline since 2026-01-01T00:00:00.000Z")
    assert lines[2].endswith("[offline]")


def test_what_is_there_is_shown_by_what_was_asked_for() -> None:
    outcome = run(
        a_scenario(
            a_push(), MINUTES, "- expect: {device: alice-android, tray: [{title: Ho, url: null}]}"
        )
    )

    [failure] = outcome.failures
    assert failure.what == 'alice-android: tray[0].title is "Hello", expected "Ho"'
    assert failure.there == '[{"title": "Hello", "body": "Good to see you"}]'


def test_without_a_message_the_reason_is_that_there_is_none() -> None:
    outcome = run(a_scenario("- expect: {device: alice-android, tray: [{}]}"))

    assert outcome.failures[0].why == ("why: no notification was accepted yet",)


def test_a_story_goes_on_after_a_failed_expectation_and_all_failures_are_told() -> None:
    outcome = run(
        a_scenario(
            a_push(),
            MINUTES,
            "- expect: {message: hello, statistics: {successful: 2, failed: 1}}",
            "- expect: {device: alice-android, state: {online: false}}",
            "- expect: {message: hello, device: alice-android, why: offline}",
            f"{VIEW}    answer: {{successful: 7}}",
            f"{VIEW}    status: 404",
            f"{VIEW}    answer: {{successful: 1}}",
        )
    )

    assert [failure.what for failure in outcome.failures] == [
        "hello: statistics.successful is 1, expected 2",
        "hello: statistics.failed is 0, expected 1",
        "alice-android: state.online is true, expected false",
        "hello on alice-android is delivered, expected offline",
        "answer.successful is 1, expected 7",
        "the status is 200, expected 404",
    ]
    assert outcome.held == 1
    with pytest.raises(AssertionError, match=r"state\.online is true, expected false"):
        outcome.check()


def test_a_refusal_that_was_expected_holds() -> None:
    outcome = run(
        a_scenario("- request: {call: POST /notifications, body: {}, status: 400, answer: {}}")
    )

    assert (outcome.held, outcome.failures) == (1, [])


def test_a_request_that_is_refused_against_expectation_fails() -> None:
    outcome = run(a_scenario("- request: {call: POST /notifications, body: {}}"))

    [failure] = outcome.failures
    assert failure.what == "the status is 400, expected 2xx"
    assert failure.there.startswith('400 {"errors": ')


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "- verb: {device: alice-android, do: go_online}",
            "5, column 11: alice-android cannot go_online: it is online already; what fits now: ",
        ),
        (
            "- verb: {device: alice-android, do: purchase, sku: coins, amount: much}",
            "5, column 11: an amount is a number such as 9.99, not 'much'",
        ),
        ("- advance: {until: 2020-01-01T00:00:00Z}", "5, column 14: "),
        (
            "- device: {platform: android, name: x, address: a@b.test}",
            "5, column 13: a device of android has no address; it gets a token",
        ),
        (
            f"{a_push()}- verb: {{device: alice-android, do: tap, message: hello}}",
            "15, column 11: the tray of alice-android does not hold that message; it holds nothing",
        ),
        (
            f"{SAVE_USER}- expect: {{message: user, statistics: {{successful: 1}}}}",
            "8, column 13: user is no notification of this world (",
        ),
    ],
)
def test_what_cannot_be_done_ends_the_story_at_its_place(step: str, message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        run(a_scenario(step))

    assert str(refused.value).startswith(f"{FILE}, line {message}")


@pytest.mark.parametrize(
    ("request_step", "message"),
    [
        ("{call: POST /notifications, body: {}, save: x}", "the answer holds no 'id' to save as x"),
        (
            "{call: GET /apps, save: {x: errors.0.y}}",
            "the answer holds no 'errors.0.y' to save as x",
        ),
    ],
)
def test_an_answer_without_what_is_saved_ends_the_story(request_step: str, message: str) -> None:
    outcome = run(a_scenario(f"- request: {request_step}", "- advance: 5m", "- advance: 6m"))

    assert outcome.failures[-1].what == message
    assert outcome.unplayed == 2


def test_a_value_is_saved_from_anywhere_in_an_answer() -> None:
    outcome = run(
        a_scenario(
            "- request: {call: 'GET /apps/$app_id/users/by/external_id/alice',\n"
            "    save: {user: identity.onesignal_id, phone: subscriptions.0.id}}",
            "- request: {call: GET /apps/$app_id/users/by/onesignal_id/$user,\n"
            "    answer: {subscriptions: [{id: $phone}]}}",
        )
    )

    assert outcome.failures == []


def test_the_same_seed_leaves_the_same_digest_and_another_seed_another() -> None:
    scenario = a_scenario(a_push(), MINUTES)

    digests = [run(scenario, seed=seed).digest for seed in (1, 1, 2)]

    assert digests[0] == digests[1] != digests[2]


def test_settings_and_plan_come_before_the_first_step() -> None:
    head = HEAD.replace("steps:", "settings: {tray_max: 1}\napp: {plan: free}\nsteps:")
    stage = LabStage()

    run(a_scenario("- advance: 1s", head=head), stage)

    assert stage.lab.app.plan == "free"
    assert [row.value for row in stage.lab.settings if row.name == "tray_max"] == [1]


# --- what goes wrong -------------------------------------------------------------------------

HOLD = "- fault: {id: gate, where: onesignal POST /notifications, how: hold}"


def ask(*lines: str) -> str:
    """Return the step that sends a push, with *lines* in place of what it saves."""
    return a_push().replace("    save: hello\n", "".join(f"    {line}\n" for line in lines))


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        (
            ["- fault: {where: onesignal * /, how: drop}", ask()],
            "the request is cut off, expected an answer that says yes",
        ),
        (
            ["- fault: {where: onesignal * /, how: drop}", ask("outcome: held")],
            "the request is cut off, expected that it is held",
        ),
        (
            [HOLD, ask("status: 200")],
            "the request is held by gate, expected status 200",
        ),
        ([HOLD, ask("outcome: cut")], "the request is held by gate, expected that it is cut"),
        ([ask("outcome: cut")], "the request is answered, expected that it is cut"),
        (
            [HOLD, ask("outcome: held", "status: 400"), "- release: gate"],
            "the status is 200, expected 400",
        ),
        (
            [HOLD, ask("outcome: held", "save: {x: nothing}"), "- release: gate"],
            "the answer holds no 'nothing' to save as x",
        ),
    ],
)
def test_what_goes_wrong_otherwise_than_expected_is_said(steps: list[str], what: str) -> None:
    outcome = run(a_scenario(*steps))

    assert [failure.what for failure in outcome.failures] == [what]


def test_a_held_request_is_judged_when_its_hold_lets_it_go() -> None:
    play = Play(
        a_scenario(
            HOLD,
            ask("outcome: held", "save: first"),
            ask("outcome: held", "save: second", "answer: {errors: [no]}"),
            "- release: {hold: gate, count: 1}",
            "- end_fault: gate",
        ),
        LabStage(),
        0,
    )

    played = list(play.steps())

    assert [len(each.failures) for each in played[2:]] == [0, 0, 0, 1]
    assert played[4].answer.startswith('200 {"id": ')
    assert played[5].failures[0].what.startswith("answer.errors is not there")


def test_what_a_held_request_saves_is_there_after_its_release() -> None:
    look = "- request:\n    call: GET /notifications/$hello?app_id=$app_id"
    held = ask("outcome: held", "save: hello")

    with pytest.raises(ScenarioError, match="'hello' has no value yet, since the request"):
        run(a_scenario(HOLD, held, look))

    assert run(a_scenario(HOLD, held, "- release: gate", look)).failures == []


def test_a_request_that_is_cut_ends_a_story_that_needs_its_answer() -> None:
    outcome = run(
        a_scenario("- fault: {where: onesignal * /, how: lost}", a_push(), "- advance: 5m")
    )

    assert (len(outcome.failures), outcome.unplayed) == (1, 1)
