"""Browsers: Chrome, Firefox and Safari, at the site under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.devices.columns import Permission
from pushlab.gateway import Channel, Receipt
from pushlab_testing.reference.app_device import SHOWN, NaiveAppDevice
from pushlab_testing.reference.device import APP_VERBS

if TYPE_CHECKING:
    from pushlab_testing.reference.target import Target

__all__ = ["NaiveBrowser"]


class NaiveBrowser(NaiveAppDevice):
    """A browser with a profile of its own."""

    VERBS = tuple(verb for verb in APP_VERBS if verb not in {"force_stop", "clear_data"})

    @property
    def types(self) -> int:
        """The state of the subscription: opted out (-2) outranks no permission (0)."""
        if not self.opted_in:
            return -2
        return int(self.switch and self.permission == Permission.GRANTED)

    def tag_of(self, target: Target) -> str | None:
        """Return the topic; without one the app's id is the tag of all."""
        return target.content.topic or "the app's id"

    def confirms(self, target: Target, outcome: int) -> bool:
        """Whether a receipt sets out: for what was shown, and never from Safari."""
        if self.channel == Channel.SAFARI_WEB:
            return False
        if not self.dispatch.wants_receipts(target):
            target.receipt = Receipt.NOT_ASKED
            return False
        return outcome == SHOWN

    def draw_receipt_ms(self, target: Target) -> int:
        """Return some milliseconds below the bound."""
        below = max(self.common.settings.receipt_delay_web_s * 1000, 1)
        return self.common.luck.below("receipt delay", self.key, target.key, below)

    # -- verbs ---------------------------------------------------------------------------------

    @property
    def _may_subscribe(self) -> bool:
        return self.switch and self.permission == Permission.GRANTED

    def gets_token_when_opened(self) -> bool:
        """Whether the page subscribes again without a prompt."""
        return self._may_subscribe and self.opted_in and self.common.settings.web_auto_resubscribe

    def _drop(self) -> None:
        self.retire()
        self.route = -1

    def _clear_cookies(self) -> None:
        self._drop()
        self.installed_at = self.common.now
        self.sdk.forget()
        self.opted_in = True

    def _switch_on(self) -> None:
        self.permission = Permission.GRANTED
        super()._switch_on()

    def _switch_off(self) -> None:
        self._drop()
        super()._switch_off()

    def _opt_in(self) -> None:
        if self.route < 0 and self._may_subscribe:
            self.get_token()
        super()._opt_in()

    def _allow(self) -> None:
        self.permission = Permission.GRANTED
        if self.route < 0 and self.switch:
            self.get_token()
        self.sdk.enqueue()

    def _deny(self) -> None:
        self._drop()
        super()._deny()
