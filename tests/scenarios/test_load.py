"""Goal: whatever a file holds, it is a scenario or is refused once, with its place and a remedy."""

from __future__ import annotations

import pytest

from pushlab.errors import ScenarioError
from pushlab_scenarios.load import DEPTH_MAX, NODES_MAX, SIZE_BYTES_MAX, load, parse_nodes
from pushlab_testing.scenarios import FILE, HEAD, a_push, a_scenario, refuse, refuse_step

AT = f"{FILE}, line "


def test_a_scenario_is_read_with_its_places() -> None:
    scenario = a_scenario(a_push(), "- advance: 5m")

    assert scenario.name == "story"
    assert scenario.sentence == "It happens."
    assert [step.place.line for step in scenario.steps] == [4, 6, 16]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("+15550100001", "+15550100001"),
        ("007", "007"),
        ("12:30", "12:30"),
        ("2026-01-05", "2026-01-05"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", None),
        ("'5'", "5"),
        ("5", 5),
        ("-5", -5),
        ("0.5", 0.5),
        ("1.5e3", 1500.0),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        (".inf", ".inf"),
        ("9" * 30, "9" * 30),
        ("[1, a]", [1, "a"]),
        ("{on: {no: 1}}", {"on": {"no": 1}}),
    ],
)
def test_values_are_what_they_look_like(text: str, value: object) -> None:
    node = parse_nodes(f"x: {text}\n", FILE)

    assert node.plain() == {"x": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1, column 1: the file is empty; begin it with `pushlab: 1`"),
        ("# nothing but a comment\n", "1, column 1: the file is empty"),
        ("- a\n- b\n", "1, column 1: this is no scenario"),
        ("just text\n", "1, column 1: this is no scenario"),
        ("{}\n", "1, column 1: this is no scenario"),
        ("sentence: a\npushlab: 1\n", "1, column 1: a scenario begins with `pushlab: 1`"),
        ("pushlab: 2\n", "1, column 10: this is no format that this pushlab reads"),
        ("pushlab: true\n", "1, column 10: this is no format"),
        ("pushlab: 1\n", "1, column 1: a scenario lacks 'sentence'"),
        ("pushlab: 1\nsentence: a\n", "1, column 1: a scenario lacks 'steps'"),
        ("pushlab: 1\nsentence: a\nsteps: []\n", "3, column 8: this scenario has no steps"),
        ("pushlab: 1\nsentence: a\nsteps: 5\n", "3, column 8: steps is 5; write a list"),
        ("pushlab: 1\nsentense: a\n", "2, column 1: a scenario has no 'sentense'; did you mean"),
        (f"{HEAD}  - advance: 5m\nseeed: 1\n", "5, column 1: a scenario has no 'seeed'; did you"),
        ("pushlab: 1\npushlab: 1\n", "2, column 1: 'pushlab' stands here a second time (first in "),
        (f"{HEAD}\t- advance: 5m\n", "4, column 1: a tab cannot indent; use spaces"),
        (f"{HEAD}  - advance: 5m\n -  advance: 5m\n", "5, column 2: this line is indented unlike"),
        ("a: b: c\n", "1, column 5: there is a second `: ` here; put the text in quotes"),
        ("a: 'open\n", "2, column 1: a quote or bracket is never closed"),
        ("a: [1, 2\nb: 3\n", "2, column 2: a bracket is not closed here; close it, or put"),
        ("a: @b\n", "1, column 4: this sign cannot begin a value; put the text in quotes"),
        ("a\nb: c\n", "2, column 2: there is a second `: ` here"),
        ("a: &x 1\nb: *x\n", "2, column 4: *x is an alias, and aliases are not read"),
        ("a: &x {b: *x}\n", "1, column 11: *x is an alias"),
        ("a: !!python/name:os.system x\n", "1, column 4: tag:yaml.org,2002:python/name:os.system"),
        ("a: !own x\n", "1, column 4: !own is a tag, and tags are not read; leave it out"),
        ("pushlab: 1\n---\npushlab: 1\n", "2, column 1: a second document begins here"),
        ("? [a]\n: b\n", "1, column 3: a name is missing here; write `name: value`"),
        ("~: 1\n", "1, column 1: a scenario begins with `pushlab: 1`"),
        ("?\n: 1\n", "1, column 2: a name is missing here"),
        ("a: \x07\n", "1, column 4: U+0007 cannot stand in a text file"),
        ("%YAML 9.9\n---\na: 1\n", "1, column 1: this is no YAML"),
        ("a: " + "[" * 200, f"1, column {4 + DEPTH_MAX - 1}: this is nested more than {DEPTH_MAX}"),
        ("- " * 200 + "a", f"1, column {1 + 2 * DEPTH_MAX}: this is nested more than {DEPTH_MAX}"),
    ],
)
def test_what_is_no_scenario_is_refused_at_its_place(text: str, message: str) -> None:
    assert refuse(text).startswith(AT + message)


def test_a_file_of_too_many_values_is_refused() -> None:
    assert f"holds more than {NODES_MAX:,} values" in refuse(f"a: [{'1,' * NODES_MAX}]")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("expct: {}", "5, column 5: there is no step 'expct'; did you mean 'expect'?"),
        ("wobble: {}", "5, column 5: there is no step 'wobble'; there are device, verb, request"),
        ("say: Hello", "5, column 5: this step does nothing; add one of device, verb"),
        ("advance: 5m\n  advance: 6m", "6, column 5: 'advance' stands here a second time"),
        ("advance: 5m\n  verb: {}", "6, column 5: 'verb' stands in the same step as 'advance'"),
        ("just text", "5, column 5: this is no step"),
    ],
)
def test_a_step_that_is_none_is_refused_at_its_place(step: str, message: str) -> None:
    assert refuse_step(step).startswith(AT + message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"pushlab: 1\nsentence: \xff\n", "line 2, column 11: this is no UTF-8; save the file as"),
        (b"\x7fELF\0\0\1", "line 1, column 5: this is no text but binary data"),
        (b"a" * (SIZE_BYTES_MAX + 1), f"line 1, column 1: is larger than {SIZE_BYTES_MAX:,} bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content: bytes, message: str) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)

    with pytest.raises(ScenarioError) as refused:
        load(path)

    assert str(refused.value).startswith(f"{path}, {message}")


def test_a_folder_is_no_scenario(tmp_path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load(tmp_path)


def test_a_mark_at_the_start_of_a_file_is_nothing(tmp_path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEAD}  - advance: 5m\n".replace("\n", "\r\n").encode())

    scenario = load(path)

    assert scenario.name == "windows"
