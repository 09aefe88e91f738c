"""The edge: one thread per process in which all that listens runs, beside what the test runs.

It starts with the first lab and stays for the run. Its loop reads a clock that no freeze reaches,
so time-outs in here are real while the world's time and the test's stand still. Every wait of
another thread for this one is bounded, and says where this one stands when the bound runs out.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import sys
import threading
import traceback
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pushlab.errors import LimitError, MisuseError
from pushlab_fakes.wire.door import Door
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.serving import Limits, Served

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pushlab_fakes.wire.mail_ports import MailMode
    from pushlab_fakes.wire.tls import Authority

__all__ = ["Edge", "EdgeLoop", "Limits", "Listener", "Served"]

WAIT_S = 10.0
"""How long another thread waits for the edge; real time."""
LOOPBACK = "127.0.0.1"
SLOW_CALLBACK_S = 5.0
"""In debug mode asyncio reports slower callbacks; one that waits for a computing lab is none."""
FRAMES_SHOWN = 8

T = TypeVar("T")


class EdgeLoop(asyncio.SelectorEventLoop):
    """The edge's own loop class: its time is real under any freeze.

    A freeze replaces attributes of modules; this one belongs to a class.
    """

    real_time = staticmethod(RealClock.monotonic)

    def time(self) -> float:
        """Return real monotonic seconds."""
        return self.real_time()


class Listener:
    """An address with a lab behind it, from :meth:`Edge.borrow` until :meth:`release`."""

    def __init__(self, edge: Edge, door: Door) -> None:
        self._edge = edge
        self._door = door
        self._released = False
        self.host = door.host
        self.port = door.port
        """Takes TLS and clear text alike."""
        self.clear_port = door.port
        self.tls_port = door.port
        self.url = f"http://{door.address}"
        """The base URL in clear text."""
        self.tls_url = f"https://{door.address}"
        """The base URL under TLS, for clients that trust ``ca_pem``."""

    @property
    def authority(self) -> Authority:
        """Who signs for this address; one for the process."""
        return self._edge.authority

    @property
    def ca_pem(self) -> bytes:
        """The certificate that clients of ``tls_url`` trust."""
        return self.authority.ca_pem

    def release(self) -> None:
        """Take the lab away and cut its connections; a second time nothing happens.

        The address stays open for the next lab, and answers 503 until that one comes.
        """
        if not self._released:
            self._edge.give_back(self._door)
            self._released = True


class Edge:
    """The thread, its loop, and the doors that labs stand behind."""

    _shared: ClassVar[Edge | None] = None
    _inherited: ClassVar[list[Edge]] = []
    """Edges of a parent process: kept, because a fork copies the loop but not its thread."""
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._pool: list[Door] = []
        self._pool_guard = threading.Lock()
        """Held while a door finds its lab, in whatever thread."""
        self._given: list[Door] = []
        """Doors at an address that was asked for; they close when released."""
        self._authority: Authority | None = None
        self._authority_lock = threading.Lock()
        try:
            # Tried beforehand, because a loop that cannot be made complains once more when it dies.
            for probe in socket.socketpair():
                probe.close()
        except RuntimeError as error:
            raise MisuseError(
                "pushlab needs sockets on 127.0.0.1 for its own thread; with pytest-socket, "
                f"write --allow-hosts=127.0.0.1 instead of --disable-socket ({error})"
            ) from error
        self.loop = EdgeLoop()
        self.loop.slow_callback_duration = SLOW_CALLBACK_S
        self._thread = threading.Thread(target=self._run, name="pushlab-edge", daemon=True)
        self._thread.start()
        self._wait("start", self._beat())
        atexit.register(self.stop)

    @classmethod
    def shared(cls) -> Edge:
        """Return the edge of this process; the first call, also after a fork, starts it."""
        with cls._guard:
            if cls._shared is None or cls._shared._pid != os.getpid():  # noqa: SLF001 - our own
                cls._shared = cls()
            return cls._shared

    @classmethod
    def find_shared(cls) -> Edge | None:
        """Return the edge of this process, or None when nothing has started one."""
        with cls._guard:
            return cls._shared

    @property
    def authority(self) -> Authority:
        """The certificate authority of this process, made when TLS is first met."""
        with self._authority_lock:
            if self._authority is None:
                from pushlab_fakes.wire.tls import Authority

                self._authority = Authority()
            return self._authority

    def borrow(
        self,
        served: Served,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        limits: Limits | None = None,
        mail: MailMode | None = None,
    ) -> Listener:
        """Put *served* behind a listener until its listener is released.

        Without a *port* the listener comes from a pool: the first lab of each test has the same
        address all through the run, a second one beside it has another. With one the listener is
        made for this call and closed when released; ``OSError`` says that the port is taken.
        With *mail* the listener speaks SMTP instead of HTTP.
        """
        limits = limits or Limits()
        if host == LOOPBACK and port == 0 and not self._is_out_of_reach:
            # A door that is there already needs no word with the edge thread, and no wait for it.
            with self._pool_guard:
                vacant = self._find_vacant(mail)
                if vacant is not None:
                    vacant.occupy(served, limits)
                    return Listener(self, vacant)
        door = self._wait("open a port", self._open(served, host, port, limits, mail))
        return Listener(self, door)

    @property
    def _is_out_of_reach(self) -> bool:
        """Whether the edge thread would wait for itself, or there is none any more."""
        return threading.current_thread() is self._thread or self.loop.is_closed()

    def _find_vacant(self, mail: MailMode | None) -> Door | None:
        return next(
            (each for each in self._pool if each.served is None and each.mail == mail), None
        )

    def _make_door(self, host: str, port: int, mail: MailMode | None) -> Door:
        if mail is None:
            return Door(self.loop, lambda: self.authority, host, port)
        from pushlab_fakes.wire.smtp import MailDoor

        return MailDoor(self.loop, lambda: self.authority, host, port, mail=mail)

    def give_back(self, door: Door) -> None:
        """End the tenancy behind *door*; nothing is left of it after :meth:`stop` or a fork."""
        if self._pid != os.getpid() or self.loop.is_closed():
            return
        with self._pool_guard:
            # A door through which nobody came needs no word with the edge thread either.
            if door in self._pool and door.leave_unvisited():
                return
        self._wait("release a listener", self._close(door))

    def stop(self) -> None:
        """Close every listener and end the thread; the next lab starts another."""
        if self._pid != os.getpid() or self.loop.is_closed():
            return
        self._wait("close its listeners", self._shut())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WAIT_S)
        if self._thread.is_alive():
            raise LimitError(self._describe_delay("end"))
        self.loop.close()
        atexit.unregister(self.stop)
        with Edge._guard:
            if Edge._shared is self:
                Edge._shared = None

    @property
    def whereabouts(self) -> str:
        """Where the edge thread stands at this moment, as a few lines of traceback."""
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001 - the only way
        if frame is None:
            return "the edge thread has ended"
        return "".join(traceback.format_stack(frame)[-FRAMES_SHOWN:])

    def _run(self) -> None:
        self.loop.run_forever()

    def _wait(self, what: str, work: Coroutine[object, object, T]) -> T:
        """Run *work* in the edge thread and return its result, within the bound."""
        if self._is_out_of_reach:
            work.close()
            raise MisuseError(
                f"the edge thread was asked to {what} by itself, from inside a fake"
                if not self.loop.is_closed()
                else f"this edge was stopped and cannot {what}; Edge.shared() starts another"
            )
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(WAIT_S)
        except TimeoutError:
            # The work may itself have ended with a TimeoutError: that one is its own.
            if future.done():
                raise
            raise LimitError(self._describe_delay(what)) from None

    def _describe_delay(self, what: str) -> str:
        return (
            f"the edge thread did not {what} within {WAIT_S:g} s of real time; "
            f"it stands at\n{self.whereabouts}"
        )

    async def _beat(self) -> None:
        """Prove that the loop runs."""

    async def _open(
        self, served: Served, host: str, port: int, limits: Limits, mail: MailMode | None
    ) -> Door:
        pooled = host == LOOPBACK and port == 0
        with self._pool_guard:
            door = self._find_vacant(mail) if pooled else None
            if door is None:
                door = self._make_door(host, port, mail)
                (self._pool if pooled else self._given).append(door)
            door.occupy(served, limits)
        return door

    async def _close(self, door: Door) -> None:
        if door in self._given:
            self._given.remove(door)
            await door.shut()
        else:
            await door.vacate()

    async def _shut(self) -> None:
        for door in (*self._pool, *self._given):
            await door.shut()
        self._pool.clear()
        self._given.clear()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _forget(self) -> None:
        """Close a forked child's copies of its parent's sockets: only the parent listens."""
        for door in (*self._pool, *self._given):
            door.forget()

    @classmethod
    def after_fork(cls) -> None:
        """Begin anew in a child process."""
        cls._guard = threading.Lock()
        if cls._shared is not None:
            cls._shared._forget()  # noqa: SLF001 - our own
            cls._inherited.append(cls._shared)
            cls._shared = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Edge.after_fork)
