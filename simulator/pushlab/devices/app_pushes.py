"""Pushes for an iOS app's own code: background pushes, calls, push to talk, live activities.

Mirrored from "Pushing background updates to your app": the system wakes an app a few times an hour,
keeps the newest push of what is more, and wakes none that the person has force-quit; an app in
front gets all. Calls and push to talk always get through (PushKit, Push to Talk).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.devices.arrivals import FATE_OF_ARRIVAL, Arrival
from pushlab.devices.columns import Process
from pushlab.gateway import Fate
from pushlab.world.clock import render_instant
from pushlab.world.schedule import RANKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.devices.live_activities import LiveActivities
    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import Handsets
    from pushlab.world.clock import Instant
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World

__all__ = ["AppPushes", "Wakeup", "list_wakeups"]

HOUR_MS: Final = 3_600_000
NOTHING: Final = -1
LATER: Final = ("woken", "not woken: force-quit", "not woken: app uninstalled")
WOKEN, QUIT, GONE = range(len(LATER))
LATER_FATES: Final = np.array([Fate.HANDED_OVER, Fate.NOT_WOKEN, Fate.APP_GONE], np.uint8)


@dataclass(frozen=True, slots=True)
class Wakeup:
    """One push that an app's own code got."""

    notification_id: str
    kind: str
    """``background``, ``voip``, ``pushtotalk`` and so on, as ``apns-push-type`` has them."""
    payload: Mapping[str, object]
    at: Instant
    """When the app got it; later than the send when the device was offline or held it back."""

    def document(self) -> dict[str, object]:
        """Return it as the control API shows it."""
        return {
            "notification_id": self.notification_id,
            "kind": self.kind,
            "payload": dict(self.payload),
            "at": render_instant(self.at),
        }


