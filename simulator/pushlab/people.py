"""The people of a lab: their devices, made one by one or by the thousand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack, overload

import numpy as np

from pushlab.devices.browser import Browser
from pushlab.devices.device import Device
from pushlab.devices.fleet import PLATFORMS
from pushlab.devices.kinds import view_device
from pushlab.devices.mailbox import Mailbox
from pushlab.devices.number import Number
from pushlab.devices.phone import Phone
from pushlab.devices.said import join_said, need_flag, need_share, need_text, say_tag
from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab.population import PLATFORM_SHARES, Population, count_platforms
from pushlab.world.randomness import threshold
from pushlab_fakes.addresses import MailForm

if TYPE_CHECKING:
    from pushlab.devices.device import Host, NamedApp
    from pushlab.devices.platform import Platform

__all__ = ["DeviceOptions", "People", "Person"]

D = TypeVar("D", bound=Device)

AREA_MIN, AREAS, LINES = 200, 800, 10_000_000
"""Numbers of the North American plan: an area from 200 to 999, then seven digits."""


class DeviceOptions(TypedDict, total=False):
    """What `Lab.device` takes beside the platform; it says there what each means."""

    external_id: str | None
    name: str | None
    fresh: bool
    address: str | None
    browser: str | None
    language: str | None
    timezone: str | None
    extension: bool
    tap_chance: float
    app: NamedApp | str | None
    tags: Mapping[str, str | float] | None


class Person:
    """The human behind devices, known to the service by an external id."""

    def __init__(self, people: People, name: str) -> None:
        self._people = people
        self.name = name

    @property
    def devices(self) -> list[Device]:
        """The devices on which the person is logged in now, in order of birth."""
        return [device for device in self._people.devices if device.external_id == self.name]

    @property
    def phone(self) -> Phone:
        """The person's phone; MisuseError when there is not exactly one."""
        return self._choose(Phone)

    @property
    def browser(self) -> Browser:
        """The person's browser; MisuseError when there is not exactly one."""
        return self._choose(Browser)

    @property
    def mailbox(self) -> Mailbox:
        """The person's mailbox; MisuseError when there is not exactly one."""
        return self._choose(Mailbox)

    @property
    def number(self) -> Number:
        """The person's number; MisuseError when there is not exactly one."""
        return self._choose(Number)

    def _choose(self, kind: type[D]) -> D:
        devices = self.devices
        found = [device for device in devices if isinstance(device, kind)]
        if len(found) == 1:
            return found[0]
        word, known = kind.__name__.lower(), ", ".join(device.id for device in devices) or "none"
        count = f"{len(found)} devices of the kind {word}" if found else f"no {word}"
        raise MisuseError(
            f"{self.name} is logged in on {count}; choose from person.devices: {known}"
        )

    def device(self, platform: str, **options: Unpack[DeviceOptions]) -> Any:  # noqa: ANN401  by platform
        """Give the person another settled device, as `Lab.device` does."""
        options["external_id"] = self.name
        return self._people.device(platform, **options)

    def __repr__(self) -> str:
        """Show the name and the devices."""
        return f"<person {self.name!r} with {[device.id for device in self.devices]}>"


