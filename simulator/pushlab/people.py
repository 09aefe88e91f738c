"""The people of a lab: their devices, made one by one or by the thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pushlab.devices.device import Device
from pushlab.devices.fleet import PLATFORMS
from pushlab.errors import MisuseError
from pushlab.population import PLATFORM_SHARES, Population, count_platforms
from pushlab.world.randomness import threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.devices.device import Host

__all__ = ["People", "Person"]


class Person:
    """The human behind devices, known to the service by an external id."""

    def __init__(self, people: People, name: str) -> None:
        self._people = people
        self.name = name

    @property
    def devices(self) -> list[Device]:
        """The devices on which the person is logged in now, in order of birth."""
        return [device for device in self._people.devices if device.external_id == self.name]

    def device(self, platform: str, *, name: str | None = None) -> Device:
        """Give the person another settled device."""
        return self._people.device(platform, external_id=self.name, name=name)

    def __repr__(self) -> str:
        """Show the name and the devices."""
        return f"<person {self.name!r} with {[device.id for device in self.devices]}>"


class People:
    """Makes devices and finds them; `Lab` shows its methods as its own."""

    def __init__(self, host: Host, app: Callable[[], int]) -> None:
        """Make people for *host*; *app* returns the row of the app that they use."""
        self._host = host
        self._app = app

    def device(
        self,
        platform: str,
        *,
        external_id: str | None = None,
        name: str | None = None,
        fresh: bool = False,
        language: str | None = None,
        timezone: str | None = None,
        extension: bool = True,
        tap_chance: float = 0.0,
    ) -> Device:
        """Make a device of *platform* (``"android"`` or ``"ios"``).

        It is settled: the app is installed, was opened, has its permission and is registered
        with the service, logged in as *external_id*. With *fresh* it is a phone without the app,
        and what its SDK does takes the time that it really takes. *extension* tells whether an
        iOS app has the notification service extension, which sends receipts.
        """
        if platform not in PLATFORMS:
            raise MisuseError(
                f"there is no platform {platform!r} yet; there are {', '.join(PLATFORMS)}"
            )
        if fresh and external_id is not None:
            raise MisuseError(
                "a fresh device has nobody logged in; write device.login(external_id) once its "
                "app is open"
            )
        told: dict[str, Any] = {
            "platform": platform,
            "external_id": external_id,
            "name": name or self._host.read(lambda: self._next_name(platform, external_id)),
            "fresh": fresh,
            "language": language,
            "timezone": timezone,
            "extension": extension,
            "tap_chance": tap_chance,
        }
        return self._host.act(lambda: self._make_device(**told), "device", told)

    def _make_device(
        self,
        *,
        platform: str,
        name: str,
        external_id: str | None,
        fresh: bool,
        language: str | None,
        timezone: str | None,
        extension: bool,
        tap_chance: float,
    ) -> Device:
        app = self._app()
        row = self._host.fleet.add(name, platform, app, fresh=fresh)
        devices, sdk = self._host.fleet.devices, self._host.fleet.sdk
        devices.has_extension[row] = extension
        device = Device(self._host, row)
        self._host.world.trace.record(
            "DeviceMade",
            name,
            {"device": name, "platform": platform, "external_id": external_id, "fresh": fresh},
        )
        if external_id is not None:
            sdk.external_ids[row] = external_id
        if language is not None:
            sdk.languages[row] = language
        if timezone is not None:
            sdk.timezones[row] = timezone
        if not fresh:
            sdk.settle(np.array([row], np.int32), app)
        if tap_chance:
            devices.tap_share[row] = min(threshold(tap_chance), 2**32 - 1)
        return device

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
        return Device(self._host, row) if row >= 0 else None

    @property
    def devices(self) -> list[Device]:
        """The devices that were made one by one, in order."""
        return [Device(self._host, row) for row in self._host.read(self._host.fleet.named_rows)]

    def person(self, name: str) -> Person:
        """Return the person called *name*, whose devices are logged in as *name*."""
        return Person(self, name)

    def population(
        self,
        count: int,
        *,
        prefix: str = "person",
        platforms: Mapping[str, float] = PLATFORM_SHARES,
    ) -> Population:
        """Make *count* people with a settled device each, called ``prefix-000001`` and so on."""
        counts = count_platforms(count, platforms)
        for platform in counts:
            if platform not in PLATFORMS:
                raise MisuseError(
                    f"there is no platform {platform!r} yet; there are {', '.join(PLATFORMS)}"
                )

        def make() -> Population:
            if self._host.fleet.find(f"{prefix}-000001") >= 0:
                raise MisuseError(f"there is a population {prefix!r} already; choose a `prefix=`")
            app = self._app()
            rows = self._host.fleet.add_members(prefix, counts, app)
            self._host.world.trace.record(
                "PopulationMade", prefix, {"prefix": prefix, "count": count, "platforms": counts}
            )
            self._host.fleet.sdk.settle_members(rows, app, prefix)
            return Population(self._host, prefix, rows)

        told = {"count": count, "prefix": prefix, "platforms": dict(platforms)}
        return self._host.act(make, "population", told)
