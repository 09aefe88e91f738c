"""What happens on an HTTP/2 connection, as values: `Link` tells, the session above acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from h2.errors import ErrorCodes

    from pushlab_fakes.wire.header_reader import Fields

__all__ = ["Acknowledged", "Came", "Dropped", "Happening", "Left", "LinkError", "Opened"]


class Opened(NamedTuple):
    """A request has begun."""

    stream: int
    fields: Fields
    is_whole: bool
    """Whether it has no body."""


class Came(NamedTuple):
    """A part of a body has come."""

    stream: int
    data: bytes
    is_last: bool


class Dropped(NamedTuple):
    """The client has given up a stream, or has lost it by a mistake."""

    stream: int


class Acknowledged(NamedTuple):
    """The client follows the settings that were announced first among those it does not yet."""


class Left(NamedTuple):
    """The client has said goodbye."""


Happening = Opened | Came | Dropped | Acknowledged | Left


class LinkError(Exception):
    """A mistake of the client that ends the connection."""

    def __init__(self, code: ErrorCodes, reason: str) -> None:
        super().__init__(reason)
        self.code = code
