"""The trace for people.

Two forms. `render_entry` is one line an entry, as it stands in the trace: for the report of a
failed test. A `Storyteller` says each entry in words (who, what happened) and leaves out what only
repeats another; `Sheet` sets that as a table with the time in front, for a terminal of any width.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec

from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import RenderableType

    from pushlab.lab import Lab
    from pushlab.world.clock import Instant
    from pushlab.world.trace import Entry
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = [
    "LabNames",
    "Names",
    "Sheet",
    "Storyteller",
    "Told",
    "clean_text",
    "find_title",
    "order_causes",
    "render_day",
    "render_elapsed",
    "render_entry",
    "render_time",
]

LINE_CHARACTERS_MAX = 160
_DAY_MS, _HOUR_MS, _MINUTE_MS, _SECOND_MS = 86_400_000, 3_600_000, 60_000, 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORT_ID_CHARACTERS: Final = 8
TURNING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of what follows them."""
NAMES_KEPT_MAX: Final = 20_000

GATEWAYS: Final[Mapping[int, str]] = {Channel.IOS: "APNs", Channel.ANDROID: "FCM"}
PLATFORMS: Final[Mapping[str, str]] = {"android": "Android phone", "ios": "iPhone"}

GOOD, BAD, NOTE, PLAIN = "good", "bad", "note", "plain"
STYLES: Final = {GOOD: "green", BAD: "red", NOTE: "yellow", PLAIN: ""}
MARKS: Final = {GOOD: "✓", BAD: "✗", NOTE: "•", PLAIN: " "}
MARKS_ASCII: Final = {GOOD: "+", BAD: "x", NOTE: "*", PLAIN: " "}

SERVICE, APP, LAB = "OneSignal", "your app", "lab"

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
    "AppUninstalled": ("{device}", "uninstalls the app; nobody is told", NOTE),
    "AttemptMade": ("{address}", "{gateway} answers {title}: {outcome}", NOTE),
    "AttemptMade/accepted": ("{address}", "{gateway} accepts {title}", PLAIN),
    "AttemptMade/gave up": ("{address}", "{gateway} put it off once more; OneSignal gives up", BAD),
    "AttemptMade/put off": ("{address}", "{gateway} puts it off; OneSignal will try again", NOTE),
    "AttemptMade/refused": ("{address}", "{gateway} refuses {title}", BAD),
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
    "AudiencePicked": (LAB, "{targets} targets picked in the dashboard", PLAIN),
    "ClockMismatch": (
        SERVICE,
        "send_after {send_after} is over on this clock, so it is sent at once; {remedy}",
        NOTE,
    ),
    "DeviceCameOnline": ("{device}", "is online again", PLAIN),
    "DeviceMade": ("{device}", "joins: {platform_words}{logged_in}", PLAIN),
    "DeviceWentOffline": ("{device}", "goes offline", NOTE),
    "DevicesRegistered": (SERVICE, "{count} devices registered", PLAIN),
    "FaultPlanned": (LAB, "fault {name} planned: {where} answers {status}", NOTE),
    "FaultRemoved": (LAB, "fault {name} ended", PLAIN),
    "FaultStruck": (SERVICE, "fault {fault} strikes", BAD),
    "KeyAdopted": (SERVICE, "takes the key that came with the request as the app's own", PLAIN),
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
    "MessageArrived/shown": ("{device}", "shows {title}", GOOD),
    "MessageDiscarded": ("{device}", "{gateway} discards {title}: too many wait", BAD),
    "MessageDismissed": ("{device}", "swipes {title} away; nobody is told", PLAIN),
    "MessageExpired": ("{device}", "{title} had expired at {gateway} meanwhile", BAD),
    "MessageNotStored": ("{device}", "is offline, and {title} may not wait (ttl 0)", BAD),
    "MessageReplaced": ("{device}", "a newer message takes the place of {title}", NOTE),
    "MessageStored": ("{device}", "is offline: {gateway} keeps {title} for later", NOTE),
    "MessageTapped/not reported: device offline": (
        "{device}",
        "taps {title}, offline: OneSignal does not hear of it",
        NOTE,
    ),
    "MessageTapped/reported": ("{device}", "taps {title}, which opens the app", GOOD),
    "NotificationAccepted": (SERVICE, "accepts {title} for {targets} targets", PLAIN),
    "NotificationCanceled": (SERVICE, "{title} is canceled", NOTE),
    "NotificationNotSent": (SERVICE, "sends nothing: nobody named is subscribed", BAD),
    "NotificationsSwitchedOff": ("{device}", "switches notifications off in the system", NOTE),
    "NotificationsSwitchedOn": ("{device}", "switches notifications on in the system", PLAIN),
    "OpenReported": ("{address}", "its tap on {title} is counted", PLAIN),
    "PermissionDenied": ("{device}", "denies the prompt", NOTE),
    "PermissionGranted": ("{device}", "allows notifications", PLAIN),
    "PersonLoggedIn": ("{device}", "logs in as {external_id}", PLAIN),
    "PersonLoggedOut": ("{device}", "logs out", PLAIN),
    "PopulationMade": (LAB, "{count} people join: {prefix}-000001 and so on", PLAIN),
    "PostSettled": (LAB, "posts to {url} ({purpose}): {ended}", PLAIN),
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
    "RequestReceived": (APP, "calls {route}", PLAIN),
    "SdkOptedIn": ("{device}", "opts in inside the app", PLAIN),
    "SdkOptedOut": ("{device}", "opts out inside the app", NOTE),
    "SettingChanged": (LAB, "setting {name} is now {value}", PLAIN),
    "SubscriptionCreated": ("{address}", "OneSignal registers it: {subscribed}", PLAIN),
    "SubscriptionDeleted": ("{address}", "OneSignal deletes the subscription", NOTE),
    "SubscriptionLost": ("{address}", "OneSignal takes it for unsubscribed from now on", NOTE),
    "SubscriptionMoved": ("{address}", "OneSignal moves the subscription to another user", PLAIN),
    "SubscriptionUpdated": ("{address}", "OneSignal hears: {subscribed}", PLAIN),
    "TargetSkipped": ("{address}", "is skipped: {outcome}", NOTE),
    "TargetSkipped/canceled": ("{address}", "is left out: the notification was canceled", NOTE),
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
    "TokenRotated": ("{device}", "gets a new push token; nobody is told yet", NOTE),
    "UserCreated": (SERVICE, "has a new user{identity_words}", PLAIN),
    "UserDeleted": (SERVICE, "deletes a user{identity_words}", NOTE),
    "UserUpdated": (SERVICE, "updates a user", PLAIN),
}
"""By kind, or kind and outcome: who, what, mood. Words in braces come from the entry."""

