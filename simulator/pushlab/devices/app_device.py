"""What phones and browsers have in common: an app with an SDK, a tray, a person logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pushlab.devices.columns import Permission, Process
from pushlab.devices.device import Device
from pushlab.devices.tray import ShownMessage, Tray, list_shown
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.gateway import FanOut

__all__ = ["AppDevice"]


class AppDevice(Device):
    """A device with the app under test on it, or with its site open now and then."""

    __slots__ = ()

    WHY_NOT: ClassVar[Mapping[str, str]] = {
        "gone": "the app is installed already",
        "installed": "the app is not installed",
        "token": "the app has no push token yet; open it first",
        "shown": "the tray is empty",
        "online": "it is offline already",
        "offline": "it is online already",
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def token(self) -> str | None:
        """The current push token, or None."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row))

    @property
    def tray(self) -> Tray:
        """The messages that the device shows now, newest first."""
        host = self._host

        def look() -> Tray:
            shown = list_shown(host.fleet, host.sends, host.world.settings, self.row)
            name = self.id
            return Tray(name, host.world.now, shown, lambda: host.explain(name))

        return host.read(look)

    def _state(self) -> dict[str, object]:
        devices, row = self._host.fleet.devices, self.row
        return {
            "installed": bool(devices.installed[row]),
            "online": bool(devices.online[row]),
            "app": Process(int(devices.process[row])).name.lower(),
            "permission": Permission(int(devices.permission[row])).name.lower(),
            "notifications": bool(devices.switch[row]),
            "opted_in": bool(devices.opted_in[row]),
        }

    # -- verbs ---------------------------------------------------------------------------------

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

    def _holds(self, need: str) -> bool:
        host, devices, row = self._host, self._host.fleet.devices, self.row
        match need:
            case "gone":
                return not devices.installed[row]
            case "installed":
                return bool(devices.installed[row])
            case "token":
                return bool(devices.route[row] >= 0)
            case "shown":
                return bool(list_shown(host.fleet, host.sends, host.world.settings, row))
        return super()._holds(need)
