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

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from typing import Any

    from numpy.typing import NDArray

    from pushlab.table import Vocabulary

__all__ = ["EQUALITY", "HOLDS", "ORDER", "compare_texts_as_numbers", "compare_whole", "gather"]

ORDER: Final = (">", "<")
EQUALITY: Final = ("=", "!=")

HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


def compare_whole(
    values: NDArray[np.integer[Any]], relation: str, number: Fraction
) -> NDArray[np.bool_]:
    """Return which of *values*, whole numbers of shape (n,), are in *relation* to *number*."""
    if relation == ">":
        return np.asarray(values > math.floor(number))
    if relation == "<":
        return np.asarray(values < math.ceil(number))
    if number.denominator != 1:
        return np.full(len(values), relation == "!=")
    whole = number.numerator
    return np.asarray(values == whole if relation == "=" else values != whole)


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


def gather(codes: NDArray[np.integer[Any]], table: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return ``table[codes]``, the code -1 reading its last place.

    Comparing codes is several times faster than reading a table, so what is true for a run of
    codes, or false for one, is compared.
    """
    wanted = np.flatnonzero(table[:-1])
    is_absent_wanted = bool(table[-1])
    if not is_absent_wanted and _is_run(wanted):
        return _is_within(codes, wanted)
    others = np.flatnonzero(~table[:-1])
    if is_absent_wanted and _is_run(others):
        found = _is_within(codes, others)
        return np.logical_not(found, out=found)
    return np.asarray(table[codes])


def _is_run(codes: NDArray[np.intp]) -> bool:
    return not len(codes) or int(codes[-1]) - int(codes[0]) == len(codes) - 1


def _is_within(codes: NDArray[np.integer[Any]], run: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which of *codes* are in a *run* that leaves nothing out."""
    if not len(run):
        return np.zeros(len(codes), np.bool_)
    first, last = int(run[0]), int(run[-1])
    if first == last:
        return np.asarray(codes == first)
    found = np.asarray(codes >= first)
    found &= codes <= last
    return found
