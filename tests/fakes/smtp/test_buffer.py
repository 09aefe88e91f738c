"""Goal: what comes in is cut into units by its ends, whatever the packets, and nothing grows.

Method: a buffer is fed in pieces; a second one gets the same in one piece.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.smtp.buffer import Buffer, Endless, Overrun

MOST, ENDLESS = 10, 40


def filled(*pieces: bytes) -> Buffer:
    buffer = Buffer()
    for piece in pieces:
        buffer.add(piece)
    return buffer


# --- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "left"),
    [
        (b"NOOP\r\nQUIT\r\n", b"NOOP", 6),
        (b"NOOP\nQUIT\r\n", b"NOOP", 6),
        (b"\r\n", b"", 0),
        (b"a\rb\r\n", b"a\rb", 0),
        (b"a\r\r\n", b"a\r", 0),
        (b"12345678\r\n", b"12345678", 0),
    ],
)
def test_a_line_ends_with_a_line_feed_and_loses_one_carriage_return(
    data: bytes, line: bytes, left: int
) -> None:
    buffer = filled(data)

    assert buffer.take_line(MOST, ENDLESS) == line
    assert len(buffer) == left


@pytest.mark.parametrize("data", [b"", b"NOOP", b"NOOP\r"])
def test_a_line_without_its_end_waits(data: bytes) -> None:
    buffer = filled(data)

    assert buffer.take_line(MOST, ENDLESS) is None
    assert len(buffer) == len(data)


def test_a_line_that_is_too_long_is_read_over_and_the_next_one_stands() -> None:
    buffer = filled(b"x" * 12)
    before = buffer.take_line(MOST, ENDLESS)
    held = len(buffer)
    buffer.add(b"xx\r\nNOOP\r\n")

    with pytest.raises(Overrun):
        buffer.take_line(MOST, ENDLESS)
    assert (before, held) == (None, 0)
    assert buffer.take_line(MOST, ENDLESS) == b"NOOP"


def test_a_line_that_never_ends_is_not_waited_for() -> None:
    buffer = Buffer()

    def feed() -> None:
        for _ in range(5):
            buffer.add(b"x" * 9)
            assert buffer.take_line(MOST, ENDLESS) is None
            assert len(buffer) <= MOST

    with pytest.raises(Endless):
        feed()


@pytest.mark.parametrize("pieces", [[b"x" * 41], [b"x" * 20, b"x" * 21], [b"x"] * 41])
def test_what_is_endless_depends_on_what_came_and_not_on_how(pieces: list[bytes]) -> None:
    buffer = Buffer()

    def feed() -> None:
        for piece in pieces:
            buffer.add(piece)
            buffer.take_line(MOST, ENDLESS)

    with pytest.raises(Endless):
        feed()


# --- data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "mail", "left"),
    [
        (b".\r\n", b"", 0),
        (b"a\r\n.\r\n", b"a\r\n", 0),
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n", 6),
        (b"\r\n.\r\n", b"\r\n", 0),
        (b"a\n.\r\n\r\n.\r\n", b"a\n.\r\n\r\n", 0),
        (b"..\r\n.\r\n", b"..\r\n", 0),
    ],
)
def test_data_end_with_a_dot_between_two_line_ends(data: bytes, mail: bytes, left: int) -> None:
    buffer = filled(data)

    assert buffer.take_data(MOST, ENDLESS) == mail
    assert len(buffer) == left


@pytest.mark.parametrize("data", [b"", b".", b".\r", b"a\r\n.\r", b"a\n.\n", b"a\r\n.\n", b"a\r\n"])
def test_data_without_their_end_wait(data: bytes) -> None:
    assert filled(data).take_data(MOST, ENDLESS) is None


def test_data_beyond_their_bound_are_read_over_and_never_held() -> None:
    buffer = Buffer()
    for _ in range(3):
        buffer.add(b"0123456789")
        assert buffer.take_data(MOST, ENDLESS) is None
        assert len(buffer) <= MOST + 4
    buffer.add(b"\r\n.\r\nNOOP\r\n")

    with pytest.raises(Overrun):
        buffer.take_data(MOST, ENDLESS)
    assert buffer.take_line(MOST, ENDLESS) == b"NOOP"


def test_an_end_that_is_cut_anywhere_is_found() -> None:
    whole = b"0123456789ab\r\n.\r\n"
    for cut in range(1, len(whole)):
        buffer = filled(whole[:cut])
        assert buffer.take_data(MOST, ENDLESS) is None
        buffer.add(whole[cut:])
        with pytest.raises(Overrun):
            buffer.take_data(MOST, ENDLESS)
        assert len(buffer) == 0


def test_a_dot_after_what_was_thrown_away_is_no_end() -> None:
    buffer = filled(b"x" * 20 + b".\r\nz")
    assert buffer.take_data(MOST, ENDLESS) is None

    assert buffer.take_data(MOST, ENDLESS) is None
    buffer.add(b"\r\n.\r\n")
    with pytest.raises(Overrun):
        buffer.take_data(MOST, ENDLESS)


def test_data_that_never_end_are_not_waited_for() -> None:
    buffer = filled(b"x" * 30)
    buffer.take_data(MOST, ENDLESS)
    buffer.add(b"x" * 30)

    with pytest.raises(Endless):
        buffer.take_data(MOST, ENDLESS)


# --- counted octets ------------------------------------------------------------------------------


def test_counted_octets_are_taken_when_they_are_all_there() -> None:
    buffer = filled(b"ab")
    before = buffer.take_counted(3)
    buffer.add(b"cd")

    assert (before, buffer.take_counted(3), buffer.take_counted(0)) == (None, b"abc", b"")
    assert len(buffer) == 1


def test_counted_octets_are_thrown_away_as_they_come() -> None:
    buffer = filled(b"abc")

    assert [buffer.skip_counted(5), len(buffer)] == [2, 0]
    buffer.add(b"deNOOP\r\n")
    assert buffer.skip_counted(2) == 0
    assert buffer.take_line(MOST, ENDLESS) == b"NOOP"


def test_what_was_cleared_counts_for_nothing() -> None:
    buffer = filled(b"x" * 39)
    buffer.take_line(MOST, ENDLESS)
    buffer.clear()
    buffer.add(b"NOOP\r\n")

    assert buffer.take_line(MOST, ENDLESS) == b"NOOP"


# --- any bytes -----------------------------------------------------------------------------------


def read_all(buffer: Buffer) -> list[bytes | str]:
    units: list[bytes | str] = []
    while True:
        try:
            line = buffer.take_line(MOST, ENDLESS)
        except Overrun:
            units.append("overrun")
            continue
        except Endless:
            return [*units, "endless"]
        if line is None:
            return units
        units.append(line)


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"x" * 9, b"x" * 30]), max_size=12))
def test_packets_make_no_difference(pieces: list[bytes]) -> None:
    whole = read_all(filled(b"".join(pieces)))
    buffer = Buffer()
    read: list[bytes | str] = []
    for piece in pieces:
        buffer.add(piece)
        read += read_all(buffer)
        if read[-1:] == ["endless"]:
            break

    assert read == whole
