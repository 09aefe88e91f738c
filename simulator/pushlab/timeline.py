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
import numpy as np

from pushlab.gateway import Channel
from pushlab.tellings import PLATFORMS, QUIET, find_telling
from pushlab.tellings.moods import BAD, GOOD, NOTE, PLAIN
from pushlab.tellings.parties import LAB
from pushlab.vendor_names import BY_GATEWAY, GATEWAYS, name_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
TITLE_CHARACTERS_MAX = 60
_DAY_MS, _HOUR_MS, _MINUTE_MS, _SECOND_MS = 86_400_000, 3_600_000, 60_000, 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORT_ID_CHARACTERS: Final = 8
TURNING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of what follows them."""
NAMES_KEPT_MAX: Final = 20_000
ADDRESSED: Final = (Channel.EMAIL, Channel.SMS)
"""Channels whose addresses can be read."""
ANSWERED: Final = " answered by "
"""Stands in the name of what a carrier sends by itself."""

PAST_ANY_SERVICE: Final = {
    "bad": "refused: bad token",
    "dead": "refused: dead token",
    "put off": "put off past any service",
    "stopped": "refused: replied STOP",
    "too large": "refused: too large",
}
"""What a gateway said to a program itself, as it is told."""

STYLES: Final = {GOOD: "green", BAD: "red", NOTE: "yellow", PLAIN: ""}
MARKS: Final = {GOOD: "✓", BAD: "✗", NOTE: "•", PLAIN: " "}
MARKS_ASCII: Final = {GOOD: "+", BAD: "x", NOTE: "*", PLAIN: " "}


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

    def find_user(self, onesignal_id: str) -> str | None:
        """Return the external id of a user, or None."""
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
        belief = self._lab.onesignal.belief
        for app in range(len(belief.apps)):
            row = belief.find_subscription(app, subscription)
            found = self._name_target(row) if row >= 0 else None
            if found is not None:
                if len(self._addresses) < NAMES_KEPT_MAX:
                    self._addresses[subscription] = found
                return found
        return self._find_holder(subscription)

    def _find_holder(self, address: str) -> tuple[str, str] | None:
        """Return the device that has, or had, a token or another address."""
        fleet = self._lab.fleet
        for channel, gateway in fleet.gateways.items():
            route = gateway.find_route(address)
            device = int(gateway.devices_of(np.array([route], np.int32))[0])
            if device >= 0:
                return fleet.name_of(device), GATEWAYS[channel]
        return None

    def _name_target(self, row: int) -> tuple[str, str] | None:
        """Return the device that the subscription at *row* leads to; else a mail or SMS address."""
        belief, fleet = self._lab.onesignal.belief, self._lab.fleet
        channel = Channel(int(belief.subscriptions.type[row]))
        gateway, routes = fleet.gateways.get(channel), belief.subscriptions.route[row : row + 1]
        if gateway is not None and routes[0] >= 0:
            device = int(gateway.devices_of(routes)[0])
            if device >= 0:
                return fleet.name_of(device), GATEWAYS[channel]
        address = belief.token(row) if channel in ADDRESSED else ""
        return (address, GATEWAYS[channel]) if address else None

    def find_gateway(self, device: str) -> str | None:
        """Return the name of the gateway that reaches a device, or None."""
        row = self._lab.fleet.find(device)
        return GATEWAYS[self._lab.fleet.platform_of(row).channel] if row >= 0 else None

    def find_title(self, notification: str) -> str | None:
        """Return what a notification says, or None."""
        held = self._lab.messages.find(notification)
        if held is None:
            return self._lab.services.direct.find_title(notification)
        return find_title(held)

    def find_user(self, onesignal_id: str) -> str | None:
        """Return the external id of a user, or None."""
        belief = self._lab.onesignal.belief
        for app in range(len(belief.apps)):
            row = belief.find_user(app, "onesignal_id", onesignal_id)
            if row >= 0:
                return belief.aliases.of(row).get("external_id")
        return None


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
            errors = _as_list(fields.get("errors")) or _as_list(fields.get("reason"))
            said = "; ".join(str(each) for each in errors)
            what = f"answers {status} to {route}{': ' if said else ''}{said}"
            return Told(entry.at, name_service(route), what, BAD)
        if entry.kind in QUIET:
            return None
        words = _Words(self._collect(entry))
        telling = find_telling(entry.kind, _find_outcome(entry), words["gateway"])
        if telling is None:
            return Told(entry.at, LAB, _tell_unknown(entry), PLAIN)
        who, what, mood = telling
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
        words["entry_address"] = words.get("address", "")
        name = entry.id.partition(":")[2]
        words.setdefault("name", name)
        words["rest"] = ", ".join(
            f"{key} {_shorten(value)}" for key, value in fields.items() if key != "app"
        )
        subscription = fields.get("subscription") or fields.get("endpoint")
        if subscription is None and entry.kind.startswith("Subscription"):
            subscription = name.partition(":")[0]
        notification = fields.get("notification")
        if subscription is None and isinstance(notification, str):
            subscription = name.removeprefix(notification).lstrip(":/")
        address = self._names.find_address(str(subscription)) if subscription else None
        device = fields.get("device")
        words["address"] = address[0] if address else _shorten_address(str(subscription))
        gateway = address[1] if address else BY_GATEWAY.get(str(fields.get("gateway")))
        if isinstance(device, str):
            words["address"] = words["device"]
            gateway = self._names.find_gateway(device)
        words["gateway"] = gateway or "the gateway"
        words["title"], words["text_words"] = self._quote(str(notification or ""))
        targets = fields.get("targets")
        words["target_words"] = (
            "1 target" if targets == 1 else f"{words.get('targets', '')} targets"
        )
        words["platform_words"], words["belongs"] = _tell_platform(fields)
        identity = fields.get("identity")
        named = _shorten(identity.get("external_id", "")) if isinstance(identity, dict) else None
        words["identity_words"] = f": {named}" if named else ""
        is_on = fields.get("enabled") and _is_positive(fields.get("notification_types"))
        words["subscribed"] = "subscribed" if is_on else "not subscribed"
        words["ended"] = str(fields.get("status") or fields.get("error") or "no answer")
        if entry.kind == "UserUpdated":
            words["user"] = _shorten(self._names.find_user(name.partition(":")[0]) or "a user")
            words["changes"] = ", ".join(_list_changes(fields)) or "nothing new"
        return words

    def _quote(self, notification: str) -> tuple[str, str]:
        """Return what a message says, and the same as a text message's."""
        title = self._names.find_title(notification) if notification else None
        if title:
            quoted = f"“{_shorten(title, TITLE_CHARACTERS_MAX)}”"
            return quoted, f"the text {quoted}"
        keyword, is_answer, _ = notification.partition(ANSWERED)
        if is_answer:
            return f"its answer to {keyword}", f"the carrier's answer to {keyword}"
        return "a message", "a text"


