"""The keys of a browser's push subscription: made in the browser, with which a sender encrypts.

Mirrored from RFC 8291 (Message Encryption for Web Push), section 3.1: a P-256 key pair and an
authentication secret of 16 bytes. They are derived from the endpoint's key, so nothing is stored
and nothing is computed before somebody looks.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

__all__ = ["PushKeys", "derive_keys"]

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (NIST SP 800-186)."""
AUTH_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class PushKeys:
    """What one push subscription is encrypted with."""

    private: int
    """The scalar that never leaves the browser."""
    public: bytes
    """The uncompressed point, 65 bytes."""
    auth: bytes
    """The authentication secret."""

    def document(self) -> dict[str, str]:
        """Return ``keys`` as ``PushSubscription.toJSON()`` shows them."""
        return {"p256dh": _encode(self.public), "auth": _encode(self.auth)}


def derive_keys(endpoint_key: int) -> PushKeys:
    """Return the keys of the subscription whose endpoint has this content key."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
    )

    packed = endpoint_key.to_bytes(8, "big")
    grown = blake2b(packed, person=b"push private key").digest()
    # 64 bytes, reduced, are as good as uniform over a group of 32 bytes; 0 is no private key.
    private = int.from_bytes(grown, "big") % (ORDER - 1) + 1
    pair = ec.derive_private_key(private, ec.SECP256R1())
    return PushKeys(
        private=private,
        public=pair.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        auth=blake2b(packed, person=b"push auth secret", digest_size=AUTH_BYTES).digest(),
    )


def _encode(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
