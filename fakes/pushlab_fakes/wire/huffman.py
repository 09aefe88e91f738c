"""The Huffman code of header fields (RFC 7541, section 5.2 and appendix B), read byte by byte.

The code is a tree. What a byte does to a place in it (where it leads, and which characters it
completes on the way) is worked out when it is first met, and looked up from then on.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

__all__ = ["NotHuffmanError", "decode_huffman"]

ROOT: Final = 0
END_OF_TEXT: Final = 256
"""A code of its own, of which only the beginning may stand at the end, as padding."""
PADDING_BITS_MAX: Final = 7


class NotHuffmanError(ValueError):
    """Bytes that are no text in this code."""


def decode_huffman(data: bytes) -> bytes:
    """Return the text that *data* stands for; NotHuffmanError when it stands for none."""
    place = ROOT
    parts: list[bytes] = []
    for byte in data:
        place, part = _walk(place, byte)
        parts.append(part)
    if place not in _padded():
        raise NotHuffmanError("the padding is no padding")
    return b"".join(parts)


@cache
def _walk(place: int, byte: int) -> tuple[int, bytes]:
    """Return where the bits of *byte* lead from *place*, and the text on the way."""
    tree = _tree()
    text = bytearray()
    for shift in range(7, -1, -1):
        place = tree[place][byte >> shift & 1]
        if place < 0:
            if ~place == END_OF_TEXT:
                raise NotHuffmanError("the end of the text stands inside it")
            text.append(~place)
            place = ROOT
    return place, bytes(text)


@cache
def _tree() -> tuple[tuple[int, int], ...]:
    """Return the places of the tree: where 0 and 1 lead; a character is its complement."""
    places = [[ROOT, ROOT]]
    for symbol, (code, length) in enumerate(zip(REQUEST_CODES, REQUEST_CODES_LENGTH, strict=True)):
        place = ROOT
        for shift in range(length - 1, 0, -1):
            bit = code >> shift & 1
            if not places[place][bit]:
                places[place][bit] = len(places)
                places.append([ROOT, ROOT])
            place = places[place][bit]
        places[place][code & 1] = ~symbol
    return tuple((left, right) for left, right in places)


@cache
def _padded() -> frozenset[int]:
    """Return the places at which a text may end: up to seven ones after a character."""
    place, found = ROOT, [ROOT]
    for _ in range(PADDING_BITS_MAX):
        place = _tree()[place][1]
        found.append(place)
    return frozenset(found)
