"""What two operands may be to each other, and exact comparisons of columns with a number.

A filter's number is kept exactly, as a fraction: floats decide nothing here but the order in
which texts are looked at, and where two floats are equal the exact numbers are compared.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.table import find_number
from pushlab_fakes.onesignal.filters.condition import Test

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from typing import Any

    from numpy.typing import NDArray

    from pushlab.table import Vocabulary
    from pushlab_fakes.onesignal.filters.condition import Part

__all__ = [
    "EQUALITY",
    "HOLDS",
    "ORDER",
    "compare_texts_as_numbers",
    "prepare_comparison",
    "prepare_lookup",
]

ORDER: Final = (">", "<")
EQUALITY: Final = ("=", "!=")

HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


def prepare_comparison(values: NDArray[np.integer[Any]], relation: str, number: Fraction) -> Test:
    """Return the test of which of *values*, whole numbers by row, are so to *number*."""
    if relation == ">":
        below = math.floor(number)
        return Test(lambda part: np.asarray(values[part] > below))
    if relation == "<":
        above = math.ceil(number)
        return Test(lambda part: np.asarray(values[part] < above))
    # No whole number equals a broken one, and all differ from it.
    whole = number.numerator if number.denominator == 1 else None
    if relation == "=":
        return Test(lambda part: _equals(values[part], whole))
    return Test(lambda part: np.logical_not(_equals(values[part], whole)))


def _equals(values: NDArray[np.integer[Any]], whole: int | None) -> NDArray[np.bool_]:
    return np.zeros(len(values), np.bool_) if whole is None else np.asarray(values == whole)


def compare_texts_as_numbers(
    texts: Vocabulary, relation: str, number: Fraction
) -> NDArray[np.bool_]:
    """Return by code which of *texts* are numbers in *relation* (not ``!=``) to *number*."""
    held, near = texts.numbers(), float(number)
    if relation == "=":
        found = np.zeros(len(held), np.bool_)
    else:
        found = held > near if relation == ">" else held < near
    holds = HOLDS[relation]
    for code in np.flatnonzero(held == near).tolist():
        found[code] = holds(find_number(texts.text_of(code)), number)
    return found


def prepare_lookup(codes: NDArray[np.integer[Any]], table: NDArray[np.bool_]) -> Test:
    """Return the test ``table[codes]``, where the code -1 reads the last place.

    Comparing codes is several times faster than reading a table, so what is true for a run of
    codes, or false for one, is compared.
    """
    is_absent_wanted = bool(table[-1])
    run = np.flatnonzero(table[:-1] != is_absent_wanted)
    if len(run) and int(run[-1]) - int(run[0]) >= len(run):
        return Test(lambda part: np.asarray(table[codes[part]]), is_dear=True)
    first, last = (int(run[0]), int(run[-1])) if len(run) else (0, -1)
    if first == last and not is_absent_wanted:
        return Test(lambda part: np.asarray(codes[part] == first))

    def check(part: Part) -> NDArray[np.bool_]:
        own = codes[part]
        found = np.asarray(own >= first)
        found &= own <= last
        return np.logical_not(found, out=found) if is_absent_wanted else found

    return Test(check)
