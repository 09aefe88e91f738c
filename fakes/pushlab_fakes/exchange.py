"""Request and answer as values: the only shape in which a fake meets the outside.

A fake's core is a function ``Request -> Answer``. Sockets, TLS and HTTP framing live in
``pushlab_fakes.wire``; tests and scenarios call the same function without them.

Both are structs: frozen dataclasses that C fills in, and that hold nothing which could lead back
to them, so the garbage collector is spared looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.faults import How
    from pushlab_fakes.holds import Parked

__all__ = ["Answer", "Mishap", "Peer", "Request", "Steer", "json_answer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """What the edge knows of the connection that a request came over, as values."""

    connection: int
    """Its number among the connections of the lab, from 1."""
    is_secure: bool = False
    """Whether it came under TLS."""
    certificate: bytes = b""
    """The certificate that the client showed, in DER form; empty without one."""
    real_at: int | None = None
    """What the machine's own clock showed, in milliseconds since 1970; None past the edge.

    Clients stamp their credentials with that clock while the world has another.
    """


class Request(msgspec.Struct, frozen=True, gc=False):
    """One whole HTTP request, as the vendor's server would have seen it."""

    method: str
    """Upper case."""
    host: str
    """The vendor's real name, lower case, without a port; the edge maps it."""
    path: str
    """As sent, percent-encoded, without the query."""
    query: str = ""
    """As sent, without the question mark."""
    headers: tuple[tuple[str, str], ...] = ()
    """In order of arrival; names in lower case."""
    body: bytes = b""
    peer: Peer | None = None
    """The connection that it came over; None for a request without a socket."""

    def header(self, name: str) -> str | None:
        """Return the first header called *name* (lower case), or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def parameters(self) -> dict[str, str]:
        """Return the query as a mapping; of a repeated name the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}

    @classmethod
    def build(
        cls,
        method: str,
        url: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Request:
        """Make a request for *url* (``https://host/path?query``), its body given or as JSON."""
        rest = url.partition("://")[2] or url
        host, slash, tail = rest.partition("/")
        path, _, query = (slash + tail).partition("?")
        pairs = {name.lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            body = msgspec.json.encode(json)
            pairs.setdefault("content-type", "application/json")
        return cls(
            method.upper(),
            host.rpartition("@")[2].partition(":")[0].lower(),
            path or "/",
            query,
            tuple(pairs.items()),
            body,
        )


@dataclass(frozen=True, slots=True)
class Steer:
    """What an answer does to its connection beside answering; over HTTP/2 only."""

    streams_max: int | None = None
    """How many streams the client may have open from now on (SETTINGS)."""
    goaway: bytes | None = None
    """Debug data of a GOAWAY, which names this request's stream as the last and ends all."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What becomes of an answer on its way out, because a fault was planned; the edge sees to it.

    With ``drop``, ``reset`` and ``goaway`` nothing has happened before, and the answer that carries
    this is never sent; with ``lost`` and ``half`` it is the true one.
    """

    fault: str
    """Id of the fault."""
    how: How | Literal[""] = ""
    """How the connection fails; empty when nothing but time is lost."""
    delay_s: float = 0.0
    """Real seconds that it takes first."""
    code: int = 0
    """Why a stream is reset (RFC 9113, section 7)."""
    debug: bytes = b""
    """Debug data of a GOAWAY."""
    parked: Parked | None = None
    """What is waited for, and goes out in the place of the answer."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One whole HTTP answer; a refusal is an answer too."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    steer: Steer | None = None
    mishap: Mishap | None = None

    def header(self, name: str) -> str | None:
        """Return the first header called *name* (any case), or None."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None

    def json(self) -> object:
        """Decode the body; raises ``msgspec.DecodeError`` when it is no JSON."""
        return msgspec.json.decode(self.body)


def json_answer(status: int, value: object, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Answer *value* as JSON with the content type that every client of these vendors expects."""
    return Answer(
        status,
        msgspec.json.encode(value),
        (("content-type", "application/json; charset=utf-8"), *headers),
    )
