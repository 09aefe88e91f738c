"""A gateway's token registry: which tokens exist, for which device, and since when they are dead.

Token texts are derived from a 64-bit key and carry it in their first characters, so the registry
stores no strings and still finds the route of any token that it issued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab.table import HashIndex, column
from pushlab_fakes.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pushlab.world.world import World

__all__ = ["NEVER", "TokenRegistry"]

NEVER = np.iinfo(np.int64).max


class TokenRegistry(Registry):
    """The tokens of one gateway."""

    dead_at: NDArray[np.int64] = column(np.int64, default=NEVER, is_rare=True)
    """From when on the gateway refuses the token."""
    told_at: NDArray[np.int64] = column(np.int64, default=NEVER, is_rare=True)
    """When the gateway learned that nobody holds the token any more."""

    def __init__(
        self,
        world: World,
        purpose: str,
        render: Callable[[int], str],
        parse: Callable[[str], int | None],
    ) -> None:
        super().__init__()
        self._world = world
        self._purpose = purpose
        self._render = render
        self._parse = parse
        self._index = HashIndex()
        self._indexed = 0
        """Tokens that are in the index; the others join when somebody looks for one."""

    def issue(
        self,
        devices: NDArray[np.int32],
        device_keys: NDArray[np.uint64],
        generations: NDArray[np.int16],
    ) -> NDArray[np.int32]:
        """Add a token for each device, derived from its key and the count of its tokens."""
        keys = self._world.randomness.draw(
            self._purpose, device_keys, generations.astype(np.uint64)
        )
        return self.add(len(devices), device=devices, key=keys)

    def find(self, text: str) -> int:
        """Return the route of the token *text*; -1 when it was never issued here."""
        key = self._parse(text)
        if key is None:
            return -1
        if self._indexed < len(self):
            fresh = slice(self._indexed, len(self))
            self._index.add(self.key[fresh], np.arange(fresh.start, fresh.stop, dtype=np.int32))
            self._indexed = len(self)
        route = self._index.find(key)
        return route if route >= 0 and self._render(key) == text else -1

    def render(self, route: int) -> str:
        """Return the text of the token at *route*."""
        return self._render(int(self.key[route]))
