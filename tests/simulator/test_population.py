"""Goal: a population does together what one device does, and refuses what it cannot do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab.population import Population, count_platforms, read_rows, write_rows


def test_rounding_leaves_nobody_out() -> None:
    counts = count_platforms(10, {"android": 1, "ios": 1, "web": 1})

    assert counts == {"android": 4, "ios": 3, "web": 3}


def test_rows_are_written_as_runs_and_read_again() -> None:
    crowd = Lab().population(10)
    rows = crowd[2:5].rows.tolist() + crowd[7:9].rows.tolist()

    runs = write_rows(read_rows([(rows[0], 3), (rows[3], 2)]))

    assert runs == [(rows[0], 3), (rows[3], 2)]
    assert read_rows(write_rows(read_rows([]))).tolist() == []


def test_picks_of_one_purpose_are_the_same_and_of_two_purposes_are_not() -> None:
    crowd = Lab().population(200)

    first, again = crowd.pick(0.5), crowd.pick(0.5)
    other = crowd.pick(0.5, "another")

    assert first.rows.tolist() == again.rows.tolist() != other.rows.tolist()
    assert 70 < len(first) < 130


def test_a_share_of_a_population_says_what_the_others_do_not() -> None:
    lab = Lab()
    crowd = lab.population(200)
    half = crowd.pick(0.5)

    half.add_tag("plan", "pro")
    half[:10].remove_tag("plan")
    lab.advance(seconds=10)

    codes = lab.onesignal.belief.tags.codes("plan")
    assert (codes >= 0).sum() == len(half) - 10


def test_members_without_an_app_cannot_tell_anything_to_an_sdk() -> None:
    lab = Lab()
    crowd = lab.population(20, platforms={"email": 1})

    with pytest.raises(MisuseError, match="none of these members has an app that could add_tag"):
        crowd.add_tag("plan", "pro")


def test_a_population_shows_its_size() -> None:
    assert repr(Lab().population(3, prefix="crowd")) == "<population 'crowd' of 3>"


def test_nobody_says_nothing() -> None:
    lab = Lab()
    crowd = lab.population(20)
    before = lab.trace.count

    Population(lab, crowd.prefix, crowd.rows[:0]).add_tag("plan", "pro")

    assert lab.trace.count == before


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda crowd: crowd.do("fly"), "a population cannot fly; what it can do at once"),
        (lambda crowd: crowd.plan("go_offline", datetime(2020, 1, 1, tzinfo=UTC)), "is over"),
        (lambda crowd: crowd.add_tag("", "x"), "a tag's key"),
    ],
)
def test_what_a_population_cannot_do_is_refused(act, message) -> None:
    crowd = Lab().population(3)

    with pytest.raises(MisuseError, match=message):
        act(crowd)
