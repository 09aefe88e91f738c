"""The movers: the only ways in which time passes (laws 3 and 4).

Each is a loop: take the lock, let the world run to the next post or to the end, give the lock
back; make the post with the lock free, so that what it sets off can call the fakes at this same
instant; take the lock, settle the post; go on. The loop is written once, as a generator that asks
for posts to be made; a plain caller makes them in its thread, the twin awaits them in its loop.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from pushlab.errors import LimitError, MisuseError
from pushlab.world.clock import parse_instant, render_instant
from pushlab.world.outbox import PostAnswer
from pushlab_fakes.wire.outgoing import HandlerError
from pushlab_fakes.wire.waiting import has_running_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from pushlab.frozen import FrozenClock
    from pushlab.world.clock import Instant
    from pushlab.world.outbox import Post
    from pushlab.world.world import World
    from pushlab_fakes.wire.outgoing import Outgoing

__all__ = ["IDLE_LIMIT", "POSTS_MAX", "MoverRunningError", "Movers"]

IDLE_LIMIT = timedelta(days=400)
"""Virtual time after which `run_until_idle` gives up, unless told otherwise."""
POSTS_MAX = 100_000
"""Posts that one mover makes; more is two programs that call each other for ever."""

Number: TypeAlias = "int | float | Decimal | Fraction"
_Journey: TypeAlias = "Generator[Post, PostAnswer | BaseException, None]"

_UNITS_MS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000}


class MoverRunningError(MisuseError):
    """Time is already being moved, by somebody else or by a caller of this caller."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked for, in the words in which it was written."""

    name: str
    arguments: str

    def __str__(self) -> str:
        return f"lab.{self.name}({self.arguments})"

    @property
    def twin(self) -> str:
        return f"await lab.{self.name}_async({self.arguments})"


