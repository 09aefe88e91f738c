"""A number for some rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sized

    from numpy.typing import NDArray

__all__ = ["Figures"]

_Item = TypeVar("_Item", np.int64, np.float64)

_DENSE_SHIFT: Final = 5
"""Dense when a 32nd of the rows has a number: where a dict costs as much as an array."""
_DENSE_MIN: Final = 64
_SPARSE_ENTRY_BYTES: Final = 150


class Figures(Generic[_Item]):
    """Numbers by row: a dict while few rows have one, an array from then on.

        spent = Figures(users, np.int64)
        spent.set(row, spent.get(row) + 5)
        mask = spent.read() > 100

    A row without a number reads as *absent*, which therefore is none.
    """

    def __init__(self, table: Sized, dtype: type[_Item], absent: float = 0) -> None:
        self._table = table
        self._dtype: type[_Item] = dtype
        self._absent = absent
        self._sparse: dict[int, int | float] = {}
        self._dense: NDArray[_Item] | None = None

    @property
    def nbytes(self) -> int:
        """The bytes held; those of a dict are estimated."""
        dense = 0 if self._dense is None else self._dense.nbytes
        return dense + _SPARSE_ENTRY_BYTES * len(self._sparse)

    def get(self, row: int) -> Any:  # noqa: ANN401  an int or a float, as the type says
        """Return the number of *row*."""
        dense = self._dense
        if dense is None:
            return self._sparse.get(row, self._absent)
        return dense[row].item() if row < len(dense) else self._absent

    def set(self, row: int, number: float) -> None:
        """Give *row* a number; *absent* takes it away."""
        if self._dense is not None:
            if row >= len(self._dense):
                self._grow()
            self._dense[row] = number
            return
        if number == self._absent or number != number:  # noqa: PLR0124  NaN is no number
            self._sparse.pop(row, None)
            return
        self._sparse[row] = number
        if len(self._sparse) > _DENSE_MIN and len(self._sparse) << _DENSE_SHIFT > len(self._table):
            self._grow()

    def read(self) -> NDArray[_Item]:
        """Return the numbers of all rows, to be read until the next change."""
        count = len(self._table)
        if self._dense is not None:
            if len(self._dense) < count:
                self._grow()
            return self._dense[:count]
        if not self._sparse:
            return np.broadcast_to(np.array(self._absent, self._dtype), (count,))
        found = np.full(count, self._absent, self._dtype)
        self._fill(found)
        return found

    def snapshot(self) -> object:
        """Return all numbers as plain values and arrays that nothing else holds."""
        dense = None if self._dense is None else self._dense.copy()
        return {"sparse": dict(self._sparse), "dense": dense}

    def restore(self, snap: object) -> None:
        """Bring back the numbers of a snapshot, which stays as it is."""
        parts = cast("Mapping[str, Any]", snap)
        self._sparse = dict(parts["sparse"])
        self._dense = None if parts["dense"] is None else parts["dense"].copy()

    def _grow(self) -> None:
        old = 0 if self._dense is None else len(self._dense)
        grown = np.full(max(len(self._table), old * 5 // 4), self._absent, self._dtype)
        if self._dense is not None:
            grown[:old] = self._dense
        else:
            self._fill(grown)
            self._sparse = {}
        self._dense = grown

    def _fill(self, numbers: NDArray[_Item]) -> None:
        """Write what the dict holds into an array."""
        rows = np.fromiter(self._sparse.keys(), np.intp, len(self._sparse))
        numbers[rows] = np.fromiter(self._sparse.values(), self._dtype, len(self._sparse))
