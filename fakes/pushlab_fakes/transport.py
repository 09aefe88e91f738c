"""The way from a gateway's acceptance to a device: latency, absence, and what comes back.

Every gateway composes one. Storing, collapsing and the moment at which a dead token is reported
are each gateway's own; they come in as `store` and `gone`. A mailbox is never away, so mail has
neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pushlab.gateway import Fate, Verdict
from pushlab.table import as_slice
from pushlab.world.ids import content_key
from pushlab.world.schedule import RANKS
from pushlab_fakes.faults import NO_FAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pushlab.content import Content
    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import Handsets
    from pushlab.settings import Settings
    from pushlab.table import Chains
    from pushlab.world.trace import BatchKind
    from pushlab.world.world import World
    from pushlab_fakes.faults import Fault, Faults

    Step = Callable[
        [NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]], None
    ]
    """(instants, devices, routes, what) of targets, shape (n,)."""
    Latency = Callable[[Settings], tuple[int, int]]
    """The shortest and the mean time of the way, in milliseconds."""

__all__ = ["Sparing", "Transport", "find_instants", "push_in_order"]


def _push_latency(settings: Settings) -> tuple[int, int]:
    return settings.push_latency_min_ms, settings.push_latency_mean_ms


class Sparing(NamedTuple):
    """How a gateway spares devices that are short of power: what is less urgent waits."""

    is_on: Callable[[Settings], bool]
    find_level: Callable[[Content], int]
    """How urgent a message is, on the scale of a device's `urgency_floor`."""


