"""Lists by row, kept as columns: what waits for a device that is offline, for instance."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from pushlab.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["Chains"]

_HANDLE: Final = np.dtype(np.int32)
_TINY: Final = 4
"""Up to so many rows are walked one by one; beyond, all rows take a step at a time."""

_FIRST_CAPACITY: Final = 16
_SHRINK_ABOVE: Final = 4_096
_SLOTS_MAX: Final = 2**31 - 2


class Chains:
    """A list of entries for each row, oldest first; an entry has one value in each column.

        waiting = Chains(what=np.int64, expires=np.int64)
        waiting.push(rows, what=messages, expires=instants)

    Entries live in shared arrays and are linked from the newest to the oldest, so a row without
    entries costs 8 bytes and a million rows are pushed or taken in a few steps of numpy. Rows in
    one call must be distinct. Slots of entries that left are used again; once all lists are empty
    after a rush, the memory is given back.
    """

    def __init__(self, **columns: DTypeLike) -> None:
        """Make empty lists whose entries have these *columns*."""
        self._dtypes = {name: np.dtype(dtype) for name, dtype in columns.items()}
        self._clear()

    def _clear(self) -> None:
        # Links are slot + 1, so that 0 ends a list and fresh memory needs no filling.
        self._heads = self._counts = self._links = self._free = _make_empty(_HANDLE)
        self._values = {name: _make_empty(dtype) for name, dtype in self._dtypes.items()}
        self._free_count = 0
        self._slot_count = 0
        """How many slots were ever used since the last time all was empty."""

    def __len__(self) -> int:
        """Return how many entries all lists hold."""
        return self._slot_count - self._free_count

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays, slack included."""
        arrays = (self._heads, self._counts, self._links, self._free, *self._values.values())
        return sum(array.nbytes for array in arrays)

    def push(self, rows: NDArray[np.integer[Any]], **values: ArrayLike) -> None:
        """Append one entry to the list of each row.

        *rows* are distinct, shape (n,); each value is one for all or of shape (n,). Raises
        TypeError unless every column gets a value, and what numpy raises for a value that does not
        fit; nothing is appended then. LimitError beyond 2**31 - 2 entries.
        """
        if values.keys() != self._values.keys():
            given, known = ", ".join(values), ", ".join(self._values)
            raise TypeError(f"an entry has the values {known}, not {given or 'none'}")
        count = len(rows)
        if count == 1:
            self._push_one(int(rows[0]), values)
        elif count:
            self._reserve_rows(int(rows.max()) + 1)
            slots, at = self._claim(count)
            self._fill(at, values)
            self._links[at] = self._heads[rows]
            self._heads[rows] = slots + 1
            self._counts[rows] += 1
            self._keep(count)

    def count(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        """Return how many entries each row has: int32 of the shape of *rows*, which may repeat."""
        return _read(self._counts, rows)

    def take(
        self, rows: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        """Empty the lists of *rows* (distinct, shape (n,)) and return what they held.

        The first result repeats a row for each of its entries (int32), the second has an array of
        the same length for each column: rows in the order given, within a row oldest first.
        """
        if len(rows) <= _TINY:
            return self._take_few(rows.tolist())
        slots, counts = self._find_slots(rows)
        taken = self._gather(np.repeat(_as_handles(rows), counts), slots)
        held = rows[counts > 0]
        self._heads[held] = 0
        self._counts[held] = 0
        self._release(slots)
        return taken

    def read(
        self, rows: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        """Return what the lists of *rows* hold, as `take` does, and leave it there."""
        slots, counts = self._find_slots(rows)
        return self._gather(np.repeat(_as_handles(rows), counts), slots)

    def drop_equal(
        self, rows: NDArray[np.integer[Any]], name: str, values: ArrayLike
    ) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        """Remove the entries of *rows* whose column *name* equals the value given for their row.

        *rows* are distinct, shape (n,); *values* is one for all or of shape (n,). The others keep
        their order. What was removed is returned as by `take`. Raises KeyError for an unknown name.
        """
        held = self._values[name]
        if len(rows) <= _TINY:
            return self._drop_few(rows.tolist(), held, np.asarray(values).reshape(-1).tolist())
        slots, counts = self._find_slots(rows)
        if np.ndim(values):
            values = np.repeat(np.broadcast_to(np.asarray(values), (len(rows),)), counts)
        dropped = held[slots] == values
        if not dropped.any():
            return self._gather(slots[:0], slots[:0])
        # The place in *rows* of each entry, to count and link anew what is left.
        places = np.repeat(np.arange(len(rows), dtype=np.int32), counts)
        gone_slots, gone_places = slots[dropped], places[dropped]
        gone = np.bincount(gone_places, minlength=len(rows))
        touched = gone > 0
        result = self._gather(_as_handles(rows)[gone_places], gone_slots)
        kept = touched[places]
        kept &= ~dropped
        kept_slots, kept_places = slots[kept], places[kept]
        links = kept_slots + 1
        older = np.zeros_like(links)
        older[1:] = np.where(kept_places[1:] == kept_places[:-1], links[:-1], 0)
        self._links[kept_slots] = older
        heads = np.zeros(len(rows), dtype=np.int32)
        newest = np.flatnonzero(np.diff(kept_places, append=-1))
        heads[kept_places[newest]] = links[newest]
        touched_rows = rows[touched]
        self._heads[touched_rows] = heads[touched]
        self._counts[touched_rows] = (counts - gone)[touched]
        self._release(gone_slots)
        return result

    def peek(self, row: int) -> list[dict[str, Any]]:
        """Return the entries of one row, oldest first, as Python values by name."""
        slots = self._walk(row)
        return [
            {name: array[slot].item() for name, array in self._values.items()} for slot in slots
        ]

    def snapshot(self) -> object:
        """Return all lists as they are now: a mapping of names to arrays that nothing else holds.

        Only the entries are in it, by row and oldest first, so slack and order of slots are not.
        """
        rows = np.flatnonzero(self._heads).astype(np.int32)
        slots, counts = self._find_slots(rows)
        entries = {f"value {name}": array[slots] for name, array in self._values.items()}
        return {"rows": rows, "counts": counts, **entries}

    def restore(self, snap: object) -> None:
        """Bring back the lists of a snapshot, which stays as it is and may be restored again."""
        arrays = cast("Mapping[str, NDArray[Any]]", snap)
        self._clear()
        rows, counts = arrays["rows"], arrays["counts"]
        ends = np.cumsum(counts)
        if not len(rows):
            return
        slots, at = self._claim(int(ends[-1]))
        self._fill(at, {name: arrays[f"value {name}"] for name in self._values})
        # Each entry hangs on the one before it, and the first of a row on nothing.
        self._links[at] = slots
        self._links[ends - counts] = 0
        self._reserve_rows(int(rows.max()) + 1)
        self._heads[rows] = ends
        self._counts[rows] = counts
        self._keep(len(slots))

    # --- few rows ----------------------------------------------------------------------------
    # The same in Python: a call of numpy costs as much as walking several entries.

    def _push_one(self, row: int, values: Mapping[str, ArrayLike]) -> None:
        if row >= len(self._heads):
            self._reserve_rows(row + 1)
        if self._free_count:
            slot = int(self._free[self._free_count - 1])
        else:
            slot = self._slot_count
            if slot >= len(self._links):
                self._reserve_slots(slot + 1)
        self._fill(slice(slot, slot + 1), values)
        self._links[slot] = self._heads[row]
        self._heads[row] = slot + 1
        self._counts[row] += 1
        self._keep(1)

    def _take_few(self, rows: list[int]) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        repeated: list[int] = []
        slots: list[int] = []
        for row in rows:
            walk = self._walk(row)
            if walk:
                slots += walk
                repeated += [row] * len(walk)
                self._heads[row] = 0
                self._counts[row] = 0
        return self._gather_few(repeated, slots)

    def _drop_few(
        self, rows: list[int], held: NDArray[Any], wanted: list[Any]
    ) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        if len(wanted) == 1:
            wanted *= len(rows)
        repeated: list[int] = []
        dropped: list[int] = []
        for row, value in zip(rows, wanted, strict=True):
            walk = self._walk(row)
            gone = [slot for slot in walk if held[slot] == value]
            if not gone:
                continue
            repeated += [row] * len(gone)
            dropped += gone
            link = 0
            for slot in walk:
                if slot not in gone:
                    self._links[slot] = link
                    link = slot + 1
            self._heads[row] = link
            self._counts[row] = len(walk) - len(gone)
        return self._gather_few(repeated, dropped)

    def _gather_few(
        self, repeated: list[int], slots: list[int]
    ) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        if len(slots) > 1:
            indices = np.array(slots, dtype=np.int32)
            entries = {name: array[indices] for name, array in self._values.items()}
        else:
            run = slice(slots[0], slots[0] + 1) if slots else slice(0)
            entries = {name: array[run].copy() for name, array in self._values.items()}
        self._release(slots)
        return np.array(repeated, dtype=np.int32), entries

    # --- slots -------------------------------------------------------------------------------

    def _claim(self, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32] | slice]:
        """Choose *count* slots, those that were freed last before fresh ones; `_keep` claims them.

        They come twice: as numbers, and as what to index with. A run of fresh slots is a slice,
        because filling scattered places is several times slower.
        """
        reused = min(count, self._free_count)
        old = self._free[self._free_count - reused : self._free_count]
        first, end = self._slot_count, self._slot_count + count - reused
        if end > len(self._links):
            self._reserve_slots(end)
        fresh = np.arange(first, end, dtype=np.int32)
        if not reused:
            return fresh, slice(first, end)
        slots = np.concatenate((old, fresh))
        return slots, slots

    def _keep(self, count: int) -> None:
        """Count the *count* slots chosen last as used."""
        reused = min(count, self._free_count)
        self._free_count -= reused
        self._slot_count += count - reused

    def _fill(self, at: NDArray[np.int32] | slice, values: Mapping[str, ArrayLike]) -> None:
        for name, array in self._values.items():
            array[at] = values[name]

    def _release(self, slots: NDArray[np.int32] | list[int]) -> None:
        if not len(slots):
            return
        end = self._free_count + len(slots)
        if end == self._slot_count and end > _SHRINK_ABOVE:
            self._clear()
            return
        if end > len(self._free):
            self._free = _grow(self._free, end)
        self._free[self._free_count : end] = slots
        self._free_count = end

    def _reserve_slots(self, count: int) -> None:
        if count > _SLOTS_MAX:
            raise LimitError(f"all lists together hold at most {_SLOTS_MAX:,} entries")
        self._links = _grow(self._links, count)
        self._values = {name: _grow(array, count) for name, array in self._values.items()}

    def _reserve_rows(self, count: int) -> None:
        if count > len(self._heads):
            self._heads = _grow(self._heads, count)
            self._counts = _grow(self._counts, count)

    # --- walks -------------------------------------------------------------------------------

    def _walk(self, row: int) -> list[int]:
        """Return the slots of one row, oldest first."""
        slots: list[int] = []
        link = int(self._heads[row]) if row < len(self._heads) else 0
        while link:
            slots.append(link - 1)
            link = int(self._links[link - 1])
        slots.reverse()
        return slots

    def _find_slots(
        self, rows: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the slots of all *rows*, by row and oldest first, and how many each row has."""
        counts = _read(self._counts, rows)
        ends = np.cumsum(counts, dtype=np.int64)
        slots = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.int32)
        walking = np.flatnonzero(counts)
        links, places = self._heads[rows[walking]], ends[walking] - 1
        while links.size:
            steps = links - 1
            slots[places] = steps
            links = self._links[steps]
            more = np.flatnonzero(links)
            if more.size == links.size:
                places -= 1
            else:
                links, places = links[more], places[more] - 1
        return slots, counts

    def _gather(
        self, repeated: NDArray[np.int32], slots: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], dict[str, NDArray[Any]]]:
        return repeated, {name: array[slots] for name, array in self._values.items()}


@cache
def _make_empty(dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array without elements, which all that hold nothing can share."""
    return np.zeros(0, dtype)


def _as_handles(rows: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    return rows.astype(np.int32, copy=False)


def _read(array: NDArray[np.int32], rows: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Return the elements of *array* at *rows*, 0 where it does not reach."""
    try:
        found: NDArray[np.int32] = array[rows]
    except IndexError:
        found = np.zeros(rows.shape, dtype=np.int32)
        inside = rows < len(array)
        found[inside] = array[rows[inside]]
    return found


def _grow(array: NDArray[Any], count: int) -> NDArray[Any]:
    """Return *array* lengthened with zeros to at least *count*, doubling."""
    grown = np.zeros(max(count, 2 * len(array), _FIRST_CAPACITY), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
