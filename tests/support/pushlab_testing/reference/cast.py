"""Luck and cast of a random story."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pushlab.world.randomness import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BROWSERS", "PEOPLE", "SENDERS", "STRAYS", "Cast", "Dice", "Step"]

Step = tuple[Any, ...]

PEOPLE = ("ann", "ben", "crowd-000001", "crowd-000002")
STRAYS = {"email": "nobody@example.com", "sms": "+12025550177"}
BROWSERS = ("web", "chrome", "firefox", "safari")
SENDERS = ("+15550001111", "+15550002222")


class Dice:
    """Luck for making stories and for what listeners do; the same for the same number."""

    def __init__(self, number: int) -> None:
        self._state = mix(number)

    def below(self, bound: int) -> int:
        """Pick from 0 to *bound* - 1."""
        self._state = mix(self._state + 0x9E37_79B9_7F4A_7C15)
        return (self._state >> 32) % bound

    def pick(self, choices: Sequence[Any]) -> Any:
        """Pick one of *choices*."""
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[Any]) -> list[Any]:
        """Pick one or more of *choices*, each once."""
        share = 1 + self.below(4)
        return [one for one in choices if self.below(4) < share] or [self.pick(choices)]


@dataclass
class Cast:
    """Who is in a story: what each device is, and how many of them are a crowd."""

    kinds: list[str] = field(default_factory=list)
    crowd: int = 0
    addresses: dict[int, str] = field(default_factory=dict)
    """Of mailboxes and numbers that were made one by one."""
    browsers: list[int] = field(default_factory=list)

    def add(self, platform: str, count: int = 1, address: str | None = None) -> None:
        """Take *count* devices in."""
        if address is not None:
            self.addresses[len(self.kinds)] = address
        if platform in BROWSERS:
            self.browsers += range(len(self.kinds), len(self.kinds) + count)
        self.kinds += [platform if platform in STRAYS else "app"] * count

    def list_addresses(self, channel: str) -> list[str]:
        """Return the addresses of one kind, and one that nobody has."""
        mine = [each for each in self.addresses.values() if ("@" in each) == (channel == "email")]
        return [*mine, *mine, STRAYS[channel]]

    def rows(self, *kinds: str) -> list[int]:
        """Return the devices of *kinds*, all of them where there is none."""
        found = [row for row, kind in enumerate(self.kinds) if kind in kinds]
        return found or list(range(len(self.kinds)))
