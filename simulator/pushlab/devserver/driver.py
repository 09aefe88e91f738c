"""The driver: a thread that moves a live clock in slices and tells what happens meanwhile.

It computes in slices, so that requests get their answers in between (the world's lock is free
then). Under a manual clock it moves nothing, and only tells what others did.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from pushlab.devserver.pace import Anchor
from pushlab.tellings.moods import NOTE
from pushlab.timeline import LabNames, Storyteller, Told
from pushlab.world.trace import Mark
from pushlab_fakes.wire.real_clock import RealClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.devserver.bench import Bench
    from pushlab.devserver.pace import Pace
    from pushlab.lab import Lab
    from pushlab.world.trace import Span

__all__ = ["Driver", "News"]

TICK_S: Final = 0.05
"""How often the clock moves and the timeline is looked at; real time."""
TURN_S: Final = 0.05
"""How long one turn of the driver may compute before others get theirs."""
SLICE_MS: Final = 60_000
LINES_MAX: Final = 60
"""Lines told at a time; the rest is summed up."""
END_WAIT_S: Final = 15.0
"""How long `stop` waits for a slice, which may itself wait for a webhook's answer."""


class News:
    """What happened in a lab since the last look, in words; another lab is told from its start."""

    def __init__(self) -> None:
        self._lab: Lab | None = None
        self._teller: Storyteller | None = None
        self._mark = Mark()

    def read(self, lab: Lab, lines_max: int = LINES_MAX) -> list[Told]:
        """Return what is new, the first *lines_max* lines of it and a sum of the rest."""
        with lab.lock:
            told = []
            if lab is not self._lab or self._teller is None:
                if self._lab is not None:
                    told.append(Told(lab.world.now, "lab", f"begins anew, seed {lab.seed}", NOTE))
                self._lab, self._mark = lab, Mark()
                self._teller = Storyteller(LabNames(lab))
            trace = lab.world.trace
            end = trace.mark()
            if end != self._mark:
                span, self._mark = trace.span(self._mark, end), end
                told += self._teller.tell_all(span[:lines_max])
                if len(span) > lines_max:
                    told.append(_sum_up(span, lines_max))
            return told


class Driver:
    """Moves the time of a bench's lab, and hands what happened to *show*."""

    def __init__(
        self,
        bench: Bench,
        pace: Pace,
        show: Callable[[list[Told]], None],
        report: Callable[[str], None],
    ) -> None:
        """Tell *report* of what breaks on the way; neither stops the server."""
        self._bench = bench
        self._pace = pace
        self._show = show
        self._report = report
        self._is_mute = False
        self._news = News()
        self._over = threading.Event()
        self._anchor: Anchor | None = None
        self._lab: Lab | None = None
        self._reached = -1
        self._thread = threading.Thread(target=self._run, name="pushlab-driver", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a webhook on its way may finish first, within its bound."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(END_WAIT_S)

    def _run(self) -> None:
        while not self._over.wait(TICK_S):
            self.step()

    def step(self) -> None:
        """Move the clock to where it should be, or as far as one turn goes; tell what happened."""
        if self._pace.is_live and self._bench.failure is None and self._bench.offer_turn(TICK_S):
            try:
                self._move(self._bench.lab)
            except Exception as error:  # noqa: BLE001 - the server goes on and says what broke
                self._fail(error)
            finally:
                self._bench.end_turn()
        self._tell()

    def _move(self, lab: Lab) -> None:
        real_s, now = RealClock.read_seconds(), lab.now
        anchor = self._anchor
        if anchor is None or lab is not self._lab or now != self._reached or real_s < anchor.real_s:
            # Begun, reset, advanced by hand, or the machine's clock was set back.
            anchor = self._anchor = Anchor(now, real_s)
            self._lab = lab
        target = anchor.find_instant(real_s, self._pace)
        end = RealClock.monotonic() + TURN_S
        while now < target and not self._over.is_set():
            lab.run_until(min(target, now + SLICE_MS))
            now = lab.now
            if RealClock.monotonic() > end:
                break
        self._reached = now

    def _fail(self, error: Exception) -> None:
        self._bench.failure = f"{type(error).__name__}: {error}"
        self._report(f"the clock has stopped: {self._bench.failure}")

    def _tell(self) -> None:
        if self._is_mute:
            return
        try:
            told = self._news.read(self._bench.lab)
            if told:
                self._show(told)
        except Exception as error:  # noqa: BLE001 - such as a terminal that has gone
            self._is_mute = True
            self._report(f"the timeline has stopped: {type(error).__name__}: {error}")


def _sum_up(span: Span, first: int) -> Told:
    """Say how many more entries of which kinds there are, the commonest first."""
    counts = span.count_kinds(first)
    total = sum(counts.values())
    listed = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
    return Told(span[-1].at, "lab", f"and {total:,} more: {listed}", NOTE)
