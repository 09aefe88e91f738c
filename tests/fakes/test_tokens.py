"""Goal: a registry stores no token text and still finds the route of what it issued."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pushlab.world.world import World
from pushlab_fakes.apns import tokens as apns
from pushlab_fakes.fcm import tokens as fcm
from pushlab_fakes.tokens import NEVER, TokenRegistry

KEYS = st.integers(0, 2**64 - 1)


def a_registry(seed: int = 0) -> TokenRegistry:
    return TokenRegistry(World(seed), "test token", fcm.render_token, fcm.parse_token)


def issue(registry: TokenRegistry, *devices: int, generation: int = 0) -> list[int]:
    routes: list[int] = registry.issue(
        np.array(devices, np.int32),
        np.array(devices, np.uint64) + np.uint64(1_000),
        np.full(len(devices), generation, np.int16),
    ).tolist()
    return routes


@given(KEYS)
def test_every_token_carries_its_key(key: int) -> None:
    assert fcm.parse_token(fcm.render_token(key)) == key
    assert apns.parse_token(apns.render_token(key)) == key


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_tokens(text: str) -> None:
    registry = a_registry()
    issue(registry, 1)

    assert registry.find(text) == -1
    assert apns.parse_token(text) is None or len(text) == 64


def test_a_new_token_lives_and_belongs_to_its_device() -> None:
    registry = a_registry()

    (route,) = issue(registry, 7)

    assert registry.device[route] == 7
    assert registry.dead_at[route] == registry.told_at[route] == NEVER
    assert registry.find(registry.render(route)) == route


def test_tokens_depend_on_device_generation_and_seed_alone() -> None:
    first, second, other = a_registry(), a_registry(), a_registry(seed=1)
    issue(second, 8)

    texts = [
        first.render(issue(first, 7)[0]),
        second.render(issue(second, 7)[0]),
        first.render(issue(first, 7, generation=1)[0]),
        other.render(issue(other, 7)[0]),
    ]

    assert texts[0] == texts[1]
    assert len({texts[0], texts[2], texts[3]}) == 3


def test_a_token_with_another_tail_is_not_found() -> None:
    registry = a_registry()
    token = registry.render(issue(registry, 7)[0])

    assert registry.find(token[:-1] + ("A" if token[-1] != "A" else "B")) == -1


def test_a_token_of_another_world_is_not_found() -> None:
    registry, other = a_registry(), a_registry(seed=1)
    issue(registry, 7)

    assert registry.find(other.render(issue(other, 7)[0])) == -1
