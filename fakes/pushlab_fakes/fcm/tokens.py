"""Registration tokens of FCM: an instance id, a colon and a long opaque part."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

__all__ = ["HEAD_CHARS", "parse_token", "render_token"]

KEY_CHARS = 11
HEAD_CHARS = 22
"""The id of the installation."""
PREFIX = "APA91b"
TAIL_CHARS = 134


def render_token(key: int) -> str:
    """Return the token that carries *key*, 163 characters as the real ones have."""
    head = urlsafe_b64encode(key.to_bytes(8, "big")).decode().rstrip("=")
    grown = b"".join(
        blake2b(key.to_bytes(8, "big"), person=b"fcm-token", salt=bytes([part])).digest()
        for part in range(2)
    )
    rest = urlsafe_b64encode(grown).decode().rstrip("=")
    split = HEAD_CHARS - KEY_CHARS
    return f"{head}{rest[:split]}:{PREFIX}{rest[split : split + TAIL_CHARS]}"


def parse_token(text: str) -> int | None:
    """Return the key that *text* carries, or None when it cannot be a token."""
    if len(text) <= HEAD_CHARS or text[HEAD_CHARS] != ":":
        return None
    try:
        return int.from_bytes(urlsafe_b64decode(text[:KEY_CHARS] + "="), "big")
    except ValueError:
        return None
