"""Goal: ids are a fixed function of content, and a world reads its own ids and no others.

Method: golden values, random parts and keys, every single-character change of one UUID.
"""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.world.ids import Ids, content_key
from pushlab.world.randomness import mix

KEYS = st.integers(0, 2**64 - 1)
PARTS = st.lists(st.text() | st.integers(), max_size=4).map(tuple)


# --- content keys ----------------------------------------------------------------------------


def test_the_ids_of_a_seed_never_change() -> None:
    ids = Ids(0)

    assert content_key("a", 1) == 4454811979604780377
    assert ids.key("user", "x") == 10404645089715585117
    assert ids.member_keys(5, 0, 2).tolist() == [7134611160154358618, 13877614986023876344]
    assert ids.uuid("user", 1) == "e58da6cc-1a6b-43db-95f7-e729d4df52cb"


@given(PARTS, PARTS)
def test_only_equal_parts_have_equal_keys(
    first: tuple[str | int, ...], second: tuple[str | int, ...]
) -> None:
    assert (content_key(*first) == content_key(*second)) == (first == second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("ab", "c"), ("a", "bc")),
        (("1",), (1,)),
        ((1, 2), (12,)),
        ((), ("",)),
        (("a", ""), ("", "a")),
        (("s1:a",), ("s", "a")),
        (("i1;",), (1,)),
    ],
)
def test_parts_that_read_alike_have_different_keys(
    first: tuple[str | int, ...], second: tuple[str | int, ...]
) -> None:
    assert content_key(*first) != content_key(*second)


def test_half_a_surrogate_pair_has_a_key_too() -> None:
    assert content_key("\ud83d") != content_key("\ude00")


def test_a_number_of_numpy_counts_as_an_integer() -> None:
    assert content_key(np.int64(7)) == content_key(7)  # type: ignore[arg-type]


def test_keys_depend_on_seed_and_kind() -> None:
    keys = {Ids(seed).key(kind, "x") for seed in (0, 1) for kind in ("user", "app")}

    assert len(keys) == 4


# --- populations -----------------------------------------------------------------------------


@given(KEYS, st.integers(0, 2**40), st.integers(0, 50))
def test_a_member_is_named_by_population_and_index_alone(base: int, first: int, count: int) -> None:
    keys = Ids(0).member_keys(base, first, count)

    assert keys.dtype == np.uint64
    assert keys.tolist() == [
        mix(base + (index + 1) * 0x9E3779B97F4A7C15) for index in range(first, first + count)
    ]


def test_a_population_made_in_parts_has_the_same_members() -> None:
    ids = Ids(0)

    parts = [*ids.member_keys(9, 0, 40_000), *ids.member_keys(9, 40_000, 30_000)]

    assert parts == ids.member_keys(9, 0, 70_000).tolist()


# --- UUIDs -----------------------------------------------------------------------------------


@given(st.integers(), st.text(), KEYS)
def test_a_world_reads_the_key_in_its_own_uuid(seed: int, kind: str, key: int) -> None:
    ids = Ids(seed)

    assert ids.find_key(kind, ids.uuid(kind, key)) == key


@given(KEYS)
def test_an_id_is_a_version_4_uuid(key: int) -> None:
    text = Ids(0).uuid("user", key)

    parsed = uuid.UUID(text)
    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)


def test_upper_case_is_read_like_lower_case() -> None:
    ids = Ids(0)

    assert ids.find_key("user", ids.uuid("user", 77).upper()) == 77


@given(KEYS)
def test_the_uuid_of_another_kind_or_seed_is_foreign(key: int) -> None:
    ids = Ids(0)

    assert ids.find_key("user", ids.uuid("app", key)) is None
    assert ids.find_key("user", Ids(1).uuid("user", key)) is None


@given(st.uuids())
def test_a_uuid_from_elsewhere_is_foreign(foreign: uuid.UUID) -> None:
    assert Ids(0).find_key("user", str(foreign)) is None


@pytest.mark.parametrize("place", [place for place in range(36) if place not in {8, 13, 18, 23}])
def test_a_uuid_with_one_digit_changed_is_foreign(place: int) -> None:
    ids = Ids(0)
    text = ids.uuid("user", 77)
    other = "0" if text[place] != "0" else "f"

    assert ids.find_key("user", text[:place] + other + text[place + 1 :]) is None


OWN = Ids(0).uuid("user", 77)


@pytest.mark.parametrize("change", [0x4 << 60, 0x8 << 60, 0xC << 60, 1 << 76, 4 << 76])
def test_a_uuid_of_another_version_or_variant_is_foreign(change: int) -> None:
    changed = uuid.UUID(int=uuid.UUID(OWN).int ^ change)

    assert Ids(0).find_key("user", str(changed)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        OWN.replace("-", ""),
        f"{{{OWN}}}",
        f"urn:uuid:{OWN}",
        f" {OWN}",
        f"{OWN}\n",
        OWN[:-1],
        f"{OWN}0",
        OWN.replace("-", "_"),
        OWN[:-1] + "g",
        OWN[:-1] + "\u0663",
    ],
)
def test_what_is_not_written_as_a_uuid_is_foreign(text: str) -> None:
    assert Ids(0).find_key("user", text) is None
