"""Goal: lists are filtered, ordered and cut into pages as documented."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pushlab_testing.twilio import ALICE, BOB, SHOP, Shop


def a_shop_with(count: int) -> Shop:
    shop = Shop()
    for number in range(count):
        shop.send(ALICE if number % 2 else BOB, Body=f"{number}")
        shop.lab.advance(hours=6)
    return shop


def page(shop: Shop, query: str = "") -> Any:
    return json.loads(shop.request("GET", f"/Messages.json{query}").body)


def bodies(told: Any) -> list[str]:
    return [message["body"] for message in told["messages"]]


def follow(shop: Shop, address: str) -> Any:
    return page(shop, "?" + address.partition("?")[2])


def test_one_page_holds_all_that_fits() -> None:
    shop = a_shop_with(3)

    told = page(shop)

    assert bodies(told) == ["2", "1", "0"]
    assert (told["page"], told["page_size"], told["start"], told["end"]) == (0, 50, 0, 2)
    assert told["next_page_uri"] is None
    assert told["previous_page_uri"] is None
    assert told["first_page_uri"].endswith("/Messages.json?PageSize=50&Page=0")
    assert told["uri"] == told["first_page_uri"]


def test_pages_lead_to_one_another_and_new_messages_do_not_move_them() -> None:
    shop = a_shop_with(5)
    first = page(shop, "?PageSize=2")
    shop.send(Body="new")

    second = follow(shop, first["next_page_uri"])
    third = follow(shop, second["next_page_uri"])
    back = follow(shop, third["previous_page_uri"])

    assert [bodies(told) for told in (first, second, third)] == [["4", "3"], ["2", "1"], ["0"]]
    assert third["next_page_uri"] is None
    assert bodies(back) == ["2", "1"]
    assert (second["page"], second["start"], second["end"]) == (1, 2, 3)


def test_filters_stay_in_the_addresses_of_pages() -> None:
    shop = a_shop_with(5)

    first = page(shop, f"?To=%2B{BOB[1:]}&PageSize=1")
    second = follow(shop, first["next_page_uri"])

    assert (bodies(first), bodies(second)) == (["4"], ["2"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"From=%2B{SHOP[1:]}", "43210"),
        ("From=%2B14155550177", ""),
        ("To=2025550111", "31"),
        ("DateSent=2026-01-01", "3210"),
        ("DateSent=2026-01-01T06:00:00Z", "1"),
        ("DateSent%3E=2026-01-02", "4"),
        ("DateSent%3C=2026-01-01", "3210"),
        ("DateSent%3E=2026-01-01T06:00:00Z&DateSent%3C=2026-01-01T12:00:00Z", "21"),
        ("DateSent=yesterday", "43210"),
        ("PageSize=0", "4"),
        ("PageSize=many", "43210"),
        ("PageSize=5000", "43210"),
        ("PageSize=2&Page=1", "21"),
        ("PageSize=2&Page=1&PageToken=PASM1", "21"),
        ("Page=9", ""),
    ],
)
def test_a_list_is_filtered(query, expected) -> None:
    shop = a_shop_with(5)

    assert "".join(bodies(page(shop, f"?{query}"))) == expected


def test_what_was_not_sent_yet_has_no_date() -> None:
    shop = Shop()
    shop.send()

    assert bodies(page(shop, "?DateSent=2026-01-01")) == []
    assert bodies(page(shop)) == ["Hello"]
