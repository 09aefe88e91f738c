"""A mailbox: what a person does with mail."""

from __future__ import annotations

from pushlab.devices.device import Device

__all__ = ["Mailbox"]


class Mailbox(Device):
    """A mailbox at an address; attributes read the truth, verbs change it."""

    __slots__ = ()

    @property
    def address(self) -> str:
        """The mail address."""
        return self._host.read(lambda: self._host.fleet.token_of(self.row) or "")
