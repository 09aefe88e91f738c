"""The machine's own clock, which no frozen clock of a test can reach.

Freezing libraries replace what modules hold, so the functions are kept as attributes of a class. A
freeze that was on before this module was imported is asked for the originals.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RealClock"]


def _find_original(name: str) -> Callable[[], float]:
    freezer: Any = sys.modules.get("freezegun.api")
    if freezer is None:
        freezer = time
        name = name.removeprefix("real_")
    original: Callable[[], float] = getattr(freezer, name)
    return original


class RealClock:
    """What bounds waits and dates certificates; never an instant of the world."""

    monotonic = staticmethod(_find_original("real_monotonic"))
    """Seconds since some moment, never frozen."""

    _wall = staticmethod(_find_original("real_time"))

    @classmethod
    def read_seconds(cls) -> float:
        """Return the seconds since the epoch as the machine counts them."""
        traveller: Any = sys.modules.get("time_machine")
        if traveller is not None:
            # It replaces the function itself, not the name that holds it.
            try:
                return float(traveller.escape_hatch.time.time())
            except ValueError:
                pass  # Nobody travels.
        return cls._wall()