class AppPushes:
    """What becomes of pushes that show no notification; every handler is a bulk handler."""

    def __init__(
        self,
        world: World,
        sends: Sends,
        devices: Devices,
        activities: LiveActivities,
        *,
        handsets: Handsets,
        arrived: BatchKind,
    ) -> None:
        self._world = world
        self._sends = sends
        self._devices = devices
        self._activities = activities
        self._arrived = arrived
        self._handsets = handsets
        self._item = world.schedule.register("app woken", RANKS["receipt"], self._wake_later)

    @cached_property
    def _woken(self) -> BatchKind:
        return self._handsets.entry_kind("AppWoken", RANKS["receipt"], LATER, "MessageArrived")

    def arrive(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Take messages of one send over from `Delivery`; all arrays have the shape (n,)."""
        match fan_out.content.push_type:
            case "background":
                outcomes = self._wake(instants, rows, what)
            case "liveactivity":
                outcomes = self._show(fan_out, positions, instants, rows)
            case "voip":
                outcomes = np.full(len(rows), Arrival.RINGS.value, np.uint8)
            case _:
                outcomes = np.full(len(rows), Arrival.WOKEN.value, np.uint8)
        fan_out.fates[positions] = FATE_OF_ARRIVAL[outcomes]
        fan_out.shown_ms[positions] = instants - fan_out.sent_at
        self._world.trace.record_batch(self._arrived, instants, rows, what, outcomes)

    # -- background pushes ---------------------------------------------------------------------

    def _wake(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Wake apps, or hold their pushes back; return what came of each."""
        process = self._devices.process[rows]
        outcomes = np.full(len(rows), Arrival.WOKEN.value, np.uint8)
        outcomes[process == Process.STOPPED.value] = Arrival.NOT_WOKEN.value
        asleep = (process != Process.STOPPED.value) & (process != Process.FOREGROUND.value)
        free_at = self._pay(instants, rows, asleep)
        held_back = free_at > instants
        outcomes[held_back] = Arrival.HELD_BACK.value
        newer = outcomes != Arrival.NOT_WOKEN.value
        self._overtake(rows[newer])
        if np.count_nonzero(held_back):
            self._devices.own("background_held")[rows[held_back]] = what[held_back]
            self._world.schedule.put(
                self._item, free_at[held_back], rows[held_back], what[held_back]
            )
        return outcomes

    def _pay(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], asleep: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Take a waking of each app that is *asleep* from its budget, which comes back evenly.

        Returns when the app may be woken: now, or later if its budget is used up; then nothing was
        taken.
        """
        most = self._world.settings.ios_background_per_hour
        if not most:
            return instants
        step_ms = HOUR_MS // most
        paid_at = np.maximum(self._devices.background_free_at[rows], instants)
        free_at: NDArray[np.int64] = np.where(asleep, paid_at - step_ms * (most - 1), instants)
        taken = asleep & (free_at <= instants)
        if np.count_nonzero(taken):
            self._devices.own("background_free_at")[rows[taken]] = paid_at[taken] + step_ms
        return np.maximum(free_at, instants)

    def _overtake(self, rows: NDArray[np.int32]) -> None:
        """Let go of what the devices of *rows* held back: a newer push is there."""
        if not self._devices.holds("background_held"):
            return
        held = self._devices.background_held[rows]
        older = held[held != NOTHING]
        for fan_out, positions, _ in self._sends.split(older):
            fan_out.fates[positions] = Fate.OVERTAKEN.value
        self._devices.own("background_held")[rows] = NOTHING

    def _wake_later(
        self, instants: NDArray[np.int64], rows: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Wake apps with what was held back, unless something newer came meanwhile."""
        mine = self._devices.background_held[rows] == what
        instants, rows, what = instants[mine], rows[mine], what[mine]
        if not len(rows):
            return
        self._devices.own("background_held")[rows] = NOTHING
        gone = ~self._is_here(rows, what)
        stopped = self._devices.process[rows] == Process.STOPPED.value
        outcomes = np.full(len(rows), WOKEN, np.uint8)
        outcomes[stopped] = QUIT
        outcomes[gone] = GONE
        self._pay(instants, rows, outcomes == WOKEN)
        for fan_out, positions, places in self._sends.split(what):
            fan_out.fates[positions] = LATER_FATES[outcomes[places]]
            fan_out.shown_ms[positions] = instants[places] - fan_out.sent_at
        self._world.trace.record_batch(self._woken, instants, rows, what, outcomes)

    def _is_here(self, rows: NDArray[np.int32], what: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the app that got each push is still the one that is installed."""
        here = self._devices.installed[rows]
        for fan_out, positions, places in self._sends.split(what):
            here[places] = self._devices.stayed(rows[places], fan_out.shown_at(positions))
        return here

    # -- live activities -----------------------------------------------------------------------

    def _show(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
    ) -> NDArray[np.uint8]:
        routes = fan_out.routes[positions].tolist()
        each = zip(rows.tolist(), routes, instants.tolist(), positions.tolist(), strict=True)
        return np.array(
            [
                self._activities.apply(
                    row,
                    route,
                    instant,
                    fan_out.owner.payload_for(fan_out, position),
                    fan_out.content,
                )
                for row, route, instant, position in each
            ],
            np.uint8,
        )


def list_wakeups(devices: Devices, sends: Sends, row: int) -> list[Wakeup]:
    """Return the pushes that the app at *row* got since it was installed, the newest first."""
    found = []
    for fan_out in sends.live():
        kind = fan_out.content.push_type
        if kind in {"", "liveactivity"}:
            continue
        for position in fan_out.positions_of(row):
            at = fan_out.sent_at + int(fan_out.shown_ms[position])
            handed_over = fan_out.fates[position] == Fate.HANDED_OVER
            if handed_over and at >= devices.installed_at[row]:
                payload = fan_out.owner.payload_for(fan_out, position)
                found.append((at, fan_out.number, Wakeup(fan_out.name, kind, payload, at)))
    found.sort(key=lambda item: item[:2], reverse=True)
    return [wakeup for _, _, wakeup in found]
