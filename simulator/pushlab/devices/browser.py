"""A browser that visits the site under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pushlab.devices.app_device import FIREBASE_VERBS, PERSON_VERBS, AppDevice
from pushlab.devices.columns import Permission
from pushlab.devices.power import NETWORKS, POWERS
from pushlab.devices.pushkeys import derive_keys
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Browser"]


class Browser(AppDevice):
    """A browser with a profile of its own; attributes read the truth, verbs change it."""

    __slots__ = ()

    VERBS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "visit": ("installed",),
        "leave": ("installed",),
        "prompt": ("installed", "unasked"),
        "switch_notifications": ("installed",),
        "opt_in": ("installed",),
        "opt_out": ("installed",),
        "login": ("installed",),
        "logout": ("installed",),
        "clear_cookies": ("installed",),
        "rotate_token": ("installed", "token"),
        "uninstall": ("installed",),
        "reinstall": ("gone",),
        "tap": ("installed", "shown"),
        "dismiss": ("installed", "shown"),
        "go_offline": ("online",),
        "go_online": ("offline",),
        **dict.fromkeys(PERSON_VERBS, ("installed",)),
        "set_timezone": (),
        **FIREBASE_VERBS,
        "set_power": (),
        "set_network": (),
    }
    WHY_NOT: ClassVar[Mapping[str, str]] = {
        **AppDevice.WHY_NOT,
        "gone": "the browser is there, with its profile",
        "installed": "the browser was removed, with its profile",
        "token": "it has no push subscription; visit the site and allow its notifications",
        "unasked": (
            "the person has answered for this site before, and a page cannot ask again; "
            "switch_notifications(on=) is what changes the answer"
        ),
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def browser(self) -> str:
        """``chrome``, ``firefox``, ``safari`` or ``edge``."""
        return str(self._host.fleet.platform_of(self.row).browser)

    @property
    def push_subscription(self) -> dict[str, object] | None:
        """What the site's ``PushSubscription.toJSON()`` returns, or None without a subscription."""
        return self._host.read(self._find_subscription)

    def _find_subscription(self) -> dict[str, object] | None:
        fleet = self._host.fleet
        route = fleet.devices.route[self.row]
        if route < 0:
            return None
        gateway = fleet.gateways[Channel(int(fleet.devices.platform[self.row]))]
        key = int(gateway.token_keys(np.array([route], np.int32))[0])
        return {
            "endpoint": gateway.render_token(int(route)),
            "expirationTime": None,
            "keys": derive_keys(key).document(),
        }

    def document(self) -> dict[str, object]:
        """Return the browser as the control API shows it."""
        return {
            **super().document(),
            "browser": self.browser,
            "push_subscription": self.push_subscription,
            "fcm_token": self.fcm_token,
        }

    def _state(self) -> dict[str, object]:
        devices, row = self._host.fleet.devices, self.row
        return {
            **super()._state(),
            "power": POWERS[int(devices.power[row])],
            "network": NETWORKS[int(devices.network[row])],
        }

    # -- verbs ---------------------------------------------------------------------------------

    def visit(self) -> None:
        """Open a page of the site, in the front.

        With the permission in place the page subscribes again if its endpoint was lost.
        """
        self._do("visit", "open_app")

    def leave(self) -> None:
        """Leave the site for another one."""
        self._do("leave", "close_app")

    def clear_cookies(self) -> None:
        """Clear the site's data, its push subscription included; the permission stays."""
        self._do("clear_cookies", "clear_cookies")

    def rotate_token(self) -> None:
        """Get a new endpoint; the service hears of it at the next visit."""
        self._do("rotate_token", "rotate_token")

    def set_network(self, network: str) -> None:
        """Be connected by ``wifi`` or a ``mobile`` network; see `set_power`."""
        self._set_state("network", NETWORKS, network)

    def uninstall(self) -> None:
        """Remove the browser with its profile, in silence: the next message finds nobody."""
        self._do_with_profile("uninstall", "uninstall")

    def reinstall(self) -> None:
        """Install the browser again, with an empty profile that was never asked."""
        self._do_with_profile("reinstall", "install")

    def _do_with_profile(self, verb: str, body: str) -> None:
        """Do what all sites of the browser feel."""
        fleet = self._host.fleet

        def act() -> None:
            fleet.do(body, np.array(fleet.hardware.rows_of(self.row), np.int32))

        self._act(verb, act, {})

    def _holds(self, need: str) -> bool:
        if need == "unasked":
            devices, row = self._host.fleet.devices, self.row
            return bool(devices.switch[row] and devices.permission[row] == Permission.NOT_ASKED)
        return super()._holds(need)
