"""Goal: tags are a dict by row and name, and a pinned view stays as it was.

Method: random histories through tags and through dicts that are copied at each pin. The same
histories start sparse, dense and on the edge between, over rows on both sides of a block's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pushlab.errors import MisuseError
from pushlab.table import PinnedTags, Table, Tags, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGES = [0, 1, 16_382, 16_383, 16_384, 16_385, 17_000, 33_000]
"""Rows on both sides of the end of a block, in runs that are edited, and beyond all others."""

ROWS = st.sampled_from(EDGES)
NAMES = st.sampled_from(["level", "city"])
VALUES = st.none() | st.sampled_from(["gold", "silver", "", "Köln"])


class Users(Table):
    key: NDArray[np.uint64] = column(np.uint64)


def some_users(count: int) -> Users:
    users = Users()
    users.add(count)
    return users


# --- against dicts ---------------------------------------------------------------------------


class TagsAndDicts(RuleBasedStateMachine):
    """Tags beside a dict by (row, name)."""

    filled = 0
    """How many rows have a level from the start."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = Tags()
        self.values: dict[tuple[int, str], str] = {}
        self.pins: list[tuple[PinnedTags, dict[tuple[int, str], str]]] = []
        rows = range(16_100, 16_100 + self.filled)
        self.tags.set_many(np.array(rows, dtype=np.int64), "level", "bronze")
        self.values.update({(row, "level"): "bronze" for row in rows})
        self.snap = self.tags.snapshot()
        self.values_then, self.pins_then = dict(self.values), list(self.pins)

    def note(self, row: int, name: str, value: str | None) -> None:
        self.values.pop((row, name), None)
        if value is not None:
            self.values[row, name] = value

    @rule(row=ROWS, name=NAMES, value=VALUES)
    def set_one(self, row: int, name: str, value: str | None) -> None:
        self.tags.set(row, name, value)
        self.note(row, name, value)

    @rule(pairs=st.lists(st.tuples(ROWS, VALUES), max_size=6), name=NAMES)
    def set_some(self, pairs: list[tuple[int, str | None]], name: str) -> None:
        rows = np.array([row for row, _ in pairs], dtype=np.int32)
        self.tags.set_many(rows, name, [value for _, value in pairs])
        for row, value in pairs:
            self.note(row, name, value)

    @rule(first=ROWS, count=st.sampled_from([30, 600]), name=NAMES, value=VALUES)
    def set_run(self, first: int, count: int, name: str, value: str | None) -> None:
        self.tags.set_many(np.arange(first, first + count), name, value)
        for row in range(first, first + count):
            self.note(row, name, value)

    @rule(names=st.sets(NAMES))
    def pin(self, names: set[str]) -> None:
        then = {at: value for at, value in self.values.items() if at[1] in names}
        self.pins.append((self.tags.pin(names), then))

    @precondition(lambda self: self.pins)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        pinned, _ = self.pins.pop(data.draw(st.integers(0, len(self.pins) - 1)))
        pinned.release()

    @rule()
    def compact(self) -> None:
        self.tags.compact()

    @rule()
    def keep(self) -> None:
        self.snap = self.tags.snapshot()
        self.values_then, self.pins_then = dict(self.values), list(self.pins)

    @rule()
    def bring_back(self) -> None:
        self.tags.restore(self.snap)
        self.values, self.pins = dict(self.values_then), list(self.pins_then)

    @invariant()
    def rows_read_alike(self) -> None:
        for row in EDGES:
            expected = {
                name: self.values[row, name]
                for name in ("city", "level")
                if (row, name) in self.values
            }
            assert self.tags.get(row) == expected
            assert list(self.tags.get(row)) == sorted(expected)
            assert self.tags.find(row, "level") == expected.get("level")

    @rule()
    def read_columns(self) -> None:
        for name in ("city", "level"):
            texts = [*self.tags.vocabulary(name), None]
            found = self.tags.codes(name, 34_000)
            having = np.flatnonzero(found >= 0).tolist()
            assert having == sorted(row for row, other in self.values if other == name)
            for row in having[:3] + having[-3:]:
                assert texts[found[row]] == self.values[row, name]

    @invariant()
    def pins_read_as_they_were(self) -> None:
        rows = np.array([*EDGES, 16_500, 33_010, 40_000])
        for pinned, then in self.pins:
            for name in self.tags._pins[pinned.number]:
                expected = [then.get((row, name)) for row in rows.tolist()]
                texts = [*self.tags.vocabulary(name), None]
                assert [pinned.value(row, name) for row in rows.tolist()] == expected
                assert [texts[code] for code in pinned.codes(rows, name)] == expected


class NearlyDenseTagsAndDicts(TagsAndDicts):
    filled = 500


class DenseTagsAndDicts(TagsAndDicts):
    filled = 600


