"""Goal: operands are read leniently and refused clearly. Method: every kind of value."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pushlab_fakes.onesignal.filters.operands import Operands


def operands(**raw: object) -> Operands:
    return Operands({"field": "tag", **raw}, 7)


def refusal(read: Operands) -> str:
    assert read.refusal is not None
    body = read.refusal.json()
    assert isinstance(body, dict)
    return str(body["errors"][0])


@pytest.mark.parametrize(
    ("value", "number"),
    [("1.1", Fraction(11, 10)), (" 24 ", 24), (24, 24), (1.5, Fraction(3, 2)), ("-2", -2)],
)
def test_numbers_come_as_texts_or_numbers(value: object, number: Fraction) -> None:
    read = operands(value=value)

    assert read.number("value").exact == number
    assert read.refusal is None


@pytest.mark.parametrize("value", ["many", "", None, [], {}, True, "1e5", float("nan"), 10**50])
def test_what_is_no_number_is_refused(value: object) -> None:
    read = operands(value=value)
    read.number("value")

    assert refusal(read) == "filters[7].value must be a number for the field tag."


@pytest.mark.parametrize("value", ["-0.1", "10.1"])
def test_a_number_outside_its_bounds_is_refused(value: str) -> None:
    read = operands(value=value)
    read.number("value", low=0, high=10, wanted="a number from 0 to 10")

    assert "from 0 to 10" in refusal(read)


@pytest.mark.parametrize(("value", "text"), [(10, "10"), (True, "true"), (2.5, "2.5"), ("x", "x")])
def test_a_text_may_come_as_a_number(value: object, text: str) -> None:
    assert operands(value=value).operand("value") == text


def test_the_first_name_that_is_there_counts() -> None:
    assert operands(hours_ago="es", value="en").operand("value", "hours_ago") == "en"
    assert operands(hours_ago="es").operand("value", "hours_ago") == "es"


@pytest.mark.parametrize("value", [None, [], {"a": 1}, "x" * 5_000])
def test_what_is_no_text_is_refused(value: object) -> None:
    read = operands(value=value)
    read.operand("value")

    assert refusal(read) == "filters[7].value must be a string for the field tag."


def test_a_name_may_not_be_empty() -> None:
    read = operands(key="")
    read.named("key")

    assert refusal(read) == "filters[7].key must be a non-empty string for the field tag."


def test_a_relation_is_one_of_those_that_the_field_has() -> None:
    read = operands(relation="=")

    assert read.relation((">", "=")) == "="
    read.relation((">", "<"))
    assert refusal(read) == "filters[7].relation must be one of >, < for the field tag."


def test_a_relation_that_is_left_out_may_have_a_default() -> None:
    read = operands()

    assert read.relation(("=",), default="=") == "="
    read.relation(("=",))
    assert read.refusal is not None
