"""What people do with an app or a site: each verb has one body that takes a batch of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.devices.columns import Permission, Process
from pushlab.devices.platform import WITH_APP, WITH_NETWORK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.devices.fleet import Fleet
    from pushlab.devices.platform import Kind
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["AppVerbs"]

KINDS_WITH: Final[Mapping[str, tuple[Kind, ...]]] = {
    "go_offline": WITH_NETWORK,
    "go_online": WITH_NETWORK,
    "force_stop": ("phone",),
    "clear_data": ("phone",),
    "clear_cookies": ("browser",),
}
"""Which kinds of device have a verb, where that is not all that have an app or a site."""


class AppVerbs:
    """Bodies of the verbs of phones and browsers; each takes (instants, distinct rows)."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        """Make the bodies and declare them to *fleet*."""
        self._world = world
        self._fleet = fleet
        self._needs_switch = fleet.tabulate(lambda platform: platform.token_needs_switch)
        quiet = {
            "clear_cookies",
            "force_stop",
            "go_offline",
            "switch_off",
            "switch_on",
            "uninstall",
        }
        for verb, body, entry in (
            ("install", self._install, "AppInstalled"),
            ("open_app", self._open_app, "AppOpened"),
            ("close_app", self._close_app, "AppClosed"),
            ("force_stop", self._force_stop, "AppForceStopped"),
            ("uninstall", self._uninstall, "AppUninstalled"),
            ("clear_data", self._clear_data, "AppDataCleared"),
            ("clear_cookies", self._clear_cookies, "SiteDataCleared"),
            ("go_offline", self._go_offline, "DeviceWentOffline"),
            ("go_online", self._go_online, "DeviceCameOnline"),
            ("rotate_token", self._rotate_token, "TokenRotated"),
            ("switch_on", self._switch_on, "NotificationsSwitchedOn"),
            ("switch_off", self._switch_off, "NotificationsSwitchedOff"),
            ("opt_in", self._opt_in, "SdkOptedIn"),
            ("opt_out", self._opt_out, "SdkOptedOut"),
            ("allow", self._allow, "PermissionGranted"),
            ("deny", self._deny, "PermissionDenied"),
        ):
            kinds = KINDS_WITH.get(verb, WITH_APP)
            fleet.declare(verb, body, entry, is_quiet=verb in quiet, kinds=kinds)

    def _install(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self._fleet.devices
        devices.installed[rows] = True
        devices.installed_at[rows] = instants
        devices.process[rows] = Process.CLOSED.value
        devices.permission[rows] = Permission.NOT_ASKED.value
        devices.switch[rows] = True
        devices.badge[rows] = 0

    def _uninstall(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Remove the app in silence: neither the service nor a gateway is told."""
        del instants
        devices = self._fleet.devices
        devices.installed[rows] = False
        devices.process[rows] = Process.CLOSED.value
        self._lose_tokens(rows)
        self._fleet.hardware.lose(rows)
        self._fleet.forget_app(rows)
        self._fleet.sdk.forget(rows)

    def _clear_data(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Like a new install, but the system tells the gateway that the token is void."""
        self._retire(instants, rows)
        self._uninstall(instants, rows)
        self._install(instants, rows)

    def _clear_cookies(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Lose what a site stored in the browser: its ids, its worker and with it the endpoint.

        What the worker shows goes with it, and so does a receipt that it had yet to send. The
        permission is the browser's own and stays. Nobody tells the service.
        """
        self._drop_tokens(instants, rows)
        self._fleet.devices.installed_at[rows] = instants
        self._fleet.forget_app(rows)
        self._fleet.sdk.forget(rows)

    def _go_offline(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        leaving = self._fleet.devices.online[rows]
        self._fleet.devices.own("offline_since")[rows[leaving]] = instants[leaving]
        self._fleet.devices.online[rows] = False

    def _go_online(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Come back: gateways send what they keep."""
        self._fleet.devices.online[rows] = True
        self._fleet.delivery.reconnect(instants, rows)
        self._fleet.connect(instants, rows)
        self._fleet.further.tell(rows, instants)
        self._fleet.sdk.resume_all(rows, instants)

    def _open_app(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Bring the app or site to the front: perhaps a new session; the SDK looks what changed."""
        devices = self._fleet.devices
        settings = self._world.settings
        for row, instant in _each(rows, instants):
            before = Process(int(devices.process[row]))
            devices.process[row] = Process.FOREGROUND
            if before != Process.FOREGROUND:
                self._fleet.sdk.opened_at[row] = instant
            devices.badge[row] = 0
            if devices.route[row] < 0 and self._may_hold_token(row):
                self._fleet.give_tokens(np.array([row], np.int32))
            away_s = (instant - int(devices.background_since[row])) // 1000
            cold = before in {Process.CLOSED, Process.STOPPED}
            if cold or (before == Process.BACKGROUND and away_s >= settings.session_gap_s):
                self._fleet.sdk.start_session(row, instant)
            self._fleet.firebase.refresh(row)
            self._fleet.sdk.resume(row, instant)
            self._fleet.sdk.enqueue(row, instant)

    def _may_hold_token(self, row: int) -> bool:
        """Whether opening the app or site gets *row* a token, if it has none."""
        devices, platform = self._fleet.devices, self._fleet.platform_of(row)
        if platform.token_needs_switch:
            asked = self._world.settings.web_auto_resubscribe and bool(devices.opted_in[row])
            if not (asked and devices.switch[row]):
                return False
        allowed = devices.permission[row] in {Permission.GRANTED, Permission.PROVISIONAL}
        return allowed or not platform.token_needs_permission

    def _close_app(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self._fleet.devices
        open_now = devices.process[rows] == Process.FOREGROUND.value
        devices.process[rows[open_now]] = Process.BACKGROUND.value
        devices.background_since[rows[open_now]] = instants[open_now]
        for row, instant in _each(rows[open_now], instants[open_now]):
            self._fleet.sdk.leave(row, instant)

    def _force_stop(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        del instants
        self._fleet.devices.process[rows] = Process.STOPPED.value

    def _rotate_token(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Get a new token; the service hears of it when the app is next opened."""
        self._drop_tokens(instants, rows)
        self._fleet.give_tokens(rows)

    def _drop_tokens(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Take the tokens of *rows* away; whoever keeps them for a gateway tells it."""
        self._retire(instants, rows)
        self._lose_tokens(rows)

    def _lose_tokens(self, rows: NDArray[np.int32]) -> None:
        """Take the tokens of *rows* away, in silence."""
        devices = self._fleet.devices
        rows = rows[devices.route[rows] >= 0]
        self._fleet.lost.push(rows, route=devices.route[rows])
        devices.route[rows] = -1

    def _retire(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self._fleet.devices
        routes, platforms = devices.route[rows], devices.platform[rows]
        for channel, gateway in self._fleet.gateways.items():
            mine = (platforms == channel) & (routes >= 0)
            if mine.any():
                gateway.retire(instants[mine], routes[mine])

    def _switch_on(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Switch notifications on; for a site that is the same as to allow them."""
        devices = self._fleet.devices
        devices.switch[rows] = True
        devices.permission[rows[self._by_switch(rows)]] = Permission.GRANTED.value
        self._notice(instants, rows)

    def _switch_off(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.switch[rows] = False
        blocked = self._by_switch(rows)
        self._drop_tokens(instants[blocked], rows[blocked])
        self._notice(instants, rows)

    def _by_switch(self, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of *rows* have a token only while their switch is on."""
        return self._needs_switch[self._fleet.devices.platform[rows]]

    def _notice(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Tell the SDK of a system switch; it notices only while the app is in use."""
        in_use = self._fleet.devices.process[rows] == Process.FOREGROUND.value
        self._enqueue(instants[in_use], rows[in_use])

    def _opt_in(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Opt in; a page that is allowed to subscribes again at once."""
        devices = self._fleet.devices
        devices.opted_in[rows] = True
        bare = self._by_switch(rows) & (devices.route[rows] < 0) & devices.switch[rows]
        bare &= devices.permission[rows] == Permission.GRANTED.value
        self._fleet.give_tokens(rows[bare])
        self._enqueue(instants, rows)

    def _opt_out(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.opted_in[rows] = False
        self._enqueue(instants, rows)

    def _allow(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self._fleet.devices
        devices.permission[rows] = Permission.GRANTED.value
        bare = (devices.route[rows] < 0) & (devices.switch[rows] | ~self._by_switch(rows))
        self._fleet.give_tokens(rows[bare])
        self._enqueue(instants, rows)

    def _deny(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.permission[rows] = Permission.DENIED.value
        blocked = self._by_switch(rows)
        self._drop_tokens(instants[blocked], rows[blocked])
        self._enqueue(instants, rows)

    def _enqueue(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        for row, instant in _each(rows, instants):
            self._fleet.sdk.enqueue(row, instant)


def _each(rows: NDArray[np.int32], instants: NDArray[np.int64]) -> zip[tuple[int, Instant]]:
    return zip(rows.tolist(), instants.tolist(), strict=True)
