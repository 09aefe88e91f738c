"""Goal: fields are taken once, each checked, and a refusal says where and what to write."""

from __future__ import annotations

import pytest

from pushlab.errors import ScenarioError
from pushlab_scenarios.load import parse_nodes
from pushlab_scenarios.nodes import Fields, Place, render_node, render_value, render_word


def read(text: str) -> Fields:
    return Fields(parse_nodes(text, "f.yaml"), "a thing", "thing: {name: x}")


def test_fields_are_taken_by_kind() -> None:
    fields = read("{a: x, b: true, c: 5, d: 0.5, e: [1], f: {g: 1}, h: up}")

    assert (fields.text("a"), fields.flag("b"), fields.whole("c")) == ("x", True, 5)
    assert fields.share("d") == 0.5
    listing, table = fields.listing("e"), fields.table("f")
    assert listing is not None
    assert table is not None
    assert (listing.plain(), table.plain()) == ([1], {"g": 1})
    assert fields.choice("h", ("up", "down")) == "up"
    fields.finish()


def test_what_is_not_there_is_none() -> None:
    fields = read("{}")

    taken: list[object] = [fields.text("a"), fields.flag("a"), fields.whole("a")]
    taken += [fields.share("a"), fields.scalar("a")]
    taken += [fields.listing("a"), fields.table("a"), fields.choice("a", ("x",))]

    assert taken == [None] * 8


def test_a_number_is_a_text_as_it_was_written() -> None:
    assert read("{id: 42, version: 1.10}").text("version") == "1.10"


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("text", "''", 'a is ""; write a text that is not empty'),
        ("text", "~", "a is empty; write a text"),
        ("text", "true", "a is true; write a text"),
        ("text", "[x]", "a is a list; write a text"),
        ("text", "{x: 1}", "a is a table; write a text"),
        ("flag", "yes", 'a is "yes"; write true or false'),
        ("whole", "-1", "a is -1; write a whole number from 0 on"),
        ("whole", "1.5", "a is 1.5; write a whole number"),
        ("whole", "true", "a is true; write a whole number"),
        ("number", "many", 'a is "many"; write a number'),
        ("share", "2", "a is 2; write a number from 0 to 1"),
        ("listing", "x", 'a is "x"; write a list'),
        ("table", "[]", "a is a list; write a table of names and values"),
        ("scalar", "[]", "a is a list; write a text"),
    ],
)
def test_a_value_of_another_kind_is_refused_at_its_place(kind, value, message) -> None:
    fields = read(f"{{a: {value}}}")

    with pytest.raises(ScenarioError) as refused:
        getattr(fields, kind)("a")

    assert str(refused.value).startswith(f"f.yaml, line 1, column 5: {message}")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: read("x"), '1: a thing is "x"; write thing: {name: x}'),
        (lambda: read("{a: 1}").finish(), "2: a thing has no 'a'; there are none yet"),
        (lambda: read("{}").need("name", None), "1: a thing lacks 'name'; write thing: {name: x}"),
        (
            lambda: read("{nam: 1}").need("name", None),
            "2: a thing has no 'nam'; did you mean 'name'",
        ),
        (
            lambda: read("{a: lft}").choice("a", ("left",)),
            "5: a cannot be 'lft'; did you mean 'left'",
        ),
    ],
)
def test_a_slip_is_refused_with_the_nearest_word(act, message) -> None:
    with pytest.raises(ScenarioError) as refused:
        act()

    assert str(refused.value).startswith(f"f.yaml, line 1, column {message}")


def test_an_unknown_field_names_the_one_that_was_meant() -> None:
    fields = read("{platfrm: ios}")
    fields.text("platform")

    with pytest.raises(ScenarioError, match="did you mean 'platform'"):
        fields.finish()


def test_a_place_reads_like_a_sentence() -> None:
    assert str(Place("story.yaml", 3, 7)) == "story.yaml, line 3, column 7"


def test_values_are_rendered_as_one_writes_them() -> None:
    node = parse_nodes("{tray: [{title: 'Hi', ttl: 5}, ~, ''], on: true, x: }", "f.yaml")

    assert render_node(node) == '{tray: [{title: Hi, ttl: 5}, ~, ""], on: true, x: null}'
    assert render_value({"a": ["é"]}) == '{"a": ["é"]}'
    assert len(render_value("x" * 1000)) == len(render_node(parse_nodes("x" * 1000, "f"))) == 401


def test_values_within_a_sentence_are_words() -> None:
    told = [render_word(value) for value in ("Hi", True, 2.5, {"level": "10"})]

    assert told == ["Hi", "true", "2.5", '{"level": "10"}']
