"""Goal: chains are lists by row, whatever the order and size of the calls.

Method: random histories through chains and through a dict of lists, compared after each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pushlab.errors import LimitError
from pushlab.table import Chains
from pushlab.table import chains as chains_module

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = st.lists(st.integers(0, 11), unique=True, max_size=10)


def list_rows(*rows: int) -> NDArray[np.int32]:
    return np.array(rows, dtype=np.int32)


def a_chain(*entries: tuple[int, int]) -> Chains:
    """Return chains with one entry for each (row, what), expiring at 10 times what."""
    chains = Chains(what=np.int64, expires=np.int64)
    for row, what in entries:
        chains.push(list_rows(row), what=what, expires=what * 10)
    return chains


def render(taken: tuple[NDArray[np.int32], dict[str, NDArray[Any]]]) -> list[tuple[int, ...]]:
    """Return what `take` or `drop_equal` gave as one tuple an entry."""
    rows, columns = taken
    return [*zip(rows.tolist(), *(column.tolist() for column in columns.values()), strict=True)]


# --- against lists ---------------------------------------------------------------------------


class ChainsAndLists(RuleBasedStateMachine):
    """Chains beside a dict of lists."""

    def __init__(self) -> None:
        super().__init__()
        self.chains = Chains(what=np.int64, collapse=np.int16)
        self.lists: dict[int, list[tuple[int, int]]] = {row: [] for row in range(14)}
        self.snap = self.chains.snapshot()
        self.lists_then = {row: list(entries) for row, entries in self.lists.items()}

    @rule(rows=ROWS, what=st.integers(-(2**63), 2**63 - 1), modulus=st.integers(1, 4))
    def push(self, rows: list[int], what: int, modulus: int) -> None:
        collapse = [row % modulus for row in rows]
        self.chains.push(list_rows(*rows), what=what, collapse=np.array(collapse, dtype=np.int16))
        for row, value in zip(rows, collapse, strict=True):
            self.lists[row].append((what, value))

    @rule(rows=ROWS)
    def take(self, rows: list[int]) -> None:
        expected = [(row, *entry) for row in rows for entry in self.lists[row]]
        assert render(self.chains.take(list_rows(*rows))) == expected
        for row in rows:
            self.lists[row] = []

    @rule(rows=ROWS, value=st.integers(0, 3))
    def drop_one_value(self, rows: list[int], value: int) -> None:
        self.drop(rows, [value] * len(rows), value)

    @rule(rows=ROWS, shift=st.integers(0, 3))
    def drop_values(self, rows: list[int], shift: int) -> None:
        values = [(row + shift) % 4 for row in rows]
        self.drop(rows, values, np.array(values, dtype=np.int64))

    def drop(self, rows: list[int], values: list[int], given: int | NDArray[np.int64]) -> None:
        expected = []
        for row, value in zip(rows, values, strict=True):
            expected += [(row, *entry) for entry in self.lists[row] if entry[1] == value]
            self.lists[row] = [entry for entry in self.lists[row] if entry[1] != value]
        assert render(self.chains.drop_equal(list_rows(*rows), "collapse", given)) == expected

    @rule()
    def keep(self) -> None:
        self.snap = self.chains.snapshot()
        self.lists_then = {row: list(entries) for row, entries in self.lists.items()}

    @rule()
    def bring_back(self) -> None:
        self.chains.restore(self.snap)
        self.lists = {row: list(entries) for row, entries in self.lists_then.items()}

    @invariant()
    def all_lists_are_equal(self) -> None:
        counts = self.chains.count(np.arange(14))
        assert counts.dtype == np.int32
        assert counts.tolist() == [len(self.lists[row]) for row in range(14)]
        assert len(self.chains) == sum(counts.tolist())
        for row, entries in self.lists.items():
            expected = [{"what": what, "collapse": collapse} for what, collapse in entries]
            assert self.chains.peek(row) == expected


TestChainsAndLists = ChainsAndLists.TestCase
TestChainsAndLists.settings = settings(stateful_step_count=30)


# --- the details -----------------------------------------------------------------------------


def test_what_is_taken_comes_oldest_first_in_the_order_of_the_rows() -> None:
    chains = a_chain((7, 1), (3, 2), (7, 3))

    taken = chains.take(list_rows(7, 5, 3))

    assert taken[0].dtype == np.int32
    assert taken[1]["what"].dtype == np.int64
    assert render(taken) == [(7, 1, 10), (7, 3, 30), (3, 2, 20)]
    assert chains.count(list_rows(3, 5, 7)).tolist() == [0, 0, 0]


def test_counting_asks_for_rows_never_pushed_to_and_repeated() -> None:
    chains = a_chain((2, 1), (2, 2))

    assert chains.count(list_rows(2, 1_000_000, 2)).tolist() == [2, 0, 2]


def test_a_row_never_pushed_to_has_no_entries() -> None:
    chains = a_chain((2, 1))

    assert chains.peek(99) == []
    assert render(chains.take(list_rows(99))) == []
    assert render(chains.take(np.arange(50, 60))) == []
    assert render(chains.drop_equal(list_rows(99), "what", 1)) == []


def test_reading_returns_what_taking_would_and_leaves_it_there() -> None:
    chains = a_chain((3, 1), (5, 2), (3, 3))
    rows = list_rows(5, 4, 3)

    read = render(chains.read(rows))

    assert read == [(5, 2, 20), (3, 1, 10), (3, 3, 30)]
    assert render(chains.take(rows)) == read


def test_nothing_happens_for_no_rows() -> None:
    chains = a_chain((2, 1))
    none = list_rows()

    chains.push(none, what=1, expires=1)

    assert render(chains.take(none)) == render(chains.drop_equal(none, "what", none)) == []
    assert len(chains) == 1


@pytest.mark.parametrize("rows", [[4], [1, 2, 3, 4, 5, 6]])
def test_a_dropped_entry_leaves_the_order_of_the_others(rows: list[int]) -> None:
    chains = a_chain((4, 1), (4, 2), (4, 3), (4, 2), (6, 7))

    dropped = chains.drop_equal(list_rows(*rows), "what", 2)

    assert render(dropped) == [(4, 2, 20), (4, 2, 20)]
    assert [entry["what"] for entry in chains.peek(4)] == [1, 3]
    assert [entry["what"] for entry in chains.peek(6)] == [7]


def test_dropping_from_many_rows_keeps_their_lists_apart() -> None:
    chains = a_chain()
    rows = np.arange(8, dtype=np.int32)
    for what in (1, 2, 3, 2):
        chains.push(rows, what=what, expires=rows)

    dropped = chains.drop_equal(rows[:6], "what", [1, 2, 3, 2, 9, 1])

    assert [(row, what) for row, what, _ in render(dropped)] == [
        (0, 1),
        (1, 2),
        (1, 2),
        (2, 3),
        (3, 2),
        (3, 2),
        (5, 1),
    ]
    left = [[entry["what"] for entry in chains.peek(row)] for row in range(8)]
    assert left == [
        [2, 3, 2],
        [1, 3],
        [1, 2, 2],
        [1, 3],
        [1, 2, 3, 2],
        [2, 3, 2],
        [1, 2, 3, 2],
        [1, 2, 3, 2],
    ]
    assert chains.count(rows).tolist() == [len(whats) for whats in left]


def test_freed_slots_are_used_again() -> None:
    chains = a_chain()
    rows = np.arange(100, dtype=np.int32)
    chains.push(rows, what=1, expires=1)
    size = chains.nbytes

    for what in range(20):
        chains.take(rows[:50])
        chains.push(rows[:50], what=what, expires=1)

    assert chains.nbytes <= size + 128 * 4
    assert [entry["what"] for entry in chains.peek(3)] == [19]
    assert [entry["what"] for entry in chains.peek(77)] == [1]


def test_the_memory_of_a_rush_is_given_back_when_all_is_taken() -> None:
    chains = a_chain()
    rows = np.arange(10_000, dtype=np.int32)
    chains.push(rows, what=1, expires=1)

    chains.take(rows)

    assert chains.nbytes == 0
    chains.push(rows[5:6], what=8, expires=1)
    assert [entry["what"] for entry in chains.peek(5)] == [8]


def test_rows_of_any_integer_type_are_taken() -> None:
    chains = a_chain()
    for dtype in (np.int16, np.int64, np.uint32):
        chains.push(np.arange(6, dtype=dtype), what=1, expires=1)

    taken = chains.take(np.arange(6, dtype=np.int64))

    assert taken[0].dtype == np.int32
    assert taken[0].tolist() == [row for row in range(6) for _ in range(3)]


@pytest.mark.parametrize("values", [{}, {"what": 1}, {"what": 1, "expires": 1, "colour": 1}])
def test_an_entry_needs_each_value_and_no_other(values: dict[str, int]) -> None:
    chains = a_chain()

    with pytest.raises(TypeError, match="an entry has the values what, expires, not"):
        chains.push(list_rows(1), **values)


@pytest.mark.parametrize("rows", [[1], [1, 2, 3, 4, 5, 6]])
def test_a_value_that_does_not_fit_appends_nothing(rows: list[int]) -> None:
    chains = a_chain((1, 1))

    with pytest.raises(ValueError, match="broadcast"):
        chains.push(list_rows(*rows), what=1, expires=[1, 2])

    chains.push(list_rows(1), what=2, expires=2)
    assert [entry["what"] for entry in chains.peek(1)] == [1, 2]
    assert len(chains) == 2


def test_an_unknown_column_cannot_be_compared() -> None:
    with pytest.raises(KeyError, match="colour"):
        a_chain((1, 1)).drop_equal(list_rows(1), "colour", 1)


def test_the_entries_of_all_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains_module, "_SLOTS_MAX", 20)
    chains = a_chain()

    with pytest.raises(LimitError, match="at most 20 entries"):
        chains.push(np.arange(21), what=1, expires=1)

    assert len(chains) == 0


def test_a_snapshot_can_be_restored_again_and_into_other_chains() -> None:
    chains, other = a_chain((1, 1), (1, 2), (5, 3)), a_chain((9, 9))
    snap = chains.snapshot()
    chains.restore(snap)
    chains.take(np.arange(10))

    chains.restore(snap)
    other.restore(snap)

    assert render(chains.take(np.arange(10))) == [(1, 1, 10), (1, 2, 20), (5, 3, 30)]
    assert render(other.take(np.arange(10))) == [(1, 1, 10), (1, 2, 20), (5, 3, 30)]
