"""The real lab, with the verbs that a history needs; the twin of `Reference`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.tray import list_shown
from pushlab.gateway import Channel
from pushlab.lab import Lab
from pushlab.world.randomness import mix, threshold
from pushlab_testing.reference.phone import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab.devices.device import Device
    from pushlab.devices.tray import ShownMessage
    from pushlab.fanout import FanOut
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.onesignal.routes import OneSignal

__all__ = ["CutEngine", "Engine", "TextEngine"]

CHANNELS = (Channel.IOS, Channel.ANDROID)
"""Those that the reference knows."""


class Engine:
    """One lab; takes what `pushlab_testing.reference.whole.Reference` takes."""

    def __init__(self, seed: int, settings: Mapping[str, object]) -> None:
        self.lab = Lab(seed, settings=settings)

    @property
    def now(self) -> int:
        """The instant."""
        return self.lab.world.now

    @property
    def onesignal(self) -> OneSignal:
        """The service."""
        return self.lab.onesignal

    def act(self, action: Callable[[], None]) -> None:
        """Do *action* and the items of this instant."""
        self.lab.act(action)

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.lab.run_until(self.now + ms)

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        return self.lab.handle(request)

    # -- phones --------------------------------------------------------------------------------

    def device(
        self,
        platform: str,
        name: str,
        *,
        external_id: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
    ) -> int:
        """Make one phone and return its row."""
        made: Device = self.lab.device(
            platform,
            name=name,
            external_id=external_id,
            fresh=fresh,
            extension=extension,
            tap_chance=tap_chance,
        )
        return made.row

    def crowd(self, prefix: str, counts: Mapping[str, int], tap_chance: float) -> list[int]:
        """Make a population and return its rows."""
        total = sum(counts.values())
        platforms = {name: float(count) for name, count in counts.items()}
        rows = self.lab.population(total, prefix=prefix, platforms=platforms).rows
        share = min(threshold(tap_chance), 2**32 - 1)
        self.lab.fleet.devices.tap_share[rows] = share
        listed: list[int] = rows.tolist()
        return listed

    def do(self, verb: str, rows: Sequence[int]) -> None:
        """Do a verb now."""
        self.act(lambda: self.lab.fleet.do(verb, _as_rows(rows)))

    def plan(self, verb: str, rows: Sequence[int], delays: Sequence[int]) -> None:
        """Plan a verb."""
        instants = self.now + np.array(delays, np.int64)
        self.act(lambda: self.lab.fleet.plan(verb, _as_rows(rows), instants))

    def log_in(self, row: int, external_id: str | None) -> None:
        """Log somebody in or out."""
        self.act(lambda: self.lab.fleet.log_in(row, external_id))

    def listen(self, row: int, listener: Callable[[str], None]) -> None:
        """Call *listener* with the id of each notification that a phone shows."""

        def tell(fan_out: FanOut, _position: int) -> None:
            listener(fan_out.name)

        self.act(lambda: self.lab.fleet.listen(row, tell))

    def touch(self, row: int, verb: str) -> None:
        """Tap or dismiss what a phone shows on top."""
        lab = self.lab
        tray = self._tray(row)
        if not tray:
            return
        body = lab.fleet.delivery.tap if verb == "tap" else lab.fleet.delivery.dismiss
        at, what = np.array([self.now], np.int64), np.array([tray[0].what], np.int64)
        self.act(lambda: body(at, _as_rows([row]), what))

    # -- faults --------------------------------------------------------------------------------

    def fault(self, fault: Fault) -> str:
        """Plan a fault and return its id."""
        return self.lab.act(lambda: self.lab.faults.plan(fault)).id

    def end_fault(self, fault_id: str) -> None:
        """End a fault."""
        self.lab.end_fault(fault_id)

    # -- what is compared ----------------------------------------------------------------------

    def subscription_id(self, row: int) -> str | None:
        """Return the id that a phone stored."""
        key = int(self.lab.fleet.devices.subscription_key[row])
        return self.lab.world.ids.uuid("subscription", key) if key else None

    def outcome(self) -> dict[str, object]:
        """Return everything that must be equal."""
        lab, fleet = self.lab, self.lab.fleet
        rows = range(len(fleet.devices))
        return {
            "digest": lab.world.trace.digest,
            "count": lab.world.trace.count,
            "due": lab.world.next_due(),
            "targets": {sent.name: _facts(sent) for sent in lab.sends.live()},
            "phones": {name: fleet.devices.live(name).tolist() for name in COLUMNS},
            "trays": [[shown.notification_id for shown in self._tray(row)] for row in rows],
            "tokens": [
                list(
                    zip(
                        *(held.tokens.live(name).tolist() for name in TOKEN_COLUMNS),  # type: ignore[attr-defined]
                        strict=True,
                    )
                )
                for held in (fleet.gateways[channel] for channel in CHANNELS)
            ],
        }

    def _tray(self, row: int) -> list[ShownMessage]:
        return list_shown(self.lab.fleet, self.lab.sends, self.lab.world.settings, row)


class TextEngine(Engine):
    """A lab that is compared by the text of its trace too."""

    def outcome(self) -> dict[str, object]:
        """Return everything that must be equal, the lines of the trace included."""
        return {**super().outcome(), "text": list(self.lab.world.trace.lines())}


class CutEngine(TextEngine):
    """A lab whose advances are cut by keyed luck, and which is looked at in between."""

    def __init__(self, seed: int, settings: Mapping[str, object]) -> None:
        super().__init__(seed, settings)
        self._cuts = 0

    def advance(self, ms: int) -> None:
        """Let time pass in up to four parts."""
        end, start = self.now + ms, self.now
        for _ in range(self._cuts % 4):
            self._cuts += 1
            point = start + mix(self._cuts) % (ms + 1)
            if point > self.now:
                super().advance(point - self.now)
                Engine.outcome(self)
        self._cuts += 1
        super().advance(end - self.now)


TOKEN_COLUMNS = ("device", "key", "dead_at", "told_at")


def _as_rows(rows: Sequence[int]) -> NDArray[np.int32]:
    return np.array(rows, np.int32)


def _facts(sent: FanOut) -> list[tuple[int, ...]]:
    columns = (
        sent.subscriptions,
        sent.fates,
        sent.receipts,
        sent.marks,
        sent.attempts,
        sent.shown_ms,
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))
