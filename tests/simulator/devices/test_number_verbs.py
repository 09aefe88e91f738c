"""Goal: what numbers write reaches the carrier, one by one or by the thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.content import File
from pushlab_testing.phones import Phones

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Listener:
    """A carrier that notes what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[list[int], list[int], str, str | None, str]] = []
        self.files: list[File] = []
        self.forgotten: list[int] = []

    def take_replies(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        text: str,
        to: str | None = None,
        entry: str = "NumberReplied",
        *,
        files: Sequence[File] = (),
    ) -> None:
        self.files += files
        self.heard.append((instants.tolist(), routes.tolist(), text, to, entry))

    def forget_talk(self, routes: NDArray[np.int32]) -> None:
        self.forgotten += routes.tolist()


def some_numbers(count: int) -> tuple[Phones, Listener, list[int]]:
    phones = Phones()
    listener = phones.fleet.numbers.carrier = Listener()
    return phones, listener, phones.add_many("sms", count)


def test_one_number_writes_to_whom_it_wants() -> None:
    phones, listener, rows = some_numbers(1)

    phones.world.act(lambda: phones.fleet.numbers.reply(rows[0], "Hi", "+15550100"))

    now = phones.world.now
    assert listener.heard == [([now], [0], "Hi", "+15550100", "NumberReplied")]
    (entry,) = phones.world.trace.find(["NumberReplied"])
    assert entry.id == f"NumberReplied:crowd-000001@{now}"


def test_files_go_with_what_is_written_and_their_types_into_the_trace() -> None:
    phones, listener, rows = some_numbers(1)
    file = File("image/png", b"made up")

    phones.world.act(lambda: phones.fleet.numbers.reply(rows[0], "", "+15550100", [file]))

    (entry,) = phones.world.trace.find(["NumberReplied"])
    assert listener.files == [file]
    assert entry.fields["media"] == [{"type": "image/png", "size_bytes": 7}]


def test_many_numbers_write_to_who_wrote_last() -> None:
    phones, listener, rows = some_numbers(2)

    phones.do("reply_stop", *rows)
    phones.do("reply_start", rows[1])

    now = phones.world.now
    assert listener.heard == [
        ([now, now], [0, 1], "STOP", None, "StopReplied"),
        ([now], [1], "START", None, "StartReplied"),
    ]
    assert phones.entries("StopReplied", "StartReplied") == [
        *["StopReplied"] * 2,
        "StartReplied",
    ]


def test_numbers_that_change_hands_are_new_to_their_owners_and_to_the_carrier() -> None:
    phones, listener, rows = some_numbers(2)
    devices = phones.fleet.devices
    phones.do("disconnect", *rows)
    before = devices.installed[rows].tolist()
    phones.wait(seconds=1)

    phones.do("recycle", rows[0])

    assert (before, devices.installed[rows].tolist()) == ([False, False], [True, False])
    assert devices.installed_at[rows[0]] == phones.world.now
    assert listener.forgotten == [0]
    assert phones.entries("NumberDisconnected", "NumberRecycled") == [
        *["NumberDisconnected"] * 2,
        "NumberRecycled",
    ]


def test_a_number_without_a_network_writes_nothing() -> None:
    phones, listener, rows = some_numbers(2)
    phones.do("go_offline", rows[0])

    phones.do("reply_stop", *rows)

    assert [heard[1] for heard in listener.heard] == [[1]]
