"""The sentences of the timeline: what is said of each kind of entry.

Every kind that the trace knows has its sentence here, and perhaps one for each outcome. Where a
channel has words of its own (a mail is not shown, it is got), those go before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    Telling = tuple[str, str, str]
    """Who, what, mood; words in braces come from the entry."""

__all__ = [
    "APP",
    "BAD",
    "GATEWAYS",
    "GOOD",
    "LAB",
    "MAIL",
    "MOODS",
    "NOTE",
    "OF_GATEWAY",
    "PLAIN",
    "PLATFORMS",
    "QUIET",
    "SERVICE",
    "SMS",
    "TELLINGS",
    "TWILIO",
    "WEB",
    "find_telling",
]

MAIL, SMS, WEB = "the mail server", "the carrier", "the push service"
GATEWAYS: Final[Mapping[int, str]] = {
    Channel.IOS: "APNs",
    Channel.ANDROID: "FCM",
    Channel.CHROME_WEB: WEB,
    Channel.FIREFOX: WEB,
    Channel.SAFARI_WEB: WEB,
    Channel.EMAIL: MAIL,
    Channel.SMS: SMS,
}
"""What the gateway of a channel is called."""
PLATFORMS: Final[Mapping[str, str]] = {
    "android": "Android phone",
    "ios": "iPhone",
    "web": "browser",
    "email": "mailbox",
    "sms": "number",
}

GOOD, BAD, NOTE, PLAIN = MOODS = ("good", "bad", "note", "plain")
SERVICE, APP, LAB = "OneSignal", "your app", "lab"
TWILIO = "Twilio"

TELLINGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "AppAdopted": (SERVICE, "takes app {app} as yours", PLAIN),
    "AppChanged": (LAB, "app changed: {rest}", PLAIN),
    "AppClosed": ("{device}", "puts the app in the background", PLAIN),
    "AppDataCleared": ("{device}", "clears the app's data; its token is void", NOTE),
    "AppForceStopped": ("{device}", "force-stops the app", NOTE),
    "AppGone": (
        "{address}",
        "nobody there: the app is gone, though {gateway} had accepted the message",
        BAD,
    ),
    "AppInstalled": ("{device}", "installs the app", PLAIN),
    "AppOpened": ("{device}", "opens the app", PLAIN),
    "AppAdded": (LAB, "a further app: “{name}”", PLAIN),
    "AppPutOnDevice": ("{device}", "has another app on it", PLAIN),
    "AppUninstalled": ("{device}", "uninstalls the app; nobody is told", NOTE),
    "AppWoken": ("{device}", "the app gets what was held back: {outcome}", NOTE),
    "AppWoken/woken": ("{device}", "the app gets the push that was held back", PLAIN),
    "AttemptMade": ("{address}", "{gateway} answers {title}: {outcome}", NOTE),
    "AttemptMade/accepted": ("{address}", "{gateway} accepts {title}", PLAIN),
    "AttemptMade/gave up": ("{address}", "{gateway} put it off once more; OneSignal gives up", BAD),
    "AttemptMade/put off past any service": (
        "{address}",
        "{gateway} puts {title} off; it is for your app to try again",
        NOTE,
    ),
    "AttemptMade/put off": ("{address}", "{gateway} puts it off; OneSignal will try again", NOTE),
    "AttemptMade/refused": ("{address}", "{gateway} refuses {title}", BAD),
    "AttemptMade/refused: replied STOP": (
        "{address}",
        "{gateway} refuses {title}: the number had replied STOP",
        BAD,
    ),
    "AttemptMade/refused: bad token": (
        "{address}",
        "{gateway} refuses {title}: it never issued that token",
        BAD,
    ),
    "AttemptMade/refused: dead token": (
        "{address}",
        "{gateway} refuses {title}: the token is dead",
        BAD,
    ),
    "AttemptMade/refused: too large": ("{address}", "{gateway} refuses {title}: too large", BAD),
    "AliasRemoved": (SERVICE, "knows a user no more by the alias {label}", NOTE),
    "AliasesSet": (SERVICE, "knows a user by another name{identity_words}", PLAIN),
    "AudiencePicked": (LAB, "{target_words} picked in the dashboard", PLAIN),
    "ClockMismatch": (
        SERVICE,
        "send_after {send_after} is over on this clock, so it is sent at once; {remedy}",
        NOTE,
    ),
    "ConnectionBroken": (APP, "breaks the rules of {protocol}: {reason}", BAD),
    "CredentialAdopted": ("APNs", "takes key {key} of team {team} as it came", PLAIN),
    "DeviceCameOnline": ("{device}", "is online again", PLAIN),
    "DeviceMade": ("{device}", "joins: {platform_words}{belongs}", PLAIN),
    "DeviceMoved": ("{device}", "is now at {lat}, {long}", PLAIN),
    "DeviceWentOffline": ("{device}", "goes offline", NOTE),
    "DevicesRegistered": (SERVICE, "{count} devices registered", PLAIN),
    "EmailAdded": ("{device}", "its app adds the mail address {entry_address}", PLAIN),
    "EmailRemoved": ("{device}", "its app removes the mail address {entry_address}", NOTE),
    "FaultPlanned": (LAB, "fault {name} planned: {where} answers {status}", NOTE),
    "FaultRemoved": (LAB, "fault {name} ended", PLAIN),
    "FaultPlanned/drop": (LAB, "fault {name} planned: {where} hears nothing of your app", NOTE),
    "FaultPlanned/expired_certificate": (LAB, "fault {name} planned: {where} is out of date", NOTE),
    "FaultPlanned/goaway": (LAB, "fault {name} planned: {where} ends its connection", NOTE),
    "FaultPlanned/half": (LAB, "fault {name} planned: {where} breaks off its answer", NOTE),
    "FaultPlanned/hold": (LAB, "hold {name} planned at {where}: the {part} waits", NOTE),
    "FaultPlanned/late": (LAB, "fault {name} planned: {where} comes {delay} later", NOTE),
    "FaultPlanned/lost": (LAB, "fault {name} planned: {where}, what comes of it is lost", NOTE),
    "FaultPlanned/repeat": (LAB, "fault {name} planned: {where} comes twice", NOTE),
    "FaultPlanned/reset": (LAB, "fault {name} planned: {where} resets the connection", NOTE),
    "FaultPlanned/slow": (LAB, "fault {name} planned: {where} takes {delay_s} real seconds", NOTE),
    "FaultStruck": (LAB, "fault {fault} strikes: {route} is refused", BAD),
    "FaultStruck/drop": (LAB, "fault {fault} strikes: your app is not heard at {route}", BAD),
    "FaultStruck/expired_certificate": (
        LAB,
        "fault {fault} strikes: the certificate of the {route} is out of date",
        BAD,
    ),
    "FaultStruck/goaway": (LAB, "fault {fault} strikes: {route} ends its connection", BAD),
    "FaultStruck/half": (LAB, "fault {fault} strikes: the answer of {route} breaks off", BAD),
    "FaultStruck/hold": (LAB, "hold {fault} keeps {route} in flight", NOTE),
    "FaultStruck/late": (LAB, "fault {fault} strikes: {route} will come later", NOTE),
    "FaultStruck/lost": (LAB, "fault {fault} strikes: what comes of {route} is lost", BAD),
    "FaultStruck/repeat": (LAB, "fault {fault} strikes: {route} comes twice", NOTE),
    "FaultStruck/reset": (LAB, "fault {fault} strikes: {route} resets the connection", BAD),
    "FaultStruck/slow": (LAB, "fault {fault} strikes: {route} takes its time", NOTE),
    "HoldReleased": (LAB, "hold {hold} lets {count} go on", PLAIN),
    "AutoReplyEnded": ("{device}", "no longer answers mail by itself", PLAIN),
    "AutoReplyStarted": ("{device}", "answers mail by itself from now on: out of office", NOTE),
    "LoginAdopted": (MAIL, "takes the password of {login} as it came", PLAIN),
    "MailReturned": (MAIL, "sends a mail to {to} about {recipient}: {kind}", NOTE),
    "FcmRegistered": ("{device}", "its app gets a token of FCM", PLAIN),
    "FcmTokenDeleted": ("{device}", "its app deletes its token of FCM", NOTE),
    "LiveActivityDismissed": ("{device}", "swipes a live activity away", NOTE),
    "LiveActivityEnded": ("{device}", "its app ends a live activity", PLAIN),
    "LiveActivityOffered": ("{device}", "its app lets pushes start {attributes_type}", PLAIN),
    "LiveActivityStarted": (
        "{device}",
        "its app starts the live activity {attributes_type}",
        PLAIN,
    ),
    "LiveActivityTokenRotated": ("{device}", "gives a live activity another token", NOTE),
    "MailRuleLifted": (LAB, "mail is no longer refused by the rule {rule} {match}", PLAIN),
    "MailRuleSet": (LAB, "mail is refused from now on by the rule {rule} {match}", NOTE),
    "ImageCacheEnded": ("{device}", "loads images itself again", PLAIN),
    "ImageCacheStarted": ("{device}", "gets images from a cache that keeps them from now on", NOTE),
    "ImageLoaded": ("{device}", "{purpose}: loads {url}: {ended}", PLAIN),
    "ImagesHidden": ("{device}", "reads mail without images from now on", NOTE),
    "ImagesShown": ("{device}", "reads mail with images again", PLAIN),
    "KeyAdopted/fcm": ("FCM", "takes {rest} as yours", PLAIN),
    "KeyAdopted/webpush": (WEB, "takes {key} as the one that your page subscribes with", PLAIN),
    "KeyAdopted": (SERVICE, "takes the key that came with the request as the app's own", PLAIN),
    "LanguageSet": ("{device}", "is set to the language {language}", PLAIN),
    "ImagesPrefetched": (
        "{address}",
        "has a proxy that loads the images of {title}; its sender takes that for an opening",
        NOTE,
    ),
    "LinkClicked": ("{address}", "follows a link of {title}", GOOD),
    "LinkClicked/not counted: links are not tracked": (
        "{address}",
        "follows a link of {title}; nobody counts it",
        NOTE,
    ),
    "LinkScannerEnded": ("{device}", "has no scanner in front of it any more", PLAIN),
    "LinkScannerStarted": (
        "{device}",
        "has a scanner in front of it from now on, which follows every link",
        NOTE,
    ),
    "LinksScanned": (
        "{address}",
        "has a scanner that follows every link of {title}; its sender takes that for clicks",
        NOTE,
    ),
    "LocationAllowed": ("{device}", "lets the app know where it is", PLAIN),
    "LocationForbidden": ("{device}", "keeps where it is to itself", NOTE),
    "MailBounced": ("{address}", "{title} comes back: {outcome}", BAD),
    "MailBounced/hard": ("{address}", "{title} comes back: there is no such mailbox", BAD),
    "MailBounced/soft": ("{address}", "{title} comes back: the mailbox stayed full", BAD),
    "MailMarkedSpam": ("{address}", "marks {title} as spam", BAD),
    "MailOpened": ("{address}", "opens {title}", GOOD),
    "MailOpened/not reported: images off": (
        "{address}",
        "opens {title} without its images: OneSignal does not hear of it",
        NOTE,
    ),
    "MailOpened/not reported: a proxy had the images": (
        "{address}",
        "opens {title}, whose images a proxy had loaded: its sender does not hear of it",
        NOTE,
    ),
    "MailboxClosed": ("{device}", "is closed: there is no such mailbox any more", NOTE),
    "MailboxEmptied": ("{device}", "has room again", PLAIN),
    "MailboxFilled": ("{device}", "is full", NOTE),
    "MailboxReopened": ("{device}", "is there again, and empty", PLAIN),
    "MembersRegistered": (SERVICE, "{count} members of {prefix} registered", PLAIN),
    "MessageArrived": ("{device}", "gets {title}: {outcome}", NOTE),
    "MessageArrived/app force-stopped": (
        "{device}",
        "gets {title}, but the app is force-stopped: nothing happens",
        BAD,
    ),
    "MessageArrived/not shown: notifications off": (
        "{device}",
        "gets {title} and shows nothing: notifications are off",
        BAD,
    ),
    "MessageArrived/nothing to show": ("{device}", "gets a message without text", PLAIN),
    "MessageArrived/app not woken: force-quit": (
        "{device}",
        "gets a background push, but wakes no app that was force-quit",
        BAD,
    ),
    "MessageArrived/app woken": ("{device}", "wakes the app for a push", PLAIN),
    "MessageArrived/call rings": ("{device}", "rings: a call comes in", GOOD),
    "MessageArrived/held back: woken too often": (
        "{device}",
        "holds a background push back: the app was woken too often (ios_background_per_hour)",
        NOTE,
    ),
    "MessageArrived/live activity ended": ("{device}", "ends a live activity", PLAIN),
    "MessageArrived/live activity started": ("{device}", "starts a live activity", GOOD),
    "MessageArrived/live activity updated": ("{device}", "updates a live activity", GOOD),
    "MessageArrived/shown": ("{device}", "shows {title}", GOOD),
    "MessageDiscarded": ("{device}", "{gateway} discards {title}: too many wait", BAD),
    "MessageDismissed": ("{device}", "swipes {title} away; nobody is told", PLAIN),
    "MessageExpired": ("{device}", "{title} had expired at {gateway} meanwhile", BAD),
    "MessageHeldBack": (
        "{device}",
        "is short of power and takes urgent messages alone: {gateway} keeps {title}",
        NOTE,
    ),
    "MessageNotStored": ("{device}", "is not there for {title}, which may not wait (ttl 0)", BAD),
    "MessageReplaced": ("{device}", "a newer message takes the place of {title}", NOTE),
    "MessageStored": ("{device}", "is offline: {gateway} keeps {title} for later", NOTE),
    "MessageTapped/not reported: device offline": (
        "{device}",
        "taps {title}, offline: OneSignal does not hear of it",
        NOTE,
    ),
    "MessageTapped/reported": ("{device}", "taps {title}, which opens the app", GOOD),
    "NetworkSet": ("{device}", "is on another network: {network}", PLAIN),
    "NotificationAccepted": (SERVICE, "accepts {title} for {target_words}", PLAIN),
    "NotificationCanceled": (SERVICE, "{title} is canceled", NOTE),
    "NotificationNotSent": (SERVICE, "sends nothing: nobody named is subscribed", BAD),
    "NotificationsSwitchedOff": ("{device}", "switches notifications off in the system", NOTE),
    "NotificationsSwitchedOn": ("{device}", "switches notifications on in the system", PLAIN),
    "NumberDisconnected": ("{device}", "is given up: nobody has the number any more", NOTE),
    "NumberRecycled": ("{device}", "belongs to somebody else from now on; nobody is told", NOTE),
    "NumberReplied": ("{device}", "replies “{text}” to {to}", PLAIN),
    "OpenReported": ("{address}", "its tap on {title} is counted", PLAIN),
    "OrganizationKeyAdopted": (SERVICE, "takes the organization's key as it is", PLAIN),
    "PayloadUnreadable": ("{address}", "shows nothing: {why}", BAD),
    "PermissionDenied": ("{device}", "denies the prompt", NOTE),
    "PermissionGranted": ("{device}", "allows notifications", PLAIN),
    "PersonLoggedIn": ("{device}", "logs in as {external_id}", PLAIN),
    "PersonLoggedOut": ("{device}", "logs out", PLAIN),
    "PopulationMade": (LAB, "{count} people join: {prefix}-000001 and so on", PLAIN),
    "PageVisited": ("{device}", "{purpose}: visits {url}: {ended}", PLAIN),
    "PostSettled": (LAB, "posts to {url} ({purpose}): {ended}", PLAIN),
    "PrivacyProxyEnded": ("{device}", "loads images itself again", PLAIN),
    "PrivacyProxyStarted": (
        "{device}",
        "has a privacy proxy from now on: it loads the images of every mail, read or not",
        NOTE,
    ),
    "PowerSet": ("{device}", "runs on other power: {power}", PLAIN),
    "PushesRegistered": ("{device}", "its app gets a token for pushes of the kind {kind}", PLAIN),
    "PushesUnregistered": (
        "{device}",
        "its app gives up its token for pushes of the kind {kind}; APNs is not told",
        NOTE,
    ),
    "PurchaseMade": ("{device}", "buys {sku} for {amount} {currency}", GOOD),
    "ReceiptReported": ("{address}", "its receipt is counted", PLAIN),
    "ReceiptSent": ("{device}", "its receipt: {outcome}", NOTE),
    "ReceiptSent/counted": ("{device}", "its receipt reaches OneSignal", PLAIN),
    "ReceiptSent/lost: app force-stopped": (
        "{device}",
        "its receipt is lost: the app was force-stopped",
        NOTE,
    ),
    "ReceiptSent/lost: app uninstalled": (
        "{device}",
        "its receipt is lost: the app was uninstalled",
        NOTE,
    ),
    "ReceiptSent/lost: device offline": (
        "{device}",
        "its receipt is lost: the phone was offline by then",
        NOTE,
    ),
    "ReceiptSent/waits: device offline": (
        "{device}",
        "its receipt waits: the phone is offline",
        NOTE,
    ),
    "RateLimited": (LAB, "the limit {limit} refuses a call; {remedy}", NOTE),
    "RequestReceived": (APP, "calls {route}", PLAIN),
    "SdkCallRefused": (SERVICE, "answers {status} to an SDK: {call}", BAD),
    "SdkOptedIn": ("{device}", "opts in inside the app", PLAIN),
    "SdkOptedOut": ("{device}", "opts out inside the app", NOTE),
    "SegmentCreated": (SERVICE, "has a new segment “{name}”", PLAIN),
    "SegmentDeleted": (SERVICE, "deletes the segment “{name}”", NOTE),
    "SegmentUpdated": (SERVICE, "changes the segment “{name}”", PLAIN),
    "SettingChanged": (LAB, "setting {name} is now {value}", PLAIN),
    "SmsAdded": ("{device}", "its app adds the number {entry_address}", PLAIN),
    "SmsDelivered": ("{address}", "{gateway} reports {title} as delivered", PLAIN),
    "SmsRemoved": ("{device}", "its app removes the number {entry_address}", NOTE),
    "SmsUndelivered": ("{address}", "{gateway} gives {title} up: undelivered", BAD),
    "SiteDataCleared": (
        "{device}",
        "clears its cookies, and the push endpoint with them; nobody tells OneSignal",
        NOTE,
    ),
    "SmsUndelivered/handset off": (
        "{address}",
        "{gateway} gives {title} up: the handset was off for too long",
        BAD,
    ),
    "SmsUndelivered/unknown number": (
        "{address}",
        "{gateway} gives {title} up: there is no such number",
        BAD,
    ),
    "StartReplied": ("{device}", "replies START to who wrote last", PLAIN),
    "StopReplied": ("{device}", "replies STOP to who wrote last", NOTE),
    "SubscriptionCreated": ("{address}", "OneSignal registers it: {subscribed}", PLAIN),
    "SubscriptionDeleted": ("{address}", "OneSignal deletes the subscription", NOTE),
    "SubscriptionLost": ("{address}", "OneSignal takes it for unsubscribed from now on", NOTE),
    "SubscriptionLost/complained": (
        "{address}",
        "OneSignal hears of the complaint: it is unsubscribed for good",
        NOTE,
    ),
    "SubscriptionLost/replied STOP": (
        "{address}",
        "only now OneSignal learns of the STOP: it is unsubscribed",
        NOTE,
    ),
    "SubscriptionLost/suppressed": (
        "{address}",
        "OneSignal takes it for unsubscribed: mail to it may not be sent",
        NOTE,
    ),
    "SubscriptionLost/unsubscribed": ("{address}", "OneSignal unsubscribes it at once", NOTE),
    "SubscriptionMoved": ("{address}", "OneSignal moves the subscription to another user", PLAIN),
    "SubscriptionUpdated": ("{address}", "OneSignal hears: {subscribed}", PLAIN),
    "TagAdded": ("{device}", "its app sets the tag {tag} = {value}", PLAIN),
    "TagRemoved": ("{device}", "its app takes the tag {tag} away", PLAIN),
    "TargetSkipped": ("{address}", "is skipped: {outcome}", NOTE),
    "TargetSkipped/address suppressed": (
        "{address}",
        "is skipped: a mail to it bounced, or was called spam",
        NOTE,
    ),
    "TargetSkipped/canceled": ("{address}", "is left out: the notification was canceled", NOTE),
    "TargetSkipped/no permission": (
        "{address}",
        "is skipped: OneSignal was told that notifications are off",
        NOTE,
    ),
    "TargetSkipped/token reported dead before": (
        "{address}",
        "is skipped: OneSignal was told before that the token is dead",
        NOTE,
    ),
    "TargetSkipped/unsubscribed": (
        "{address}",
        "is skipped: OneSignal believes it is unsubscribed",
        NOTE,
    ),
    "TimezoneSet": ("{device}", "is set to the time zone {timezone}", PLAIN),
    "TokenRotated": ("{device}", "gets a new push token; nobody is told yet", NOTE),
    "TopicAdopted": ("APNs", "takes {topic} as the bundle id of the app", PLAIN),
    "UnsubscribeClicked": ("{address}", "unsubscribes by the link in {title}", NOTE),
    "UnsubscribeClicked/one click": (
        "{address}",
        "unsubscribes from {title} by the mail program's button",
        NOTE,
    ),
    "TwilioAccountAdopted": (TWILIO, "takes account {account} as yours", PLAIN),
    "TwilioAlertRaised": (TWILIO, "error {code}: {message}, at {url}", BAD),
    "TwilioMediaFetched": (TWILIO, "fetches {url} for {message_sid}: {ended}", PLAIN),
    "TwilioMessageDeleted": (TWILIO, "deletes {message_sid}", NOTE),
    "TwilioMessageReceived": (TWILIO, "has {message_sid} from {from} for {to}", PLAIN),
    "TwilioMessageRedacted": (TWILIO, "forgets what {message_sid} said", NOTE),
    "TwilioScheduleRefused": (TWILIO, "refuses to wait until {send_at}; {remedy}", NOTE),
    "TwilioSenderAdopted": (TWILIO, "takes {sender} as a sender of yours", PLAIN),
    "TwilioServiceAdopted": (TWILIO, "takes {service} as a Messaging Service of yours", PLAIN),
    "TwilioSetUp": (LAB, "Twilio is set up: {rest}", PLAIN),
    "TwilioStatusChanged": (TWILIO, "{message_sid} is {status}", PLAIN),
    "TwilioTokenAdopted": (TWILIO, "takes the secret of {user} as the right one", PLAIN),
    "UserCreated": (SERVICE, "has a new user{identity_words}", PLAIN),
    "UserDeleted": (SERVICE, "deletes a user{identity_words}", NOTE),
    "UserUpdated": (SERVICE, "hears of {user}: {changes}", PLAIN),
}
"""By kind, or kind and outcome: who, what, mood. Words in braces come from the entry."""

OF_GATEWAY: Final[Mapping[str, Mapping[str, Telling]]] = {
    MAIL: {
        "AttemptMade/refused: bad token": (
            "{address}",
            "{gateway} refuses {title}: there is no such mailbox",
            BAD,
        ),
        "MessageArrived/shown": ("{device}", "gets the mail {title}", GOOD),
        "MessageStored": ("{device}", "is full: {gateway} keeps {title} and tries again", NOTE),
    },
    SMS: {
        "AttemptMade/refused: bad token": (
            "{address}",
            "{gateway} refuses {title}: there is no such number",
            BAD,
        ),
        "DeviceCameOnline": ("{device}", "has a network again", PLAIN),
        "DeviceWentOffline": ("{device}", "loses the network", NOTE),
        "AttemptMade": ("{address}", "{gateway} sends {title}", PLAIN),
        "MessageArrived/shown": ("{device}", "gets {text_words}", GOOD),
    },
    WEB: {
        "AppClosed": ("{device}", "leaves the site", PLAIN),
        "AppOpened": ("{device}", "visits the site", PLAIN),
        "AppInstalled": ("{device}", "is installed anew, with an empty profile", PLAIN),
        "AppUninstalled": ("{device}", "is removed with its profile; nobody is told", NOTE),
        "TokenRotated": ("{device}", "gets a new endpoint; nobody is told yet", NOTE),
        "AppGone": (
            "{address}",
            "nobody there: the browser dropped its endpoint; {gateway} had accepted {title}",
            BAD,
        ),
        "AttemptMade/refused: dead token": (
            "{address}",
            "{gateway} refuses {title}: the endpoint is gone (410)",
            BAD,
        ),
        "MessageTapped/reported": ("{device}", "clicks {title}, which opens the site", GOOD),
        "NotificationsSwitchedOff": ("{device}", "blocks notifications of the site", NOTE),
        "NotificationsSwitchedOn": ("{device}", "unblocks notifications of the site", PLAIN),
        "PermissionDenied": ("{device}", "blocks the site's prompt", NOTE),
    },
}
"""Where a channel has words of its own."""

QUIET: Final = frozenset({"RequestAnswered", "SendStarted", "SessionEnded", "SessionStarted"})
"""Kinds that only repeat what stands beside them, unless they tell of a refusal."""


def find_telling(kind: str, outcome: object, gateway: str | None) -> Telling | None:
    """Return what is said of *kind* with *outcome* where *gateway* serves, or None.

    What a channel has words of its own for goes before, and an outcome before its kind.
    """
    own = OF_GATEWAY.get(gateway or "", {})
    for name in (f"{kind}/{outcome}", kind):
        telling = own.get(name) or TELLINGS.get(name)
        if telling is not None:
            return telling
    return None
