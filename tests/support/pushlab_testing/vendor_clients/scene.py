"""What a client of a vendor is given, and what the table of clients says of it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pytest

    from pushlab.lab import Lab

__all__ = ["BODY", "MODE", "TITLE", "WAIT_S", "Client", "Scene", "redirect"]

TITLE, BODY = "Sale", "Today only"
"""What every message says; a text message has no title."""
MODE = " | "
"""Parts a way from its mode, such as a port under TLS."""
WAIT_S = 10
"""Seconds of real time after which a client gives up."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One lab with a port, and what a client needs of the machine."""

    lab: Lab
    folder: Path
    """A folder of its own, for keys and certificates."""
    patch: pytest.MonkeyPatch
    """Undone when the test is over."""

    @property
    def ca_file(self) -> Path:
        """A file with the certificate that clients of the port trust."""
        path = self.folder / "ca.pem"
        path.write_bytes(self.lab.endpoints.ca_pem)
        return path

    def stay_here(self) -> None:
        """Let no look-up lead away: who is led by its own setting must ask for nothing else."""
        look_up = socket.getaddrinfo

        def refuse(host: Any, *arguments: Any, **options: Any) -> Any:
            if host not in {"127.0.0.1", "localhost"}:
                raise socket.gaierror(socket.EAI_NONAME, f"{host} is not this machine")
            return look_up(host, *arguments, **options)

        self.patch.setattr(socket, "getaddrinfo", refuse)


@dataclass(frozen=True, slots=True)
class Client:
    """One client of a vendor, as people use it: a row of the table."""

    service: str
    name: str
    tried: str
    """The version it was tried with; of the standard library, that of Python."""
    calls: str
    """What is called of it."""
    send: Callable[[Scene, Sequence[Any], Any], list[str]]
    """Sends to addresses, led as the way says, and returns its own words for each."""
    told: tuple[str, str, str]
    """Its words for a live, a dead and a malformed address."""
    ways: Mapping[str, Callable[[Scene], Any]]
    """What leads it to a lab, as the table says it, and how that is done."""
    distribution: str = ""
    """As it is installed; empty for the standard library."""
    before: tuple[int, int] | None = None
    """The Python from which on it cannot be imported any more."""

    @property
    def led(self) -> str:
        """How it is led here, in Markdown; ways that differ in their mode alone stand together."""
        modes: dict[str, list[str]] = {}
        for way in self.ways:
            how, _, mode = way.partition(MODE)
            modes.setdefault(how, []).extend([mode] if mode else [])
        told = (f"{how} ({', '.join(each)})" if each else how for how, each in modes.items())
        return "; ".join(told)

    @property
    def version(self) -> str:
        """What it was tried with, as the table says it."""
        if self.before is None:
            return self.tried
        return f"{self.tried}, before Python {self.before[0]}.{self.before[1]}"


def redirect(scene: Scene) -> None:
    """Lead the vendors' hosts to the lab; the client is told nothing."""
    scene.lab.redirect()
