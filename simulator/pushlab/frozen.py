"""One clock for the lab and for the test that freezes time with freezegun or time-machine.

The innermost freeze is linked to the lab. When the lab moves, the freeze is set to the lab's
instant; when the freeze is moved by hand, the lab moves at once; when it is found ahead of the
lab (a nested freeze began, a ticking one ticked), the lab runs up to it before anything else. The
lab never goes back: a freeze behind it is left alone until the lab moves.

Neither library is imported here; they are looked for among the loaded modules. Neither has a
public question for its active freeze, so ``freeze_factories`` and ``traveller_stack`` are read
(private in spirit, stable in name); a contract test covers every such name. The ignore list of
freezegun is never touched: it looks several frames up, and an app under aiohttp or asyncio would
see real time.
"""

from __future__ import annotations

import functools
import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pushlab.errors import MisuseError
from pushlab.world.clock import parse_instant, render_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["FrozenClock", "Mover"]

# Modules and objects of libraries that are never imported here.
Library: TypeAlias = Any
Clock: TypeAlias = Any

_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_NS_IN_MS = 1_000_000


class Mover(Protocol):
    """What runs the world when the frozen clock has moved."""

    @property
    def running(self) -> str | None:
        """The mover at work, or None."""

    def catch_up(self, instant: Instant, reason: str) -> None:
        """Run the world to *instant*; raises MisuseError before anything moves."""


