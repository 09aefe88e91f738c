"""A person: the human behind devices, known to the service by an external id."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushlab.devices.device import Device
    from pushlab.lab import Lab

__all__ = ["Person"]


class Person:
    """Someone who owns devices; all of them are logged in under one name."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab = lab
        self.name = name

    @property
    def devices(self) -> list[Device]:
        """The devices on which the person is logged in now, in order of birth."""
        return [device for device in self._lab.devices if device.external_id == self.name]

    def device(self, platform: str, *, name: str | None = None) -> Device:
        """Give the person another settled device."""
        return self._lab.device(platform, external_id=self.name, name=name)

    def __repr__(self) -> str:
        """Show the name and the devices."""
        return f"<person {self.name!r} with {[device.id for device in self.devices]}>"
