"""One phone with the app: truth, tray, receipts and taps; its SDK stands in `sdk`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pushlab.devices.columns import Permission, Process
from pushlab.gateway import Channel, Fate, Mark, Receipt
from pushlab_testing.reference.sdk import NaiveSdk
from pushlab_testing.reference.target import RANK, Common, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.onesignal.sdk import SdkService
    from pushlab_testing.reference.gateways import NaiveGateway
    from pushlab_testing.reference.messages import NaiveDispatch

__all__ = ["COLUMNS", "VERBS", "Phone"]

VERBS = {
    "install": "AppInstalled",
    "open_app": "AppOpened",
    "close_app": "AppClosed",
    "force_stop": "AppForceStopped",
    "uninstall": "AppUninstalled",
    "clear_data": "AppDataCleared",
    "go_offline": "DeviceWentOffline",
    "go_online": "DeviceCameOnline",
    "rotate_token": "TokenRotated",
    "switch_on": "NotificationsSwitchedOn",
    "switch_off": "NotificationsSwitchedOff",
    "opt_in": "SdkOptedIn",
    "opt_out": "SdkOptedOut",
    "allow": "PermissionGranted",
    "deny": "PermissionDenied",
}
COLUMNS = (
    "online",
    "installed",
    "opted_in",
    "switch",
    "permission",
    "process",
    "route",
    "generation",
    "badge",
    "installed_at",
    "offline_since",
    "background_since",
    "subscription_key",
    "user_key",
    "sent_route",
    "sent_types",
)
"""What must be equal in both models at the end."""
SHOWN, OFF, SILENT, STOPPED = range(4)
COUNTED, WAITS, LOST_OFFLINE, LOST_GONE, LOST_STOPPED = range(5)
RECEIPTS = (
    Receipt.COUNTED,
    Receipt.OFFLINE,
    Receipt.LOST_OFFLINE,
    Receipt.LOST_APP_GONE,
    Receipt.LOST_APP_STOPPED,
)


class Phone:
    """One row of the fleet as an object."""

    def __init__(
        self,
        common: Common,
        gateway: NaiveGateway,
        service: SdkService,
        dispatch: NaiveDispatch,
        *,
        name: str,
        key: int,
        app: int,
        channel: Channel,
        fresh: bool,
    ) -> None:
        self.common = common
        self.gateway = gateway
        self.dispatch = dispatch
        self.row = len(common.phones)
        common.phones.append(self)
        self.name = name
        self.key = key
        self.channel = channel
        self.online = True
        self.installed = not fresh
        self.opted_in = True
        self.switch = True
        self.permission = Permission.NOT_ASKED if fresh else Permission.GRANTED
        self.process = Process.CLOSED
        self.has_extension = True
        self.route = -1
        self.generation = 0
        self.badge = 0
        self.installed_at = common.now
        self.offline_since = 0
        self.background_since = common.now
        self.tap_share = 0
        self.listeners: list[Callable[[Target], None]] = []
        self.sdk = NaiveSdk(common, self, service, app)
        self._receipts_waiting: list[Target] = []
        self._collapsible: dict[str, Target] = {}

    @property
    def is_android(self) -> bool:
        """Whether it is an Android phone."""
        return self.channel == Channel.ANDROID

    @property
    def subscription_key(self) -> int:
        """What the SDK stored."""
        return self.sdk.subscription_key

    @property
    def user_key(self) -> int:
        """What the SDK stored."""
        return self.sdk.user_key

    @property
    def sent_route(self) -> int:
        """What the SDK told last."""
        return self.sdk.sent_route

    @property
    def sent_types(self) -> int:
        """What the SDK told last."""
        return self.sdk.sent_types

    def get_token(self) -> None:
        """Take the next token."""
        self.route = self.gateway.issue(self)
        self.generation += 1

    # -- arrival -------------------------------------------------------------------------------

    @property
    def is_stopped(self) -> bool:
        """Whether the system hands the app nothing."""
        return self.is_android and self.process == Process.STOPPED

    def show(self, target: Target) -> None:
        """Take a message over from the gateway."""
        allowed = self.permission in {Permission.GRANTED, Permission.PROVISIONAL}
        outcome = SHOWN if self.switch and allowed else OFF
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
        collapse = target.content.collapse_id
        if collapse:
            older = self._collapsible.get(collapse)
            if older is not None and not older.marks:
                older.marks |= Mark.REPLACED
            self._collapsible[collapse] = target
        if target.content.badge is not None and not self.is_android:
            mode, count = target.content.badge
            self.badge = count if mode == "SetTo" else max(self.badge + count, 0)

    def _plan_receipt(self, target: Target, outcome: int) -> None:
        if not self.dispatch.wants_receipts(target):
            target.receipt = Receipt.NOT_ASKED
            return
        settings = self.common.settings
        most_s = (
            settings.receipt_delay_android_s if self.is_android else settings.receipt_delay_ios_s
        )
        if not self.is_android:
            if outcome != SHOWN:
                return
            if not self.has_extension:
                target.receipt = Receipt.NO_EXTENSION
                return
        delay_s = self.common.luck.below("receipt delay", self.key, target.key, most_s + 1)
        target.receipt = Receipt.DELAYED
        self._put(self.common.now + delay_s * 1000, "receipt", target, self._send_receipt)

    def _put(self, at: int, rank: str, target: Target, action: Callable[[Target], None]) -> None:
        item = at, RANK[rank], self.row, target.what
        self.common.heap.put_one(*item, lambda: action(target))

    # -- receipts and taps ---------------------------------------------------------------------

    def _send_receipt(self, target: Target) -> None:
        outcome = COUNTED
        if not self.online:
            outcome = WAITS if self.is_android else LOST_OFFLINE
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
            self._put(self.common.now + 1 + delay, "tap", target, self.tap)

    def is_in_tray(self, target: Target) -> bool:
        """Whether the message can be tapped."""
        there = target.fate == Fate.SHOWN and not target.marks
        return there and self.installed and self.installed_at <= target.born

    def tap(self, target: Target) -> None:
        """Tap a message that is still there."""
        if not self.is_in_tray(target):
            return
        target.marks |= Mark.TAPPED if self.online else Mark.TAPPED | Mark.OPEN_LOST
        if self.online:
            self.dispatch.opened(target)
        self.common.write("MessageTapped", "tap", self.key, target.key, 0 if self.online else 1)

    def dismiss(self, target: Target) -> None:
        """Swipe a message away that is still there."""
        if self.is_in_tray(target):
            target.marks |= Mark.DISMISSED
            self.common.write("MessageDismissed", "tap", self.key, target.key)

    # -- verbs ---------------------------------------------------------------------------------

    def do(self, verb: str) -> None:
        """Do a verb at this instant."""
        getattr(self, f"_{verb}")()
        self.common.write(VERBS[verb], "verb", self.key, self.common.now)

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

    def _clear_data(self) -> None:
        self._retire()
        self._uninstall()
        self._install()

    def _retire(self) -> None:
        if self.route >= 0:
            self.gateway.retire(self.route)

    def _go_offline(self) -> None:
        if self.online:
            self.offline_since = self.common.now
        self.online = False

    def _go_online(self) -> None:
        self.online = True
        waiting, self._receipts_waiting = self._receipts_waiting, []
        for target in waiting:
            self._put(self.common.now, "receipt", target, self._send_receipt)
        if self.route >= 0:
            self.gateway.connect(self.route)
        self.sdk.resume()

    def _open_app(self) -> None:
        before, self.process = self.process, Process.FOREGROUND
        now = self.common.now
        if before != Process.FOREGROUND:
            self.sdk.opened_at = now
        self.badge = 0
        allowed = self.permission in {Permission.GRANTED, Permission.PROVISIONAL}
        if self.route < 0 and (self.is_android or allowed):
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

    def _force_stop(self) -> None:
        self.process = Process.STOPPED

    def _rotate_token(self) -> None:
        self._retire()
        self.get_token()

    def _switch_on(self) -> None:
        self.switch = True
        self._notice()

    def _switch_off(self) -> None:
        self.switch = False
        self._notice()

    def _notice(self) -> None:
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
