"""Device tokens of APNs: 32 bytes in hexadecimal, opaque to everybody else."""

from __future__ import annotations

from hashlib import blake2b

__all__ = ["parse_token", "render_token"]

KEY_DIGITS = 16


def render_token(key: int) -> str:
    """Return the token of 64 lower-case hexadecimal digits that carries *key*."""
    rest = blake2b(key.to_bytes(8, "big"), digest_size=24, person=b"apns-token").hexdigest()
    return f"{key:0{KEY_DIGITS}x}{rest}"


def parse_token(text: str) -> int | None:
    """Return the key that *text* carries, or None when it cannot be a token."""
    try:
        return int(text[:KEY_DIGITS], 16) if len(text) == 64 else None
    except ValueError:
        return None
