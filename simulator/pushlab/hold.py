"""A hold as a test has it: what is kept in flight, waiting for it, and letting it go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from pushlab.errors import LimitError
from pushlab.world.clock import render_instant
from pushlab_fakes.wire.waiting import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from pushlab.world.clock import Instant
    from pushlab_fakes.faults import Fault, Faults

    T = TypeVar("T")

__all__ = ["Held", "Hold", "Notice"]

WAIT_S = 10.0
"""How long to wait for something to be held unless told otherwise; real time."""


class Host(Protocol):
    """What a hold needs of its lab."""

    def act(
        self, action: Callable[[], T], name: str = "", arguments: Mapping[str, object] | None = None
    ) -> T:
        """Do *action* at once, and record it as *name*."""
        ...

    def read(self, action: Callable[[], T]) -> T:
        """Look at the settled world."""
        ...


class Held(NamedTuple):
    """One thing that is kept in flight."""

    what: str
    """The route, the stage of SMTP or the URL."""
    at: Instant
    """Since when."""


class Notice:
    """Wakes whoever waits for something to be held; one for a lab."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def give(self) -> None:
        """Tell that what is held has changed."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, is_there: Callable[[], bool], seconds: float) -> bool:
        """Wait until *is_there*, at most *seconds* of real time; return whether it is."""
        with self._changed:
            return self._changed.wait_for(is_there, seconds)


class Hold:
    """Keeps requests, answers or webhooks in flight until it is released.

    As a context manager it is released at the end.
    """

    def __init__(self, host: Host, faults: Faults, fault: Fault, notice: Notice) -> None:
        self._host = host
        self._faults = faults
        self._fault = fault
        self._notice = notice

    @property
    def name(self) -> str:
        """How a scenario, `pushlab ctl` and the trace call it: its id among the faults."""
        return self._fault.id

    @property
    def where(self) -> str:
        """The place at which it holds."""
        return self._fault.where

    @property
    def part(self) -> str:
        """What it keeps back: ``request`` or ``answer``."""
        return self._fault.part

    @property
    def parked(self) -> list[Held]:
        """What is kept back at the moment, oldest first."""
        return [Held(each.what, each.at) for each in self._faults.holds.at(self.name)]

    def wait(self, seconds: float = WAIT_S, count: int = 1) -> list[Held]:
        """Wait until *count* things are kept back, and return them all; real time.

        Raises LimitError when they do not come. Inside a running loop write `await wait_async()`:
        what shall come may need that loop.
        """
        if not self._notice.wait(lambda: len(self.parked) >= count, seconds):
            raise LimitError(
                f"{len(self.parked)} of {count} came to the hold {self.name!r} at {self.where} "
                f"within {seconds:g} s of real time"
            )
        return self.parked

    async def wait_async(self, seconds: float = WAIT_S, count: int = 1) -> list[Held]:
        """Wait as `wait` does without stopping the running loop (asyncio or trio)."""
        return await run_in_thread(lambda: self.wait(seconds, count))

    def release(self, count: int | None = None) -> int:
        """Let go on what is kept back, and return how much that was.

        Without a *count* everything, and the hold is over; with one the oldest, and it goes on.
        Webhooks leave when time moves next.
        """
        told = {"name": self.name, "count": count}
        return self._host.act(lambda: self._faults.release(self.name, count), "release", told)

    def document(self) -> dict[str, object]:
        """Return the hold as the control API shows it."""
        return {
            "name": self.name,
            "where": self.where,
            "part": self.part,
            "parked": [{"what": held.what, "at": render_instant(held.at)} for held in self.parked],
        }

    def __enter__(self) -> Self:
        """Use the hold in a with statement; it is released at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        """Release it, unless somebody has."""
        if any(fault.id == self.name for fault in self._faults.list()):
            self.release()

    def __repr__(self) -> str:
        """Show what it keeps back."""
        return f"<hold {self.name} at {self.where}, {len(self.parked)} parked>"
