"""Goal: instants are whole milliseconds, read and written one way, and time never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.errors import MisuseError
from pushlab.world.clock import LATEST, Clock, parse_duration, parse_instant, render_instant


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T02:00:00+02:00", 1_767_225_600_000),
        ("2026-01-01T00:00:00.0019Z", 1_767_225_600_001),
        ("9999-12-31T23:59:59.999Z", LATEST),
        (1_767_225_600_000, 1_767_225_600_000),
        (datetime(2026, 1, 1, tzinfo=UTC), 1_767_225_600_000),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-7))), 1_767_250_800_000),
    ],
)
def test_an_instant_is_read_from_text_datetime_or_milliseconds(value, instant) -> None:
    assert parse_instant(value) == instant


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tomorrow", "write it like 2026-01-31T09:30:00Z"),
        ("2026-01-01T00:00:00", "has no time zone"),
        ("2026-01-01", "has no time zone"),
        (datetime(2026, 1, 1), "has no time zone"),  # noqa: DTZ001  the point of the test
        (-1, "out of range"),
        (LATEST + 1, "out of range"),
        ("1969-12-31T23:59:59Z", "out of range"),
        (True, "an instant is ISO 8601 text"),
        (1.5, "an instant is ISO 8601 text"),
        (None, "an instant is ISO 8601 text"),
    ],
)
def test_what_is_no_instant_is_refused_with_what_to_write(value, words) -> None:
    with pytest.raises(MisuseError) as caught:
        parse_instant(value)

    assert words in str(caught.value)


@given(st.integers(0, LATEST))
def test_text_of_an_instant_reads_back_as_the_same_instant(instant: int) -> None:
    assert parse_instant(render_instant(instant)) == instant


def test_an_instant_is_written_with_milliseconds_and_z() -> None:
    assert render_instant(1_767_225_600_007) == "2026-01-01T00:00:00.007Z"


def test_a_clock_moves_forward_and_may_stay() -> None:
    clock = Clock(10)

    clock.move_to(10)
    clock.move_to(12)

    assert clock.now == 12
    assert clock.start == 10


def test_a_clock_never_goes_back() -> None:
    clock = Clock(10)

    with pytest.raises(MisuseError, match="time does not go back"):
        clock.move_to(9)

    assert clock.now == 10


def test_a_restart_moves_the_beginning_too() -> None:
    clock = Clock(10)

    clock.restart(5)

    assert (clock.start, clock.now) == (5, 5)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000),
     ("1w", 604_800_000), ("0.5s", 500), ("250ms", 250)],
)  # fmt: skip
def test_a_duration_is_read(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "5m 3s", "1y", "1e3s", "٣s", "0.5ms", "0.0001s"]
)
def test_a_duration_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(MisuseError, match="is no duration"):
        parse_duration(text)