class People:
    """Makes devices and finds them; `Lab` shows its methods as its own."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @overload
    def device(
        self, platform: Literal["android", "ios"], **options: Unpack[DeviceOptions]
    ) -> Phone: ...
    @overload
    def device(self, platform: Literal["web"], **options: Unpack[DeviceOptions]) -> Browser: ...
    @overload
    def device(self, platform: Literal["email"], **options: Unpack[DeviceOptions]) -> Mailbox: ...
    @overload
    def device(self, platform: Literal["sms"], **options: Unpack[DeviceOptions]) -> Number: ...
    @overload
    def device(self, platform: str, **options: Unpack[DeviceOptions]) -> Any: ...  # noqa: ANN401  by platform
    def device(
        self,
        platform: str,
        *,
        external_id: str | None = None,
        name: str | None = None,
        fresh: bool = False,
        address: str | None = None,
        browser: str | None = None,
        language: str | None = None,
        timezone: str | None = None,
        extension: bool = True,
        tap_chance: float = 0.0,
        app: NamedApp | str | None = None,
        tags: Mapping[str, str | float] | None = None,
    ) -> object:
        """Make a device: ``"android"``, ``"ios"``, ``"web"``, ``"email"`` or ``"sms"``.

        It is settled: the app is installed, was opened, has its permission and is registered
        with the service, logged in as *external_id*; a mailbox or number is subscribed as that
        user's. With *fresh* it is a phone without the app, a browser that never saw the site, an
        address that the service does not know; and what an SDK does takes the time that it really
        takes. *address* is a mail address or a number in E.164 form, made up when it is not given.
        *browser* is ``"chrome"``, ``"firefox"``, ``"safari"`` or ``"edge"``. *extension* tells
        whether an iOS app has the notification service extension, which sends receipts. *app* is
        one of `lab.apps` or its id, the app under test unless given. *tags* are those that its user
        has already.
        """
        kind = self._find_platform(platform, browser)
        texts = {
            "external_id": external_id,
            "name": name,
            "address": address,
            "language": language,
            "timezone": timezone,
        }
        _check_options(texts, {"fresh": fresh, "extension": extension}, tap_chance, tags)
        if fresh and external_id is not None and kind.has_app:
            raise MisuseError(
                "a fresh device has nobody logged in; write device.login(external_id) once its "
                "app is open"
            )
        if address is not None and kind.has_app:
            raise MisuseError(f"a device of {platform} has no address; it gets a token")
        if fresh and tags:
            raise MisuseError(
                "the service knows no user of a fresh device yet; write device.add_tag(key, value) "
                "once its app is open"
            )
        name = name or self._host.read(lambda: self._next_name(platform, external_id))
        if not kind.has_app and address is None:
            address = self._host.read(lambda: make_address(kind, external_id or name, self._host))
        told: dict[str, Any] = {
            "platform": platform,
            "external_id": external_id,
            "name": name,
            "fresh": fresh,
            "address": address,
            "browser": browser,
            "language": language,
            "timezone": timezone,
            "extension": extension,
            "tap_chance": tap_chance,
            "app": _id_of(app),
            "tags": join_said(say_tag(*tag) for tag in tags.items())["tags"] if tags else None,
        }
        return self._host.act(lambda: self._make_device(**told), "device", told)

    @staticmethod
    def _find_platform(platform: str, browser: str | None = None) -> Platform:
        """Return the platform that people call *platform*; raises MisuseError when none is."""
        if browser is not None and platform != "web":
            raise MisuseError(f'a device of {platform} has no browser; write platform "web"')
        found = [kind for kind in PLATFORMS.values() if kind.name == platform]
        if not found:
            names = dict.fromkeys(kind.name for kind in PLATFORMS.values())
            raise MisuseError(f"there is no platform {platform!r}; there are {', '.join(names)}")
        chosen = [kind for kind in found if browser in {None, kind.browser}]
        if not chosen:
            browsers = ", ".join(str(kind.browser) for kind in found)
            raise MisuseError(f"there is no browser {browser!r}; there are {browsers}")
        return chosen[0]

    def _make_device(
        self,
        *,
        platform: str,
        name: str,
        external_id: str | None,
        fresh: bool,
        address: str | None,
        browser: str | None,
        language: str | None,
        timezone: str | None,
        extension: bool,
        tap_chance: float,
        app: str | None,
        tags: Mapping[str, str | None] | None,
    ) -> Device:
        app_row = self._host.app_row(app)
        kind = self._find_platform(platform, browser)
        row = self._host.fleet.add(name, kind, app_row, fresh=fresh, address=address)
        devices, sdk = self._host.fleet.devices, self._host.fleet.sdk
        rows = np.array([row], np.int32)
        devices.has_extension[row] = extension
        told: dict[str, object] = {"address": address} if address is not None else {}
        if kind.browser is not None:
            told["browser"] = kind.browser
        if app is not None:
            told["app"] = app
        self._host.world.trace.record(
            "DeviceMade",
            name,
            {
                "device": name,
                "platform": platform,
                "external_id": external_id,
                "fresh": fresh,
                **told,
            },
        )
        if external_id is not None:
            sdk.external_ids[row] = external_id
        if language is not None:
            sdk.profile.set_text("language", rows, language)
        if timezone is not None:
            sdk.profile.set_text("timezone", rows, timezone)
        if not fresh:
            sdk.settle(rows, app_row)
        if tags:
            assert sdk.service is not None
            users, subscriptions = devices.user_key[rows], devices.subscription_key[rows]
            sdk.service.update_users(app_row, users, subscriptions, tags=tags)
        if tap_chance:
            devices.tap_share[row] = min(threshold(tap_chance), 2**32 - 1)
        return view_device(self._host, row)

    def _next_name(self, platform: str, external_id: str | None) -> str:
        base = f"{external_id}-{platform}" if external_id else platform
        if self._host.fleet.find(base) < 0 and external_id:
            return base
        number = 1 if not external_id else 2
        while self._host.fleet.find(f"{base}-{number}") >= 0:
            number += 1
        return f"{base}-{number}"

    def find_device(self, name: str) -> Device | None:
        """Return the device with this id, or None."""
        row = self._host.read(lambda: self._host.fleet.find(name))
        return view_device(self._host, row) if row >= 0 else None

    @property
    def devices(self) -> list[Device]:
        """The devices that were made one by one, in order."""
        rows = self._host.read(self._host.fleet.named_rows)
        return [view_device(self._host, row) for row in rows]

    def person(self, name: str) -> Person:
        """Return the person called *name*, whose devices are logged in as *name*."""
        return Person(self, name)

    def population(
        self,
        count: int,
        *,
        prefix: str = "person",
        platforms: Mapping[str, float] = PLATFORM_SHARES,
        app: NamedApp | str | None = None,
    ) -> Population:
        """Make *count* people with a settled device each, called ``prefix-000001`` and so on.

        They use *app*, one of `lab.apps` or its id: the app under test unless given.
        """
        need_text("population(prefix=)", prefix)
        counts = count_platforms(count, platforms)
        for platform in counts:
            self._find_platform(platform)

        def make() -> Population:
            if self._host.fleet.find(f"{prefix}-000001") >= 0:
                raise MisuseError(f"there is a population {prefix!r} already; choose a `prefix=`")
            row = self._host.app_row(app)
            rows = self._host.fleet.add_members(prefix, counts, row)
            fields = {"prefix": prefix, "count": count, "platforms": counts}
            if app is not None:
                fields["app"] = _id_of(app)
            self._host.world.trace.record("PopulationMade", prefix, fields)
            self._host.fleet.sdk.settle_members(rows, row, prefix)
            return Population(self._host, prefix, rows)

        told = {
            "count": count,
            "prefix": prefix,
            # As pairs: members come in this order, and names in a record do not keep theirs.
            "platforms": [list(pair) for pair in platforms.items()],
            "app": _id_of(app),
        }
        return self._host.act(make, "population", told)


def _check_options(
    texts: Mapping[str, object], flags: Mapping[str, object], tap_chance: object, tags: object
) -> None:
    """Raise MisuseError unless each option of a device is of the kind that it takes."""
    for option, text in texts.items():
        if text is not None:
            need_text(f"device({option}=)", text)
    for option, flag in flags.items():
        need_flag(f"device({option}=)", flag)
    need_share("device(tap_chance=)", tap_chance)
    if tags is not None and not isinstance(tags, Mapping):
        raise MisuseError(f'device(tags=) is a dict such as {{"level": "10"}}, not {tags!r}')


def _id_of(app: NamedApp | str | None) -> str | None:
    return app if app is None or isinstance(app, str) else app.id


def make_address(kind: Platform, name: str, host: Host) -> str:
    """Return a mail address or number for *name* that nobody has yet, made from the name alone."""
    gateway = host.fleet.address_gateways[kind.channel]
    number = 0
    while True:
        if kind.channel == Channel.EMAIL:
            address = MailForm.make_up(name, number)
        else:
            key = host.world.ids.key("number", name, number)
            address = f"+1{AREA_MIN + key % AREAS}{key // AREAS % LINES:07d}"
        if gateway.find_route(address) < 0:
            return address
        number += 1
