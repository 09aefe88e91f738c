"""What every kind of device has in common: who it is, its truth, and how a verb is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pushlab.devices.columns import Permission, Process
from pushlab.devices.needs import NEEDS
from pushlab_testing.reference.sdk import NaiveSdk
from pushlab_testing.reference.target import RANK, Common, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pushlab.gateway import Channel
    from pushlab_fakes.onesignal.sdk import SdkService
    from pushlab_testing.reference.gateways import NaiveGateway
    from pushlab_testing.reference.messages import NaiveDispatch

__all__ = ["APP_VERBS", "COLUMNS", "ENTRIES", "MAILBOX_VERBS", "NUMBER_VERBS", "NaiveDevice"]

ENTRIES = {
    "install": "AppInstalled",
    "open_app": "AppOpened",
    "close_app": "AppClosed",
    "force_stop": "AppForceStopped",
    "uninstall": "AppUninstalled",
    "clear_data": "AppDataCleared",
    "clear_cookies": "SiteDataCleared",
    "go_offline": "DeviceWentOffline",
    "go_online": "DeviceCameOnline",
    "rotate_token": "TokenRotated",
    "switch_on": "NotificationsSwitchedOn",
    "switch_off": "NotificationsSwitchedOff",
    "opt_in": "SdkOptedIn",
    "opt_out": "SdkOptedOut",
    "allow": "PermissionGranted",
    "deny": "PermissionDenied",
    "fill": "MailboxFilled",
    "empty": "MailboxEmptied",
    "close": "MailboxClosed",
    "reopen": "MailboxReopened",
    "show_images": "ImagesShown",
    "hide_images": "ImagesHidden",
    "start_privacy_proxy": "PrivacyProxyStarted",
    "end_privacy_proxy": "PrivacyProxyEnded",
    "start_image_cache": "ImageCacheStarted",
    "end_image_cache": "ImageCacheEnded",
    "start_link_scanner": "LinkScannerStarted",
    "end_link_scanner": "LinkScannerEnded",
    "reply_stop": "StopReplied",
    "reply_start": "StartReplied",
    "disconnect": "NumberDisconnected",
    "recycle": "NumberRecycled",
}
"""What the trace calls each verb; the order is that of verbs of one device at one instant."""
APP_VERBS = tuple(ENTRIES)[:16]
MAILBOX_VERBS = tuple(ENTRIES)[16:28]
NUMBER_VERBS = tuple(ENTRIES)[28:]
COLUMNS = (
    "online",
    "installed",
    "opted_in",
    "switch",
    "permission",
    "process",
    "generation",
    "badge",
    "installed_at",
    "offline_since",
    "background_since",
    "subscription_key",
    "user_key",
    "sent_types",
    "is_full",
    "hides_images",
    "is_proxied",
    "caches_images",
    "scans_links",
)
"""What must be equal in both models at the end."""


class NaiveDevice(ABC):
    """One row of the fleet as an object."""

    VERBS: ClassVar[Sequence[str]] = ()
    """What it can do; it passes over other verbs."""

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
        self.row = len(common.devices)
        common.devices.append(self)
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
        self.is_full = False
        self.hides_images = False
        self.is_proxied = False
        self.caches_images = False
        self.scans_links = False
        self.tap_share = 0
        self.listeners: list[Callable[[Target], None]] = []
        self.sdk = NaiveSdk(common, self, service, app)

    @property
    def subscription_key(self) -> int:
        """What is stored of the subscription."""
        return self.sdk.subscription_key

    @property
    def user_key(self) -> int:
        """What is stored of the user."""
        return self.sdk.user_key

    @property
    def sent_route(self) -> int:
        """What the service was told last."""
        return self.sdk.sent_route

    @property
    def sent_types(self) -> int:
        """What the service was told last."""
        return self.sdk.sent_types

    @property
    @abstractmethod
    def types(self) -> int:
        """The state of the subscription as it is reported."""

    def holds(self, route: int) -> bool:
        """Whether the device can still be reached by that token or address."""
        return self.installed and self.route == route

    @abstractmethod
    def show(self, target: Target) -> None:
        """Take a message over from the gateway."""

    @abstractmethod
    def list_held(self) -> list[Target]:
        """Return the messages that its owner finds, newest first."""

    def do(self, verb: str) -> None:
        """Do a verb at this instant, if it is one of this kind of device and fits."""
        if verb in self.VERBS and self._fits(verb):
            getattr(self, f"_{verb}")()
            self.common.write(ENTRIES[verb], "verb", self.key, self.common.now)

    def _fits(self, verb: str) -> bool:
        holds = {
            "gone": not self.installed,
            "installed": self.installed,
            "online": self.online,
            "offline": not self.online,
            "token": self.route >= 0,
            "room": not self.is_full,
            "full": self.is_full,
        }
        return all(holds[need] for need in NEEDS[verb])

    def put(self, at: int, rank: str, target: Target, action: Callable[[Target], None]) -> None:
        """Let *action* be done with *target* at an instant."""
        item = at, RANK[rank], self.row, target.what
        self.common.heap.put_one(*item, lambda: action(target))

    def _go_offline(self) -> None:
        if self.online:
            self.offline_since = self.common.now
        self.online = False

    def _go_online(self) -> None:
        """Come back; a gateway may keep something for tokens from before, too."""
        self.online = True
        for route, token in enumerate(self.gateway.tokens):
            if token.device is self:
                self.gateway.connect(route)
