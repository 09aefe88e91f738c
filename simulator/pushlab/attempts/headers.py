"""Headers for people: looked up in any case, with secrets taken out.

What a credential says stays (scheme, account, what a token claims); what proves it does not.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["REDACTED", "Headers", "redact_header", "redact_query"]

REDACTED: Final = "[redacted]"
SECRET: Final = re.compile(
    r"(?:api|auth|access|secret|session)[-_]?(?:key|token|id)|secret|passw|cookie", re.IGNORECASE
)
"""Names of headers and parameters whose values are nobody's business."""
SECRET_PARAMETERS: Final = frozenset({"key", "token"})
CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization"})
JWT: Final = re.compile(r"((?<![\w-])eyJ[\w-]*\.[\w-]*)\.[\w-]*")


class Headers(Mapping[str, str]):
    """The headers of one request; a name that stands several times has all values in one text."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple((name, redact_header(name, value)) for name, value in pairs)
        """In order of arrival, as often as they stand there."""

    def __getitem__(self, name: str) -> str:
        """Return the value of *name* (any case); of several, all of them with commas between."""
        values = self.list(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def list(self, name: str) -> list[str]:
        """Return all values of *name* (any case)."""
        wanted = name.lower()
        return [value for held, value in self.pairs if held.lower() == wanted]

    def __contains__(self, name: object) -> bool:
        """Whether there is a header *name* (any case)."""
        return isinstance(name, str) and bool(self.list(name))

    def __iter__(self) -> Iterator[str]:
        """Yield each name once, in lower case."""
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        """How many names there are."""
        return len({name.lower() for name, _ in self.pairs})

    def __repr__(self) -> str:
        """Show names and values."""
        return f"<headers {dict(self)}>"


def redact_header(name: str, value: str) -> str:
    """Return *value* without what must not be shown."""
    if name.lower() in CREDENTIALS:
        return _redact_credentials(value)
    return REDACTED if SECRET.search(name) else JWT.sub(rf"\1.{REDACTED}", value)


def _redact_credentials(value: str) -> str:
    """Return scheme and account, or what a token claims, without password and signature."""
    if JWT.search(value):
        return JWT.sub(rf"\1.{REDACTED}", value)
    scheme, space, rest = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            user, colon, _ = b64decode(rest, validate=True).decode().partition(":")
        except ValueError:
            colon = user = ""
        if colon:
            return f"{scheme} {user}:{REDACTED}"
    if space:
        return f"{scheme} {REDACTED}"
    named, equals, _ = value.partition("=")
    return f"{named}={REDACTED}" if equals else REDACTED


def redact_query(query: str) -> str:
    """Return *query* without the values of parameters that are secrets."""
    if not query:
        return ""
    parts = []
    for part in query.split("&"):
        name, equals, _ = part.partition("=")
        shown = unquote(name)
        is_secret = shown.lower() in SECRET_PARAMETERS or SECRET.search(shown)
        parts.append(f"{name}={quote(REDACTED)}" if equals and is_secret else part)
    return "&".join(parts)
