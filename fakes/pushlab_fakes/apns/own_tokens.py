"""Tokens beside an app's own: each for one kind of push, and those that follow a channel.

Mirrored from "Responding to VoIP Notifications from PushKit", "Creating a Push to Talk app" and
"Starting and updating Live Activities with ActivityKit push notifications": such a token is good
for pushes of its kind alone, whose topic has that kind's ending. One of a live activity expires
with it. Followers of a broadcast channel are devices; no request of a provider shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab_fakes.apns.push_types import PUSH_TYPES

if TYPE_CHECKING:
    from pushlab.gateway import Handsets
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.tokens import TokenRegistry

__all__ = ["OwnTokens"]


class OwnTokens:
    """The further tokens of one world; an `AppleTokens` for devices."""

    def __init__(self, world: World, tokens: TokenRegistry, handsets: Handsets) -> None:
        self._world = world
        self._tokens = tokens
        self._handsets = handsets
        self._kinds: dict[int, str] = {}
        """By route: the kind of push that a token is for."""
        self._followed: dict[str, list[int]] = {}
        """By channel: the routes that follow it, in order."""

    # -- what devices say ----------------------------------------------------------------------

    def issue_own(self, device: int, kind: str, name: int, *, until: Instant | None = None) -> int:
        """Give *device* a token for pushes of *kind* and return its route."""
        assert PUSH_TYPES[kind].has_own_token, f"{kind} goes to an app's own token"
        key = self._world.ids.key("apns token", kind, int(self._handsets.key[device]), name)
        route = int(self._tokens.add(1, device=device, key=key)[0])
        self._kinds[route] = kind
        if until is not None:
            self.end_own(route, until)
        return route

    def end_own(self, route: int, instant: Instant) -> None:
        """Let the token at *route* have expired from *instant* on."""
        for name in ("dead_at", "told_at"):
            column = self._tokens.own(name)
            column[route] = min(instant, int(column[route]))

    def follow(self, route: int, channel: str) -> None:
        """Let the device with the token at *route* follow a broadcast channel."""
        self._followed.setdefault(channel, []).append(route)

    # -- what providers are told ---------------------------------------------------------------

    def kind_of(self, route: int) -> str | None:
        """Return the kind of push that the token at *route* is for; None for an app's own."""
        return self._kinds.get(route)

    def list_followers(self, channel: str) -> list[int]:
        """Return the routes that follow *channel* now, in the order in which they began."""
        followed = self._followed.get(channel, [])
        if not followed:
            return []
        ended = self._tokens.dead_at[np.array(followed, np.int32)] <= self._world.now
        left = [
            route for route, is_over in zip(followed, ended.tolist(), strict=True) if not is_over
        ]
        self._followed[channel] = left
        return list(left)

    def list_devices(self, channel: str) -> list[int]:
        """Return the devices behind those routes."""
        routes = np.array(self.list_followers(channel), np.int32)
        devices: list[int] = self._tokens.devices_of(routes).tolist()
        return devices
