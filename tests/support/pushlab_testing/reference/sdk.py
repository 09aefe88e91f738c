"""The SDK of one phone: one queue, one call at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Permission, Process

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.sdk import SdkService
    from pushlab_testing.reference.phone import Phone
    from pushlab_testing.reference.target import Common

__all__ = ["NaiveSdk"]


class NaiveSdk:
    """What one SDK stored and what waits in its queue."""

    def __init__(self, common: Common, phone: Phone, service: SdkService, app: int) -> None:
        self._common = common
        self._phone = phone
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
        self._waits: int | None = None
        self._number = 0
        self._is_blocked = False

    def forget(self) -> None:
        """Lose everything with the app."""
        self.subscription_key = self.user_key = 0
        self.sent_route, self.sent_types = -1, 0
        self.external_id = self.sent_external_id = None
        self._waits = None
        self._is_blocked = False

    # -- the queue -----------------------------------------------------------------------------

    def enqueue(self) -> None:
        """Wait for the quiet time, anew on Android."""
        is_android, settings = self._phone.is_android, self._common.settings
        if self._waits is not None and not is_android:
            return
        self._number += 1
        number = self._waits = self._number
        delay = (
            settings.sdk_queue_delay_android_ms if is_android else settings.sdk_queue_delay_ios_ms
        )
        self._common.heap.plan(
            self._common.now + delay,
            f"sdk {self._phone.name} {number}",
            lambda: self._flush(number),
        )

    def resume(self) -> None:
        """Take the queue up again."""
        if self._is_blocked:
            self._is_blocked = False
            self.enqueue()

    @property
    def _can_call(self) -> bool:
        phone = self._phone
        return phone.online and phone.installed and phone.process != Process.STOPPED

    def _flush(self, number: int) -> None:
        if self._waits != number:
            return
        self._waits = None
        if not self._can_call:
            self._is_blocked = True
        elif not self.subscription_key:
            self.register()
        else:
            self._tell_user()
            self._tell_subscription()

    def _tell_user(self) -> None:
        wanted, sent = self.external_id, self.sent_external_id
        if wanted == sent:
            return
        if wanted is not None and sent is None:
            answer = self._service.identify(self._app, self.user_key, wanted)
            if answer == "ok":
                self.sent_external_id = wanted
                return
            if answer == "missing":
                self.subscription_key = 0
        self.register()

    def _tell_subscription(self) -> None:
        types, route = self.types, self._phone.route
        if types == self.sent_types and route == self.sent_route:
            return
        found = self._service.update_subscriptions(
            self._app,
            np.array([self.subscription_key], np.uint64),
            routes=np.array([route], np.int32),
            enabled=np.array([types > 0 and route >= 0]),
            notification_types=np.array([types], np.int16),
        )
        self.sent_types, self.sent_route = types, route
        if not found[0]:
            self.subscription_key = 0
            self.register()

    def register(self) -> None:
        """Build the records anew, or find them."""
        types, route, who = self.types, self._phone.route, self.external_id
        users, subscriptions = self._service.register(
            self._app,
            types=np.array([self._phone.channel], np.int8),
            routes=np.array([route], np.int32),
            enabled=np.array([types > 0 and route >= 0]),
            notification_types=np.array([types], np.int16),
            subscription_keys=np.array([self.subscription_key], np.uint64),
            external_ids=[who],
            languages=[None],
            timezones=[None],
        )
        self.user_key, self.subscription_key = int(users[0]), int(subscriptions[0])
        self.sent_types, self.sent_route, self.sent_external_id = types, route, who

    @property
    def types(self) -> int:
        """The state of the subscription as the SDK reports it."""
        phone = self._phone
        if not phone.opted_in:
            return -2
        if phone.is_android:
            return int(phone.switch and phone.permission == Permission.GRANTED)
        if phone.permission == Permission.NOT_ASKED:
            return -18
        if not phone.switch:
            return 0
        return {Permission.GRANTED: 31, Permission.PROVISIONAL: 95}.get(phone.permission, 0)

    # -- sessions ------------------------------------------------------------------------------

    def start_session(self) -> None:
        """Tell of a new session."""
        if self.subscription_key and self._can_call:
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
            f"session {self._phone.name}",
            lambda: self._end_session(left_at),
        )

    def _end_session(self, left_at: int) -> None:
        phone = self._phone
        away = phone.process == Process.BACKGROUND and phone.background_since == left_at
        opened_at = left_at if self.opened_at is None else self.opened_at
        seconds = (left_at - opened_at) // 1000
        if away and self.subscription_key and seconds and self._can_call:
            self._service.end_sessions(
                self._app,
                np.array([self.subscription_key], np.uint64),
                np.array([seconds], np.int64),
            )
