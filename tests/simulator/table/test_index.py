"""Goal: an index is a dict that costs 12 bytes an entry.

Method: random histories through both; sizes around every change of method.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.table import HashIndex
from pushlab.world.randomness import mix_array

ODD_KEYS = [0, 1, 2, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
KEYS = st.sampled_from(ODD_KEYS) | st.integers(0, 2**64 - 1)
ROWS = st.integers(0, 2**31 - 1)
PAIRS = st.lists(st.tuples(KEYS, ROWS), max_size=12)


def an_index(count: int) -> HashIndex:
    """Return an index whose arrays hold the keys 10, 20, 30 ... for the rows 0, 1, 2 ..."""
    index = HashIndex()
    index.add(np.arange(1, count + 1, dtype=np.uint64) * np.uint64(10), np.arange(count))
    return index


def find_list(index: HashIndex, keys: list[int]) -> list[int]:
    return index.find_many(np.array(keys, dtype=np.uint64)).tolist()  # type: ignore[no-any-return]


def test_a_key_never_added_is_missing() -> None:
    assert HashIndex().find(5) == -1
    assert an_index(5_000).find(5) == -1
    assert an_index(5_000).find(2**64 - 1) == -1


@pytest.mark.parametrize("count", [1, 1_024, 1_025, 5_000])
def test_every_key_leads_to_its_row(count: int) -> None:
    index = an_index(count)

    assert len(index) == count
    assert index.find(10) == 0
    assert index.find(count * 10) == count - 1
    assert index.find(count * 10 + 10) == -1


@given(st.lists(PAIRS, max_size=6), st.sampled_from([0, 3, 3_000]))
def test_an_index_answers_as_a_dict_does(batches: list[list[tuple[int, int]]], count: int) -> None:
    index = an_index(count)
    expected = {10 * (row + 1): row for row in range(count)}

    for batch in batches:
        index.add(
            np.array([key for key, _ in batch], dtype=np.uint64),
            np.array([row for _, row in batch], dtype=np.int32),
        )
        expected.update(batch)
        for key, _ in batch[3:5]:
            index.remove(key)
            expected.pop(key, None)
    asked = [*ODD_KEYS, *expected][:40]

    wanted = [expected.get(key, -1) for key in asked]
    assert [index.find(key) for key in asked] == wanted
    assert find_list(index, asked) == wanted
    assert find_list(index, asked * 100) == wanted * 100
    assert len(index) == len(expected)
    assert find_list(index, asked) == wanted


def test_the_last_of_equal_keys_in_a_large_batch_counts() -> None:
    index = HashIndex()
    keys = np.tile(mix_array(np.arange(2_000, dtype=np.uint64)), 2)

    index.add(keys, np.arange(4_000))

    assert len(index) == 2_000
    assert index.find_many(keys[:2_000]).tolist() == list(range(2_000, 4_000))


def test_keys_that_differ_in_their_lowest_bits_only_are_kept_apart() -> None:
    index = HashIndex()
    keys = np.arange(5_000, dtype=np.uint64)[::-1] | np.uint64(0xABC << 52)

    index.add(keys, np.arange(5_000))

    assert index.find_many(keys).tolist() == list(range(5_000))


def test_a_batch_laid_over_a_large_index_replaces_and_adds() -> None:
    index = an_index(5_000)
    keys = np.arange(1, 4_001, dtype=np.uint64) * np.uint64(15)

    index.add(keys, np.arange(100_000, 104_000))

    assert find_list(index, [10, 15, 20, 30, 60_000]) == [0, 100_000, 1, 100_001, 103_999]
    assert len(index) == 5_000 + 4_000 - 5_000 // 3


def test_many_single_additions_and_removals_are_merged() -> None:
    index = an_index(3_000)

    for number in range(2_000):
        index.add(number * 10 + 15, 50_000 + number)
        index.remove((number + 1) * 10)

    assert len(index) == 3_000
    assert find_list(index, [10, 15, 20_000, 20_005, 20_010]) == [-1, 50_000, -1, 51_999, 2_000]


def test_a_large_unsorted_query_is_answered_in_its_order() -> None:
    index = HashIndex()
    keys = mix_array(np.arange(10_000, dtype=np.uint64))
    index.add(keys, np.arange(10_000))
    index.add(77, 123)
    index.remove(int(keys[4]))

    rows = index.find_many(np.append(keys, np.array([77, 78], dtype=np.uint64)))

    assert rows.dtype == np.int32
    assert rows[[0, 3, 4, 5, 9_999, 10_000, 10_001]].tolist() == [0, 3, -1, 5, 9_999, 123, -1]


def test_a_few_queries_see_a_large_overlay() -> None:
    index = an_index(60_000)
    for number in range(2_000):
        index.add(number * 10 + 15, number)

    assert find_list(index, list(range(5, 125, 10))) == [-1, *range(11)]
    assert find_list(index, list(range(10, 130, 10))) == list(range(12))


def test_no_keys_are_looked_up_for_no_query() -> None:
    assert find_list(an_index(3), []) == []


def test_a_removed_key_can_be_added_again() -> None:
    index = an_index(2_000)
    index.remove(10)

    index.add(10, 44)

    assert (index.find(10), len(index)) == (44, 2_000)


def test_an_entry_of_a_large_index_costs_twelve_bytes() -> None:
    assert an_index(100_000).nbytes == 1_200_000


def test_a_snapshot_brings_back_what_was_there() -> None:
    index = an_index(2_000)
    index.remove(20)
    snap = index.snapshot()
    index.add(15, 9)
    index.remove(10)
    index.add(np.arange(2_000, dtype=np.uint64) * np.uint64(10), np.arange(2_000))

    index.restore(snap)

    assert find_list(index, [10, 15, 20, 30]) == [0, -1, -1, 2]
    assert len(index) == 1_999
