"""Goal: a live clock stands where its pace says, to the millisecond."""

from __future__ import annotations

import pytest

from pushlab.devserver.pace import Anchor, parse_pace
from pushlab.errors import MisuseError


@pytest.mark.parametrize(
    ("text", "rate", "is_live"),
    [("manual", 0, False), ("live", 1, True), ("60x", 60, True), ("0.5x", 0.5, True)],
)
def test_a_pace_is_read(text: str, rate: float, is_live: bool) -> None:
    pace = parse_pace(text)

    assert (pace.name, float(pace.rate), pace.is_live) == (text, rate, is_live)


@pytest.mark.parametrize("text", ["", "fast", "0x", "-1x", "x", "60", "1e3x", "9999999x", "٣x"])
def test_a_pace_that_cannot_be_says_what_can(text: str) -> None:
    with pytest.raises(MisuseError, match="manual, live or a rate such as 60x"):
        parse_pace(text)


def test_the_clock_runs_from_its_anchor() -> None:
    anchor = Anchor(1_000, 50.0)

    assert anchor.find_instant(52.5, parse_pace("live")) == 3_500
    assert anchor.find_instant(52.5, parse_pace("60x")) == 151_000


def test_a_real_clock_that_was_set_back_moves_nothing() -> None:
    anchor = Anchor(1_000, 50.0)

    assert anchor.find_instant(20.0, parse_pace("live")) == 1_000
