"""Goal: two traces are the same, or the first places where they part are shown in full."""

from __future__ import annotations

import json

from pushlab_scenarios.golden import CHANGES_SHOWN_MAX, compare

HEADER = '{"pushlab_trace":1,"seed":1}'
END = '{"digest":"ab","count":3,"dropped":0}'


def entry(name: str, **fields: object) -> str:
    return json.dumps({"at": "2026-01-01T00:00:00.000Z", "kind": "Shown", "id": name, **fields})


def test_the_same_traces_do_not_differ() -> None:
    lines = [HEADER, entry("a"), END]

    assert compare(lines, list(lines)) is None


def test_an_entry_that_says_something_else_shows_its_fields() -> None:
    kept = [HEADER, entry("a"), entry("b", outcome="shown", title="Hi"), END]
    now = [HEADER, entry("a"), entry("b", outcome="lost", badge=1), END.replace("ab", "cd")]

    found = compare(kept, now)

    assert found is not None
    [change] = found.changes
    assert (change.sign, change.number, found.alike) == ("~", 3, 2)
    assert change.text == "2026-01-01T00:00:00.000Z b"
    assert change.details == (
        ("outcome", '"shown"', '"lost"'),
        ("title", '"Hi"', "(not there)"),
        ("badge", "(not there)", "1"),
    )


def test_one_new_entry_is_one_change() -> None:
    kept = [HEADER, *(entry(str(number)) for number in range(50)), END]
    now = [*kept[:10], entry("new"), *kept[10:]]

    found = compare(kept, now)

    assert found is not None
    assert [(change.sign, change.number) for change in found.changes] == [("+", 11)]


def test_one_entry_less_is_one_change() -> None:
    kept = [HEADER, *(entry(str(number)) for number in range(50)), END]
    now = [*kept[:10], *kept[11:]]

    found = compare(kept, now)

    assert found is not None
    assert [(change.sign, change.number) for change in found.changes] == [("-", 11)]


def test_only_the_first_changes_are_shown() -> None:
    kept = [HEADER, *(entry(str(number), x=1) for number in range(50)), END]
    now = [HEADER, *(entry(str(number), x=2) for number in range(50)), END]

    found = compare(kept, now)

    assert found is not None
    assert (len(found.changes), found.more) == (CHANGES_SHOWN_MAX, 50 - CHANGES_SHOWN_MAX)


def test_another_header_and_another_end_are_changes_like_any_other() -> None:
    header = compare([HEADER, END], [HEADER.replace("1}", "2}"), END])
    end = compare([HEADER, END], [HEADER, END.replace("ab", "cd")])

    assert header is not None
    assert header.changes[0].details == (("seed", "1", "2"),)
    assert end is not None
    assert end.changes[0].text == "end of the trace"


def test_what_is_no_trace_at_all_differs() -> None:
    found = compare(["nonsense", "[1]"], [HEADER])

    assert found is not None
    assert [change.sign for change in found.changes] == ["-", "-", "+"]