QUIET: Final = frozenset({"RequestAnswered", "SendStarted", "SessionEnded", "SessionStarted"})
"""Kinds that only repeat what stands beside them, unless they tell of a refusal."""


class Told(NamedTuple):
    """One entry in words."""

    at: Instant
    who: str
    what: str
    mood: str
    """``good``, ``bad``, ``note`` or ``plain``."""


class Names(Protocol):
    """What people call the things that a trace names by id."""

    def find_address(self, subscription: str) -> tuple[str, str] | None:
        """Return the device behind a subscription id and its gateway's name, or None."""
        ...

    def find_gateway(self, device: str) -> str | None:
        """Return the name of the gateway that reaches a device, or None."""
        ...

    def find_title(self, notification: str) -> str | None:
        """Return what a notification says, or None."""
        ...


class LabNames:
    """The names of one lab; whoever asks has its lock."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._addresses: dict[str, tuple[str, str]] = {}

    def find_address(self, subscription: str) -> tuple[str, str] | None:
        """Return the device behind a subscription id and its gateway's name, or None."""
        known = self._addresses.get(subscription)
        if known is not None:
            return known
        belief, fleet = self._lab.onesignal.belief, self._lab.fleet
        for app in range(len(belief.apps)):
            row = belief.find_subscription(app, subscription)
            route = int(belief.subscriptions.route[row]) if row >= 0 else -1
            if route < 0:
                continue
            channel = Channel(int(belief.subscriptions.type[row]))
            gateway = fleet.gateways.get(channel)
            if gateway is None:
                continue
            device = int(gateway.devices_of(belief.subscriptions.route[row : row + 1])[0])
            if device >= 0 and len(self._addresses) < NAMES_KEPT_MAX:
                self._addresses[subscription] = (fleet.name_of(device), GATEWAYS[channel])
            if device >= 0:
                return fleet.name_of(device), GATEWAYS[channel]
        return None

    def find_gateway(self, device: str) -> str | None:
        """Return the name of the gateway that reaches a device, or None."""
        row = self._lab.fleet.find(device)
        return GATEWAYS[self._lab.fleet.platform_of(row).channel] if row >= 0 else None

    def find_title(self, notification: str) -> str | None:
        """Return what a notification says, or None."""
        held = self._lab.messages.find(notification)
        return None if held is None else find_title(held)


