"""FCM as a core: verdicts, store and forward, and the report of dead tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Channel, Fate, Verdict
from pushlab.table import Chains, as_slice
from pushlab.world.clock import DAY_MS
from pushlab_fakes.fcm.linked import Linked
from pushlab_fakes.fcm.tokens import HEAD_CHARS, parse_token, render_token
from pushlab_fakes.registry import Registrar
from pushlab_fakes.tokens import NEVER, TokenRegistry
from pushlab_fakes.transport import Transport, find_instants, push_in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import Handsets
    from pushlab.world.world import World
    from pushlab_fakes.faults import Fault, Faults

__all__ = ["Fcm"]

DEAD = Verdict.DEAD.value
PAYLOAD_MAX = 4096
"""Bytes of keys and values (FCM, About messages)."""


class Fcm(Registrar):
    """The gateway to Android devices."""

    name = "fcm"

    def __init__(self, world: World, sends: Sends, handsets: Handsets, faults: Faults) -> None:
        self.tokens = TokenRegistry(world, "fcm token", render_token, parse_token)
        super().__init__(self.tokens)
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self.linked = Linked(world, self.tokens, handsets)
        self._plain = Chains(what=np.int64)
        self._collapsible = Chains(what=np.int64, collapse=np.int32)
        self._transport = Transport(
            world, sends, handsets, faults, self.name, store=self._store, gone=self._report
        )

    # -- the registry --------------------------------------------------------------------------

    def find_installation(self, fid: str) -> int:
        """Return the route of the token of a Firebase installation; -1 when there is none.

        A token begins with the id of its installation, 22 characters before the colon.
        """
        key = parse_token(f"{fid}:")
        token = "" if key is None or len(fid) != HEAD_CHARS else render_token(key)
        return self.tokens.find(token) if token.startswith(f"{fid}:") else -1

    def is_dead(self, route: int) -> bool:
        """Whether FCM knows by now that nobody holds the token at *route*."""
        routes = np.array([route], np.int32)
        now = np.array([self._world.now], np.int64)
        return bool(self._is_dead(now, routes, self.devices_of(routes))[0])

    def channel_of(self, route: int) -> Channel:
        """Return the kind of device that registered the token at *route*."""
        return Channel(int(self._handsets.platform[self.tokens.device[route]]))

    def target_of(self, route: int) -> tuple[int, int]:
        """Return the device behind the token at *route*, and its content key."""
        device = int(self.tokens.device[route])
        return device, int(self._handsets.key[device])

    def drop(self, route: int) -> None:
        """Take the token at *route* for dead: what it stands for is."""
        self.linked.delete(route, self._world.now)

    def app_of(self, route: int) -> int:
        """Return the app that registered the token at *route*."""
        return int(self._handsets.app[self.tokens.device[route]])

    def issue(
        self, devices: NDArray[np.int32], generations: NDArray[np.int16]
    ) -> NDArray[np.int32]:
        """Give each device a token for its app and return the routes."""
        return self.tokens.issue(devices, self._handsets.key[devices], generations)

    def retire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Take tokens for dead at once: the device said so itself (rotation, cleared data)."""
        dead_at = self.tokens.own("dead_at")
        dead_at[routes] = np.minimum(dead_at[routes], instants)

    # -- attempts ------------------------------------------------------------------------------

    def find_fault(self, fan_out: FanOut) -> Fault | None:
        """Return the planned fault that struck the only target of *fan_out* just now, if any."""
        return self._transport.find_fault(fan_out)

    def attempt(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Answer a `Verdict` a target; accepted ones set out, or wait for their device."""
        verdicts = np.zeros(len(routes), np.uint8)
        known = routes >= 0
        devices = self.devices_of(routes)
        if np.count_nonzero(known) == len(known):
            verdicts[self._is_dead(instants, routes, devices)] = DEAD
        else:
            verdicts[~known] = Verdict.BAD.value
            dead = known.copy()
            dead[known] = self._is_dead(instants[known], routes[known], devices[known])
            verdicts[dead] = Verdict.DEAD.value
        if len(self.linked):
            # Who hands a message of another gateway's over is the wire; see `relaying`.
            alive = verdicts == Verdict.ACCEPTED.value
            verdicts[alive & self.linked.mark(routes)] = Verdict.BAD.value
        self._transport.refuse_strangers(verdicts, devices, what)
        for fan_out, _, places in self._sends.split(what):
            if fan_out.content.size_at(self.name) > PAYLOAD_MAX:
                verdicts[places] = Verdict.TOO_LARGE.value
        self._transport.admit(verdicts, instants, devices, routes, what)
        return verdicts

    def _is_dead(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        devices: NDArray[np.int32],
    ) -> NDArray[np.bool_]:
        """Dead tokens, and those whose device was not seen for 270 days (stale tokens)."""
        inactive = self._world.settings.fcm_inactive_days * DAY_MS
        stale = ~self._handsets.online[as_slice(devices)]
        if np.count_nonzero(stale):
            stale &= self._handsets.offline_since[as_slice(devices)] + inactive <= instants
            if len(self.linked):
                stale &= ~self.linked.mark(routes)
        stale |= self.tokens.dead_at[as_slice(routes)] <= instants
        return stale

    # -- store and forward ---------------------------------------------------------------------

    def _store(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Keep what has time to live: 100 without a collapse key, the newest of each of 4 keys."""
        ttl, collapse = np.zeros(len(what), np.int64), np.zeros(len(what), np.int32)
        for fan_out, _, places in self._sends.split(what):
            ttl[places] = fan_out.content.ttl_s
            collapse[places] = fan_out.collapse
        never = ttl == 0
        self._transport.finish(
            "MessageNotStored", Fate.NOT_STORED, instants[never], devices[never], what[never]
        )
        plain = ~never & (collapse == 0)
        if plain.any():
            self._store_plain(instants[plain], devices[plain], routes[plain], what[plain])
        keyed = ~never & (collapse != 0)
        if keyed.any():
            self._store_keyed(
                instants[keyed], devices[keyed], routes[keyed], what[keyed], collapse[keyed]
            )

    def _store_plain(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Store messages without a collapse key; one too many discards all, itself included."""
        most = self._world.settings.fcm_stored_max
        full = self._plain.count(routes) >= most
        if full.any():
            self._expire(self._plain, instants[full], routes[full])
            full = self._plain.count(routes) >= most
        if full.any():
            owners, dropped = self._plain.take(routes[full])
            at = find_instants(owners, routes[full], instants[full])
            self._transport.finish(
                "MessageDiscarded",
                Fate.DISCARDED,
                at,
                self.tokens.device[owners],
                dropped["what"],
            )
            self._transport.finish(
                "MessageDiscarded", Fate.DISCARDED, instants[full], devices[full], what[full]
            )
            room = ~full
            instants, devices, routes, what = (
                instants[room],
                devices[room],
                routes[room],
                what[room],
            )
        self._plain.push(routes, what=what)
        self._transport.finish("MessageStored", Fate.STORED, instants, devices, what)

    def _store_keyed(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
        collapse: NDArray[np.int32],
    ) -> None:
        """Store collapsible messages: the newest of a key replaces it, a fifth key evicts one."""
        owners, dropped = self._collapsible.drop_equal(routes, "collapse", collapse)
        self._replace(routes, instants, owners, dropped["what"])
        most = max(self._world.settings.fcm_collapse_keys_max, 1)
        full = self._collapsible.count(routes) >= most
        if full.any():
            self._expire(self._collapsible, instants[full], routes[full])
        for route in routes[self._collapsible.count(routes) >= most].tolist():
            oldest = self._collapsible.peek(route)[0]
            owner = np.array([route], np.int32)
            owners, dropped = self._collapsible.drop_equal(owner, "collapse", oldest["collapse"])
            self._replace(routes, instants, owners, dropped["what"])
        self._collapsible.push(routes, what=what, collapse=collapse)
        self._transport.finish("MessageStored", Fate.STORED, instants, devices, what)

    def _replace(
        self,
        routes: NDArray[np.int32],
        instants: NDArray[np.int64],
        owners: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        self._transport.finish(
            "MessageReplaced",
            Fate.REPLACED,
            find_instants(owners, routes, instants),
            self.tokens.device[owners],
            what,
        )

    def _expire(
        self, chains: Chains, instants: NDArray[np.int64], routes: NDArray[np.int32]
    ) -> None:
        """Let go of what has expired by *instants*; the rest stays in its order."""
        owners, held = chains.take(routes)
        if not len(owners):
            return
        at = find_instants(owners, routes, instants)
        late = self._expiry(held["what"]) <= at
        devices, what = self.tokens.device[owners[late]], held["what"][late]
        self._transport.finish("MessageExpired", Fate.EXPIRED, at[late], devices, what)
        push_in_order(chains, owners[~late], {name: held[name][~late] for name in held})

    def _expiry(self, what: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when each message expires: at most 28 days after its send."""
        expires = np.zeros(len(what), np.int64)
        most = self._world.settings.fcm_ttl_max_s
        for fan_out, _, places in self._sends.split(what):
            expires[places] = fan_out.sent_at + min(fan_out.content.ttl_s, most) * 1000
        return expires

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Send what is stored for devices that are online again, if it has not expired."""
        for chains in (self._plain, self._collapsible):
            owners, held = chains.take(routes)
            if not len(owners):
                continue
            what = held["what"]
            at = find_instants(owners, routes, instants)
            devices = self.tokens.device[owners]
            late = self._expiry(what) <= at
            self._transport.finish(
                "MessageExpired", Fate.EXPIRED, at[late], devices[late], what[late]
            )
            fresh = ~late
            if not fresh.any():
                continue
            for fan_out, positions, _ in self._sends.split(what[fresh]):
                fan_out.fates[positions] = Fate.ACCEPTED.value
            self._transport.resume(at[fresh], devices[fresh], what[fresh])

    # -- dead tokens ---------------------------------------------------------------------------

    def _report(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Learn from the device that the app is gone: the next send is refused.

        So the first send after an uninstall is accepted and the second one is UNREGISTERED.
        """
        del devices, what
        told_at, dead_at = self.tokens.own("told_at"), self.tokens.own("dead_at")
        first = told_at[routes] == NEVER
        told_at[routes[first]] = instants[first]
        dead_at[routes] = np.minimum(dead_at[routes], instants)
