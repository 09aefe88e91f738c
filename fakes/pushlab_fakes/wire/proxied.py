"""What a client says to its proxy, and nothing of sockets.

Two forms: ``CONNECT host:port`` asks for a tunnel (RFC 9110, section 9.3.6), ``GET
http://host/path`` for one request (RFC 9112, section 3.2.2). The second is written anew for whoever
serves it: its target in the form that origins expect, its host where the target had it, nothing
that was meant for the proxy, and the word that the connection ends with the answer, because the
next request on it may be for somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

__all__ = ["HEAD_BYTES_MAX", "Asked", "may_be_asked", "read_asked"]

HEAD_BYTES_MAX: Final = 65_536
BEGINNING: Final = re.compile(rb"(?:CONNECT |[A-Z]+ [Hh][Tt][Tt][Pp][Ss]?://)")
UNDECIDED: Final = re.compile(
    rb"[A-Z]*(?: (?:h(?:t(?:t(?:p(?:s?(?::/?)?)?)?)?)?)?)?", re.IGNORECASE
)
"""The beginning of a request line from which neither can be told yet."""
REQUEST_LINE: Final = re.compile(rb"([A-Z]+) ([!-~]+) HTTP/1\.[01]")
OF_THE_CONNECTION: Final = frozenset([b"connection", b"keep-alive", b"host"])
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Asked:
    """One demand of a client on its proxy."""

    is_tunnel: bool
    host: str
    port: int
    rest: bytes
    """What to pass on: for a tunnel what followed the head, else the request, written anew."""


def may_be_asked(data: bytes) -> bool:
    """Say whether a connection that begins with *data* asks for a proxy, or might yet."""
    if BEGINNING.match(data):
        return True
    return len(data) < 32 and UNDECIDED.fullmatch(data) is not None


def read_asked(data: bytes) -> Asked | None:
    """Read a whole head and what follows it; None when it asks for no proxy, or not clearly."""
    head, end, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    found = REQUEST_LINE.fullmatch(line)
    if not end or found is None:
        return None
    method, target = found[1], found[2].decode("ascii")
    if method == b"CONNECT":
        place = _split(f"//{target}")
        if place is None or place.port is None or place.path or place.query:
            return None
        return Asked(is_tunnel=True, host=place.host, port=place.port, rest=rest)
    place = _split(target)
    if place is None or place.scheme not in DEFAULT_PORTS:
        return None
    kept = [each for each in lines if not _is_for_the_proxy(each)]
    shown = f"[{place.host}]" if ":" in place.host else place.host
    named = shown if place.port is None else f"{shown}:{place.port}"
    origin = (place.path or "/") + (f"?{place.query}" if place.query else "")
    first = [
        b"%s %s HTTP/1.1" % (method, origin.encode("ascii")),
        b"Host: " + named.encode("ascii"),
        b"Connection: close",
    ]
    written = b"\r\n".join([*first, *kept]) + b"\r\n\r\n" + rest
    port = place.port or DEFAULT_PORTS[place.scheme]
    return Asked(is_tunnel=False, host=place.host, port=port, rest=written)


@dataclass(frozen=True, slots=True)
class _Place:
    scheme: str
    host: str
    port: int | None
    path: str
    query: str


def _split(target: str) -> _Place | None:
    try:
        parts = urlsplit(target)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    return _Place(parts.scheme, host, port, parts.path, parts.query)


def _is_for_the_proxy(line: bytes) -> bool:
    name = line.partition(b":")[0].strip().lower()
    return name in OF_THE_CONNECTION or name.startswith(b"proxy-")
