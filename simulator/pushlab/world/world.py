"""The world: one isolated run, the owner of its time, luck, names, trace and outbox.

It is synchronous and does no input or output (law 2). Time moves only through `run_until`
(law 4), which a mover calls; a request or a verb from outside goes through `act`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pushlab.errors import MisuseError
from pushlab.settings import DEFAULTS, Settings, change_settings
from pushlab.world.clock import Clock, Instant, parse_instant, render_instant
from pushlab.world.ids import Ids
from pushlab.world.outbox import Outbox, Post
from pushlab.world.randomness import Randomness
from pushlab.world.schedule import Schedule
from pushlab.world.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["START", "World"]

T = TypeVar("T")

START = "2026-01-01T00:00:00Z"
"""Where a world begins unless told otherwise."""
SEED_MAX = 2**64


class World:
    """Clock, schedule, randomness, ids, trace and outbox of one run; all state hangs on it."""

    def __init__(
        self,
        seed: int = 0,
        start: str | int | datetime = START,
        *,
        trace: str = "full",
        settings: Settings | None = None,
    ) -> None:
        if type(seed) is not int or not 0 <= seed < SEED_MAX:
            raise MisuseError(f"a seed is a whole number from 0 to 2**64 - 1, not {seed!r}")
        self.seed = seed
        self.settings = settings or DEFAULTS
        self.clock = Clock(parse_instant(start))
        self.trace = Trace(self.clock, seed, keep=trace)
        self.schedule = Schedule(self.clock)
        self.outbox = Outbox(self.clock, self.trace)
        self.randomness = Randomness(seed)
        self.ids = Ids(seed)

    @property
    def now(self) -> Instant:
        """The instant at which the world stands."""
        return self.clock.now

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has happened yet, so that the start may still be chosen."""
        return self.clock.now == self.clock.start and not self.trace.count and not self.schedule

    def run_until(self, instant: Instant) -> Post | None:
        """Run everything due up to *instant*, or up to the first post that must leave.

        Returns that post, with the clock standing at its instant; settle it in the outbox and
        call again. Returns None when *instant* is reached. Raises MisuseError when it is over.
        """
        if instant < self.clock.now:
            raise MisuseError(
                f"time does not go back: it is {render_instant(self.clock.now)}, "
                f"asked for {render_instant(instant)}"
            )
        while True:
            post = self.outbox.find_next()
            if post is not None:
                return post
            barrier = self.schedule.next_barrier()
            limit = instant if barrier is None else min(instant, barrier.instant)
            self._settle(self.schedule.run_lane(limit))
            due = self.schedule.pop_barrier(self.clock.now)
            if due is not None:
                self.trace.epoch += 1
                due.action()
            elif self.clock.now == instant:
                return None

    def act(self, action: Callable[[], T]) -> T:
        """Do *action* at once, as a caller from outside, and settle what it puts at this instant.

        Barriers of this instant wait until time moves.
        """
        self.trace.epoch += 1
        try:
            return action()
        finally:
            self._settle(self.schedule.run_lane(self.clock.now))

    def next_due(self) -> Instant | None:
        """Return when the next work is due that a message, a request or a verb has caused.

        A waiting post is due now; habits do not count; None means idle.
        """
        if len(self.outbox):
            return self.clock.now
        return self.schedule.next_due()

    def change_settings(self, **changes: object) -> None:
        """Change named settings; raises MisuseError for an unknown name or a wrong type."""
        self.settings = change_settings(self.settings, changes)
        for name in sorted(changes):
            self.trace.record("SettingChanged", name, {"name": name, "value": changes[name]})

    def _settle(self, limit: Instant) -> None:
        self.schedule.settle(limit)
        self.clock.move_to(limit)
