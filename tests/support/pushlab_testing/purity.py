"""A guard that lets no core code touch the wall clock, global chance or a socket.

The static rules see what is written; this guard sees what is called, also through libraries. It
asks who called: the nearest frame that is not itself a library of clocks or chance. The test
runner, Hypothesis and plugins go on as ever. ``datetime.now`` cannot be replaced (it is C); the
static rules refuse it.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pushlab_testing.tree import is_core

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["PurityBreach", "PurityGuard"]

_THROUGH = ("random", "secrets", "tempfile", "uuid", "numpy")
_CLOCKS = (
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "sleep",
    "time",
    "time_ns",
)
_SECRETS = ("choice", "randbelow", "randbits", "token_bytes", "token_hex", "token_urlsafe")


class PurityBreach(AssertionError):  # noqa: N818 - a broken rule, not an error of the guard
    """Core code asked the outside world for time, chance or a connection."""


class PurityGuard:
    """Stands between core code and what would make two runs differ, while entered."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        """What was refused since entering; kept because code may swallow the exception."""
        self.lets_sockets = False
        """Whether sockets are let through, for what is compared with a run without them."""
        self._patches: list[tuple[Any, str, object, object]] = []
        for owner, label, names in (
            (time, "time", _CLOCKS),
            (os, "os", ("urandom",)),
            (uuid, "uuid", ("uuid1", "uuid4")),
            (secrets, "secrets", _SECRETS),
            (random, "random", _functions_of(random)),
            (np.random, "numpy.random", _functions_of(np.random)),
        ):
            for name in names:
                original = getattr(owner, name)
                wrapper = self._refuse_core(original, f"{label}.{name}")
                self._patches.append((owner, name, original, wrapper))
        original = socket.socket.__init__
        self._patches.append((socket.socket, "__init__", original, self._guard_sockets(original)))

    def __enter__(self) -> Self:
        self.breaches.clear()
        self.lets_sockets = False
        for owner, name, _, wrapper in self._patches:
            setattr(owner, name, wrapper)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for owner, name, original, _ in self._patches:
            setattr(owner, name, original)
        if self.breaches and error is None:
            raise PurityBreach("; ".join(self.breaches))

    def _refuse_core(self, original: Callable[..., Any], label: str) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = _find_caller()
            if is_core(caller):
                self._refuse(f"{caller} called {label}")
            return original(*args, **kwargs)

        return guarded

    def _guard_sockets(self, original: Callable[..., None]) -> Callable[..., None]:
        def guarded(*args: Any, **kwargs: Any) -> None:
            if not self.lets_sockets:
                self._refuse("a core test opened a socket; tests with sockets stand in tests/edges")
            original(*args, **kwargs)

        return guarded

    def _refuse(self, what: str) -> None:
        self.breaches.append(what)
        raise PurityBreach(what)


def _find_caller() -> str:
    """Return the name of the module that asked, past libraries of clocks and chance."""
    frame = sys._getframe(2)
    while frame.f_back is not None and _name_of(frame).partition(".")[0] in _THROUGH:
        frame = frame.f_back
    return _name_of(frame)


def _name_of(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _functions_of(module: Any) -> list[str]:
    """Return the public functions of *module* that share the process-wide generator."""
    return [
        name
        for name in module.__all__
        if name[0].islower()
        and callable(getattr(module, name))
        and not isinstance(getattr(module, name), type)
    ]
