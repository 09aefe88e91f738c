"""A phone with the app under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pushlab.devices.app_device import FIREBASE_VERBS, PERSON_VERBS
from pushlab.devices.ios_parts import IOS_VERBS, IosParts
from pushlab.devices.power import POWERS
from pushlab.devices.said import need_flag, say_place, say_purchase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

__all__ = ["Phone"]


class Phone(IosParts):
    """A phone; attributes read the truth, verbs change it."""

    __slots__ = ()

    VERBS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "install": ("gone",),
        "reinstall": ("gone",),
        "open_app": ("installed",),
        "close_app": ("installed",),
        "prompt": ("installed",),
        "switch_notifications": ("installed",),
        "opt_in": ("installed",),
        "opt_out": ("installed",),
        "login": ("installed",),
        "logout": ("installed",),
        **dict.fromkeys(PERSON_VERBS, ("installed",)),
        "allow_location": ("installed",),
        "purchase": ("installed",),
        "rotate_token": ("installed", "token"),
        "force_stop": ("installed",),
        "clear_data": ("installed",),
        "uninstall": ("installed",),
        "tap": ("installed", "shown"),
        "dismiss": ("installed", "shown"),
        "go_offline": ("online",),
        "go_online": ("offline",),
        "set_timezone": (),
        "move": (),
        "set_power": ("ios",),
        **FIREBASE_VERBS,
        **IOS_VERBS,
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def badge(self) -> int:
        """The number on the app's icon (iOS)."""
        return int(self._host.read(lambda: self._host.fleet.devices.badge[self.row]))

    @property
    def vendor_id(self) -> str | None:
        """What an iOS app reads as ``identifierForVendor``: one for all apps of a vendor here.

        It survives reinstalling an app while another one of the vendor is installed. None on
        Android, and while the app is not installed.
        """
        return self._host.read(lambda: self._host.fleet.hardware.vendor_id(self.row))

    def _state(self) -> dict[str, object]:
        devices = self._host.fleet.devices
        told = {**super()._state(), "badge": int(devices.badge[self.row])}
        if self.platform == "ios":
            told["power"] = POWERS[int(devices.power[self.row])]
        return told

    def document(self) -> dict[str, object]:
        """Return the phone as the control API shows it."""
        shown = super().document()
        if self.platform == "ios":
            shown["topic"] = self._host.fleet.topic_of(self.row)
            shown["fcm_token"] = self.fcm_token
            shown["tokens"] = dict(self.tokens)
            shown["start_tokens"] = dict(self.start_tokens)
            shown["wakeups"] = [wakeup.document() for wakeup in self.wakeups]
            shown["live_activities"] = [each.document() for each in self.live_activities]
        return shown

    # -- verbs ---------------------------------------------------------------------------------

    def install(self) -> None:
        """Install the app; nothing is told to anybody until it is opened."""
        self._do("install", "install")

    def reinstall(self) -> None:
        """Install the app again: a new install with new ids, once it is opened."""
        self._do("reinstall", "install")

    def uninstall(self) -> None:
        """Remove the app, in silence: a gateway finds out when it next delivers."""
        self._do("uninstall", "uninstall")

    def open_app(self) -> None:
        """Bring the app to the front."""
        self._do("open_app", "open_app")

    def close_app(self) -> None:
        """Send the app to the background."""
        self._do("close_app", "close_app")

    def force_stop(self) -> None:
        """Stop the app for good, until it is opened again."""
        self._do("force_stop", "force_stop")

    def clear_data(self) -> None:
        """Clear the app's data: like a new install, and the token is void at once."""
        self._do("clear_data", "clear_data")

    def rotate_token(self) -> None:
        """Get a new push token; the service hears of it when the app is next opened."""
        self._do("rotate_token", "rotate_token")

    def purchase(
        self,
        sku: str,
        amount: str | float | Decimal,
        currency: str = "USD",
        *,
        consumable: bool = True,
    ) -> None:
        """Buy something in the app; the SDK sees, and tells, only what is consumable."""
        said = say_purchase(sku, amount, currency, consumable=consumable)
        told = {
            "sku": sku,
            "amount": f"{amount}",
            "currency": currency,
            "consumable": consumable,
        }
        self._say("purchase", said, told)

    def allow_location(self, *, on: bool = True) -> None:
        """Let the app know where the device is, or no more; the service keeps what it was told."""
        need_flag("allow_location(on=)", on)
        body = self._host.fleet.person_verbs.allow_location
        self._act("allow_location", lambda: body(self.row, on=on), {"on": on})

    def move(self, lat: float, long: float) -> None:
        """Go to another place; apps on the device that may know it tell the service."""
        body, said = self._host.fleet.person_verbs.move, say_place(lat, long)
        self._act("move", lambda: body(self.row, said), {"lat": lat, "long": long})