class Movers:
    """`advance`, `run_until`, `run_until_idle` and their async twins, one at a time."""

    def __init__(
        self,
        world: World,
        lock: AbstractContextManager[Any],
        outgoing: Outgoing,
        frozen: FrozenClock,
        *,
        targets: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """Move *world*, whose every other caller also takes *lock*.

        *targets* returns the URLs that the lab may post to, as far as it knows them: a mover
        that would stop the loop which serves one is refused before anything moves.
        """
        self._world = world
        self._lock = lock
        self._outgoing = outgoing
        self._frozen = frozen
        self._targets = targets
        self._one = threading.Lock()
        self._running: str | None = None
        self._post: Post | None = None
        self._made = 0
        frozen.bind(self, lock)

    @property
    def running(self) -> str | None:
        """The mover that is at work, as it was written, or None."""
        return self._running

    @property
    def posting(self) -> Post | None:
        """The webhook whose answer time waits for, or None."""
        return self._post

    def advance(
        self,
        *,
        days: Number | None = None,
        hours: Number | None = None,
        minutes: Number | None = None,
        seconds: Number | None = None,
    ) -> None:
        """Move time on by a duration; webhooks leave on the way, from this thread.

        Raises MisuseError for a duration that is negative or no whole number of milliseconds,
        while another mover is at work, and where a running loop of this thread may be needed to
        answer a webhook.
        """
        call, duration_ms = _read_duration(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._move(call, self._advance(duration_ms))

    async def advance_async(
        self,
        *,
        days: Number | None = None,
        hours: Number | None = None,
        minutes: Number | None = None,
        seconds: Number | None = None,
    ) -> None:
        """Move time on by a duration without stopping the running loop (asyncio or trio).

        Cancelled, it leaves the world at the instant that it has reached.
        """
        call, duration_ms = _read_duration(days=days, hours=hours, minutes=minutes, seconds=seconds)
        await self._move_async(call, self._advance(duration_ms))

    def run_until(self, instant: str | int | datetime) -> None:
        """Move time on to *instant*: ISO 8601 text, an aware datetime or milliseconds."""
        target = parse_instant(instant)
        self._move(_Call("run_until", repr(instant)), self._run_until(target))

    async def run_until_async(self, instant: str | int | datetime) -> None:
        """Move time on to *instant* without stopping the running loop (asyncio or trio)."""
        target = parse_instant(instant)
        await self._move_async(_Call("run_until", repr(instant)), self._run_until(target))

    def run_until_idle(self, limit: timedelta = IDLE_LIMIT) -> None:
        """Move time on until nothing is due that a message, a request or a verb has caused.

        Raises LimitError when that takes longer than *limit* of virtual time.
        """
        limit_ms = _read_limit(limit)
        self._move(_call_idle(limit), self._run_until_idle(limit_ms))

    async def run_until_idle_async(self, limit: timedelta = IDLE_LIMIT) -> None:
        """Move time on until idle without stopping the running loop (asyncio or trio)."""
        limit_ms = _read_limit(limit)
        await self._move_async(_call_idle(limit), self._run_until_idle(limit_ms))

    def catch_up(self, instant: Instant, reason: str) -> None:
        """Run the world to *instant* because the frozen clock of the test stands there.

        The freeze is left alone unless a webhook left on the way: then it is set with the lab.
        """
        call = _Call("advance", "seconds=0")
        self._check_loop(f"following {reason}", call.twin)
        with self._alone(reason):
            self._drive(self._run_to(instant, is_set=False), call.twin)

    # -- journeys ------------------------------------------------------------------------------

    def _advance(self, duration_ms: int) -> _Journey:
        target = parse_instant(self._stand() + duration_ms)
        yield from self._run_to(target)

    def _run_until(self, target: Instant) -> _Journey:
        start = self._stand()
        if target < start:
            raise MisuseError(
                f"time does not go back: it is {render_instant(start)}, "
                f"asked for {render_instant(target)}"
            )
        yield from self._run_to(target)

    def _run_until_idle(self, limit_ms: int) -> _Journey:
        start = self._stand()
        end = start + limit_ms
        yield from self._run_to(start)
        while True:
            with self._lock:
                due = self._world.next_due()
            if due is None:
                return
            if due > end:
                raise LimitError(
                    f"not idle after {timedelta(milliseconds=limit_ms).days} days of virtual time: "
                    f"it is {render_instant(self._world.now)} and work is due at "
                    f"{render_instant(due)}; move on with advance(), or give run_until_idle a "
                    "longer timedelta"
                )
            yield from self._run_to(due)

    def _stand(self) -> Instant:
        """Return where time starts from: the world's instant, or that of a freeze ahead of it."""
        with self._lock:
            self._frozen.begin()
            ahead = self._frozen.find_ahead()
            return self._world.now if ahead is None else ahead

    def _run_to(self, target: Instant, *, is_set: bool = True) -> _Journey:
        try:
            while True:
                with self._lock:
                    post = self._world.run_until(target)
                if post is None:
                    return
                is_set = True
                yield from self._make(post)
        finally:
            if is_set or self._world.now != target:
                self._frozen.follow(self._world.now)

    def _make(self, post: Post) -> _Journey:
        """Have *post* made and settle it, also when it was broken off."""
        self._made += 1
        if self._made > POSTS_MAX:
            raise LimitError(
                f"{POSTS_MAX:,} posts left during {self._running}; time stands at "
                f"{render_instant(self._world.now)}"
            )
        self._frozen.before_post(post.at)
        self._post = post
        try:
            outcome = yield post
        finally:
            self._post = None
        raised: BaseException | None = None
        if isinstance(outcome, HandlerError):
            raised = outcome.__cause__
            assert raised is not None
            raised.add_note(
                f"raised by the webhook handler mounted at {outcome.target}, for {post.method} "
                f"{post.url} ({post.purpose}) at {render_instant(post.at)}; "
                f"{self._running} stopped there"
            )
            answer = outcome.answer
        elif isinstance(outcome, BaseException):
            raised = outcome
            answer = PostAnswer(None, error="interrupted")
        else:
            answer = outcome
        with self._lock:
            self._world.outbox.settle(post, answer)
        if raised is not None:
            raise raised

    # -- driving -------------------------------------------------------------------------------

    def _move(self, call: _Call, journey: _Journey) -> None:
        self._check_loop(str(call), call.twin)
        with self._alone(str(call)):
            self._drive(journey, call.twin)

    async def _move_async(self, call: _Call, journey: _Journey) -> None:
        with self._alone(call.twin):
            try:
                post = next(journey)
                while True:
                    post = journey.send(await self._deliver_async(post))
            except StopIteration:
                return

    def _drive(self, journey: _Journey, twin: str) -> None:
        try:
            post = next(journey)
            while True:
                if has_running_loop() and self._outgoing.goes_over_socket(post.url):
                    journey.close()
                    raise MisuseError(
                        f"a webhook to {post.url} is due, and the loop that runs in this thread "
                        f"may have to answer it; nothing was sent and time stands at "
                        f"{render_instant(post.at)}. Go on with `{twin}`"
                    )
                post = journey.send(self._deliver(post))
        except StopIteration:
            return

    def _deliver(self, post: Post) -> PostAnswer | BaseException:
        try:
            return self._outgoing.deliver(post)
        except BaseException as error:  # noqa: BLE001 - raised again once the post is settled
            return error

    async def _deliver_async(self, post: Post) -> PostAnswer | BaseException:
        try:
            return await self._outgoing.deliver_async(post)
        except BaseException as error:  # noqa: BLE001 - raised again once the post is settled
            return error

    def _check_loop(self, asked: str, twin: str) -> None:
        if not has_running_loop():
            return
        target = self._outgoing.find_loop_target(self._targets())
        if target is not None:
            raise MisuseError(
                f"{asked} would stop the loop that runs in this thread, and webhooks to {target} "
                f"may need it to be answered; nothing has moved. Write `{twin}`"
            )

    @contextmanager
    def _alone(self, asked: str) -> Iterator[None]:
        if self._frozen.is_over:
            raise MisuseError(f"{asked}: this lab is closed, and its time stands; make a new one")
        if not self._one.acquire(blocking=False):
            post = self._post
            where = f", waiting for the webhook to {post.url}" if post is not None else ""
            raise MoverRunningError(
                f"{asked} cannot move time while {self._running} does{where}: there is one mover "
                "at a time. A webhook handler answers and leaves time to the test"
            )
        self._running = asked
        self._made = 0
        try:
            yield
        finally:
            self._running = None
            self._one.release()


# -- reading durations -----------------------------------------------------------------------------


def _read_duration(**parts: Number | None) -> tuple[_Call, int]:
    """Return the call as it was written and its milliseconds, exactly."""
    given = {unit: value for unit, value in parts.items() if value is not None}
    call = _Call("advance", ", ".join(f"{unit}={value}" for unit, value in given.items()))
    if not given:
        raise MisuseError("advance needs a duration; write lab.advance(minutes=5)")
    total_ms: Fraction | int = 0
    for unit, value in given.items():
        amount = value if type(value) is int else _read_number(call, unit, value)
        if amount < 0:
            raise MisuseError(f"{call}: time does not go back, so {unit} cannot be negative")
        total_ms += amount * _UNITS_MS[unit]
    if total_ms.denominator != 1:
        nearest = Decimal(round(total_ms)) / 1000
        raise MisuseError(
            f"{call} is {float(total_ms)} ms, and the lab counts whole milliseconds; "
            f"write lab.advance(seconds={nearest})"
        )
    return call, int(total_ms)


def _read_number(call: _Call, unit: str, value: object) -> Fraction:
    """Return *value* as it was written: 0.1 is a tenth, not the float next to it."""
    if isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool):
        try:
            return Fraction(repr(float(value)) if isinstance(value, float) else value)
        except (ValueError, OverflowError):
            pass
    raise MisuseError(f"{call}: {unit}={value!r} is no finite number")


def _read_limit(limit: object) -> int:
    if not isinstance(limit, timedelta) or limit < timedelta(0):
        raise MisuseError(
            f"run_until_idle takes a timedelta as its limit, such as timedelta(days=30), "
            f"not {limit!r}"
        )
    return limit // timedelta(milliseconds=1)


def _call_idle(limit: timedelta) -> _Call:
    return _Call("run_until_idle", "" if limit == IDLE_LIMIT else repr(limit))
