"""The device that a test holds in its hand: a view on one row, made on demand.

What every kind of device has in common: who it is, the truth about it, and how a verb is done or
refused. Phones, browsers, mailboxes and numbers add their own verbs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import numpy as np

from pushlab.devices.inbox import Inbox
from pushlab.devices.tray import Tray
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab.devices.fleet import Fleet
    from pushlab.devices.inbox import ReceivedMail, ReceivedSms
    from pushlab.fanout import Sends
    from pushlab.world.world import World

__all__ = ["Device", "Host", "NamedApp"]

T = TypeVar("T")


class NamedApp(Protocol):
    """An app of the service, as a test holds it."""

    @property
    def id(self) -> str:
        """The app id."""
        ...


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

    def app_row(self, app: NamedApp | str | None) -> int:
        """Return the row of *app*, which a test named by its view or its id; None is the first."""
        ...


class Device:
    """One device of a lab; attributes read the truth, verbs change it."""

    __slots__ = ("_host", "row")

    VERBS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """What must be true of the device before each of its verbs, as keys of WHY_NOT."""
    WHY_NOT: ClassVar[Mapping[str, str]] = {}
    """What a refused verb says when that is not so."""

    def __init__(self, host: Host, row: int) -> None:
        self._host = host
        self.row = row

    def check_lab(self, fleet: Fleet) -> None:
        """Raise MisuseError unless it is a device of the lab that has *fleet*.

        Ids and rows are the same in every lab, so another lab's device would be taken for one here.
        """
        if self._host.fleet is not fleet:
            raise MisuseError(
                f"{self.id} is a device of another lab; name one that this lab has made"
            )

    # -- reading -------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The device's id in this world, such as ``alice-android``."""
        return self._host.fleet.name_of(self.row)

    @property
    def platform(self) -> str:
        """``android``, ``ios``, ``web``, ``email`` or ``sms``."""
        return self._host.fleet.platform_of(self.row).name

    @property
    def subscription_id(self) -> str | None:
        """The subscription id that the device knows, or None before it has one."""
        return self._host.read(lambda: self._id("subscription", "subscription_key"))

    @property
    def onesignal_id(self) -> str | None:
        """The OneSignal id that the device knows, or None before it has one."""
        return self._host.read(lambda: self._id("user", "user_key"))

    @property
    def external_id(self) -> str | None:
        """Who is logged in on the device, or whose it is, whatever the service knows of it."""
        return self._host.read(lambda: self._host.fleet.external_id_of(self.row))

    @property
    def token(self) -> str | None:
        """The current push token, or None."""
        return None

    @property
    def address(self) -> str | None:
        """The mail address or number, or None."""
        return None

    @property
    def tray(self) -> Tray:
        """The notifications that the device shows now, newest first."""
        return self._host.read(lambda: Tray(self.id, self._host.world.now, (), lambda: ()))

    @property
    def inbox(self) -> Inbox[ReceivedMail | ReceivedSms]:
        """The mails or text messages that the device holds now, newest first."""
        return self._host.read(lambda: Inbox(self.id, self._host.world.now, (), lambda: ()))

    @property
    def state(self) -> dict[str, object]:
        """The truth about the device, in words."""
        return self._host.read(self._state)

    def _state(self) -> dict[str, object]:
        return {"online": bool(self._host.fleet.devices.online[self.row])}

    @property
    def verbs(self) -> list[str]:
        """The verbs that fit now."""
        return self._host.read(self._fitting)

    def _fitting(self) -> list[str]:
        return [verb for verb in self.VERBS if self._refuse(verb) is None]

    def _id(self, kind: str, column: str) -> str | None:
        key = int(getattr(self._host.fleet.devices, column)[self.row])
        return self._host.world.ids.uuid(kind, key) if key else None

    def document(self) -> dict[str, object]:
        """Return the device as the control API shows it."""
        return {
            "id": self.id,
            "platform": self.platform,
            "external_id": self.external_id,
            "onesignal_id": self.onesignal_id,
            "subscription_id": self.subscription_id,
            "token": self.token,
            "address": self.address,
            "state": self.state,
            "tray": [message.document() for message in self.tray],
            "inbox": [message.document() for message in self.inbox],
        }

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

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401  it never returns
            """Refuse a verb of another kind of device in words."""
            from pushlab.devices.kinds import VERBS  # noqa: PLC0415  it imports all kinds

            if name in VERBS and name not in self.VERBS:
                raise MisuseError(self._say_refused(name, f"that is no verb of {self._article()}"))
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _article(self) -> str:
        return f"a {type(self).__name__.lower()}"

    # -- verbs that every device has -----------------------------------------------------------

    def go_offline(self) -> None:
        """Lose the network."""
        self._do("go_offline", "go_offline")

    def go_online(self) -> None:
        """Get the network back; what was stored for the device sets out."""
        self._do("go_online", "go_online")

    # -- how a verb is done --------------------------------------------------------------------

    def _do(self, verb: str, body: str, arguments: Mapping[str, object] | None = None) -> None:
        fleet = self._host.fleet
        self._act(verb, lambda: fleet.do(body, np.array([self.row], np.int32)), arguments or {})

    def _act(self, verb: str, action: Callable[[], None], arguments: Mapping[str, object]) -> None:
        __tracebackhide__ = True

        def checked() -> None:
            reason = self._refuse(verb)
            if reason is not None:
                raise MisuseError(self._say_refused(verb, reason))
            action()

        told = {"device": self.id, "verb": verb, "with": dict(arguments)}
        self._host.act(checked, "verb", told)

    def _say_refused(self, verb: str, reason: str) -> str:
        return f"{self.id} cannot {verb}: {reason}; what fits now: {', '.join(self._fitting())}"

    def _refuse(self, verb: str) -> str | None:
        """Return why *verb* does not fit now, or None."""
        if verb not in self.VERBS:
            return f"that is no verb of {self._article()}"
        for need in self.VERBS[verb]:
            if not self._holds(need):
                return self.WHY_NOT[need]
        return None

    def _holds(self, need: str) -> bool:
        """Whether what *need* names is true of the device now."""
        online = bool(self._host.fleet.devices.online[self.row])
        if need == "online":
            return online
        assert need == "offline", f"{need} is not known of a device"
        return not online
