"""The book of attempts: what `lab.attempts` begins with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pushlab.attempts.attempt import Attempt
from pushlab.attempts.attempts import Attempts
from pushlab.attempts.columns import ENTRY, NOTHING, Moment, select
from pushlab.attempts.criteria import GATEWAYS, Criteria, find_gateways
from pushlab.attempts.ledgers import Ledgers
from pushlab.devices.kinds import view_device
from pushlab.fanout import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from numpy.typing import NDArray

    from pushlab.attempts.columns import AttemptColumns, Test
    from pushlab.devices.device import Device, Host
    from pushlab.reasons import Reason
    from pushlab.services import Services
    from pushlab_fakes.attempts import KeptAttempt

    T = TypeVar("T")

__all__ = ["Book"]


ID: Final = re.compile(
    r"(?:w(?P<number>\d{1,18})-?|s)(?:(?P<send>\d{1,9})\.(?P<position>\d{1,9}))?(?:@\d+)?", re.ASCII
)


class Found(NamedTuple):
    """What a look found."""

    columns: AttemptColumns
    held: Mapping[int, KeptAttempt]
    """What came over wires, by number; it stays even if the log lets go of it."""


class Book:
    """Finds and shows the attempts of one lab."""

    def __init__(self, host: Host, services: Services) -> None:
        """Show what *services* did."""
        self._host = host
        self.ledgers = Ledgers(host, services)
        self.explain: Callable[[Attempt], list[Reason]] = lambda _attempt: []
        """Says why an attempt did or did not arrive; `Why` sees to it."""

    def all(self) -> Attempts:
        """Return every attempt up to now."""
        return Attempts(self, self.read(self._measure), Criteria())

    def find(self, attempt_id: str) -> Attempt | None:
        """Return the attempt that the control API calls *attempt_id*, or None."""
        named = ID.fullmatch(attempt_id)
        if named is None:
            return None
        target = NOTHING
        if named["send"] is not None:
            target = int(named["send"]) << POSITION_BITS | int(named["position"])
        kept = int(named["number"] or NOTHING)

        def test(found: AttemptColumns) -> NDArray[np.bool_]:
            meant: NDArray[np.bool_] = found.kept == kept
            return meant if target == NOTHING else meant & (found.what == target)

        found = self.read(lambda: self._select(self._measure(), test))
        near = self.view(found, np.arange(len(found.columns.at)))
        return next((each for each in near if each.id == attempt_id), None)

    def _measure(self) -> Moment:
        return Moment(self._host.world.trace.mark(), self.ledgers.log.count)

    def select(self, moment: Moment, criteria: Criteria) -> Found:
        """Return the attempts before *moment* that fit *criteria*."""
        ledgers = self.ledgers
        test = None if criteria == Criteria() else (lambda found: criteria.test(ledgers, found))
        return self.read(lambda: self._select(moment, test))

    def _select(self, moment: Moment, test: Test) -> Found:
        ledgers = self.ledgers
        found = select(ledgers.log, self._host.world.trace, ledgers.sends, moment, test)
        numbers = found.kept[found.kept != NOTHING].tolist()
        held = ((number, ledgers.log.find(number)) for number in numbers)
        return Found(found, {number: kept for number, kept in held if kept is not None})

    def view(self, found: Found, picks: NDArray[np.int64]) -> list[Attempt]:
        """Return some of what was *found* as attempts to look at."""
        return self.read(lambda: self._view(found.columns.take(picks), found.held))

    def _view(self, found: AttemptColumns, held: Mapping[int, KeptAttempt]) -> list[Attempt]:
        gateways = find_gateways(self.ledgers, found).tolist()
        for place, number in enumerate(found.kept.tolist()):
            if number in held:
                gateways[place] = GATEWAYS.index(held[number].gateway)
        return [
            Attempt(
                self,
                at=at,
                source=source,
                gateway=gateway,
                kept=held.get(number),
                what=what,
                outcome=outcome,
            )
            for at, number, what, source, outcome, gateway in zip(
                found.at.tolist(),
                found.kept.tolist(),
                found.what.tolist(),
                found.sources.tolist(),
                found.outcomes.tolist(),
                gateways,
                strict=True,
            )
        ]

    # -- what attempts ask ---------------------------------------------------------------------

    def read(self, action: Callable[[], T]) -> T:
        """Look at the settled world."""
        return self._host.read(action)

    def view_device(self, row: int) -> Device:
        """Return the device at *row*."""
        return view_device(self._host, row)

    def list_device_names(self) -> list[str]:
        """Return the ids of the devices that were made one by one."""
        fleet = self.ledgers.fleet
        return [fleet.name_of(row) for row in fleet.named_rows()]

    def count_dropped(self) -> int:
        """Return how many attempts are no longer kept."""
        trace = self._host.world.trace
        return self.read(lambda: self.ledgers.log.dropped + trace.dropped[ENTRY])

    def explain_missing(self, criteria: Criteria) -> Sequence[str]:
        """Say in lines why there is no attempt for a device."""
        if criteria.device is None:
            return ()
        name = self.read(lambda: self.ledgers.fleet.name_of(criteria.device or 0))
        return self._host.explain(name)
