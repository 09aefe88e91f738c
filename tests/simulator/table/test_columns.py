"""Goal: a table grows without losing a row, and a failed call changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import LimitError
from pushlab.table import Table, as_slice, column

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Phones(Table):
    key: NDArray[np.uint64] = column(np.uint64)
    score: NDArray[np.int32] = column(np.int32, default=-1)
    online: NDArray[np.bool_] = column(np.bool_, default=True)


class Tokens(Table):
    device: NDArray[np.int32] = column(np.int32)
    dead_at: NDArray[np.int64] = column(np.int64, default=99, is_rare=True)


class Tablets(Phones):
    width: NDArray[np.int16] = column(np.int16)


def test_a_new_table_has_no_rows() -> None:
    phones = Phones()

    assert len(phones) == 0
    assert phones.live("key").tolist() == []


def test_rows_are_handles_from_zero() -> None:
    phones = Phones()

    first, second = phones.add(2), phones.add(3)

    assert first.dtype == np.int32
    assert [first.tolist(), second.tolist()] == [[0, 1], [2, 3, 4]]
    assert len(phones) == 5


def test_columns_are_plain_attributes_of_their_type() -> None:
    phones = Phones()

    rows = phones.add(3, key=[7, 8, 9], score=5)
    phones.score[rows[1:]] += 1

    assert phones.key[rows].tolist() == [7, 8, 9]
    assert phones.live("score").tolist() == [5, 6, 6]
    assert phones.online.dtype == np.bool_


def test_a_column_without_a_value_gets_its_default() -> None:
    phones = Phones()

    phones.add(2)

    assert phones.live("score").tolist() == [-1, -1]
    assert phones.live("online").tolist() == [True, True]
    assert phones.live("key").tolist() == [0, 0]


@pytest.mark.parametrize("value", [3, np.int64(3), [3], np.array([3]), np.array(3)])
def test_one_row_takes_one_number_in_any_form(value: int) -> None:
    phones = Phones()

    phones.add(1, score=value)

    assert phones.live("score").tolist() == [3]


def test_a_key_may_have_all_64_bits() -> None:
    phones = Phones()

    phones.add(1, key=2**64 - 1)

    assert phones.live("key").tolist() == [2**64 - 1]


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40), max_size=8))
def test_growth_keeps_every_value(batches: list[list[int]]) -> None:
    phones = Phones()

    for batch in batches:
        phones.add(len(batch), score=batch, key=len(phones))

    assert phones.live("score").tolist() == [score for batch in batches for score in batch]
    assert len(phones.score) >= len(phones)


def test_rows_never_used_hold_the_default_whatever_happened_before() -> None:
    phones = Phones()
    with pytest.raises(ValueError, match="broadcast"):
        phones.add(5, score=[1, 2, 3, 4, 5], key=[1, 2])

    phones.add(5)

    assert phones.live("score").tolist() == [-1] * 5


def test_a_value_that_does_not_fit_adds_no_row() -> None:
    phones = Phones()

    with pytest.raises(OverflowError):
        phones.add(1, score=2**31)

    assert len(phones) == 0


def test_an_unknown_column_is_named() -> None:
    phones = Phones()

    with pytest.raises(TypeError, match="Phones has no column colour; its columns are: key, score"):
        phones.add(1, colour=1)
    with pytest.raises(TypeError, match="no column colour"):
        phones.live("colour")

    assert len(phones) == 0


def test_a_table_inherits_columns() -> None:
    tablets = Tablets()

    tablets.add(1, key=4, width=600)

    assert (tablets.live("key")[0], tablets.live("width")[0]) == (4, 600)
    with pytest.raises(TypeError, match="no column width"):
        Phones().add(1, width=600)


def test_two_tables_share_nothing() -> None:
    one, other = Phones(), Phones()

    one.add(1, key=1)

    assert len(other) == 0
    assert other.key[0] == 0


def test_the_handles_of_a_table_are_bounded() -> None:
    with pytest.raises(LimitError, match="2,147,483,647 rows"):
        Phones().add(2**31)


def test_the_size_in_bytes_counts_every_column() -> None:
    phones = Phones()

    phones.add(1_000)

    assert phones.nbytes == 1_000 * (8 + 4 + 1)


def test_a_snapshot_brings_back_rows_and_count() -> None:
    phones = Phones()
    phones.add(3, score=[1, 2, 3])
    snap = phones.snapshot()
    phones.score[0] = 99
    phones.add(50, score=7)

    phones.restore(snap)

    assert phones.live("score").tolist() == [1, 2, 3]
    assert phones.add(1).tolist() == [3]
    assert phones.live("score").tolist() == [1, 2, 3, -1]


def test_a_snapshot_can_be_restored_again_and_into_another_table() -> None:
    phones, other = Phones(), Phones()
    phones.add(2, key=[5, 6])
    snap = phones.snapshot()
    phones.restore(snap)
    phones.key[0] = 0

    phones.restore(snap)
    other.restore(snap)

    assert phones.live("key").tolist() == other.live("key").tolist() == [5, 6]


def test_a_snapshot_of_other_columns_is_refused() -> None:
    with pytest.raises(TypeError, match="Tablets has other columns than the snapshot: width"):
        Tablets().restore(Phones().snapshot())


def test_a_rare_column_reads_as_its_default_and_takes_no_memory() -> None:
    tokens = Tokens()

    tokens.add(1_000, device=7)

    assert tokens.dead_at[[0, 999]].tolist() == [99, 99]
    assert tokens.live("dead_at").shape == (1_000,)
    assert tokens.nbytes == 1_000 * 4 + 8


def test_a_rare_column_cannot_be_written_past_its_table() -> None:
    tokens = Tokens()
    tokens.add(2)

    with pytest.raises(ValueError, match="read-only"):
        tokens.dead_at[0] = 1


def test_a_rare_column_keeps_what_is_written_while_the_table_grows() -> None:
    tokens = Tokens()
    tokens.add(2)

    tokens.own("dead_at")[1] = 5
    tokens.own("dead_at")[0] = 4
    tokens.add(100, dead_at=6)

    assert tokens.live("dead_at").tolist() == [4, 5, *[6] * 100]
    assert tokens.nbytes == 102 * (4 + 8)


def test_a_snapshot_brings_a_rare_column_back_whether_written_or_not() -> None:
    tokens = Tokens()
    tokens.add(2)
    untouched = tokens.snapshot()
    tokens.own("dead_at")[0] = 5
    written = tokens.snapshot()

    tokens.restore(untouched)
    before = (tokens.live("dead_at").tolist(), tokens.dead_at.flags.writeable)
    tokens.restore(written)

    assert before == ([99, 99], False)
    assert tokens.live("dead_at").tolist() == [5, 99]


def test_many_rows_that_follow_one_another_are_read_as_a_slice() -> None:
    rows = np.arange(5, 105, dtype=np.int32)

    assert as_slice(rows) == slice(5, 105)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(np.arange(3), id="few"),
        pytest.param(np.arange(0, 200, 2), id="with gaps"),
        pytest.param(np.arange(-1, 99), id="nobody among them"),
        pytest.param(np.array([0, 2, 1, *range(3, 100)]), id="out of order"),
    ],
)
def test_other_rows_are_read_one_by_one(rows: NDArray[np.int64]) -> None:
    assert as_slice(rows) is rows
