"""Tables of columns that grow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeVar, cast

import numpy as np

from pushlab.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Table", "as_slice", "column"]

_Item = TypeVar("_Item", bound=np.generic)
_Whole = TypeVar("_Whole", bound=np.integer[Any])

_ROWS_MAX: Final = 2**31 - 1
"""Rows are int32 handles everywhere."""

_FIRST_CAPACITY: Final = 16
_SLICE_COUNT_MIN: Final = 64
"""For fewer rows, looking whether they follow one another costs more than reading them."""


def as_slice(rows: NDArray[_Whole]) -> NDArray[_Whole] | slice:
    """Return many *rows* that follow one another as a slice, others as they are.

    A whole population is such a run of rows, and reading a slice costs nothing: what is read this
    way is the column itself, so copy it before either of the two is written to.
    """
    count = len(rows)
    if count < _SLICE_COUNT_MIN:
        return rows
    first, last = int(rows[0]), int(rows[-1])
    if first < 0 or last - first != count - 1 or not bool((rows[1:] > rows[:-1]).all()):
        return rows
    return slice(first, last + 1)


@dataclass(frozen=True, slots=True)
class _Column:
    """A class attribute that stands for a numpy array in each instance."""

    dtype: np.dtype[Any]
    default: Any
    is_rare: bool = False

    def stand_in(self, capacity: int) -> NDArray[Any]:
        """Return what reads like an array of the default and takes the memory of one."""
        return np.broadcast_to(_make_one(self.dtype, self.default), (capacity,))

    def allocate(self, capacity: int) -> NDArray[Any]:
        # A zeroed array costs no memory until it is written, so slack is nearly free.
        if not self.default:
            return np.zeros(capacity, dtype=self.dtype)
        # A fresh world makes some fifty columns; this is a quarter of what np.full takes.
        array = np.empty(capacity, dtype=self.dtype)
        array.fill(self.default)
        return array


@cache
def _make_one(dtype: np.dtype[Any], value: object) -> NDArray[Any]:
    """Return *value* as an array of no dimension; nobody writes to it, so all worlds share it."""
    return np.array(value, dtype)


def column(
    dtype: type[_Item],
    *,
    default: float | bool = 0,
    is_rare: bool = False,
) -> NDArray[_Item]:
    """Declare a column of a `Table` subclass; rows that are added without a value get *default*.

    The class attribute turns into an array in each instance, hence the type of the result. A rare
    column takes no memory until a row differs from the default: write it as ``own(name)[rows]``.
    """
    return cast("NDArray[_Item]", _Column(np.dtype(dtype), default, is_rare))


class Table:
    """Rows of columns, addressed by int32 handles that are never reused.

        class Subscriptions(Table):
            key: NDArray[np.uint64] = column(np.uint64)
            enabled: NDArray[np.bool_] = column(np.bool_, default=False)

    Each column is a plain attribute holding a one-dimensional array. It is longer than the table,
    so that adding a row is cheap: only `array[:len(table)]` means something (`live` cuts it). `add`
    and `restore` may put a longer array in its place, so do not keep one across a call of these.
    """

    _columns: ClassVar[Mapping[str, _Column]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Collect the columns of *cls* after those it inherits."""
        super().__init_subclass__(**kwargs)
        own = {name: mark for name, mark in vars(cls).items() if isinstance(mark, _Column)}
        for name in own:
            delattr(cls, name)
        cls._columns = {**cls._columns, **own}

    def __init__(self) -> None:
        """Make a table without rows; its columns come when somebody looks at one."""
        self._count = 0
        self._capacity = 0

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NDArray[Any]:
            """Make the columns, which most tables of most worlds never need."""
            if name not in self._columns or self._capacity:
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            self._reserve(_FIRST_CAPACITY)
            return self.__dict__[name]

    def __len__(self) -> int:
        """Return how many rows were added."""
        return self._count

    def add(self, count: int, **values: int | ArrayLike) -> NDArray[np.int32]:
        """Add *count* rows and return their handles, int32 of shape (count,), ascending.

        Each value is one for all rows or an array of shape (count,). Raises TypeError for a name
        that is no column, and what numpy raises for a value that does not fit; no row is added
        then. LimitError beyond 2**31 - 1 rows.
        """
        first, end = self._count, self._count + count
        if not values.keys() <= self._columns.keys():
            self._refuse_names([*values])
        if end > self._capacity or not self._capacity:
            self._reserve(max(end, _FIRST_CAPACITY))
        arrays = self.__dict__
        rows = slice(first, end)
        try:
            for name, value in values.items():
                if self._columns[name].is_rare:
                    self.own(name)
                # One number into one place is the common case, and four times as fast.
                arrays[name][first if count == 1 and isinstance(value, int) else rows] = value
        except Exception:
            for name in values:
                arrays[name][rows] = self._columns[name].default
            raise
        self._count = end
        return np.arange(first, end, dtype=np.int32)

    def own(self, name: str) -> NDArray[Any]:
        """Return the rare column *name* as an array that may be written to."""
        array: NDArray[Any] = getattr(self, name)
        if not array.flags.writeable:
            array = self.__dict__[name] = self._columns[name].allocate(self._capacity)
        return array

    def holds(self, name: str) -> bool:
        """Whether a row of the rare column *name* may differ from its default."""
        return bool(getattr(self, name).flags.writeable)

    def live(self, name: str) -> NDArray[Any]:
        """Return the column *name* cut to the rows that exist, as a view."""
        if name not in self._columns:
            self._refuse_names([name])
        array: NDArray[Any] = getattr(self, name)
        return array[: self._count]

    @property
    def nbytes(self) -> int:
        """The bytes of all columns, slack included."""
        arrays = (getattr(self, name) for name in self._columns)
        return sum(array.nbytes if array.flags.writeable else array.itemsize for array in arrays)

    def snapshot(self) -> object:
        """Return all rows as they are now: a mapping of names to arrays that nothing else holds."""
        return {name: self.live(name).copy() for name in self._columns}

    def restore(self, snap: object) -> None:
        """Bring back the rows of a snapshot, which stays as it is and may be restored again."""
        columns = cast("Mapping[str, NDArray[Any]]", snap)
        if columns.keys() != self._columns.keys():
            differing = ", ".join(sorted(columns.keys() ^ self._columns.keys()))
            raise TypeError(
                f"{type(self).__name__} has other columns than the snapshot: {differing}"
            )
        self._count = len(next(iter(columns.values()))) if columns else 0
        for name in self._columns:
            self.__dict__.pop(name, None)
        self._capacity = 0
        self._reserve(max(self._count, _FIRST_CAPACITY))
        for name, array in columns.items():
            mark = self._columns[name]
            if not mark.is_rare or bool((array != mark.default).any()):
                self.own(name)[: self._count] = array

    def _reserve(self, capacity: int) -> None:
        """Make room for *capacity* rows; doubling keeps the cost of growth constant a row."""
        if capacity > _ROWS_MAX:
            raise LimitError(f"{type(self).__name__} holds at most {_ROWS_MAX:,} rows")
        self._capacity = min(max(capacity, 2 * self._capacity), _ROWS_MAX)
        for name, mark in self._columns.items():
            old = self.__dict__.get(name)
            if mark.is_rare and (old is None or not old.flags.writeable):
                self.__dict__[name] = mark.stand_in(self._capacity)
                continue
            grown = mark.allocate(self._capacity)
            if old is not None:
                grown[: self._count] = old[: self._count]
            self.__dict__[name] = grown

    def _refuse_names(self, names: list[str]) -> NoReturn:
        unknown = ", ".join(name for name in names if name not in self._columns)
        known = ", ".join(self._columns)
        raise TypeError(f"{type(self).__name__} has no column {unknown}; its columns are: {known}")
