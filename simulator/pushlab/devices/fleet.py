"""All devices of a world: their rows, their names, and the verbs that change them.

Each verb has one body that takes a batch of distinct rows; a test's single phone is a batch of
one. Verbs known in advance are planned as items (see `Fleet.plan`), so that a million-row send
need not stop for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.android import ANDROID
from pushlab.devices.columns import Devices, Permission, Process
from pushlab.devices.delivery import Delivery
from pushlab.devices.ios import IOS
from pushlab.devices.sdk import Sdk
from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pushlab.devices.platform import Platform
    from pushlab.gateway import FanOut, Gateway, Sends
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

    Verb = Callable[[NDArray[np.int64], NDArray[np.int32]], None]

__all__ = ["PLATFORMS", "Fleet"]

PLATFORMS: Mapping[str, Platform] = {"android": ANDROID, "ios": IOS}

QUIET_VERBS = ("go_offline", "switch_off", "switch_on", "uninstall", "force_stop")
"""Verbs that make no SDK call, so that planned rows need not move to the lane."""


class Fleet:
    """The truth about every device; the `Handsets` that gateways see."""

    def __init__(self, world: World, sends: Sends) -> None:
        self._world = world
        self._sends = sends
        self.devices = Devices()
        self._by_channel: dict[int, Platform] = {
            int(platform.channel): platform for platform in PLATFORMS.values()
        }
        self.gateways: dict[Channel, Gateway] = {}
        """Set by the composition: the gateway of each platform."""
        self._names: dict[int, str] = {}
        self._rows: dict[str, int] = {}
        self._members: list[tuple[int, int, str]] = []
        self.sdk = Sdk(world, self.devices, self._by_channel, self.name_of, self.external_id_of)
        self.sdk.token_of = self.token_of
        self.delivery = Delivery(world, sends, self.devices, self._by_channel, self)
        self.deliver = self.delivery.deliver
        self._talkers: set[int] = set()
        """Members of populations whose SDK may have something to say; named devices may always."""
        self._verbs: dict[str, tuple[Verb, BatchKind]] = {}
        self._declare_verbs()
        self._codes = list(self._verbs)
        """What stands in an item of a planned verb is its place here."""
        self._item = world.schedule.register("verb", RANKS["verb"], self._run_planned)

    # -- handsets: what gateways may ask -------------------------------------------------------

    @property
    def online(self) -> NDArray[np.bool_]:
        """Which devices are online."""
        return self.devices.online

    @property
    def key(self) -> NDArray[np.uint64]:
        """Content keys."""
        return self.devices.key

    @property
    def offline_since(self) -> NDArray[np.int64]:
        """Since when, for devices that are offline."""
        return self.devices.offline_since

    def hold(self, devices: NDArray[np.int32], routes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each device still has the app and this very token."""
        same: NDArray[np.bool_] = self.devices.route[devices] == routes
        return same & self.devices.installed[devices]

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

    def topic_of(self, row: int) -> str:
        """Return the topic of an iOS app: its bundle id."""
        return f"test.pushlab.app{int(self.devices.app[row])}"

    def listen(self, row: int, listener: Callable[[FanOut, int], None]) -> None:
        """Call *listener* with each message that the device at *row* shows; it joins the lane."""
        self.delivery.listeners.setdefault(row, []).append(listener)
        self._world.schedule.mark_lane(np.array([row], np.int32))

    def platform_of(self, row: int) -> Platform:
        """Return the platform of the device at *row*."""
        return self._by_channel[int(self.devices.platform[row])]

    # -- birth ---------------------------------------------------------------------------------

    def add(self, name: str, platform: str, app: int, *, fresh: bool) -> int:
        """Add one device; a settled one has the app, the permission and a token already."""
        if self.find(name) >= 0:
            raise MisuseError(f"there is a device {name!r} already; give this one another `name=`")
        kind = PLATFORMS[platform]
        rows = self.devices.add(
            1,
            key=self._world.ids.key("device", name),
            app=app,
            platform=kind.channel,
            installed=not fresh,
            installed_at=self._world.now,
            background_since=self._world.now,
            permission=Permission.NOT_ASKED if fresh else Permission.GRANTED,
        )
        row = int(rows[0])
        self._names[row] = name
        self._rows[name] = row
        if not fresh:
            self.give_tokens(rows)
        return row

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
        self._members.append((int(rows[0]), total, prefix))
        self.give_tokens(rows)
        return rows

    def give_tokens(self, rows: NDArray[np.int32]) -> None:
        """Let the gateways issue a token for each row."""
        devices = self.devices
        platforms = devices.platform[rows]
        for channel, gateway in self.gateways.items():
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
        """Do *verb* now with *rows*, which are distinct, and write an entry for each."""
        body, kind = self._verbs[verb]
        if verb not in QUIET_VERBS:
            self._let_talk(rows)
        instants = np.full(len(rows), self._world.now, np.int64)
        body(instants, rows)
        self._world.trace.record_batch(kind, instants, rows, instants)

    def plan(self, verb: str, rows: NDArray[np.int32], instants: NDArray[np.int64]) -> None:
        """Plan *verb* for *rows* at *instants*, shape (n,), as items of the schedule.

        Rows whose verb may make an SDK call move to the lane, since such a call is a barrier.
        """
        if verb not in self._verbs:
            raise MisuseError(f"no verb {verb!r} can be planned; there are {sorted(self._verbs)}")
        if verb in QUIET_VERBS or verb == "go_online":
            talking = rows[np.isin(rows, sorted(self._names.keys() | self._talkers))]
        else:
            self._talkers.update(rows.tolist())
            talking = rows
        self._world.schedule.mark_lane(talking)
        code = self._codes.index(verb)
        self._world.schedule.put(self._item, instants, rows, np.full(len(rows), code, np.int64))

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
            mine = what == code
            body, kind = self._verbs[self._codes[code]]
            body(instants[mine], rows[mine])
            self._world.trace.record_batch(kind, instants[mine], rows[mine], instants[mine])

    def _declare_verbs(self) -> None:
        entries: dict[str, tuple[Verb, str]] = {
            "install": (self._install, "AppInstalled"),
            "open_app": (self._open_app, "AppOpened"),
            "close_app": (self._close_app, "AppClosed"),
            "force_stop": (self._force_stop, "AppForceStopped"),
            "uninstall": (self._uninstall, "AppUninstalled"),
            "clear_data": (self._clear_data, "AppDataCleared"),
            "go_offline": (self._go_offline, "DeviceWentOffline"),
            "go_online": (self._go_online, "DeviceCameOnline"),
            "rotate_token": (self._rotate_token, "TokenRotated"),
            "switch_on": (self._switch_on, "NotificationsSwitchedOn"),
            "switch_off": (self._switch_off, "NotificationsSwitchedOff"),
            "opt_in": (self._opt_in, "SdkOptedIn"),
            "opt_out": (self._opt_out, "SdkOptedOut"),
            "allow": (self._allow, "PermissionGranted"),
            "deny": (self._deny, "PermissionDenied"),
        }
        for verb, (body, entry) in entries.items():
            self._verbs[verb] = (body, self._verb_kind(entry))

    def _verb_kind(self, name: str) -> BatchKind:
        def describe(row: int, what: int) -> tuple[str, dict[str, object]]:
            device = self.name_of(row)
            return f"{device}@{what}", {"device": device}

        return BatchKind(
            name,
            RANKS["verb"],
            ("",),
            lambda rows: self.devices.key[rows],
            lambda what: what.astype(np.uint64),
            describe,
            lambda _row, _what, _outcome: (),
        )

    def _install(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self.devices
        devices.installed[rows] = True
        devices.installed_at[rows] = instants
        devices.process[rows] = Process.CLOSED.value
        devices.permission[rows] = Permission.NOT_ASKED.value
        devices.switch[rows] = True
        devices.badge[rows] = 0

    def _uninstall(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Remove the app in silence: neither the service nor a gateway is told."""
        del instants
        devices = self.devices
        devices.installed[rows] = False
        devices.process[rows] = Process.CLOSED.value
        devices.route[rows] = -1
        self.sdk.forget(rows)

    def _clear_data(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Like a new install, but the system tells the gateway that the token is void."""
        self._retire(instants, rows)
        self._uninstall(instants, rows)
        self._install(instants, rows)

    def _go_offline(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        leaving = self.devices.online[rows]
        self.devices.own("offline_since")[rows[leaving]] = instants[leaving]
        self.devices.online[rows] = False

    def _go_online(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self.devices
        devices.online[rows] = True
        self.delivery.reconnect(instants, rows)
        routes, platforms = devices.route[rows], devices.platform[rows]
        for channel, gateway in self.gateways.items():
            mine = (platforms == channel) & (routes >= 0)
            if mine.any():
                gateway.connect(instants[mine], routes[mine])
        self.sdk.resume_all(rows, instants)

    def _open_app(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Bring the app to the front: perhaps a new session; the SDK looks what has changed."""
        devices = self.devices
        settings = self._world.settings
        for row, instant in self._each(rows, instants):
            platform = self.platform_of(row)
            before = Process(int(devices.process[row]))
            devices.process[row] = Process.FOREGROUND
            if before != Process.FOREGROUND:
                self.sdk.opened_at[row] = instant
            devices.badge[row] = 0
            if devices.route[row] < 0 and not (
                platform.token_needs_permission
                and devices.permission[row] not in {Permission.GRANTED, Permission.PROVISIONAL}
            ):
                self.give_tokens(np.array([row], np.int32))
            away_s = (instant - int(devices.background_since[row])) // 1000
            cold = before in {Process.CLOSED, Process.STOPPED}
            if cold or (before == Process.BACKGROUND and away_s >= settings.session_gap_s):
                self.sdk.start_session(row, instant)
            self.sdk.resume(row, instant)
            self.sdk.enqueue(row, instant)

    def _close_app(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self.devices
        open_now = devices.process[rows] == Process.FOREGROUND.value
        devices.process[rows[open_now]] = Process.BACKGROUND.value
        devices.background_since[rows[open_now]] = instants[open_now]
        for row, instant in self._each(rows[open_now], instants[open_now]):
            self.sdk.leave(row, instant)

    def _force_stop(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self.devices.process[rows] = Process.STOPPED.value

    def _rotate_token(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Get a new token; the service hears of it when the app is next opened."""
        self._retire(instants, rows)
        self.give_tokens(rows)

    def _retire(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self.devices
        routes, platforms = devices.route[rows], devices.platform[rows]
        for channel, gateway in self.gateways.items():
            mine = (platforms == channel) & (routes >= 0)
            if mine.any():
                gateway.retire(instants[mine], routes[mine])

    def _switch_on(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self.devices.switch[rows] = True
        self._notice(instants, rows)

    def _switch_off(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self.devices.switch[rows] = False
        self._notice(instants, rows)

    def _notice(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Tell the SDK of a system switch; it notices only while the app is in use."""
        in_use = self.devices.process[rows] == Process.FOREGROUND.value
        self._enqueue(instants[in_use], rows[in_use])

    def _opt_in(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self.devices.opted_in[rows] = True
        self._enqueue(instants, rows)

    def _opt_out(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self.devices.opted_in[rows] = False
        self._enqueue(instants, rows)

    def _allow(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self.devices.permission[rows] = Permission.GRANTED.value
        bare = rows[self.devices.route[rows] < 0]
        if len(bare):
            self.give_tokens(bare)
        self._enqueue(instants, rows)

    def _deny(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self.devices.permission[rows] = Permission.DENIED.value
        self._enqueue(instants, rows)

    def _enqueue(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        for row, instant in self._each(rows, instants):
            self.sdk.enqueue(row, instant)

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

    @staticmethod
    def _each(rows: NDArray[np.int32], instants: NDArray[np.int64]) -> zip[tuple[int, Instant]]:
        return zip(rows.tolist(), instants.tolist(), strict=True)
