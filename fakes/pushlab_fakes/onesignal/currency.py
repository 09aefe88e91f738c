"""Money: what was paid in any currency, in millionths of a US dollar.

Mirrored: OneSignal documentation, Create message, filters, "amount_spent": an amount in USD. By
which rates the service converts is not published, so they are a setting.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MICRO", "convert_to_micros", "render_micros"]

MICRO: Final = 1_000_000
"""Parts of a dollar: sums of whole numbers are exact, and are what masks compare."""


def convert_to_micros(amount: str, iso: str, rates: str) -> int:
    """Return *amount* of the currency *iso* in millionths of a dollar, by the setting *rates*.

    A currency that is not listed counts as dollars. Raises MisuseError for rates that cannot be
    read.
    """
    rate = _read_rates(rates).get(iso.upper(), Fraction(1))
    return round(Fraction(amount) * rate * MICRO)


def render_micros(micros: int) -> str:
    """Return an amount as decimals of a dollar: ``render_micros(1_500_000) == "1.5"``."""
    whole, rest = divmod(abs(micros), MICRO)
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{rest:06d}".rstrip("0").rstrip(".")


@lru_cache(maxsize=8)
def _read_rates(text: str) -> Mapping[str, Fraction]:
    """Return the dollars for one unit of each currency in ``"EUR 1.08, GBP 1.27"``."""
    rates = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        iso, _, rate = part.partition(" ")
        try:
            rates[iso.upper()] = Fraction(rate.strip())
        except (ValueError, ZeroDivisionError):
            raise MisuseError(
                f"the setting currency_rates has {part!r}; write it like 'EUR 1.08, GBP 1.27'"
            ) from None
    return rates
