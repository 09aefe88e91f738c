"""Goal: stories are told as they run, what does not hold ends with 1, what is wrong with 2.

Method: `main` is called as the console script calls it, in this process and without a port.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from pushlab.cli import main
from pushlab.lab import Lab
from pushlab_scenarios.library import find_golden, list_names, list_stories
from pushlab_testing.app import App
from pushlab_testing.scenarios import HEAD, JOIN, a_push

if TYPE_CHECKING:
    from pathlib import Path

STORY = HEAD + indent(
    f"{JOIN}{a_push()}- advance: 5m\n"
    "- say: She reads it.\n"
    "  expect: {device: alice-android, tray: [{title: Hello}]}\n"
    "- advance: 1d\n",
    "  ",
)
FAILING = STORY.replace("title: Hello", "title: Bye")


@dataclass
class Run:
    """How a command ended."""

    code: object
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str | Path) -> Run:
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Run(ended.value.code, out, err)

    return call


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.yaml"
    path.write_text(STORY, "utf-8")
    return path


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    path = tmp_path / "failing.yaml"
    path.write_text(FAILING, "utf-8")
    return path


@pytest.fixture
def record(tmp_path: Path) -> Path:
    lab = Lab(3)
    phone = lab.device("android", external_id="alice")
    App(lab).send("alice")
    lab.advance(minutes=1)
    phone.tap()
    lab.advance(minutes=1)
    path = tmp_path / "record.jsonl"
    path.write_text("\n".join(lab.record()), "utf-8")
    return path


# -- replay ----------------------------------------------------------------------------------------


def test_a_story_is_told_as_it_runs(run, story: Path) -> None:
    ended = run("replay", story)

    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert lines[:2] == ["story", "It happens."]
    assert "joins: Android phone, logged in as alice" in lines[3]
    assert "She reads it." in lines
    assert "✓ alice-android: tray [{title: Hello}]" in ended.out
    assert "  1d go by" in lines
    assert "1 expectation, held." in lines
    assert lines[-1].startswith("Seed 0, digest ")


def test_a_story_that_does_not_hold_ends_with_1_and_says_why(run, failing: Path) -> None:
    ended = run("replay", failing)

    text = " ".join(ended.out.split())
    assert (ended.code, ended.err) == (1, "")
    # The folder of a test may be long enough for a line to be folded anywhere.
    assert f"{failing},line17,column" in "".join(ended.out.split())
    assert '✗ alice-android: tray[0].title is "Hello", expected "Bye"' in text
    assert 'there is: [{"title": "Hello", "body": "Good to see you"}]' in text
    assert "why: hello: it was delivered" in text
    assert "1 expectation failed, 0 held." in text


def test_a_story_that_cannot_go_on_says_how_much_was_left(run, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(STORY.replace("external_id: [alice]", "external_id: [nobody]"), "utf-8")

    ended = run("replay", path)

    assert ended.code == 1
    assert "the answer holds no 'id' to save as hello" in " ".join(ended.out.split())
    assert "3 steps not played." in ended.out


def test_a_story_is_there_for_programs(run, failing: Path) -> None:
    ended = run("replay", failing, "--json")

    told = json.loads(ended.out)
    assert ended.code == 1
    assert list(told) == [
        *("name", "sentence", "seed", "start", "digest", "held", "failed", "unplayed"),
        *("golden", "differences", "steps"),
    ]
    assert [step["line"] for step in told["steps"]] == [4, 6, 15, 17, 18]
    [failure] = told["steps"][3]["failures"]
    assert (failure["line"], failure["why"][0][:11]) == (17, "why: hello:")
    assert told["steps"][0]["told"][0]["who"] == "alice-android"


def test_a_seed_is_other_luck(run, story: Path) -> None:
    digests = [
        json.loads(run("replay", story, "--json", "--seed", seed).out)["digest"]
        for seed in ("1", "1", "2")
    ]

    assert digests[0] == digests[1] != digests[2]


# -- golden traces ---------------------------------------------------------------------------------


def test_a_trace_that_was_kept_is_compared(run, story: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"

    written = run("replay", story, "--trace", kept)
    ended = run("replay", story, "--golden", kept)

    assert (written.code, ended.code) == (0, 0)
    assert "The trace is the golden one." in ended.out
    assert json.loads(kept.read_text("utf-8").splitlines()[0])["pushlab_trace"] == 1


def test_a_trace_that_differs_ends_with_1_and_shows_where(run, story: Path, tmp_path) -> None:
    kept = tmp_path / "kept.jsonl"
    run("replay", story, "--trace", kept)
    lines = kept.read_text("utf-8").splitlines()
    changed = [line.replace('"outcome":"shown"', '"outcome":"seen"') for line in lines]
    kept.write_text("\n".join(changed), "utf-8")

    told = run("replay", story, "--golden", kept)
    asked = run("replay", story, "--golden", kept, "--json")

    assert (told.code, asked.code) == (1, 1)
    assert "The trace is not the golden one:" in told.out
    assert '        - "seen"' in told.out
    assert '        + "shown"' in told.out
    assert len(told.out.splitlines()) < 50
    document = json.loads(asked.out)
    assert document["golden"] == "differs"
    assert document["differences"][0]["fields"] == [
        {"name": "outcome", "kept": '"seen"', "now": '"shown"'}
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--golden", "none.jsonl"),
            "there is no golden trace 'none.jsonl'; make one with --trace",
        ),
        (
            ("--trace", "no/such/folder/t.jsonl"),
            "cannot write no/such/folder/t.jsonl (No such file",
        ),
    ],
)
def test_a_trace_that_cannot_be_read_or_written_is_bad_input(
    run, story: Path, arguments, message: str
) -> None:
    ended = run("replay", story, *arguments)

    assert ended.code == 2
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("name", list_names())
def test_a_shipped_story_leaves_its_golden_trace(run, name: str) -> None:
    ended = run("replay", name)

    assert (ended.code, ended.err) == (0, "")
    assert "all held." in ended.out
    assert "The trace is the golden one." in ended.out


@pytest.mark.parametrize("name", list_names())
def test_a_shipped_story_holds_with_other_luck_as_well(run, name: str) -> None:
    codes = [run("replay", name, "--seed", str(seed)).code for seed in range(6)]

    assert codes == [0] * 6


# -- records ---------------------------------------------------------------------------------------


def test_a_record_is_lived_again(run, record: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"

    ended = run("replay", record, "--trace", kept)
    again = run("replay", record, "--golden", kept, "--json")

    assert (ended.code, again.code) == (0, 0)
    assert "taps “a message”" in ended.out or "taps" in ended.out
    assert "3 actions lived again, to digest " in ended.out
    assert json.loads(again.out)["golden"] == "same"


def test_a_record_that_ends_otherwise_ends_with_1(run, record: Path) -> None:
    lines = record.read_text("utf-8").splitlines()
    record.write_text("\n".join([*lines[:-2], lines[-1]]), "utf-8")

    ended = run("replay", record)

    assert ended.code == 1
    assert "the replay ended with digest" in ended.err


def test_a_record_against_another_trace_ends_with_1(run, record: Path, story: Path) -> None:
    kept = story.with_name("kept.jsonl")
    run("replay", story, "--trace", kept)

    assert run("replay", record, "--golden", kept).code == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "line 2: "),
        ("{}", "line 2: at: '' is no instant"),
        ('{"at":"2026-01-01T00:00:00Z","dance":{}}', "line 2: no action 'dance'; there are ["),
    ],
)
def test_a_record_that_is_none_is_bad_input(run, record: Path, line: str, message: str) -> None:
    lines = record.read_text("utf-8").splitlines()
    record.write_text("\n".join([lines[0], line, *lines[1:]]), "utf-8")

    for command in ("replay", "check"):
        ended = run(command, record)

        assert ended.code == 2
        assert ended.err.startswith(f"pushlab: {record}, {message}")


def test_a_record_has_its_own_seed(run, record: Path) -> None:
    ended = run("replay", record, "--seed", "5")

    assert ended.code == 2
    assert "a record is lived again as it was" in ended.err


# -- check and scenarios ---------------------------------------------------------------------------


def test_a_story_is_checked_without_running(run, failing: Path) -> None:
    ended = run("check", failing)

    assert ended.code == 0
    assert ended.out == f"{failing} is well: 5 steps, 1 expectation among them\n"


def test_a_record_is_checked(run, record: Path) -> None:
    assert run("check", record).out == f"{record} is a record of 3 actions\n"


@pytest.mark.parametrize("command", ["replay", "check"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            STORY.replace("advance: 5m", "advnce: 5m"),
            ", line 15, column 5: there is no step 'advnce'",
        ),
        (STORY.replace("- say", "\t- say"), ", line 16, column 3: a tab cannot indent; use spaces"),
        ("", ", line 1, column 1: the file is empty; begin it with `pushlab: 1`"),
        ("{", ", line 1, column 2: a quote or bracket is never closed"),
    ],
)
def test_bad_input_is_one_message_with_its_place(
    run, tmp_path: Path, command: str, text: str, message: str
) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(text, "utf-8")

    ended = run(command, path)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"pushlab: {path}{message}")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"pushlab: 1\nsentence: a\nsteps:\n  - expct: {}\n", "line 4, column 5: there is no step"),
        (b"pushlab: 1\nsentence: a\nsteps:\n\t- x\n", "line 4, column 1: a tab cannot indent"),
        (b"", "line 1, column 1: the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 1, column 1: this is no UTF-8"),
        (b"a: " + b"[" * 100_000, "line 1, column 27: this is nested more than 24 deep"),
        (b"a: &a [x]\nb: [" + b"*a," * 50_000 + b"]", "line 2, column 5: *a is an alias"),
        (b"a: [" + b"1," * 120_000, "line 1, column 19999: the file holds more than 10,000 values"),
        (b"x" * 300_000, "line 1, column 1: is larger than 262,144 bytes"),
    ],
    ids=["step", "tab", "empty", "binary", "deep", "alias", "many", "huge"],
)
def test_bad_input_of_any_kind_is_one_message(
    run, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "story.yaml"
    path.write_bytes(content)

    ended = run("replay", path)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"pushlab: {path}, {message}")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["replay", "check"])
def test_a_name_that_is_nowhere_gets_the_nearest(run, command: str) -> None:
    ended = run(command, "welcome-to-a-lost-fone")

    assert ended.code == 2
    assert "did you mean 'welcome-to-a-lost-phone'?" in ended.err


def test_a_step_that_cannot_be_done_is_bad_input(run, story: Path) -> None:
    story.write_text(f"{STORY}  - verb: {{device: alice-android, do: go_online}}\n", "utf-8")

    checked, ended = run("check", story), run("replay", story)

    assert (checked.code, ended.code) == (0, 2)
    assert f"{story}, line 19, column 11: alice-android cannot go_online" in ended.err


def test_the_stories_are_listed(run) -> None:
    listed, document = run("scenarios"), json.loads(run("scenarios", "--json").out)

    stories = [{"name": story.name, "sentence": story.sentence} for story in list_stories()]
    assert document == stories
    assert all(story["name"] in listed.out for story in stories)
    assert all(find_golden(name) for name in list_names())
