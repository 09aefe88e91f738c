"""Why did this device get, or not get, that notification: a rule, and the entries that show it.

An observer: it may read all three ledgers, changes nothing, and leaves no trace. Every reason is
a rule id, a sentence, and the ids of the trace entries that it rests on, the cause first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pushlab.errors import MisuseError
from pushlab.gateway import Channel, Fate, Mark, Receipt
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from pushlab.devices.fleet import Fleet
    from pushlab.gateway import FanOut
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.messages import Messages
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["Reason", "Why"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer to "why"."""

    rule: str
    """Stable id of the rule, such as ``dead-token``."""
    text: str
    """The sentence for people."""
    entries: tuple[str, ...]
    """Ids of the trace entries it rests on, the first cause first."""
    notification: str
    device: str | None
    subscription: str | None

    def document(self) -> dict[str, object]:
        """Return the reason as the control API shows it."""
        return {
            "rule": self.rule,
            "text": self.text,
            "entries": list(self.entries),
            "notification": self.notification,
            "device": self.device,
            "subscription": self.subscription,
        }

    def __str__(self) -> str:
        """Return the sentence with its rule."""
        return f"{self.text} [{self.rule}]"


RECEIPTS = {
    Receipt.NONE: ("delivered", "it is shown; this device sends no receipt for it"),
    Receipt.DELAYED: ("delivered", "it is shown; its receipt is on the way"),
    Receipt.OFFLINE: (
        "receipt-waiting",
        "it was delivered, but the receipt waits: the device went offline before it was sent",
    ),
    Receipt.COUNTED: ("delivered", "it was delivered and its receipt counted"),
    Receipt.NOT_ASKED: (
        "receipt-not-asked",
        "it was delivered; the app does not ask for receipts (receive_receipts_enable is off)",
    ),
    Receipt.NO_EXTENSION: (
        "receipt-lost",
        (
            "it was delivered, but the receipt is lost: the iOS app has no notification service "
            "extension"
        ),
    ),
    Receipt.LOST_OFFLINE: (
        "receipt-lost",
        (
            "it was delivered, but the receipt is lost: the device was offline when the extension "
            "wanted to send it"
        ),
    ),
    Receipt.LOST_APP_GONE: (
        "receipt-lost",
        "it was delivered, but the receipt is lost: the app was uninstalled before it was sent",
    ),
    Receipt.LOST_APP_STOPPED: (
        "receipt-lost",
        "it was delivered, but the receipt is lost: the app was force-stopped before it was sent",
    ),
}
FATES = {
    Fate.WAITING: ("on-its-way", "it has not been attempted yet; advance the clock"),
    Fate.UNSUBSCRIBED: (
        "unsubscribed",
        "the service knew that the subscription was opted out or disabled, so it was skipped",
    ),
    Fate.NOT_PERMITTED: (
        "no-permission",
        "the service knew that the device may not show notifications, so it was skipped",
    ),
    Fate.TOKEN_LOST: (
        "dead-token",
        "a gateway had reported the token dead before, so it was skipped",
    ),
    Fate.CANCELED: ("canceled", "the notification was canceled before this target was reached"),
    Fate.RETRYING: (
        "retrying",
        "the gateway put it off (429 or 5xx); it will be tried again; advance the clock",
    ),
    Fate.DEAD_TOKEN: (
        "dead-token",
        "the gateway refused it: the token is dead (the app was uninstalled or got a new token)",
    ),
    Fate.BAD_TOKEN: (
        "bad-token",
        (
            "the gateway refused it: it never issued that token; use the token of a device of this "
            "lab (`device.token`)"
        ),
    ),
    Fate.TOO_LARGE: ("too-large", "the gateway refused it: the payload is over 4,096 bytes"),
    Fate.GAVE_UP: ("gave-up", "the gateway put it off every time, until the retries were used up"),
    Fate.REFUSED: ("refused", "the gateway refused it"),
    Fate.ACCEPTED: (
        "on-its-way",
        "the gateway accepted it and it is on its way to the device; advance the clock",
    ),
    Fate.NOT_STORED: (
        "not-stored",
        "the device was offline and the message has ttl 0, so the gateway did not store it",
    ),
    Fate.EXPIRED: ("expired", "it expired at the gateway while the device was offline"),
    Fate.REPLACED: (
        "replaced",
        "a newer message took its place at the gateway while the device was offline",
    ),
    Fate.DISCARDED: (
        "discarded",
        "FCM discarded it: more than 100 messages waited for the offline device",
    ),
    Fate.APP_GONE: (
        "app-gone",
        (
            "the gateway accepted it, but the device no longer holds that token: the app was "
            "uninstalled or got a new one"
        ),
    ),
    Fate.APP_STOPPED: ("app-stopped", "it arrived, but the app is force-stopped"),
}
ENTRY_OF_FATE = {
    Fate.UNSUBSCRIBED: "TargetSkipped",
    Fate.NOT_PERMITTED: "TargetSkipped",
    Fate.TOKEN_LOST: "TargetSkipped",
    Fate.CANCELED: "TargetSkipped",
    Fate.NOT_STORED: "MessageNotStored",
    Fate.STORED: "MessageStored",
    Fate.EXPIRED: "MessageExpired",
    Fate.REPLACED: "MessageReplaced",
    Fate.DISCARDED: "MessageDiscarded",
    Fate.APP_GONE: "AppGone",
    Fate.APP_STOPPED: "MessageArrived",
    Fate.NOT_SHOWN: "MessageArrived",
    Fate.SHOWN: "MessageArrived",
}
SKIPPED = {
    Fate.WAITING,
    Fate.UNSUBSCRIBED,
    Fate.NOT_PERMITTED,
    Fate.TOKEN_LOST,
    Fate.CANCELED,
}
RECEIPT_SENT = {
    Receipt.OFFLINE,
    Receipt.COUNTED,
    Receipt.LOST_OFFLINE,
    Receipt.LOST_APP_GONE,
    Receipt.LOST_APP_STOPPED,
}


