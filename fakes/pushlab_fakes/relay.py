"""What one gateway hands over to another: FCM reaches Apple's devices and browsers that way.

The gateways know nothing of each other. Whoever hands over speaks through this port, with
credentials of its own, and translates what it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from pushlab.gateway import Gateway

__all__ = ["Headers", "Relay", "Relayed", "Route"]

Headers: TypeAlias = Sequence[tuple[str, str]]
"""Headers of the other gateway's protocol, names in lower case."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What the other gateway says."""

    status: int
    reason: str = ""
    """Its own word for a refusal."""
    retry_after: str | None = None


class Relay(Protocol):
    """A gateway's wire that takes messages from another gateway."""

    def relay(self, token: str, headers: Headers, body: bytes, *, name: str, cause: str) -> Relayed:
        """Take a message in clear for *token*; *cause* is the entry of the request behind it."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """A way to devices that another gateway serves."""

    gateway: Gateway
    relay: Relay
