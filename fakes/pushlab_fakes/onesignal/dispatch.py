"""From an audience to verdicts: the fan-out of one notification.

Mirrored: what OneSignal does with a gateway's answer, in one table:

====================================  ============  =====================================
what happened to the target           counts as     and the subscription
====================================  ============  =====================================
unsubscribed before dispatch          failed        stays as it is
suppressed mail address               failed        is unsubscribed
address dead (410, UNREGISTERED)      failed        is unsubscribed (-10)
recipient replied STOP (21610)        failed        is unsubscribed
mailbox unknown (550 5.1.1)           errored       stays; its address is suppressed
bad address, too large, refused       errored       stays as it is
put off, retries used up              errored       stays as it is
accepted, whatever comes later        successful    see `owner`
====================================  ============  =====================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.fanout import FanOut
from pushlab.gateway import Fate, Verdict
from pushlab.table import as_slice
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind
from pushlab_fakes.onesignal.owner import REPLIED_STOP, SUPPRESSED, TOKEN_DEAD, UNINSTALLED, Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from pushlab.content import Content
    from pushlab.fanout import Sends
    from pushlab.gateway import Channel, Gateway
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.compose import Composer
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["Dispatch"]

VERDICTS: Final = (
    "accepted",
    "refused: dead token",
    "refused: bad token",
    "refused: too large",
    "put off",
    "refused",
    "refused: replied STOP",
    "gave up",
)
GAVE_UP: Final = 7
"""Outcome beside the verdicts: put off for the last time."""
SKIPPED: Final = {
    Fate.UNSUBSCRIBED: "unsubscribed",
    Fate.NOT_PERMITTED: "no permission",
    Fate.TOKEN_LOST: "token reported dead before",
    Fate.CANCELED: "canceled",
    Fate.SUPPRESSED: "address suppressed",
}
NO_PERMISSION: Final = (0, -18, -19)
"""notification_types of a device that may not show notifications."""
DOUBLINGS_MAX: Final = 16
"""How often the wait before another attempt doubles at most: about a week."""
LARGE: Final = 10_000
"""Sends of this size are forgotten, trays and all, when their retention is over."""
FATE_OF_OUTCOME: Final = np.array(
    [
        Fate.ACCEPTED,
        Fate.DEAD_TOKEN,
        Fate.BAD_TOKEN,
        Fate.TOO_LARGE,
        Fate.RETRYING,
        Fate.REFUSED,
        Fate.STOPPED,
        Fate.GAVE_UP,
    ],
    np.uint8,
)
ACCEPTED: Final = Fate.ACCEPTED.value
REFUSED: Final = Verdict.REFUSED.value
"""Hoisted: reading the value of a member takes as long as three steps of arithmetic."""
COUNTS_AS: Final = (
    ("successful", (Verdict.ACCEPTED,)),
    ("failed", (Verdict.DEAD, Verdict.STOPPED)),
    ("errored", (Verdict.BAD, Verdict.TOO_LARGE, Verdict.REFUSED, GAVE_UP)),
)


class Dispatch:
    """Sends of OneSignal: who is skipped, attempts at the gateways, what their answers cost."""

    def __init__(
        self,
        world: World,
        belief: Belief,
        sends: Sends,
        gateways: Mapping[Channel, Gateway],
        composer: Composer,
    ) -> None:
        self._world = world
        self._belief = belief
        self._sends = sends
        self._by_code = {int(channel): gateway for channel, gateway in gateways.items()}
        self._notifications: dict[int, Notification] = {}
        self._owner = Owner(world, belief, sends, composer, self._notifications)
        schedule = world.schedule
        self._attempt = schedule.register("attempt", RANKS["attempt"], self._attempt_targets)
        self._stray = schedule.register("stray attempt", RANKS["attempt"], self._attempt_targets)
        cause = self._attempt_cause
        self._made = self._kind("AttemptMade", VERDICTS, cause)
        self._skipped = self._kind("TargetSkipped", tuple(SKIPPED.values()), cause)

    # -- birth ---------------------------------------------------------------------------------

    def send(
        self, notification: Notification, rows: NDArray[np.int32], content: Content, entry: str
    ) -> None:
        """Begin to send *notification* to the subscriptions at *rows*, distinct, shape (n,)."""
        now, settings = self._world.now, self._world.settings
        columns, part = self._belief.subscriptions, as_slice(rows)
        self._belief.bind_routes(rows)
        channels, routes = columns.type[part], columns.route[part].copy()
        devices = self._find_devices(channels, routes)
        fan_out = FanOut(
            name=notification.id,
            key=notification.key,
            owner=self._owner,
            app=notification.app,
            content=content,
            collapse=self._sends.collapse_code(content.collapse_id),
            sent_at=now,
            entry=entry,
            subscriptions=rows,
            routes=routes,
            devices=devices,
        )
        self._sends.open(fan_out)
        self._notifications[fan_out.number] = notification
        notification.fan_out = fan_out
        notification.statistics.expect(channels)
        include = notification.draft.include_unsubscribed
        able = self._belief.sendable(rows, include_unsubscribed=include)
        if columns.holds("suppressed"):
            suppressed = np.flatnonzero(able & (columns.suppressed[part] != 0))
            able[suppressed] = False
            self._skip_suppressed(fan_out, suppressed)
        positions = able.nonzero()[0]
        if len(positions) < len(rows):
            left = fan_out.fates == Fate.WAITING.value
            self._skip_unreachable(fan_out, np.flatnonzero(~able & left))
            part = rows[positions]
        instants = self._world.randomness.below(
            "dispatch",
            columns.key[part],
            notification.key,
            max(settings.dispatch_spread_ms, 1),
        )
        instants += now + settings.dispatch_delay_ms
        self._put(fan_out, positions, instants)

    def _find_devices(
        self, channels: NDArray[np.int8], routes: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        devices: NDArray[np.int32] | None = None
        for gateway, mine in self._split(channels):
            if isinstance(mine, slice):
                return gateway.devices_of(routes)
            if devices is None:
                devices = np.full(len(routes), -1, np.int32)
            devices[mine] = gateway.devices_of(routes[mine])
        return np.full(len(routes), -1, np.int32) if devices is None else devices

    def _split(
        self, channels: NDArray[np.int8]
    ) -> Iterator[tuple[Gateway, NDArray[np.bool_] | slice]]:
        """Yield each gateway that serves some of *channels*, and where these stand."""
        if not len(channels):
            return
        first = int(channels[0])
        if len(channels) == 1 or bool((channels == first).all()):
            if first in self._by_code:
                yield self._by_code[first], slice(None)
            return
        for code, gateway in self._by_code.items():
            mine = channels == code
            if np.count_nonzero(mine):
                yield gateway, mine

    def _put(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Plan attempts, kept apart by device, or by subscription where there is no device."""
        what, devices = fan_out.what(positions), fan_out.devices
        if len(positions) < len(devices):
            devices = devices[positions]
        stray = devices < 0
        if not np.count_nonzero(stray):
            self._world.schedule.put(self._attempt, instants, devices, what)
            return
        held = ~stray
        self._world.schedule.put(self._attempt, instants[held], devices[held], what[held])
        rows = fan_out.subscriptions[positions[stray]]
        self._world.schedule.put(self._stray, instants[stray], rows, what[stray])

    def _skip_unreachable(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Leave targets out that are not subscribed; they count as failed."""
        columns, rows = self._belief.subscriptions, fan_out.subscriptions[positions]
        types = columns.notification_types[rows]
        fates = np.full(len(rows), Fate.UNSUBSCRIBED.value, np.uint8)
        fates[np.isin(types, NO_PERMISSION)] = Fate.NOT_PERMITTED.value
        fates[types == UNINSTALLED] = Fate.TOKEN_LOST.value
        self._skip_as_failed(fan_out, positions, fates)

    def _skip_suppressed(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Leave out addresses that bounced or complained; only now they are unsubscribed."""
        fates = np.full(len(positions), Fate.SUPPRESSED.value, np.uint8)
        self._skip_as_failed(fan_out, positions, fates)
        instants = np.full(len(positions), self._world.now, np.int64)
        self._owner.lose(fan_out, positions, instants, SUPPRESSED)

    def _skip_as_failed(
        self, fan_out: FanOut, positions: NDArray[np.int64], fates: NDArray[np.uint8]
    ) -> None:
        statistics = self._notifications[fan_out.number].statistics
        channels = self._belief.subscriptions.type[fan_out.subscriptions[positions]]
        statistics.settle("failed", channels, self._world.now)
        self._skip(fan_out, positions, fates)

    def _skip(
        self, fan_out: FanOut, positions: NDArray[np.int64], fates: NDArray[np.uint8]
    ) -> None:
        rows = fan_out.subscriptions[positions]
        fan_out.fates[positions] = fates
        outcomes = np.zeros(len(rows), np.uint8)
        for outcome, fate in enumerate(SKIPPED):
            outcomes[fates == fate] = outcome
        instants = np.full(len(rows), self._world.now, np.int64)
        what = fan_out.what(positions)
        self._world.trace.record_batch(self._skipped, instants, rows, what, outcomes)

    def cancel(self, notification: Notification) -> None:
        """Stop what has not been attempted yet; what is out stays out."""
        fan_out = notification.fan_out
        if fan_out is None:
            return
        fates = fan_out.fates
        waiting = np.flatnonzero((fates == Fate.WAITING.value) | (fates == Fate.RETRYING.value))
        self._skip(fan_out, waiting, np.full(len(waiting), Fate.CANCELED.value, np.uint8))

    def close(self, notification: Notification) -> None:
        """Let the arrays of a large notification go whose retention is over.

        Small ones stay: a phone shows a message for as long as nobody touches it.
        """
        fan_out = notification.fan_out
        if fan_out is not None and len(fan_out) >= LARGE:
            self._notifications.pop(fan_out.number, None)
            self._sends.close(fan_out)
            notification.fan_out = None

    # -- attempts ------------------------------------------------------------------------------

    def _attempt_targets(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        del rows
        for fan_out, positions, places in self._sends.split(what):
            self._attempt_send(fan_out, positions, instants[places])

    def _attempt_send(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        if self._notifications[fan_out.number].canceled:
            left = fan_out.fates[positions] != Fate.CANCELED.value
            positions, instants = positions[left], instants[left]
            if not len(positions):
                return
        part = as_slice(positions)
        fan_out.fates[part] = ACCEPTED
        rows, routes = fan_out.subscriptions[part], fan_out.routes[part]
        what = fan_out.what(positions)
        channels = self._belief.subscriptions.type[as_slice(rows)]
        outcomes = np.full(len(positions), REFUSED, np.uint8)
        for gateway, mine in self._split(channels):
            outcomes[mine] = gateway.attempt(instants[mine], routes[mine], what[mine])
        if np.count_nonzero(outcomes):
            outcomes = self._judge(fan_out, positions, instants, outcomes)
        self._world.trace.record_batch(self._made, instants, rows, what, outcomes)
        self._count(fan_out, channels, instants, outcomes)

    def _judge(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        verdicts: NDArray[np.uint8],
    ) -> NDArray[np.uint8]:
        """Do what follows from verdicts that are not yes, and return the outcomes."""
        settings = self._world.settings
        outcomes = verdicts.copy()
        put_off = np.flatnonzero(verdicts == Verdict.PUT_OFF.value)
        if len(put_off):
            again = positions[put_off]
            fan_out.attempts[again] += 1
            tried = fan_out.attempts[again]
            over = tried >= settings.retry_attempts_max
            outcomes[put_off[over]] = GAVE_UP
            left = ~over
            doublings = np.minimum(tried[left].astype(np.int64) - 1, DOUBLINGS_MAX)
            wait = settings.retry_first_delay_s * 1000 << doublings
            self._put(fan_out, again[left], instants[put_off[left]] + wait)
        refused = np.flatnonzero(outcomes != Verdict.ACCEPTED.value)
        fan_out.fates[positions[refused]] = FATE_OF_OUTCOME[outcomes[refused]]
        for verdict, loss in ((Verdict.DEAD, TOKEN_DEAD), (Verdict.STOPPED, REPLIED_STOP)):
            lost = np.flatnonzero(verdicts == verdict.value)
            if len(lost):
                self._owner.lose(fan_out, positions[lost], instants[lost], loss)
        bad = np.flatnonzero(verdicts == Verdict.BAD.value)
        if len(bad):
            self._owner.bounce(fan_out, positions[bad])
        return outcomes

    def _count(
        self,
        fan_out: FanOut,
        channels: NDArray[np.int8],
        instants: NDArray[np.int64],
        outcomes: NDArray[np.uint8],
    ) -> None:
        if not len(instants):
            return
        statistics = self._notifications[fan_out.number].statistics
        if not np.count_nonzero(outcomes):
            statistics.settle("successful", channels, int(instants.max()))
            return
        for field, codes in COUNTS_AS:
            mine = np.isin(outcomes, codes)
            if mine.any():
                statistics.settle(field, channels[mine], int(instants[mine].max()))

    # -- the trace -----------------------------------------------------------------------------

    def _kind(
        self,
        name: str,
        outcomes: tuple[str, ...],
        causes: Callable[[int, int, int], tuple[str, ...]],
    ) -> BatchKind:
        def describe(row: int, what: int) -> tuple[str, dict[str, object]]:
            notification, target = self._sends.name_target(what)
            return target, {
                "notification": notification,
                "subscription": self._belief.subscription_id(row),
            }

        return BatchKind(
            name,
            RANKS["attempt"],
            outcomes,
            lambda rows: self._belief.subscriptions.key[rows],
            self._sends.keys,
            describe,
            causes,
        )

    def _attempt_cause(self, _row: int, what: int, _outcome: int) -> tuple[str, ...]:
        fan_out = self._sends.find(what)
        return (fan_out.entry,) if fan_out is not None else ()
