"""Goal: a target's number leads to its send and its position, however many sends there are."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.content import Content
from pushlab.fanout import FEW_SENDS, FanOut, Sends
from pushlab_testing.phones import Sender


def a_fan_out(name: str = "message", *, size: int = 3, key: int = 7) -> FanOut:
    nobody = np.full(size, -1, np.int32)
    return FanOut(
        name=name,
        key=key,
        owner=Sender(),
        content=Content(),
        collapse=0,
        sent_at=0,
        entry="",
        subscriptions=np.arange(size, dtype=np.int32),
        routes=nobody,
        devices=nobody,
    )


def open_many(count: int) -> tuple[Sends, list[FanOut]]:
    sends = Sends()
    opened = [a_fan_out(f"message-{number}", key=number + 7) for number in range(count)]
    for fan_out in opened:
        sends.open(fan_out)
    return sends, opened


def test_one_target_is_called_the_same_alone_and_among_others() -> None:
    _, (_, fan_out) = open_many(2)

    assert fan_out.what(np.array([2])).tolist() == [fan_out.what_at(2)]


def test_targets_of_one_send_are_not_looked_for() -> None:
    sends, (_, fan_out) = open_many(2)

    [(found, positions, places)] = sends.split(fan_out.what(np.array([2, 0])))

    assert found is fan_out
    assert positions.tolist() == [2, 0]
    assert isinstance(places, slice)


@pytest.mark.parametrize("count", [2, FEW_SENDS, FEW_SENDS + 1, 300])
def test_mixed_targets_are_parted_by_send_in_the_order_of_birth(count: int) -> None:
    sends, opened = open_many(count)
    what = np.concatenate([fan_out.what(np.array([2, 0])) for fan_out in reversed(opened)])

    found = list(sends.split(what))

    assert [fan_out for fan_out, _, _ in found] == opened
    assert {tuple(positions.tolist()) for _, positions, _ in found} == {(2, 0)}
    last = 2 * count - 1
    assert [np.arange(2 * count)[places].tolist() for _, _, places in found] == [
        [last - 1 - 2 * number, last - 2 * number] for number in range(count)
    ]


@pytest.mark.parametrize("count", [2, FEW_SENDS + 1])
def test_targets_of_closed_sends_are_passed_over(count: int) -> None:
    sends, opened = open_many(count)
    what = np.concatenate([fan_out.what(np.array([1])) for fan_out in opened])

    sends.close(opened[0])

    assert [fan_out for fan_out, _, _ in sends.split(what)] == opened[1:]


def test_a_closed_send_keeps_its_name_and_its_key() -> None:
    sends, (first, second) = open_many(2)
    what = np.array([first.what_at(1), second.what_at(1)])

    sends.close(first)

    assert sends.find(first.what_at(1)) is None
    assert sends.name_target(first.what_at(1)) == ("message-0", "message-0:1")
    assert np.asarray(sends.keys(what)).tolist() == [7, 8]
    assert list(sends.live()) == [second]


def test_collapse_ids_are_told_apart_and_none_is_no_code() -> None:
    sends = Sends()

    codes = [sends.collapse_code(name) for name in ("a", "b", "a", None, "")]

    assert codes == [1, 2, 1, 0, 0]


def test_sends_are_found_by_their_name_closed_ones_too() -> None:
    sends, (first, _) = open_many(2)
    again = a_fan_out("message-0")
    sends.open(again)
    sends.close(first)

    assert sends.numbers_of("message-0") == [first.number, again.number]
    assert sends.numbers_of("nothing") == []
