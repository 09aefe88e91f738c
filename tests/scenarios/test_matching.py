"""Goal: what is named must hold, what is not named is free, and a mismatch says where."""

from __future__ import annotations

import pytest

from pushlab_scenarios.load import parse_nodes
from pushlab_scenarios.matching import find_mismatches

FOUND = {
    "title": "Hi",
    "tags": {"level": "10"},
    "list": [{"a": 1}, {"a": 2}],
    "on": True,
    "n": None,
}


def match(wanted: str) -> list[str]:
    node = parse_nodes(wanted, "f.yaml")
    return [str(each) for each in find_mismatches(node, FOUND, "it", lambda scalar: scalar.text)]


@pytest.mark.parametrize(
    "wanted",
    ["{}", "{title: Hi}", "{tags: {level: '10'}}", "{list: [{a: 1}, {a: 2}]}", "{on: true}",
     "{list: [{}, {a: 2}], n: null}"],
)  # fmt: skip
def test_what_is_there_matches(wanted: str) -> None:
    assert match(wanted) == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("{title: Ho}", 'it.title is "Hi", expected "Ho"'),
        ("{titel: Hi}", "it.titel is not there (did you mean 'title'?), expected \"Hi\""),
        ("{tags: {level: 10}}", 'it.tags.level is "10", expected 10'),
        ("{tags: x}", 'it.tags is {"level": "10"}, expected "x"'),
        ("{title: {a: 1}}", 'it.title is "Hi", expected {"a": 1}'),
        ("{title: [a]}", 'it.title is "Hi", expected 1 item: ["a"]'),
        ("{list: [{a: 1}]}", 'it.list is 2 items, expected 1 item: [{"a": 1}]'),
        ("{list: []}", "it.list is 2 items, expected empty: []"),
        ("{list: [{a: 1}, {a: 3}]}", "it.list[1].a is 2, expected 3"),
        ("{on: 1}", "it.on is true, expected 1"),
        ("{n: 0}", "it.n is null, expected 0"),
    ],
)
def test_a_mismatch_says_what_is_there_and_what_was_expected(wanted: str, message: str) -> None:
    assert match(wanted) == [message]


def test_every_mismatch_has_the_place_of_what_was_expected() -> None:
    node = parse_nodes("title: Ho\non: false\n", "f.yaml")
    found = find_mismatches(node, FOUND, "it", lambda scalar: scalar.text)

    places = [str(each.place) for each in found]

    assert places == ["f.yaml, line 1, column 8", "f.yaml, line 2, column 5"]
