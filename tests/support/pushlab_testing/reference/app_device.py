"""What phones and browsers have in common: tray, receipts, taps, an SDK; the SDK is in `sdk`."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

from pushlab.devices.columns import Permission, Process
from pushlab.gateway import Fate, Mark, Receipt
from pushlab_testing.reference.device import NaiveDevice

if TYPE_CHECKING:
    from pushlab_testing.reference.target import Target

__all__ = ["NaiveAppDevice"]

SHOWN, OFF, SILENT, STOPPED = range(4)
COUNTED, WAITS, LOST_OFFLINE, LOST_GONE, LOST_STOPPED = range(5)
RECEIPTS = (
    Receipt.COUNTED,
    Receipt.OFFLINE,
    Receipt.LOST_OFFLINE,
    Receipt.LOST_APP_GONE,
    Receipt.LOST_APP_STOPPED,
)


class NaiveAppDevice(NaiveDevice):
    """A device with an app or a site on it; the hooks say what differs."""

    receipt_waits_offline = False

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._receipts_waiting: list[Target] = []
        self._collapsible: dict[str, Target] = {}

    # -- what differs --------------------------------------------------------------------------

    @property
    def is_stopped(self) -> bool:
        """Whether the system hands the app nothing."""
        return False

    def tag_of(self, target: Target) -> str | None:
        """Return the name under which a later message takes its place, if it has one."""
        return target.content.collapse_id

    @abstractmethod
    def draw_receipt_ms(self, target: Target) -> int:
        """Return how long the receipt waits."""

    @abstractmethod
    def confirms(self, target: Target, outcome: int) -> bool:
        """Whether a receipt sets out; notes why not, where the sender can know."""

    def get_token(self) -> None:
        """Take the next token."""
        self.route = self.gateway.issue(self)
        self.generation += 1

    # -- arrival -------------------------------------------------------------------------------

    @property
    def is_allowed(self) -> bool:
        """Whether the person said yes to notifications."""
        return self.permission in {Permission.GRANTED, Permission.PROVISIONAL}

    def show(self, target: Target) -> None:
        """Take a message over from the gateway."""
        outcome = SHOWN if self.switch and self.is_allowed else OFF
        if not target.content.is_visible:
            outcome = SILENT
        if self.is_stopped:
            outcome = STOPPED
        fates = {SHOWN: Fate.SHOWN, STOPPED: Fate.APP_STOPPED}
        target.fate = fates.get(outcome, Fate.NOT_SHOWN)
        target.shown_ms = self.common.now - target.sent_at
        self.common.write("MessageArrived", "arrival", self.key, target.key, outcome)
        if outcome == SHOWN:
            self._display(target)
        if outcome != STOPPED:
            self._plan_receipt(target, outcome)
        if outcome == SHOWN:
            self._plan_tap(target)
            for number, listener in enumerate(self.listeners):
                name = f"listener {self.dispatch.name_of(target)} {number}"
                self.common.heap.plan(self.common.now, name, partial(listener, target))

    def _display(self, target: Target) -> None:
        tag = self.tag_of(target)
        if tag:
            older = self._collapsible.get(tag)
            if older is not None and not older.marks:
                older.marks |= Mark.REPLACED
            self._collapsible[tag] = target

    def _plan_receipt(self, target: Target, outcome: int) -> None:
        if self.confirms(target, outcome):
            delay_ms = self.draw_receipt_ms(target)
            target.receipt = Receipt.DELAYED
            self.put(self.common.now + delay_ms, "receipt", target, self._send_receipt)

    # -- receipts and taps ---------------------------------------------------------------------

    def _send_receipt(self, target: Target) -> None:
        outcome = COUNTED
        if not self.online:
            outcome = WAITS if self.receipt_waits_offline else LOST_OFFLINE
        if self.is_stopped:
            outcome = LOST_STOPPED
        if not self.installed or self.installed_at > target.born:
            outcome = LOST_GONE
        target.receipt = RECEIPTS[outcome]
        if outcome == COUNTED:
            self.dispatch.received(target)
        if outcome == WAITS:
            self._receipts_waiting.append(target)
        self.common.write("ReceiptSent", "receipt", self.key, target.key, outcome)

    def _plan_tap(self, target: Target) -> None:
        luck = self.common.luck
        if luck.draw("tap", self.key, target.key) >> 32 < self.tap_share:
            delay = luck.exponential("tap delay", self.key, target.key, 600_000)
            self.put(self.common.now + 1 + delay, "tap", target, self.tap)

    def is_in_tray(self, target: Target) -> bool:
        """Whether the message can be tapped."""
        there = target.fate == Fate.SHOWN and not target.marks
        return there and self.installed and self.installed_at <= target.born

    def list_held(self) -> list[Target]:
        """Return the tray, newest first."""
        return [target for target in self.common.targets_of(self) if self.is_in_tray(target)]

    def tap(self, target: Target) -> None:
        """Tap a message that is still there."""
        if not self.is_in_tray(target):
            return
        target.marks |= Mark.TAPPED if self.online else Mark.TAPPED | Mark.OPEN_LOST
        if self.online:
            self.dispatch.tapped(target)
        self.common.write("MessageTapped", "tap", self.key, target.key, 0 if self.online else 1)

    def dismiss(self, target: Target) -> None:
        """Swipe a message away that is still there."""
        if self.is_in_tray(target):
            target.marks |= Mark.DISMISSED
            self.common.write("MessageDismissed", "tap", self.key, target.key)

    # -- verbs ---------------------------------------------------------------------------------

    def _install(self) -> None:
        self.installed = True
        self.installed_at = self.common.now
        self.process = Process.CLOSED
        self.permission = Permission.NOT_ASKED
        self.switch = True
        self.badge = 0

    def _uninstall(self) -> None:
        self.installed = False
        self.process = Process.CLOSED
        self.route = -1
        self.opted_in = True
        self.sdk.forget()

    def retire(self) -> None:
        """Tell the gateway that the token is given up."""
        if self.route >= 0:
            self.gateway.retire(self.route)

    def _go_online(self) -> None:
        super()._go_online()
        waiting, self._receipts_waiting = self._receipts_waiting, []
        for target in waiting:
            self.put(self.common.now, "receipt", target, self._send_receipt)
        self.sdk.resume()

    @abstractmethod
    def gets_token_when_opened(self) -> bool:
        """Whether opening the app or site gets it a token, if it has none."""

    def _open_app(self) -> None:
        before, self.process = self.process, Process.FOREGROUND
        now = self.common.now
        if before != Process.FOREGROUND:
            self.sdk.opened_at = now
        self.badge = 0
        if self.route < 0 and self.gets_token_when_opened():
            self.get_token()
        away_s = (now - self.background_since) // 1000
        long_away = before == Process.BACKGROUND and away_s >= self.common.settings.session_gap_s
        if before in {Process.CLOSED, Process.STOPPED} or long_away:
            self.sdk.start_session()
        self.sdk.resume()
        self.sdk.enqueue()

    def _close_app(self) -> None:
        if self.process == Process.FOREGROUND:
            self.process = Process.BACKGROUND
            self.background_since = self.common.now
            self.sdk.leave()

    def _rotate_token(self) -> None:
        self.retire()
        self.get_token()

    def _switch_on(self) -> None:
        self.switch = True
        self.notice()

    def _switch_off(self) -> None:
        self.switch = False
        self.notice()

    def notice(self) -> None:
        """Let the SDK see a system switch, while the app is in use."""
        if self.process == Process.FOREGROUND:
            self.sdk.enqueue()

    def _opt_in(self) -> None:
        self.opted_in = True
        self.sdk.enqueue()

    def _opt_out(self) -> None:
        self.opted_in = False
        self.sdk.enqueue()

    def _allow(self) -> None:
        self.permission = Permission.GRANTED
        if self.route < 0:
            self.get_token()
        self.sdk.enqueue()

    def _deny(self) -> None:
        self.permission = Permission.DENIED
        self.sdk.enqueue()