class FrozenClock:
    """The link between one lab and the freeze that is on, if any."""

    def __init__(self, world: World, *, explicit_start: bool) -> None:
        self.ticking = False
        """Whether a freeze that runs on by itself was followed: such a run is not repeatable."""
        self.is_open = False
        self.is_over = False
        """Whether the lab was closed, and its time stands for good."""
        self._world = world
        self._explicit_start = explicit_start
        self._mover: Mover | None = None
        self._lock: AbstractContextManager[Any] | None = None
        self._quiet = 0
        self._hooks: list[_Hook] = []

    def bind(self, mover: Mover, lock: AbstractContextManager[Any]) -> None:
        """Say what runs the world, and the lock that its callers take."""
        self._mover = mover
        self._lock = lock

    def open(self) -> None:
        """Begin to follow: from now on a freeze moved by hand moves the lab at once.

        A lab that was opened before, perhaps one that nobody closed, follows on touch from now on.
        """
        self.is_open = True
        for holder in _list_holders():
            holder.unhook()
        self._find_active()

    def close(self) -> None:
        """Take back everything; a freeze that is still on stays where it is."""
        self.is_open, self.is_over = False, True
        self.unhook()

    def unhook(self) -> None:
        """Leave the libraries alone; a freeze is then followed on touch only."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    # -- the freeze moved ----------------------------------------------------------------------

    def touch(self) -> None:
        """Look at the frozen clock before a verb or a reading: what is ahead is caught up with.

        Webhooks that are due on the way leave now, from this thread. While a mover is at work
        the world stands at its instant, and nothing happens here.
        """
        mover, lock = self._mover, self._lock
        if mover is None or lock is None or mover.running is not None:
            return
        freeze = self._find_followed()
        if freeze is None:
            return
        if freeze.instant <= self._world.now and not self._may_begin_anew:
            return
        with lock:
            self.begin()
            ahead = self.find_ahead()
        if ahead is not None:
            mover.catch_up(ahead, f"the frozen clock to {render_instant(ahead)}")

    def touch_request(self) -> None:
        """Look at the frozen clock before a request; the caller holds the lock.

        A webhook that is due on the way stops the world there and waits for the next mover: the
        edge never calls out while a client waits for its answer.
        """
        if self._mover is None or self._mover.running is not None:
            return
        if self._find_followed() is None:
            return
        self.begin()
        ahead = self.find_ahead()
        if ahead is not None:
            self._world.run_until(ahead)

    def begin(self) -> None:
        """Let a world in which nothing has happened start at the frozen instant, if it may."""
        freeze = self._find_followed()
        if freeze is not None and self._may_begin_anew and freeze.instant != self._world.now:
            self._world.clock.restart(parse_instant(freeze.instant))

    def find_ahead(self) -> Instant | None:
        """Return the frozen instant when it lies ahead of the world, or None."""
        freeze = self._find_followed()
        if freeze is None:
            return None
        instant = freeze.instant
        return instant if instant > self._world.now else None

    # -- the lab moved -------------------------------------------------------------------------

    def before_post(self, instant: Instant) -> None:
        """Set the freeze to *instant*, so that the app's own clock shows it in its handler."""
        self.follow(instant)

    def follow(self, instant: Instant) -> None:
        """Set the innermost freeze to *instant*, where the lab has moved to."""
        freeze = self._find_followed()
        if freeze is None or freeze.instant == instant:
            return
        # Another lab may hold the hooks, and this is no move by hand for it either.
        with (freeze.find_holder() or self).quietly():
            freeze.move_to(instant)

    # -- moved by hand -------------------------------------------------------------------------

    def check_forward(self, freeze: _Freeze, target: Instant) -> bool:
        """Tell whether *target*, where *freeze* is about to go, is the lab's to run to.

        Raises MisuseError when it goes back; neither has moved then.
        """
        if self._quiet or not self.is_open or self._mover is None or self._may_begin_anew:
            return False
        active = self._find_active()
        if active is None or active.clock is not freeze.clock:
            return False
        now = self._world.now
        if target < freeze.set_instant and freeze.instant >= now:
            raise MisuseError(
                f"the frozen clock cannot go back from {render_instant(freeze.instant)} to "
                f"{render_instant(target)}: the lab goes with it, and its time only moves on. "
                "Nothing has moved; use a nested freeze for a moment of the past"
            )
        return target > now

    def lead(self, freeze: _Freeze, target: Instant) -> bool:
        """Run the lab to *target*, where *freeze* is about to go, and tell whether it moved."""
        if not self.check_forward(freeze, target):
            return False
        assert self._mover is not None
        self._mover.catch_up(target, f"the frozen clock to {render_instant(target)}")
        return True

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Let a lab move the freeze: what happens meanwhile is no move by hand."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    # -- looking -------------------------------------------------------------------------------

    @property
    def _may_begin_anew(self) -> bool:
        return not self._explicit_start and self._world.is_untouched

    def _find_active(self) -> _Freeze | None:
        """Return the innermost freeze; freezegun may start within time-machine, not around it."""
        if not self.is_open:
            return None
        freeze: _Freeze | None = None
        machine = sys.modules.get("time_machine")
        if machine is not None and hasattr(machine, "escape_hatch"):
            self._hook_once(machine.Traveller.shift, lambda: _hooks_of_time_machine(self, machine))
            if machine.traveller_stack:
                freeze = _Travel(machine.traveller_stack[-1])
        api = sys.modules.get("freezegun.api")
        if api is not None and hasattr(api, "freeze_time"):
            self._hook_once(api.FrozenDateTimeFactory.tick, lambda: _hooks_of_freezegun(self, api))
            if api.freeze_factories:
                freeze = _Freezegun(api, api.freeze_factories[-1])
        return freeze

    def _find_followed(self) -> _Freeze | None:
        """Return the innermost freeze for the lab to go with; one that ticks is noted."""
        freeze = self._find_active()
        if freeze is not None and not self.ticking and freeze.is_ticking:
            self.ticking = True
            self._world.trace.notes["clock"] = "ticking"
        return freeze

    def _hook_once(self, method: Clock, make_hooks: Callable[[], list[_Hook]]) -> None:
        """Put hooks in unless a lab that is open has its own there; others follow on touch."""
        if _find_holder(method) is None:
            self._hooks += make_hooks()


# -- freezes ---------------------------------------------------------------------------------------


