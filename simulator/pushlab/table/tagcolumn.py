"""The values of one tag: a code for each row that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from pushlab.table.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["ABSENT", "TagColumn"]

ABSENT: Final = -1
"""The code of a row that does not have the tag."""

_BLOCK_BITS: Final = 14
_BLOCK: Final = 1 << _BLOCK_BITS
"""Rows kept together before the first edit under a pin."""

_DENSE_SHIFT: Final = 5
"""Dense when a 32nd of the rows has a value: that is where a dict costs as much as an array."""

_DENSE_MIN: Final = 64
_SPARSE_ENTRY_BYTES: Final = 130


class TagColumn:
    """Codes by row: a dict while few rows have the tag, an int32 array from then on.

    A pin keeps the past readable. It copies nothing; the first edit of a row (of a block of rows,
    once dense) after a pin keeps what was there. What was kept under number *e* therefore holds
    for every pin up to *e* for which nothing older was kept.
    """

    __slots__ = (
        "_blocks",
        "_dense",
        "_last_pin",
        "_listed",
        "_pins",
        "_singles",
        "_sparse",
        "_stale",
        "vocabulary",
    )

    def __init__(self) -> None:
        """Make a column in which no row has a value."""
        self.vocabulary = Vocabulary()
        self._sparse: dict[int, int] = {}
        self._listed: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None
        """Rows and codes of the dict as arrays, from a reading to the next write."""
        self._dense: NDArray[np.int32] | None = None
        self._pins: set[int] = set()
        self._last_pin = 0
        """The newest pin that is held, 0 when none is."""
        self._stale = 0
        """Pins released since what they needed was last thrown away."""
        self._singles: dict[int, list[tuple[int, int]]] = {}
        self._blocks: dict[int, list[tuple[int, NDArray[np.int32]]]] = {}

    @property
    def is_pinned(self) -> bool:
        """Whether a pin is held."""
        return bool(self._pins)

    @property
    def nbytes(self) -> int:
        """The bytes of the codes, now and kept; those of a dict are estimated."""
        kept = sum(block.nbytes for history in self._blocks.values() for _, block in history)
        dense = 0 if self._dense is None else self._dense.nbytes
        return dense + kept + _SPARSE_ENTRY_BYTES * (len(self._sparse) + len(self._singles))

    # --- reading -----------------------------------------------------------------------------

    def find(self, row: int) -> int:
        """Return the code of *row*."""
        dense = self._dense
        if dense is None:
            return self._sparse.get(row, ABSENT)
        return int(dense[row]) if row < len(dense) else ABSENT

    def find_at(self, pin: int, row: int) -> int:
        """Return the code that *row* had when *pin* was made."""
        for kept_at, code in self._singles.get(row, ()):
            if kept_at >= pin:
                return code
        for kept_at, block in self._blocks.get(row >> _BLOCK_BITS, ()):
            if kept_at >= pin:
                at = row & (_BLOCK - 1)
                return int(block[at]) if at < len(block) else ABSENT
        return self.find(row)

    def codes(self, count: int) -> NDArray[np.int32]:
        """Return the codes of rows 0 ... *count* - 1, read-only."""
        if self._dense is None:
            codes = np.full(count, ABSENT, dtype=np.int32)
            rows, values = self._list_sparse()
            inside = rows < count
            codes[rows[inside]] = values[inside]
        else:
            self._reserve(count)
            codes = self._dense[:count]
        codes.flags.writeable = False
        return codes

    def codes_at(self, pin: int, rows: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        """Return the codes that *rows*, shape (n,), had when *pin* was made."""
        if self._dense is None:
            codes = np.fromiter(map(self.find, rows.tolist()), np.int32, len(rows))
        else:
            codes = _read(self._dense, rows)
        places = rows >> _BLOCK_BITS
        for number, history in self._blocks.items():
            block = next((block for kept_at, block in history if kept_at >= pin), None)
            if block is not None:
                inside = np.flatnonzero(places == number)
                offsets = rows[inside] & (_BLOCK - 1)
                codes[inside] = _read(block, offsets)
        singles = {
            row: code
            for row, history in self._singles.items()
            if (code := next((code for kept_at, code in history if kept_at >= pin), None))
            is not None
        }
        if singles:
            for at, row in enumerate(rows.tolist()):
                if row in singles:
                    codes[at] = singles[row]
        return codes

    # --- writing -----------------------------------------------------------------------------

    def write(self, row: int, code: int, row_count: int) -> None:
        """Give *row* a code, or ABSENT; *row_count* rows exist."""
        if self._last_pin:
            self._keep(row)
        dense = self._dense
        if dense is None:
            self._listed = None
            if code < 0:
                self._sparse.pop(row, None)
                return
            self._sparse[row] = code
            if len(self._sparse) > _DENSE_MIN and len(self._sparse) << _DENSE_SHIFT > row_count:
                self._make_dense(row_count)
            return
        if row >= len(dense):
            if code < 0:
                return
            dense = self._reserve(row_count)
        dense[row] = code

    def write_many(
        self, rows: NDArray[np.integer[Any]], codes: NDArray[np.int32], row_count: int
    ) -> None:
        """Give each of *rows*, shape (n,), its code; of equal rows the last counts."""
        if self._dense is None:
            given = len(self._sparse) + int(np.count_nonzero(codes >= 0))
            if given <= _DENSE_MIN or given << _DENSE_SHIFT <= row_count:
                for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
                    self.write(row, code, row_count)
                return
            self._make_dense(row_count)
        dense = self._reserve(row_count)
        if self._last_pin:
            for block in np.unique(rows >> _BLOCK_BITS).tolist():
                self._keep(block << _BLOCK_BITS)
        dense[rows] = codes

    def _make_dense(self, row_count: int) -> None:
        dense = np.full(row_count, ABSENT, dtype=np.int32)
        rows, codes = self._list_sparse()
        dense[rows] = codes
        self._dense, self._sparse, self._listed = dense, {}, None

    def _list_sparse(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        if self._listed is None:
            count = len(self._sparse)
            rows = np.fromiter(self._sparse.keys(), dtype=np.int64, count=count)
            codes = np.fromiter(self._sparse.values(), dtype=np.int32, count=count)
            self._listed = rows, codes
        return self._listed

    def _reserve(self, row_count: int) -> NDArray[np.int32]:
        """Return the dense array, long enough; it grows by a quarter as slack is not free here."""
        dense = self._dense
        assert dense is not None
        if row_count > len(dense):
            grown = np.full(max(row_count, len(dense) * 5 // 4), ABSENT, dtype=np.int32)
            grown[: len(dense)] = dense
            self._dense = dense = grown
        return dense

    # --- pins --------------------------------------------------------------------------------

    def pin(self, number: int) -> None:
        """Keep what is here now readable as of *number*; numbers ascend."""
        self._pins.add(number)
        self._last_pin = number

    def release(self, number: int) -> None:
        """Let go of a pin and, now or later, of what only it needed."""
        self._pins.discard(number)
        self._last_pin = max(self._pins, default=0)
        self._stale += 1
        # Throwing away walks all that is kept, so it waits until it is worth it.
        if 2 * self._stale >= len(self._pins):
            self._stale = 0
            self._singles = self._prune(self._singles)
            self._blocks = self._prune(self._blocks)

    def _keep(self, row: int) -> None:
        """Keep what a pin would miss after the edit of *row* that follows."""
        last = self._last_pin
        if self._dense is None:
            singles = self._singles.setdefault(row, [])
            if not singles or singles[-1][0] < last:
                singles.append((last, self._sparse.get(row, ABSENT)))
            return
        number = row >> _BLOCK_BITS
        blocks = self._blocks.setdefault(number, [])
        if not blocks or blocks[-1][0] < last:
            start = number << _BLOCK_BITS
            blocks.append((last, self._dense[start : start + _BLOCK].copy()))

    def _prune(self, kept: dict[int, list[tuple[int, Any]]]) -> dict[int, list[tuple[int, Any]]]:
        """Return what pins still need: of each history the entries that some pin reads first."""
        pins = sorted(self._pins)
        pruned: dict[int, list[tuple[int, Any]]] = {}
        for place, history in kept.items() if pins else ():
            needed = []
            before = 0
            for kept_at, past in history:
                if any(before < pin <= kept_at for pin in pins):
                    needed.append((kept_at, past))
                before = kept_at
            if needed:
                pruned[place] = needed
        return pruned

    # --- compaction and snapshots ------------------------------------------------------------

    def compact(self) -> bool:
        """Drop the texts that no row has and no pin can read; say whether any is left.

        Codes are given anew in the same order, in a vocabulary of its own: who holds the old one
        holds the old codes.
        """
        used = np.zeros(len(self.vocabulary) + 1, dtype=np.bool_)
        used[list(self._sparse.values())] = True
        used[[code for history in self._singles.values() for _, code in history]] = True
        for array in self._list_arrays():
            used[array] = True
        used[ABSENT] = False
        if not used[:-1].all():
            fresh = np.cumsum(used, dtype=np.int32) - 1
            fresh[ABSENT] = ABSENT
            self._recode(fresh)
            texts = zip(self.vocabulary, used.tolist(), strict=False)
            self.vocabulary = Vocabulary(text for text, is_used in texts if is_used)
        return bool(len(self.vocabulary))

    def snapshot(self) -> object:
        """Return texts, codes and pins as plain values and arrays that nothing else holds."""
        rows = np.array(list(self._sparse.items()), dtype=np.int32).reshape(-1, 2)
        return {
            "texts": self.vocabulary.snapshot(),
            "sparse": rows,
            "dense": None if self._dense is None else self._dense.copy(),
            "pins": sorted(self._pins),
            "singles": {row: tuple(history) for row, history in self._singles.items()},
            "blocks": {number: tuple(history) for number, history in self._blocks.items()},
        }

    def restore(self, snap: object) -> None:
        """Bring back the texts, codes and pins of a snapshot, which stays as it is."""
        parts = cast("Mapping[str, Any]", snap)
        self.vocabulary = Vocabulary(parts["texts"])
        self._sparse = dict(parts["sparse"].tolist())
        self._listed = None
        self._dense = None if parts["dense"] is None else parts["dense"].copy()
        self._pins = set(parts["pins"])
        self._last_pin = max(self._pins, default=0)
        self._stale = 0
        self._singles = {row: list(history) for row, history in parts["singles"].items()}
        self._blocks = {number: list(history) for number, history in parts["blocks"].items()}

    def _list_arrays(self) -> list[NDArray[np.int32]]:
        kept = [block for history in self._blocks.values() for _, block in history]
        return kept if self._dense is None else [self._dense, *kept]

    def _recode(self, fresh: NDArray[np.int32]) -> None:
        """Replace each code by its place in *fresh*; arrays handed out before stay as they were."""
        self._sparse = {row: int(fresh[code]) for row, code in self._sparse.items()}
        self._listed = None
        if self._dense is not None:
            self._dense = fresh[self._dense]
        self._singles = {
            row: [(kept_at, int(fresh[code])) for kept_at, code in history]
            for row, history in self._singles.items()
        }
        self._blocks = {
            number: [(kept_at, fresh[block]) for kept_at, block in history]
            for number, history in self._blocks.items()
        }


def _read(codes: NDArray[np.int32], rows: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Return a new array of the codes of *rows*; rows beyond the end have none."""
    if not rows.size or int(rows.max()) < len(codes):
        inside_all: NDArray[np.int32] = codes[rows]
        return inside_all
    found = np.full(rows.shape, ABSENT, dtype=np.int32)
    inside = rows < len(codes)
    found[inside] = codes[rows[inside]]
    return found
