"""What the registries of all gateways have in common: a row is a way to one device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.table import Table, as_slice, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Registrar", "Registry"]

NOBODY: Final = np.int32(-1)


class Registry(Table, ABC):
    """One row a token or an address, called its route."""

    device: NDArray[np.int32] = column(np.int32, default=-1)
    key: NDArray[np.uint64] = column(np.uint64)

    @abstractmethod
    def find(self, text: str) -> int:
        """Return the route of a token or an address; -1 when there is none."""

    @abstractmethod
    def render(self, route: int) -> str:
        """Return the text of the token or the address at *route*."""

    def devices_of(self, routes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the device behind each route, -1 for route -1; shape (n,), the caller's own."""
        if len(routes) == 1:  # What a send to one address asks.
            route = int(routes[0])
            return np.array([self.device[route] if route >= 0 else NOBODY], np.int32)
        if not len(self):
            return np.full(len(routes), NOBODY)
        known = routes >= 0
        if np.count_nonzero(known) == len(known):
            return self.device[as_slice(routes)].copy()
        return np.where(known, self.device[routes], NOBODY)


class Registrar:
    """The part of a gateway that answers for its registry; all arrays have the shape (n,)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def find_route(self, token: str) -> int:
        """Return the route of *token*; -1 when the gateway knows none."""
        return self._registry.find(token)

    def render_token(self, route: int) -> str:
        """Return the text of the token at *route*."""
        return self._registry.render(route)

    def token_keys(self, routes: NDArray[np.int32]) -> NDArray[np.uint64]:
        """Return the content keys of the tokens."""
        return self._registry.key[routes]

    def devices_of(self, routes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the device behind each route, -1 for route -1."""
        return self._registry.devices_of(routes)