class _Freeze(Protocol):
    """One freeze of either library."""

    clock: Clock

    @property
    def instant(self) -> Instant:
        """What the test's clock shows, in whole milliseconds."""

    @property
    def set_instant(self) -> Instant:
        """What it was last set to; behind `instant` when it ticks."""

    @property
    def is_ticking(self) -> bool:
        """Whether it runs on by itself, in real time."""

    def move_to(self, instant: Instant) -> None:
        """Set it."""

    def find_holder(self) -> FrozenClock | None:
        """Return the link that follows what is done to it by hand."""


class _Freezegun:
    """A factory of freezegun: standing, ticking, or stepping with each reading."""

    def __init__(self, api: Library, clock: Clock) -> None:
        self.clock = clock
        self._api = api

    @property
    def instant(self) -> Instant:
        # Reading a stepping factory by calling it would step it.
        moment = self.clock() if self.is_ticking else self.clock.time_to_freeze
        return _to_instant(self._api, moment)

    @property
    def set_instant(self) -> Instant:
        return _to_instant(self._api, self.clock.time_to_freeze)

    @property
    def is_ticking(self) -> bool:
        return isinstance(self.clock, self._api.TickingDateTimeFactory)

    def move_to(self, instant: Instant) -> None:
        # Its public method, right for all three kinds; `tick` of a ticking factory counts from
        # where it was set last, not from now.
        self.clock.move_to(self._api.real_datetime(1970, 1, 1) + instant * _MS)

    def find_holder(self) -> FrozenClock | None:
        return _find_holder(self._api.FrozenDateTimeFactory.tick)


class _Travel:
    """A traveller of time-machine, which ticks unless told not to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @property
    def instant(self) -> Instant:
        return int(self.clock.time_ns()) // _NS_IN_MS

    @property
    def set_instant(self) -> Instant:
        return int(self.clock._destination_timestamp_ns) // _NS_IN_MS  # noqa: SLF001 - there is no public way

    @property
    def is_ticking(self) -> bool:
        return bool(self.clock._tick)  # noqa: SLF001 - there is no public way

    def move_to(self, instant: Instant) -> None:
        # Not its own `move_to`, which would set the process's time zone too.
        _shift_to(self.clock.shift, self.clock, instant * _NS_IN_MS)

    def find_holder(self) -> FrozenClock | None:
        return _find_holder(type(self.clock).shift)


def _to_instant(api: Library, moment: datetime) -> Instant:
    """Return the instant of a naive UTC datetime; freezegun's offset shows in local time only."""
    since: timedelta = moment - api.real_datetime(1970, 1, 1)
    return since // _MS


