"""Goal: conditions over topics mean what FCM's documentation says."""

from __future__ import annotations

import pytest

from pushlab_fakes.fcm.topics import TOPICS_MAX, Condition, Topics, is_topic, parse_condition

A, B, C = "'a' in topics", "'b' in topics", "'c' in topics"


@pytest.mark.parametrize(
    ("text", "holds_for"),
    [
        (A, ["a", "ab", "ac", "abc"]),
        (f"{A} && {B}", ["ab", "abc"]),
        (f"{A} || {B}", ["a", "b", "ab", "ac", "bc", "abc"]),
        (f"{A} && ({B} || {C})", ["ab", "ac", "abc"]),
        (f"{A} && {B} || {C}", ["c", "ab", "ac", "bc", "abc"]),
        (f"!({A})", ["", "b", "c", "bc"]),
        (f"!{A} && {B}", ["b", "bc"]),
        (f"  ( ( {A} ) )  ", ["a", "ab", "ac", "abc"]),
    ],
)
def test_conditions_hold_for_whom_they_should(text: str, holds_for: list[str]) -> None:
    condition = parse_condition(text)

    assert condition is not None
    everybody = ["", "a", "b", "c", "ab", "ac", "bc", "abc"]
    held = [who for who in everybody if condition.holds(who.__contains__)]
    assert held == holds_for


def test_a_condition_has_a_bound_whatever_is_in_it() -> None:
    topics = " || ".join(f"'{letter * 900}' in topics" for letter in "abcde")

    assert parse_condition(topics) is not None
    assert parse_condition("(" * 10_001) is None
    assert parse_condition(topics + " " * 10_000) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "'a'",
        "'a b' in topics",
        f"{A} &&",
        f"({A}",
        f"{A})",
        f"{A} {B}",
        f"{A} & {B}",
        "&&",
        "!",
        "()",
        "(" * 50 + A + ")" * 50,
        f"{A} || {B} || {C} || {A} || {B} || {C}",
    ],
)
def test_what_is_no_condition_is_none(text: str) -> None:
    assert parse_condition(text) is None


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("news", True), ("a-_.~%9", True), ("", False), ("a b", False), ("n" * 901, False)],
)
def test_topics_have_names_of_few_characters(name: str, is_one: bool) -> None:
    assert is_topic(name) is is_one


def test_members_are_found_also_by_what_they_do_not_have() -> None:
    topics = Topics()
    for topic, route in (("a", 3), ("a", 1), ("b", 1), ("b", 2)):
        topics.subscribe(topic, route, 0)

    found = {
        text: topics.members(condition)
        for text in ("'a' in topics", "!('a' in topics)", "'c' in topics")
        if (condition := parse_condition(text)) is not None
    }

    assert list(found.values()) == [[1, 3], [2], []]
    assert topics.members(Condition.of_topic("b")) == [1, 2]


def test_a_token_has_so_many_topics_and_no_more() -> None:
    topics = Topics()
    made = {topics.subscribe(f"t{number}", 1, 0) for number in range(TOPICS_MAX)}

    assert made == {"added"}
    assert topics.subscribe("one more", 1, 0) == "full"
    assert topics.subscribe("t0", 1, 0) == "there"
    assert topics.unsubscribe("t0", 1)
    assert not topics.unsubscribe("t0", 1)
    assert topics.subscribe("one more", 1, 0) == "added"
