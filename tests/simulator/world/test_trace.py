"""Goal: the digest is a sum over entries, blind to order and cuts; the text is canonical.

Method: a kind of batch with made-up keys, hashed as arrays, in pieces, one by one and shuffled.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import MisuseError
from pushlab.world.clock import Clock
from pushlab.world.trace import FORMAT, SCALAR_MAX, BatchKind, Entry, Trace

COUNT = 3 * SCALAR_MAX
ROWS = np.arange(COUNT, dtype=np.int32)
KEYS = ROWS.astype(np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15)
INSTANTS = np.arange(1000, 1000 + COUNT, dtype=np.int64)
WHAT = ROWS.astype(np.int64) % 3
OUTCOMES = (ROWS % 2).astype(np.uint8)


def a_kind(name: str = "Shown", rank: int = 2, outcomes: tuple[str, ...] = ("yes", "no")):
    return BatchKind(
        name,
        rank,
        outcomes,
        lambda rows: KEYS[rows],
        lambda what: what.astype(np.uint64) + np.uint64(7),
        lambda row, what: (f"row{row}-{what}", {"row": row}),
        lambda row, what, outcome: (f"Cause:{row}-{what}-{outcome}",),
    )


def a_trace(*, keep: str = "full", **options) -> Trace:
    return Trace(Clock(1000), 0, keep=keep, **options)


def record(trace: Trace, places, kind: BatchKind | None = None) -> None:
    at = np.asarray(places, np.int64)
    trace.record_batch(kind or a_kind(), INSTANTS[at], ROWS[at], WHAT[at], OUTCOMES[at])


# --- the digest ------------------------------------------------------------------------------


def test_an_empty_trace_has_the_digest_of_nothing() -> None:
    assert a_trace().digest == "0" * 32


def test_the_digest_of_a_batch_never_changes() -> None:
    trace = a_trace()

    record(trace, range(COUNT))

    assert trace.digest == "e1f1770dd3ae1854c25cc303e48b5cf5"


@given(st.permutations(range(COUNT)), st.integers(0, COUNT), st.integers(0, COUNT))
def test_neither_order_nor_cuts_show_in_the_digest(order, first, second) -> None:
    low, high = sorted((first, second))
    whole, pieces = a_trace(), a_trace()

    record(whole, range(COUNT))
    for part in (order[high:], order[:low], order[low:high]):
        record(pieces, part)

    assert pieces.digest == whole.digest
    assert pieces.count == whole.count == COUNT


def test_one_by_one_and_as_an_array_have_one_digest() -> None:
    singles, array = a_trace(), a_trace()

    for place in range(COUNT):
        record(singles, [place])
    record(array, range(COUNT))

    assert singles.digest == array.digest


def test_one_key_for_all_hashes_like_that_key_for_each() -> None:
    one = BatchKind("Shown", 2, ("",), lambda rows: KEYS[rows], lambda _: 7, _name, _no_causes)
    each = BatchKind(
        "Shown",
        2,
        ("",),
        lambda rows: KEYS[rows],
        lambda what: np.full(len(what), 7, np.uint64),
        _name,
        _no_causes,
    )
    digests = []
    for kind, count in [(one, COUNT), (each, COUNT), (one, 2), (each, 2)]:
        trace = a_trace()
        trace.record_batch(kind, INSTANTS[:count], ROWS[:count], WHAT[:count])
        digests.append(trace.digest)

    assert digests[0] == digests[1]
    assert digests[2] == digests[3]


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": a_kind("Other")},
        {"kind": a_kind(rank=3)},
        {"instants": INSTANTS + 1},
        {"rows": ROWS[::-1].copy()},
        {"what": WHAT + 1},
        {"outcomes": 1 - OUTCOMES},
    ],
    ids=["name", "rank", "instant", "who", "what", "outcome"],
)
def test_every_part_of_an_entry_is_in_the_digest(changed) -> None:
    given_ = {"kind": a_kind(), "instants": INSTANTS, "rows": ROWS, "what": WHAT}
    trace, other = a_trace(), a_trace()

    trace.record_batch(**given_, outcomes=OUTCOMES)
    other.record_batch(**{**given_, "outcomes": OUTCOMES, **changed})

    assert trace.digest[:16] != other.digest[:16]
    assert trace.digest[16:] != other.digest[16:]


def test_the_digest_of_free_form_entries_is_blind_to_their_order() -> None:
    first, second = a_trace(), a_trace()

    first.record("Note", "a", {"x": 1})
    first.record("Note", "b", {"x": 2})
    second.record("Note", "b", {"x": 2})
    second.record("Note", "a", {"x": 1})

    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("fields", "causes"), [({"x": 2}, ("C:1",)), ({"x": 1}, ("C:2",)), ({"x": 1}, ())]
)
def test_fields_and_causes_are_in_the_digest(fields, causes) -> None:
    trace, other = a_trace(), a_trace()

    trace.record("Note", "a", {"x": 1}, ("C:1",))
    other.record("Note", "a", fields, causes)

    assert trace.digest != other.digest


def test_what_lies_beside_an_entry_is_not_in_the_digest() -> None:
    trace, other = a_trace(), a_trace()

    trace.record("Note", "a", {}, beside=b"raw")
    other.record("Note", "a", {})

    assert trace.digest == other.digest


# --- entries and text ------------------------------------------------------------------------


def test_an_id_is_kind_and_name_and_repeats_are_numbered() -> None:
    trace = a_trace()

    ids = [trace.record("Note", "a", {}) for _ in range(3)]

    assert ids == ["Note:a", "Note:a:2", "Note:a:3"]


def test_the_text_begins_with_a_header_and_ends_with_the_digest() -> None:
    trace = a_trace()
    trace.notes["clock"] = "ticks"
    trace.record("Note", "a", {"b": 1, "a": [True, None]}, ("Cause:x",))

    header, line, end = trace.lines()

    assert json.loads(header) == {
        "pushlab_trace": FORMAT,
        "seed": 0,
        "start": "1970-01-01T00:00:01.000Z",
        "clock": "ticks",
    }
    assert line == (
        '{"a":[true,null],"at":"1970-01-01T00:00:01.000Z","b":1,"causes":["Cause:x"],'
        '"id":"Note:a","kind":"Note"}'
    )
    assert json.loads(end) == {"digest": trace.digest, "count": 1, "dropped": 0}


@given(st.permutations(range(COUNT)), st.integers(0, COUNT))
def test_lines_come_in_order_of_time_however_they_were_recorded(order, cut) -> None:
    whole, pieces = a_trace(), a_trace()

    record(whole, range(COUNT))
    record(pieces, order[cut:])
    record(pieces, order[:cut])

    assert list(pieces.lines()) == list(whole.lines())


def test_an_entry_of_a_batch_unfolds_with_name_outcome_and_cause() -> None:
    trace = a_trace()

    record(trace, [5])

    (entry,) = trace.entries()
    assert entry == Entry(
        1005, "Shown", "Shown:row5-2", {"row": 5, "outcome": "no"}, ("Cause:5-2-1",)
    )


def test_a_kind_with_one_outcome_does_not_show_it() -> None:
    trace = a_trace()

    trace.record_batch(a_kind(outcomes=("",)), INSTANTS[:1], ROWS[:1], WHAT[:1])

    (entry,) = trace.entries()
    assert entry.fields == {"row": 0}


def test_at_one_instant_entries_stand_by_epoch_then_free_form_then_rank() -> None:
    clock = Clock(1000)
    trace = Trace(clock, 0)
    record(trace, [0], a_kind("Late", 4))
    record(trace, [0], a_kind("Early", 1))
    trace.record("Note", "a", {})
    trace.epoch += 1
    record(trace, [0], a_kind("Next", 0))

    assert [entry.kind for entry in trace.entries()] == ["Note", "Early", "Late", "Next"]


def test_entries_are_found_by_kind_and_by_what_they_mention() -> None:
    trace = a_trace()
    trace.record("Note", "a", {"who": "alice"})
    trace.record("Note", "b", {"who": "bob"})
    trace.record("Other", "c", {"who": "alice"})

    assert [entry.id for entry in trace.find(["Note"])] == ["Note:a", "Note:b"]
    assert [entry.id for entry in trace.find(mentions="alice")] == ["Note:a", "Other:c"]
    assert [entry.id for entry in trace.find(["Note"], mentions="bob")] == ["Note:b"]


@pytest.mark.parametrize("count", [1, 5, COUNT, COUNT + 2, 3 * COUNT])
def test_the_last_entries_are_the_end_of_all(count) -> None:
    trace = a_trace()
    trace.record("Noted", "first", {})
    record(trace, range(COUNT)[::-1][: COUNT // 2])
    record(trace, range(COUNT // 2))
    trace.record("Noted", "second", {})

    assert trace.list_last(count) == list(trace.entries())[-count:]


def test_an_empty_trace_has_no_last_entries() -> None:
    assert a_trace().list_last(40) == []


def test_listeners_are_told_of_each_free_form_entry() -> None:
    trace = a_trace()
    told: list[str] = []
    trace.listeners.append(lambda entry: told.append(entry.id))

    trace.record("Note", "a", {})

    assert told == ["Note:a"]


# --- what is kept ----------------------------------------------------------------------------


def test_a_trace_as_digest_keeps_no_arrays_and_says_so() -> None:
    full, digest = a_trace(), a_trace(keep="digest")

    for trace in (full, digest):
        trace.record("Note", "a", {})
        record(trace, range(COUNT))

    assert digest.digest == full.digest
    assert [entry.id for entry in digest.entries()] == ["Note:a"]
    assert (digest.count, digest.dropped_count) == (COUNT + 1, COUNT)


def test_beyond_the_bound_the_oldest_arrays_go_and_the_end_says_how_many() -> None:
    size = (8 + 4 + 8 + 1) * 10
    trace = a_trace(kept_bytes_max=size)

    record(trace, range(10))
    record(trace, range(10, 20))

    *_, end = trace.lines()
    assert [entry.at for entry in trace.entries()] == list(range(1010, 1020))
    assert json.loads(end)["dropped"] == 10
    assert json.loads(end)["count"] == 20


def test_what_was_dropped_is_counted_by_kind() -> None:
    trace = a_trace(keep="digest")

    record(trace, range(3))
    record(trace, range(2), a_kind("Tapped"))

    assert trace.dropped == {"Shown": 3, "Tapped": 2}
    assert trace.dropped_count == 5


def test_batches_of_a_kind_are_found_up_to_a_mark() -> None:
    trace = a_trace()
    record(trace, range(3))
    record(trace, range(2), a_kind("Tapped"))
    mark = trace.mark()
    record(trace, range(4))

    assert [len(batch.rows) for batch in trace.batches("Shown", mark)] == [3]
    assert [len(batch.rows) for batch in trace.batches("Shown", trace.mark())] == [3, 4]
    assert trace.batches("Nothing", mark) == []


def test_batches_that_were_dropped_are_not_found() -> None:
    trace = a_trace(kept_bytes_max=100)
    record(trace, range(3))
    mark = trace.mark()
    record(trace, range(4))

    assert trace.batches("Shown", mark) == []
    assert [len(batch.rows) for batch in trace.batches("Shown", trace.mark())] == [4]


def test_free_form_entries_are_found_in_order_of_writing() -> None:
    trace = a_trace()
    trace.record("A", "one", {})
    after = trace.written_count
    record(trace, range(2))
    trace.record("B", "two", {})
    trace.record("A", "three", {})

    assert [entry.id for entry in trace.written("A", "B")] == ["A:one", "B:two", "A:three"]
    assert trace.find_first("A", after) == "A:three"
    assert trace.find_first("A", 0) == "A:one"
    assert trace.find_first("C", 0) is None


def test_a_trace_is_kept_in_one_of_two_ways() -> None:
    with pytest.raises(MisuseError, match='"full" or as "digest"'):
        a_trace(keep="some")


def _name(row: int, _what: int) -> tuple[str, dict[str, object]]:
    return str(row), {}


def _no_causes(_row: int, _what: int, _outcome: int) -> tuple[str, ...]:
    return ()
