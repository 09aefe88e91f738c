"""ES256, by which the tokens that APNs and push services are shown are signed.

Mirrored: RFC 7518, section 3.4: ECDSA on P-256 with SHA-256, the signature two numbers side by
side, where the library takes them in DER form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = ["SIGNATURE_BYTES", "verify_es256"]

SIGNATURE_BYTES: Final = 64
"""Two numbers of 32 bytes."""


def verify_es256(key: EllipticCurvePublicKey, signed: bytes, signature: bytes) -> bool:
    """Whether *signature* is one of *key* for what is *signed*."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    if len(signature) != SIGNATURE_BYTES:
        return False
    half = SIGNATURE_BYTES // 2
    numbers = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    try:
        key.verify(utils.encode_dss_signature(*numbers), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
