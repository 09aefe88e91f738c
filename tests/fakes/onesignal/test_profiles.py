"""Goal: what few users have is kept, shown and forgotten. Method: one user among three."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.errors import LimitError
from pushlab_fakes.onesignal.bodies import Purchase
from pushlab_fakes.onesignal.profiles import NEVER, PURCHASES_MAX, SPENT_MAX, Profiles

RATES = "EUR 1.1"
COINS = Purchase("coins", "0.10", "USD", 3)


def profiles() -> Profiles:
    return Profiles(range(3))


def test_of_a_user_of_whom_nothing_was_said_nothing_is_shown() -> None:
    assert profiles().get(1) == {}


def test_a_place_and_an_address_are_shown() -> None:
    held = profiles()
    held.set(1, {"lat": 1.5, "long": -2.0, "ip": "203.0.113.7"})

    assert held.get(1) == {"lat": 1.5, "long": -2.0, "ip": "203.0.113.7"}


def test_half_a_place_is_shown_as_half() -> None:
    held = profiles()
    held.set(1, {"lat": 1.5})

    assert held.get(1) == {"lat": 1.5}
    held.set(2, {"long": 3.0})
    assert held.get(2) == {"long": 3.0}


def test_purchases_add_up_without_a_rounding_error() -> None:
    held = profiles()
    added = [held.buy(1, [COINS], RATES) for _ in range(2)]

    assert added == ["0.3", "0.3"]
    shown = {"sku": "coins", "amount": "0.10", "iso": "USD", "count": 3}
    assert held.get(1) == {"amount_spent": 0.6, "purchases": [shown, shown]}


def test_each_thing_has_a_sum_of_its_own() -> None:
    held = profiles()
    held.buy(1, [COINS, Purchase("sword", "10", "EUR"), COINS], RATES)

    assert held.find_sku(1, "coins") == 600_000
    assert held.read_sku("sword").tolist() == [NEVER, 11_000_000, NEVER]
    assert held.read_sku("shield").tolist() == [NEVER] * 3


def test_a_sum_that_the_client_gives_wins_over_its_purchases() -> None:
    held = profiles()

    assert held.buy(1, [COINS], RATES, "5") == "5"
    assert held.get(1)["amount_spent"] == 5
    assert held.find_sku(1, "coins") == 300_000


def test_old_purchases_stay_in_the_sum_only() -> None:
    held = profiles()
    for _ in range(PURCHASES_MAX + 1):
        held.buy(1, [Purchase("a", "1", "USD")], RATES)

    shown = held.get(1)
    assert shown["amount_spent"] == PURCHASES_MAX + 1
    assert isinstance(shown["purchases"], list)
    assert len(shown["purchases"]) == PURCHASES_MAX


def test_more_than_64_bits_of_money_is_a_limit_and_changes_nothing() -> None:
    held = profiles()
    held.buy(1, [COINS], RATES)
    before = held.get(1)

    with pytest.raises(LimitError):
        held.buy(1, [Purchase("coins", str(SPENT_MAX), "USD")], RATES)

    assert held.get(1) == before


def test_a_user_who_goes_leaves_nothing() -> None:
    held = profiles()
    held.set(1, {"lat": 1.5, "long": -2.0, "ip": "203.0.113.7"})
    held.buy(1, [COINS], RATES)

    held.drop(1)

    assert held.get(1) == {}
    assert held.nbytes == 0


def test_a_snapshot_brings_all_back() -> None:
    held = profiles()
    held.set(1, {"lat": 1.5, "ip": "203.0.113.7"})
    held.buy(1, [COINS], RATES)
    before, snap = held.get(1), held.snapshot()
    held.buy(1, [COINS], RATES)
    held.buy(2, [Purchase("sword", "1", "USD")], RATES)
    held.drop(1)

    held.restore(snap)

    assert held.get(1) == before
    assert held.get(2) == {}
    assert held.read_sku("sword").tolist() == [NEVER] * 3
    assert np.isnan(held.longitudes.get(1))
