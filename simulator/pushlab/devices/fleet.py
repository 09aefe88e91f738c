"""All devices of a world: their rows, their names, and the verbs that change them.

Each verb has one body that takes a batch of distinct rows; a test's single phone is a batch of
one. Verbs known in advance are planned as items (see `Fleet.plan`), so that a million-row send
need not stop for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.devices.addressed import MAILBOX, NUMBER
from pushlab.devices.android import ANDROID
from pushlab.devices.app_pushes import AppPushes
from pushlab.devices.columns import Devices, Permission
from pushlab.devices.delivery import Delivery
from pushlab.devices.firebase import Firebase
from pushlab.devices.further_tokens import FurtherTokens
from pushlab.devices.handset_columns import HandsetColumns
from pushlab.devices.hardware import Hardware
from pushlab.devices.ios import IOS
from pushlab.devices.live_activities import LiveActivities
from pushlab.devices.mail_verbs import MailVerbs
from pushlab.devices.needs import find_fitting
from pushlab.devices.number_verbs import NumberVerbs
from pushlab.devices.person_verbs import PersonVerbs
from pushlab.devices.platform import WITH_APP, tabulate
from pushlab.devices.sdk import Sdk
from pushlab.devices.verbs import AppVerbs
from pushlab.devices.web import CHROME, EDGE, FIREFOX, SAFARI
from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab.table import Chains
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pushlab.devices.platform import Kind, Platform
    from pushlab.fanout import FanOut, Sends
    from pushlab.gateway import AddressGateway, Gateway
    from pushlab.world.world import World

    Verb = Callable[[NDArray[np.int64], NDArray[np.int32]], None]

__all__ = ["BROWSERS", "PLATFORMS", "PLATFORM_NAMES", "Fleet"]

PLATFORMS: Mapping[str, Platform] = {
    "android": ANDROID,
    "ios": IOS,
    "web": CHROME,
    "firefox": FIREFOX,
    "safari": SAFARI,
    "edge": EDGE,
    "email": MAILBOX,
    "sms": NUMBER,
}
"""Every platform; browsers of the web stand under their own names."""
PLATFORM_NAMES: Final = tuple(dict.fromkeys(platform.name for platform in PLATFORMS.values()))
"""What people call them."""
BROWSERS: Final = tuple(platform.browser for platform in PLATFORMS.values() if platform.browser)


OF_HARDWARE: Final = frozenset({"go_offline", "go_online"})
"""Verbs that all apps on one piece of hardware do together."""


class Fleet(HandsetColumns):
    """The truth about every device; the `Handsets` that gateways see."""

    def __init__(self, world: World, sends: Sends) -> None:
        self._world = world
        self._sends = sends
        self.devices = Devices()
        self.hardware = Hardware(world, self.devices)
        self.topics: dict[int, str] = {}
        """Bundle ids of iOS apps, by the app's row, once somebody has named them."""
        self._by_channel: dict[int, Platform] = {
            int(platform.channel): platform
            for platform in PLATFORMS.values()
            if not platform.push_service
        }
        self.gateways: dict[Channel, Gateway] = {}
        """Set by the composition: the gateway of each platform."""
        self.address_gateways: dict[Channel, AddressGateway] = {}
        """Those of them whose addresses people choose."""
        self.lost = Chains(route=np.int32)
        """Tokens that each row held before: a gateway may still keep messages for them."""
        self._names: dict[int, str] = {}
        self._rows: dict[str, int] = {}
        self._members: list[tuple[int, int, str]] = []
        self.sdk = Sdk(world, self.devices, self._by_channel, self.name_of, self.external_id_of)
        self.sdk.token_of = self.token_of
        self.delivery = Delivery(world, sends, self.devices, self._by_channel, self)
        self.further = FurtherTokens(world, self.devices, self.lost)
        self.activities = LiveActivities(world, self.devices, self.further)
        self.firebase = Firebase(self.devices)
        self.delivery.app_pushes = AppPushes(
            world,
            sends,
            self.devices,
            self.activities,
            handsets=self,
            arrived=self.delivery.arrived,
        )
        self.sdk.let_talk = self._let_talk
        self._talkers: set[int] = set()
        """Members of populations whose SDK may have something to say; named devices may always."""
        self._verbs: dict[str, tuple[Verb, str]] = {}
        self._kinds: dict[str, BatchKind] = {}
        self._codes: list[str] = []
        """What stands in an item of a planned verb is its place here."""
        self._kinds_with: dict[str, tuple[Kind, ...]] = {}
        """Which kinds of device have a verb; the others of a population pass over it."""
        self._able: dict[tuple[Kind, ...], NDArray[np.bool_]] = {}
        self._quiet: set[str] = set()
        self._heard: set[str] = set()
        """Verbs that somebody listens to, so that they pass one by one."""
        """Verbs that make no SDK call, so that planned rows need not move to the lane."""
        AppVerbs(world, self)
        self.person_verbs = PersonVerbs(world, self)
        self.mail = MailVerbs(world, self, sends)
        self.numbers = NumberVerbs(world, self)
        self._item = world.schedule.register("verb", RANKS["verb"], self._run_planned)

    # -- handsets: what gateways may ask -------------------------------------------------------

    def hold(self, devices: NDArray[np.int32], routes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each device still has the app and this very token."""
        if len(devices) == 1 and self.devices.route[devices[0]] == routes[0]:
            return self.devices.installed[devices]
        same: NDArray[np.bool_] = self.devices.route[devices] == routes
        others = np.flatnonzero(~same)
        if len(others):
            same[others] = self.further.hold(devices[others], routes[others])
        return same & self.devices.installed[devices]

    def deliver(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Take messages over from a gateway, for devices of one kind."""
        self.delivery.deliver(instants, devices, what)
        if self.devices.platform[devices[0]] == MAILBOX.channel:
            self.mail.notice(instants, devices, what)

    def entry_kind(self, name: str, rank: int, outcomes: tuple[str, ...], cause: str) -> BatchKind:
        """Return the kind of trace entry *name* about (device, target), caused by *cause*."""

        def describe(row: int, what: int) -> tuple[str, dict[str, object]]:
            notification, target = self._sends.name_target(what)
            return target, {"notification": notification, "device": self.name_of(row)}

        def causes(_row: int, what: int, _outcome: int) -> tuple[str, ...]:
            return (f"{cause}:{self._sends.name_target(what)[1]}",)

        return BatchKind(
            name,
            rank,
            outcomes,
            lambda rows: self.devices.key[rows],
            self._sends.keys,
            describe,
            causes,
        )

    # -- names ---------------------------------------------------------------------------------

    def name_of(self, row: int) -> str:
        """Return the id of the device at *row*."""
        name = self._names.get(row)
        if name is not None:
            return name
        for first, count, prefix in self._members:
            if first <= row < first + count:
                return f"{prefix}-{row - first + 1:06d}"
        raise MisuseError(f"there is no device at row {row}")

    def find(self, name: str) -> int:
        """Return the row of the device called *name*; -1 when there is none."""
        row = self._rows.get(name)
        if row is not None:
            return row
        prefix, dash, digits = name.rpartition("-")
        if dash and digits.isdecimal() and f"{int(digits):06d}" == digits:
            for first, count, held in self._members:
                if held == prefix and 1 <= int(digits) <= count:
                    return first + int(digits) - 1
        return -1

    def named_rows(self) -> list[int]:
        """Return the rows of devices that were made one by one, in order of birth."""
        return list(self._names)

    def token_of(self, row: int) -> str | None:
        """Return the current token of the device at *row*, or None."""
        route = int(self.devices.route[row])
        if route < 0:
            return None
        return self.gateways[Channel(int(self.devices.platform[row]))].render_token(route)

    def external_id_of(self, row: int) -> str | None:
        """Return who is logged in on the device at *row*, or None."""
        if row in self.sdk.external_ids:
            return self.sdk.external_ids[row]
        # A member is known by its own name until its app is installed anew: its user has its key.
        if row in self._names or self.devices.user_key[row] != self.devices.key[row]:
            return None
        return self.name_of(row)

    def forget_app(self, rows: NDArray[np.int32]) -> None:
        """Lose what apps at *rows* had stored beside their SDK's records."""
        self.further.forget(rows)
        self.activities.forget(rows.tolist())
        self.firebase.forget(rows.tolist())

    def topic_of(self, row: int) -> str:
        """Return the topic of an iOS app: its bundle id."""
        return self.topic_of_app(int(self.devices.app[row]))

    def topic_of_app(self, app: int) -> str:
        """Return the bundle id of the app at row *app*, made up until somebody has named it."""
        return self.topics.get(app, f"test.pushlab.app{app}")

    def listen(self, row: int, listener: Callable[[FanOut, int], None]) -> None:
        """Call *listener* with each message that the device at *row* shows; it joins the lane."""
        self.delivery.listeners.setdefault(row, []).append(listener)
        self._world.schedule.mark_lane(np.array([row], np.int32))

    def platform_of(self, row: int) -> Platform:
        """Return the platform of the device at *row*."""
        if self.devices.push_service[row]:
            return EDGE
        return self._by_channel[int(self.devices.platform[row])]

    def tabulate(self, holds: Callable[[Platform], bool]) -> NDArray[np.bool_]:
        """Return, to be read by channel, whether *holds* is true of its platform."""
        return tabulate(self._by_channel, holds)

    # -- birth ---------------------------------------------------------------------------------

    def add(
        self, name: str, kind: Platform, app: int, *, fresh: bool, address: str | None = None
    ) -> int:
        """Add one device; a settled one has the app, the permission and a token already.

        A mailbox or a number has its *address* from the first; nothing is to be installed.
        """
        if self.find(name) >= 0:
            raise MisuseError(f"there is a device {name!r} already; give this one another `name=`")
        route = -1
        if not kind.has_app:
            assert address is not None, "a mailbox or number has an address"
            route = self.address_gateways[kind.channel].assign(len(self.devices), address)
            fresh = False
        rows = self.devices.add(
            1,
            key=self._world.ids.key("device", name),
            app=app,
            platform=kind.channel,
            installed=not fresh or kind.kind == "browser",
            installed_at=self._world.now,
            background_since=self._world.now,
            permission=Permission.NOT_ASKED if fresh else Permission.GRANTED,
            route=route,
        )
        row = int(rows[0])
        if kind.push_service:
            self.devices.own("push_service")[row] = kind.push_service
        self._names[row] = name
        self._rows[name] = row
        if kind is MAILBOX:
            # What its owner opens from habit may be asked for over HTTP, at its own instant.
            self._world.schedule.mark_lane(rows)
        if not fresh and kind.has_app:
            self.give_tokens(rows)
        return row

    def add_app(self, row: int, name: str, app: int, *, fresh: bool) -> int:
        """Add another app to the hardware of *row*; it is online and offline with the others."""
        newcomer = self.add(name, self.platform_of(row), app, fresh=fresh)
        self.hardware.join(row, newcomer)
        schedule = self._world.schedule
        for instant, code in schedule.list_waiting(self._item, row):
            if self._codes[code] in OF_HARDWARE:
                at, rows = np.array([instant], np.int64), np.array([newcomer], np.int32)
                schedule.put(self._item, at, rows, np.array([code], np.int64))
        return newcomer

    def add_members(self, prefix: str, counts: Mapping[str, int], app: int) -> NDArray[np.int32]:
        """Add many settled devices at once; platforms in the order of *counts*."""
        total = sum(counts.values())
        platforms = np.repeat(
            np.array([PLATFORMS[name].channel for name in counts], np.uint8),
            np.array(list(counts.values()), np.int64),
        )
        base = self._world.ids.key("population", prefix)
        rows = self.devices.add(
            total,
            key=self._world.ids.member_keys(base, 0, total),
            app=app,
            platform=platforms,
            installed=True,
            installed_at=self._world.now,
            background_since=self._world.now,
            permission=Permission.GRANTED,
        )
        services = np.repeat(
            np.array([PLATFORMS[name].push_service for name in counts], np.uint8),
            np.array(list(counts.values()), np.int64),
        )
        if np.count_nonzero(services):
            self.devices.own("push_service")[rows] = services
        self._members.append((int(rows[0]), total, prefix))
        self.give_tokens(rows)
        for channel, gateway in self.address_gateways.items():
            mine = rows[platforms == channel]
            if len(mine):
                first = int(mine[0] - rows[0]) + 1
                self.devices.route[mine] = gateway.assign_members(mine, prefix, first)
        return rows

    def give_tokens(self, rows: NDArray[np.int32]) -> None:
        """Let the gateways issue a token for each row; addresses stay what they are."""
        devices = self.devices
        platforms = devices.platform[rows]
        for channel, gateway in self.gateways.items():
            if channel in self.address_gateways:
                continue
            mine = rows[platforms == channel]
            if len(mine):
                devices.route[mine] = gateway.issue(mine, devices.generation[mine])
                devices.generation[mine] += 1

    # -- verbs ---------------------------------------------------------------------------------

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs that `do` and `plan` take."""
        return tuple(self._verbs)

    def do(self, verb: str, rows: NDArray[np.int32]) -> None:
        """Do *verb* now with those of *rows*, distinct, whom it fits; write an entry for each."""
        if verb in OF_HARDWARE:
            rows = self.hardware.expand(rows)
        rows = rows[self.have(verb, rows)]
        rows = rows[find_fitting(self.devices, verb, rows)]
        body, entry = self._verbs[verb]
        if verb not in self._quiet:
            self._let_talk(rows)
        instants = np.full(len(rows), self._world.now, np.int64)
        body(instants, rows)
        self._world.trace.record_batch(self._verb_kind(entry), instants, rows, instants)

    def plan(self, verb: str, rows: NDArray[np.int32], instants: NDArray[np.int64]) -> None:
        """Plan *verb* for *rows* at *instants*, shape (n,), as items of the schedule.

        Rows whose verb may make an SDK call move to the lane, since such a call is a barrier.
        """
        if verb not in self._verbs:
            raise MisuseError(f"no verb {verb!r} can be planned; there are {sorted(self._verbs)}")
        if verb in OF_HARDWARE:
            rows, instants = self.hardware.expand_plans(rows, instants)
        able = self.have(verb, rows)
        rows, instants = rows[able], instants[able]
        if (verb in self._quiet and verb not in self._heard) or verb == "go_online":
            talking = rows[np.isin(rows, sorted(self._names.keys() | self._talkers))]
        else:
            self._talkers.update(rows.tolist())
            talking = rows
        self._world.schedule.mark_lane(talking)
        code = self._codes.index(verb)
        self._world.schedule.put(self._item, instants, rows, np.full(len(rows), code, np.int64))

    def hear_verbs(self, *verbs: str) -> None:
        """Let somebody hear each of *verbs*, one by one: those that are planned join the lane."""
        self._heard.update(verbs)
        self._world.schedule.mark_lane(self._world.schedule.waiting_rows(self._item))

    def _let_talk(self, rows: NDArray[np.int32]) -> None:
        """Note that the SDKs of *rows* may have something to say from now on.

        A verb that was planned before may then make an SDK call, so the rows join the lane.
        """
        self._talkers.update(rows.tolist())
        planned = self._world.schedule.waiting_rows(self._item)
        if len(planned):
            self._world.schedule.mark_lane(rows[np.isin(rows, planned)])

    def _run_planned(
        self,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
    ) -> None:
        for code in np.unique(what).tolist():
            verb = self._codes[code]
            mine = np.flatnonzero(what == code)
            mine = mine[find_fitting(self.devices, verb, rows[mine])]
            if not len(mine):
                continue
            body, entry = self._verbs[verb]
            body(instants[mine], rows[mine])
            kind = self._verb_kind(entry)
            self._world.trace.record_batch(kind, instants[mine], rows[mine], instants[mine])

    def declare(
        self,
        verb: str,
        body: Verb,
        entry: str,
        *,
        is_quiet: bool = False,
        kinds: tuple[Kind, ...] = WITH_APP,
    ) -> None:
        """Add a verb that devices of *kinds* have; a quiet one makes no SDK call.

        *entry* is what the trace calls it.
        """
        self._verbs[verb] = (body, entry)
        self._codes.append(verb)
        self._kinds_with[verb] = kinds
        if is_quiet:
            self._quiet.add(verb)

    def kinds_with(self, verb: str) -> tuple[Kind, ...]:
        """Return the kinds of device that have *verb*."""
        return self._kinds_with[verb]

    def have(self, verb: str, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each of *rows* is of a kind that has *verb*."""
        kinds = self._kinds_with[verb]
        able = self._able.get(kinds)
        if able is None:
            able = self._able[kinds] = self.tabulate(lambda platform: platform.kind in kinds)
        has: NDArray[np.bool_] = able[self.devices.platform[rows]]
        return has

    def _verb_kind(self, name: str) -> BatchKind:
        """Return the kind of entry *name*; most labs never use most verbs, so it is made late."""
        kind = self._kinds.get(name)
        if kind is not None:
            return kind

        def describe(row: int, what: int) -> tuple[str, dict[str, object]]:
            device = self.name_of(row)
            return f"{device}@{what}", {"device": device}

        kind = self._kinds[name] = BatchKind(
            name,
            RANKS["verb"],
            ("",),
            lambda rows: self.devices.key[rows],
            lambda what: what.astype(np.uint64),
            describe,
            lambda _row, _what, _outcome: (),
        )
        return kind

    def connect(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Let gateways send what they keep, also for tokens that nobody holds any more.

        *instants* and *rows* have the shape (n,).
        """
        devices = self.devices
        routes, platforms, at = devices.route[rows], devices.platform[rows], instants
        if len(self.lost):
            owners, held = self.lost.read(rows)
            routes = np.concatenate([routes, held["route"]])
            platforms = np.concatenate([platforms, devices.platform[owners]])
            at = np.concatenate([at, np.repeat(at, self.lost.count(rows))])
        more, when = self.further.list_routes(rows, instants)
        if len(more):
            routes, at = np.concatenate([routes, more]), np.concatenate([at, when])
            platforms = np.concatenate([platforms, np.full(len(more), Channel.IOS, np.uint8)])
        for channel, gateway in self.gateways.items():
            mine = (platforms == channel) & (routes >= 0)
            if mine.any():
                gateway.connect(at[mine], routes[mine])

    def log_in(self, row: int, external_id: str | None) -> None:
        """Log a person in (or out, with None) on one device; the SDK tells it after a while."""
        self._let_talk(np.array([row], np.int32))
        self.sdk.log_in(row, external_id)
        self._world.trace.record(
            "PersonLoggedOut" if external_id is None else "PersonLoggedIn",
            self.name_of(row),
            {"device": self.name_of(row), "external_id": external_id},
        )
        self.sdk.enqueue(row, self._world.now)
