"""How a message may end that reached a device, in words and as codes.

The codes stand in the arrays of the trace, so their order is fixed for ever; new ones go last.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from pushlab.gateway import Fate

__all__ = ["ARRIVALS", "FATE_OF_ARRIVAL", "Arrival"]


class Arrival(IntEnum):
    """What a device made of a message."""

    SHOWN = 0
    OFF = 1
    SILENT = 2
    STOPPED = 3
    WOKEN = 4
    HELD_BACK = 5
    NOT_WOKEN = 6
    RINGS = 7
    STARTED = 8
    UPDATED = 9
    ENDED = 10
    OLDER = 11
    NO_ACTIVITY = 12
    INCOMPLETE = 13
    OVER_BUDGET = 14
    OTHER_KIND = 15


_WORDS: Final = {
    Arrival.SHOWN: ("shown", Fate.SHOWN),
    Arrival.OFF: ("not shown: notifications off", Fate.NOT_SHOWN),
    Arrival.SILENT: ("nothing to show", Fate.NOT_SHOWN),
    Arrival.STOPPED: ("app force-stopped", Fate.APP_STOPPED),
    Arrival.WOKEN: ("app woken", Fate.HANDED_OVER),
    Arrival.HELD_BACK: ("held back: woken too often", Fate.HELD_BACK),
    Arrival.NOT_WOKEN: ("app not woken: force-quit", Fate.NOT_WOKEN),
    Arrival.RINGS: ("call rings", Fate.HANDED_OVER),
    Arrival.STARTED: ("live activity started", Fate.HANDED_OVER),
    Arrival.UPDATED: ("live activity updated", Fate.HANDED_OVER),
    Arrival.ENDED: ("live activity ended", Fate.HANDED_OVER),
    Arrival.OLDER: ("left alone: older than what is shown", Fate.LEFT_ALONE),
    Arrival.NO_ACTIVITY: ("left alone: the live activity is over", Fate.LEFT_ALONE),
    Arrival.INCOMPLETE: ("left alone: the payload lacks something", Fate.LEFT_ALONE),
    Arrival.OVER_BUDGET: ("left alone: updated too often", Fate.LEFT_ALONE),
    Arrival.OTHER_KIND: ("left alone: an event for another kind of token", Fate.LEFT_ALONE),
}
ARRIVALS: Final = tuple(_WORDS[code][0] for code in Arrival)
"""The words of each code."""
FATE_OF_ARRIVAL: Final = np.array([_WORDS[code][1] for code in Arrival], np.uint8)
"""How far a target is then, by code."""
