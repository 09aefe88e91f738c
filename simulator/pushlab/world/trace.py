"""The trace: what happened in a run, as canonical text and as a digest.

Two kinds of entry stand side by side. A *free-form* entry (a request, a user created) is written
one by one and keeps its fields. A *batch* is what a bulk step did to many rows: one entry with
arrays behind it, unfolded into lines only when somebody reads them.

The digest is a commutative sum in two 64-bit lanes, each with its own mix, of every entry's
content and of its causes' identities. It holds no sequence numbers and no rows, so requests that
do not touch each other may come in any order, and no cut of time shows in it. It is a
fingerprint, not a proof against forgers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, overload

import msgspec
import numpy as np

from pushlab.errors import MisuseError
from pushlab.world.clock import Instant, render_instant
from pushlab.world.digest import BLOCK, MASK, sum_array, sum_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pushlab.world.clock import Clock

__all__ = ["FORMAT", "Batch", "BatchKind", "Entry", "Mark", "Span", "Trace"]

FORMAT = 1
"""Version of the file format, of the digest and of the derivation of ids."""

ENCODER: Final = msgspec.json.Encoder(order="deterministic")
SCALAR_MAX = 8
"""Batches up to this size are hashed with Python integers; numpy's overhead is larger."""


@dataclass(frozen=True, slots=True)
class BatchKind:
    """What a bulk step's entries are called and how one of them reads."""

    name: str
    """Past tense: AttemptMade, NotificationShown."""
    rank: int
    """Order among entries of one instant; the rank of the handler that writes them."""
    outcomes: tuple[str, ...]
    """Words for the outcome codes; code 0 is the first."""
    who_keys: Callable[[NDArray[np.int32]], NDArray[np.uint64]]
    """Content keys of rows."""
    what_keys: Callable[[NDArray[np.int64]], NDArray[np.uint64] | int]
    """Content keys of what the entries are about; one integer when it is the same for all."""
    describe: Callable[[int, int], tuple[str, dict[str, object]]]
    """(row, what) -> the entry's name and its fields."""
    causes: Callable[[int, int, int], tuple[str, ...]]
    """(row, what, outcome) -> ids of the entries that caused it."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One line of the trace.

    A struct is a frozen dataclass that C fills in. There are some for each request, they stay, and
    none leads back to itself: the garbage collector need not look at them again and again.
    """

    at: Instant
    kind: str
    id: str
    fields: Mapping[str, object]
    causes: tuple[str, ...] = ()
    beside: object = None
    """What lies beside the entry and is neither text nor digest: raw bytes as they came."""

    def line(self) -> str:
        """Return the canonical text of this entry."""
        return self.encode().decode()

    def encode(self) -> bytes:
        """Return the canonical text in UTF-8."""
        value: dict[str, object] = {
            "at": render_instant(self.at),
            "kind": self.kind,
            "id": self.id,
            **self.fields,
        }
        if self.causes:
            value["causes"] = self.causes
        return ENCODER.encode(value)


@dataclass(frozen=True, slots=True)
class Mark:
    """How much of a trace was written at some moment."""

    entries: int = 0
    """Free-form entries."""
    batches: int = 0


class _Placed(msgspec.Struct, frozen=True, gc=False):
    """A free-form entry with its place among entries of the same instant."""

    epoch: int
    entry: Entry


@dataclass(slots=True)
class Batch:
    """The arrays of one bulk step, all of the shape (n,); they are never written to."""

    epoch: int
    kind: BatchKind
    instants: NDArray[np.int64]
    rows: NDArray[np.int32]
    what: NDArray[np.int64]
    outcomes: NDArray[np.uint8]

    @property
    def size_bytes(self) -> int:
        """How much room the arrays take."""
        return self.instants.nbytes + self.rows.nbytes + self.what.nbytes + self.outcomes.nbytes