class Transport:
    """Carries accepted messages of one gateway to its devices.

    Without *store* presence does not matter, without *gone* every device holds its address. Who is
    online is there for every message, unless there is a *sparing*. What arrives goes to *deliver*,
    which is the devices' own unless a gateway has more to do.
    """

    def __init__(
        self,
        world: World,
        sends: Sends,
        handsets: Handsets,
        faults: Faults,
        gateway: str,
        *,
        store: Step | None = None,
        gone: Step | None = None,
        deliver: Step | None = None,
        sparing: Sparing | None = None,
        latency: Latency = _push_latency,
    ) -> None:
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self._faults = faults
        self._gateway = gateway
        self._store = store
        self._gone = gone
        self._deliver = deliver or self._hand_over
        self._sparing = sparing
        self._latency = latency
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
        self.overrule(verdicts, instants, devices, what)
        if np.count_nonzero(verdicts):
            accepted = verdicts == Verdict.ACCEPTED.value
            instants, devices = instants[accepted], devices[accepted]
            routes, what = routes[accepted], what[accepted]
        if not len(devices):
            return
        if self._store is not None:
            online = self.reach(devices, what)
            if np.count_nonzero(online) < len(online):
                away = ~online
                self._store(instants[away], devices[away], routes[away], what[away])
                instants, devices, what = instants[online], devices[online], what[online]
        if len(devices):
            self.carry(instants, devices, what)

    def reach(self, devices: NDArray[np.int32], what: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each message may go to its device now: online, with power enough for it.

        All arrays have the shape (n,).
        """
        online: NDArray[np.bool_] = self._handsets.online[as_slice(devices)]
        sparing = self._sparing
        if sparing is None or not sparing.is_on(self._world.settings):
            return online
        floors = self._handsets.urgency_floor[as_slice(devices)]
        if not np.count_nonzero(floors):
            return online
        levels = np.zeros(len(what), np.uint8)
        for fan_out, _, places in self._sends.split(what):
            levels[places] = sparing.find_level(fan_out.content)
        return online & (levels >= floors)

    def keep(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Say that messages wait: for a device that is offline, or for one short of power."""
        away = ~self._handsets.online[devices]
        for kind, fate, some in (
            ("MessageStored", Fate.STORED, away),
            ("MessageHeldBack", Fate.NOT_URGENT, ~away),
        ):
            if np.count_nonzero(some):
                self.finish(kind, fate, instants[some], devices[some], what[some])

    def keep_on(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Say so of messages that waited already, unless they were held back before."""
        news = np.ones(len(what), np.bool_)
        for fan_out, positions, places in self._sends.split(what):
            news[places] = fan_out.fates[positions] != Fate.NOT_URGENT.value
        self.keep(instants[news], devices[news], what[news])

    def refuse_strangers(
        self,
        verdicts: NDArray[np.uint8],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Refuse tokens of one app that come with the credentials of another.

        Mirrored: APNs DeviceTokenNotForTopic, FCM SENDER_ID_MISMATCH; both come before all that a
        gateway says of the token itself.
        """
        apps = self._handsets.app
        for fan_out, places in self._sends.list_sends(what):
            if fan_out.app >= 0:
                strange = apps[as_slice(devices[places])] != fan_out.app
                if np.count_nonzero(strange):
                    own = np.arange(len(verdicts))[places]
                    verdicts[own[strange]] = Verdict.BAD.value

    def overrule(
        self,
        verdicts: NDArray[np.uint8],
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Let planned faults change *verdicts*."""
        if not len(what) or not self._faults.are_planned(self._gateway):
            return
        keys, stray = self._handsets.key[devices], devices < 0
        if np.count_nonzero(stray):
            keys[stray] = self.name_strays(what[stray])
        overruled = self._faults.overrule(
            self._gateway, instants, devices, keys, self._sends.keys(what)
        )
        if overruled is not None:
            struck = overruled != NO_FAULT
            verdicts[struck] = overruled[struck]

    def find_fault(self, fan_out: FanOut) -> Fault | None:
        """Return the planned fault that struck the only target of *fan_out* just now, if one did.

        A wire asks after the attempt, to answer in the fault's own words.
        """
        if not self._faults.are_planned(self._gateway):
            return None
        device, what = int(fan_out.devices[0]), np.array([fan_out.what_at(0)], np.int64)
        key = self._handsets.key[device] if device >= 0 else self.name_strays(what)[0]
        return self._faults.find_target(
            self._gateway, self._world.now, device=device, key=int(key), about=fan_out.key
        )

    def name_strays(self, what: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return content keys, shape (n,), of targets that no device stands for: their names."""
        names = [self._sends.name_target(one)[1] for one in what.tolist()]
        addresses = [name.partition(":")[2] for name in names]
        return np.array([content_key("stray", address) for address in addresses], np.uint64)

    def carry(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Send messages on their way to devices that are online now."""
        low, mean = self._latency(self._world.settings)
        delays = self._world.randomness.exponential(
            f"{self._gateway} latency",
            self._handsets.key[devices],
            self._sends.keys(what),
            max(mean - low, 0),
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
        routes = self._routes(what)
        if self._store is not None:
            online = self.reach(devices, what)
            if np.count_nonzero(online) < len(online):
                away = ~online
                self._store(instants[away], devices[away], routes[away], what[away])
                instants, devices = instants[online], devices[online]
                routes, what = routes[online], what[online]
        if self._gone is not None:
            held = self._handsets.hold(devices, routes)
            if np.count_nonzero(held) < len(held):
                lost = ~held
                self.finish("AppGone", Fate.APP_GONE, instants[lost], devices[lost], what[lost])
                self._gone(instants[lost], devices[lost], routes[lost], what[lost])
                instants, devices = instants[held], devices[held]
                routes, what = routes[held], what[held]
        if len(devices):
            self._deliver(instants, devices, routes, what)

    def _hand_over(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        del routes
        self._handsets.deliver(instants, devices, what)

    def retry(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Let messages arrive once more, at later *instants*."""
        self._world.schedule.put(self._arrival, instants, devices, what)

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


def find_instants(
    owners: NDArray[np.int32], routes: NDArray[np.int32], instants: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the instant of each of *owners*, which are some of *routes* (distinct), repeated."""
    order = np.argsort(routes, kind="stable")
    return instants[order[np.searchsorted(routes[order], owners)]]


def push_in_order(
    chains: Chains, owners: NDArray[np.int32], held: Mapping[str, NDArray[np.int64]]
) -> None:
    """Put entries of *chains* back; *owners* may repeat, and the entries of each keep their order.

    *owners* and each array of *held* have the shape (n,).
    """
    places = np.arange(len(owners))
    while len(places):
        _, first = np.unique(owners[places], return_index=True)
        some = places[first]
        chains.push(owners[some], **{name: values[some] for name, values in held.items()})
        places = np.delete(places, first)
