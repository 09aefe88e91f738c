"""The real lab, with the verbs that a history needs; the twin of `Reference`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.inbox import list_mails, list_texts
from pushlab.devices.kinds import view_device
from pushlab.devices.mail_requests import MailRequests
from pushlab.devices.mailbox import Mailbox
from pushlab.devices.number import Number
from pushlab.devices.tray import list_shown
from pushlab.gateway import Channel
from pushlab.lab import Lab
from pushlab.world.randomness import mix, threshold
from pushlab_testing.reference.device import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import NoReturn

    from numpy.typing import NDArray

    from pushlab.devices.device import Device
    from pushlab.devices.said import Said
    from pushlab.fanout import FanOut
    from pushlab.table import Table
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.routes import OneSignal

__all__ = ["CutEngine", "Engine", "TextEngine", "read_records"]

TOKEN_CHANNELS = (Channel.IOS, Channel.ANDROID, Channel.CHROME_WEB)
ADDRESS_CHANNELS = (Channel.EMAIL, Channel.SMS)
BROWSERS = ("chrome", "firefox", "safari")
RECORDS = (
    "enabled",
    "notification_types",
    "suppressed",
    "user",
    "session_count",
    "session_time",
    "deleted",
)
"""What the service believes of subscriptions."""


class Engine:
    """One lab; takes what `pushlab_testing.reference.whole.Reference` takes."""

    def __init__(self, seed: int, settings: Mapping[str, object]) -> None:
        self.lab = Lab(seed, settings=settings)
        fleet = self.lab.fleet
        fleet.mail.requests = _NoRequests(self.lab.world, self.lab.sends, fleet.name_of)

    @property
    def now(self) -> int:
        """The instant."""
        return self.lab.world.now

    @property
    def onesignal(self) -> OneSignal:
        """The service."""
        return self.lab.onesignal

    def act(self, action: Callable[[], None]) -> None:
        """Do *action* and the items of this instant."""
        self.lab.act(action)

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.lab.run_until(self.now + ms)

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        return self.lab.handle(request)

    # -- devices -------------------------------------------------------------------------------

    def device(
        self,
        platform: str,
        name: str,
        *,
        external_id: str | None,
        fresh: bool,
        extension: bool,
        tap_chance: float,
        address: str | None,
    ) -> int:
        """Make one device and return its row."""
        made: Device = self.lab.device(
            "web" if platform in BROWSERS else platform,
            name=name,
            external_id=external_id,
            fresh=fresh,
            extension=extension,
            tap_chance=tap_chance,
            address=address,
            browser=platform if platform in BROWSERS else None,
        )
        return made.row

    def crowd(self, prefix: str, counts: Mapping[str, int], tap_chance: float) -> list[int]:
        """Make a population and return its rows."""
        total = sum(counts.values())
        platforms = {name: float(count) for name, count in counts.items()}
        rows = self.lab.population(total, prefix=prefix, platforms=platforms).rows
        share = min(threshold(tap_chance), 2**32 - 1)
        self.lab.fleet.devices.tap_share[rows] = share
        listed: list[int] = rows.tolist()
        return listed

    def do(self, verb: str, rows: Sequence[int]) -> None:
        """Do a verb now."""
        self.act(lambda: self.lab.fleet.do(verb, _as_rows(rows)))

    def plan(self, verb: str, rows: Sequence[int], delays: Sequence[int]) -> None:
        """Plan a verb."""
        instants = self.now + np.array(delays, np.int64)
        self.act(lambda: self.lab.fleet.plan(verb, _as_rows(rows), instants))

    def log_in(self, row: int, external_id: str | None) -> None:
        """Log somebody in or out."""
        self.act(lambda: self.lab.fleet.log_in(row, external_id))

    def listen(self, row: int, listener: Callable[[str], None]) -> None:
        """Call *listener* with the id of each notification that a phone shows."""

        def tell(fan_out: FanOut, _position: int) -> None:
            listener(fan_out.name)

        self.act(lambda: self.lab.fleet.listen(row, tell))

    def say(self, rows: Sequence[int], said: Said) -> None:
        """Let the apps on devices tell their SDKs something."""
        self.act(lambda: self._say(rows, said))

    def _say(self, rows: Sequence[int], said: Said) -> None:
        fleet = self.lab.fleet
        able = _as_rows([row for row in rows if fleet.devices.installed[row]])
        if said.entry == "LanguageSet":
            fleet.person_verbs.set_language(said, able)
        elif said.entry == "TimezoneSet":
            fleet.person_verbs.set_timezone(said, able)
        else:
            fleet.sdk.profile.say(said, able)

    def touch(self, row: int, verb: str) -> None:
        """Tap or dismiss what a device shows on top."""
        lab = self.lab
        shown = list_shown(lab.fleet, lab.sends, lab.world.settings, row)
        if not shown:
            return
        body = lab.fleet.delivery.tap if verb == "tap" else lab.fleet.delivery.dismiss
        at, what = np.array([self.now], np.int64), np.array([shown[0].what], np.int64)
        self.act(lambda: body(at, _as_rows([row]), what))

    def handle_mail(self, row: int, verb: str, place: int, choice: int) -> None:
        """Do something with a mail, where there is one."""
        mailbox = view_device(self.lab, row)
        assert isinstance(mailbox, Mailbox)
        held = mailbox.inbox
        if not held:
            return
        mail = held[place % len(held)]
        if verb == "click_link" and mail.links:
            mailbox.click_link(choice % len(mail.links), mail)
        elif verb == "click_unsubscribe" and (choice or mail.unsubscribe_url is not None):
            mailbox.click_unsubscribe(mail, one_click=bool(choice))
        elif verb == "open_mail":
            mailbox.open_mail(mail)
        elif verb == "mark_spam":
            mailbox.mark_spam(mail)

    def reply(self, row: int, text: str, to: str | None) -> None:
        """Write a text, to who wrote last unless it is said to whom."""
        number = view_device(self.lab, row)
        assert isinstance(number, Number)
        if "reply" in number.verbs and (to is not None or number.inbox):
            number.reply(text, to)

    # -- faults --------------------------------------------------------------------------------

    def fault(self, fault: Fault) -> str:
        """Plan a fault and return its id."""
        return self.lab.act(lambda: self.lab.faults.plan(fault)).id

    def end_fault(self, fault_id: str) -> None:
        """End a fault."""
        self.lab.end_fault(fault_id)

    # -- what is compared ----------------------------------------------------------------------

    def subscription_id(self, row: int) -> str | None:
        """Return the id of the subscription that a device stored."""
        key = int(self.lab.fleet.devices.subscription_key[row])
        return self.lab.world.ids.uuid("subscription", key) if key else None

    def user_id(self, row: int) -> str | None:
        """Return the id of the user that a device stored."""
        key = int(self.lab.fleet.devices.user_key[row])
        return self.lab.world.ids.uuid("user", key) if key else None

    def outcome(self) -> dict[str, object]:
        """Return everything that must be equal."""
        lab, fleet = self.lab, self.lab.fleet
        rows = range(len(fleet.devices))
        sends = [*lab.sends.live()]
        sms = fleet.gateways[Channel.SMS]
        return {
            "digest": lab.world.trace.digest,
            "count": lab.world.trace.count,
            "due": lab.world.next_due(),
            "targets": {sent.name: _facts(sent) for sent in sends if sent.app >= 0},
            "carrier": _answer_facts([sent for sent in sends if sent.app < 0]),
            "devices": {name: fleet.devices.live(name).tolist() for name in COLUMNS},
            "held": [self._held(row) for row in rows],
            "routes": [self._read_routes(row) for row in rows],
            "tokens": [
                sorted(_columns(fleet.gateways[channel].tokens, TOKEN_COLUMNS))  # type: ignore[attr-defined]
                for channel in TOKEN_CHANNELS
            ],
            "addresses": [
                _columns(fleet.gateways[channel].addresses, ADDRESS_COLUMNS)  # type: ignore[attr-defined]
                for channel in ADDRESS_CHANNELS
            ],
            "senders": [
                sms.find_last_sender(route)  # type: ignore[attr-defined]
                for route in range(len(sms.addresses))  # type: ignore[attr-defined]
            ],
            "records": read_records(self.onesignal.belief),
        }

    def _read_routes(self, row: int) -> list[int]:
        """Return the keys of the token that a device has, and of the one that it told last."""
        devices = self.lab.fleet.devices
        gateway = self.lab.fleet.gateways[Channel(int(devices.platform[row]))]
        routes = [int(devices.route[row]), int(devices.sent_route[row])]
        return [
            int(gateway.token_keys(_as_rows([route]))[0]) if route >= 0 else 0 for route in routes
        ]

    def _held(self, row: int) -> list[str]:
        fleet, sends = self.lab.fleet, self.lab.sends
        kind = fleet.platform_of(row).kind
        if kind == "mailbox":
            return [mail.notification_id for mail in list_mails(fleet, sends, row)]
        if kind == "number":
            return [text.notification_id for text in list_texts(fleet, sends, row)]
        shown = list_shown(fleet, sends, self.lab.world.settings, row)
        return [message.notification_id for message in shown]


class TextEngine(Engine):
    """A lab that is compared by the text of its trace too."""

    def outcome(self) -> dict[str, object]:
        """Return everything that must be equal, the lines of the trace included."""
        return {**super().outcome(), "text": list(self.lab.world.trace.lines())}


class _NoRequests(MailRequests):
    """Asks for nothing on behalf of mailboxes: what leaves the world has tests of its own."""

    def _list_targets(self, *_mails: object) -> Iterator[NoReturn]:
        return iter(())


class CutEngine(TextEngine):
    """A lab whose advances are cut by keyed luck, and which is looked at in between."""

    def __init__(self, seed: int, settings: Mapping[str, object]) -> None:
        super().__init__(seed, settings)
        self._cuts = 0

    def advance(self, ms: int) -> None:
        """Let time pass in up to four parts."""
        end, start = self.now + ms, self.now
        for _ in range(self._cuts % 4):
            self._cuts += 1
            point = start + mix(self._cuts) % (ms + 1)
            if point > self.now:
                super().advance(point - self.now)
                Engine.outcome(self)
        self._cuts += 1
        super().advance(end - self.now)


TOKEN_COLUMNS = ("device", "key", "dead_at", "told_at")
ADDRESS_COLUMNS = ("device", "key")


def read_records(belief: Belief) -> list[list[int]]:
    """Return what the service believes of each subscription."""
    return _columns(belief.subscriptions, RECORDS)


def _columns(table: Table, names: Sequence[str]) -> list[list[int]]:
    columns = [table.live(name).tolist() for name in names]
    return [list(map(int, row)) for row in zip(*columns, strict=True)]


def _as_rows(rows: Sequence[int]) -> NDArray[np.int32]:
    return np.array(rows, np.int32)


def _facts(sent: FanOut) -> list[tuple[int, ...]]:
    columns = (
        sent.subscriptions,
        sent.fates,
        sent.receipts,
        sent.marks,
        sent.attempts,
        sent.shown_ms,
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _answer_facts(answers: Sequence[FanOut]) -> list[tuple[str, int, tuple[int, ...]]]:
    """Return what a carrier said by itself, to whom, and what became of it."""
    return sorted(
        (sent.name, row, facts)
        for sent in answers
        for row, facts in zip(sent.devices.tolist(), _facts(sent), strict=True)
    )