class Trace:
    """Everything that happened in one world.

    *keep* is ``"full"`` (arrays are kept up to *kept_bytes_max*, then the oldest go and the trace
    says so) or ``"digest"`` (arrays are hashed and let go).
    """

    def __init__(
        self,
        clock: Clock,
        seed: int,
        *,
        keep: str = "full",
        kept_bytes_max: int = 2_000_000_000,
    ) -> None:
        if keep not in {"full", "digest"}:
            raise MisuseError(f'a trace is kept "full" or as "digest", not {keep!r}')
        self._clock = clock
        self._seed = seed
        self._keep = keep
        self._kept_bytes_max = kept_bytes_max
        self._kept_bytes = 0
        self._placed: list[_Placed] = []
        self._batches: list[Batch] = []
        self._batches_gone = 0
        self._repeats: dict[str, int] = {}
        self._kind_keys: dict[str, int] = {}
        self._lanes = [0, 0]
        self._hashed = 0
        """Free-form entries that are in the lanes; the others join when the digest is asked for."""
        self.epoch = 0
        """Rises with each look at the world: a barrier, a request, a verb."""
        self.count = 0
        self.dropped: Counter[str] = Counter()
        """How many entries of each kind are counted and hashed, and no longer kept."""
        self.notes: dict[str, object] = {}
        """Further header fields, such as a clock that ticks by itself."""
        self.listeners: list[Callable[[Entry], None]] = []
        """Called with each free-form entry as it is written (a live timeline)."""

    # -- writing -------------------------------------------------------------------------------

    def record(
        self,
        kind: str,
        name: str,
        fields: Mapping[str, object],
        causes: Sequence[str] = (),
        *,
        beside: object = None,
    ) -> str:
        """Write a free-form entry at the world's instant and return its id.

        The id is ``kind:name``; a repeated name gets ``:2``, ``:3`` and so on. What *fields* hold
        must not change later: it becomes text when somebody reads it.
        """
        identity = f"{kind}:{name}"
        repeat = self._repeats.get(identity, 0) + 1
        self._repeats[identity] = repeat
        if repeat > 1:
            identity = f"{identity}:{repeat}"
        entry = Entry(self._clock.now, kind, identity, dict(fields), tuple(causes), beside)
        self.count += 1
        self._placed.append(_Placed(self.epoch, entry))
        for listener in self.listeners:
            listener(entry)
        return identity

    def record_batch(
        self,
        kind: BatchKind,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        outcomes: NDArray[np.uint8] | int = 0,
    ) -> None:
        """Write one entry a row; the arrays are kept as they are and must not change later.

        All arrays have the shape (n,); *outcomes* may be one code for all.
        """
        size = len(rows)
        if not size:
            return
        codes = outcomes
        if isinstance(codes, int):
            codes = np.full(size, codes, np.uint8) if codes else np.zeros(size, np.uint8)
        self._hash(kind, instants, rows, what, codes)
        self.count += size
        if self._keep == "digest":
            self.dropped[kind.name] += size
            return
        batch = Batch(self.epoch, kind, instants, rows, what, codes)
        self._batches.append(batch)
        self._kept_bytes += batch.size_bytes
        while self._kept_bytes > self._kept_bytes_max and self._batches:
            oldest = self._batches.pop(0)
            self._batches_gone += 1
            self._kept_bytes -= oldest.size_bytes
            self.dropped[oldest.kind.name] += len(oldest.rows)

    def _hash(
        self,
        kind: BatchKind,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        outcomes: NDArray[np.uint8],
    ) -> None:
        base = self._kind_keys.get(kind.name)
        if base is None:
            named = blake2b(f"{kind.name}|{kind.rank}".encode(), digest_size=8).digest()
            base = self._kind_keys[kind.name] = int.from_bytes(named, "little")
        who, about = kind.who_keys(rows), kind.what_keys(what)
        if len(rows) <= SCALAR_MAX:
            abouts = [about] * len(rows) if isinstance(about, int) else about.tolist()
            sums = sum_scalar(base, who.tolist(), abouts, instants.tolist(), outcomes.tolist())
        else:
            sums = sum_array(base, who, about, instants, outcomes)
        self._lanes[0] = (self._lanes[0] + sums[0]) & MASK
        self._lanes[1] = (self._lanes[1] + sums[1]) & MASK

    # -- reading -------------------------------------------------------------------------------

    @property
    def dropped_count(self) -> int:
        """How many entries are no longer kept."""
        return self.dropped.total()

    @property
    def digest(self) -> str:
        """The digest of all entries so far: 32 hexadecimal digits."""
        for placed in self._placed[self._hashed :]:
            digest = blake2b(placed.entry.encode(), digest_size=16).digest()
            self._lanes[0] = (self._lanes[0] + int.from_bytes(digest[:8], "little")) & MASK
            self._lanes[1] = (self._lanes[1] + int.from_bytes(digest[8:], "little")) & MASK
        self._hashed = len(self._placed)
        return f"{self._lanes[0]:016x}{self._lanes[1]:016x}"

    def header(self) -> dict[str, object]:
        """Return the first line of the file: format, seed, start and what else replays it."""
        return {
            "pushlab_trace": FORMAT,
            "seed": self._seed,
            "start": render_instant(self._clock.start),
            **self.notes,
        }

    def entries(self, since: Instant = 0) -> Iterator[Entry]:
        """Yield every kept entry of *since* or later in order of time, batches unfolded."""
        yield from Span(self._placed, self._batches, since)

    @property
    def written_count(self) -> int:
        """How many free-form entries there are."""
        return len(self._placed)

    def mark(self) -> Mark:
        """Return how much is written now, so that a later look can begin here."""
        return Mark(len(self._placed), self._batches_gone + len(self._batches))

    def find_first(self, kind: str, after: int) -> str | None:
        """Return the id of the first free-form entry of *kind* beyond the first *after* ones."""
        for placed in self._placed[after:]:
            if placed.entry.kind == kind:
                return placed.entry.id
        return None

    def batches(self, kind: str, until: Mark) -> list[Batch]:
        """Return the kept batches of *kind* written before *until*, in order of writing."""
        last = max(until.batches - self._batches_gone, 0)
        return [batch for batch in self._batches[:last] if batch.kind.name == kind]

    def written(self, *kinds: str) -> list[Entry]:
        """Return the free-form entries of *kinds*, in order of writing."""
        return [placed.entry for placed in self._placed if placed.entry.kind in kinds]

    def span(self, after: Mark, until: Mark) -> Span:
        """Return the kept entries written after one mark and before another, in order of time.

        Nothing that happens in a settled world lands in front of what was there before, so one
        span after the other reads like the whole.
        """
        first = max(after.batches - self._batches_gone, 0)
        last = max(until.batches - self._batches_gone, 0)
        return Span(self._placed[after.entries : until.entries], self._batches[first:last])

    def lines(self) -> Iterator[str]:
        """Yield the file: the header, every kept entry, and at the end digest and counts."""
        yield _canonical(self.header())
        for entry in self.entries():
            yield entry.line()
        yield _canonical(
            {"digest": self.digest, "count": self.count, "dropped": self.dropped_count}
        )

    def list_last(self, count: int) -> list[Entry]:
        """Return the latest *count* kept entries in order of time; large batches cost little."""
        instants = [placed.entry.at for placed in self._placed[-count:]]
        for batch in self._batches:
            size = len(batch.instants)
            cut = max(size - count, 0)
            instants += np.partition(batch.instants, cut)[cut:].tolist() if size else []
        if not instants:
            return []
        return list(self.entries(sorted(instants)[-count:][0]))[-count:]

    def find(self, kinds: Sequence[str] = (), *, mentions: str = "") -> list[Entry]:
        """Return the kept entries of *kinds* (all when empty) whose text holds *mentions*."""
        return [
            entry
            for entry in self.entries()
            if (not kinds or entry.kind in kinds) and (not mentions or mentions in entry.line())
        ]


