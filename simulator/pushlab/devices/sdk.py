"""The app's SDK: what it tells the service, when, and what it does when an answer says no.

Mirrored from OneSignal's SDKs of generation 5 (sources of the Android, iOS and web SDKs): what
changed waits in a queue for some quiet seconds, goes out as one call a record, survives being
offline, and a 404 makes the SDK build its records anew. Operations touch state that rows share
(users, aliases), so each flush is a barrier.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Process
from pushlab.devices.profile import Profile
from pushlab.world.outbox import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from pushlab.devices.columns import Devices
    from pushlab.devices.platform import Platform
    from pushlab.devices.said import Said
    from pushlab.devices.service import Service
    from pushlab.world.world import World

__all__ = ["Sdk"]


class Sdk:
    """The SDKs of all devices, each with its own queue."""

    def __init__(
        self,
        world: World,
        devices: Devices,
        platforms: dict[int, Platform],
        name_of: Callable[[int], str],
        external_id_of: Callable[[int], str | None],
    ) -> None:
        self._world = world
        self._devices = devices
        self._platforms = platforms
        self.name_of = name_of
        self._external_id_of = external_id_of
        self.service: Service | None = None
        self.external_ids: dict[int, str | None] = {}
        """Who is logged in, for rows where that was ever said; None is a log-out."""
        self._sent_external_ids: dict[int, str | None] = {}
        self._waits: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._blocked: set[int] = set()
        self.opened_at: dict[int, int] = {}
        """When the app of a row last came to the front."""
        self.profile = Profile(world, devices, self)
        self.let_talk: Callable[[NDArray[np.int32]], None] = lambda _rows: None
        """Set by the fleet: called with rows whose SDK may have something to say from now on."""
        self.observers: list[str] = []
        """URLs to which the app on the device posts each change of its push subscription."""
        self.subscription_id: Callable[[int], str] = str
        self.token_of: Callable[[int], str | None] = lambda _row: None

    # -- settled devices -----------------------------------------------------------------------

    def settle(self, rows: NDArray[np.int32], app: int) -> None:
        """Register *rows* at once, as if their calls had been answered before now."""
        self._register(rows, app, [self._external_id_of(row) for row in rows.tolist()])

    def settle_members(self, rows: NDArray[np.int32], app: int, prefix: str) -> None:
        """Register a whole population at once; external ids are derived from *prefix*."""
        assert self.service is not None
        devices = self._devices
        types = self._types(rows)
        users, subscriptions = self.service.register_members(
            app,
            types=devices.platform[rows].astype(np.int8),
            routes=devices.route[rows],
            enabled=self._enabled(rows, types),
            notification_types=types,
            prefix=prefix,
            keys=devices.key[rows],
        )
        devices.user_key[rows] = users
        devices.subscription_key[rows] = subscriptions
        devices.sent_route[rows] = devices.route[rows]
        devices.sent_types[rows] = types
        for row in rows[users != devices.key[rows]].tolist():
            self.external_ids[row] = self.name_of(row)

    # -- the queue -----------------------------------------------------------------------------

    def enqueue(self, row: int, instant: int) -> None:
        """Note that something of *row* changed; it goes out after the SDK's quiet time."""
        platform = self._platforms[int(self._devices.platform[row])]
        if row in self._waits and not platform.restarts_wait:
            return
        # A number never comes twice: what waited before the app was removed finds another one.
        number = self._waits[row] = self._numbers[row] = self._numbers.get(row, 0) + 1
        self._world.schedule.plan(
            instant + platform.queue_delay_ms(self._world.settings),
            f"sdk {self.name_of(row)} {number}",
            lambda: self._flush(row, number),
        )

    def list_busy(self) -> AbstractSet[int]:
        """Return the rows whose SDK has something else to tell than what apps say of people."""
        return self._waits.keys() | self._blocked

    def quiet_ms(self, platform: int) -> int:
        """Return the quiet time of SDKs on *platform*, a `Channel`."""
        return self._platforms[platform].queue_delay_ms(self._world.settings)

    def log_in(self, row: int, external_id: str | None) -> None:
        """Note who is logged in; a member of a population was known by its own name so far."""
        before = self._external_id_of(row)
        if before != external_id:
            self.profile.end_turn(row, before)
        if row not in self._sent_external_ids:
            self._sent_external_ids[row] = before
        self.external_ids[row] = external_id

    def resume(self, row: int, instant: int) -> None:
        """Take the queue up again after the device was offline or the app stopped."""
        if self.profile.has_crowds:
            self.profile.resume(np.array([row], np.int32), np.array([instant], np.int64))
        if row in self._blocked:
            self._blocked.discard(row)
            self.enqueue(row, instant)

    def resume_all(self, rows: NDArray[np.int32], instants: NDArray[np.int64]) -> None:
        """Take the queues of *rows* up again, at *instants*; both have the shape (n,)."""
        if self.profile.has_crowds:
            self.profile.resume(rows, instants)
        if self._blocked:
            for row, instant in zip(rows.tolist(), instants.tolist(), strict=True):
                self.resume(row, instant)

    def forget(self, rows: NDArray[np.int32]) -> None:
        """Lose everything the SDK had stored (uninstall, cleared data)."""
        devices = self._devices
        devices.subscription_key[rows] = 0
        devices.user_key[rows] = 0
        devices.sent_route[rows] = -1
        devices.sent_types[rows] = 0
        devices.opted_in[rows] = True
        self.profile.forget(rows)
        known = self.external_ids.keys() | self._waits.keys() | self._blocked
        for row in sorted(known.intersection(rows.tolist())) if known else ():
            self.external_ids.pop(row, None)
            self._sent_external_ids.pop(row, None)
            self._waits.pop(row, None)
            self._blocked.discard(row)

    def start_session(self, row: int, instant: int) -> None:
        """Tell of a new session at once, if there is a record to tell it of.

        A 404 says that the record is gone; the SDK builds its records anew with the next flush.
        """
        key = self._devices.subscription_key[row]
        if key and self.service is not None and self._can_call(row) and self._counts(row):
            found = self.service.start_sessions(
                int(self._devices.app[row]),
                np.array([key], np.uint64),
                np.array([instant], np.int64),
            )
            if not found[0]:
                self._devices.subscription_key[row] = 0

    def leave(self, row: int, instant: int) -> None:
        """Note that the app went to the background; its session ends when it stays there.

        Android tells how long it was 30 s later (OneSignal-Android-SDK, sessions).
        """
        gap_ms = self._world.settings.session_gap_s * 1000
        self._world.schedule.plan(
            instant + gap_ms,
            f"session {self.name_of(row)}",
            lambda: self._end_session(row, instant),
        )

    def _end_session(self, row: int, left_at: int) -> None:
        devices = self._devices
        away = (
            devices.process[row] == Process.BACKGROUND and devices.background_since[row] == left_at
        )
        key = devices.subscription_key[row]
        seconds = (left_at - self.opened_at.get(row, left_at)) // 1000
        able = self._can_call(row) and self._counts(row)
        if away and key and seconds and self.service is not None and able:
            self.service.end_sessions(
                int(devices.app[row]),
                np.array([key], np.uint64),
                np.array([seconds], np.int64),
            )

    def _can_call(self, row: int) -> bool:
        devices = self._devices
        return bool(
            devices.online[row]
            and devices.installed[row]
            and devices.process[row] != Process.STOPPED
        )

    def _counts(self, row: int) -> bool:
        """Whether a session of *row* is told; a web page tells only those of subscribers."""
        platform = self._platforms[int(self._devices.platform[row])]
        return platform.sends_unsubscribed or bool(self._devices.sent_types[row] > 0)

    def _flush(self, row: int, number: int) -> None:
        """Send what changed; an operation that came meanwhile restarted the wait."""
        if self._waits.get(row) != number:
            return
        del self._waits[row]
        if not self._can_call(row):
            self._blocked.add(row)
            return
        before = self._told(row)
        for external_id, said in self.profile.take_past(row):
            self._flush_records(row, external_id)
            self.profile.tell(row, said)
        self._flush_records(row, self._external_id_of(row))
        said = self.profile.take(row)
        if not self.profile.tell(row, said):
            self.rebuild(row, said)
        self._observe(row, before)

    def rebuild(self, row: int, said: Sequence[Said]) -> None:
        """Build the records of *row* anew, since the service knows its user no more.

        Who is logged in stays so, and what was *said* of the user is told again then.
        """
        self.external_ids.setdefault(row, self._external_id_of(row))
        self._devices.subscription_key[row] = 0
        self._devices.user_key[row] = 0
        self.profile.put_back(row, said)
        self.enqueue(row, self._world.now)

    def _flush_records(self, row: int, external_id: str | None) -> None:
        """Tell of the subscription, and that *external_id* (None: nobody) is logged in."""
        rows = np.array([row], np.int32)
        app = int(self._devices.app[row])
        if not self._devices.subscription_key[row]:
            if self._has_to_register(row, external_id):
                self._register(rows, app, [external_id])
        else:
            self._flush_user(row, rows, app, external_id)
            self._flush_subscription(rows, app, external_id)

    def _has_to_register(self, row: int, external_id: str | None) -> bool:
        """Whether there is anything to tell of a device without a record.

        A web page tells nobody of visitors who neither subscribed nor logged in.
        """
        platform = self._platforms[int(self._devices.platform[row])]
        subscribed = bool(self._devices.route[row] >= 0)
        return platform.registers_bare or subscribed or external_id is not None

    def _flush_user(self, row: int, rows: NDArray[np.int32], app: int, wanted: str | None) -> None:
        """Log in or out: from anonymous by an alias, else by a new or another user."""
        assert self.service is not None
        sent = self._sent_external_ids.get(row)
        if wanted == sent or (row not in self.external_ids and row not in self._sent_external_ids):
            return
        if wanted is not None and sent is None:
            answer = self.service.identify(app, int(self._devices.user_key[row]), wanted)
            if answer == "ok":
                self._sent_external_ids[row] = wanted
                return
            if answer == "missing":
                self._devices.subscription_key[row] = 0
        self._register(rows, app, [wanted])

    def _flush_subscription(
        self, rows: NDArray[np.int32], app: int, external_id: str | None
    ) -> None:
        assert self.service is not None
        devices = self._devices
        types, routes = self._types(rows), self._routes(rows)
        changed = (types != devices.sent_types[rows]) | (routes != devices.sent_route[rows])
        rows, types, routes = rows[changed], types[changed], routes[changed]
        if not len(rows):
            return
        found = self.service.update_subscriptions(
            app,
            devices.subscription_key[rows],
            routes=routes,
            enabled=self._enabled(rows, types),
            notification_types=types,
        )
        devices.sent_types[rows] = types
        devices.sent_route[rows] = routes
        missing = rows[~found]
        if len(missing):
            devices.subscription_key[missing] = 0
            self._register(missing, app, [external_id])

    def _register(
        self, rows: NDArray[np.int32], app: int, external_ids: Sequence[str | None]
    ) -> None:
        assert self.service is not None
        devices = self._devices
        types, routes = self._types(rows), self._routes(rows)
        listed = rows.tolist()
        users, subscriptions = self.service.register(
            app,
            types=devices.platform[rows].astype(np.int8),
            routes=routes,
            enabled=self._enabled(rows, types),
            notification_types=types,
            subscription_keys=devices.subscription_key[rows],
            external_ids=external_ids,
            languages=[self.profile.language_of(row) for row in listed],
            timezones=[self.profile.timezone_of(row) for row in listed],
        )
        devices.user_key[rows] = users
        devices.subscription_key[rows] = subscriptions
        devices.sent_types[rows] = types
        devices.sent_route[rows] = routes
        for row, external_id in zip(listed, external_ids, strict=True):
            self._sent_external_ids[row] = external_id
            if external_id is not None:
                self.external_ids.setdefault(row, external_id)

    # -- what is told --------------------------------------------------------------------------

    def _types(self, rows: NDArray[np.int32]) -> NDArray[np.int16]:
        platforms = self._devices.platform[rows]
        types = np.zeros(len(rows), np.int16)
        for code, platform in self._platforms.items():
            mine = platforms == code
            if mine.any():
                types[mine] = platform.notification_types(self._devices, rows[mine])
        return types

    def _routes(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the token to tell of each row: a web page whose endpoint is lost keeps the last.

        So a new endpoint joins the same subscription (OneSignal-Website-SDK source).
        """
        routes = self._devices.route[rows]
        return np.where(routes < 0, self._devices.sent_route[rows], routes)

    def _enabled(self, rows: NDArray[np.int32], types: NDArray[np.int16]) -> NDArray[np.bool_]:
        return (types > 0) & (self._devices.route[rows] >= 0)

    def _told(self, row: int) -> dict[str, object]:
        key = int(self._devices.subscription_key[row])
        return {
            "id": self.subscription_id(key) if key else None,
            "token": self.token_of(int(row)) if self._devices.sent_route[row] >= 0 else None,
            "optedIn": bool(self._devices.sent_types[row] > 0),
        }

    def _observe(self, row: int, before: dict[str, object]) -> None:
        """Post a change of the subscription to the app's own server, as an observer would."""
        current = self._told(row)
        if not self.observers or current == before:
            return
        name = self.name_of(row)
        body = json.dumps(
            {
                "event": "subscription.changed",
                "device": name,
                "externalId": self._external_id_of(row),
                "previous": before,
                "current": current,
            }
        ).encode()
        for url in self.observers:
            self._world.outbox.put(
                Post(
                    name=f"subscription {name}",
                    url=url,
                    at=self._world.now,
                    purpose="subscription observer",
                    body=body,
                    timeout_s=float(self._world.settings.posts_timeout_s),
                )
            )