def _shift_to(shift: Callable[[timedelta], None], traveller: Clock, target_ns: int) -> None:
    """Shift to *target_ns* or the next whole microsecond: below, it would be another instant."""
    missing_us = -((int(traveller.time_ns()) - target_ns) // 1_000)
    shift(timedelta(microseconds=missing_us))


# -- hooks -----------------------------------------------------------------------------------------


class _Hook:
    """A method of a library's clock that tells the link before it does what it did."""

    def __init__(
        self, link: FrozenClock, owner: type, name: str, wrapper: Callable[..., object]
    ) -> None:
        self._owner = owner
        self._name = name
        self._original = getattr(owner, name)
        functools.update_wrapper(wrapper, self._original)
        wrapper.__dict__["pushlab_link"] = link
        self._wrapper = wrapper
        setattr(owner, name, self._wrapper)

    def remove(self) -> None:
        """Take the hook out, unless somebody wrapped it since: then it stays and does nothing."""
        if getattr(self._owner, self._name) is self._wrapper:
            setattr(self._owner, self._name, self._original)


def _find_holder(method: Clock) -> FrozenClock | None:
    link = getattr(method, "pushlab_link", None)
    return link if isinstance(link, FrozenClock) and link.is_open else None


def _list_holders() -> list[FrozenClock]:
    """Return the open links whose hooks stand in a library now."""
    machine, api = sys.modules.get("time_machine"), sys.modules.get("freezegun.api")
    held = []
    if machine is not None and hasattr(machine, "escape_hatch"):
        held.append(_find_holder(machine.Traveller.shift))
    if api is not None and hasattr(api, "freeze_time"):
        held.append(_find_holder(api.FrozenDateTimeFactory.tick))
    return [holder for holder in held if holder is not None]


def _hooks_of_freezegun(link: FrozenClock, api: Library) -> list[_Hook]:
    """Put hooks where all moves by hand go through.

    A stepping factory calls its own `tick` at each reading: that one is left alone.
    """
    original_tick = api.FrozenDateTimeFactory.tick

    def tick(clock: Clock, delta: timedelta | float = _SECOND) -> datetime:
        if not isinstance(delta, timedelta):
            delta = timedelta(seconds=float(delta))
        target = clock.time_to_freeze + delta
        link.lead(_Freezegun(api, clock), _to_instant(api, target))
        # What is left of the way: webhooks may have set the clock to instants in between.
        moment: datetime = original_tick(clock, target - clock.time_to_freeze)
        return moment

    def wrap_move_to(original: Callable[[Clock, datetime], None]) -> Callable[..., object]:
        def move_to(clock: Clock, target_datetime: object) -> None:
            target: datetime = api._parse_time_to_freeze(target_datetime)  # noqa: SLF001 - there is no public way
            has_moved = link.lead(_Freezegun(api, clock), _to_instant(api, target))
            # A stepping clock that is moved to where it stands makes a step.
            if not has_moved or clock.time_to_freeze != target:
                original(clock, target)

        return move_to

    ticking, stepping = api.TickingDateTimeFactory, api.StepTickTimeFactory
    return [
        _Hook(link, api.FrozenDateTimeFactory, "tick", tick),
        _Hook(link, ticking, "move_to", wrap_move_to(ticking.move_to)),
        _Hook(link, stepping, "move_to", wrap_move_to(stepping.move_to)),
    ]


def _hooks_of_time_machine(link: FrozenClock, machine: Library) -> list[_Hook]:
    original_shift, original_move_to = machine.Traveller.shift, machine.Traveller.move_to

    def shift(traveller: Clock, delta: timedelta | float) -> None:
        seconds = delta if isinstance(delta, timedelta) else timedelta(seconds=delta)
        target_ns = int(traveller.time_ns()) + seconds // timedelta(microseconds=1) * 1_000
        if link.lead(_Travel(traveller), target_ns // _NS_IN_MS):
            _shift_to(functools.partial(original_shift, traveller), traveller, target_ns)
        else:
            original_shift(traveller, delta)

    def move_to(traveller: Clock, destination: object, tick: bool | None = None) -> None:  # noqa: FBT001 - its own signature
        if callable(destination):
            destination = destination()
        elif hasattr(destination, "__next__"):
            destination = next(destination)
        freeze = _Travel(traveller)
        target_ns = _read_destination(machine, traveller, destination)
        if destination is None or isinstance(destination, timedelta):
            # Relative to its own clock, which the lab would move: followed at the next touch.
            link.check_forward(freeze, target_ns // _NS_IN_MS)
        else:
            link.lead(freeze, target_ns // _NS_IN_MS)
        original_move_to(traveller, destination, tick)

    return [
        _Hook(link, machine.Traveller, "shift", shift),
        _Hook(link, machine.Traveller, "move_to", move_to),
    ]


def _read_destination(machine: Library, traveller: Clock, destination: object) -> int:
    """Return where *destination* lies in nanoseconds, read as `move_to` reads it.

    That is outside the traveller's own time zone, which text without an offset would be read in.
    """
    traveller._stop()  # noqa: SLF001 - there is no public way
    try:
        target_ns, _ = machine.extract_timestamp_tzname(destination)
    finally:
        traveller._start()  # noqa: SLF001 - there is no public way
    return int(target_ns)
