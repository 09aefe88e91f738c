"""JSON as it comes over a wire, decoded within one bound that holds everywhere.

A document may be deeper than the stack of whoever reads it next: a trace, a replay, a test. So the
bound is ours, and not what happens to be left of a stack: the same bytes are the same document in
every run. It is that of the vendors' own readers as far as they are known (Ruby's JSON, Google's
for protocol buffers: 100 each; assumed for the others).
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

__all__ = ["DEPTH_MAX", "decode_json", "decode_object"]

DEPTH_MAX: Final = 100
"""Objects and arrays inside each other."""

_DECODER: Final = msgspec.json.Decoder()
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_INNERMOST: Final = re.compile(rb"[\[{][^\[\]{}]*[\]}]")


def decode_json(raw: bytes) -> object:
    """Return what *raw* says; ``msgspec.DecodeError`` says that it is no document, or too deep."""
    try:
        value: object = _DECODER.decode(raw)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(f"JSON cannot be read: {error}") from None
    if _is_deep(raw):
        raise msgspec.DecodeError(f"JSON is deeper than {DEPTH_MAX} levels")
    return value


def decode_object(raw: bytes) -> dict[str, Any] | None:
    """Return the object that *raw* says, or None when it says none."""
    try:
        value = decode_json(raw)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None


def _is_deep(raw: bytes) -> bool:
    """Whether a valid document is deeper than the bound."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return False
    rest = _STRING.sub(b"", raw)
    for _ in range(DEPTH_MAX):
        rest, count = _INNERMOST.subn(b"", rest)
        if not count:
            return False
    return _INNERMOST.search(rest) is not None
