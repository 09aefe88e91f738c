"""Attempts of one lab as arrays: what came over wires, and what services sent.

A service's attempts are the entries that its bulk steps left in the trace: arrays there, and
arrays here. Nothing is kept twice and nothing is rendered; what nobody asks for is passed over in
pieces, so that a look at one phone costs no room for a million others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pushlab.fanout import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from pushlab.fanout import FanOut, Sends
    from pushlab.world.trace import Batch, Mark, Trace
    from pushlab_fakes.attempts import AttemptLog, KeptAttempt

    Test = Callable[["AttemptColumns"], NDArray[np.bool_]] | None
    """Says which of some attempts are meant; None is all."""

__all__ = ["GATEWAY", "NOTHING", "SERVICE", "SOURCES", "WIRE", "AttemptColumns", "Moment", "select"]

ENTRY: Final = "AttemptMade"
NOTHING: Final = -1
SOURCES: Final = ("wire", "onesignal", "gateway")
WIRE, SERVICE, GATEWAY = range(len(SOURCES))
"""Who made an attempt: a program over a wire, OneSignal, or the gateway by itself."""
PIECE: Final = 262_144
"""Attempts that are looked through at a time."""


class Moment(NamedTuple):
    """How much there was when somebody asked; what comes later is not looked at."""

    mark: Mark
    number: int
    """Of the last attempt over a wire."""


@dataclass(frozen=True, slots=True)
class AttemptColumns:
    """Some attempts; all arrays have the shape (n,)."""

    at: NDArray[np.int64]
    kept: NDArray[np.int64]
    """The number of the attempt in the log of the wires; NOTHING for one that is not there."""
    what: NDArray[np.int64]
    """The target of a send; NOTHING for a request that was refused before it became one."""
    sources: NDArray[np.uint8]
    outcomes: NDArray[np.uint8]
    """Codes of what a gateway said to a service."""
    rows: NDArray[np.int32]
    """The service's rows of what it sent to; NOTHING for all others."""

    def take(self, picks: NDArray[np.int64] | NDArray[np.bool_]) -> AttemptColumns:
        """Return the attempts at *picks*."""
        return AttemptColumns(
            self.at[picks],
            self.kept[picks],
            self.what[picks],
            self.sources[picks],
            self.outcomes[picks],
            self.rows[picks],
        )

    def split(self, sends: Sends) -> Iterator[tuple[FanOut, NDArray[np.int64], NDArray[np.intp]]]:
        """Yield (fan-out, positions, which attempts) for each send that is not closed."""
        aimed = np.flatnonzero(self.what != NOTHING)
        for fan_out, positions, places in sends.split(self.what[aimed]):
            yield fan_out, positions, aimed[places]


def select(
    log: AttemptLog, trace: Trace, sends: Sends, moment: Moment, test: Test
) -> AttemptColumns:
    """Return the attempts before *moment* that pass *test*, in order of time."""
    pieces = [_collect_wires(log, sends, moment.number)]
    pieces += _gather(trace.batches(ENTRY, moment.mark))
    if test is not None:
        pieces = [piece.take(test(piece)) for piece in pieces]
    found = _join(pieces)
    # At one instant: the wires in order of arrival, then each send by its targets.
    return found.take(np.lexsort((found.what, found.kept, found.sources != WIRE, found.at)))


def _join(pieces: list[AttemptColumns]) -> AttemptColumns:
    return AttemptColumns(
        np.concatenate([piece.at for piece in pieces]),
        np.concatenate([piece.kept for piece in pieces]),
        np.concatenate([piece.what for piece in pieces]),
        np.concatenate([piece.sources for piece in pieces]),
        np.concatenate([piece.outcomes for piece in pieces]),
        np.concatenate([piece.rows for piece in pieces]),
    )


def _gather(batches: Iterable[Batch]) -> Iterator[AttemptColumns]:
    """Yield batches as they are, small ones together."""
    waiting: list[AttemptColumns] = []
    count = 0
    for batch in batches:
        waiting.append(_read_batch(batch))
        count += len(batch.rows)
        if count >= PIECE:
            yield _join(waiting)
            waiting, count = [], 0
    if waiting:
        yield _join(waiting)


def _read_batch(batch: Batch) -> AttemptColumns:
    count = len(batch.rows)
    # What a carrier answers by itself has one outcome, and devices for rows.
    is_service = len(batch.kind.outcomes) > 1
    return AttemptColumns(
        batch.instants,
        np.full(count, NOTHING, np.int64),
        batch.what,
        np.full(count, SERVICE if is_service else GATEWAY, np.uint8),
        batch.outcomes,
        batch.rows if is_service else np.full(count, NOTHING, np.int32),
    )


def _collect_wires(log: AttemptLog, sends: Sends, until: int) -> AttemptColumns:
    at: list[int] = []
    kept: list[int] = []
    what: list[int] = []
    sources: list[int] = []
    for each in log:
        if each.number > until:
            break
        targets = _list_targets(each, sends)
        at += [each.at] * len(targets)
        kept += [each.number] * len(targets)
        what += targets
        sources += [GATEWAY if each.request is None else WIRE] * len(targets)
    return AttemptColumns(
        np.array(at, np.int64),
        np.array(kept, np.int64),
        np.array(what, np.int64),
        np.array(sources, np.uint8),
        np.zeros(len(at), np.uint8),
        np.full(len(at), NOTHING, np.int32),
    )


def _list_targets(kept: KeptAttempt, sends: Sends) -> list[int]:
    """Return the targets that a request became; of a mail that is tried again the last try."""
    if kept.count == 1:
        return [kept.sends[0] << POSITION_BITS]
    targets: list[int] = []
    by_address: dict[str, int] = {}
    for number in kept.sends:
        fan_out = sends.find(number << POSITION_BITS)
        assert fan_out is not None, "sends past a service are never closed"
        if kept.envelope is not None:
            by_address[fan_out.owner.address_name(fan_out, 0)] = fan_out.what_at(0)
        else:
            targets += [fan_out.what_at(position) for position in range(len(fan_out))]
    return [*targets, *by_address.values()] or [NOTHING]
