"""A phone number: what a person does with text messages."""

from __future__ import annotations

from pushlab.devices.device import Device

__all__ = ["Number"]


class Number(Device):
    """A number; attributes read the truth, verbs change it."""

    __slots__ = ()

    @property
    def address(self) -> str:
        """The number in E.164 form."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row) or "")
