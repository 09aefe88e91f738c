"""What phones and browsers have in common: an app with an SDK, a tray, a person logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from pushlab.devices.columns import Permission, Process
from pushlab.devices.device import Device
from pushlab.devices.power import POWERS, set_state
from pushlab.devices.said import (
    need_flag,
    need_text,
    say_address,
    say_language,
    say_tag,
    say_timezone,
)
from pushlab.devices.tray import ShownMessage, Tray, list_shown
from pushlab.errors import MisuseError
from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from pushlab.devices.device import NamedApp
    from pushlab.devices.said import Said
    from pushlab.fanout import FanOut

__all__ = ["FIREBASE_VERBS", "PERSON_VERBS", "AppDevice"]

PERSON_VERBS: Final = (
    "add_tag",
    "remove_tag",
    "set_language",
    "add_email",
    "remove_email",
    "add_sms",
    "remove_sms",
)
"""What apps and sites alike tell their SDK of the person."""
FIREBASE_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "register_fcm": ("relayed", "installed", "token", "connected"),
    "delete_fcm_token": ("relayed", "installed", "registered", "connected"),
}
"""What their Firebase SDK does."""


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
        "connected": "it is offline",
        "relayed": "an Android app has a token of FCM from the first: device.token",
        "registered": "its app has no token of FCM; write register_fcm()",
    }

    # -- reading -------------------------------------------------------------------------------

    @property
    def token(self) -> str | None:
        """The current push token, or None."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row))

    @property
    def fcm_token(self) -> str | None:
        """FCM's token of the app or site, once its Firebase SDK asked for one; else None.

        On Android that is `token`, from the first.
        """
        return self._host.read(self._find_fcm_token)

    def _find_fcm_token(self) -> str | None:
        fleet = self._host.fleet
        if fleet.devices.platform[self.row] == Channel.ANDROID:
            return fleet.token_of(self.row)
        route = fleet.firebase.route_of(self.row)
        return None if route < 0 else fleet.gateways[Channel.ANDROID].render_token(route)

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
        need_flag("switch_notifications(on=)", on)
        self._do("switch_notifications", "switch_on" if on else "switch_off", {"on": on})

    def opt_in(self) -> None:
        """Call the SDK's ``optIn()``."""
        self._do("opt_in", "opt_in")

    def opt_out(self) -> None:
        """Call the SDK's ``optOut()``."""
        self._do("opt_out", "opt_out")

    def login(self, external_id: str) -> None:
        """Call the SDK's ``login``; the service hears of it some seconds later."""
        need_text("an external_id", external_id)
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
            what = fan_out.what_at(position)
            for message in list_shown(host.fleet, host.sends, host.world.settings, row):
                if message.what == what:
                    listener(message)

        host.act(lambda: host.fleet.listen(row, tell))

    def register_fcm(self) -> None:
        """Let the Firebase SDK of an iOS app or a site get a token of FCM (see `fcm_token`)."""
        firebase = self._host.fleet.firebase

        def register() -> None:
            firebase.register(self.row)
            self._record_firebase("FcmRegistered")

        self._act("register_fcm", register, {})

    def delete_fcm_token(self) -> None:
        """Let the app call the Firebase SDK's ``deleteToken()``."""
        firebase = self._host.fleet.firebase

        def delete() -> None:
            firebase.delete(self.row, self._host.world.now)
            self._record_firebase("FcmTokenDeleted")

        self._act("delete_fcm_token", delete, {})

    def _record_firebase(self, kind: str) -> None:
        world = self._host.world
        world.trace.record(kind, f"{self.id}@{world.now}", {"device": self.id})

    # -- what the app tells its SDK of the person -----------------------------------------------

    def add_tag(self, key: str, value: str | float) -> None:
        """Call the SDK's ``addTag``; an empty text takes the tag away, as the SDKs have it."""
        self._say("add_tag", say_tag(key, value), {"key": key, "value": value})

    def remove_tag(self, key: str) -> None:
        """Call the SDK's ``removeTag``."""
        self._say("remove_tag", say_tag(key, None), {"key": key})

    def set_language(self, code: str) -> None:
        """Call the SDK's ``setLanguage``, which counts before what the system is set to."""
        body, said = self._host.fleet.person_verbs.set_language, say_language(code)
        rows = np.array([self.row], np.int32)
        self._act("set_language", lambda: body(said, rows), {"code": code})

    def set_timezone(self, name: str) -> None:
        """Set the system's time zone; every app on the device tells it."""
        body, said = self._host.fleet.person_verbs.set_timezone, say_timezone(name)
        rows = np.array([self.row], np.int32)
        self._act("set_timezone", lambda: body(said, rows), {"name": name})

    def add_email(self, address: str) -> None:
        """Call the SDK's ``addEmail``: a subscription of its own for the current user."""
        said = say_address(Channel.EMAIL, address, is_added=True)
        self._say("add_email", said, {"address": address})

    def remove_email(self, address: str) -> None:
        """Call the SDK's ``removeEmail``; an address that the user does not have is passed over."""
        said = say_address(Channel.EMAIL, address, is_added=False)
        self._say("remove_email", said, {"address": address})

    def add_sms(self, number: str) -> None:
        """Call the SDK's ``addSms`` with a number in E.164 form."""
        self._say("add_sms", say_address(Channel.SMS, number, is_added=True), {"number": number})

    def remove_sms(self, number: str) -> None:
        """Call the SDK's ``removeSms``; a number that the user does not have is passed over."""
        said = say_address(Channel.SMS, number, is_added=False)
        self._say("remove_sms", said, {"number": number})

    def _say(self, verb: str, said: Said, arguments: Mapping[str, object]) -> None:
        profile, rows = self._host.fleet.sdk.profile, np.array([self.row], np.int32)
        self._act(verb, lambda: profile.say(said, rows), arguments)

    # -- several apps on one device ------------------------------------------------------------

    @property
    def apps(self) -> list[AppDevice]:
        """This app and the others on the same hardware, in the order in which they came."""
        rows = self._host.read(lambda: self._host.fleet.hardware.rows_of(self.row))
        return [type(self)(self._host, row) for row in rows]

    def with_app(
        self,
        app: NamedApp | str,
        *,
        external_id: str | None = None,
        name: str | None = None,
        fresh: bool = False,
    ) -> Self:
        """Return this device's view of another *app*, which is put on it when it is not there yet.

        *app* is one of `lab.apps` or its id. It has a token, a tray and a subscription of its own,
        while network, language, time zone and place are the hardware's. It is settled, with
        *external_id* logged in; with *fresh* it has yet to be installed.
        """
        host = self._host
        if fresh and external_id is not None:
            raise MisuseError("a fresh app has nobody logged in; write login(external_id) later")
        row = host.read(lambda: host.fleet.hardware.find(self.row, host.app_row(app)))
        if row >= 0:
            return type(self)(host, row)
        told = {
            "device": self.id,
            "app": app if isinstance(app, str) else app.id,
            "external_id": external_id,
            "name": name or host.read(self._next_name),
            "fresh": fresh,
        }
        return host.act(lambda: self._put_app(told), "with_app", told)

    def _next_name(self) -> str:
        first = self._host.fleet.name_of(self._host.fleet.hardware.first_of(self.row))
        number = 2
        while self._host.fleet.find(f"{first}-app-{number}") >= 0:
            number += 1
        return f"{first}-app-{number}"

    def _put_app(self, told: Mapping[str, Any]) -> Self:
        fleet, app_row = self._host.fleet, self._host.app_row(told["app"])
        row = fleet.add_app(self.row, told["name"], app_row, fresh=told["fresh"])
        fields = {**told, "device": told["name"], "beside": told["device"]}
        del fields["name"]
        self._host.world.trace.record("AppPutOnDevice", told["name"], fields)
        if told["external_id"] is not None:
            fleet.sdk.external_ids[row] = told["external_id"]
        if not told["fresh"]:
            fleet.sdk.settle(np.array([row], np.int32), app_row)
        return type(self)(self._host, row)

    def set_power(self, power: str) -> None:
        """Run on ``plugged`` power, ``battery`` or a ``low`` battery.

        A browser short of power asks its push service for urgent messages alone (RFC 8030, section
        5.3). To an iPhone APNs sends with priority 5 what its power allows, and with 1 even less
        (setting apns_spares_power). What has to wait waits there.
        """
        self._set_state("power", POWERS, power)

    # -- how a verb is done --------------------------------------------------------------------

    def _set_state(self, name: str, known: tuple[str, ...], value: str) -> None:
        if value not in known:
            raise MisuseError(f"set_{name}({name}=) is one of {', '.join(known)}, not {value!r}")
        world = self._host.world
        entry = {"power": "PowerSet", "network": "NetworkSet"}[name]

        def act() -> None:
            set_state(self._host.fleet, self.row, world.now, name, known.index(value))
            world.trace.record(entry, f"{self.id}@{world.now}", {"device": self.id, name: value})

        self._act(f"set_{name}", act, {name: value})

    def _choose(self, verb: str, message: ShownMessage | None) -> ShownMessage:
        shown = self.tray
        if not shown:
            self._act(verb, lambda: None, {})
        if message is None:
            return shown[0]
        if not isinstance(message, ShownMessage):
            raise MisuseError(f"{verb} takes a message of {self.id}.tray, not {message!r}")
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
            case "connected":
                return bool(devices.online[row])
            case "relayed":
                return bool(devices.platform[row] != Channel.ANDROID.value)
            case "registered":
                return host.fleet.firebase.route_of(row) >= 0
            case "shown":
                return bool(list_shown(host.fleet, host.sends, host.world.settings, row))
        return super()._holds(need)