class Span(Sequence[Entry]):
    """Kept entries in order of time; those of batches are unfolded when somebody looks."""

    def __init__(
        self, placed: Sequence[_Placed], batches: Sequence[Batch], since: Instant = 0
    ) -> None:
        """Order what happened at *since* or later."""
        self._placed = tuple(placed)
        self._batches = tuple(batches)
        held = [number for number, each in enumerate(self._placed) if each.entry.at >= since]
        nothing = np.zeros(len(held), np.uint64)
        columns: list[tuple[NDArray[np.generic], ...]] = [
            (
                np.array([self._placed[number].entry.at for number in held], np.int64),
                np.array([self._placed[number].epoch for number in held], np.int64),
                np.zeros(len(held), np.int64),
                nothing,
                nothing,
                np.full(len(held), -1, np.int64),
                np.array(held, np.int64),
            )
        ]
        for number, batch in enumerate(self._batches):
            places = np.flatnonzero(batch.instants >= since)
            size = len(places)
            if not size:
                continue
            columns.append(
                (
                    batch.instants[places],
                    np.full(size, batch.epoch, np.int64),
                    np.full(size, batch.kind.rank + 1, np.int64),
                    batch.kind.who_keys(batch.rows[places]),
                    _spread(batch.kind.what_keys(batch.what[places]), size),
                    np.full(size, number, np.int64),
                    places,
                )
            )
        *keys, batch_numbers, all_places = (
            np.concatenate(part) for part in zip(*columns, strict=True)
        )
        order = np.lexsort((all_places, batch_numbers, *reversed(keys)))
        self._numbers = batch_numbers[order]
        """int64, shape (n,): which batch each entry is of, -1 for a free-form one."""
        self._places = all_places[order]

    def __len__(self) -> int:
        """How many entries there are, batches unfolded."""
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        """Return one entry, or some."""
        if isinstance(index, slice):
            return list(self._unfold_all(index))
        return self._unfold(int(self._numbers[index]), int(self._places[index]))

    def __iter__(self) -> Iterator[Entry]:
        """Yield each entry."""
        for start in range(0, len(self), BLOCK):
            yield from self._unfold_all(slice(start, start + BLOCK))

    def count_kinds(self, first: int = 0) -> Counter[str]:
        """Count the entries from *first* on by kind, without unfolding them."""
        counts: Counter[str] = Counter()
        numbers = self._numbers[first:]
        for number, size in zip(*np.unique(numbers, return_counts=True), strict=True):
            if number >= 0:
                counts[self._batches[number].kind.name] += int(size)
        for place in self._places[first:][numbers < 0].tolist():
            counts[self._placed[place].entry.kind] += 1
        return counts

    def _unfold_all(self, part: slice) -> Iterator[Entry]:
        for number, place in zip(
            self._numbers[part].tolist(), self._places[part].tolist(), strict=True
        ):
            yield self._unfold(number, place)

    def _unfold(self, number: int, place: int) -> Entry:
        if number < 0:
            return self._placed[place].entry
        batch = self._batches[number]
        kind = batch.kind
        row, what = int(batch.rows[place]), int(batch.what[place])
        outcome = int(batch.outcomes[place])
        name, fields = kind.describe(row, what)
        if len(kind.outcomes) > 1:
            fields = {**fields, "outcome": kind.outcomes[outcome]}
        return Entry(
            int(batch.instants[place]),
            kind.name,
            f"{kind.name}:{name}",
            fields,
            kind.causes(row, what, outcome),
        )


def _canonical(value: Mapping[str, object]) -> str:
    return ENCODER.encode(value).decode()


def _spread(keys: NDArray[np.uint64] | int, size: int) -> NDArray[np.uint64]:
    return np.full(size, keys, np.uint64) if isinstance(keys, int) else keys
