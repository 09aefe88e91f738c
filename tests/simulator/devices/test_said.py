"""Goal: what an app tells its SDK is a value, and a wrong one is refused where it is written."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pushlab.devices.said import (
    join_said,
    say_address,
    say_language,
    say_place,
    say_purchase,
    say_tag,
    say_timezone,
)
from pushlab.errors import MisuseError
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.devices.said import Said


@pytest.mark.parametrize(
    ("value", "text"), [("pro", "pro"), (3, "3"), (1.5, "1.5"), (True, "true"), (False, "false")]
)
def test_a_tag_is_told_as_text(value: str | float, text: str) -> None:
    said = say_tag("plan", value)

    assert (said.entry, said.body) == ("TagAdded", {"tags": {"plan": text}})


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_tag_takes_it_away(value: str | None) -> None:
    said = say_tag("plan", value)

    assert (said.entry, said.body) == ("TagRemoved", {"tags": {"plan": None}})


@pytest.mark.parametrize(
    ("amount", "text"), [(1, "1"), (0.1, "0.1"), ("9.990", "9.990"), (Decimal("1E+2"), "100")]
)
def test_an_amount_is_told_as_a_decimal_text(amount: str | float | Decimal, text: str) -> None:
    said = say_purchase("gems", amount, "eur", consumable=True)

    assert said.body == {"purchases": [("gems", text, "EUR")]}


def test_a_purchase_of_something_that_stays_is_not_told() -> None:
    said = say_purchase("car", 100, "USD", consumable=False)

    assert not said.is_told
    assert said.fields["consumable"] is False


def test_an_address_is_told_by_a_call_of_its_own() -> None:
    said = say_address(Channel.EMAIL, "alice@example.com", is_added=True)

    assert said.is_told
    assert said.body == {}


def test_one_call_says_all_and_the_later_value_counts() -> None:
    joined = join_said(
        [
            say_tag("plan", "free"),
            say_tag("level", 1),
            say_tag("plan", "pro"),
            say_language("en"),
            say_timezone("Europe/Berlin"),
            say_place(1, 2),
            say_language("de"),
            say_purchase("a", 1, "USD", consumable=True),
            say_purchase("a", 1, "USD", consumable=True),
        ]
    )

    assert joined == {
        "tags": {"plan": "pro", "level": "1"},
        "language": "de",
        "timezone": "Europe/Berlin",
        "place": (1.0, 2.0),
        "purchases": [("a", "1", "USD"), ("a", "1", "USD")],
    }


@pytest.mark.parametrize(
    ("say", "message"),
    [
        (lambda: say_tag("", "x"), "a tag's key is a text"),
        (lambda: say_tag("x", b"y"), "a tag's value is a text"),  # type: ignore[arg-type]
        (lambda: say_language(""), "a language is a text"),
        (lambda: say_timezone(""), "a time zone is a text"),
        (lambda: say_place(91, 0), "lat is a number of degrees from -90 to 90"),
        (lambda: say_place(0, float("nan")), "long is a number of degrees"),
        (lambda: say_purchase("", 1, "USD", consumable=True), "a sku is a text"),
        (lambda: say_purchase("x", "much", "USD", consumable=True), "such as 9.99, not 'much'"),
        (lambda: say_purchase("x", float("inf"), "USD", consumable=True), "an amount is a number"),
        (lambda: say_purchase("x", 1, "dollars", consumable=True), "a currency is a code"),
        (lambda: say_address(Channel.EMAIL, "alice", is_added=True), "alice@example.com"),
        (lambda: say_address(Channel.SMS, "0171 123", is_added=True), "in E.164 form"),
    ],
)
def test_what_no_sdk_would_take_is_refused(say: Callable[[], Said], message: str) -> None:
    with pytest.raises(MisuseError, match=message):
        say()
