"""APNs as a core: verdicts, store and forward, and the report of dead tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Fate, Verdict
from pushlab.table import as_slice
from pushlab.world.clock import DAY_MS
from pushlab.world.randomness import threshold
from pushlab_fakes.apns.own_tokens import OwnTokens
from pushlab_fakes.apns.tokens import parse_token, render_token
from pushlab_fakes.registry import Registrar
from pushlab_fakes.tokens import NEVER, TokenRegistry
from pushlab_fakes.transport import Sparing, Transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import Handsets
    from pushlab.world.world import World
    from pushlab_fakes.faults import Fault, Faults

__all__ = ["Apns"]

assert (Verdict.ACCEPTED.value, Verdict.DEAD.value) == (False, True), "`attempt` counts on it"
PAYLOAD_MAX = 4096
"""Bytes of a payload (Apple, Creating the remote notification payload)."""
NOTHING = -1
URGENT = 3
"""Comes whatever a device runs on; 1 comes on battery, 0 on mains alone."""
SPARING = Sparing(
    lambda settings: settings.apns_spares_power,
    lambda content: URGENT if content.priority >= 10 else int(content.priority >= 5),
)
"""Priorities 5 and 1 mind the device's power (Apple, Sending notification requests to APNs)."""


class Apns(Registrar):
    """The gateway to iOS devices."""

    name = "apns"

    def __init__(self, world: World, sends: Sends, handsets: Handsets, faults: Faults) -> None:
        self.tokens = TokenRegistry(world, "apns token", render_token, parse_token)
        super().__init__(self.tokens)
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self.own = OwnTokens(world, self.tokens, handsets)
        self._stored = np.zeros(0, np.int64)
        self._expires = np.zeros(0, np.int64)
        """Both by route, as long as the registry from the first notification on that waits."""
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

    def find_route(self, token: str) -> int:
        """Return the route of *token* (any case); -1 when APNs never issued it."""
        return super().find_route(token.lower())

    def issue(
        self, devices: NDArray[np.int32], generations: NDArray[np.int16]
    ) -> NDArray[np.int32]:
        """Give each device a token for its app and return the routes."""
        return self.tokens.issue(devices, self._handsets.key[devices], generations)

    def retire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Take note of nothing: APNs learns of a changed token by a push that finds nobody.

        410 describes the token, not the app; it follows rotation as it follows an uninstall.
        """

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
        """Answer a `Verdict` a target; accepted ones set out, or wait for their device.

        A 200 never means delivered (Apple, Viewing the status of push notifications).
        """
        known = routes >= 0
        if np.count_nonzero(known) == len(known):
            # True is the code of a dead token, False that of one which is accepted.
            verdicts = (self.tokens.dead_at[as_slice(routes)] <= instants).view(np.uint8)
        else:
            verdicts = np.full(len(routes), Verdict.BAD.value, np.uint8)
            verdicts[known] = self.tokens.dead_at[routes[known]] <= instants[known]
        devices = self.devices_of(routes)
        self._transport.refuse_strangers(verdicts, devices, what)
        for fan_out, places in self._sends.list_sends(what):
            if fan_out.content.size_at(self.name) > PAYLOAD_MAX:
                verdicts[places] = Verdict.TOO_LARGE.value
        self._transport.admit(verdicts, instants, devices, routes, what)
        return verdicts

    # -- store and forward ---------------------------------------------------------------------

    def _store(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Keep the newest notification per device and app until it expires; 0 is never kept."""
        ttl = np.zeros(len(what), np.int64)
        sent_at = np.zeros(len(what), np.int64)
        for fan_out, _, places in self._sends.split(what):
            ttl[places] = fan_out.content.ttl_s * 1000
            sent_at[places] = fan_out.sent_at
        never = ttl == 0
        self._transport.finish(
            "MessageNotStored", Fate.NOT_STORED, instants[never], devices[never], what[never]
        )
        kept = ~never
        instants, devices, routes, what = instants[kept], devices[kept], routes[kept], what[kept]
        if not len(routes):
            return
        self._reserve()
        self._expire(instants, routes)
        old = self._stored[routes]
        newer = old < what
        losers = np.where(newer, old, what)
        lost = losers != NOTHING
        self._transport.finish(
            "MessageReplaced", Fate.REPLACED, instants[lost], devices[lost], losers[lost]
        )
        instants, devices, routes, what = (
            instants[newer],
            devices[newer],
            routes[newer],
            what[newer],
        )
        ceiling = self._world.settings.apns_stored_days * DAY_MS
        self._stored[routes] = what
        self._expires[routes] = sent_at[kept][newer] + np.minimum(ttl[kept][newer], ceiling)
        self._transport.keep(instants, devices, what)

    def _reserve(self) -> None:
        """Make room for a notification of each token there is."""
        if len(self.tokens) > len(self._stored):
            capacity = max(len(self.tokens), 2 * len(self._stored))
            self._stored = _grown(self._stored, capacity, NOTHING)
            self._expires = _grown(self._expires, capacity, 0)

    def _expire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Let go of what has expired by *instants*."""
        late = (self._stored[routes] != NOTHING) & (self._expires[routes] <= instants)
        if late.any():
            instants, routes = instants[late], routes[late]
            what = self._stored[routes]
            self._stored[routes] = NOTHING
            devices = self.tokens.device[routes]
            self._transport.finish("MessageExpired", Fate.EXPIRED, instants, devices, what)

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Send what is stored for devices that are online again, if it has not expired."""
        if not len(self._stored):
            return
        self._reserve()
        self._expire(instants, routes)
        some = self._stored[routes] != NOTHING
        if not some.any():
            return
        instants, routes = instants[some], routes[some]
        what = self._stored[routes]
        reached = self._transport.reach(self.tokens.device[routes], what)
        if np.count_nonzero(reached) < len(reached):
            waits = ~reached
            devices = self.tokens.device[routes[waits]]
            self._transport.keep_on(instants[waits], devices, what[waits])
            instants, routes, what = instants[reached], routes[reached], what[reached]
        self._stored[routes] = NOTHING
        for fan_out, positions, _ in self._sends.split(what):
            fan_out.fates[positions] = Fate.ACCEPTED.value
        self._transport.resume(instants, self.tokens.device[routes], what)

    # -- dead tokens ---------------------------------------------------------------------------

    def _report(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Learn from the first push that found nobody; 410 begins days or weeks after it.

        Deliberately late and vague, and never for some tokens: Apple does not want 410 to track
        uninstalls.
        """
        del what
        first = self.tokens.told_at[routes] == NEVER
        instants, devices, routes = instants[first], devices[first], routes[first]
        if not len(routes):
            return
        self.tokens.own("told_at")[routes] = instants
        settings, luck = self._world.settings, self._world.randomness
        keys = self.tokens.key[routes]
        low = settings.apns_feedback_min_days * DAY_MS
        span = max(settings.apns_feedback_max_days * DAY_MS - low, 1)
        dead_at = instants + low + luck.below("apns feedback", keys, 0, span)
        silent = luck.chance("apns silence", keys, 0, threshold(settings.apns_never_reported))
        self.tokens.own("dead_at")[routes] = np.where(silent, NEVER, dead_at)


def _grown(array: NDArray[np.int64], capacity: int, default: int) -> NDArray[np.int64]:
    grown = np.full(capacity, default, np.int64)
    grown[: len(array)] = array
    return grown
