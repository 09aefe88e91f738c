"""From 64-bit keys to rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["HashIndex"]

_Item = TypeVar("_Item", bound=np.generic)

_OVERLAY_MIN: Final = 1_024
_OVERLAY_MAX: Final = 65_536
_OVERLAY_SHIFT: Final = 4
"""The overlay may grow to a sixteenth of the index, within the two bounds above."""

_OVERLAY_ENTRY_BYTES: Final = 130
"""What a dict of integers costs an entry, measured."""

_TINY: Final = 8
"""Up to so many keys are looked up one by one."""

_SORT_ABOVE: Final = 2_048
"""Queries beyond this number are sorted first: a sorted walk stays in the cache."""

_MISSING: Final = -1


class HashIndex:
    """Finds the row of a key.

    Two sorted arrays, 12 bytes an entry, and a small dict laid over them for what was added or
    removed since they were made (a dict alone would cost ten times as much); a dict that has grown
    is merged into new arrays. Keys are uint64, rows are int32 and not negative.
    """

    __slots__ = ("_keys", "_overlay", "_rows")

    def __init__(self) -> None:
        """Make an index without keys."""
        # The arrays are never written to once they are here, so snapshots share them.
        self._keys = np.zeros(0, dtype=np.uint64)
        self._rows = np.zeros(0, dtype=np.int32)
        self._overlay: dict[int, int] = {}
        """Key to row, over the arrays; -1 for a key that was removed."""

    def __len__(self) -> int:
        """Return how many keys have a row."""
        self._merge()
        return len(self._keys)

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays and, estimated, of the overlay."""
        overlay = _OVERLAY_ENTRY_BYTES * len(self._overlay)
        return self._keys.nbytes + self._rows.nbytes + overlay

    def add(self, keys: NDArray[np.uint64] | int, rows: NDArray[np.integer[Any]] | int) -> None:
        """Let each of *keys* lead to its row: arrays of shape (n,), or two ints.

        A key that is known gets the new row; of equal keys in one call the last counts.
        """
        if not isinstance(keys, np.ndarray):
            assert not isinstance(rows, np.ndarray), "one key has one row"
            self._overlay[int(keys)] = int(rows)
            self._trim_overlay()
            return
        row_array = np.asarray(rows, dtype=np.int32)
        if len(keys) + len(self._overlay) > self._overlay_limit():
            self._merge()
            self._lay(*_sort_pairs(keys, row_array))
        elif len(keys) == 1:
            self._overlay[int(keys[0])] = int(row_array[0])
        else:
            self._overlay.update(zip(keys.tolist(), row_array.tolist(), strict=True))

    def find(self, key: int) -> int:
        """Return the row of *key*, or -1."""
        row = self._overlay.get(key)
        if row is not None:
            return row
        keys = self._keys
        place = keys.searchsorted(np.uint64(key))
        if place < len(keys) and keys[place] == key:
            return int(self._rows[place])
        return _MISSING

    def find_many(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the row of each of *keys*, -1 where there is none: int32 of shape (n,).

        Sorted keys are found fastest; a large batch that is not sorted is sorted on the way.
        """
        if len(keys) <= _TINY:
            return np.array([self.find(key) for key in keys.tolist()], dtype=np.int32)
        if len(keys) <= _SORT_ABOVE or bool((keys[1:] >= keys[:-1]).all()):
            return self._find_near(keys)
        order = _order_nearly(keys)
        rows = np.empty(len(keys), dtype=np.int32)
        rows[order] = self._find_near(keys[order])
        return rows

    def remove(self, key: int) -> None:
        """Forget *key*, known or not."""
        self._overlay[key] = _MISSING
        self._trim_overlay()

    def snapshot(self) -> object:
        """Return all keys and rows as they are now: a mapping of names to arrays, sorted by key."""
        self._merge()
        return {"keys": self._keys, "rows": self._rows}

    def restore(self, snap: object) -> None:
        """Bring back the keys of a snapshot, which stays as it is and may be restored again."""
        arrays = cast("Mapping[str, NDArray[Any]]", snap)
        self._keys, self._rows = arrays["keys"], arrays["rows"]
        self._overlay = {}

    def _find_near(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Find *keys* in the arrays, then in the overlay; neighbours should be near each other."""
        if len(self._keys):
            places = self._keys.searchsorted(keys)
            np.minimum(places, len(self._keys) - 1, out=places)
            rows = self._rows[places]
            rows[self._keys[places] != keys] = _MISSING
        else:
            rows = np.full(len(keys), _MISSING, dtype=np.int32)
        overlay = self._overlay
        if not overlay:
            return rows
        if len(keys) <= len(overlay):
            known = [(at, overlay[key]) for at, key in enumerate(keys.tolist()) if key in overlay]
            if known:
                changed = np.array(known, dtype=np.int64)
                rows[changed[:, 0]] = changed[:, 1]
            return rows
        laid_keys, laid_rows = self._sort_overlay()
        places = np.minimum(laid_keys.searchsorted(keys), len(laid_keys) - 1)
        known_at = np.flatnonzero(laid_keys[places] == keys)
        rows[known_at] = laid_rows[places[known_at]]
        return rows

    def _overlay_limit(self) -> int:
        return min(max(_OVERLAY_MIN, len(self._keys) >> _OVERLAY_SHIFT), _OVERLAY_MAX)

    def _trim_overlay(self) -> None:
        if len(self._overlay) > _OVERLAY_MIN and len(self._overlay) > self._overlay_limit():
            self._merge()

    def _merge(self) -> None:
        if self._overlay:
            pairs = self._sort_overlay()
            self._overlay = {}
            self._lay(*pairs)

    def _sort_overlay(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        count = len(self._overlay)
        keys = np.fromiter(self._overlay.keys(), dtype=np.uint64, count=count)
        rows = np.fromiter(self._overlay.values(), dtype=np.int32, count=count)
        order = keys.argsort()
        return keys[order], rows[order]

    def _lay(self, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> None:
        """Make new arrays with these pairs, sorted by distinct key, laid over the old ones."""
        old_keys, old_rows = self._keys, self._rows
        if len(old_keys):
            places = old_keys.searchsorted(keys)
            known = old_keys[np.minimum(places, len(old_keys) - 1)] == keys
            if known.any():
                old_rows = old_rows.copy()
                old_rows[places[known]] = rows[known]
                places, keys, rows = places[~known], keys[~known], rows[~known]
            places += np.arange(len(places))
            was_old = np.ones(len(old_keys) + len(places), dtype=np.bool_)
            was_old[places] = False
            keys = _weave(old_keys, keys, places, was_old)
            rows = _weave(old_rows, rows, places, was_old)
        if bool((rows < 0).any()):
            kept = rows >= 0
            keys, rows = keys[kept], rows[kept]
        keys.flags.writeable = rows.flags.writeable = False
        self._keys, self._rows = keys, rows


def _sort_pairs(
    keys: NDArray[np.uint64], rows: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return the pairs by ascending distinct key, as arrays of their own."""
    if bool((keys[1:] > keys[:-1]).all()):
        return keys.copy(), rows.copy()
    order = _order_nearly(keys)
    ordered = keys[order]
    if not bool((ordered[1:] > ordered[:-1]).all()):
        # Only a stable sort leaves the last of equal keys at the end of its run.
        order = keys.argsort(kind="stable")
        ordered = keys[order]
        last = np.append(ordered[1:] != ordered[:-1], True)
        order, ordered = order[last], ordered[last]
    return ordered, rows[order]


def _order_nearly(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return an order that sorts *keys* but for those that differ in their lowest bits only.

    Sorting numbers is three times as fast as sorting their places, so the places ride in the
    lowest bits: of a million keys 44 bits are left to sort by, which tell nearly all apart.
    """
    lowest = np.uint64((1 << len(keys).bit_length()) - 1)
    packed = (keys & ~lowest) | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    return (packed & lowest).view(np.int64)


def _weave(
    old: NDArray[_Item],
    fresh: NDArray[_Item],
    places: NDArray[np.int64],
    was_old: NDArray[np.bool_],
) -> NDArray[_Item]:
    """Return *old* with *fresh* put in so that it stands at *places* of the result."""
    woven = np.empty(len(was_old), dtype=old.dtype)
    woven[places] = fresh
    woven[was_old] = old
    return woven
