"""Carrying out what a planned fault makes of an answer: waiting, cutting, breaking off.

The core has decided, and noted on the answer what is to become of it. All waiting here is in real
time, and ends with the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final

from pushlab_fakes.exchange import Answer, Mishap
from pushlab_fakes.wire.serving import finish

if TYPE_CHECKING:
    from pushlab_fakes.holds import Parked
    from pushlab_fakes.wire.serving import Served

__all__ = ["break_off", "cut", "reset", "wait_for", "wait_out"]

LINGER_S: Final = 2.0
"""How long a client that was cut off may read what there is, in real time."""

LINGER_NOT: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""SO_LINGER on, with no time: closing sends a reset and drops what was not sent yet."""
ABANDONED: Final = Answer(503, mishap=Mishap("", "drop"))
"""What goes out when the world of a hold has ended: nothing."""


async def wait_out(served: Served, answer: Answer) -> Answer:
    """Return what goes out for *answer*, once the time or the hold is over that it waits for."""
    mishap = answer.mishap
    assert mishap is not None, "only what a fault struck is waited for"
    if mishap.delay_s:
        await asyncio.sleep(mishap.delay_s)
    if mishap.parked is None:
        return answer
    outcome = await wait_for(mishap.parked)
    return ABANDONED if outcome is None else finish(served, outcome)


async def wait_for(parked: Parked) -> object:
    """Wait until *parked* was let go, in whatever thread, and return what came of it."""
    loop = asyncio.get_running_loop()
    released: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not released.done():
            released.set_result(None)

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # The edge was stopped meanwhile: nobody waits.
            loop.call_soon_threadsafe(wake)

    parked.listen(tell)
    await released
    return parked.outcome


def reset(transport: asyncio.Transport) -> None:
    """Cut a connection with a TCP reset."""
    held = transport.get_extra_info("socket")
    if held is not None:
        with contextlib.suppress(OSError):  # The client was faster.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    transport.abort()


def cut(transport: asyncio.Transport, last: bytes = b"") -> None:
    """Cut a connection, perhaps after *last* bytes; nothing may be written to it any more.

    In clear text the client gets to see all of that and then the end. What it has sent meanwhile
    is left unread, and would make a reset of a plain close, so that one comes a little later.
    Under TLS nothing is said of the end.
    """
    if transport.is_closing():
        return
    transport.pause_reading()
    if last:
        transport.write(last)
    if transport.can_write_eof():
        transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_S, transport.abort)
    elif last:
        transport.close()
    else:
        transport.abort()


def break_off(whole: bytes, body_bytes: int) -> bytes:
    """Return the first half of an answer that ends with *body_bytes* of body.

    A body breaks off in its own middle, so that its length is known and missed.
    """
    missing = (body_bytes + 1) // 2 if body_bytes else (len(whole) + 1) // 2
    return whole[: max(len(whole) - missing, 0)]
