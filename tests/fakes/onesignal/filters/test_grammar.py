"""Goal: a list of entries is read as OneSignal's page says. Method: its own examples, then limits.

The examples are those of "Create message", with the users that each is about; in the lists of the
second half something is wrong, and the refusal must say where and what fits.
"""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal.filters import FIELDS, parse_filters
from pushlab_testing.filtering import AND, OR, a_tagged_user, read, refuse, select, tag
from pushlab_testing.onesignal import Api, an_api

SESSIONS = {"field": "session_count", "relation": ">", "value": "2"}
SPENT = {"field": "amount_spent", "relation": ">", "value": "0"}


def open_app(api: Api, name: str, count: int) -> None:
    path = f"/apps/{{app}}/users/by/external_id/{name}"
    api.call("PATCH", path, {"deltas": {"session_count": count}})


def buy(api: Api, name: str) -> None:
    path = f"/apps/{{app}}/users/by/external_id/{name}"
    purchase = {"sku": "coins", "amount": "1", "iso": "USD"}
    api.call("PATCH", path, {"deltas": {"purchases": [purchase]}})


# The documents' examples.


@pytest.mark.parametrize("joint", [(), (AND,)])
def test_neighbours_and_those_joined_by_and_must_both_hold(joint: tuple[dict[str, object]]) -> None:
    api = an_api()
    for name, level in (("both", "10"), ("level", "10"), ("spent", "9")):
        a_tagged_user(api, name, level=level)
    buy(api, "both")
    buy(api, "spent")

    assert select(api, tag("level", "=", "10"), *joint, SPENT) == ["both"]


def test_or_needs_one_of_both() -> None:
    api = an_api()
    for level in ("10", "20", "30"):
        a_tagged_user(api, level, level=level)

    assert select(api, tag("level", "=", "10"), OR, tag("level", "=", "20")) == ["10", "20"]


def test_two_filters_or_one() -> None:
    api = an_api()
    a_tagged_user(api, "sessions long ago")
    a_tagged_user(api, "tagged, long ago", tag_key="1")
    a_tagged_user(api, "no sessions, long ago")
    open_app(api, "sessions long ago", 3)
    open_app(api, "tagged, long ago", 3)
    api.world.run_until(api.world.now + 31 * 3_600_000)
    a_tagged_user(api, "lately", tag_key="1")

    found = select(
        api,
        SESSIONS,
        AND,
        tag("tag_key", "!=", "1"),
        OR,
        {"field": "last_session", "relation": "<", "hours_ago": "30"},
    )

    assert found == ["sessions long ago", "lately"]


def test_a_filter_for_all_stands_in_each_part() -> None:
    api = an_api()
    a_tagged_user(api, "sessions")
    a_tagged_user(api, "tagged", tag_key="1")
    open_app(api, "sessions", 3)
    open_app(api, "tagged", 3)
    api.world.run_until(api.world.now + 31 * 3_600_000)
    a_tagged_user(api, "lately")
    a_tagged_user(api, "lately, tagged", tag_key="1")
    required = tag("tag_key", "!=", "1")

    found = select(
        api,
        SESSIONS,
        AND,
        required,
        OR,
        {"field": "last_session", "relation": "<", "hours_ago": "30"},
        AND,
        required,
    )

    assert found == ["sessions", "lately"]


def test_three_groups_with_two_requirements() -> None:
    api = an_api()
    for group in (1, 2, 3, 4):
        for requirement in (1, 2, 3):
            a_tagged_user(
                api,
                f"{group}{requirement}",
                **{f"group_{group}": "x", f"requirement_{requirement}": "x"},
            )
    pairs = [(group, requirement) for group in (1, 2, 3) for requirement in (1, 2)]
    entries = [
        entry
        for group, requirement in pairs
        for entry in (OR, tag(f"group_{group}"), AND, tag(f"requirement_{requirement}"))
    ]

    assert select(api, *entries[1:]) == ["11", "12", "21", "22", "31", "32"]


def test_and_binds_tighter_than_or() -> None:
    api = an_api()
    a_tagged_user(api, "a", a="1")
    a_tagged_user(api, "bc", b="1", c="1")
    a_tagged_user(api, "c", c="1")

    assert select(api, tag("a"), OR, tag("b"), AND, tag("c")) == ["a", "bc"]
    assert select(api, tag("b"), tag("c"), OR, tag("a")) == ["a", "bc"]


