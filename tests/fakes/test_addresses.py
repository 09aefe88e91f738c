"""Goal: addresses are found in any spelling, given or derived, and nobody gets another's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import LimitError, MisuseError
from pushlab.gateway import Channel
from pushlab.world.ids import content_key
from pushlab.world.world import World
from pushlab_fakes.addresses import TRIES_MAX, Addresses, AddressRegistrar, MailForm, NumberForm

FIRST = np.arange(3, dtype=np.int32)


def mailboxes(seed: int = 0) -> Addresses:
    return Addresses(World(seed), Channel.EMAIL, MailForm())


def numbers(seed: int = 0) -> Addresses:
    return Addresses(World(seed), Channel.SMS, NumberForm())


# --- given -----------------------------------------------------------------------------------


def test_a_given_address_is_kept_as_it_was_written() -> None:
    held = mailboxes()

    route = held.assign(7, "Alice@Example.com")

    assert held.render(route) == "Alice@Example.com"
    assert held.device[route] == 7


@pytest.mark.parametrize(
    "spelling", ["alice@example.com", "ALICE@EXAMPLE.COM", "Alice@example.Com"]
)
def test_a_mail_address_is_found_in_any_case(spelling: str) -> None:
    held = mailboxes()
    route = held.assign(7, "Alice@Example.com")

    assert held.find(spelling) == route


@pytest.mark.parametrize("spelling", ["ALICE@example.com", "alice@example.com"])
def test_a_taken_mail_address_is_refused_in_any_case(spelling: str) -> None:
    held = mailboxes()
    held.assign(7, "alice@example.com")

    with pytest.raises(MisuseError, match="belongs to a device already; choose another"):
        held.assign(8, spelling)


@pytest.mark.parametrize(
    "text", ["", "alice", "alice@", "@example.com", "a b@example.com", "A <a@b.test>", "a@b@c"]
)
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    with pytest.raises(MisuseError, match=r'write one such as "alice@example\.com"'):
        mailboxes().assign(7, text)


@pytest.mark.parametrize("text", ["", "12025550100", "+1 202 555", "+0123456789", "+123456", "x"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(MisuseError, match=r"no number in E\.164 form; write a plus"):
        numbers().assign(7, text)


def test_the_key_of_an_address_is_the_one_that_a_service_gives_it_unseen() -> None:
    held = mailboxes(seed=9)

    route = held.assign(7, "Alice@example.com")

    assert held.key[route] == content_key("token", 11, "alice@example.com")


def test_nobody_has_an_address_that_was_never_given() -> None:
    held = mailboxes()
    held.assign(7, "alice@example.com")

    assert held.find("bob@example.com") == held.find("") == -1


# --- derived ---------------------------------------------------------------------------------


def test_the_addresses_of_a_population_carry_its_prefix_and_numbers() -> None:
    held = mailboxes()

    routes = held.assign_members(FIRST, "crowd").tolist()

    assert [held.render(route) for route in routes] == [
        "crowd-000001@example.com",
        "crowd-000002@example.com",
        "crowd-000003@example.com",
    ]
    assert [held.find(f"Crowd-00000{number}@EXAMPLE.com") for number in (1, 2, 3)] == routes


def test_members_are_numbered_from_where_the_caller_begins() -> None:
    held = mailboxes()

    routes = held.assign_members(FIRST, "crowd", 701).tolist()

    assert held.render(routes[0]) == "crowd-000701@example.com"
    assert held.find("crowd-000001@example.com") == -1


def test_the_numbers_of_a_population_follow_one_another() -> None:
    held = numbers()

    routes = held.assign_members(FIRST, "crowd").tolist()
    texts = [held.render(route) for route in routes]

    assert [int(text) - int(texts[0]) for text in texts] == [0, 1, 2]
    assert texts[0].startswith("+1")
    assert len(texts[0]) == 12
    assert [held.find(text) for text in texts] == routes


@pytest.mark.parametrize(
    "text",
    [
        "crowd-000000@example.com",
        "crowd-000004@example.com",
        "crowd-1@example.com",
        "crowd-0000001@example.com",
        "crowd-000001@example.org",
        "crowd@example.com",
        "crowd-\u0660\u0660\u0660\u0660\u0660\u0661@example.com",
        f"crowd-{'1' * 5_000}@example.com",
    ],
)
def test_what_only_looks_like_a_member_is_nobody(text: str) -> None:
    held = mailboxes()
    held.assign_members(FIRST, "crowd")

    assert held.find(text) == -1


def test_given_and_derived_addresses_stand_side_by_side() -> None:
    held = mailboxes()
    first = held.assign(0, "alice@example.com")
    crowd = held.assign_members(FIRST, "crowd").tolist()
    last = held.assign(9, "bob@example.com")
    other = held.assign_members(FIRST, "other").tolist()

    texts = [held.render(route) for route in (first, crowd[2], last, other[0])]

    assert texts == [
        "alice@example.com",
        "crowd-000003@example.com",
        "bob@example.com",
        "other-000001@example.com",
    ]


def test_a_derived_address_cannot_be_given() -> None:
    held = mailboxes()
    held.assign_members(FIRST, "crowd")

    with pytest.raises(MisuseError, match="belongs to a device already"):
        held.assign(9, "crowd-000002@example.com")


def test_a_population_goes_around_an_address_that_was_given() -> None:
    held = mailboxes()
    held.assign(9, "Crowd-000002@example.com")

    routes = held.assign_members(FIRST, "crowd").tolist()

    assert held.render(routes[0]) == "crowd.1-000001@example.com"


def test_two_populations_whose_prefixes_read_alike_share_no_address() -> None:
    held = mailboxes()

    routes = [*held.assign_members(FIRST, "a b"), *held.assign_members(FIRST, "A-b")]

    assert len({held.render(int(route)).lower() for route in routes}) == 6


def test_two_parts_of_one_population_go_on_with_its_prefix() -> None:
    held = mailboxes()
    held.assign_members(FIRST, "crowd")

    routes = held.assign_members(FIRST, "crowd", 4).tolist()

    assert held.render(routes[0]) == "crowd-000004@example.com"


def test_populations_of_numbers_share_none() -> None:
    held = numbers()

    routes = [
        route
        for population in range(60)
        for route in held.assign_members(FIRST, f"crowd {population}").tolist()
    ]

    texts = [held.render(route) for route in routes]
    assert len(set(texts)) == 180
    assert [held.find(text) for text in texts] == routes


def test_a_prefix_without_a_free_place_is_a_limit_and_no_endless_search() -> None:
    held = mailboxes()
    held.assign(9, "crowd-000001@example.com")
    for tried in range(1, TRIES_MAX):
        held.assign(9, f"crowd.{tried}-000001@example.com")

    with pytest.raises(LimitError, match="no 3 free addresses"):
        held.assign_members(FIRST, "crowd")


def test_derived_addresses_do_not_depend_on_the_seed_but_their_keys_do() -> None:
    one, other = mailboxes(1), mailboxes(2)

    routes = [held.assign_members(FIRST, "crowd")[0] for held in (one, other)]

    assert one.render(routes[0]) == other.render(routes[1])
    assert one.key[routes[0]] != other.key[routes[1]]


def test_a_million_addresses_are_two_columns() -> None:
    held = mailboxes()

    held.assign_members(np.arange(1_000_000, dtype=np.int32), "crowd")

    assert held.nbytes <= 13 * 2**20
    assert held.find("crowd-1000000@example.com") == 999_999


# --- devices ---------------------------------------------------------------------------------


def test_devices_stand_behind_routes_and_nobody_behind_none() -> None:
    held = mailboxes()

    empty = held.devices_of(np.array([-1], np.int32)).tolist()
    route = held.assign(7, "alice@example.com")

    assert empty == [-1]
    assert held.devices_of(np.array([route, -1], np.int32)).tolist() == [7, -1]
    assert held.devices_of(np.array([route], np.int32)).tolist() == [7]


def test_a_gateway_to_addresses_gives_those_that_are_chosen_and_no_others() -> None:
    registrar = AddressRegistrar(mailboxes())

    route = registrar.assign(7, "alice@example.com")
    members = registrar.assign_members(FIRST, "crowd")

    assert registrar.find_route("Alice@example.com") == route
    assert registrar.render_token(int(members[0])) == "crowd-000001@example.com"
    with pytest.raises(MisuseError, match=r"chosen, not issued; call assign\(device, address\)"):
        registrar.issue(FIRST, np.zeros(3, np.int16))


def test_an_address_stays_whose_it_is_when_an_app_gives_it_up() -> None:
    registrar = AddressRegistrar(mailboxes())
    routes = np.array([registrar.assign(7, "alice@example.com")], np.int32)

    registrar.retire(np.zeros(1, np.int64), routes)

    assert registrar.devices_of(routes).tolist() == [7]


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_addresses(text: str) -> None:
    for held in (mailboxes(), numbers()):
        held.assign_members(FIRST, "crowd")

        assert held.find(text) in range(-1, 3)
