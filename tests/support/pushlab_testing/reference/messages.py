"""The sends of the service, one target at a time; a stand-in for its dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from pushlab.gateway import Channel, Fate, MailMark, Mark, Verdict
from pushlab_fakes.onesignal.columns import Suppression
from pushlab_fakes.onesignal.plans import has_feature
from pushlab_testing.reference.audience import choose_plainly
from pushlab_testing.reference.tally import Tally
from pushlab_testing.reference.target import RANK, Common, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.content import Content
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification
    from pushlab_fakes.onesignal.statistics import Statistics
    from pushlab_testing.reference.gateways import NaiveGateway

__all__ = ["NaiveDispatch"]

UNINSTALLED = -10
GAVE_UP = 7
SKIPPED = (
    Fate.UNSUBSCRIBED,
    Fate.NOT_PERMITTED,
    Fate.TOKEN_LOST,
    Fate.CANCELED,
    Fate.SUPPRESSED,
)
FATES = {
    Verdict.DEAD: Fate.DEAD_TOKEN,
    Verdict.BAD: Fate.BAD_TOKEN,
    Verdict.TOO_LARGE: Fate.TOO_LARGE,
    Verdict.REFUSED: Fate.REFUSED,
    Verdict.STOPPED: Fate.STOPPED,
}
COUNTS_AS = {
    Verdict.ACCEPTED: "successful",
    Verdict.DEAD: "failed",
    Verdict.STOPPED: "failed",
}
"""Everything else is errored."""
LOSSES = ("token dead", "replied STOP", "suppressed", "unsubscribed", "complained")


class NaiveDispatch:
    """Attempts, verdicts, what people do with messages, and what follows from all that."""

    def __init__(
        self, common: Common, belief: Belief, gateways: Mapping[Channel, NaiveGateway]
    ) -> None:
        self._common = common
        self._belief = belief
        self._gateways = gateways

    def send(
        self, notification: Notification, rows: NDArray[np.int32], content: Content, _entry: str
    ) -> None:
        """Begin a send."""
        common = self._common
        listed = choose_plainly(self._belief, notification, common.now)
        chosen = rows.tolist() if listed is None else listed
        self._belief.bind_routes(np.array(chosen, np.int32))
        number = common.next_number()
        targets = common.targets[notification.id] = [
            self._aim(notification, content, number, position, row)
            for position, row in enumerate(chosen)
        ]
        tally = Tally([target.channel for target in targets])
        notification.statistics = cast("Statistics", tally)  # it reads the same
        spread = max(common.settings.dispatch_spread_ms, 1)
        for target in targets:
            if not self._is_sendable(target, notification):
                types = self._belief.subscriptions.notification_types[target.subscription]
                fates = {
                    0: Fate.NOT_PERMITTED,
                    -18: Fate.NOT_PERMITTED,
                    -19: Fate.NOT_PERMITTED,
                    UNINSTALLED: Fate.TOKEN_LOST,
                }
                self._skip_as_failed(target, fates.get(int(types), Fate.UNSUBSCRIBED))
            elif self._belief.subscriptions.suppressed[target.subscription]:
                self._skip_as_failed(target, Fate.SUPPRESSED)
                self._lose(target, "suppressed")
            else:
                key = target.subscription_key
                delay = common.luck.below("dispatch", key, notification.key, spread)
                self._plan(target, common.now + common.settings.dispatch_delay_ms + delay)

    def _aim(
        self, notification: Notification, content: Content, number: int, position: int, row: int
    ) -> Target:
        columns = self._belief.subscriptions
        channel, route = Channel(int(columns.type[row])), int(columns.route[row])
        return Target(
            name=notification.id,
            key=notification.key,
            notification=notification,
            content=content,
            number=number,
            position=position,
            sent_at=self._common.now,
            subscription=row,
            channel=channel,
            route=route,
            device=self._gateways[channel].tokens[route].device if route >= 0 else None,
            subscription_key=int(columns.key[row]),
        )

    def _is_sendable(self, target: Target, notification: Notification) -> bool:
        """Whether the record is subscribed; a transactional mail asks for an address only."""
        columns, row = self._belief.subscriptions, target.subscription
        if columns.deleted[row] or not columns.has_token[row]:
            return False
        if target.channel == Channel.EMAIL and notification.draft.include_unsubscribed:
            return True
        return bool(columns.enabled[row] and columns.notification_types[row] > 0)

    def _plan(self, target: Target, at: int) -> None:
        row = -1 if target.device is None else target.device.row
        heap = self._common.heap
        heap.put_one(at, RANK["attempt"], row, target.what, lambda: self._attempt(target))

    def _skip_as_failed(self, target: Target, fate: Fate) -> None:
        tally_of(target).settle("failed", target.channel, self._common.now)
        self._skip(target, fate)

    def _skip(self, target: Target, fate: Fate) -> None:
        target.fate = fate
        outcome = SKIPPED.index(fate)
        self._common.write("TargetSkipped", "attempt", target.subscription_key, target.key, outcome)

    def cancel(self, notification: Notification) -> None:
        """Stop what has not been attempted."""
        for target in self._common.targets.get(notification.id, ()):
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
            self._lose(target, "token dead")
        if verdict == Verdict.STOPPED:
            self._lose(target, "replied STOP")
        if verdict == Verdict.BAD and target.channel == Channel.EMAIL:
            self._count(target, "bounced")
            self._suppress(target, Suppression.BOUNCE)
        self._common.write("AttemptMade", "attempt", target.subscription_key, target.key, outcome)
        if outcome != Verdict.PUT_OFF:
            field = COUNTS_AS.get(verdict, "errored")
            tally_of(target).settle(field, target.channel, self._common.now)

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

    # -- what becomes of records ---------------------------------------------------------------

    def _lose(self, target: Target, loss: str) -> None:
        """Unsubscribe the record, unless it has another address by now or is so already."""
        columns, row = self._belief.subscriptions, target.subscription
        if columns.route[row] != target.route or not columns.enabled[row]:
            return
        reason = self._common.settings.unsubscribed_reason
        columns.enabled[row] = False
        columns.notification_types[row] = UNINSTALLED if loss == "token dead" else -reason
        key, outcome = target.subscription_key, LOSSES.index(loss)
        self._common.write("SubscriptionLost", "attempt", key, target.key, outcome)

    def _suppress(self, target: Target, reason: Suppression) -> None:
        self._belief.subscriptions.own("suppressed")[target.subscription] = reason

    # -- what devices report -------------------------------------------------------------------

    def name_of(self, target: Target) -> str:
        """Return how the trace names a target."""
        if target.notification is None:
            return f"{target.name}:{self._gateways[target.channel].render_token(target.route)}"
        return f"{target.name}:{self._belief.subscription_id(target.subscription)}"

    def wants_receipts(self, target: Target) -> bool:
        """Whether devices are asked to confirm."""
        return (
            target.notification is not None
            and self._belief.apps[target.notification.app].receipts_enabled
        )

    def received(self, target: Target) -> None:
        """Count a receipt, on plans that have them."""
        assert target.notification is not None
        if has_feature(self._belief.apps[target.notification.app].plan, "confirmed_delivery"):
            self._count(target, "received")

    def tapped(self, target: Target) -> None:
        """Count a tap."""
        self._count(target, "converted")

    def mail_opened(self, target: Target) -> None:
        """Count an open, each and the first."""
        self._count(target, "opened")
        if not target.marks & (Mark.OPENED | MailMark.PREFETCHED):
            self._count(target, "unique_opens")

    def link_clicked(self, target: Target) -> None:
        """Count a click, each and the first."""
        self._count(target, "clicks")
        if not target.marks & (Mark.CLICKED | MailMark.SCANNED):
            self._count(target, "unique_clicks")
            self._count(target, "converted")

    def unsubscribed(self, target: Target) -> None:
        """Unsubscribe the record at once; a mail counts once."""
        if not target.marks & Mark.UNSUBSCRIBED:
            self._count(target, "unsubscribed")
        self._lose(target, "unsubscribed")

    def complained(self, target: Target) -> None:
        """Unsubscribe the record and mail the address no more."""
        if not target.marks & Mark.SPAM:
            self._count(target, "reported_spam")
        self._suppress(target, Suppression.COMPLAINT)
        self._lose(target, "complained")

    # -- what gateways report ------------------------------------------------------------------

    def delivered(self, target: Target) -> None:
        """Count what a carrier delivered."""
        if target.notification is not None:
            self._count(target, "provider_successful")

    def undelivered(self, target: Target, fate: Fate) -> None:
        """Take back that a target was reached."""
        target.fate = fate
        if target.notification is None:
            return
        tally_of(target).count("successful", target.channel, by=-1)
        self._count(target, "errored")
        self._count(target, "bounced" if target.channel == Channel.EMAIL else "provider_failed")
        if fate == Fate.BOUNCED:
            self._suppress(target, Suppression.BOUNCE)

    def _count(self, target: Target, field: str) -> None:
        tally_of(target).count(field, target.channel)


def tally_of(target: Target) -> Tally:
    """Return the counts of the notification that a target belongs to."""
    assert target.notification is not None
    return cast("Tally", target.notification.statistics)
