"""The parts of a mail, taken apart within bounds, whatever its bytes are.

By the ``email`` package of the standard library (RFC 5322, RFC 2045 to 2047), which calls itself
for each mail inside a mail and takes quadratic time over a long header. So a header is read as far
as its bound, as real servers have it too, and a mail beyond the other bounds keeps its headers and
is one part.
"""

from __future__ import annotations

import codecs
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PARTS_MAX", "decode_text", "decode_words", "parse_mail"]

PARTS_MAX: Final = 1_000
"""Parts of one mail that are told apart."""
DEPTH_MAX: Final = 50
"""Parts inside parts."""
HEADER_MAX: Final = 8_192
"""Characters of one header that are read."""
PARAMETERS_MAX: Final = 20
"""Parameters of a header about content that are read."""
FOR_PROGRAMS: Final = frozenset(["idna", "punycode", "raw_unicode_escape", "unicode_escape"])
"""Codecs that Python has and no mail (IANA, Character Sets)."""


class Unreadable(Exception):  # noqa: N818 - it is what came, and never leaves the module
    """A mail has more parts than are told apart."""


class _Part(Message):
    """A mail, or a part of one, that knows how deep it lies."""

    depth = 0

    def attach(self, payload: object) -> None:
        assert isinstance(payload, _Part), "the parser makes all parts"
        payload.depth = self.depth + 1
        if payload.depth > DEPTH_MAX:
            raise Unreadable(f"it has parts inside parts beyond {DEPTH_MAX}")
        super().attach(payload)


class _BoundedPolicy(Compat32):
    """Reads a header as far as its bound."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        """Return name and value of a header."""
        name, value = super().header_source_parse(list(sourcelines))
        value = value[:HEADER_MAX]
        if name[:8].lower() == "content-":
            value = ";".join(value.split(";", PARAMETERS_MAX + 1)[: PARAMETERS_MAX + 1])
        return name, value


POLICY: Final = _BoundedPolicy()


def parse_mail(raw: bytes) -> tuple[Message, str]:
    """Return the mail in *raw*, and why its parts are not told apart, "" when they are."""
    count = 0

    def make(policy: Compat32 = POLICY) -> _Part:
        nonlocal count
        count += 1
        if count > PARTS_MAX:
            raise Unreadable(f"it has more than {PARTS_MAX} parts")
        return _Part(policy)

    try:
        return BytesParser(make, policy=POLICY).parsebytes(raw), ""
    except Unreadable as error:
        count = 0
        return BytesParser(make, policy=POLICY).parsebytes(raw, headersonly=True), str(error)


def decode_words(text: str) -> str:
    """Decode encoded words (RFC 2047); *text* as it came where that is not possible."""
    try:
        pieces = decode_header(text)
        if all(charset is None or _is_charset(charset) for _, charset in pieces):
            return str(make_header(pieces))
    except (ValueError, LookupError, MessageError):
        pass
    return text


def decode_text(raw: bytes, charset: str) -> str:
    """Decode text in the *charset* that it names, in UTF-8 when that is none."""
    try:
        return raw.decode(charset if _is_charset(charset) else "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _is_charset(name: str) -> bool:
    try:
        return codecs.lookup(name).name.replace("-", "_") not in FOR_PROGRAMS
    except (LookupError, ValueError):
        return False
