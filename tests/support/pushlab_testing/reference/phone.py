"""Phones: Android and iOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devices.columns import Permission, Process
from pushlab.gateway import Channel, Receipt
from pushlab_testing.reference.app_device import SHOWN, NaiveAppDevice
from pushlab_testing.reference.device import APP_VERBS

if TYPE_CHECKING:
    from pushlab_testing.reference.target import Target

__all__ = ["NaivePhone"]


class NaivePhone(NaiveAppDevice):
    """A phone with the app."""

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
        super().show(target)
        if target.content.badge is None or self.is_android:
            return
        if self.switch and self.is_allowed:
            mode, count = target.content.badge
            self.badge = count if mode == "SetTo" else max(self.badge + count, 0)

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
