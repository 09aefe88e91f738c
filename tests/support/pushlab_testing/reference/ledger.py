"""The digest of bulk entries, one entry at a time."""

from __future__ import annotations

from hashlib import blake2b

__all__ = ["Ledger"]

MASK = 2**64 - 1


class Ledger:
    """Two sums over entries, as `pushlab.world.trace` defines them."""

    def __init__(self) -> None:
        self.first = 0
        self.second = 0
        self.count = 0

    def add(self, kind: tuple[str, int], at: int, who: int, about: int, outcome: int = 0) -> None:
        """Add one entry; *kind* is its name and the rank of the handler that writes it."""
        named = blake2b(f"{kind[0]}|{kind[1]}".encode(), digest_size=8).digest()
        value = int.from_bytes(named, "little")
        value += who * 0x9E37_79B9_7F4A_7C15 + about * 0xD1B5_4A32_D192_ED03
        value += at * 0xA24B_AED4_963E_E407 + outcome * 0x9FB2_1C65_1E98_DF25
        value &= MASK
        one = (value ^ value >> 30) * 0xBF58_476D_1CE4_E5B9 & MASK
        one = (one ^ one >> 27) * 0x94D0_49BB_1331_11EB & MASK
        two = (value ^ value >> 33) * 0xFF51_AFD7_ED55_8CCD & MASK
        two = (two ^ two >> 29) * 0xC4CE_B9FE_1A85_EC53 & MASK
        self.first = (self.first + (one ^ one >> 31)) & MASK
        self.second = (self.second + (two ^ two >> 32)) & MASK
        self.count += 1

    def digest_with(self, digest: str) -> str:
        """Return the digest of these entries and of those behind *digest*."""
        first = (self.first + int(digest[:16], 16)) & MASK
        second = (self.second + int(digest[16:], 16)) & MASK
        return f"{first:016x}{second:016x}"
