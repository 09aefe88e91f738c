"""The browsers' push services as one core: verdicts, store and forward, dropped endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Channel, Fate, Verdict
from pushlab.table import Chains, as_slice
from pushlab_fakes.registry import Registrar
from pushlab_fakes.tokens import TokenRegistry
from pushlab_fakes.transport import Sparing, Transport, find_instants, push_in_order
from pushlab_fakes.webpush.endpoints import (
    SERVICES,
    list_lifetimes_s,
    mark_services,
    parse_endpoint,
    render_endpoint,
    services_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import Handsets
    from pushlab.world.world import World
    from pushlab_fakes.faults import Fault, Faults

__all__ = ["Webpush"]

DEAD = Verdict.DEAD.value
PAYLOAD_MAX = 4096
"""Bytes of an encrypted body that every service takes (RFC 8030, section 7.2); none takes more."""
SPARING = Sparing(
    lambda settings: settings.webpush_urgency_filter, lambda content: content.urgency_level
)
"""RFC 8030, section 5.3 (Urgency)."""
FIREFOX, SAFARI = (
    [service.channel for service in SERVICES].index(channel)
    for channel in (Channel.FIREFOX, Channel.SAFARI_WEB)
)


class Webpush(Registrar):
    """The gateway to browsers, each at the push service of its maker."""

    name = "webpush"

    def __init__(self, world: World, sends: Sends, handsets: Handsets, faults: Faults) -> None:
        self.tokens = TokenRegistry(world, "webpush endpoint", render_endpoint, parse_endpoint)
        super().__init__(self.tokens)
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self._stored = Chains(what=np.int64, topic=np.int32)
        self._transport = Transport(
            world,
            sends,
            handsets,
            faults,
            self.name,
            store=self._store,
            gone=self._report,
            sparing=SPARING,
        )

    # -- the registry --------------------------------------------------------------------------

    def key_of(self, route: int) -> int:
        """Return the content key of the endpoint at *route*."""
        return int(self.tokens.key[route])

    def app_of(self, route: int) -> int:
        """Return the app whose page made the subscription at *route*."""
        return int(self._handsets.app[self.tokens.device[route]])

    def issue(
        self, devices: NDArray[np.int32], generations: NDArray[np.int16]
    ) -> NDArray[np.int32]:
        """Give each browser an endpoint at the service of its maker and return the routes."""
        routes = self.tokens.issue(devices, self._handsets.key[devices], generations)
        keys, channels = self.tokens.key[routes], self._handsets.platform[devices]
        chosen = self._handsets.push_service[devices]
        self.tokens.key[routes] = mark_services(keys, channels, chosen)
        return routes

    def retire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Take endpoints for dropped: site data cleared, notifications blocked, a new endpoint.

        A browser that is online tells its service at once, another one when it is back (see
        `_is_dead`). What the service keeps for it reaches nobody any more.
        """
        online = self._handsets.online[self.tokens.device[routes]]
        self._note("dead_at", instants[online], routes[online])
        self._note("told_at", instants, routes)
        owners, held = self._stored.take(routes)
        at = find_instants(owners, routes, instants)
        self._transport.finish(
            "AppGone", Fate.APP_GONE, at, self.tokens.device[owners], held["what"]
        )

    def _note(self, column: str, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        noted = self.tokens.own(column)
        noted[routes] = np.minimum(noted[routes], instants)

    def is_dropped(self, route: int) -> bool:
        """Whether the service knows by now that the endpoint at *route* was dropped."""
        routes = np.array([route], np.int32)
        now = np.array([self._world.now], np.int64)
        return bool(self._is_dead(now, routes, self.devices_of(routes))[0])

    def has_nobody(self, route: int) -> bool:
        """Whether the service knows that the browser is gone that had the endpoint at *route*."""
        told = self.tokens.told_at[route] <= self._world.now
        return self.is_dropped(route) and not told

    def cancel(self, route: int, what: int) -> bool:
        """Take back a message that waits for its browser; False when it waits no more."""
        owners, held = self._stored.drop_equal(np.array([route], np.int32), "what", what)
        now = np.full(len(owners), self._world.now, np.int64)
        devices = self.tokens.device[owners]
        self._transport.finish("MessageTakenBack", Fate.CANCELED, now, devices, held["what"])
        return bool(len(owners))

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
        """Answer a `Verdict` a target; accepted ones set out, or wait for their browser.

        An endpoint that no service issued is a 404, one that its browser dropped a 410: both mean
        that the subscription is over.
        """
        verdicts = np.full(len(routes), DEAD, np.uint8)
        devices = self.devices_of(routes)
        known = np.flatnonzero(routes >= 0)
        dead = self._is_dead(instants[known], routes[known], devices[known])
        verdicts[known[~dead]] = Verdict.ACCEPTED.value
        self._refuse_strangers(verdicts, devices, routes, what)
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
        """Whether each service knows that the endpoint was dropped.

        It found nobody there, or heard of it from the browser, if that was online then or since.
        """
        dead = self.tokens.dead_at[as_slice(routes)] <= instants
        told_at = self.tokens.told_at[as_slice(routes)]
        dropped = told_at <= instants
        if np.count_nonzero(dropped):
            heard = self._handsets.online[devices]
            heard |= self._handsets.offline_since[devices] > told_at
            dead |= dropped & heard
        if np.count_nonzero(dead) and not self._world.settings.safari_drops_reported:
            dead &= services_of(self.tokens.key[routes]) != SAFARI
        return dead

    def _refuse_strangers(
        self,
        verdicts: NDArray[np.uint8],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Refuse endpoints of one app that come with the application server key of another.

        403 (RFC 8292, section 4.2), but for Firefox: OneSignal has one key for all of its apps
        there (OneSignal-Website-SDK source).
        """
        apps = self._handsets.app
        for fan_out, _, places in self._sends.split(what):
            if fan_out.app < 0:
                continue
            mine = np.arange(len(what))[places]
            mine = mine[verdicts[mine] == Verdict.ACCEPTED.value]
            strange = apps[devices[mine]] != fan_out.app
            if np.count_nonzero(strange):
                strange &= services_of(self.tokens.key[routes[mine]]) != FIREFOX
                verdicts[mine[strange]] = Verdict.REFUSED.value

    # -- store and forward ---------------------------------------------------------------------

    def _store(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Keep every message that has time to live; of one topic, the newest alone.

        RFC 8030, sections 5.2 (TTL) and 5.4 (Topic). There is no bound to how many wait.
        """
        ttl, topics = np.zeros(len(what), np.int64), np.zeros(len(what), np.int32)
        for fan_out, _, places in self._sends.split(what):
            ttl[places] = fan_out.content.ttl_s
            topics[places] = self._sends.collapse_code(fan_out.content.topic)
        never = ttl == 0
        self._transport.finish(
            "MessageNotStored", Fate.NOT_STORED, instants[never], devices[never], what[never]
        )
        dropped = ~never & (self.tokens.told_at[routes] <= instants)
        self._transport.finish(
            "AppGone", Fate.APP_GONE, instants[dropped], devices[dropped], what[dropped]
        )
        kept = ~never & ~dropped
        instants, devices, routes = instants[kept], devices[kept], routes[kept]
        what, topics = what[kept], topics[kept]
        if not len(routes):
            return
        named = topics != 0
        if named.any():
            self._replace(instants[named], routes[named], topics[named])
        self._stored.push(routes, what=what, topic=topics)
        self._transport.keep(instants, devices, what)

    def _replace(
        self, instants: NDArray[np.int64], routes: NDArray[np.int32], topics: NDArray[np.int32]
    ) -> None:
        """Let go of what waits under the same topics, unless it has expired by then."""
        owners, held = self._stored.drop_equal(routes, "topic", topics)
        at = find_instants(owners, routes, instants)
        left = self._let_expired_go(at, owners, held["what"])
        devices, what = self.tokens.device[owners[left]], held["what"][left]
        self._transport.finish("MessageReplaced", Fate.REPLACED, at[left], devices, what)

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Send what is stored for browsers that are online again, if it has not expired.

        What is not urgent enough for a browser stays, in its order.
        """
        owners, held = self._stored.take(routes)
        if not len(owners):
            return
        at = find_instants(owners, routes, instants)
        left = self._let_expired_go(at, owners, held["what"])
        stays = left & ~self._transport.reach(self.tokens.device[owners], held["what"])
        if np.count_nonzero(stays):
            push_in_order(self._stored, owners[stays], {n: v[stays] for n, v in held.items()})
            devices = self.tokens.device[owners[stays]]
            self._transport.keep_on(at[stays], devices, held["what"][stays])
            left &= ~stays
        what = held["what"][left]
        for fan_out, positions, _ in self._sends.split(what):
            fan_out.fates[positions] = Fate.ACCEPTED.value
        self._transport.resume(at[left], self.tokens.device[owners[left]], what)

    def _let_expired_go(
        self, instants: NDArray[np.int64], routes: NDArray[np.int32], what: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Finish what has expired by *instants*, and return where the others stand."""
        settings = self._world.settings
        most = np.array(list_lifetimes_s(settings), np.int64)
        most = most[services_of(self.tokens.key[routes])]
        expires = np.zeros(len(what), np.int64)
        for fan_out, _, places in self._sends.split(what):
            lifetime_s = np.minimum(fan_out.content.ttl_s, most[places])
            expires[places] = fan_out.sent_at + lifetime_s * 1000
        late = expires <= instants
        devices = self.tokens.device[routes[late]]
        self._transport.finish("MessageExpired", Fate.EXPIRED, instants[late], devices, what[late])
        return ~late

    # -- browsers that are gone ----------------------------------------------------------------

    def _report(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Learn that a message found nobody: the next one is answered 410.

        So it goes when a whole profile was removed, which tells nobody.
        """
        del devices, what
        self._note("dead_at", instants, routes)
