"""Which subscription has which token: unique for each app, type and token.

A token that a gateway of this world has issued is a *route*, a row of that gateway's registry; its
text is not stored here. A token that came over the API and that no gateway knows is stored as it
was given; should a gateway issue it later (an address imported before its mailbox exists), `bind`
turns it into a route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from pushlab.gateway import Channel
from pushlab.world.ids import content_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.gateway import Gateway

__all__ = ["Tokens"]

CAPACITY_MIN: Final = 64


class Tokens:
    """The tokens of all subscriptions, and the way back from a token to its subscription."""

    def __init__(self, gateways: Mapping[Channel, Gateway]) -> None:
        self._gateways = gateways
        self._given: dict[int, str] = {}
        self._pairs: dict[tuple[int, int, str], int] = {}
        self._by_route: dict[tuple[int, int], NDArray[np.int32]] = {}

    def find_route(self, channel: int, token: str) -> int:
        """Return the route of *token* at the gateway of *channel*, or -1."""
        gateway = self._gateways.get(Channel(channel)) if token else None
        return -1 if gateway is None else gateway.find_route(token)

    def text(self, row: int, channel: int, route: int) -> str:
        """Return the token of the subscription at *row*, ``""`` when it has none."""
        if route < 0:
            return self._given.get(row, "")
        return self._gateways[Channel(channel)].render_token(route)

    @property
    def has_any_given(self) -> bool:
        """Whether any subscription has a token that is no route."""
        return bool(self._given)

    def has_given(self, row: int) -> bool:
        """Whether the subscription at *row* has a token that is no route."""
        return row in self._given

    def key(self, channel: int, route: int, token: str) -> int:
        """Return the content key of a token, 0 for none."""
        if route >= 0:
            routes = np.array([route], np.int32)
            return int(self._gateways[Channel(channel)].token_keys(routes)[0])
        return content_key("token", channel, token) if token else 0

    def keys(self, channel: int, routes: NDArray[np.int32]) -> NDArray[np.uint64]:
        """Return the content keys of tokens that are routes, shape (n,)."""
        return self._gateways[Channel(channel)].token_keys(routes)

    def find(self, app: int, channel: int, route: int, token: str) -> int:
        """Return the row of the subscription with this token, or -1; no token finds nothing."""
        if route >= 0:
            rows = self._by_route.get((app, channel))
            row = -1 if rows is None or route >= len(rows) else int(rows[route])
            if row >= 0 or not self._pairs:
                return row
            token = token or self._gateways[Channel(channel)].render_token(route)
        return self._pairs.get((app, channel, token), -1) if token else -1

    def hold(self, app: int, channel: int, row: int, route: int, token: str) -> None:
        """Let the subscription at *row* have this token."""
        if route >= 0:
            self.hold_routes(app, channel, np.array([row], np.int32), np.array([route], np.int32))
        elif token:
            self._given[row] = token
            self._pairs[app, channel, token] = row

    def hold_routes(
        self, app: int, channel: int, rows: NDArray[np.int32], routes: NDArray[np.int32]
    ) -> None:
        """Let each of *rows*, one or more of one app and type, have the token at its route."""
        held = self._by_route.get((app, channel))
        size = int(routes.max()) + 1
        if held is None or len(held) < size:
            old = 0 if held is None else len(held)
            grown = np.full(max(size, 2 * old, CAPACITY_MIN), -1, np.int32)
            if held is not None:
                grown[:old] = held
            held = self._by_route[app, channel] = grown
        held[routes] = rows

    def release(self, app: int, channel: int, row: int, route: int) -> None:
        """Let the subscription at *row* have no token."""
        if route >= 0:
            self._by_route[app, channel][route] = -1
            return
        token = self._given.pop(row, None)
        if token is not None:
            del self._pairs[app, channel, token]

    def bind(self, app: int, channel: int, row: int) -> int:
        """Return the route that the given token of *row* has by now, and hold it; else -1."""
        token = self._given.get(row, "")
        route = self.find_route(channel, token)
        if route >= 0:
            self.release(app, channel, row, -1)
            self.hold(app, channel, row, route, "")
        return route

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays."""
        return sum(rows.nbytes for rows in self._by_route.values())

    def snapshot(self) -> object:
        """Return what `restore` takes."""
        return (
            dict(self._given),
            dict(self._pairs),
            {key: rows.copy() for key, rows in self._by_route.items()},
        )

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        given, pairs, by_route = cast("tuple[Any, ...]", snap)
        self._given = dict(given)
        self._pairs = dict(pairs)
        self._by_route = {key: rows.copy() for key, rows in by_route.items()}
