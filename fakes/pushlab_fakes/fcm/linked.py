"""FCM's tokens for iOS apps and web pages: each stands for a token of another gateway.

Mirrored from "Set up a Firebase Cloud Messaging client app" (Apple platforms, JavaScript) and from
"Create registration tokens for APNs tokens" of the Instance ID server reference. Such a token has
no lifetime of its own: it lives until the app deletes it, or until the other gateway calls what it
stands for dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.gateway import Handsets
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.tokens import TokenRegistry

__all__ = ["Linked"]


class Linked:
    """Tokens that stand for others; a `FirebaseTokens` for devices."""

    def __init__(self, world: World, tokens: TokenRegistry, handsets: Handsets) -> None:
        self._world = world
        self._tokens = tokens
        self._handsets = handsets
        self._routes: dict[int, int] = {}
        """By row of FCM's registry: the route in the other gateway's."""
        self._imported: dict[int, int] = {}
        """By route of APNs: the token that stands for it since an import."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._routes)

    # -- what devices say ----------------------------------------------------------------------

    def issue_linked(self, device: int, route: int, nth: int) -> int:
        """Give *device* a token for what has *route* at another gateway."""
        return self._add(device, route, "linked", nth)

    def relink(self, token: int, route: int) -> bool:
        """Let *token* stand for another route over there, unless it is dead."""
        if self._tokens.dead_at[token] <= self._world.now:
            return False
        self._routes[token] = route
        return True

    def delete(self, token: int, instant: Instant) -> None:
        """Let *token* be dead from *instant* on."""
        for name in ("dead_at", "told_at"):
            column = self._tokens.own(name)
            column[token] = min(instant, int(column[token]))

    # -- what senders ask ----------------------------------------------------------------------

    def add_imported(self, device: int, route: int) -> int:
        """Return a token for an APNs token that a sender imports; the same one each time."""
        token = self._imported.get(route)
        if token is None:
            nth = sum(int(self._tokens.device[each]) == device for each in self._imported.values())
            token = self._imported[route] = self._add(device, route, "imported", nth)
        return token

    def route_of(self, token: int) -> int | None:
        """Return the route that *token* stands for; None for one of an Android device."""
        return self._routes.get(token)

    def mark(self, tokens: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of *tokens* stand for others."""
        return np.array([token in self._routes for token in tokens.tolist()], np.bool_)

    def _add(self, device: int, route: int, purpose: str, nth: int) -> int:
        name = int(self._handsets.key[device])
        key = self._world.ids.key("fcm token", purpose, name, nth)
        token = int(self._tokens.add(1, device=device, key=key)[0])
        self._routes[token] = route
        return token
