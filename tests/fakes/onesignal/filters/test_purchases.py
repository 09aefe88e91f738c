"""Goal: dollars are compared exactly, for all things and for one. Method: small purchases."""

from __future__ import annotations

import pytest

from pushlab_testing.filtering import explain, select
from pushlab_testing.onesignal import Api, an_api


def shoppers(**settings: object) -> Api:
    """Return an API with three: one bought nothing, one coins, one coins and a sword in euros."""
    api = an_api(settings=settings)
    bought = {
        "nothing": [],
        "coins": [{"sku": "coins", "amount": "0.10", "iso": "USD", "count": 3}],
        "both": [
            {"sku": "coins", "amount": 1, "iso": "USD"},
            {"sku": "sword", "amount": "10", "iso": "EUR"},
        ],
    }
    for name, purchases in bought.items():
        api.a_user(name, subscriptions=[{"type": "AndroidPush", "token": name}])
        path = f"/apps/{{app}}/users/by/external_id/{name}"
        api.call("PATCH", path, {"deltas": {"purchases": purchases}})
    return api


@pytest.mark.parametrize(
    ("relation", "value", "found"),
    [
        (">", "0", ["coins", "both"]),
        ("=", "0.3", ["coins"]),
        ("=", 0, ["nothing"]),
        ("<", "0.30", ["nothing"]),
        (">", "0.299999999", ["coins", "both"]),
        (">", "11.79", ["both"]),
        ("=", "11.8", ["both"]),
    ],
)
def test_the_sum_of_all_purchases_is_compared(
    relation: str, value: object, found: list[str]
) -> None:
    entry = {"field": "amount_spent", "relation": relation, "value": value}

    assert select(shoppers(), entry) == found


@pytest.mark.parametrize(
    ("sku", "relation", "value", "found"),
    [
        ("coins", ">", "0.30", ["both"]),
        ("coins", "<", "10", ["coins", "both"]),
        ("coins", "=", "0.3", ["coins"]),
        ("sword", ">", "10", ["both"]),
        ("shield", "<", "10", []),
    ],
)
def test_the_sum_for_one_thing_is_compared(
    sku: str, relation: str, value: str, found: list[str]
) -> None:
    entry = {"field": "bought_sku", "key": sku, "relation": relation, "value": value}

    assert select(shoppers(), entry) == found


def test_who_never_bought_a_thing_may_count_as_having_spent_nothing_on_it() -> None:
    entry = {"field": "bought_sku", "key": "sword", "relation": "<", "value": "10"}

    assert select(shoppers(filter_unbought_is_zero=True), entry) == ["nothing", "coins"]


def test_purchases_are_told_with_what_was_seen() -> None:
    api = shoppers()
    spent = {"field": "amount_spent", "relation": ">", "value": "20"}
    sword = {"field": "bought_sku", "key": "sword", "relation": ">", "value": "1"}

    told = [(each.text, each.matches, each.seen) for each in explain(api, 1, spent, sword)]
    both = explain(api, 2, sword)

    assert told == [
        ("amount_spent > 20 USD", False, "amount_spent is 0.3 USD"),
        ("bought_sku sword > 1 USD", False, "never bought sword"),
    ]
    assert (both[0].matches, both[0].seen) == (True, "spent 10.8 USD on sword")
