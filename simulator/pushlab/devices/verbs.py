"""What people do with an app or a site: each verb has one body that takes a batch of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.devices.columns import Permission, Process

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.devices.fleet import Fleet
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["AppVerbs"]


class AppVerbs:
    """Bodies of the verbs of phones and browsers; each takes (instants, distinct rows)."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        """Make the bodies and declare them to *fleet*."""
        self._world = world
        self._fleet = fleet
        quiet = {"go_offline", "switch_off", "switch_on", "uninstall", "force_stop"}
        for verb, body, entry in (
            ("install", self._install, "AppInstalled"),
            ("open_app", self._open_app, "AppOpened"),
            ("close_app", self._close_app, "AppClosed"),
            ("force_stop", self._force_stop, "AppForceStopped"),
            ("uninstall", self._uninstall, "AppUninstalled"),
            ("clear_data", self._clear_data, "AppDataCleared"),
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
            fleet.declare(verb, body, entry, is_quiet=verb in quiet)

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
        devices.route[rows] = -1
        self._fleet.sdk.forget(rows)

    def _clear_data(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Like a new install, but the system tells the gateway that the token is void."""
        self._retire(instants, rows)
        self._uninstall(instants, rows)
        self._install(instants, rows)

    def _go_offline(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        leaving = self._fleet.devices.online[rows]
        self._fleet.devices.own("offline_since")[rows[leaving]] = instants[leaving]
        self._fleet.devices.online[rows] = False

    def _go_online(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self._fleet.devices
        devices.online[rows] = True
        self._fleet.delivery.reconnect(instants, rows)
        routes, platforms = devices.route[rows], devices.platform[rows]
        for channel, gateway in self._fleet.gateways.items():
            mine = (platforms == channel) & (routes >= 0)
            if mine.any():
                gateway.connect(instants[mine], routes[mine])
        self._fleet.sdk.resume_all(rows, instants)

    def _open_app(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Bring the app to the front: perhaps a new session; the SDK looks what has changed."""
        devices = self._fleet.devices
        settings = self._world.settings
        for row, instant in _each(rows, instants):
            platform = self._fleet.platform_of(row)
            before = Process(int(devices.process[row]))
            devices.process[row] = Process.FOREGROUND
            if before != Process.FOREGROUND:
                self._fleet.sdk.opened_at[row] = instant
            devices.badge[row] = 0
            if devices.route[row] < 0 and not (
                platform.token_needs_permission
                and devices.permission[row] not in {Permission.GRANTED, Permission.PROVISIONAL}
            ):
                self._fleet.give_tokens(np.array([row], np.int32))
            away_s = (instant - int(devices.background_since[row])) // 1000
            cold = before in {Process.CLOSED, Process.STOPPED}
            if cold or (before == Process.BACKGROUND and away_s >= settings.session_gap_s):
                self._fleet.sdk.start_session(row, instant)
            self._fleet.sdk.resume(row, instant)
            self._fleet.sdk.enqueue(row, instant)

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
        self._retire(instants, rows)
        self._fleet.give_tokens(rows)

    def _retire(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        devices = self._fleet.devices
        routes, platforms = devices.route[rows], devices.platform[rows]
        for channel, gateway in self._fleet.gateways.items():
            mine = (platforms == channel) & (routes >= 0)
            if mine.any():
                gateway.retire(instants[mine], routes[mine])

    def _switch_on(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.switch[rows] = True
        self._notice(instants, rows)

    def _switch_off(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.switch[rows] = False
        self._notice(instants, rows)

    def _notice(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Tell the SDK of a system switch; it notices only while the app is in use."""
        in_use = self._fleet.devices.process[rows] == Process.FOREGROUND.value
        self._enqueue(instants[in_use], rows[in_use])

    def _opt_in(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.opted_in[rows] = True
        self._enqueue(instants, rows)

    def _opt_out(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.opted_in[rows] = False
        self._enqueue(instants, rows)

    def _allow(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.permission[rows] = Permission.GRANTED.value
        bare = rows[self._fleet.devices.route[rows] < 0]
        if len(bare):
            self._fleet.give_tokens(bare)
        self._enqueue(instants, rows)

    def _deny(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        self._fleet.devices.permission[rows] = Permission.DENIED.value
        self._enqueue(instants, rows)

    def _enqueue(self, instants: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        for row, instant in _each(rows, instants):
            self._fleet.sdk.enqueue(row, instant)


def _each(rows: NDArray[np.int32], instants: NDArray[np.int64]) -> zip[tuple[int, Instant]]:
    return zip(rows.tolist(), instants.tolist(), strict=True)
