"""What the edge still holds of connections: sockets, tasks, timers and objects."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushlab_fakes.wire.edge import Edge

__all__ = ["count_objects", "list_held", "wait_until_none_is_held"]

OF_CONNECTIONS: Final = frozenset(
    {
        "Connection",
        "HeaderReader",
        "Http1Connection",
        "Http2Connection",
        "Http2Session",
        "Link",
        "MailConnection",
        "PlainConnection",
        "ProxyConnection",
        "Session",
        "_AgreedProtocol",
        "_SniffedProtocol",
    }
)
"""Classes of which one object or more belongs to a connection, in the wire and in the cores."""
LOOK_AGAIN_S: Final = 0.02


def list_held(edge: Edge) -> list[str]:
    """Say what there is of connections at this moment."""

    async def look() -> list[str]:
        doors = (*edge._pool, *edge._given)
        alive = [conn for door in doors for conn in door._open if conn.fileno() != -1]
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        timers = [each for each in edge.loop._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
        return [*map(repr, alive), *map(repr, tasks), *map(repr, timers)]

    return edge._wait("look around", look())


def wait_until_none_is_held(edge: Edge, bound_s: float) -> list[str]:
    """Wait until nothing is held, at most *bound_s* real seconds; say what is held then."""
    until = time.monotonic() + bound_s
    while (held := list_held(edge)) and time.monotonic() < until:
        time.sleep(LOOK_AGAIN_S)
    return held


def count_objects(modules: Iterable[str] = ("pushlab", "pushlab_fakes")) -> Counter[str]:
    """Count the objects of connections, by class."""
    gc.collect()
    wanted = tuple(modules)
    return Counter(
        type(each).__name__
        for each in gc.get_objects()
        if type(each).__name__ in OF_CONNECTIONS
        and str(type(each).__module__).partition(".")[0] in wanted
    )
