"""The header fields of HTTP/2: which lists are a request, and how an answer's are written.

Mirrored: RFC 9113, sections 8.1 to 8.5 (what makes a request malformed), RFC 7541 (the way to write
a field that needs no table on either side, so that nothing has to be kept in step).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushlab_fakes.wire.header_reader import Fields

__all__ = ["MalformedError", "check_request", "check_trailer", "join_cookies", "write_fields"]

NAME: Final = re.compile(rb"[!-9;-@[-~]+")
"""What a field may be called (section 8.2.1): visible, nothing in upper case."""
VALUE: Final = re.compile(rb"(?:[^\0\r\n\t ](?:[^\0\r\n]*[^\0\r\n\t ])?)?")
NAME_SHOWN_MAX: Final = 100
LENGTH: Final = re.compile(rb"[0-9]{1,18}")

CONNECTION_FIELDS: Final = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
)
"""They are about a connection of HTTP/1.1 (section 8.2.2)."""
ONCE: Final = frozenset({b":method", b":scheme", b":authority", b":path", b":protocol", b"host"})
SPECIAL: Final = ONCE | CONNECTION_FIELDS | {b"te", b"content-length", b"cookie"}
"""Fields with rules of their own."""

STATUS_INDEX: Final = {"200": 8, "204": 9, "206": 10, "304": 11, "400": 12, "404": 13, "500": 14}
"""Entries of the fixed table (RFC 7541, appendix A)."""
STATUS_NAME: Final = b"\x08"


class MalformedError(ValueError):
    """A list of fields that is no request."""


def check_request(fields: Fields) -> int | None:
    """Return how long the body of a request will be, None when no header says so.

    Raises MalformedError when *fields* are no request.
    """
    special: dict[bytes, bytes] = {}
    is_past = False
    for name, value in fields:
        if name not in SPECIAL:
            is_past = True
            if NAME.fullmatch(name) is None:
                raise _malformed(name, "is no name or belongs to no request")
        elif name[:1] == b":" and is_past:
            raise _malformed(name, "comes late")
        elif name in special and special[name] != value and name != b"cookie":
            raise _malformed(name, "comes with two values")
        elif name in special and name in ONCE:
            raise _malformed(name, "comes twice")
        else:
            is_past = is_past or name[:1] != b":"
            special[name] = value
        if VALUE.fullmatch(value) is None:
            raise _malformed(name, "holds what none may hold")
    _check_special(special)
    return _read_length(special.get(b"content-length"))


def check_trailer(fields: Fields) -> None:
    """Raise MalformedError when *fields* are no trailer."""
    for name, value in fields:
        if NAME.fullmatch(name) is None or name in CONNECTION_FIELDS:
            raise _malformed(name, "belongs to no trailer")
        if VALUE.fullmatch(value) is None:
            raise _malformed(name, "holds what none may hold")


def _check_special(special: dict[bytes, bytes]) -> None:
    """Look at the fields that stand for a request line and for a connection."""
    for name in special.keys() & CONNECTION_FIELDS:
        raise _malformed(name, "is about a connection of HTTP/1.1")
    if special.get(b"te", b"trailers").lower() != b"trailers":
        raise _malformed(b"te", "asks for more than trailers")
    authority, host = special.get(b":authority"), special.get(b"host")
    if authority is None and host is None:
        raise MalformedError("neither :authority nor Host says where a request goes")
    if authority is not None and host is not None and authority != host:
        raise MalformedError(f"the headers :authority {authority!r} and Host {host!r} differ")
    method, path = special.get(b":method"), special.get(b":path")
    if method == b"CONNECT":
        is_tunnel = b":protocol" not in special
        if is_tunnel and (path is not None or b":scheme" in special):
            raise MalformedError("a header :scheme or :path came with CONNECT")
        if is_tunnel:
            return
    elif b":protocol" in special:
        raise MalformedError("the header :protocol came without CONNECT")
    if not method or not path or b":scheme" not in special:
        raise MalformedError("a header :method, :scheme or :path is missing or empty")


def _read_length(said: bytes | None) -> int | None:
    if said is None:
        return None
    if LENGTH.fullmatch(said) is None:
        raise _malformed(b"content-length", f"is {said!r}")
    return int(said)


def _malformed(name: bytes, why: str) -> MalformedError:
    return MalformedError(f"the header {name[:NAME_SHOWN_MAX].decode('latin-1')!r} {why}")


def join_cookies(fields: Fields) -> Fields:
    """Return *fields* with their cookies in one (section 8.2.3), which comes last."""
    cookies = [value for name, value in fields if name == b"cookie"]
    if not cookies:
        return fields
    rest = tuple(field for field in fields if field[0] != b"cookie")
    return (*rest, (b"cookie", b"; ".join(cookies)))


def write_fields(status: int, fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the header block of an answer; the names of *fields* are in lower case."""
    text = str(status)
    index = STATUS_INDEX.get(text)
    parts = [bytes([0x80 | index])] if index else [STATUS_NAME, _write_text(text)]
    for name, value in fields:
        parts += (b"\0", _write_text(name), _write_text(value))
    return b"".join(parts)


def _write_text(text: str) -> bytes:
    raw = text.encode()
    size = len(raw)
    if size < 0x7F:
        return bytes((size,)) + raw
    head = bytearray(b"\x7f")
    size -= 0x7F
    while size >= 0x80:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + raw