class Sheet:
    """Sets told entries as lines: time, who, a mark, what; a heading where a day begins."""

    def __init__(self, *, who_characters: int = 16, is_ascii: bool = False) -> None:
        self._who_characters = who_characters
        self._marks = MARKS_ASCII if is_ascii else MARKS
        self._day: str | None = None

    def set_lines(self, told: Iterable[Told]) -> Iterable[RenderableType]:
        """Yield what a console prints for *told*: tables, with headings between days."""
        from rich.table import Table
        from rich.text import Text

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
    """Return the subject, the heading, else the text, in English or its first language; or None."""
    if notification.draft.mail.subject:
        return notification.draft.mail.subject
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


def _find_outcome(entry: Entry) -> object:
    """Return the outcome by which *entry* is told."""
    outcome = entry.fields.get("outcome")
    if entry.kind == "AttemptMade" and "gateway" in entry.fields:
        return PAST_ANY_SERVICE.get(str(outcome), outcome)
    if entry.kind == "KeyAdopted" and "app" not in entry.fields:
        return entry.id.partition(":")[2].partition(" ")[0]
    return outcome


def _shorten_address(address: str) -> str:
    """Return a mail address or a number as it is, and of anything else the beginning."""
    if "@" in address or address.startswith("+"):
        return _shorten(address)
    return f"({address.removeprefix('https://')[:SHORT_ID_CHARACTERS]})"


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


def _shorten(value: object, characters_max: int = LINE_CHARACTERS_MAX) -> str:
    text = value if isinstance(value, str) else _render_value(value)
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"


def _tell_platform(fields: Mapping[str, object]) -> tuple[str, str]:
    """Return what kind of device joins, and whose it is."""
    platform, address = str(fields.get("platform")), fields.get("address")
    words = PLATFORMS.get(platform, platform)
    if browser := fields.get("browser"):
        words = str(browser).capitalize()
    who = _shorten(fields.get("external_id") or "")
    if address:
        return f"{words} {_shorten(address)}", f" of {who}" if who else ""
    return words, f", logged in as {who}" if who else ""


def _list_changes(fields: Mapping[str, object]) -> Iterator[str]:
    """Yield what became other with a user."""
    for part in (fields.get("properties"), fields.get("deltas")):
        for name, value in part.items() if isinstance(part, dict) else ():
            if name == "tags" and isinstance(value, dict):
                for tag, held in value.items():
                    yield f"tag {tag} = {_shorten(held)}" if held else f"tag {tag} removed"
            elif name != "subscription":
                yield f"{name} {_shorten(value)}"


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_positive(value: object) -> bool:
    return value is None or (isinstance(value, int) and value > 0)


def _render_value(value: object) -> str:
    if isinstance(value, str) and value and not any(mark in value for mark in ' =\n\t"'):
        return value
    return msgspec.json.encode(value).decode()
