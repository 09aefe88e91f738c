"""The bench: the lab of the moment, and whose turn it is to move its time or to replace it.

A reset swaps in a fresh lab behind the same address. Turns are short for the driver, which moves
a live clock in slices; whoever asks over the control API takes the turn between two of them.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pushlab.errors import MisuseError
from pushlab_fakes.wire.real_clock import RealClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushlab.lab import Lab
    from pushlab.world.clock import Instant

    Maker = Callable[[int | None, str | None], Lab]
    """Makes a lab of a seed and a start; None takes those that the server began with."""

__all__ = ["Bench", "TurnTakenError", "move_to"]

TURN_WAIT_S = 5.0
"""How long a caller waits for the driver's slice to end; real time."""
TURN_STEP_S = 0.02
SLICE_FIRST_MS, SLICE_MAX_MS = 60_000, 366 * 86_400_000
SLICE_SHORT_S, SLICE_LONG_S = 0.02, 0.05
"""A slice that took less real time than the first is doubled, more than the second halved."""


class TurnTakenError(MisuseError):
    """Time is being moved by somebody who does not make way."""


class Bench:
    """Holds the lab; everybody asks for it anew, since a reset replaces it."""

    def __init__(self, make: Maker, pace: str = "manual") -> None:
        self._make = make
        self.pace = pace
        """``manual``, ``live`` or ``60x``."""
        self.lab = make(None, None)
        self.failure: str | None = None
        """Why the driver has stopped, or None."""
        self.is_stopping = False
        self._turn = threading.Lock()
        self._holder = ""

    @contextmanager
    def take_turn(self, who: str) -> Iterator[Lab]:
        """Hold time alone; waits for a slice of the driver, raises TurnTakenError else."""
        self._wait_for_turn(who)
        self._holder = who
        try:
            yield self.lab
        finally:
            self._holder = ""
            self._turn.release()

    def _wait_for_turn(self, who: str) -> None:
        end = RealClock.monotonic() + TURN_WAIT_S
        while not self._turn.acquire(timeout=TURN_STEP_S):
            post, holder = self.lab.posting, self._holder
            if post is not None:
                raise TurnTakenError(
                    f"time stands at a webhook to {post.url} until that is answered; answer it "
                    f"first, a handler cannot {who}"
                )
            if holder not in {"", DRIVER} or RealClock.monotonic() > end:
                raise TurnTakenError(
                    f"{holder or 'somebody else'} is at work; there is one mover at a time, so "
                    f"{who} when that is done"
                )

    def offer_turn(self, wait_s: float) -> bool:
        """Take the turn for the driver if it is free; then `end_turn`."""
        if not self._turn.acquire(timeout=wait_s):
            return False
        self._holder = DRIVER
        return True

    def end_turn(self) -> None:
        """Give the driver's turn back."""
        self._holder = ""
        self._turn.release()

    def reset(self, seed: int | None, start: str | None) -> Lab:
        """Put a fresh lab in the place of this one; raises MisuseError and changes nothing."""
        with self.take_turn("reset"):
            fresh = self._make(seed, start)
            old, self.lab = self.lab, fresh
            self.failure = None
            old.close()
            return fresh

    def close(self) -> None:
        """Close the lab."""
        self.is_stopping = True
        self.lab.close()


DRIVER = "the live clock"


def move_to(lab: Lab, target: Instant, is_over: Callable[[], bool]) -> None:
    """Run *lab* to *target* in slices, so that requests are served in between (law 4)."""
    slice_ms = SLICE_FIRST_MS
    now = lab.now
    lab.run_until(now)
    while now < target and not is_over():
        begun = RealClock.monotonic()
        lab.run_until(min(target, now + slice_ms))
        took_s = RealClock.monotonic() - begun
        if took_s < SLICE_SHORT_S:
            slice_ms = min(slice_ms * 2, SLICE_MAX_MS)
        elif took_s > SLICE_LONG_S:
            slice_ms = max(slice_ms // 2, 1)
        now = lab.now
