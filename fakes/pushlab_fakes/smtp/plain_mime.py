"""The plain case of a mail, taken apart by a few searches over its bytes.

What programs write is mostly alike: lines that end in CRLF, headers of ASCII in good order, a known
encoding, parts between boundaries that close. That much is read here, some ten times as fast as by
the ``email`` package; of anything else `read_plain` says nothing, and the package reads it. Where
both read a mail they read the same (the tests compare them).
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import a2b_qp
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Part", "read_plain"]

HEAD_BYTES_MAX: Final = 8_192
HEADERS_MAX: Final = 100
PARAMETERS_MAX: Final = 20
DEPTH_MAX: Final = 5
PARTS_MAX: Final = 50

_HEAD: Final = re.compile(r"(?:[!-9;-~]+:[^\r\n]*\r\n(?:[\t ][^\r\n]*\r\n)*)*\r\n")
_HEADER: Final = re.compile(r"([!-9;-~]+):((?:[^\r\n]*\r\n(?=[\t ]))*[^\r\n]*)\r\n")
_WORD: Final = r"[A-Za-z0-9!#$&^_.+-]+"
_PARAMETER: Final = re.compile(
    rf';[ \t\r\n]*({_WORD})=(?:([A-Za-z0-9!#$&^_.+=:/?\'()-]+)|"([^"\\<>\r\n]*)")[ \t\r\n]*'
)
_VALUE: Final = re.compile(rf"[ \t\r\n]*({_WORD}(?:/{_WORD})?)[ \t\r\n]*((?:;.*)?)", re.DOTALL)
_AFTER_BOUNDARY: Final = re.compile(r"(--)?[ \t]*(\r\n)?")

_LISTS: Final = frozenset({"multipart/alternative", "multipart/mixed", "multipart/related"})
_AS_IT_IS: Final = frozenset({"", "7bit", "8bit", "binary"})
_CHARSETS: Final = frozenset({"iso-8859-1", "us-ascii", "utf-8", "windows-1252"})
"""Of others the package asks what it may break on, where a text goes beyond ASCII."""


class Part(NamedTuple):
    """A part of a mail that holds something."""

    kind: str
    """Its type, such as ``text/html``."""
    name: str | None
    """The name of a file, as it was written."""
    payload: bytes
    """Decoded from its encoding for transfer."""
    charset: str = "utf-8"
    is_attached: bool = False
    is_nested: bool = False
    """Whether it is a mail inside a mail, or another list of parts that is kept whole."""


class _OddError(Exception):
    """A mail is not plain."""


def read_plain(raw: bytes) -> tuple[list[tuple[str, str]], list[Part]] | None:
    """Return headers as they were written, and parts; None when a mail is not plain."""
    text_alone = raw.replace(b"\r\n", b"")
    if b"\n" in text_alone or b"\r" in text_alone:
        return None
    parts: list[Part] = []
    try:
        # Every byte a character: the patterns look for ASCII alone.
        headers = _read_entity(raw.decode("latin-1"), parts, 0)
    except _OddError:
        return None
    return headers, parts


def _read_entity(text: str, parts: list[Part], depth: int) -> list[tuple[str, str]]:
    """Add what *text* holds to *parts* and return its headers."""
    head = _HEAD.match(text, 0, HEAD_BYTES_MAX)
    if head is None or not head[0].isascii() or len(parts) >= PARTS_MAX:
        raise _OddError
    headers = _HEADER.findall(text, 0, head.end())
    if len(headers) > HEADERS_MAX or not (headers or depth):
        raise _OddError
    content = _find_content(headers)
    kind, asked = _read_value(content.get("content-type")) or ("text/plain", {})
    body = text[head.end() :]
    if kind in _LISTS:
        _read_list(body, asked.get("boundary", ""), parts, depth)
        return headers
    if kind.count("/") != 1 or kind.startswith(("multipart/", "message/")):
        raise _OddError
    way, told = _read_value(content.get("content-disposition")) or ("inline", {})
    name = told.get("filename", asked.get("name", "")).strip() or None
    payload = _decode(body, content.get("content-transfer-encoding", "").lstrip(" \t").lower())
    charset = asked.get("charset", "utf-8").lower() or "utf-8"
    if charset not in _CHARSETS and not body.isascii():
        raise _OddError
    parts.append(Part(kind, name, payload, charset, way == "attachment"))
    return headers


def _find_content(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    """Return the headers about content by their names in lower case; each comes once."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name[:8].lower() == "content-":
            folded = name.lower()
            if folded in found or value.count(";") > PARAMETERS_MAX:
                raise _OddError
            found[folded] = value
    return found


def _read_value(source: str | None) -> tuple[str, dict[str, str]] | None:
    """Return the value of a header about content in lower case, and its parameters by name."""
    if source is None:
        return None
    found = _VALUE.fullmatch(source)
    if found is None:
        raise _OddError
    rest, place = found[2], 0
    parameters: dict[str, str] = {}
    while place < len(rest):
        parameter = _PARAMETER.match(rest, place)
        if parameter is None:
            raise _OddError
        name = parameter[1].lower()
        if name in parameters:
            raise _OddError
        parameters[name] = parameter[2] if parameter[3] is None else parameter[3]
        place = parameter.end()
    return found[1].lower(), parameters


def _read_list(body: str, boundary: str, parts: list[Part], depth: int) -> None:
    """Add the parts that stand between boundaries."""
    boundary = boundary.rstrip()
    if not boundary or depth >= DEPTH_MAX:
        raise _OddError
    _, *pieces = f"\r\n{body}".split(f"\r\n--{boundary}")
    for number, piece in enumerate(pieces):
        line = _AFTER_BOUNDARY.match(piece)
        assert line is not None, "it may match nothing"
        if line[2] is None and line.end() < len(piece):
            raise _OddError  # A line that only begins like the boundary.
        if line[1] is not None and number:
            return
        if line[1] is not None or line[2] is None:
            raise _OddError
        _read_entity(piece[line.end() :], parts, depth + 1)
    raise _OddError  # The list is not closed.


def _decode(body: str, encoding: str) -> bytes:
    raw = body.encode("latin-1")
    if encoding in _AS_IT_IS:
        return raw
    if encoding == "quoted-printable":
        return a2b_qp(raw)
    joined = b"".join(raw.splitlines())
    if encoding != "base64" or len(joined) % 4:
        raise _OddError
    try:
        return b64decode(joined, validate=True)
    except Base64Error:
        raise _OddError from None