TestTagsAndDicts = TagsAndDicts.TestCase
TestTagsAndDicts.settings = settings(stateful_step_count=30)
TestNearlyDenseTagsAndDicts = NearlyDenseTagsAndDicts.TestCase
TestNearlyDenseTagsAndDicts.settings = settings(stateful_step_count=30)
TestDenseTagsAndDicts = DenseTagsAndDicts.TestCase
TestDenseTagsAndDicts.settings = settings(stateful_step_count=30)


# --- reading and writing ---------------------------------------------------------------------


def test_the_tags_of_a_row_come_in_order_of_name() -> None:
    tags = Tags()
    for name in ("b", "c", "a"):
        tags.set(4, name, name.upper())

    assert list(tags.get(4).items()) == [("a", "A"), ("b", "B"), ("c", "C")]
    assert tags.names == ("a", "b", "c")
    assert tags.get(5) == {}


def test_a_name_never_given_is_nowhere() -> None:
    tags = Tags(some_users(3))
    tags.set(1, "x", None)
    tags.set_many(np.arange(3), "y", [None, None, None])

    assert tags.names == ()
    assert tags.find(1, "x") is None
    assert tags.codes("x").tolist() == [-1, -1, -1]
    assert len(tags.vocabulary("x")) == 0


def test_the_last_value_of_a_repeated_row_counts() -> None:
    tags = Tags()

    tags.set_many(np.array([3, 3, 3]), "x", ["a", "b", "c"])

    assert tags.find(3, "x") == "c"


def test_taking_a_tag_from_a_row_past_all_that_had_it_changes_nothing() -> None:
    tags = Tags()
    tags.set_many(np.arange(100), "x", "a")

    tags.set(5_000, "x", None)

    assert tags.find(5_000, "x") is None
    assert tags.nbytes == 100 * 4


def test_a_population_may_give_codes() -> None:
    tags = Tags(some_users(10_000))
    tags.set(0, "plan", "pro")
    rows = np.arange(9_999)

    tags.set_codes(rows, "plan", ["free", "pro"], np.where(rows < 5, 1, rows % 2 - 1))
    tags.set_codes(rows[:0], "other", [], rows[:0])

    assert [tags.find(row, "plan") for row in (0, 6, 7, 9_999)] == ["pro", None, "free", None]
    assert tags.names == ("plan",)


@pytest.mark.parametrize("filled", [5, 4_000])
def test_codes_cover_all_rows_of_the_table_and_cannot_be_written(filled: int) -> None:
    users = some_users(5_000)
    tags = Tags(users)
    tags.set_many(np.arange(filled), "x", "a")
    users.add(2_000)

    codes = tags.codes("x")

    assert codes.dtype == np.int32
    assert codes.shape == (7_000,)
    assert np.count_nonzero(codes == 0) == filled
    assert np.count_nonzero(codes == -1) == 7_000 - filled
    with pytest.raises(ValueError, match="read-only"):
        codes[0] = 1


def test_codes_of_a_rare_tag_follow_each_edit() -> None:
    tags = Tags(range(4))
    tags.set(1, "vip", "a")
    before = tags.codes("vip").tolist()
    tags.set(3, "vip", "b")
    tags.set(1, "vip", None)

    assert before == [-1, 0, -1, -1]
    assert tags.codes("vip").tolist() == [-1, -1, -1, 1]


def test_without_a_table_codes_reach_to_the_highest_row() -> None:
    tags = Tags()
    tags.set(3, "x", "a")
    tags.set(6, "y", "a")

    assert tags.codes("x").tolist() == [-1, -1, -1, 0, -1, -1, -1]
    assert tags.codes("x", 2).tolist() == [-1, -1]
    assert tags.codes("x", 9).tolist() == [-1, -1, -1, 0, -1, -1, -1, -1, -1]


def test_a_condition_on_texts_becomes_a_mask() -> None:
    tags = Tags(some_users(4))
    tags.set_many(np.array([0, 1, 3]), "level", ["gold", "silver", "gold"])

    wanted = [text == "gold" for text in tags.vocabulary("level")]
    mask = np.array([*wanted, False])[tags.codes("level")]

    assert mask.tolist() == [True, False, False, True]


def test_rows_and_values_must_be_equally_many() -> None:
    with pytest.raises(ValueError, match="3 rows need one value or 3, not 2"):
        Tags().set_many(np.arange(3), "x", ["a", "b"])


def test_a_common_tag_costs_four_bytes_a_row_and_a_rare_one_nearly_nothing() -> None:
    tags = Tags(some_users(100_000))

    tags.set_many(np.arange(50_000), "common", "a")
    tags.set_many(np.arange(1_000), "rare", "a")

    assert tags.nbytes == 100_000 * 4 + 1_000 * 130


