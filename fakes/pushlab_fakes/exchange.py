"""Request and answer as values: the only shape in which a fake meets the outside.

A fake's core is a function ``Request -> Answer``. Sockets, TLS and HTTP framing live in
``pushlab_fakes.wire``; tests and scenarios call the same function without them.

Both are structs: frozen dataclasses that C fills in, and that hold nothing which could lead back
to them, so the garbage collector is spared looking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "Request", "json_answer"]


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


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One whole HTTP answer; a refusal is an answer too."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

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
