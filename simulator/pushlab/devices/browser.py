"""A browser that visits the site under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pushlab.devices.app_device import AppDevice

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Browser"]


class Browser(AppDevice):
    """A browser with a profile of its own; attributes read the truth, verbs change it."""

    __slots__ = ()

    VERBS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "visit": (),
        "leave": (),
        "prompt": (),
        "switch_notifications": (),
        "opt_in": (),
        "opt_out": (),
        "login": (),
        "logout": (),
        "tap": ("shown",),
        "dismiss": ("shown",),
        "go_offline": ("online",),
        "go_online": ("offline",),
    }

    def visit(self) -> None:
        """Open a page of the site, in the front."""
        self._do("visit", "open_app")

    def leave(self) -> None:
        """Leave the site for another one."""
        self._do("leave", "close_app")
