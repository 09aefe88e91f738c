"""Content keys and the rows they belong to, with the keys of populations derived.

The members of a population have keys that follow from the population's own key and an index (see
``Ids.member_keys``), and that derivation can be undone. So a million members need no index at
all; only keys that came one by one are kept in a `HashIndex`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from pushlab.table import HashIndex
from pushlab.world.randomness import GOLDEN, WORD, mix_array, unmix

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KeyIndex"]

TINY: Final = 8
"""Up to this many keys, Python integers are faster than numpy."""
UNMIX: Final = (31, 0x94D0_49BB_1331_11EB, 27, 0xBF58_476D_1CE4_E5B9, 30)
"""Shifts and factors of ``mix``, last step first."""
GOLDEN_INVERSE: Final = pow(GOLDEN, -1, 1 << 64)
SPAN_COUNT_MIN: Final = 256
"""Fewer keys than this are not worth a span."""
SPANS_MAX: Final = 64
"""Each look-up asks every span, so there is a bound on their number; more go to the index."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Consecutive rows whose keys are members 0, 1, 2 ... of a population with this base."""

    base: int
    first_row: int
    count: int


class KeyIndex:
    """Key -> row of one table; a row once added keeps its key for ever."""

    def __init__(self) -> None:
        self._given = HashIndex()
        self._spans: list[_Span] = []

    def add(self, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> None:
        """Add new *keys* for *rows*; both have the shape (n,)."""
        span = self._find_span(keys, rows)
        if span is None:
            self._given.add(keys, rows)
        else:
            self._spans.append(span)

    def find(self, key: int) -> int:
        """Return the row of *key*, or -1."""
        for span in self._spans:
            offset = ((unmix(key) - span.base) * GOLDEN_INVERSE & WORD) - 1
            if 0 <= offset < span.count:
                return span.first_row + offset
        return self._given.find(key)

    def find_many(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the row of each key, -1 where there is none; shape (n,) as *keys*."""
        if not self._spans:
            return self._given.find_many(keys)
        if len(keys) <= TINY:
            return np.fromiter((self.find(key) for key in keys.tolist()), np.int32, len(keys))
        rows = self._given.find_many(keys)
        places = _unmix_array(keys)
        for span in self._spans:
            offsets = (places - np.uint64(span.base)) * np.uint64(GOLDEN_INVERSE) - np.uint64(1)
            inside = offsets < np.uint64(span.count)
            rows[inside] = offsets[inside].astype(np.int32) + np.int32(span.first_row)
        return rows

    def snapshot(self) -> object:
        """Return what `restore` takes."""
        return (self._given.snapshot(), list(self._spans))

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        given, spans = cast("tuple[Any, ...]", snap)
        self._given.restore(given)
        self._spans = list(spans)

    def _find_span(self, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> _Span | None:
        count = len(keys)
        if count < SPAN_COUNT_MIN or len(self._spans) >= SPANS_MAX:
            return None
        base = (unmix(int(keys[0])) - GOLDEN) & WORD
        steps = np.arange(1, count + 1, dtype=np.uint64)
        steps *= np.uint64(GOLDEN)
        steps += np.uint64(base)
        if int(rows[-1]) - int(rows[0]) != count - 1 or not np.array_equal(mix_array(steps), keys):
            return None
        return _Span(base, int(rows[0]), count)


def _unmix_array(mixed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Undo ``mix_array``; shape (n,) as *mixed*."""
    values = mixed.copy()
    for step in UNMIX:
        if step < WORD.bit_length():
            # Undoing x ^ (x >> s) takes as many terms as fit into the word: three for s > 21.
            values ^= (values >> np.uint64(step)) ^ (values >> np.uint64(2 * step))
        else:
            values *= np.uint64(pow(step, -1, 1 << 64))
    return values
