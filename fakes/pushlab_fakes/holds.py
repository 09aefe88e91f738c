"""What is kept in flight: requests, answers and webhooks that a hold has parked.

A parked thing is what it will do, kept back. It does so when its hold lets it go, at the instant
at which the world stands by then, whether or not somebody still waits for what comes of it: a
request that lay in a queue for an hour is carried out all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.clock import Instant

__all__ = ["PARKED_MAX", "Holds", "Parked"]

PARKED_MAX: Final = 1_000
"""How many things all holds of a world keep back together."""


class Parked:
    """One thing that is kept back."""

    def __init__(self, hold: str, what: str, at: Instant, go: Callable[[], object]) -> None:
        self.hold = hold
        """Id of the hold."""
        self.what = what
        """For people: the route, the stage, the URL."""
        self.at = at
        """Since when."""
        self.is_released = False
        self.outcome: object = None
        """What came of it once it was let go; an exception when something broke, None when the
        world has ended instead."""
        self._go = go
        self._listener: Callable[[], None] | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        """Have *listener* called when it is let go, or now; it may be called twice."""
        self._listener = listener
        if self.is_released:
            listener()

    def release(self) -> None:
        """Let it go; what breaks on the way is raised after whoever waits was told."""
        try:
            self.outcome = self._go()
        except BaseException as error:
            self.outcome = error
            raise
        finally:
            self._tell()

    def abandon(self) -> None:
        """Let whoever waits know that nothing will come of it."""
        self._tell()

    def _tell(self) -> None:
        self.is_released = True
        if self._listener is not None:
            self._listener()

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<parked {self.what} at {self.hold}>"


class Holds:
    """What is parked in one world, in the order in which it came."""

    def __init__(self) -> None:
        self._parked: list[Parked] = []
        self.on_change: Callable[[], None] = lambda: None
        """Called whenever something was parked or let go."""

    def park(self, hold: str, what: str, at: Instant, go: Callable[[], object]) -> Parked:
        """Keep *go* back; raises LimitError beyond PARKED_MAX."""
        if len(self._parked) >= PARKED_MAX:
            raise LimitError(
                f"{PARKED_MAX:,} requests, answers and webhooks are held already; "
                "release a hold first"
            )
        parked = Parked(hold, what, at, go)
        self._parked.append(parked)
        self.on_change()
        return parked

    def at(self, hold: str) -> list[Parked]:
        """Return what a hold keeps back, oldest first."""
        return [parked for parked in self._parked if parked.hold == hold]

    def release(self, hold: str, count: int | None = None) -> list[Parked]:
        """Let the oldest *count* go on (all of them without), and return them.

        What breaks in one keeps none of the others back; the first error is raised at the end.
        """
        leaving = self.at(hold)[:count]
        self._parked = [parked for parked in self._parked if parked not in leaving]
        errors: list[BaseException] = []
        for parked in leaving:
            try:
                parked.release()
            except BaseException as error:  # noqa: BLE001 - it is raised below
                errors.append(error)
        self.on_change()
        if errors:
            raise errors[0]
        return leaving

    def abandon(self) -> None:
        """Give everything up, because the world has ended."""
        leaving, self._parked = self._parked, []
        for parked in leaving:
            parked.abandon()
        self.on_change()
