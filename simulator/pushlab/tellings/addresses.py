"""What is said of an address: of what gateways and OneSignal make of it, and of its mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.tellings.moods import BAD, GOOD, NOTE, PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.tellings.moods import Saying

__all__ = ["ADDRESS", "OF_ADDRESSES"]

ADDRESS: Final = "{address}"
"""The device behind it, where somebody knows which."""

OF_ADDRESSES: Final[Mapping[str, Saying]] = {
    "AppGone": ("nobody there: the app is gone, though {gateway} had accepted the message", BAD),
    "AttemptMade": ("{gateway} answers {title}: {outcome}", NOTE),
    "AttemptMade/accepted": ("{gateway} accepts {title}", PLAIN),
    "AttemptMade/gave up": ("{gateway} put it off once more; OneSignal gives up", BAD),
    "AttemptMade/put off": ("{gateway} puts it off; OneSignal will try again", NOTE),
    "AttemptMade/put off past any service": (
        "{gateway} puts {title} off; it is for your app to try again",
        NOTE,
    ),
    "AttemptMade/refused": ("{gateway} refuses {title}", BAD),
    "AttemptMade/refused: bad token": (
        "{gateway} refuses {title}: it never issued that token",
        BAD,
    ),
    "AttemptMade/refused: dead token": ("{gateway} refuses {title}: the token is dead", BAD),
    "AttemptMade/refused: replied STOP": (
        "{gateway} refuses {title}: the number had replied STOP",
        BAD,
    ),
    "AttemptMade/refused: too large": ("{gateway} refuses {title}: too large", BAD),
    "ImagesPrefetched": (
        "has a proxy that loads the images of {title}; its sender takes that for an opening",
        NOTE,
    ),
    "LinkClicked": ("follows a link of {title}", GOOD),
    "LinkClicked/not counted: links are not tracked": (
        "follows a link of {title}; nobody counts it",
        NOTE,
    ),
    "LinksScanned": (
        "has a scanner that follows every link of {title}; its sender takes that for clicks",
        NOTE,
    ),
    "MailBounced": ("{title} comes back: {outcome}", BAD),
    "MailBounced/hard": ("{title} comes back: there is no such mailbox", BAD),
    "MailBounced/soft": ("{title} comes back: the mailbox stayed full", BAD),
    "MailMarkedSpam": ("marks {title} as spam", BAD),
    "MailOpened": ("opens {title}", GOOD),
    "MailOpened/not reported: a proxy had the images": (
        "opens {title}, whose images a proxy had loaded: its sender does not hear of it",
        NOTE,
    ),
    "MailOpened/not reported: images off": (
        "opens {title} without its images: OneSignal does not hear of it",
        NOTE,
    ),
    "OpenReported": ("its tap on {title} is counted", PLAIN),
    "PayloadUnreadable": ("shows nothing: {why}", BAD),
    "ReceiptReported": ("its receipt is counted", PLAIN),
    "SmsDelivered": ("{gateway} reports {title} as delivered", PLAIN),
    "SmsUndelivered": ("{gateway} gives {title} up: undelivered", BAD),
    "SmsUndelivered/handset off": (
        "{gateway} gives {title} up: the handset was off for too long",
        BAD,
    ),
    "SmsUndelivered/unknown number": ("{gateway} gives {title} up: there is no such number", BAD),
    "SubscriptionCreated": ("OneSignal registers it: {subscribed}", PLAIN),
    "SubscriptionDeleted": ("OneSignal deletes the subscription", NOTE),
    "SubscriptionLost": ("OneSignal takes it for unsubscribed from now on", NOTE),
    "SubscriptionLost/complained": (
        "OneSignal hears of the complaint: it is unsubscribed for good",
        NOTE,
    ),
    "SubscriptionLost/replied STOP": (
        "only now OneSignal learns of the STOP: it is unsubscribed",
        NOTE,
    ),
    "SubscriptionLost/suppressed": (
        "OneSignal takes it for unsubscribed: mail to it may not be sent",
        NOTE,
    ),
    "SubscriptionLost/unsubscribed": ("OneSignal unsubscribes it at once", NOTE),
    "SubscriptionMoved": ("OneSignal moves the subscription to another user", PLAIN),
    "SubscriptionUpdated": ("OneSignal hears: {subscribed}", PLAIN),
    "TargetSkipped": ("is skipped: {outcome}", NOTE),
    "TargetSkipped/address suppressed": (
        "is skipped: a mail to it bounced, or was called spam",
        NOTE,
    ),
    "TargetSkipped/canceled": ("is left out: the notification was canceled", NOTE),
    "TargetSkipped/no permission": (
        "is skipped: OneSignal was told that notifications are off",
        NOTE,
    ),
    "TargetSkipped/token reported dead before": (
        "is skipped: OneSignal was told before that the token is dead",
        NOTE,
    ),
    "TargetSkipped/unsubscribed": ("is skipped: OneSignal believes it is unsubscribed", NOTE),
    "UnsubscribeClicked": ("unsubscribes by the link in {title}", NOTE),
    "UnsubscribeClicked/one click": (
        "unsubscribes from {title} by the mail program's button",
        NOTE,
    ),
}
