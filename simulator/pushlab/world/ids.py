"""Ids made from content: (seed, kind, natural key), never from rows or order of arrival.

Two worlds with one seed give the same thing the same id whatever else they hold, and byte-equal
requests that race are interchangeable. What the world stores is a 64-bit key; the UUID that a
vendor would show carries that key in a form only this world can read, so no id text is kept.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.world.randomness import GOLDEN, WORD, mix, mix_array, unmix

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ids", "content_key"]

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CHECK_BITS: Final = 122 - 64
"""A UUID has 122 free bits: 64 carry the key, the rest tell our ids from all others."""


def content_key(*parts: str | int) -> int:
    """Return 64 bits that stand for *parts* in this order.

    Each text is written with its length and each number with its end, so no two lists of parts
    read alike: ("ab", "c") and ("a", "bc") differ, and so do 1 and "1". Among a million keys the
    chance that any two are equal is 3 in a hundred million.
    """
    pieces = [f"s{len(part)}:{part}" if isinstance(part, str) else f"i{part:d};" for part in parts]
    # Clients may send half a surrogate pair in JSON; it is text like any other.
    text = "".join(pieces).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


class Ids:
    """The names that one world gives."""

    def __init__(self, seed: int) -> None:
        """Bind all names to *seed*, any integer."""
        self.seed: Final = seed
        self._locks: dict[str, tuple[int, int]] = {}

    def key(self, kind: str, *natural: str | int) -> int:
        """Return the key of the thing of this *kind* that the *natural* parts name."""
        return content_key(self.seed, kind, *natural)

    def member_keys(self, base: int, first: int, count: int) -> NDArray[np.uint64]:
        """Return the keys of *count* members of a population, from index *first* on.

        *base* is the population's own key; a member's key depends on it and the index alone.
        The result is uint64 of shape (count,).
        """
        keys = np.arange(first + 1, first + 1 + count, dtype=np.uint64)
        keys *= np.uint64(GOLDEN)
        keys += np.uint64(base & WORD)
        return mix_array(keys)

    def uuid(self, kind: str, key: int) -> str:
        """Render *key* as a lower-case version 4 UUID that `find_key` can read again."""
        lock, seal = self._lock(kind)
        carried = mix(key ^ lock)
        bits = carried << _CHECK_BITS | _check(carried, seal)
        whole = (bits >> 74) << 80 | 4 << 76 | (bits >> 62 & 0xFFF) << 64
        text = f"{whole | 2 << 62 | bits & 0x3FFF_FFFF_FFFF_FFFF:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def find_key(self, kind: str, text: str) -> int | None:
        """Return the key in *text*, or None when this world made no such UUID for *kind*.

        Upper case is read like lower case, as the vendors do. A foreign UUID passes by accident
        once in 2**58.
        """
        if _UUID.fullmatch(text) is None:
            return None
        whole = int(text.replace("-", ""), 16)
        if whole >> 76 & 0xF != 4 or whole >> 62 & 3 != 2:
            return None
        bits = (whole >> 80) << 74 | (whole >> 64 & 0xFFF) << 62 | whole & 0x3FFF_FFFF_FFFF_FFFF
        lock, seal = self._lock(kind)
        carried = bits >> _CHECK_BITS
        if bits & ((1 << _CHECK_BITS) - 1) != _check(carried, seal):
            return None
        return unmix(carried) ^ lock

    def _lock(self, kind: str) -> tuple[int, int]:
        """Return what hides the keys of *kind* and what seals them."""
        lock = self._locks.get(kind)
        if lock is None:
            lock = (self.key("uuid lock", kind), self.key("uuid seal", kind))
            self._locks[kind] = lock
        return lock


def _check(carried: int, seal: int) -> int:
    return mix(carried + seal) >> (64 - _CHECK_BITS)
