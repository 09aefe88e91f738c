"""Replaced attributes and variables of the process, and how each comes back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Patches"]


class Patches:
    """What one installation has replaced; :meth:`undo` puts back what is still its own.

    Somebody may have wrapped a replacement meanwhile. Then theirs stays, and ours below it must
    pass everything through once its owner is gone.
    """

    def __init__(self) -> None:
        self._undoing: list[Callable[[], None]] = []

    def replace(self, owner: object, name: str, replacement: object) -> None:
        """Set the attribute *name* of a module or a class."""
        held = vars(owner)
        was_own = name in held
        original = held.get(name)

        def put_back() -> None:
            if vars(owner).get(name) is not replacement:
                return
            if was_own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)

        setattr(owner, name, replacement)
        self._undoing.append(put_back)

    def set_variable(self, name: str, value: str) -> None:
        """Set an environment variable."""
        original = os.environ.get(name)

        def put_back() -> None:
            if os.environ.get(name) != value:
                return
            if original is None:
                del os.environ[name]
            else:
                os.environ[name] = original

        os.environ[name] = value
        self._undoing.append(put_back)

    def undo(self) -> None:
        """Put everything back, the last first."""
        while self._undoing:
            self._undoing.pop()()
