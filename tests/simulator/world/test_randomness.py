"""Goal: luck is a fixed function, the same for one number and for arrays, of good quality.

Method: golden values, random keys through both forms, every bend of the exponential's table
against `decimal`, and a few sums over many draws.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import LimitError
from pushlab.world import randomness
from pushlab.world.randomness import Randomness, mix, mix_array, threshold, unmix

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = st.integers(0, 2**64 - 1)
SEEDS = st.integers(-(2**70), 2**70)
BOUNDS = st.integers(1, 2**32 - 1)
MEANS = st.integers(0, 2**38 - 1)
LISTS = st.lists(WORDS, min_size=1, max_size=20)
MANY = 100_000


def list_words(numbers: list[int]) -> NDArray[np.uint64]:
    return np.array(numbers, dtype=np.uint64)


# --- mixing ----------------------------------------------------------------------------------


def test_mix_is_the_published_finalizer() -> None:
    # The first outputs of splitmix64 seeded with 1234567, as published with its test vectors.
    state, step = 1234567, 0x9E3779B97F4A7C15

    outputs = [mix(state + step), mix(state + 2 * step), mix(state + 3 * step)]

    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(WORDS)
def test_unmix_undoes_mix(word: int) -> None:
    assert unmix(mix(word)) == word


@given(LISTS)
def test_mixing_an_array_is_mixing_each_element(words: list[int]) -> None:
    assert mix_array(list_words(words)).tolist() == [mix(word) for word in words]


def test_mixing_an_array_keeps_its_shape_and_leaves_it_alone() -> None:
    words = np.arange(6, dtype=np.uint64).reshape(2, 3)

    mixed = mix_array(words)

    assert mixed.shape == (2, 3)
    assert words.tolist() == [[0, 1, 2], [3, 4, 5]]


# --- the function ----------------------------------------------------------------------------


def test_the_luck_of_a_seed_never_changes() -> None:
    luck = Randomness(0)

    assert luck.key("push.delay") == 13842450737384465055
    assert luck.draw("push.delay", 1, 2) == 13609106448924273420
    assert luck.below("push.delay", 1, 2, 1_000) == 737
    assert luck.exponential("push.delay", 1, 2, 60_000) == 80_307
    assert luck.chance("push.delay", 1, 2, threshold(0.74)) is True
    assert luck.chance("push.delay", 1, 2, threshold(0.73)) is False


def test_luck_does_not_depend_on_what_was_drawn_before() -> None:
    used, fresh = Randomness(1), Randomness(1)
    used.draw("other", 1, 1)
    used.draw("delay", 2, 1)

    assert used.draw("delay", 1, 1) == fresh.draw("delay", 1, 1)


@pytest.mark.parametrize(
    ("seed", "purpose", "who", "what"),
    [(2, "a", 3, 4), (1, "b", 3, 4), (1, "a", 4, 4), (1, "a", 3, 5)],
)
def test_luck_depends_on_seed_purpose_who_and_what(
    seed: int, purpose: str, who: int, what: int
) -> None:
    assert Randomness(seed).draw(purpose, who, what) != Randomness(1).draw("a", 3, 4)


# --- one number and arrays -------------------------------------------------------------------


@given(SEEDS, LISTS, WORDS)
def test_an_array_of_who_draws_as_each_who(seed: int, whos: list[int], what: int) -> None:
    luck = Randomness(seed)

    drawn = luck.draw("p", list_words(whos), what)

    assert drawn.dtype == np.uint64
    assert drawn.tolist() == [luck.draw("p", who, what) for who in whos]


@given(SEEDS, WORDS, LISTS)
def test_an_array_of_what_draws_as_each_what(seed: int, who: int, whats: list[int]) -> None:
    luck = Randomness(seed)

    drawn = luck.draw("p", who, list_words(whats))

    assert drawn.tolist() == [luck.draw("p", who, what) for what in whats]


@given(SEEDS, st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=20))
def test_two_arrays_draw_pair_by_pair(seed: int, pairs: list[tuple[int, int]]) -> None:
    luck = Randomness(seed)
    whos, whats = zip(*pairs, strict=True)

    drawn = luck.draw("p", list_words(list(whos)), list_words(list(whats)))

    assert drawn.tolist() == [luck.draw("p", who, what) for who, what in pairs]


@given(LISTS, WORDS, st.integers(-5, 2**32 + 5))
def test_chances_agree_in_both_forms(whos: list[int], what: int, bound: int) -> None:
    luck = Randomness(3)

    chances = luck.chance("p", list_words(whos), what, bound)

    assert chances.dtype == np.bool_
    assert chances.tolist() == [luck.chance("p", who, what, bound) for who in whos]


@given(LISTS, WORDS, BOUNDS)
def test_picks_agree_in_both_forms(whos: list[int], what: int, bound: int) -> None:
    luck = Randomness(3)

    picks = luck.below("p", list_words(whos), what, bound)

    assert picks.dtype == np.int64
    assert picks.tolist() == [luck.below("p", who, what, bound) for who in whos]


@given(LISTS, WORDS, MEANS)
def test_delays_agree_in_both_forms(whos: list[int], what: int, mean_ms: int) -> None:
    luck = Randomness(3)

    delays = luck.exponential("p", list_words(whos), what, mean_ms)

    assert delays.dtype == np.int64
    assert delays.tolist() == [luck.exponential("p", who, what, mean_ms) for who in whos]


def test_all_blocks_of_a_long_array_agree_with_single_draws() -> None:
    luck = Randomness(4)
    whos = np.arange(MANY, dtype=np.uint64)
    some = [0, 1, 32_767, 32_768, 65_535, 65_536, MANY - 1]

    delays = luck.exponential("p", whos, whos, 86_400_000)

    assert delays[some].tolist() == [luck.exponential("p", n, n, 86_400_000) for n in some]


@pytest.mark.parametrize("count", [0, 1, 8, 9])
def test_the_short_way_and_the_long_way_meet_without_a_seam(count: int) -> None:
    luck = Randomness(4)

    drawn = luck.draw("p", np.arange(count, dtype=np.uint64), 7)

    assert drawn.dtype == np.uint64
    assert drawn.tolist() == [luck.draw("p", who, 7) for who in range(count)]


@pytest.mark.parametrize("count", [3, 300])
def test_shapes_broadcast(count: int) -> None:
    luck = Randomness(4)

    drawn = luck.draw("p", np.arange(count)[:, np.newaxis], np.arange(2))

    assert drawn.shape == (count, 2)
    assert drawn[2].tolist() == [luck.draw("p", 2, 0), luck.draw("p", 2, 1)]


@pytest.mark.parametrize("count", [3, 300])
def test_negative_numbers_count_modulo_two_to_the_64(count: int) -> None:
    luck = Randomness(4)

    drawn = luck.draw("p", np.full(count, -1, dtype=np.int32), -2)

    assert drawn[0] == luck.draw("p", -1, -2) == luck.draw("p", 2**64 - 1, 2**64 - 2)


def test_a_number_of_numpy_draws_as_an_integer() -> None:
    luck = Randomness(4)

    drawn = luck.draw("p", np.uint64(2**64 - 1), np.int16(3))

    assert type(drawn) is int
    assert drawn == luck.draw("p", 2**64 - 1, 3)


# --- chances and picks -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "bound"),
    [(0.0, 0), (-1.0, 0), (0.5, 2**31), (2.0**-32, 1), (2.0**-33, 0), (1.0, 2**32), (7.0, 2**32)],
)
def test_a_probability_becomes_a_bound_on_32_bits(p: float, bound: int) -> None:
    assert threshold(p) == bound


def test_a_probability_of_one_always_comes_true_and_of_zero_never() -> None:
    luck, whos = Randomness(5), np.arange(MANY)

    assert luck.chance("p", whos, 0, threshold(1.0)).all()
    assert not luck.chance("p", whos, 0, threshold(0.0)).any()


def test_a_chance_comes_true_as_often_as_it_says() -> None:
    happened = Randomness(5).chance("p", np.arange(MANY), 0, threshold(0.3))

    assert abs(int(happened.sum()) - 30_000) < 600


def test_picks_are_even() -> None:
    picks = Randomness(5).below("p", np.arange(MANY), 0, 10)

    assert np.abs(np.bincount(picks, minlength=10) - 10_000).max() < 400


@pytest.mark.parametrize("bound", [0, -1, 2**32])
def test_a_bound_that_cannot_be_picked_from_is_refused(bound: int) -> None:
    with pytest.raises(LimitError, match=r"from 1 to 2\*\*32 - 1"):
        Randomness(0).below("p", 1, 1, bound)


# --- delays ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mean_ms", [-1, 2**38])
def test_a_mean_out_of_range_is_refused(mean_ms: int) -> None:
    with pytest.raises(LimitError, match=r"from 0 to 2\*\*38 - 1 ms"):
        Randomness(0).exponential("p", 1, 1, mean_ms)


def test_a_mean_of_zero_delays_nothing() -> None:
    assert Randomness(0).exponential("p", np.arange(20), 1, 0).tolist() == [0] * 20


def test_delays_follow_the_exponential_law() -> None:
    delays = np.sort(Randomness(6).exponential("p", np.arange(1_000_000), 0, 1_000_000))

    assert abs(delays.mean() / 1e6 - 1) < 0.003
    assert abs(delays.std() / 1e6 - 1) < 0.005
    assert abs(delays[500_000] / 1e6 - 0.6931) < 0.004
    assert abs(delays[990_000] / 1e6 - 4.6052) < 0.04
    assert 11 < delays[-1] / 1e6 < 19


def test_the_quantiles_are_the_logarithms_rounded() -> None:
    context = Context(prec=40)
    exact = [context.ln(Decimal(4_096) / Decimal(4_096 - i)) for i in range(4_096)]
    expected = [int((log * 2**20).to_integral_value()) for log in exact]

    found = [randomness._quantiles().find_one(i << 20) for i in range(4_095)]

    assert found == expected[:-1]
    assert randomness._quantiles().find_one(4_095 << 20) == expected[-1]


def list_bends() -> list[int]:
    """Return the luck at, before and after each end of a straight line, and a few between."""
    lines = [(i << 20) + step for i in range(4_096) for step in (-1, 0, 1, 1 << 19)]
    tail = [(4_095 << 20) + (i << 8) + step for i in range(4_096) for step in (-1, 0, 1, 128)]
    return sorted({0, *lines[1:], *tail, 2**32 - 1})


def test_both_forms_agree_at_every_bend_of_the_table() -> None:
    quantiles, bends = randomness._quantiles(), list_bends()
    drawn = list_words(bends) << np.uint64(32) | np.uint64(0xDEADBEEF)
    found = np.empty_like(drawn)

    quantiles.find_block(drawn.copy(), np.empty_like(drawn), found)

    assert found.tolist() == [quantiles.find_one(luck) for luck in bends]


def test_more_luck_never_means_a_shorter_delay() -> None:
    delays = [randomness._quantiles().find_one(luck) for luck in list_bends()]

    assert delays == sorted(delays)
    assert delays[0] == 0
    assert 18.6 < delays[-1] / 2**20 < 18.7


def test_the_longest_delays_are_the_whole_law_once_more() -> None:
    find = randomness._quantiles().find_one
    fractions = range(0, 4_095 << 8, 997)

    ahead = {find((4_095 << 20) + fraction) - find(fraction << 12) for fraction in fractions}

    assert ahead == {round(8.317766166719343 * 2**20)}


def test_a_quantile_is_never_off_by_more_than_its_line_allows() -> None:
    lucks = range(12_345, 2**32, 2**32 // 5_003)
    context = Context(prec=40)

    worst = max(
        abs(
            randomness._quantiles().find_one(luck)
            - int(context.ln(Decimal(2**32) / Decimal(2**32 - luck)) * 2**20)
        )
        for luck in lucks
        if luck < 4_000 << 20
    )

    assert worst <= 16
