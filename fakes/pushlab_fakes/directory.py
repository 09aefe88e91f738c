"""Which fake answers a request: told apart by the vendor's host, or by the path on loopback.

A request that came by the redirect or a proxy carries the vendor's real name; one that came by a
client's own base URL carries a plain address, and its path says whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer, Request

__all__ = ["Directory", "Fake", "Place"]


class Fake(Protocol):
    """Whatever answers requests as a vendor does."""

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A fake and where it is found."""

    name: str
    hosts: tuple[str, ...]
    """The vendor's host names; one that begins with a dot stands for all names below."""
    paths: tuple[str, ...]
    """How its paths begin, where the host says nothing."""
    fake: Fake

    def owns(self, host: str) -> bool:
        """Whether *host* is one of its names."""
        return any(
            host == name or (name.startswith(".") and host.endswith(name)) for name in self.hosts
        )


class Directory:
    """The fakes of one lab; the last place takes what no other claims."""

    def __init__(self, *places: Place) -> None:
        self.places = places

    def find(self, request: Request) -> Place:
        """Return the place of *request*: by its host, else by its path, else the last one.

        Of several places that share a host the path tells, and the last one takes the rest.
        """
        owners = [place for place in self.places if place.owns(request.host)]
        if len(owners) == 1:
            return owners[0]
        for place in owners or self.places:
            if place.paths and request.path.startswith(place.paths):
                return place
        return owners[-1] if owners else self.places[-1]