# Who is among the selected at all.


def test_the_selected_are_live_and_of_the_app_reachable_or_not() -> None:
    api = an_api()
    other, key = "99999999-2222-4333-8444-555555555555", {"authorization": "Key other"}
    silent = {"type": "AndroidPush", "token": "silent", "enabled": False}
    gone = {"type": "Email", "token": "gone"}
    user = api.a_user("alice", subscriptions=[silent, gone])
    api.call("DELETE", f"/apps/{{app}}/subscriptions/{user['subscriptions'][1]['id']}")
    body = {"identity": {"external_id": "bob"}, "subscriptions": [{"type": "SMS", "token": "+1"}]}
    api.call("POST", f"/apps/{other}/users", body, headers=key)

    assert select(api, tag("anything", "not_exists")) == ["silent"]


def test_a_world_without_users_selects_nobody() -> None:
    api = an_api()

    assert select(api, tag("a"), OR, SESSIONS, tag("b")) == []


def test_time_operators_are_known_as_what_a_plan_must_have() -> None:
    assert not read(tag("since", "=", "1")).needs_time_operators
    assert read(tag("a"), OR, tag("since", "time_elapsed_gt", 60)).needs_time_operators


# What is refused.


def test_two_hundred_filters_and_ors_fit_and_ands_are_free() -> None:
    entries = [tag("a")]
    for _ in range(199):
        entries += [AND, tag("a")]

    assert len(read(*entries).groups[0]) == 200
    assert refuse(*entries, tag("a")) == "filters may not have more than 200 entries."


def test_each_or_counts() -> None:
    entries = [tag("a")]
    for _ in range(99):
        entries += [OR, tag("a")]

    assert len(read(*entries, AND, tag("a")).groups) == 100
    assert refuse(*entries, OR, tag("a")) == "filters may not have more than 200 entries."


def test_no_filters_are_refused() -> None:
    assert refuse() == "filters must be an array of at least one filter."


def test_an_entry_that_is_no_object_is_refused() -> None:
    assert refuse(tag("a"), "tag") == "filters[1] must be an object."  # type: ignore[arg-type]


def test_all_fields_that_do_not_exist_are_named() -> None:
    answer = parse_filters([tag("a"), {"field": "colour"}, {"relation": "="}])

    assert getattr(answer, "status", 200) == 400
    assert b"Segment colour is not a valid filter field." in getattr(answer, "body", b"")
    assert b"Segment None is not a valid filter field." in getattr(answer, "body", b"")


@pytest.mark.parametrize(
    ("entries", "position"),
    [
        ((OR, tag("a")), 0),
        ((AND, tag("a")), 0),
        ((tag("a"), OR), 1),
        ((tag("a"), AND), 1),
        ((tag("a"), OR, OR, tag("b")), 2),
        ((tag("a"), AND, OR, tag("b")), 2),
        ((OR,), 0),
    ],
)
def test_an_operator_stands_between_two_filters(
    entries: tuple[dict[str, object], ...], position: int
) -> None:
    wanted = f"filters[{position}] must be a filter: an operator stands between two of them."

    assert refuse(*entries) == wanted


@pytest.mark.parametrize("operator", ["XOR", "or", "", None, ["OR"]])
def test_an_operator_is_and_or_or(operator: object) -> None:
    text = refuse(tag("a"), {"operator": operator}, tag("b"))

    assert text == "filters[1].operator must be AND or OR."


def test_an_entry_is_a_filter_or_an_operator() -> None:
    text = refuse(tag("a"), {**tag("b"), "operator": "OR"}, tag("c"))

    assert text == "filters[1] must be either a filter or an operator, not both."


@pytest.mark.parametrize("field", FIELDS)
def test_a_filter_without_anything_is_refused_with_its_place_and_field(field: str) -> None:
    text = refuse(tag("a"), AND, {"field": field})

    assert text.startswith("filters[2].")
    assert text.endswith(f"for the field {field}.")


@pytest.mark.parametrize("field", FIELDS)
def test_a_relation_that_a_field_does_not_have_is_refused_with_those_it_has(field: str) -> None:
    entry = {"field": field, "relation": "~", "key": "k", "value": "1", "hours_ago": "1"}
    if field == "location":
        entry |= {"radius": "x"}

    text = refuse(entry)

    assert text.startswith(f"filters[0].{'radius' if field == 'location' else 'relation'} must be")
