"""The arrays of sends: a target is one number, and every bulk step finds its own by it.

A *fan-out* holds the arrays of one send. A target of it is named by one 64-bit number, *what*: the
send's number in the upper half, the position in the lower. Items of the schedule carry it, so a
bulk step reaches everything it may touch (its own row, its own position, constants of the
message) without a search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pushlab.content import Content
    from pushlab.gateway import MessageOwner
    from pushlab.world.clock import Instant

__all__ = ["FanOut", "Sends"]

POSITION_BITS = 32
POSITION = (1 << POSITION_BITS) - 1
FEW_SENDS = 32


class FanOut:
    """The arrays of one send; all have the shape (n,), n the number of targets."""

    __slots__ = (
        "app",
        "attempts",
        "collapse",
        "content",
        "devices",
        "entry",
        "fates",
        "key",
        "marks",
        "name",
        "number",
        "owner",
        "receipts",
        "routes",
        "sent_at",
        "shown_ms",
        "subscriptions",
    )

    def __init__(
        self,
        *,
        name: str,
        key: int,
        owner: MessageOwner,
        content: Content,
        collapse: int,
        sent_at: Instant,
        entry: str,
        subscriptions: NDArray[np.int32],
        routes: NDArray[np.int32],
        devices: NDArray[np.int32],
        app: int = -1,
    ) -> None:
        size = len(subscriptions)
        self.number = -1
        self.name = name
        """The notification's id."""
        self.key = key
        """Content key, for luck and digest."""
        self.owner = owner
        self.app = app
        """The owner's app row, whose credentials the send goes out with; -1 past any service."""
        self.content = content
        self.collapse = collapse
        """Code of the collapse id, 0 without one."""
        self.sent_at = sent_at
        self.entry = entry
        """Id of the trace entry that caused the send."""
        self.subscriptions = subscriptions
        """int32: the owner's rows; -1 for a send past any service."""
        self.routes = routes
        """int32: rows in the gateway's token registry; -1 for a token that it never issued."""
        self.devices = devices
        """int32: rows of the devices behind them; -1 where there is none in this world."""
        # One piece of memory: most sends are short, and making an array costs more than it holds.
        self.fates, self.receipts, self.marks, self.attempts = np.zeros((4, size), np.uint8)
        self.shown_ms = np.zeros(size, np.uint32)
        """When it was shown, in milliseconds since sent_at (49 days at most)."""

    def __len__(self) -> int:
        """How many targets there are."""
        return len(self.subscriptions)

    def what(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the names of the targets at *positions*, shape (n,)."""
        return positions | (self.number << POSITION_BITS)

    def all_what(self) -> NDArray[np.int64]:
        """Return the names of all targets, shape (n,)."""
        first = self.number << POSITION_BITS
        return np.arange(first, first + len(self.subscriptions))

    def what_at(self, position: int) -> int:
        """Return the name of the target at *position*."""
        return position | self.number << POSITION_BITS

    def target_name(self, position: int) -> str:
        """Return how the trace names one target: notification and address."""
        return f"{self.name}:{self.owner.address_name(self, position)}"

    def shown_at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when the targets at *positions* were shown, shape (n,)."""
        instants: NDArray[np.int64] = self.sent_at + self.shown_ms[positions].astype(np.int64)
        return instants

    def positions_of(self, device: int) -> list[int]:
        """Return the positions that lead to *device*, ascending."""
        found: list[int] = np.flatnonzero(self.devices == device).tolist()
        return found


class Sends:
    """All fan-outs of one world, by number; the numbers follow the order of birth.

    A closed send keeps its name and its key, since something may still name it years later: a
    receipt that waited for the network, a stored message found expired.
    """

    def __init__(self) -> None:
        self._fan_outs: list[FanOut | None] = []
        self._names: list[str] = []
        self._keys = np.zeros(16, np.uint64)
        self._first = 0
        self._collapse: dict[str, int] = {}

    def open(self, fan_out: FanOut) -> None:
        """Give *fan_out* its number."""
        number = fan_out.number = len(self._fan_outs)
        if number >= len(self._keys):
            self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
        self._keys[number] = fan_out.key
        self._names.append(fan_out.name)
        self._fan_outs.append(fan_out)

    def close(self, fan_out: FanOut) -> None:
        """Let the arrays of *fan_out* go."""
        self._fan_outs[fan_out.number] = None
        while self._first < len(self._fan_outs) and self._fan_outs[self._first] is None:
            self._first += 1

    def collapse_code(self, collapse_id: str | None) -> int:
        """Return the code of *collapse_id*; 0 means none."""
        if not collapse_id:
            return 0
        return self._collapse.setdefault(collapse_id, len(self._collapse) + 1)

    def find(self, what: int) -> FanOut | None:
        """Return the fan-out that *what* names, or None when it is closed."""
        return self._fan_outs[what >> POSITION_BITS]

    def numbers_of(self, name: str) -> list[int]:
        """Return the numbers of all sends called *name*, ascending."""
        return [number for number, held in enumerate(self._names) if held == name]

    def name_target(self, what: int) -> tuple[str, str]:
        """Return (notification, name of the target) for *what*, for the trace."""
        fan_out = self._fan_outs[what >> POSITION_BITS]
        if fan_out is None:
            name = self._names[what >> POSITION_BITS]
            return name, f"{name}:{what & POSITION}"
        return fan_out.name, fan_out.target_name(what & POSITION)

    def live(self) -> Iterator[FanOut]:
        """Yield the fan-outs that are not closed, oldest first."""
        for fan_out in self._fan_outs[self._first :]:
            if fan_out is not None:
                yield fan_out

    def split(
        self, what: NDArray[np.int64]
    ) -> Iterator[tuple[FanOut, NDArray[np.int64], NDArray[np.intp] | slice]]:
        """Yield (fan-out, its positions, where they stand in *what*) for each send in *what*.

        Closed sends are passed over; nothing of *what* may be left to do there.
        """
        if not len(what):
            return
        only = _find_only_number(what)
        if only >= 0:
            fan_out = self._fan_outs[only]
            if fan_out is not None:
                yield fan_out, what & POSITION, slice(None)
            return
        for number, places in _group_by_number(what >> POSITION_BITS):
            fan_out = self._fan_outs[number]
            if fan_out is not None:
                yield fan_out, what[places] & POSITION, places

    def list_sends(self, what: NDArray[np.int64]) -> list[tuple[FanOut, NDArray[np.intp] | slice]]:
        """Return (fan-out, where its targets stand in *what*) for each send in *what*.

        This is `split` for those who look at constants of the message alone.
        """
        if len(what) == 1:
            fan_out = self._fan_outs[int(what[0]) >> POSITION_BITS]
            return [] if fan_out is None else [(fan_out, slice(None))]
        return [(fan_out, places) for fan_out, _, places in self.split(what)]

    def keys(self, what: NDArray[np.int64]) -> NDArray[np.uint64] | int:
        """Return the content keys of the sends in *what*; one integer when there is only one."""
        only = _find_only_number(what)
        if only >= 0:
            return int(self._keys[only])
        keys: NDArray[np.uint64] = self._keys[what >> POSITION_BITS]
        return keys


def _group_by_number(numbers: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield each of *numbers* once, ascending, and where it stands, ascending.

    A few are looked for one by one, which costs a pass each; many, such as a carrier's answers to
    a crowd of replies, are sorted together.
    """
    found = np.unique(numbers)
    if len(found) <= FEW_SENDS:
        for number in found.tolist():
            yield number, np.flatnonzero(numbers == number)
        return
    order = np.argsort(numbers, kind="stable")
    cuts = np.searchsorted(numbers[order], found[1:])
    yield from zip(found.tolist(), np.split(order, cuts), strict=True)


def _find_only_number(what: NDArray[np.int64]) -> int:
    """Return the number of the send that all of *what* are of, -1 when there are several."""
    first = int(what[0]) >> POSITION_BITS
    if len(what) == 1:
        return first
    # Two reductions write nothing, while comparing each number takes two arrays beside *what*.
    last, one = int(what.max()) >> POSITION_BITS, int(what.min()) >> POSITION_BITS
    return first if last == one else -1
