"""Header blocks of HTTP/2, read (RFC 7541, HPACK).

Our own, because reading the fields of a request is most of what HTTP/2 costs in Python; the
library's code tables are used, and the library is the second opinion of the tests.
"""

from __future__ import annotations

from typing import Final

from hpack.table import HeaderTable

from pushlab_fakes.wire.huffman import NotHuffmanError, decode_huffman

__all__ = ["Fields", "HeaderReader", "ListTooLongError", "NotHpackError"]

Fields = tuple[tuple[bytes, bytes], ...]
"""Names and values in order."""

STATIC: Final = tuple((bytes(name), bytes(value)) for name, value in HeaderTable.STATIC_TABLE)
ONE_BYTE: Final = range(0x81, 0x81 + len(STATIC))
"""Bytes that stand for a fixed entry."""
TABLE_BYTES_MAX: Final = 4_096
"""What a client may keep in the table unless it is told otherwise (RFC 9113, section 6.5.2)."""
ENTRY_BYTES: Final = 32
"""What an entry counts beside its text (RFC 7541, section 4.1)."""
INTEGER_BITS_MAX: Final = 28


class NotHpackError(ValueError):
    """A block that cannot be read; the table is lost with it, and so is the connection."""


class ListTooLongError(ValueError):
    """A list of fields that is longer than was said to be taken."""


class HeaderReader:
    """The blocks of one connection in order; the table goes on from each to the next."""

    def __init__(self, *, list_bytes_max: int) -> None:
        self._list_bytes_max = list_bytes_max
        self._entries: list[tuple[bytes, bytes]] = []
        """The dynamic table, the newest entry last."""
        self._bytes = 0
        self._bytes_max = TABLE_BYTES_MAX

    def read(self, block: bytes) -> Fields:
        """Return the fields of a whole block."""
        try:
            return self._read(block)
        except IndexError:
            raise NotHpackError("a header block ends within a field") from None
        except NotHuffmanError as error:
            raise NotHpackError(f"a header block cannot be read: {error}") from None

    def _read(self, block: bytes) -> Fields:
        fields: list[tuple[bytes, bytes]] = []
        place, end, size = 0, len(block), 0
        while place < end:
            first = block[place]
            if first in ONE_BYTE:
                field = STATIC[first - 0x81]
                place += 1
            elif first > 0x80 and first != 0xFF:
                field = self._find(first & 0x7F)
                place += 1
            elif first & 0x80:
                index, place = _read_integer(block, place, 0x7F)
                field = self._find(index)
            elif first & 0x40:
                field, place = self._read_literal(block, place, 0x3F)
                self._keep(field)
            elif first & 0x20:
                place = self._resize(block, place, is_first=not fields)
                continue
            else:
                field, place = self._read_literal(block, place, 0x0F)
            fields.append(field)
            size += ENTRY_BYTES + len(field[0]) + len(field[1])
            if size > self._list_bytes_max:
                raise ListTooLongError(
                    f"a list of header fields is longer than {self._list_bytes_max} bytes"
                )
        return tuple(fields)

    def _find(self, index: int) -> tuple[bytes, bytes]:
        """Return the entry *index*: the fixed ones first, then ours from the newest on."""
        if index <= len(STATIC):
            if not index:
                raise NotHpackError("no header field has the index 0")
            return STATIC[index - 1]
        index -= len(STATIC)
        if index > len(self._entries):
            raise NotHpackError("a header field names an entry that is not there")
        return self._entries[-index]

    def _read_literal(self, block: bytes, place: int, mask: int) -> tuple[tuple[bytes, bytes], int]:
        """Read a field that is written out; its name may be that of an entry."""
        index, place = _read_integer(block, place, mask)
        if index:
            name = self._find(index)[0]
        else:
            name, place = _read_text(block, place)
        value, place = _read_text(block, place)
        return (name, value), place

    def _resize(self, block: bytes, place: int, *, is_first: bool) -> int:
        if not is_first:
            raise NotHpackError("the table changes its size after a header field")
        bytes_max, place = _read_integer(block, place, 0x1F)
        if bytes_max > TABLE_BYTES_MAX:
            raise NotHpackError(f"the table may have {TABLE_BYTES_MAX} bytes at most")
        self._bytes_max = bytes_max
        self._evict(bytes_max)
        return place

    def _keep(self, field: tuple[bytes, bytes]) -> None:
        """Put *field* into the table; one that is larger than all of it empties it."""
        size = ENTRY_BYTES + len(field[0]) + len(field[1])
        self._evict(self._bytes_max - size)
        if size <= self._bytes_max:
            self._entries.append(field)
            self._bytes += size

    def _evict(self, bytes_max: int) -> None:
        """Let the oldest entries go, until what is left has *bytes_max* at most."""
        if self._bytes <= bytes_max:
            return
        gone = 0
        for name, value in self._entries:
            self._bytes -= ENTRY_BYTES + len(name) + len(value)
            gone += 1
            if self._bytes <= bytes_max:
                break
        del self._entries[:gone]


def _read_integer(block: bytes, place: int, mask: int) -> tuple[int, int]:
    """Read a number that begins in the bits of *mask* (section 5.1); return it and what follows."""
    value = block[place] & mask
    place += 1
    if value < mask:
        return value, place
    for shift in range(0, INTEGER_BITS_MAX, 7):
        byte = block[place]
        place += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise NotHpackError("a header block holds a number without end")


def _read_text(block: bytes, place: int) -> tuple[bytes, int]:
    """Read a text (section 5.2); return it and what follows."""
    is_huffman = block[place] & 0x80
    length, place = _read_integer(block, place, 0x7F)
    end = place + length
    if end > len(block):
        raise NotHpackError("a header block ends within a text")
    text = block[place:end]
    return (decode_huffman(text) if is_huffman else text), end
