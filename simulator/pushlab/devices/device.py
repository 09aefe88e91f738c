"""The device that a test holds in its hand: a view on one row, made on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from pushlab.devices.columns import Permission, Process
from pushlab.devices.tray import ShownMessage, Tray, list_shown
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab.devices.fleet import Fleet
    from pushlab.gateway import FanOut, Sends
    from pushlab.world.world import World

__all__ = ["VERBS", "Device", "Host"]

T = TypeVar("T")

VERBS: dict[str, tuple[str, ...]] = {
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
    "rotate_token": ("installed", "token"),
    "force_stop": ("installed",),
    "clear_data": ("installed",),
    "uninstall": ("installed",),
    "tap": ("installed", "shown"),
    "dismiss": ("installed", "shown"),
    "go_offline": ("online",),
    "go_online": ("offline",),
}
"""What must be true of the device before each verb."""

WHY_NOT = {
    "gone": "the app is installed already",
    "installed": "the app is not installed",
    "token": "the app has no push token yet; open it first",
    "shown": "the tray is empty",
    "online": "it is offline already",
    "offline": "it is online already",
}


class Host(Protocol):
    """What a device needs of the lab that made it."""

    world: World
    fleet: Fleet
    sends: Sends

    def act(
        self, action: Callable[[], T], name: str = "", arguments: Mapping[str, object] | None = None
    ) -> T:
        """Do *action* at once, with the world's lock held, and record it as *name*.

        Without a name it is not recorded: a replay cannot call a function of a test.
        """
        ...

    def read(self, action: Callable[[], T]) -> T:
        """Look at the settled world, with its lock held."""
        ...

    def explain(self, device: str) -> Sequence[str]:
        """Say in lines why the last messages did not reach *device*."""
        ...


class Device:
    """A phone with the app under test; attributes read the truth, verbs change it."""

    __slots__ = ("_host", "row")

    def __init__(self, host: Host, row: int) -> None:
        self._host = host
        self.row = row

    # -- reading -------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The device's id in this world, such as ``alice-android``."""
        return self._host.fleet.name_of(self.row)

    @property
    def platform(self) -> str:
        """``android`` or ``ios``."""
        return self._host.fleet.platform_of(self.row).name

    @property
    def token(self) -> str | None:
        """The current push token, or None."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row))

    @property
    def subscription_id(self) -> str | None:
        """The subscription id that the SDK stored, or None before it has one."""
        return self._host.read(lambda: self._id("subscription", "subscription_key"))

    @property
    def onesignal_id(self) -> str | None:
        """The OneSignal id that the SDK stored, or None before it has one."""
        return self._host.read(lambda: self._id("user", "user_key"))

    @property
    def external_id(self) -> str | None:
        """Who is logged in on the device, whatever the service knows of it."""
        return self._host.read(lambda: self._host.fleet.external_id_of(self.row))

    @property
    def badge(self) -> int:
        """The number on the app's icon (iOS)."""
        return int(self._host.read(lambda: self._host.fleet.devices.badge[self.row]))

    @property
    def tray(self) -> Tray:
        """The messages that the device shows now, newest first."""
        host = self._host

        def look() -> Tray:
            shown = list_shown(host.fleet, host.sends, host.world.settings, self.row)
            name = self.id
            return Tray(name, host.world.now, shown, lambda: host.explain(name))

        return host.read(look)

    @property
    def state(self) -> dict[str, object]:
        """The truth about the device, in words."""
        return self._host.read(self._state)

    def _state(self) -> dict[str, object]:
        devices, row = self._host.fleet.devices, self.row
        return {
            "installed": bool(devices.installed[row]),
            "online": bool(devices.online[row]),
            "app": Process(int(devices.process[row])).name.lower(),
            "permission": Permission(int(devices.permission[row])).name.lower(),
            "notifications": bool(devices.switch[row]),
            "opted_in": bool(devices.opted_in[row]),
            "badge": int(devices.badge[row]),
        }

    def _id(self, kind: str, column: str) -> str | None:
        key = int(getattr(self._host.fleet.devices, column)[self.row])
        return self._host.world.ids.uuid(kind, key) if key else None

    def document(self) -> dict[str, object]:
        """Return the device as the control API shows it."""
        shown: dict[str, object] = {
            "id": self.id,
            "platform": self.platform,
            "external_id": self.external_id,
            "onesignal_id": self.onesignal_id,
            "subscription_id": self.subscription_id,
            "token": self.token,
            "address": None,
            "state": self.state,
            "tray": [message.document() for message in self.tray],
            "inbox": [],
        }
        if self.platform == "ios":
            shown["topic"] = self._host.fleet.topic_of(self.row)
        return shown

    def __repr__(self) -> str:
        """Show who it is and the truth about it."""
        told = ", ".join(f"{name}={value}" for name, value in self.state.items())
        return f"<device {self.id}: {told}>"

    def __eq__(self, other: object) -> bool:
        """Two views of one row in one lab are the same device."""
        if not isinstance(other, Device):
            return NotImplemented
        return self._host is other._host and self.row == other.row

    def __hash__(self) -> int:
        """Hash by row."""
        return self.row

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

    def prompt(self, answer: str = "allow") -> None:
        """Answer the system's prompt for notifications: ``"allow"`` or ``"deny"``."""
        if answer not in {"allow", "deny"}:
            raise MisuseError(f'prompt(answer=) is "allow" or "deny", not {answer!r}')
        self._do("prompt", answer, {"answer": answer})

    def switch_notifications(self, *, on: bool) -> None:
        """Switch the app's notifications on or off in the system's settings."""
        self._do("switch_notifications", "switch_on" if on else "switch_off", {"on": on})

    def opt_in(self) -> None:
        """Call the SDK's ``optIn()``."""
        self._do("opt_in", "opt_in")

    def opt_out(self) -> None:
        """Call the SDK's ``optOut()``."""
        self._do("opt_out", "opt_out")

    def go_offline(self) -> None:
        """Lose the network."""
        self._do("go_offline", "go_offline")

    def go_online(self) -> None:
        """Get the network back; what was stored for the device sets out."""
        self._do("go_online", "go_online")

    def rotate_token(self) -> None:
        """Get a new push token; the service hears of it when the app is next opened."""
        self._do("rotate_token", "rotate_token")

    def login(self, external_id: str) -> None:
        """Call the SDK's ``login``; the service hears of it some seconds later."""
        if not external_id:
            raise MisuseError("login(external_id) takes a text that is not empty")
        self._act(
            "login",
            lambda: self._host.fleet.log_in(self.row, external_id),
            {"external_id": external_id},
        )

    def logout(self) -> None:
        """Call the SDK's ``logout``; the service hears of it some seconds later."""
        self._act("logout", lambda: self._host.fleet.log_in(self.row, None), {})

    def tap(self, message: ShownMessage | None = None, *, action: str | None = None) -> None:
        """Tap *message*, or the newest one in the tray.

        *action* is the id of one of its buttons; the service is told of the tap alone.
        """
        chosen = self._choose("tap", message)
        if action is not None:
            known = [str(button.get("id", button.get("text"))) for button in chosen.buttons]
            if action not in known:
                raise MisuseError(f"the message has no button {action!r}; its buttons are {known}")

        def tap_and_open() -> None:
            self._handle(self._host.fleet.delivery.tap, chosen)
            self._host.fleet.do("open_app", np.array([self.row], np.int32))

        self._act("tap", tap_and_open, {"notification": chosen.notification_id, "action": action})

    def dismiss(self, message: ShownMessage | None = None) -> None:
        """Swipe *message* away, or the newest one; nobody is told."""
        chosen = self._choose("dismiss", message)
        self._act(
            "dismiss",
            lambda: self._handle(self._host.fleet.delivery.dismiss, chosen),
            {"notification": chosen.notification_id},
        )

    def on_shown(self, listener: Callable[[ShownMessage], None]) -> None:
        """Call *listener* with each message, at the end of the instant in which it is shown."""
        host, row = self._host, self.row

        def tell(fan_out: FanOut, position: int) -> None:
            what = fan_out.number << 32 | position
            for message in list_shown(host.fleet, host.sends, host.world.settings, row):
                if message.what == what:
                    listener(message)

        host.act(lambda: host.fleet.listen(row, tell))

    # -- how a verb is done --------------------------------------------------------------------

    def _choose(self, verb: str, message: ShownMessage | None) -> ShownMessage:
        shown = self.tray
        if not shown:
            self._act(verb, lambda: None, {})
        if message is None:
            return shown[0]
        if not any(held.what == message.what for held in shown):
            raise MisuseError(f"{self.id} does not show that message any more: {message}")
        return message

    def _handle(self, body: Callable[..., None], message: ShownMessage) -> None:
        body(
            np.array([self._host.world.now], np.int64),
            np.array([self.row], np.int32),
            np.array([message.what], np.int64),
        )

    def _do(self, verb: str, body: str, arguments: Mapping[str, object] | None = None) -> None:
        fleet = self._host.fleet
        self._act(verb, lambda: fleet.do(body, np.array([self.row], np.int32)), arguments or {})

    def _act(self, verb: str, action: Callable[[], None], arguments: Mapping[str, object]) -> None:
        __tracebackhide__ = True

        def checked() -> None:
            reason = self._refuse(verb)
            if reason is not None:
                fitting = [name for name in VERBS if self._refuse(name) is None]
                raise MisuseError(
                    f"{self.id} cannot {verb}: {reason}; what fits now: {', '.join(fitting)}"
                )
            action()

        told = {"device": self.id, "verb": verb, "with": dict(arguments)}
        self._host.act(checked, "verb", told)

    def _refuse(self, verb: str) -> str | None:
        """Return why *verb* does not fit now, or None."""
        devices, row = self._host.fleet.devices, self.row
        holds = {
            "gone": lambda: not devices.installed[row],
            "installed": lambda: bool(devices.installed[row]),
            "token": lambda: bool(devices.route[row] >= 0),
            "shown": lambda: bool(
                list_shown(self._host.fleet, self._host.sends, self._host.world.settings, row)
            ),
            "online": lambda: bool(devices.online[row]),
            "offline": lambda: not devices.online[row],
        }
        for need in VERBS[verb]:
            if not holds[need]():
                return WHY_NOT[need]
        return None
