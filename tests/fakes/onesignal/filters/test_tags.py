"""Goal: each relation on a tag selects whom it should. Method: users with one tag and without."""

from __future__ import annotations

import pytest

from pushlab_testing.filtering import a_tagged_user, explain, read, refuse, select, tag
from pushlab_testing.onesignal import Api, an_api

NOW_S = 1_767_225_600
"""The world's start in Unix seconds."""


def leveled(*levels: object, **settings: object) -> Api:
    """Return an API with a user "none" without the tag, and one for each level, so called."""
    api = an_api(settings=settings)
    a_tagged_user(api, "none")
    for level in levels:
        a_tagged_user(api, str(level), level=level)
    return api


@pytest.mark.parametrize(
    ("relation", "value", "found"),
    [
        ("=", "10", ["10", "10.0"]),
        ("=", 10, ["10", "10.0"]),
        ("=", "gold", ["gold"]),
        ("=", "", []),
        ("!=", "10", ["none", "9", "gold"]),
        ("!=", "gold", ["none", "9", "10", "10.0"]),
        (">", "9", ["10", "10.0", "gold"]),
        ("<", "10", ["9"]),
        ("<", "9.5", ["9"]),
        (">", "a", ["gold"]),
        ("exists", None, ["9", "10", "10.0", "gold"]),
        ("not_exists", None, ["none"]),
        ("in_array", "9, gold ,x", ["9", "gold"]),
        ("not_in_array", "9,gold", ["none", "10", "10.0"]),
    ],
)
def test_a_relation_selects(relation: str, value: object, found: list[str]) -> None:
    api = leveled("9", "10", "10.0", "gold")

    assert select(api, tag("level", relation, value)) == found


def test_numbers_may_be_equal_only_as_texts() -> None:
    api = leveled("10", "10.0", filter_numbers_equal=False)

    assert select(api, tag("level", "=", "10")) == ["10"]
    assert select(api, tag("level", "!=", "10")) == ["none", "10.0"]
    assert select(api, tag("level", ">", "9")) == ["10", "10.0"]


def test_who_has_no_tag_may_be_left_out_of_what_differs() -> None:
    api = leveled("9", filter_absent_differs=False)

    assert select(api, tag("level", "!=", "10")) == ["9"]
    assert select(api, tag("level", "not_in_array", "1,2")) == ["9"]
    assert select(api, tag("level", "not_exists")) == ["none"]


def test_texts_may_have_no_order() -> None:
    api = leveled("9", "gold", filter_texts_ordered=False)

    assert select(api, tag("level", ">", "1")) == ["9"]
    assert select(api, tag("level", ">", "a")) == []


def test_a_tag_that_nobody_has_selects_nobody_or_all() -> None:
    api = leveled("9")

    assert select(api, tag("unheard", "=", "1")) == []
    assert select(api, tag("unheard", ">", "1")) == []
    assert select(api, tag("unheard", "!=", "1")) == ["none", "9"]


@pytest.mark.parametrize(
    ("relation", "value", "found"),
    [
        ("time_elapsed_gt", "3600", ["2 h"]),
        ("time_elapsed_gt", "3599.999", ["1 h", "2 h"]),
        ("time_elapsed_lt", 3_600, ["now", "soon"]),
        ("time_elapsed_lt", "3600.001", ["now", "soon", "1 h"]),
    ],
)
def test_time_goes_by_since_the_instant_in_a_tag(
    relation: str, value: object, found: list[str]
) -> None:
    api = an_api()
    instants = {
        "now": NOW_S,
        "soon": NOW_S + 60,
        "1 h": NOW_S - 3_600,
        "2 h": NOW_S - 7_200,
        "odd": "yesterday",
    }
    for name, instant in instants.items():
        a_tagged_user(api, name, since=instant)
    a_tagged_user(api, "never")

    assert select(api, tag("since", relation, value)) == found


def test_elapsed_time_follows_the_clock() -> None:
    api = an_api()
    a_tagged_user(api, "now", since=NOW_S)
    filters = read(tag("since", "time_elapsed_gt", "60"))

    before = filters.matches(api.belief, 0)
    api.world.run_until(api.world.now + 60_001)

    assert (before, filters.matches(api.belief, 0)) == (False, True)


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (tag("", "=", "1"), "filters[0].key must be a non-empty string for the field tag."),
        (tag("a", "="), "filters[0].value must be a string for the field tag."),
        (tag("a", "in_array"), "filters[0].value must be a string for the field tag."),
        (tag("a", "in_array", " , "), "filters[0].value must be 1 to 20 values with commas"),
        (tag("a", "in_array", ",".join("x" * 21)), "filters[0].value must be 1 to 20 values"),
        (tag("a", "time_elapsed_gt", "x"), "filters[0].value must be a number of seconds"),
        (tag("a", "time_elapsed_lt", "-1"), "filters[0].value must be a number of seconds"),
    ],
)
def test_operands_that_do_not_fit_are_refused(entry: dict[str, object], wanted: str) -> None:
    assert refuse(entry).startswith(wanted)


@pytest.mark.parametrize(
    ("entry", "text", "seen"),
    [
        (tag("level", "=", 10), 'tag level = "10"', 'tag level is "9"'),
        (tag("level", ">", "10"), 'tag level > "10"', 'tag level is "9"'),
        (tag("vip"), "tag vip exists", "no tag vip"),
        (tag("level", "in_array", "1,2"), 'tag level in_array "1", "2"', 'tag level is "9"'),
        (
            tag("since", "time_elapsed_lt", "60"),
            "tag since time_elapsed_lt 60 s",
            f'tag since is "{NOW_S - 90}", 90 s ago',
        ),
        (tag("vip", "time_elapsed_lt", "1"), "tag vip time_elapsed_lt 1 s", "no tag vip"),
    ],
)
def test_a_tag_is_told_with_what_was_seen(entry: dict[str, object], text: str, seen: str) -> None:
    api = an_api()
    a_tagged_user(api, "a", level="9", since=NOW_S - 90)

    (finding,) = explain(api, 0, entry)

    assert (finding.text, finding.seen, finding.scope, finding.matches) == (
        text,
        seen,
        "user",
        False,
    )