class Why:
    """Answers for one lab."""

    def __init__(self, world: World, fleet: Fleet, belief: Belief, messages: Messages) -> None:
        self._world = world
        self._fleet = fleet
        self._belief = belief
        self._messages = messages

    def ask(self, notification_id: str, who: str) -> list[Reason]:
        """Return a reason for each target that *who* names, or the one why there is none.

        *who* is a device's id, a subscription id or an external id. Raises MisuseError when the
        notification or *who* is unknown.
        """
        notification = self._messages.find(notification_id)
        if notification is None:
            known = [held.id for held in self._messages.all()][-3:]
            raise MisuseError(
                f"there is no notification {notification_id!r}; the last ones are {known}"
            )
        device, subscriptions = self._resolve(notification, who)
        if notification.fan_out is None:
            return [self._unsent(notification, device)]
        fan_out = notification.fan_out
        reasons = [
            self._explain(notification, fan_out, position)
            for position in self._positions(fan_out, device, subscriptions)
        ]
        return reasons or [self._outside(notification, who, device, subscriptions)]

    def explain_device(self, device: str) -> list[str]:
        """Say in lines why the latest notifications are not in the tray of *device*."""
        held = self._messages.all()
        if not held:
            return ["why: no notification was accepted yet; did the app call the API?"]
        return [
            f"why: notification {notification.id}: {reason}"
            for notification in reversed(held[-3:])
            for reason in self.ask(notification.id, device)
        ]

    # -- who is meant --------------------------------------------------------------------------

    def _resolve(self, notification: Notification, who: str) -> tuple[int, list[int]]:
        """Return (device row or -1, subscription rows) that *who* names."""
        row = self._fleet.find(who)
        if row >= 0:
            key = int(self._fleet.devices.subscription_key[row])
            held = self._belief.find_subscription_key(notification.app, key) if key else -1
            return row, [held] if held >= 0 else []
        subscription = self._belief.find_subscription(notification.app, who)
        if subscription >= 0:
            return -1, [subscription]
        user = self._belief.find_user(notification.app, "external_id", who)
        if user >= 0:
            return -1, self._belief.subscriptions_of(user)
        raise MisuseError(
            f"{who!r} is no device, subscription id or external id of this world; devices are "
            f"{[self._fleet.name_of(held) for held in self._fleet.named_rows()][:10]}"
        )

    @staticmethod
    def _positions(fan_out: FanOut, device: int, subscriptions: list[int]) -> list[int]:
        if device >= 0:
            return fan_out.positions_of(device)
        found: list[int] = np.flatnonzero(np.isin(fan_out.subscriptions, subscriptions)).tolist()
        return found

    # -- reasons -------------------------------------------------------------------------------

    def _unsent(self, notification: Notification, device: int) -> Reason:
        name = self._fleet.name_of(device) if device >= 0 else None
        if notification.canceled:
            return Reason(
                "canceled",
                "the notification was canceled before it was sent",
                (notification.entry, f"NotificationCanceled:{notification.id}"),
                notification.id,
                name,
                None,
            )
        return Reason(
            "scheduled",
            f"it is scheduled for {render_instant(notification.send_at)} and it is "
            f"{render_instant(self._world.now)}; advance the clock",
            (notification.entry,),
            notification.id,
            name,
            None,
        )

    def _outside(
        self, notification: Notification, who: str, device: int, subscriptions: list[int]
    ) -> Reason:
        """Say why nobody that *who* names was among the targets."""
        targeting = notification.draft.targeting
        if device >= 0 and not self._fleet.devices.subscription_key[device]:
            text = f"{who} has no subscription: the app was never opened, or was installed anew"
        elif not subscriptions:
            text = f"the service has no subscription of {who}"
        else:
            user = int(self._belief.subscriptions.user[subscriptions[0]])
            names = self._belief.aliases.of(user) if user >= 0 else {}
            known = names.get("external_id")
            believed = f"external id {known!r}" if known else "an anonymous user"
            text = (
                f"it was sent to {targeting.method}, and the service believes that {who} belongs "
                f"to {believed}"
            )
        return Reason(
            "not-in-audience",
            text,
            (notification.entry, f"SendStarted:{notification.id}"),
            notification.id,
            self._fleet.name_of(device) if device >= 0 else None,
            self._belief.subscription_id(subscriptions[0]) if subscriptions else None,
        )

    def _explain(self, notification: Notification, fan_out: FanOut, position: int) -> Reason:
        fate = Fate(int(fan_out.fates[position]))
        receipt = Receipt(int(fan_out.receipts[position]))
        row = int(fan_out.devices[position])
        subscription = int(fan_out.subscriptions[position])
        rule, text = self._rule(fan_out, position, fate, receipt)
        wanted = notification.draft.send_after_ms
        if wanted is not None and wanted < notification.queued_at:
            text += (
                f"; its send_after, {render_instant(wanted)}, was over on the world's clock, so it "
                "was sent at once: if the app reads the real clock, use freeze_time or a lab with "
                'start="now"'
            )
        target = fan_out.target_name(position)
        entries = [notification.entry, fan_out.entry]
        if fate not in SKIPPED:
            entries.append(f"AttemptMade:{target}")
        if fate in ENTRY_OF_FATE:
            entries.append(f"{ENTRY_OF_FATE[fate]}:{target}")
        if receipt in RECEIPT_SENT:
            entries.append(f"ReceiptSent:{target}")
        return Reason(
            rule,
            text,
            tuple(entries),
            notification.id,
            self._fleet.name_of(row) if row >= 0 else None,
            self._belief.subscription_id(subscription),
        )

    def _rule(
        self, fan_out: FanOut, position: int, fate: Fate, receipt: Receipt
    ) -> tuple[str, str]:
        row = int(fan_out.devices[position])
        if fate == Fate.STORED:
            return self._stored(fan_out, row)
        if fate == Fate.NOT_SHOWN:
            if not fan_out.content.is_visible:
                return "nothing-to-show", "it arrived; it has no text, so there is nothing to show"
            return (
                "no-permission",
                (
                    "it arrived, but notifications are off: the person denied the prompt or "
                    "switched them off in the system's settings"
                ),
            )
        if fate == Fate.SHOWN:
            return self._shown(fan_out, position, receipt)
        return FATES[fate]

    def _stored(self, fan_out: FanOut, row: int) -> tuple[str, str]:
        expires = fan_out.sent_at + fan_out.content.ttl_s * 1000
        since = render_instant(int(self._fleet.devices.offline_since[row]))
        gateway = "FCM" if self._fleet.devices.platform[row] == Channel.ANDROID else "APNs"
        if expires <= self._world.now:
            return (
                "expired",
                (
                    f"it waited at {gateway} for the offline device and expired at "
                    f"{render_instant(expires)}"
                ),
            )
        return (
            "offline",
            (
                f"the device is offline since {since}; {gateway} keeps the message until "
                f"{render_instant(expires)}"
            ),
        )

    @staticmethod
    def _shown(fan_out: FanOut, position: int, receipt: Receipt) -> tuple[str, str]:
        rule, text = RECEIPTS[receipt]
        marks = int(fan_out.marks[position])
        if marks & Mark.TAPPED:
            text += "; the person tapped it"
        if marks & Mark.DISMISSED:
            text += "; the person swiped it away"
        return rule, text
