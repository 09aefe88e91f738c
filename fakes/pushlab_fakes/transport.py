"""The way from a gateway's acceptance to a device: latency, absence, and what comes back.

Every gateway composes one. Storing, collapsing and the moment at which a dead token is reported
are each gateway's own; they come in as `store` and `gone`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Fate, Verdict
from pushlab.table import as_slice
from pushlab.world.schedule import RANKS
from pushlab_fakes.faults import NO_FAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pushlab.gateway import Handsets, Sends
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World
    from pushlab_fakes.faults import Faults

    Step = Callable[
        [NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]], None
    ]
    """(instants, devices, routes, what) of targets, shape (n,)."""

__all__ = ["Transport"]


class Transport:
    """Carries accepted messages of one gateway to its devices."""

    def __init__(
        self,
        world: World,
        sends: Sends,
        handsets: Handsets,
        faults: Faults,
        gateway: str,
        *,
        store: Step,
        gone: Step,
    ) -> None:
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self._faults = faults
        self._gateway = gateway
        self._store = store
        self._gone = gone
        self._arrival = world.schedule.register(
            f"{gateway} arrival", RANKS["arrival"], self._arrive
        )
        self._kinds: dict[str, BatchKind] = {}

    def admit(
        self,
        verdicts: NDArray[np.uint8],
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Let planned faults have the last word on *verdicts*; what is accepted sets out."""
        if self._faults.are_planned(self._gateway):
            keys = np.where(devices >= 0, self._handsets.key[devices], routes.astype(np.uint64))
            overruled = self._faults.overrule(
                self._gateway, instants, devices, keys, self._sends.keys(what)
            )
            if overruled is not None:
                struck = overruled != NO_FAULT
                verdicts[struck] = overruled[struck]
        if np.count_nonzero(verdicts):
            accepted = verdicts == Verdict.ACCEPTED.value
            instants, devices = instants[accepted], devices[accepted]
            routes, what = routes[accepted], what[accepted]
        if not len(devices):
            return
        online = self._handsets.online[as_slice(devices)]
        if np.count_nonzero(online) < len(online):
            away = ~online
            self._store(instants[away], devices[away], routes[away], what[away])
            instants, devices, what = instants[online], devices[online], what[online]
        if len(devices):
            self.carry(instants, devices, what)

    def carry(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Send messages on their way to devices that are online now."""
        settings = self._world.settings
        low = settings.push_latency_min_ms
        delays = self._world.randomness.exponential(
            f"{self._gateway} latency",
            self._handsets.key[devices],
            self._sends.keys(what),
            max(settings.push_latency_mean_ms - low, 0),
        )
        delays += instants
        delays += low
        self._world.schedule.put(self._arrival, delays, devices, what, distinct=True)

    def resume(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Send stored messages on their way to devices that just came back."""
        if not len(devices):
            return
        delays = self._world.randomness.below(
            f"{self._gateway} reconnect",
            self._handsets.key[devices],
            self._sends.keys(what),
            max(self._world.settings.reconnect_latency_ms, 1),
        )
        self._world.schedule.put(self._arrival, delays + instants + 1, devices, what)

    def _arrive(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        online = self._handsets.online[devices]
        routes = self._routes(what)
        if np.count_nonzero(online) < len(online):
            away = ~online
            self._store(instants[away], devices[away], routes[away], what[away])
            instants, devices = instants[online], devices[online]
            routes, what = routes[online], what[online]
        held = self._handsets.hold(devices, routes)
        if np.count_nonzero(held) < len(held):
            lost = ~held
            self.finish("AppGone", Fate.APP_GONE, instants[lost], devices[lost], what[lost])
            self._gone(instants[lost], devices[lost], routes[lost], what[lost])
            instants, devices, what = instants[held], devices[held], what[held]
        if len(devices):
            self._handsets.deliver(instants, devices, what)

    def _routes(self, what: NDArray[np.int64]) -> NDArray[np.int32]:
        routes: NDArray[np.int32] | None = None
        for fan_out, positions, places in self._sends.split(what):
            if isinstance(places, slice):
                return fan_out.routes[positions]
            if routes is None:
                routes = np.full(len(what), -1, np.int32)
            routes[places] = fan_out.routes[positions]
        return np.full(len(what), -1, np.int32) if routes is None else routes

    def finish(
        self,
        kind: str,
        fate: Fate,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Set the fate of targets and write an entry *kind* for each."""
        if not len(devices):
            return
        for fan_out, positions, _ in self._sends.split(what):
            fan_out.fates[positions] = fate.value
        self._world.trace.record_batch(self._kind(kind), instants, devices, what)

    def _kind(self, name: str) -> BatchKind:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = self._handsets.entry_kind(
                name, RANKS["arrival"], ("",), "AttemptMade"
            )
        return kind
