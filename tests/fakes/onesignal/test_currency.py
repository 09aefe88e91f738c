"""Goal: money adds up to the last digit. Method: amounts, currencies, and rates that are wrong."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab.settings import Settings
from pushlab_fakes.onesignal.currency import convert_to_micros, render_micros


@pytest.mark.parametrize(
    ("amount", "iso", "micros"),
    [("0.99", "USD", 990_000), ("10", "EUR", 10_800_000), ("10", "eur", 10_800_000)],
)
def test_an_amount_becomes_dollars_by_the_rates(amount: str, iso: str, micros: int) -> None:
    assert convert_to_micros(amount, iso, "EUR 1.08, JPY 0.0067") == micros


def test_a_currency_that_is_not_listed_counts_as_dollars() -> None:
    assert convert_to_micros("3", "XTS", "") == 3_000_000


def test_the_rates_of_the_settings_can_be_read() -> None:
    assert convert_to_micros("100", "JPY", Settings().currency_rates) == 670_000


@pytest.mark.parametrize("rates", ["EUR", "EUR much", "EUR 1/0"])
def test_rates_that_cannot_be_read_are_a_misuse(rates: str) -> None:
    with pytest.raises(MisuseError, match="currency_rates"):
        convert_to_micros("1", "EUR", rates)


@pytest.mark.parametrize(
    ("micros", "text"), [(1_500_000, "1.5"), (-1, "-0.000001"), (0, "0"), (20_000_000, "20")]
)
def test_an_amount_is_shown_in_dollars(micros: int, text: str) -> None:
    assert render_micros(micros) == text
