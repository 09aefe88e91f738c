"""The reasons that "why" gives: a rule, a sentence, and the entries that show it.

One table for what became of a target, one for its receipt; where a channel has words of its own
they stand beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushlab.gateway import WEB_CHANNELS, Channel, Fate, MailMark, Mark, Receipt
from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from pushlab.fanout import FanOut
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant

__all__ = ["RECEIPTS", "Reason", "explain_fate", "list_entries"]


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
            "the gateway refused it: it never issued that token, or issued it to another app; use "
            "the token of a device of this lab and this app (`device.token`)"
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
        (
            "the device was offline, or asked for more urgent messages alone, and the message has "
            "ttl 0, so the gateway did not store it"
        ),
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
    Fate.STOPPED: (
        "stopped",
        (
            "the gateway refused it (21610): the recipient had replied STOP; now the service knows "
            "it too, and START alone will not tell it otherwise"
        ),
    ),
    Fate.SUPPRESSED: (
        "suppressed",
        (
            "it was skipped: the address had bounced, or its owner had marked a mail as spam, so "
            "it gets no mail any more"
        ),
    ),
    Fate.BOUNCED: (
        "bounced",
        "the mail server accepted it and returned it later: there is no such mailbox any more",
    ),
    Fate.SOFT_BOUNCED: (
        "soft-bounced",
        "the mail server accepted it and returned it later: the mailbox was full",
    ),
    Fate.UNDELIVERED: (
        "undelivered",
        "the carrier accepted it and gave it up later: nobody has that number, or it was off",
    ),
    Fate.HANDED_OVER: (
        "handed-over",
        "it was delivered to the app's own code, or to a live activity: nothing for the tray",
    ),
    Fate.HELD_BACK: (
        "held-back",
        (
            "it reached the device, which wakes the app only a few times an hour and holds it back "
            "(setting ios_background_per_hour; 0 switches it off); advance the clock"
        ),
    ),
    Fate.OVERTAKEN: (
        "overtaken",
        "the device held it back, and kept the newest background push alone",
    ),
    Fate.NOT_WOKEN: (
        "not-woken",
        "it reached the device, but the app was force-quit, and no background push wakes it then",
    ),
    Fate.LEFT_ALONE: (
        "left-alone",
        "it reached the device, which made nothing of it; the entry of its arrival says why",
    ),
    Fate.NOT_URGENT: (
        "not-urgent",
        (
            "the browser asks its push service for more urgent messages alone, to spare its "
            "battery; it is kept until that changes"
        ),
    ),
}
BY_CHANNEL = {
    (Fate.NOT_STORED, Channel.ANDROID): (
        "not-stored",
        "the phone was offline, and the message has ttl 0, so FCM did not store it",
    ),
    (Fate.NOT_STORED, Channel.IOS): (
        "not-stored",
        (
            "the iPhone was offline, or short of power for it, and the push has expiration 0, so "
            "APNs did not store it"
        ),
    ),
    (Fate.NOT_URGENT, Channel.IOS): (
        "not-urgent",
        (
            "the iPhone is short of power, and APNs keeps back what has priority 5 or 1 until that "
            "changes (setting apns_spares_power)"
        ),
    ),
    (Fate.BAD_TOKEN, Channel.EMAIL): (
        "bounced",
        (
            "the mail server refused it (550 5.1.1): there is no such mailbox; the address gets no "
            "mail any more"
        ),
    ),
    (Fate.BAD_TOKEN, Channel.SMS): ("refused", "the carrier refused it: it takes no such number"),
    (Fate.TOO_LARGE, Channel.EMAIL): (
        "too-large",
        "the mail server refused it: the mail is larger than it takes",
    ),
    (Fate.APP_GONE, Channel.CHROME_WEB): (
        "app-gone",
        (
            "the push service accepted it, but the browser no longer holds that endpoint: its site "
            "data was cleared, or the browser is gone"
        ),
    ),
    (Fate.DEAD_TOKEN, Channel.CHROME_WEB): (
        "dead-token",
        (
            "the push service refused it (410): the browser dropped the endpoint (site data "
            "cleared, notifications blocked)"
        ),
    ),
}
"""What a fate means where a channel has words of its own."""
GATEWAYS = {
    Channel.ANDROID: "FCM",
    Channel.IOS: "APNs",
    Channel.EMAIL: "the mail server",
    Channel.SMS: "the carrier",
}
"""Who keeps what cannot be delivered now; for browsers it is their push service."""
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
    Fate.SUPPRESSED: "TargetSkipped",
    Fate.BOUNCED: "MailBounced",
    Fate.SOFT_BOUNCED: "MailBounced",
    Fate.UNDELIVERED: "SmsUndelivered",
    Fate.APP_GONE: "AppGone",
    Fate.APP_STOPPED: "MessageArrived",
    Fate.NOT_SHOWN: "MessageArrived",
    Fate.SHOWN: "MessageArrived",
    Fate.HANDED_OVER: "MessageArrived",
    Fate.HELD_BACK: "MessageArrived",
    Fate.OVERTAKEN: "MessageArrived",
    Fate.NOT_WOKEN: "MessageArrived",
    Fate.LEFT_ALONE: "MessageArrived",
    Fate.NOT_URGENT: "MessageHeldBack",
}
SKIPPED = {
    Fate.WAITING,
    Fate.UNSUBSCRIBED,
    Fate.NOT_PERMITTED,
    Fate.TOKEN_LOST,
    Fate.CANCELED,
    Fate.SUPPRESSED,
}
RECEIPT_SENT = {
    Receipt.OFFLINE,
    Receipt.COUNTED,
    Receipt.LOST_OFFLINE,
    Receipt.LOST_APP_GONE,
    Receipt.LOST_APP_STOPPED,
}


DOINGS = (
    (Mark.TAPPED, "; the person tapped it"),
    (Mark.DISMISSED, "; the person swiped it away"),
    (Mark.REPLACED, "; a newer one took its place"),
)
DOINGS_WITH_MAIL = (
    (MailMark.PREFETCHED, "; a proxy loaded its images, which its sender takes for an opening"),
    (MailMark.SCANNED, "; a scanner followed its links"),
    (Mark.OPENED, "; the person opened it"),
    (Mark.OPEN_LOST, "; the person opened it, and its sender heard nothing of that"),
    (Mark.CLICKED, "; the person followed a link in it"),
    (Mark.SPAM, "; the person marked it as spam"),
    (Mark.UNSUBSCRIBED, "; the person unsubscribed by it"),
)


def explain_fate(
    fan_out: FanOut,
    position: int,
    channel: Channel,
    settings: Settings,
    *,
    now: Instant,
    offline_since: Instant,
) -> tuple[str, str]:
    """Return rule and sentence for one target of a send on *channel*."""
    fate = Fate(int(fan_out.fates[position]))
    if fate == Fate.STORED:
        until = fan_out.sent_at + _find_lifetime_s(fan_out, channel, settings) * 1000
        return _explain_stored(channel, now, offline_since, until)
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
        return _explain_shown(fan_out, position, channel)
    words = Channel.CHROME_WEB if channel in WEB_CHANNELS else channel
    return BY_CHANNEL.get((fate, words), FATES[fate])


def _find_lifetime_s(fan_out: FanOut, channel: Channel, settings: Settings) -> int:
    """Return how long the gateway keeps a message: its time to live, or less where that is capped.

    Mail and text messages have no time to live; there it is the gateway's own alone.
    """
    if channel == Channel.EMAIL:
        return settings.smtp_queue_hours * 3600
    if channel == Channel.SMS:
        return settings.sms_validity_s
    most = {
        Channel.ANDROID: settings.fcm_ttl_max_s,
        Channel.IOS: settings.apns_stored_days * 86_400,
        Channel.CHROME_WEB: settings.webpush_ttl_max_chrome_s,
        Channel.FIREFOX: settings.webpush_ttl_max_firefox_s,
        Channel.SAFARI_WEB: settings.webpush_ttl_max_safari_s,
    }[channel]
    return min(fan_out.content.ttl_s, most)


def _explain_stored(
    channel: Channel, now: Instant, since: Instant, until: Instant
) -> tuple[str, str]:
    if channel == Channel.EMAIL:
        return (
            "mailbox-full",
            f"the mailbox was full; the mail server tries again until {render_instant(until)}",
        )
    gateway = GATEWAYS.get(channel, "the push service")
    if until <= now:
        return (
            "expired",
            f"it waited at {gateway} for the offline device and expired at {render_instant(until)}",
        )
    device = "handset is off" if channel == Channel.SMS else "device is offline"
    return (
        "offline",
        (
            f"the {device} since {render_instant(since)}; {gateway} keeps the message until "
            f"{render_instant(until)}"
        ),
    )


def _explain_shown(fan_out: FanOut, position: int, channel: Channel) -> tuple[str, str]:
    rule, text = RECEIPTS[Receipt(int(fan_out.receipts[position]))]
    if channel in {Channel.EMAIL, Channel.SMS}:
        rule, text = "delivered", "it lies in the inbox"
        if fan_out.marks[position] & Mark.SPAM:
            text = "it was delivered to the inbox"
    marks = int(fan_out.marks[position])
    doings = DOINGS_WITH_MAIL if channel == Channel.EMAIL else DOINGS
    return rule, text + "".join(said for mark, said in doings if marks & mark)


def list_entries(fan_out: FanOut, position: int) -> list[str]:
    """Return the ids of the entries of the trace that tell of one target, in order."""
    fate = Fate(int(fan_out.fates[position]))
    receipt = Receipt(int(fan_out.receipts[position]))
    target = fan_out.target_name(position)
    entries = [fan_out.entry]
    if fate not in SKIPPED:
        entries.append(f"AttemptMade:{target}")
    if fate in ENTRY_OF_FATE:
        entries.append(f"{ENTRY_OF_FATE[fate]}:{target}")
    if receipt in RECEIPT_SENT:
        entries.append(f"ReceiptSent:{target}")
    return entries
