"""Which fake answers a request: told apart by the vendor's host, or by the path on loopback.

A request that came by the redirect or a proxy carries the vendor's real name; one that came by a
client's own base URL carries a plain address, and its path says whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from pushlab_fakes.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.faults import Fault

__all__ = ["Directory", "Fake", "Habits", "Place", "is_named"]


class Fake(Protocol):
    """Whatever answers requests as a vendor does."""

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        ...

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request, in the vendor's own words, because *fault* says so."""
        ...


def _read_json(request: Request) -> str:
    """Return a body of JSON, however it is written; other bodies may be new each time."""
    try:
        value = decode_json(request.body)
    except msgspec.DecodeError:
        return ""
    return msgspec.json.encode(value, order="deterministic").decode()


@dataclass(frozen=True, slots=True)
class Habits:
    """What planned faults must know of a vendor's requests before the vendor's fake sees them."""

    shorten: Callable[[str], str] = lambda path: path
    """Returns a path without the parts that all paths of the vendor share."""
    find_app: Callable[[Request], str | None] = lambda _request: None
    """Returns the app or account that a request is for."""
    say: Callable[[Request], str] = _read_json
    """Returns what the body of a request says, without what a client makes up anew each time."""
    say_goodbye: Callable[[str | None], bytes] = lambda reason: (reason or "").encode()
    """Returns the debug data of a GOAWAY."""


@dataclass(frozen=True, slots=True)
class Place:
    """A fake and where it is found."""

    name: str
    hosts: tuple[str, ...]
    """The vendor's host names; one that begins with a dot stands for all names below."""
    paths: tuple[str, ...]
    """How its paths begin, where the host says nothing."""
    fake: Fake
    habits: Habits = Habits()

    def owns(self, host: str) -> bool:
        """Whether *host* is one of its names."""
        return is_named(host, self.hosts)


def is_named(host: str, names: Iterable[str]) -> bool:
    """Say whether *host* is one of *names*; one that begins with a dot stands for all below."""
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in names)


class Directory:
    """The fakes of one lab; the last place takes what no other claims."""

    def __init__(self, *places: Place) -> None:
        self.places = places
        self._by_host: dict[str, list[Place]] = {}
        """Who owns each host that was asked for and is named in full, which bounds their number."""

    def find(self, request: Request) -> Place:
        """Return the place of *request*: by its host, else by its path, else the last one.

        Of several places that share a host the path tells, and the last one takes the rest.
        """
        owners = self._by_host.get(request.host)
        if owners is None:
            owners = [place for place in self.places if place.owns(request.host)]
            if any(request.host in place.hosts for place in owners):
                self._by_host[request.host] = owners
        if len(owners) == 1:
            return owners[0]
        for place in owners or self.places:
            if place.paths and request.path.startswith(place.paths):
                return place
        return owners[-1] if owners else self.places[-1]
