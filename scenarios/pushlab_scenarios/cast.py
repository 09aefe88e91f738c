"""Who and what a scenario has named so far, so that a slip is found before anything runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pushlab.errors import find_near
from pushlab_scenarios.nodes import Listing, Scalar, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pushlab_scenarios.nodes import Node, Place

__all__ = ["Cast", "fill"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MARK = re.compile(r"\$(\$|[A-Za-z_][A-Za-z0-9_]*)")
GIVEN: Final = ("app_id", "app_key")
"""Names that every scenario has."""


class Cast:
    """The devices and the saved values, in the order in which the steps bring them in."""

    def __init__(self) -> None:
        self.devices: dict[str, str] = {}
        """Platform by device."""
        self._saved: dict[str, Place] = {}
        self._faults: dict[str, bool] = {}
        """The faults that were given a name: whether each is a hold."""

    def add_device(self, name: str, platform: str, place: Place) -> None:
        """Bring in a device."""
        if name in self.devices:
            raise place.refuse(f"there is a device {name!r} already", "give this one a `name`")
        self.devices[name] = platform

    def read_device(self, node: Scalar) -> str:
        """Return the device that *node* names, which must have joined before."""
        if node.text in self.devices:
            return node.text
        near = find_near(node.text, self.devices)
        raise node.place.refuse(f"no device {node.text!r} has joined before", near)

    def add_fault(self, name: str, place: Place, *, is_hold: bool) -> None:
        """Bring in a fault that was given a name."""
        if name in self._faults:
            raise place.refuse(f"there is a fault {name!r} already", "give this one another `id`")
        self._faults[name] = is_hold

    def read_fault(self, node: Scalar) -> str:
        """Return the fault that *node* names, which must have been planned before."""
        return self._read_fault(node, self._faults, "fault")

    def read_hold(self, node: Scalar) -> str:
        """Return the hold that *node* names, which must have been planned before."""
        holds = [name for name, is_hold in self._faults.items() if is_hold]
        return self._read_fault(node, holds, "hold")

    def _read_fault(self, node: Scalar, known: Iterable[str], what: str) -> str:
        names = [*known]
        if node.text in names:
            return node.text
        instead = find_near(node.text, names) if names else f"give the {what} an `id`"
        raise node.place.refuse(f"no {what} {node.text!r} was planned before", instead)

    def save(self, node: Scalar) -> str:
        """Bring in a name for what an answer will hold."""
        name = node.text
        if not NAME.fullmatch(name):
            raise node.place.refuse(
                f"{name!r} cannot be a name", "write letters, digits and _, such as welcome"
            )
        if name in GIVEN or name in self._saved:
            raise node.place.refuse(f"{name!r} has a value already", "choose another name")
        self._saved[name] = node.place
        return name

    def read_saved(self, node: Scalar) -> str:
        """Return the name of a value that was saved before."""
        if node.text in self._saved:
            return node.text
        instead = find_near(node.text, self._saved) if self._saved else "write `save: NAME` there"
        raise node.place.refuse(f"no request has saved {node.text!r} before", instead)

    def check(self, node: Node) -> None:
        """Refuse a `$name` in the texts of *node* that nobody has saved before."""
        if isinstance(node, Table):
            for _, value in node.pairs:
                self.check(value)
        elif isinstance(node, Listing):
            for item in node.items:
                self.check(item)
        elif isinstance(node.value, str):
            for found in MARK.finditer(node.value):
                known = (*GIVEN, *self._saved)
                if found[1] != "$" and found[1] not in known:
                    raise node.place.refuse(
                        f"nothing is saved as ${found[1]}",
                        f"{find_near(found[1], known)} (a dollar sign is written $$)",
                    )


def fill(node: Scalar, saved: Mapping[str, str]) -> str:
    """Return the text of *node* with saved values in the place of `$name`."""
    return MARK.sub(lambda found: "$" if found[1] == "$" else saved[found[1]], node.text)
