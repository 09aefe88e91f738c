"""Python's own socket and context classes, also when a library has put its own in their place."""

from __future__ import annotations

import socket
import ssl

__all__ = ["find_context_class", "find_socket_class"]


def find_context_class() -> type[ssl.SSLContext]:
    """Return Python's own context class; truststore, for one, injects another."""
    return next(
        kind
        for kind in ssl.SSLContext.__mro__
        if any(base.__module__ == "_ssl" for base in kind.__bases__)
    )


def find_socket_class() -> type[socket.socket]:
    """Return Python's own socket class; pytest-socket, for one, puts a guard in its place."""
    return next(
        kind
        for kind in socket.socket.__mro__
        if any(base.__module__ == "_socket" for base in kind.__bases__)
    )