def test_a_tag_given_row_by_row_turns_dense_on_the_way() -> None:
    tags = Tags(some_users(3_000))

    for row in range(200):
        tags.set(row, "x", f"v{row % 3}")

    assert tags.nbytes == 3_000 * 4
    assert [tags.find(row, "x") for row in (0, 94, 199, 200)] == ["v0", "v1", "v1", None]


# --- pins ------------------------------------------------------------------------------------


def test_a_pinned_tag_stays_while_the_row_changes() -> None:
    tags = Tags()
    tags.set(0, "name", "Ann")
    pinned = tags.pin(["name", "city"])

    tags.set(0, "name", "Bea")
    tags.set(0, "city", "Rome")

    assert (pinned.value(0, "name"), pinned.value(0, "city")) == ("Ann", None)
    assert tags.get(0) == {"city": "Rome", "name": "Bea"}


def test_a_pin_costs_one_block_at_the_first_edit() -> None:
    tags = Tags(some_users(100_000))
    tags.set_many(np.arange(100_000), "x", "a")
    pinned = tags.pin(["x"])
    assert tags.nbytes == 400_000

    tags.set(20_000, "x", "b")
    tags.set(20_001, "x", "b")

    assert tags.nbytes == 400_000 + 16_384 * 4
    pinned.release()
    assert tags.nbytes == 400_000


def test_releasing_one_of_two_pins_keeps_the_other() -> None:
    tags = Tags()
    tags.set(0, "x", "a")
    first = tags.pin(["x"])
    tags.set(0, "x", "b")
    second = tags.pin(["x"])
    tags.set(0, "x", "c")

    first.release()
    first.release()

    assert second.value(0, "x") == "b"


def test_releasing_one_of_many_pins_keeps_the_others() -> None:
    tags = Tags()
    pins = []
    for value in ("a", "b", "c", "d"):
        tags.set(0, "x", value)
        pins.append(tags.pin(["x"]))
    tags.set(0, "x", "e")

    pins[1].release()

    assert [pins[at].value(0, "x") for at in (0, 2, 3)] == ["a", "c", "d"]


def test_a_released_pin_cannot_be_read() -> None:
    tags = Tags()
    pinned = tags.pin(["x"])
    pinned.release()

    with pytest.raises(MisuseError, match="released"):
        pinned.value(0, "x")


def test_a_tag_that_was_not_pinned_cannot_be_read() -> None:
    pinned = Tags().pin(["b", "a"])

    with pytest.raises(MisuseError, match="'c' was not pinned; pinned are: a, b"):
        pinned.codes(np.arange(3), "c")


def test_a_pin_from_an_undone_future_does_not_read_another_pin() -> None:
    tags = Tags()
    snap = tags.snapshot()
    undone = tags.pin(["x"])
    tags.restore(snap)
    tags.pin(["x"])

    with pytest.raises(MisuseError, match="released"):
        undone.value(0, "x")


# --- compaction ------------------------------------------------------------------------------


def test_compaction_drops_texts_and_names_that_no_row_has() -> None:
    tags = Tags()
    tags.set_many(np.arange(100), "x", [f"v{row % 50}" for row in range(100)])
    tags.set(0, "y", "a")
    tags.set_many(np.arange(99), "x", "v7")
    tags.set(0, "y", None)

    tags.compact()

    assert list(tags.vocabulary("x")) == ["v7", "v49"]
    assert [tags.find(row, "x") for row in (0, 98, 99)] == ["v7", "v7", "v49"]
    assert tags.names == ("x",)


def test_compaction_keeps_what_a_pin_can_read() -> None:
    tags = Tags()
    tags.set(0, "x", "old")
    pinned = tags.pin(["x", "y"])
    tags.set(0, "x", "new")
    tags.set(0, "x", None)

    tags.compact()

    assert list(tags.vocabulary("x")) == ["old"]
    assert pinned.value(0, "x") == "old"
    assert tags.names == ("x", "y")


def test_compaction_leaves_a_vocabulary_in_full_use_alone() -> None:
    tags = Tags()
    tags.set(0, "x", "a")
    vocabulary = tags.vocabulary("x")

    tags.compact()

    assert tags.vocabulary("x") is vocabulary


def test_codes_handed_out_before_a_compaction_stay_as_they_were() -> None:
    tags = Tags()
    tags.set_many(np.arange(200), "x", ["a", "b"] * 100)
    before, vocabulary = tags.codes("x").copy(), tags.vocabulary("x")
    codes = tags.codes("x")
    tags.set_many(np.arange(0, 200, 2), "x", "b")

    tags.compact()

    assert codes[1] == before[1]
    assert vocabulary.text_of(int(codes[1])) == "b"
    assert list(tags.vocabulary("x")) == ["b"]
