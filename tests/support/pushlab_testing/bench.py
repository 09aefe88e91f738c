"""A world with everything that moves it and nothing else: for tests of time and of posts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pushlab.frozen import FrozenClock
from pushlab.movers import Movers
from pushlab.world.clock import parse_instant, render_instant
from pushlab.world.outbox import Post
from pushlab.world.world import World
from pushlab_fakes.wire.mounts import Mounts
from pushlab_fakes.wire.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bench", "a_post"]


def a_post(url: str = "https://shop.test/hook", **changes: object) -> Post:
    """Return a post as the outbox holds it."""
    values: dict[str, object] = {
        "name": "order 1",
        "url": url,
        "at": parse_instant("2026-01-01T00:00:00Z"),
        "purpose": "a test",
        "body": b'{"event": "shown"}',
        "timeout_s": 5.0,
    }
    return Post(**{**values, **changes})  # type: ignore[arg-type]


class Bench:
    """One world with its movers, its mounts and its link to frozen clocks."""

    def __init__(self, start: str | None = None, *, allow: tuple[str, ...] = ()) -> None:
        """Make the world; like a lab it may take a frozen instant unless *start* is given."""
        self.world = World() if start is None else World(start=start)
        self.lock = threading.Lock()
        self.mounts = Mounts()
        self.outgoing = Outgoing(self.mounts, allow=allow)
        self.frozen = FrozenClock(self.world, explicit_start=start is not None)
        self.urls: list[str] = []
        """What the world says that it may post to."""
        self.movers = Movers(
            self.world, self.lock, self.outgoing, self.frozen, targets=lambda: self.urls
        )

    @property
    def now(self) -> str:
        """Read the clock as a test does: the frozen clock is looked at first."""
        self.frozen.touch()
        return render_instant(self.world.now)

    @property
    def stands_at(self) -> str:
        """Where the world stands, without looking at any other clock."""
        return render_instant(self.world.now)

    @property
    def answers(self) -> list[int | str | None]:
        """How each post ended: its status, or its error."""
        return [answer.error or answer.status for _, answer in self.world.outbox.settled]

    def plan_post(self, at: str, url: str = "https://shop.test/hook", **changes: object) -> None:
        """Have a post leave at *at*."""
        post = a_post(url, at=parse_instant(at), name=f"order at {at}", **changes)
        self.plan(at, lambda: self.world.outbox.put(post))

    def plan(self, at: str, action: Callable[[], object], *, habit: bool = False) -> None:
        """Have *action* run at *at*; like a verb this happens to the world."""

        def act() -> None:
            action()

        with self.lock:
            self.world.schedule.plan(parse_instant(at), f"work at {at}", act, habit=habit)

    def act(self, what: str = "verb") -> str:
        """Do something to the world, as a verb does, and return the instant at which it was."""
        self.frozen.touch()
        with self.lock:
            self.world.trace.record("Acted", what, {})
            return render_instant(self.world.now)

    def request(self, what: str = "request") -> str:
        """Do something to the world, as an edge does for a client, and return its instant."""
        with self.lock:
            self.frozen.touch_request()
            self.world.trace.record("Requested", what, {})
            return render_instant(self.world.now)
