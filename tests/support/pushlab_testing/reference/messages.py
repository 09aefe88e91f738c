"""The sends of the service, one target at a time; a stand-in for its dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from pushlab.gateway import Channel, Fate, Verdict
from pushlab_fakes.onesignal.plans import has_feature
from pushlab_fakes.onesignal.statistics import PLATFORM_KEYS
from pushlab_testing.reference.target import RANK, Common, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.content import Content
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification
    from pushlab_fakes.onesignal.statistics import Statistics
    from pushlab_testing.reference.gateways import NaiveGateway

__all__ = ["NaiveDispatch", "Tally"]

FIELDS = ("successful", "failed", "errored", "converted", "received")
UNINSTALLED = -10
GAVE_UP = 7
SKIPPED = (Fate.UNSUBSCRIBED, Fate.NOT_PERMITTED, Fate.TOKEN_LOST, Fate.CANCELED)
FATES = {
    Verdict.DEAD: Fate.DEAD_TOKEN,
    Verdict.BAD: Fate.BAD_TOKEN,
    Verdict.TOO_LARGE: Fate.TOO_LARGE,
    Verdict.REFUSED: Fate.REFUSED,
}


class Tally:
    """Counts of one notification, raised by one."""

    def __init__(self, channels: list[Channel]) -> None:
        self._channels = channels
        self._counts = {(field, channel): 0 for field in FIELDS for channel in PLATFORM_KEYS}
        self.remaining = len(channels)
        self.last_settled_at = 0

    def count(self, field: str, channel: Channel) -> None:
        """Raise one count."""
        self._counts[field, channel] += 1

    def settle(self, field: str, channel: Channel, at: int) -> None:
        """Let one target leave `remaining`."""
        self.count(field, channel)
        self.remaining -= 1
        self.last_settled_at = max(self.last_settled_at, at)

    def totals(self) -> dict[str, int]:
        """Return every count over all channels."""
        totals = {
            field: sum(self._counts[field, channel] for channel in PLATFORM_KEYS)
            for field in FIELDS
        }
        return {**totals, "remaining": self.remaining}

    def by_platform(self) -> dict[str, dict[str, int]]:
        """Return the counts of each platform that had targets."""
        shown: dict[str, dict[str, int]] = {}
        for channel, name in PLATFORM_KEYS.items():
            if channel in self._channels:
                part = shown.setdefault(name, dict.fromkeys(FIELDS, 0))
                for field in FIELDS:
                    part[field] += self._counts[field, Channel(channel)]
        return shown


class NaiveDispatch:
    """Attempts, verdicts and what follows from them."""

    def __init__(
        self, common: Common, belief: Belief, gateways: Mapping[Channel, NaiveGateway]
    ) -> None:
        self._common = common
        self._belief = belief
        self._gateways = gateways
        self.targets: dict[str, list[Target]] = {}
        """By notification, in order of birth."""

    def send(
        self, notification: Notification, rows: NDArray[np.int32], content: Content, _entry: str
    ) -> None:
        """Begin a send."""
        common, columns = self._common, self._belief.subscriptions
        self._belief.bind_routes(rows)
        targets = self.targets[notification.id] = [
            self._aim(notification, content, position, row)
            for position, row in enumerate(rows.tolist())
        ]
        tally = Tally([target.channel for target in targets])
        notification.statistics = cast("Statistics", tally)  # it reads the same
        spread = max(common.settings.dispatch_spread_ms, 1)
        for target in targets:
            if self._belief.reachable(np.array([target.subscription], np.int32))[0]:
                delay = common.luck.below(
                    "dispatch", target.subscription_key, notification.key, spread
                )
                self._plan(target, common.now + common.settings.dispatch_delay_ms + delay)
                continue
            types = int(columns.notification_types[target.subscription])
            tally.settle("failed", target.channel, common.now)
            fates = {0: Fate.NOT_PERMITTED, -18: Fate.NOT_PERMITTED, UNINSTALLED: Fate.TOKEN_LOST}
            self._skip(target, fates.get(types, Fate.UNSUBSCRIBED))

    def _aim(self, notification: Notification, content: Content, position: int, row: int) -> Target:
        columns = self._belief.subscriptions
        channel, route = Channel(int(columns.type[row])), int(columns.route[row])
        return Target(
            notification=notification,
            content=content,
            number=len(self.targets),
            position=position,
            sent_at=self._common.now,
            subscription=row,
            channel=channel,
            route=route,
            phone=self._gateways[channel].tokens[route].phone if route >= 0 else None,
            subscription_key=int(columns.key[row]),
        )

    def _plan(self, target: Target, at: int) -> None:
        row = -1 if target.phone is None else target.phone.row
        heap = self._common.heap
        heap.put_one(at, RANK["attempt"], row, target.what, lambda: self._attempt(target))

    def _skip(self, target: Target, fate: Fate) -> None:
        target.fate = fate
        outcome = SKIPPED.index(fate)
        self._common.write("TargetSkipped", "attempt", target.subscription_key, target.key, outcome)

    def cancel(self, notification: Notification) -> None:
        """Stop what has not been attempted."""
        for target in self.targets.get(notification.id, ()):
            if target.fate in {Fate.WAITING, Fate.RETRYING}:
                self._skip(target, Fate.CANCELED)

    def close(self, _notification: Notification) -> None:
        """Keep everything; the engine keeps small sends too."""

    # -- attempts ------------------------------------------------------------------------------

    def _attempt(self, target: Target) -> None:
        if target.fate == Fate.CANCELED:
            return
        target.fate = Fate.ACCEPTED
        verdict = self._gateways[target.channel].attempt(target)
        outcome = int(verdict)
        if verdict == Verdict.PUT_OFF:
            outcome = self._put_off(target)
        elif verdict != Verdict.ACCEPTED:
            target.fate = FATES[verdict]
        if verdict == Verdict.DEAD:
            self._unsubscribe(target)
        self._common.write("AttemptMade", "attempt", target.subscription_key, target.key, outcome)
        field = {Verdict.ACCEPTED: "successful", Verdict.DEAD: "failed"}.get(verdict, "errored")
        if outcome != Verdict.PUT_OFF:
            tally = target.notification.statistics
            tally.settle(field, target.channel, self._common.now)  # type: ignore[arg-type]

    def _put_off(self, target: Target) -> int:
        settings = self._common.settings
        target.attempts += 1
        if target.attempts >= settings.retry_attempts_max:
            target.fate = Fate.GAVE_UP
            return GAVE_UP
        target.fate = Fate.RETRYING
        wait_s = settings.retry_first_delay_s * 2 ** (target.attempts - 1)
        self._plan(target, self._common.now + wait_s * 1000)
        return int(Verdict.PUT_OFF)

    def _unsubscribe(self, target: Target) -> None:
        columns, row = self._belief.subscriptions, target.subscription
        if columns.route[row] == target.route and columns.enabled[row]:
            columns.enabled[row] = False
            columns.notification_types[row] = UNINSTALLED
            self._common.write("SubscriptionLost", "attempt", target.subscription_key, target.key)

    # -- what phones report --------------------------------------------------------------------

    def name_of(self, target: Target) -> str:
        """Return how the trace names a target."""
        return f"{target.notification.id}:{self._belief.subscription_id(target.subscription)}"

    def wants_receipts(self, target: Target) -> bool:
        """Whether phones are asked to confirm."""
        return self._belief.apps[target.notification.app].receipts_enabled

    def received(self, target: Target) -> None:
        """Count a receipt, on plans that have them."""
        if has_feature(self._belief.apps[target.notification.app].plan, "confirmed_delivery"):
            target.notification.statistics.count("received", target.channel)  # type: ignore[arg-type]

    def opened(self, target: Target) -> None:
        """Count a tap."""
        target.notification.statistics.count("converted", target.channel)  # type: ignore[arg-type]
