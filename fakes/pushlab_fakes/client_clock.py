"""Whose clock a client stamped with: the world's, or the machine's own.

Clients write instants into their credentials and headers. A test that freezes time stamps with the
world's clock, a program beside the lab with the machine's; what is fresh on either is fresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Peer

__all__ = ["CHOICES", "list_clocks"]

CHOICES: Final = ("auto", "world", "real")
"""Values of the setting client_clock."""


def list_clocks(world: World, peer: Peer | None) -> tuple[Instant, ...]:
    """Return what the clocks show by which a client may have stamped, the world's first.

    The machine's is known of requests over a socket only; without it the world's counts.
    """
    real = None if peer is None else peer.real_at
    choice = world.settings.client_clock
    if real is None or choice == "world":
        return (world.now,)
    return (real,) if choice == "real" else (world.now, real)
