"""Phones: Android and iOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devices.arrivals import FATE_OF_ARRIVAL, Arrival
from pushlab.devices.columns import Permission, Process
from pushlab.gateway import Channel, Fate, Receipt
from pushlab_testing.reference.app_device import SHOWN, NaiveAppDevice
from pushlab_testing.reference.device import APP_VERBS

if TYPE_CHECKING:
    from pushlab_testing.reference.target import Target

__all__ = ["NaivePhone"]


class NaivePhone(NaiveAppDevice):
    """A phone with the app."""

    _held_back: Target | None = None
    """The background push for which the app is to be woken later."""
    _paid_at = 0
    """Until when its wakings are paid."""
    VERBS = tuple(verb for verb in APP_VERBS if verb != "clear_cookies")

    @property
    def is_android(self) -> bool:
        """Whether it is an Android phone."""
        return self.channel == Channel.ANDROID

    @property
    def receipt_waits_offline(self) -> bool:  # type: ignore[override]
        """Only Android's receipts wait for the network."""
        return self.is_android

    @property
    def is_stopped(self) -> bool:
        """Whether the system hands the app nothing."""
        return self.is_android and self.process == Process.STOPPED

    @property
    def types(self) -> int:
        """The state of the subscription as the SDK reports it."""
        if not self.opted_in:
            return -2
        if self.is_android:
            return int(self.switch and self.permission == Permission.GRANTED)
        if self.permission == Permission.NOT_ASKED:
            return -18
        if not self.switch:
            return 0
        return {Permission.GRANTED: 31, Permission.PROVISIONAL: 95}.get(self.permission, 0)

    def show(self, target: Target) -> None:
        """Take a message over; its number goes on the icon even if there is nothing to show."""
        if target.content.push_type and not self.is_android:
            self._wake(target)
            return
        super().show(target)
        if target.content.badge is None or self.is_android:
            return
        if self.switch and self.is_allowed:
            mode, count = target.content.badge
            self.badge = count if mode == "SetTo" else max(self.badge + count, 0)

    def _wake(self, target: Target) -> None:
        """Wake the app in the background, or hold the push back: three wakings come an hour."""
        now, outcome = self.common.now, Arrival.NOT_WOKEN
        if self.process != Process.STOPPED:
            may_at = now if self.process == Process.FOREGROUND else self._pay()
            outcome = Arrival.WOKEN if may_at <= now else Arrival.HELD_BACK
            if self._held_back is not None:
                self._held_back.fate = Fate.OVERTAKEN
            self._held_back = None
            if outcome == Arrival.HELD_BACK:
                self._held_back = target
                self.put(may_at, "receipt", target, self._wake_later)
        target.fate = Fate(int(FATE_OF_ARRIVAL[outcome]))
        target.shown_ms = now - target.sent_at
        self.common.write("MessageArrived", "arrival", self.key, target.key, outcome.value)

    def _pay(self) -> int:
        """Return when the app may be woken; now takes a waking from its budget."""
        most, now = self.common.settings.ios_background_per_hour, self.common.now
        if not most:
            return now
        step_ms = 3_600_000 // most
        paid_at = max(self._paid_at, now)
        may_at = paid_at - step_ms * (most - 1)
        if may_at <= now:
            self._paid_at = paid_at + step_ms
        return max(may_at, now)

    def _wake_later(self, target: Target) -> None:
        if self._held_back is not target:
            return
        self._held_back = None
        outcome, fate = 0, Fate.HANDED_OVER
        if not self.installed or self.installed_at > target.born:
            outcome, fate = 2, Fate.APP_GONE
        elif self.process == Process.STOPPED:
            outcome, fate = 1, Fate.NOT_WOKEN
        else:
            self._pay()
        target.fate, target.shown_ms = fate, self.common.now - target.sent_at
        self.common.write("AppWoken", "receipt", self.key, target.key, outcome)

    def confirms(self, target: Target, outcome: int) -> bool:
        """Whether a receipt sets out: from Android always, from iOS for what its extension sees."""
        if not self.dispatch.wants_receipts(target):
            target.receipt = Receipt.NOT_ASKED
            return False
        if self.is_android:
            return True
        if outcome == SHOWN and not self.has_extension:
            target.receipt = Receipt.NO_EXTENSION
        return outcome == SHOWN and self.has_extension

    def draw_receipt_ms(self, target: Target) -> int:
        """Return some whole seconds, the bound included."""
        settings = self.common.settings
        most_s = (
            settings.receipt_delay_android_s if self.is_android else settings.receipt_delay_ios_s
        )
        luck = self.common.luck
        return luck.below("receipt delay", self.key, target.key, most_s + 1) * 1000

    def gets_token_when_opened(self) -> bool:
        """Android fetches a token whatever the permission says."""
        return self.is_android or self.is_allowed

    def _clear_data(self) -> None:
        self.retire()
        self._uninstall()
        self._install()

    def _force_stop(self) -> None:
        self.process = Process.STOPPED
