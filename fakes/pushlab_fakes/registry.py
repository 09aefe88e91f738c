"""What the registries of all gateways have in common: a row is a way to one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.table import Table, as_slice, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Registry"]

NOBODY: Final = np.int32(-1)
FEW: Final = 4
"""Routes looked at one by one; for more, numpy's overhead is the smaller one."""


class Registry(Table):
    """One row a token or an address, called its route."""

    device: NDArray[np.int32] = column(np.int32, default=-1)
    key: NDArray[np.uint64] = column(np.uint64)

    def devices_of(self, routes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the device behind each route, -1 for route -1; shape (n,), the caller's own."""
        if len(routes) <= FEW:
            device = self.device
            found = [device[route] if route >= 0 else NOBODY for route in routes.tolist()]
            return np.array(found, np.int32)
        if not len(self):
            return np.full(len(routes), NOBODY)
        known = routes >= 0
        if np.count_nonzero(known) == len(known):
            return self.device[as_slice(routes)].copy()
        return np.where(known, self.device[routes], NOBODY)
