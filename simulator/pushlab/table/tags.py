"""Tags: texts by row and name, as columns of codes."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pushlab.errors import MisuseError
from pushlab.table.tagcolumn import ABSENT, TagColumn
from pushlab.table.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Sized

    from numpy.typing import NDArray

__all__ = ["PinnedTags", "Tags"]


class Tags:
    """The tags of the rows of a table.

    Each name has a vocabulary and a column of codes, a dict while fewer than a 32nd of the rows
    have the tag, an int32 array from then on; -1 stands for a row without it. A condition is
    worked out once a text and gathered with the codes:

        wanted = [text == "gold" for text in tags.vocabulary("level")]
        mask = np.array([*wanted, False])[tags.codes("level")]     # -1 reads the last
    """

    def __init__(self, table: Sized | None = None) -> None:
        """Make tags for the rows of *table*; without one, rows exist up to the highest given."""
        self._table = table
        self._columns: dict[str, TagColumn] = {}
        self._names: list[str] = []
        self._row_count = 0
        self._pin_count = 0
        self._pins: dict[int, tuple[str, ...]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names that some row has or had since the last `compact`, in order."""
        return tuple(self._names)

    @property
    def nbytes(self) -> int:
        """The bytes of all codes; texts are not counted."""
        return sum(column.nbytes for column in self._columns.values())

    # --- reading -----------------------------------------------------------------------------

    def get(self, row: int) -> dict[str, str]:
        """Return the tags of one row, in order of name."""
        columns = self._columns
        found: dict[str, str] = {}
        for name in self._names:
            column = columns[name]
            code = column.find(row)
            if code >= 0:
                found[name] = column.vocabulary.text_of(code)
        return found

    def find(self, row: int, key: str) -> str | None:
        """Return one tag of one row, or None."""
        column = self._columns.get(key)
        if column is None:
            return None
        code = column.find(row)
        return None if code < 0 else column.vocabulary.text_of(code)

    def codes(self, key: str, count: int | None = None) -> NDArray[np.int32]:
        """Return the codes of a tag for the rows 0 ... *count* - 1: int32, read-only, -1 for none.

        Without *count*, for all rows. The array is good until the next change.
        """
        if count is None:
            count = self._count_rows()
        column = self._columns.get(key)
        if column is None:
            return np.full(count, ABSENT, dtype=np.int32)
        return column.codes(count)

    def vocabulary(self, key: str) -> Vocabulary:
        """Return the texts of a tag, to be read; `compact` may put another in its place."""
        column = self._columns.get(key)
        return Vocabulary() if column is None else column.vocabulary

    # --- writing -----------------------------------------------------------------------------

    def set(self, row: int, key: str, value: str | None) -> None:
        """Give *row* the tag *key*, or take it away with None."""
        column = self._columns.get(key)
        if column is None:
            if value is None:
                return
            column = self._add_column(key)
        if row >= self._row_count:
            self._count_rows(row)
        code = ABSENT if value is None else column.vocabulary.code_of(value)
        column.write(row, code, self._row_count)

    def set_many(
        self,
        rows: NDArray[np.integer[Any]],
        key: str,
        values: str | Sequence[str | None] | None,
    ) -> None:
        """Give each of *rows*, shape (n,), the tag *key*: one value for all, or n values.

        None takes the tag away. Of equal rows the last counts. ValueError when there are not
        n values.
        """
        if values is None or isinstance(values, str):
            distinct: Iterable[str | None] = (values,)
        elif len(values) == len(rows):
            distinct = dict.fromkeys(values)
        else:
            message = f"{len(rows)} rows need one value or {len(rows)}, not {len(values)}"
            raise ValueError(message)
        column = self._columns.get(key)
        if not len(rows) or (column is None and not any(text is not None for text in distinct)):
            return
        column = column or self._add_column(key)
        code_of = column.vocabulary.code_of
        known = {text: ABSENT if text is None else code_of(text) for text in distinct}
        if values is None or isinstance(values, str):
            codes = np.full(len(rows), known[values], dtype=np.int32)
        else:
            codes = np.fromiter(map(known.__getitem__, values), np.int32, len(rows))
        self._count_rows(int(rows.max()))
        column.write_many(rows, codes, self._row_count)

    def set_codes(
        self,
        rows: NDArray[np.integer[Any]],
        key: str,
        texts: Sequence[str],
        codes: NDArray[np.integer[Any]],
    ) -> None:
        """Give each of *rows* the tag *key* with the text at its place in *texts*, -1 for none.

        *codes* are integers of shape (n,) below len(texts): the way for a population, which knows
        its few texts beforehand.
        """
        if not len(rows):
            return
        column = self._columns.get(key) or self._add_column(key)
        own = [*map(column.vocabulary.code_of, texts), ABSENT]
        self._count_rows(int(rows.max()))
        column.write_many(rows, np.array(own, dtype=np.int32)[codes], self._row_count)

    def compact(self) -> None:
        """Drop the texts that no row has any more, and names without any; what is pinned stays."""
        for name, column in list(self._columns.items()):
            if not column.compact() and not column.is_pinned:
                del self._columns[name]
                self._names.remove(name)

    # --- pins and snapshots ------------------------------------------------------------------

    def pin(self, keys: Iterable[str]) -> PinnedTags:
        """Return a view of the tags *keys* that stays as they are now until it is released.

        It copies nothing: what edits would change is kept aside at the first edit, in blocks of
        16,384 rows.
        """
        self._pin_count += 1
        number, names = self._pin_count, tuple(sorted(set(keys)))
        for name in names:
            column = self._columns.get(name) or self._add_column(name)
            column.pin(number)
        self._pins[number] = names
        return PinnedTags(self, number)

    def release(self, pinned: PinnedTags) -> None:
        """Let go of a pinned view; a second time does nothing."""
        for name in self._pins.pop(pinned.number, ()):
            self._columns[name].release(pinned.number)

    def snapshot(self) -> object:
        """Return all tags and pins as plain values and arrays that nothing else holds."""
        return {
            "row_count": self._row_count,
            "pin_count": self._pin_count,
            "pins": dict(self._pins),
            "columns": {name: self._columns[name].snapshot() for name in self._names},
        }

    def restore(self, snap: object) -> None:
        """Bring back the tags of a snapshot, which stays as it is, and the pins held then."""
        parts = cast("Mapping[str, Any]", snap)
        self._row_count = parts["row_count"]
        # Never backwards: a view from the time that was undone must not read as another's.
        self._pin_count = max(self._pin_count, parts["pin_count"])
        self._pins = dict(parts["pins"])
        self._columns = {}
        for name, column in parts["columns"].items():
            self._columns[name] = TagColumn()
            self._columns[name].restore(column)
        self._names = sorted(self._columns)

    def _find_pinned(self, number: int, key: str) -> TagColumn:
        names = self._pins.get(number)
        if names is None:
            message = "these tags were released; read them before, or pin them again"
            raise MisuseError(message)
        if key not in names:
            message = f"the tag {key!r} was not pinned; pinned are: {', '.join(names) or 'none'}"
            raise MisuseError(message)
        return self._columns[key]

    def _add_column(self, name: str) -> TagColumn:
        column = self._columns[name] = TagColumn()
        insort(self._names, name)
        return column

    def _count_rows(self, row: int = -1) -> int:
        """Return how many rows exist, given that *row* does."""
        known = 0 if self._table is None else len(self._table)
        self._row_count = max(self._row_count, known, row + 1)
        return self._row_count


@dataclass(frozen=True, slots=True)
class PinnedTags:
    """Some tags as they were when `Tags.pin` was called.

    MisuseError on reading a tag that was not pinned, or anything after the release.
    """

    tags: Tags
    number: int
    """What names the pin; equal in a world that was restored."""

    def value(self, row: int, key: str) -> str | None:
        """Return what one tag of one row was then."""
        column = self.tags._find_pinned(self.number, key)  # noqa: SLF001 - same module
        code = column.find_at(self.number, row)
        return None if code < 0 else column.vocabulary.text_of(code)

    def codes(self, rows: NDArray[np.integer[Any]], key: str) -> NDArray[np.int32]:
        """Return the codes that one tag had then, for *rows* of shape (n,): int32, -1 for none.

        They are codes of `Tags.vocabulary(key)` as it is now.
        """
        return self.tags._find_pinned(self.number, key).codes_at(self.number, rows)  # noqa: SLF001 - as above

    def release(self) -> None:
        """Let go of the view, so that what was kept for it can be thrown away."""
        self.tags.release(self)
