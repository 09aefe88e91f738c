"""Goal: what a device holds reads like a list, newest first, and an empty one says why."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pushlab.devices.inbox import EmptyInboxError, Inbox
from pushlab.devices.message_list import MessageList, NoMessageError, list_arrived
from pushlab.devices.tray import EmptyTrayError, Tray
from pushlab_testing.phones import Phones


@dataclass(frozen=True)
class Note:
    what: int

    def __str__(self) -> str:
        return f"note {self.what}"


ONE, TWO = Note(1), Note(2)


def a_list(*notes: Note) -> MessageList[Note]:
    return MessageList("phone", 0, notes, lambda: ["because"])


def test_a_list_is_a_sequence() -> None:
    held = a_list(ONE, TWO)

    assert (len(held), held[0], held[-1], held[:1]) == (2, ONE, TWO, (ONE,))
    assert list(held) == [ONE, TWO]
    assert ONE in held
    assert bool(a_list()) is False


def test_lists_are_compared_by_what_they_hold() -> None:
    assert a_list(ONE) == a_list(ONE) == [ONE]
    assert a_list(ONE) == (ONE,)
    assert a_list(ONE) != a_list(TWO)
    assert a_list(ONE) != 3
    assert hash(a_list(ONE, TWO)) == hash(a_list(TWO, ONE))


def test_a_list_shows_itself_in_an_assertion() -> None:
    assert repr(a_list(ONE, TWO)) == "<list of phone: note 1, note 2>"
    assert repr(a_list()) == "<list of phone: empty>"


@pytest.mark.parametrize(
    ("kind", "error", "place"), [(Tray, EmptyTrayError, "tray"), (Inbox, EmptyInboxError, "inbox")]
)
def test_what_is_not_there_says_why(kind, error, place) -> None:
    with pytest.raises(error) as caught:
        _ = kind("phone", 0, (), lambda: ["because"])[0]

    assert str(caught.value) == (
        f"the {place} of phone holds 0 messages at 1970-01-01T00:00:00.000Z, so there is no "
        f"{place}[0]"
    )
    assert caught.value.__notes__ == ["because"]
    assert isinstance(caught.value, NoMessageError)
    assert isinstance(caught.value, IndexError)


def test_one_message_is_counted_as_one() -> None:
    with pytest.raises(NoMessageError, match=r"holds 1 message at .* there is no list\[1\]"):
        _ = a_list(ONE)[1]


def test_what_came_later_stands_first() -> None:
    phones = Phones()
    row = phones.add("email", address="alice@example.com")
    for _ in range(2):
        phones.send(row)
        phones.wait(seconds=60)

    found = list_arrived(phones.fleet, phones.sends, row)

    assert [fan_out.name for _, fan_out, _ in found] == ["message-2", "message-1"]
    assert found[0][0] > found[1][0]
