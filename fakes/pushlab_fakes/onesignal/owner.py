"""What OneSignal hears of its sends after they left: receipts, taps, opens, clicks, complaints.

Mirrored: OneSignal documentation, Confirmed delivery; Email, unsubscribe links and reports
(bounced, reported as spam, unsubscribed); SMS, opt-out; API reference, View message. What came of
a message may cost its subscription:

=====================================  ==================================================
what OneSignal heard                   and the subscription
=====================================  ==================================================
the unsubscribe link, or one click     is unsubscribed at once
a complaint (marked as spam)           is unsubscribed, its address suppressed
a hard bounce, at once or later        its address is suppressed; the next mail is skipped
a soft bounce, a failed text message   stays as it is
=====================================  ==================================================

That a late bounce leaves ``successful`` for ``errored`` is assumed: a target counts once.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Channel, Fate, MailMark, Mark
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind
from pushlab_fakes.onesignal.columns import Suppression
from pushlab_fakes.onesignal.plans import has_feature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.content import Mail, Sms, Text
    from pushlab.fanout import FanOut, Sends
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.compose import Composer
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["LOSSES", "Owner"]

LOSSES: Final = ("token dead", "replied STOP", "suppressed", "unsubscribed", "complained")
TOKEN_DEAD, REPLIED_STOP, SUPPRESSED, UNSUBSCRIBED, COMPLAINED = range(len(LOSSES))
CAUSES: Final = (
    "AttemptMade",
    "AttemptMade",
    "TargetSkipped",
    "UnsubscribeClicked",
    "MailMarkedSpam",
)
"""The entry that each loss follows from."""
UNINSTALLED: Final = -10
"""notification_types of a subscription whose token a gateway reported dead."""
EMAIL: Final = Channel.EMAIL.value
OPENED: Final = Mark.OPENED | MailMark.PREFETCHED
CLICKED: Final = Mark.CLICKED | MailMark.SCANNED
"""Marks of what the service has counted before; it cannot tell people from programs."""


class Owner:
    """The owner of OneSignal's sends; a `MessageOwner`."""

    def __init__(
        self,
        world: World,
        belief: Belief,
        sends: Sends,
        composer: Composer,
        notifications: Mapping[int, Notification],
    ) -> None:
        """Make an owner; *notifications* leads from the number of a send to its notification."""
        self._world = world
        self._belief = belief
        self._sends = sends
        self._composer = composer
        self._notifications = notifications

    # -- what a target gets --------------------------------------------------------------------

    def address_name(self, fan_out: FanOut, position: int) -> str:
        """Return the subscription id of the target."""
        return self._belief.subscription_id(int(fan_out.subscriptions[position]))

    def text_for(self, fan_out: FanOut, position: int) -> Text:
        """Return what the target's push says in the language of its user, else English."""
        return self._composer.text(*self._target(fan_out, position))

    def payload_for(self, fan_out: FanOut, position: int) -> Mapping[str, object]:
        """Return the payload of the target's push."""
        return self._composer.payload(*self._target(fan_out, position))

    def mail_for(self, fan_out: FanOut, position: int) -> Mail:
        """Return the target's mail."""
        return self._composer.mail(*self._target(fan_out, position))

    def sms_for(self, fan_out: FanOut, position: int) -> Sms:
        """Return the target's text message."""
        return self._composer.sms(*self._target(fan_out, position))

    def _target(self, fan_out: FanOut, position: int) -> tuple[Notification, int, int]:
        row = int(fan_out.subscriptions[position])
        return self._notifications[fan_out.number], row, position

    # -- what devices report -------------------------------------------------------------------

    def wants_receipts(self, fan_out: FanOut) -> bool:
        """Whether the app asks its devices to confirm (``receive_receipts_enable``)."""
        return self._belief.apps[fan_out.app].receipts_enabled

    def received(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Count confirmed deliveries, on plans that have them."""
        if has_feature(self._belief.apps[fan_out.app].plan, "confirmed_delivery"):
            self._count(fan_out, "received", positions)

    def opened(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Count taps, and mails that were opened: every time, and once for each mail."""
        mails = self._channels(fan_out, positions) == EMAIL
        self._count(fan_out, "converted", positions[~mails])
        self._count(fan_out, "opened", positions[mails])
        self._count_first(fan_out, "unique_opens", positions[mails], OPENED)

    def clicked(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Count followed links: every time, and once for each mail."""
        self._count(fan_out, "clicks", positions)
        self._count_first(fan_out, "converted", positions, CLICKED)
        self._count_first(fan_out, "unique_clicks", positions, CLICKED)

    def unsubscribed(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Unsubscribe at once, and count each mail that led to it once."""
        self._count_first(fan_out, "unsubscribed", positions, Mark.UNSUBSCRIBED)
        self.lose(fan_out, positions, instants, UNSUBSCRIBED)

    left_by_mail = unsubscribed

    def complained(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Unsubscribe, and never mail the address again."""
        self._count_first(fan_out, "reported_spam", positions, Mark.SPAM)
        self.suppress(fan_out, positions, Suppression.COMPLAINT)
        self.lose(fan_out, positions, instants, COMPLAINED)

    # -- what gateways report ------------------------------------------------------------------

    def delivered(
        self, fan_out: FanOut, positions: NDArray[np.int64], instants: NDArray[np.int64]
    ) -> None:
        """Count what the carrier delivered."""
        del instants
        self._count(fan_out, "provider_successful", positions)

    def undelivered(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        fates: NDArray[np.uint8],
    ) -> None:
        """Count what came back after it had been accepted."""
        del instants
        channels = self._channels(fan_out, positions)
        statistics = self._notifications[fan_out.number].statistics
        statistics.move("successful", "errored", channels)
        mails = channels == EMAIL
        statistics.count("bounced", channels[mails])
        statistics.count("provider_failed", channels[~mails])
        self.suppress(fan_out, positions[fates == Fate.BOUNCED.value], Suppression.BOUNCE)

    def bounce(self, fan_out: FanOut, positions: NDArray[np.int64]) -> None:
        """Learn that mail servers refused these mailboxes for good, at the attempt."""
        mails = positions[self._channels(fan_out, positions) == EMAIL]
        self._count(fan_out, "bounced", mails)
        self.suppress(fan_out, mails, Suppression.BOUNCE)

    # -- what follows for subscriptions --------------------------------------------------------

    def lose(
        self,
        fan_out: FanOut,
        positions: NDArray[np.int64],
        instants: NDArray[np.int64],
        loss: int,
    ) -> None:
        """Unsubscribe the targets' subscriptions, unless they have other addresses by now."""
        columns = self._belief.subscriptions
        rows = fan_out.subscriptions[positions]
        same = (columns.route[rows] == fan_out.routes[positions]) & columns.enabled[rows]
        rows = rows[same]
        reason = self._world.settings.unsubscribed_reason
        columns.enabled[rows] = False
        columns.notification_types[rows] = UNINSTALLED if loss == TOKEN_DEAD else -reason
        self._world.trace.record_batch(
            self._lost, instants[same], rows, fan_out.what(positions[same]), loss
        )

    def suppress(self, fan_out: FanOut, positions: NDArray[np.int64], reason: Suppression) -> None:
        """Put the targets' addresses on the list of those that get no mail any more."""
        if len(positions):
            column = self._belief.subscriptions.own("suppressed")
            column[fan_out.subscriptions[positions]] = reason.value

    # -- inside --------------------------------------------------------------------------------

    def _count(self, fan_out: FanOut, field: str, positions: NDArray[np.int64]) -> None:
        if len(positions):
            statistics = self._notifications[fan_out.number].statistics
            statistics.count(field, self._channels(fan_out, positions))

    def _count_first(
        self, fan_out: FanOut, field: str, positions: NDArray[np.int64], marks: int
    ) -> None:
        """Count those of *positions* with none of *marks* yet; their device sets one next."""
        first = fan_out.marks[positions] & np.uint8(marks) == 0
        self._count(fan_out, field, positions[first])

    def _channels(self, fan_out: FanOut, positions: NDArray[np.int64]) -> NDArray[np.int8]:
        return self._belief.subscriptions.type[fan_out.subscriptions[positions]]

    @cached_property
    def _lost(self) -> BatchKind:
        def describe(row: int, what: int) -> tuple[str, dict[str, object]]:
            notification, target = self._sends.name_target(what)
            return target, {
                "notification": notification,
                "subscription": self._belief.subscription_id(row),
            }

        def causes(_row: int, what: int, outcome: int) -> tuple[str, ...]:
            return (f"{CAUSES[outcome]}:{self._sends.name_target(what)[1]}",)

        return BatchKind(
            "SubscriptionLost",
            RANKS["attempt"],
            LOSSES,
            lambda rows: self._belief.subscriptions.key[rows],
            self._sends.keys,
            describe,
            causes,
        )
