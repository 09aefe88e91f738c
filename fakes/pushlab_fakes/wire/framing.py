"""Where a connection of HTTP/2 stands in its stream of frames (RFC 9113, sections 3.4, 4.1, 6.10).

It reads the nine bytes before each frame and nothing else. A connection in the middle of a frame,
or of a header block that goes on in further frames, owes the rest; a timer may wait for it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PREFACE", "FrameWalk"]

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client of HTTP/2 sends first."""

HEAD_BYTES: Final = 9
HEADERS, PUSH_PROMISE, CONTINUATION = 1, 5, 9
END_HEADERS: Final = 4


class FrameWalk:
    """Counts bytes from frame to frame."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = len(PREFACE)
        self._in_headers = False

    @property
    def is_between(self) -> bool:
        """Whether the last byte ended a frame, and no header block goes on."""
        return not self._head and not self._left and not self._in_headers

    def feed(self, data: bytes) -> list[bytes]:
        """Walk over *data* and return it in pieces, each of which ends where a frame ends.

        The last one may be the beginning of a frame; a piece never holds more than one.
        """
        pieces: list[bytes] = []
        place = begin = 0
        while place < len(data):
            whole = self._find_end(data, place) if place == begin else 0
            if whole:
                pieces.append(data[begin:whole])
                place = begin = whole
                continue
            if self._left:
                step = min(self._left, len(data) - place)
                self._left -= step
            else:
                step = min(HEAD_BYTES - len(self._head), len(data) - place)
                self._head += data[place : place + step]
                if len(self._head) == HEAD_BYTES:
                    self._read_head()
            place += step
            if not self._left and not self._head:
                pieces.append(data[begin:place])
                begin = place
        if begin < place:
            pieces.append(data[begin:])
        return pieces

    def _find_end(self, data: bytes, place: int) -> int:
        """Return where the frame ends that begins at *place*; 0 unless all of it is there."""
        if self._left or self._head or len(data) - place < HEAD_BYTES:
            return 0
        end = place + HEAD_BYTES + int.from_bytes(data[place : place + 3], "big")
        if end > len(data):
            return 0
        if data[place + 3] in {HEADERS, PUSH_PROMISE, CONTINUATION}:
            self._in_headers = not data[place + 4] & END_HEADERS
        return end

    def _read_head(self) -> None:
        self._left = int.from_bytes(self._head[:3], "big")
        if self._head[3] in {HEADERS, PUSH_PROMISE, CONTINUATION}:
            self._in_headers = not self._head[4] & END_HEADERS
        self._head.clear()
