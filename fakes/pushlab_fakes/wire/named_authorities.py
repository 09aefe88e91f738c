"""Authorities that may sign for one name each: those of mail servers, which are no vendors'."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushlab_fakes.wire.tls import Authority

__all__ = ["NamedAuthorities"]


class NamedAuthorities:
    """An authority for each mail server's name, made when TLS first meets it."""

    def __init__(self) -> None:
        self._made: dict[str, Authority | None] = {}
        self._guard = threading.Lock()

    def add(self, host: str) -> None:
        """Sign for *host* from now on."""
        self._made.setdefault(host, None)

    def find(self, host: str) -> Authority | None:
        """Return who signs for *host*, None for a name that nobody added."""
        with self._guard:
            if host not in self._made:
                return None
            made = self._made[host]
            if made is None:
                from pushlab_fakes.wire.tls import Authority

                made = self._made[host] = Authority((host,))
            return made
