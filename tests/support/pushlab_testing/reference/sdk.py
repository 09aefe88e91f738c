"""The SDK of one device: one queue, one call at a time, and what the app says of its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Process
from pushlab.devices.said import join_said
from pushlab.gateway import WEB_CHANNELS, Channel

if TYPE_CHECKING:
    from pushlab.devices.said import Said
    from pushlab_fakes.onesignal.sdk import SdkService
    from pushlab_testing.reference.device import NaiveDevice
    from pushlab_testing.reference.target import Common

__all__ = ["NaiveSdk"]


class NaiveSdk:
    """What one SDK stored and what waits in its queue."""

    def __init__(self, common: Common, device: NaiveDevice, service: SdkService, app: int) -> None:
        self._common = common
        self._device = device
        self._service = service
        self._app = app
        self.subscription_key = 0
        self.user_key = 0
        self.sent_route = -1
        self.sent_types = 0
        self.external_id: str | None = None
        """Who is logged in; a member of a crowd is known by its own name at first."""
        self.sent_external_id: str | None = None
        self.opened_at: int | None = None
        self.language: str | None = None
        self.timezone: str | None = None
        """What the system is set to; it outlives the app."""
        self._said: list[Said] = []
        """Of the user who is current."""
        self._past: list[tuple[str | None, list[Said]]] = []
        """Of users from before, oldest first."""
        self._waits: int | None = None
        self._number = 0
        self._is_blocked = False

    @property
    def _is_web(self) -> bool:
        return self._device.channel in WEB_CHANNELS

    def forget(self) -> None:
        """Lose everything with the app."""
        self.subscription_key = self.user_key = 0
        self.sent_route, self.sent_types = -1, 0
        self.external_id = self.sent_external_id = self.language = None
        self._said, self._past = [], []
        self._waits = None
        self._is_blocked = False

    def log_in(self, external_id: str | None) -> None:
        """Let somebody else be current; what was said so far is of the one before."""
        if external_id != self.external_id and self._said:
            self._past.append((self.external_id, self._said))
            self._said = []
        self.external_id = external_id
        self.enqueue()

    def say(self, said: Said) -> None:
        """Keep what was said for the next call."""
        self._said.append(said)
        self.enqueue()

    # -- the queue -----------------------------------------------------------------------------

    @property
    def _quiet_ms(self) -> int:
        settings = self._common.settings
        if self._is_web:
            return settings.sdk_queue_delay_web_ms
        if self._device.channel == Channel.ANDROID:
            return settings.sdk_queue_delay_android_ms
        return settings.sdk_queue_delay_ios_ms

    def enqueue(self) -> None:
        """Wait for the quiet time, anew on Android."""
        if self._waits is not None and self._device.channel != Channel.ANDROID:
            return
        self._number += 1
        number = self._waits = self._number
        self._common.heap.plan(
            self._common.now + self._quiet_ms,
            f"sdk {self._device.name} {number}",
            lambda: self._flush(number),
        )

    def resume(self) -> None:
        """Take the queue up again."""
        if self._is_blocked:
            self._is_blocked = False
            self.enqueue()

    @property
    def _can_call(self) -> bool:
        device = self._device
        return device.online and device.installed and device.process != Process.STOPPED

    def _flush(self, number: int) -> None:
        if self._waits != number:
            return
        self._waits = None
        if not self._can_call:
            self._is_blocked = True
            return
        past, self._past = self._past, []
        for external_id, said in past:
            self._tell_records(external_id)
            self._tell_said(said)
        self._tell_records(self.external_id)
        if not self.user_key:
            return
        said, self._said = self._said, []
        if not self._tell_said(said):
            self.subscription_key = self.user_key = 0
            self._said = said
            self.enqueue()

    # -- records -------------------------------------------------------------------------------

    def _tell_records(self, external_id: str | None) -> None:
        if self.subscription_key:
            self._tell_user(external_id)
            self._tell_subscription(external_id)
        elif not self._is_web or self._device.route >= 0 or external_id is not None:
            # A page tells of nobody who neither subscribed nor logged in.
            self.register(external_id)

    def _tell_user(self, wanted: str | None) -> None:
        sent = self.sent_external_id
        if wanted == sent:
            return
        if wanted is not None and sent is None:
            answer = self._service.identify(self._app, self.user_key, wanted)
            if answer == "ok":
                self.sent_external_id = wanted
                return
            if answer == "missing":
                self.subscription_key = 0
        self.register(wanted)

    @property
    def _told_route(self) -> int:
        """The token that is told: a page without an endpoint keeps the last one."""
        if self._device.route < 0:
            return self.sent_route
        return self._device.route

    @property
    def _is_enabled(self) -> bool:
        return self._device.types > 0 and self._device.route >= 0

    def _tell_subscription(self, external_id: str | None) -> None:
        types, route = self._device.types, self._told_route
        if types == self.sent_types and route == self.sent_route:
            return
        found = self._service.update_subscriptions(
            self._app,
            np.array([self.subscription_key], np.uint64),
            routes=np.array([route], np.int32),
            enabled=np.array([self._is_enabled]),
            notification_types=np.array([types], np.int16),
        )
        self.sent_types, self.sent_route = types, route
        if not found[0]:
            self.subscription_key = 0
            self.register(external_id)

    def register(self, external_id: str | None) -> None:
        """Build the records anew, or find them."""
        types, route = self._device.types, self._told_route
        users, subscriptions = self._service.register(
            self._app,
            types=np.array([self._device.channel], np.int8),
            routes=np.array([route], np.int32),
            enabled=np.array([self._is_enabled]),
            notification_types=np.array([types], np.int16),
            subscription_keys=np.array([self.subscription_key], np.uint64),
            external_ids=[external_id],
            languages=[self.language],
            timezones=[self.timezone],
        )
        self.user_key, self.subscription_key = int(users[0]), int(subscriptions[0])
        self.sent_types, self.sent_route = types, route
        self.sent_external_id = external_id

    # -- what the app says of its user ---------------------------------------------------------

    def _tell_said(self, said: list[Said]) -> bool:
        """Make the calls for what was said; False when the user is gone."""
        if not said or not self.user_key:
            return True
        users = np.array([self.user_key], np.uint64)
        body = join_said(said)
        if body:
            keys = np.array([self.subscription_key], np.uint64)
            if not self._service.update_users(self._app, users, keys, **body)[0]:
                return False
        for each in said:
            if each.address is not None:
                channel, address, is_added = each.address
                call = self._service.add_addresses if is_added else self._service.remove_addresses
                call(self._app, users, int(channel), [address])
        return True

    # -- sessions ------------------------------------------------------------------------------

    @property
    def _counts(self) -> bool:
        """Whether sessions are told; a page tells only those of subscribers."""
        return not self._is_web or self.sent_types > 0

    def start_session(self) -> None:
        """Tell of a new session."""
        if self.subscription_key and self._can_call and self._counts:
            found = self._service.start_sessions(
                self._app,
                np.array([self.subscription_key], np.uint64),
                np.array([self._common.now], np.int64),
            )
            if not found[0]:
                self.subscription_key = 0

    def leave(self) -> None:
        """Tell how long the session was, unless the app is opened again."""
        left_at = self._common.now
        self._common.heap.plan(
            left_at + self._common.settings.session_gap_s * 1000,
            f"session {self._device.name}",
            lambda: self._end_session(left_at),
        )

    def _end_session(self, left_at: int) -> None:
        device = self._device
        away = device.process == Process.BACKGROUND and device.background_since == left_at
        opened_at = left_at if self.opened_at is None else self.opened_at
        seconds = (left_at - opened_at) // 1000
        if away and self.subscription_key and seconds and self._can_call and self._counts:
            self._service.end_sessions(
                self._app,
                np.array([self.subscription_key], np.uint64),
                np.array([seconds], np.int64),
            )
