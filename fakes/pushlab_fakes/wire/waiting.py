"""Waiting in real time: loops, threads and bounds that no freeze of the clocks reaches."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

__all__ = [
    "Alarm",
    "UnansweredError",
    "await_bounded",
    "has_running_loop",
    "in_trio",
    "run_in_fresh_loop",
    "run_in_thread",
]

T = TypeVar("T")


class UnansweredError(Exception):
    """A post ends without an answer; the text goes into the trace, so it names no machine."""


def in_trio() -> bool:
    """Tell whether the caller runs inside a trio task, without importing trio."""
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_task())


def has_running_loop() -> bool:
    """Tell whether an asyncio or trio loop runs in the calling thread."""
    if in_trio():
        return True
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_in_fresh_loop(answer: Awaitable[T], bound_s: float) -> T:
    """Await *answer* in a loop of its own, whose sleeps are real under any freeze."""
    import asyncio

    from pushlab_fakes.wire.edge import EdgeLoop

    with asyncio.Runner(loop_factory=EdgeLoop) as runner:
        return runner.run(await_bounded(answer, bound_s))


async def await_bounded(answer: Awaitable[T], bound_s: float) -> T:
    """Await *answer* at most *bound_s* real seconds."""
    if in_trio():
        return await _await_in_trio(answer, bound_s)
    return await _await_in_asyncio(answer, bound_s)


async def _await_in_asyncio(answer: Awaitable[T], bound_s: float) -> T:
    import asyncio

    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(answer)
    is_expired = False

    def expire() -> None:
        nonlocal is_expired
        if not task.done():
            is_expired = True
            task.cancel()

    with Alarm(bound_s, lambda: loop.call_soon_threadsafe(expire)):
        try:
            return await task
        except asyncio.CancelledError:
            if is_expired and not _is_cancelling(asyncio.current_task()):
                raise UnansweredError("timed out") from None
            raise


def _is_cancelling(task: asyncio.Task[Any] | None) -> bool:
    return task is not None and task.cancelling() > 0


async def _await_in_trio(answer: Awaitable[T], bound_s: float) -> T:
    import trio

    token = trio.lowlevel.current_trio_token()
    with trio.CancelScope() as scope, Alarm(bound_s, lambda: token.run_sync_soon(scope.cancel)):
        return await answer
    raise UnansweredError("timed out")


class Alarm:
    """Call *ring* from another thread after *bound_s* real seconds, unless left before."""

    def __init__(self, bound_s: float, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._timer = threading.Timer(bound_s, self._run)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _run(self) -> None:
        # The loop may have ended in the meantime.
        with contextlib.suppress(RuntimeError):
            self._ring()


async def run_in_thread(function: Callable[[], T]) -> T:
    """Run *function* in a worker thread of the running loop; cancelling leaves it behind."""
    if in_trio():
        import trio

        return await trio.to_thread.run_sync(function, abandon_on_cancel=True)
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, function)
