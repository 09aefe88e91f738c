"""SMTP as a core: replies, the queue for full mailboxes, and bounces that come late."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Channel, Fate, Verdict
from pushlab.world.ids import content_key
from pushlab.world.randomness import threshold
from pushlab.world.schedule import RANKS
from pushlab_fakes.addresses import Addresses, AddressRegistrar, MailForm
from pushlab_fakes.transport import Transport
from pushlab_fakes.undelivered import Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pushlab.fanout import Sends
    from pushlab.gateway import Handsets
    from pushlab.settings import Settings
    from pushlab.world.world import World
    from pushlab_fakes.faults import Faults

    Observer = Callable[[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]], None]

__all__ = ["Box", "Smtp"]

BOUNCES: Final = {"hard": Fate.BOUNCED, "soft": Fate.SOFT_BOUNCED}
HARD, SOFT = range(len(BOUNCES))
HOUR_MS: Final = 3_600_000
ACCEPTED: Final = Fate.ACCEPTED.value


class Box(Enum):
    """What a mail server finds when it looks up an address."""

    UNKNOWN = "unknown"
    LATE = "unknown, found out later"
    CLOSED = "closed"
    FULL = "full"
    OPEN = "open"


def _latency(settings: Settings) -> tuple[int, int]:
    return settings.smtp_latency_min_ms, settings.smtp_latency_mean_ms


class Smtp(AddressRegistrar):
    """The gateway to mailboxes."""

    name = "smtp"

    def __init__(self, world: World, sends: Sends, handsets: Handsets, faults: Faults) -> None:
        super().__init__(Addresses(world, Channel.EMAIL, MailForm()))
        self._world = world
        self._sends = sends
        self._handsets = handsets
        self._transport = Transport(
            world, sends, handsets, faults, self.name, deliver=self._deliver, latency=_latency
        )
        self._returned = Undelivered(
            world, sends, handsets, self.name, entry="MailBounced", fates=BOUNCES
        )
        self.observers: list[Observer] = []
        """Told of instants, devices and targets whose mail came into the mailbox."""
        self._bounce = world.schedule.register("smtp bounce", RANKS["arrival"], self._bounce_closed)

    def connect(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Do nothing: mail reaches a mailbox while its owner is offline."""

    def look(self, address: str) -> Box:
        """Look up *address*, as a server does when it is named in a RCPT command."""
        route = self.addresses.find(address)
        if route < 0:
            share = threshold(self._world.settings.smtp_late_bounce_share)
            # The luck of the attempt that follows: `Transport.name_strays`.
            keys = np.array([content_key("stray", address)], np.uint64)
            is_late = self._world.randomness.chance("smtp late bounce", keys, 0, share)[0]
            return Box.LATE if is_late else Box.UNKNOWN
        device = self.addresses.device[route]
        if not self._handsets.hold(np.array([device]), np.array([route], np.int32))[0]:
            return Box.CLOSED
        return Box.FULL if self._handsets.is_full[device] else Box.OPEN

    def is_away(self, device: int) -> bool:
        """Whether the owner of a mailbox is out of office, and it answers by itself."""
        return bool(self._handsets.is_away[device])

    # -- attempts ------------------------------------------------------------------------------

    def attempt(
        self,
        instants: NDArray[np.int64],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Answer a `Verdict` a target; what is accepted may still bounce."""
        verdicts = np.zeros(len(routes), np.uint8)
        most = self._world.settings.smtp_size_max_bytes
        for fan_out, places in self._sends.list_sends(what):
            if fan_out.content.size_at(self.name) > most:
                verdicts[places] = Verdict.TOO_LARGE.value
        devices = self.addresses.devices_of(routes)
        known = devices >= 0
        if np.count_nonzero(known) == len(known):
            self._transport.admit(verdicts, instants, devices, routes, what)
            return verdicts
        held = verdicts[known]
        self._transport.admit(held, instants[known], devices[known], routes[known], what[known])
        verdicts[known] = held
        stray = ~known
        verdicts[stray] = self._refuse_strays(
            verdicts[stray], instants[stray], devices[stray], what[stray]
        )
        return verdicts

    def _refuse_strays(
        self,
        verdicts: NDArray[np.uint8],
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Answer mail for mailboxes that do not exist; some servers say so only later."""
        share = threshold(self._world.settings.smtp_late_bounce_share)
        keys = self._transport.name_strays(what) if share else np.zeros(len(what), np.uint64)
        late = self._world.randomness.chance("smtp late bounce", keys, 0, share)
        late &= verdicts == Verdict.ACCEPTED.value
        verdicts[(verdicts == Verdict.ACCEPTED.value) & ~late] = Verdict.BAD.value
        self._transport.overrule(verdicts, instants, devices, what)
        late &= verdicts == Verdict.ACCEPTED.value
        if late.any():
            delays = self._draw_bounce_delays(keys[late], what[late])
            self._returned.plan_strays(instants[late] + delays, what[late])
        return verdicts

    # -- into the mailbox ----------------------------------------------------------------------

    def _deliver(
        self,
        instants: NDArray[np.int64],
        devices: NDArray[np.int32],
        routes: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        """Put mail into mailboxes; a closed one bounces, a full one is tried again for a while."""
        there = self._handsets.hold(devices, routes)
        if np.count_nonzero(there) < len(there):
            closed = ~there
            self._bounce_later(instants[closed], devices[closed], what[closed])
            instants, devices, what = instants[there], devices[there], what[there]
        full = self._handsets.is_full[devices]
        if np.count_nonzero(full):
            self._defer(instants[full], devices[full], what[full])
            room = ~full
            instants, devices, what = instants[room], devices[room], what[room]
        if len(devices):
            self._handsets.deliver(instants, devices, what)
            for observer in self.observers:
                observer(instants, devices, what)

    def _bounce_later(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        delays = self._draw_bounce_delays(self._handsets.key[devices], what)
        self._world.schedule.put(self._bounce, instants + delays, devices, what)

    def _draw_bounce_delays(
        self, keys: NDArray[np.uint64], what: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        bound = max(self._world.settings.smtp_bounce_delay_s * 1000, 1)
        luck = self._world.randomness
        return luck.below("smtp bounce delay", keys, self._sends.keys(what), bound) + 1

    def _defer(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Keep mail for full mailboxes, and try again after as long as it has waited so far."""
        settings = self._world.settings
        sent_at = np.zeros(len(what), np.int64)
        is_first = np.zeros(len(what), np.bool_)
        for fan_out, positions, places in self._sends.split(what):
            sent_at[places] = fan_out.sent_at
            is_first[places] = fan_out.fates[positions] == ACCEPTED
        over_at = sent_at + settings.smtp_queue_hours * HOUR_MS
        over = instants >= over_at
        self._returned.finish(instants[over], devices[over], what[over], SOFT)
        left = ~over
        first = left & is_first
        self._transport.finish(
            "MessageStored", Fate.STORED, instants[first], devices[first], what[first]
        )
        wait = np.maximum(instants - sent_at, max(settings.smtp_retry_first_s, 1) * 1000)
        again = np.minimum(instants + wait, over_at)
        self._transport.retry(again[left], devices[left], what[left])

    def _bounce_closed(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        self._returned.finish(instants, devices, what, HARD)
