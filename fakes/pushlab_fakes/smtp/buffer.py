"""What has come in and is no whole unit yet: lines, data up to its dot, chunks of counted octets.

Nothing in here grows beyond its bound: of what is too long the rest is read over, not kept.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Buffer", "Endless", "Overrun"]

END_OF_DATA: Final = b"\r\n.\r\n"


class Overrun(Exception):  # noqa: N818 - what came, and no mistake of ours
    """A unit was longer than its bound; it has been read over."""


class Endless(Exception):  # noqa: N818 - what came, and no mistake of ours
    """A unit is so long that nobody waits for its end; it depends on what came, not on when."""


class Buffer:
    """Bytes of one client in the order of arrival."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._seen = 0
        """How much of what is held was searched for an end already."""
        self._skipped_bytes = 0
        """How much of a unit beyond its bound was thrown away so far."""

    def __len__(self) -> int:
        """How many bytes are held."""
        return len(self._held)

    def add(self, data: bytes) -> None:
        """Take what came."""
        self._held += data

    def clear(self) -> None:
        """Forget all that came (RFC 3207, section 4.2: nothing from before TLS counts)."""
        self._held.clear()
        self._seen = self._skipped_bytes = 0

    def take_line(self, octets_max: int, octets_endless: int) -> bytes | None:
        """Take a line without its end, None when no whole one is there.

        A line feed alone ends a command, as most servers have it; data end by CRLF only.
        """
        if not self._held:
            return None  # This is asked after each line.
        end = self._held.find(b"\n", self._seen)
        if end < 0:
            self._seen = len(self._held)
            self._check_end(self._seen, octets_endless)
            if self._seen > octets_max:
                self._skip(self._seen)
            return None
        self._check_end(end + 1, octets_endless)
        line = bytes(self._held[:end])
        self._drop(end + 1)
        if self._end_skipping() or end + 1 > octets_max:
            raise Overrun
        return line.removesuffix(b"\r")

    def take_data(self, octets_max: int, octets_endless: int) -> bytes | None:
        """Take a mail up to its final dot, dot-stuffed still and with its last line end.

        None when the end is not there.
        """
        if self._held.startswith(b".\r\n") and not self._skipped_bytes:
            self._drop(3)
            return b""
        end = self._held.find(END_OF_DATA, max(self._seen - len(END_OF_DATA) + 1, 0))
        if end < 0:
            self._seen = len(self._held)
            # What may be the beginning of the end stays.
            beyond = self._seen - len(END_OF_DATA) + 1
            self._check_end(beyond, octets_endless)
            if beyond > octets_max:
                self._skip(beyond)
            return None
        self._check_end(end, octets_endless)
        data = bytes(self._held[: end + 2])
        self._drop(end + len(END_OF_DATA))
        if self._end_skipping() or len(data) > octets_max:
            raise Overrun
        return data

    def take_counted(self, count: int) -> bytes | None:
        """Take *count* octets, None while they are not all there."""
        if len(self._held) < count:
            return None
        data = bytes(self._held[:count])
        self._drop(count)
        return data

    def skip_counted(self, count: int) -> int:
        """Throw away up to *count* octets and return how many are still to come."""
        gone = min(count, len(self._held))
        self._drop(gone)
        return count - gone

    def _check_end(self, held: int, octets_endless: int) -> None:
        if self._skipped_bytes + held > octets_endless:
            raise Endless

    def _skip(self, count: int) -> None:
        self._skipped_bytes += count
        self._drop(count)

    def _end_skipping(self) -> bool:
        """Return whether the beginning of a unit that ends here was thrown away."""
        was_cut, self._skipped_bytes = self._skipped_bytes > 0, 0
        return was_cut

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._seen = 0
