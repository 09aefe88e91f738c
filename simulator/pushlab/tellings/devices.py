"""What is said of a device: of what people do with it, and of what it does with messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.tellings.moods import BAD, GOOD, NOTE, PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.tellings.moods import Saying

__all__ = ["DEVICE", "OF_DEVICES"]

DEVICE: Final = "{device}"

OF_DEVICES: Final[Mapping[str, Saying]] = {
    "AppClosed": ("puts the app in the background", PLAIN),
    "AppDataCleared": ("clears the app's data; its token is void", NOTE),
    "AppForceStopped": ("force-stops the app", NOTE),
    "AppInstalled": ("installs the app", PLAIN),
    "AppOpened": ("opens the app", PLAIN),
    "AppPutOnDevice": ("has another app on it", PLAIN),
    "AppUninstalled": ("uninstalls the app; nobody is told", NOTE),
    "AppWoken": ("the app gets what was held back: {outcome}", NOTE),
    "AppWoken/woken": ("the app gets the push that was held back", PLAIN),
    "AutoReplyEnded": ("no longer answers mail by itself", PLAIN),
    "AutoReplyStarted": ("answers mail by itself from now on: out of office", NOTE),
    "DeviceCameOnline": ("is online again", PLAIN),
    "DeviceMade": ("joins: {platform_words}{belongs}", PLAIN),
    "DeviceMoved": ("is now at {lat}, {long}", PLAIN),
    "DeviceWentOffline": ("goes offline", NOTE),
    "EmailAdded": ("its app adds the mail address {entry_address}", PLAIN),
    "EmailRemoved": ("its app removes the mail address {entry_address}", NOTE),
    "FcmRegistered": ("its app gets a token of FCM", PLAIN),
    "FcmTokenDeleted": ("its app deletes its token of FCM", NOTE),
    "ImageCacheEnded": ("loads images itself again", PLAIN),
    "ImageCacheStarted": ("gets images from a cache that keeps them from now on", NOTE),
    "ImageLoaded": ("{purpose}: loads {url}: {ended}", PLAIN),
    "ImagesHidden": ("reads mail without images from now on", NOTE),
    "ImagesShown": ("reads mail with images again", PLAIN),
    "LanguageSet": ("is set to the language {language}", PLAIN),
    "LinkScannerEnded": ("has no scanner in front of it any more", PLAIN),
    "LinkScannerStarted": (
        "has a scanner in front of it from now on, which follows every link",
        NOTE,
    ),
    "LiveActivityDismissed": ("swipes a live activity away", NOTE),
    "LiveActivityEnded": ("its app ends a live activity", PLAIN),
    "LiveActivityOffered": ("its app lets pushes start {attributes_type}", PLAIN),
    "LiveActivityStarted": ("its app starts the live activity {attributes_type}", PLAIN),
    "LiveActivityTokenRotated": ("gives a live activity another token", NOTE),
    "LocationAllowed": ("lets the app know where it is", PLAIN),
    "LocationForbidden": ("keeps where it is to itself", NOTE),
    "MailboxClosed": ("is closed: there is no such mailbox any more", NOTE),
    "MailboxEmptied": ("has room again", PLAIN),
    "MailboxFilled": ("is full", NOTE),
    "MailboxReopened": ("is there again, and empty", PLAIN),
    "MessageArrived": ("gets {title}: {outcome}", NOTE),
    "MessageArrived/app force-stopped": (
        "gets {title}, but the app is force-stopped: nothing happens",
        BAD,
    ),
    "MessageArrived/app not woken: force-quit": (
        "gets a background push, but wakes no app that was force-quit",
        BAD,
    ),
    "MessageArrived/app woken": ("wakes the app for a push", PLAIN),
    "MessageArrived/call rings": ("rings: a call comes in", GOOD),
    "MessageArrived/held back: woken too often": (
        "holds a background push back: the app was woken too often (ios_background_per_hour)",
        NOTE,
    ),
    "MessageArrived/live activity ended": ("ends a live activity", PLAIN),
    "MessageArrived/live activity started": ("starts a live activity", GOOD),
    "MessageArrived/live activity updated": ("updates a live activity", GOOD),
    "MessageArrived/not shown: notifications off": (
        "gets {title} and shows nothing: notifications are off",
        BAD,
    ),
    "MessageArrived/nothing to show": ("gets a message without text", PLAIN),
    "MessageArrived/shown": ("shows {title}", GOOD),
    "MessageDiscarded": ("{gateway} discards {title}: too many wait", BAD),
    "MessageDismissed": ("swipes {title} away; nobody is told", PLAIN),
    "MessageExpired": ("{title} had expired at {gateway} meanwhile", BAD),
    "MessageHeldBack": (
        "is short of power and takes urgent messages alone: {gateway} keeps {title}",
        NOTE,
    ),
    "MessageNotStored": ("is not there for {title}, which may not wait (ttl 0)", BAD),
    "MessageReplaced": ("a newer message takes the place of {title}", NOTE),
    "MessageStored": ("is offline: {gateway} keeps {title} for later", NOTE),
    "MessageTapped/not reported: device offline": (
        "taps {title}, offline: OneSignal does not hear of it",
        NOTE,
    ),
    "MessageTapped/reported": ("taps {title}, which opens the app", GOOD),
    "NetworkSet": ("is on another network: {network}", PLAIN),
    "NotificationsSwitchedOff": ("switches notifications off in the system", NOTE),
    "NotificationsSwitchedOn": ("switches notifications on in the system", PLAIN),
    "NumberDisconnected": ("is given up: nobody has the number any more", NOTE),
    "NumberRecycled": ("belongs to somebody else from now on; nobody is told", NOTE),
    "NumberReplied": ("replies “{text}” to {to}", PLAIN),
    "PageVisited": ("{purpose}: visits {url}: {ended}", PLAIN),
    "PermissionDenied": ("denies the prompt", NOTE),
    "PermissionGranted": ("allows notifications", PLAIN),
    "PersonLoggedIn": ("logs in as {external_id}", PLAIN),
    "PersonLoggedOut": ("logs out", PLAIN),
    "PowerSet": ("runs on other power: {power}", PLAIN),
    "PrivacyProxyEnded": ("loads images itself again", PLAIN),
    "PrivacyProxyStarted": (
        "has a privacy proxy from now on: it loads the images of every mail, read or not",
        NOTE,
    ),
    "PurchaseMade": ("buys {sku} for {amount} {currency}", GOOD),
    "PushesRegistered": ("its app gets a token for pushes of the kind {kind}", PLAIN),
    "PushesUnregistered": (
        "its app gives up its token for pushes of the kind {kind}; APNs is not told",
        NOTE,
    ),
    "ReceiptSent": ("its receipt: {outcome}", NOTE),
    "ReceiptSent/counted": ("its receipt reaches OneSignal", PLAIN),
    "ReceiptSent/lost: app force-stopped": ("its receipt is lost: the app was force-stopped", NOTE),
    "ReceiptSent/lost: app uninstalled": ("its receipt is lost: the app was uninstalled", NOTE),
    "ReceiptSent/lost: device offline": (
        "its receipt is lost: the phone was offline by then",
        NOTE,
    ),
    "ReceiptSent/waits: device offline": ("its receipt waits: the phone is offline", NOTE),
    "SdkOptedIn": ("opts in inside the app", PLAIN),
    "SdkOptedOut": ("opts out inside the app", NOTE),
    "SiteDataCleared": (
        "clears its cookies, and the push endpoint with them; nobody tells OneSignal",
        NOTE,
    ),
    "SmsAdded": ("its app adds the number {entry_address}", PLAIN),
    "SmsRemoved": ("its app removes the number {entry_address}", NOTE),
    "StartReplied": ("replies START to who wrote last", PLAIN),
    "StopReplied": ("replies STOP to who wrote last", NOTE),
    "TagAdded": ("its app sets the tag {tag} = {value}", PLAIN),
    "TagRemoved": ("its app takes the tag {tag} away", PLAIN),
    "TimezoneSet": ("is set to the time zone {timezone}", PLAIN),
    "TokenRotated": ("gets a new push token; nobody is told yet", NOTE),
}