class Storyteller:
    """Says entries of a trace in words."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def tell(self, entry: Entry) -> Told | None:
        """Return *entry* in words, or None when it only repeats another."""
        told = self._tell(entry)
        if told is None:
            return None
        return told._replace(who=clean_text(told.who), what=clean_text(told.what))

    def _tell(self, entry: Entry) -> Told | None:
        fields = entry.fields
        status = fields.get("status")
        if entry.kind == "RequestAnswered" and isinstance(status, int) and status >= 400:
            route = entry.id.partition(":")[2].rpartition(" ")[0]
            errors = "; ".join(str(each) for each in _as_list(fields.get("errors")))
            what = f"answers {status} to {route}{': ' if errors else ''}{errors}"
            return Told(entry.at, SERVICE, what, BAD)
        if entry.kind in QUIET:
            return None
        telling = TELLINGS.get(f"{entry.kind}/{fields.get('outcome')}") or TELLINGS.get(entry.kind)
        if telling is None:
            return Told(entry.at, LAB, _tell_unknown(entry), PLAIN)
        who, what, mood = telling
        words = _Words(self._collect(entry))
        return Told(entry.at, who.format_map(words), what.format_map(words), mood)

    def tell_all(self, entries: Iterable[Entry]) -> list[Told]:
        """Return *entries* in words, causes first, without those that only repeat others."""
        shown: list[Told] = []
        for _, moment in groupby(entries, key=lambda entry: entry.at):
            together = order_causes(list(moment))
            tapped = {
                entry.fields.get("device") for entry in together if entry.kind == "MessageTapped"
            }
            for entry in together:
                if entry.kind == "AppOpened" and entry.fields.get("device") in tapped:
                    continue
                told = self.tell(entry)
                if told is not None:
                    shown.append(told)
        return shown

    def _collect(self, entry: Entry) -> dict[str, str]:
        """Return the words that a telling may name."""
        fields = entry.fields
        words = {name: _shorten(value) for name, value in fields.items()}
        name = entry.id.partition(":")[2]
        words.setdefault("name", name)
        words["rest"] = ", ".join(
            f"{key} {_shorten(value)}" for key, value in fields.items() if key != "app"
        )
        subscription = fields.get("subscription")
        if subscription is None and entry.kind.startswith("Subscription"):
            subscription = name.partition(":")[0]
        address = self._names.find_address(str(subscription)) if subscription else None
        device = fields.get("device")
        words["address"] = address[0] if address else f"({str(subscription)[:SHORT_ID_CHARACTERS]})"
        gateway = address[1] if address else None
        if isinstance(device, str):
            words["address"] = words["device"]
            gateway = self._names.find_gateway(device)
        words["gateway"] = gateway or "the gateway"
        notification = fields.get("notification")
        title = self._names.find_title(notification) if isinstance(notification, str) else None
        words["title"] = f"“{title}”" if title else "a message"
        words["platform_words"] = PLATFORMS.get(
            str(fields.get("platform")), words.get("platform", "")
        )
        external_id = fields.get("external_id")
        words["logged_in"] = f", logged in as {words['external_id']}" if external_id else ""
        identity = fields.get("identity")
        named = _shorten(identity.get("external_id", "")) if isinstance(identity, dict) else None
        words["identity_words"] = f": {named}" if named else ""
        is_on = fields.get("enabled") and _is_positive(fields.get("notification_types"))
        words["subscribed"] = "subscribed" if is_on else "not subscribed"
        words["ended"] = str(fields.get("status") or fields.get("error") or "no answer")
        return words


class Sheet:
    """Sets told entries as lines: time, who, a mark, what; a heading where a day begins."""

    def __init__(self, *, who_characters: int = 16, is_ascii: bool = False) -> None:
        self._who_characters = who_characters
        self._marks = MARKS_ASCII if is_ascii else MARKS
        self._day: str | None = None

    def set_lines(self, told: Iterable[Told]) -> Iterable[RenderableType]:
        """Yield what a console prints for *told*: tables, with headings between days."""
        from rich.table import Table  # noqa: PLC0415  the plugin loads this module without rich
        from rich.text import Text  # noqa: PLC0415

        table: Table | None = None
        for each in told:
            day = render_day(each.at)
            if day != self._day:
                if table is not None:
                    yield table
                table, self._day = None, day
                yield Text(day, style="bold")
            if table is None:
                table = Table.grid(padding=(0, 1), expand=False)
                table.add_column(width=14, no_wrap=True, style="dim")
                table.add_column(width=self._who_characters, overflow="ellipsis", no_wrap=True)
                table.add_column(width=1, no_wrap=True)
                table.add_column(overflow="fold")
            style = STYLES[each.mood]
            table.add_row(
                f"  {render_time(each.at)}",
                Text(each.who, style="bold"),
                Text(self._marks[each.mood], style=style),
                Text(each.what, style=style),
            )
        if table is not None:
            yield table


def find_title(notification: Notification) -> str | None:
    """Return the heading, else the text, in English or else its first language; or None."""
    for texts in (notification.draft.headings, notification.draft.contents):
        text = texts.get("en") or next(iter(texts.values()), None)
        if text:
            return text
    return None


def render_day(at: Instant) -> str:
    """Return the day of an instant: ``Thu 1 Jan 2026``."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def render_time(at: Instant) -> str:
    """Return the time of day of an instant: ``09:30:00.214``."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%H:%M:%S}.{at % 1000:03}"


def render_elapsed(duration_ms: int) -> str:
    """Return a duration as people read it: ``+00:05:00.031``, ``+3d 01:00:00.000``."""
    days, rest = divmod(duration_ms, _DAY_MS)
    hours, rest = divmod(rest, _HOUR_MS)
    minutes, rest = divmod(rest, _MINUTE_MS)
    seconds, rest = divmod(rest, _SECOND_MS)
    return f"+{f'{days}d ' if days else ''}{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"


def render_entry(entry: Entry, start: Instant) -> str:
    """Return *entry* in one line, cut where it gets too long; its causes are left out."""
    told = " ".join(f"{name}={_render_value(value)}" for name, value in entry.fields.items())
    line = f"{render_elapsed(entry.at - start)} {entry.kind} {told}".rstrip()
    if len(line) > LINE_CHARACTERS_MAX:
        return f"{line[: LINE_CHARACTERS_MAX - 1]}…"
    return line


def order_causes(entries: Sequence[Entry]) -> list[Entry]:
    """Return *entries* of one instant, each after those among them that caused it."""
    places = {entry.id: place for place, entry in enumerate(entries)}
    ordered: dict[int, Entry] = {}
    begun: set[int] = set()
    waiting = list(range(len(entries) - 1, -1, -1))
    while waiting:
        place = waiting[-1]
        begun.add(place)
        first = [
            places[cause]
            for cause in entries[place].causes
            if cause in places and places[cause] not in begun
        ]
        if first:
            waiting.extend(reversed(first))
        else:
            ordered.setdefault(waiting.pop(), entries[place])
    return list(ordered.values())


class _Words(dict[str, str]):
    """The words of a telling; one that an entry lacks is left blank."""

    def __missing__(self, key: str) -> str:
        return ""


def _tell_unknown(entry: Entry) -> str:
    told = " ".join(f"{name}={_render_value(value)}" for name, value in entry.fields.items())
    return f"{entry.kind} {told}".rstrip()


def clean_text(text: str) -> str:
    """Return *text* in one line without what would steer a terminal or turn its direction."""
    return "".join(
        " " if ord(sign) < 32 or 127 <= ord(sign) < 160 else sign
        for sign in text
        if sign not in TURNING
    )


def _shorten(value: object) -> str:
    text = value if isinstance(value, str) else _render_value(value)
    return text if len(text) <= LINE_CHARACTERS_MAX else f"{text[: LINE_CHARACTERS_MAX - 1]}…"


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_positive(value: object) -> bool:
    return value is None or (isinstance(value, int) and value > 0)


def _render_value(value: object) -> str:
    if isinstance(value, str) and value and not any(mark in value for mark in ' =\n\t"'):
        return value
    return msgspec.json.encode(value).decode()
