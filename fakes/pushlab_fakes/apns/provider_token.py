"""Provider tokens: the JWT with which a team speaks to APNs, read and verified.

Mirrored from "Establishing a token-based connection to APNs": header `alg` ES256 and `kid`, claims
`iss` (the team) and `iat`. When it is fresh, and whose it is, is decided in `credentials`.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pushlab_fakes.es256 import SIGNATURE_BYTES, verify_es256
from pushlab_fakes.json_text import decode_object

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = ["ProviderToken", "load_public_key", "parse_token", "verify"]

TOKEN_MAX: Final = 4_096
"""Characters."""
RECORDED: Final = "key-"
"""How a record of a run writes a signature that it does not keep."""


@dataclass(frozen=True, slots=True)
class ProviderToken:
    """One JWT, as it reads."""

    key_id: str
    team: str
    issued_at_s: int
    signed: bytes
    """What the signature is about: header and claims as they came."""
    signature: bytes | None
    """None in the replay of a record, which keeps no signatures."""


@lru_cache(maxsize=64)
def parse_token(text: str) -> ProviderToken | None:
    """Return what a JWT says, or None when it is no provider token."""
    parts = text.split(".")
    if len(text) > TOKEN_MAX or len(parts) != 3:
        return None
    header, claims = (decode_object(_decode(part) or b"") for part in parts[:2])
    if header is None or claims is None or header.get("alg") != "ES256":
        return None
    key_id, team, issued_at_s = header.get("kid"), claims.get("iss"), claims.get("iat")
    if not (isinstance(key_id, str) and key_id and isinstance(team, str) and team):
        return None
    if isinstance(issued_at_s, bool) or not isinstance(issued_at_s, (int, float)):
        return None
    if not 0 <= issued_at_s < 1e11:  # also refuses what is no number
        return None
    signed = f"{parts[0]}.{parts[1]}".encode()
    if parts[2].startswith(RECORDED):
        return ProviderToken(key_id, team, int(issued_at_s), signed, None)
    signature = _decode(parts[2])
    if signature is None or len(signature) != SIGNATURE_BYTES:
        return None
    return ProviderToken(key_id, team, int(issued_at_s), signed, signature)


def verify(token: ProviderToken, key: EllipticCurvePublicKey) -> bool:
    """Whether *key* has signed *token*."""
    return token.signature is None or verify_es256(key, token.signed, token.signature)


def load_public_key(pem: str) -> EllipticCurvePublicKey | None:
    """Read the public key of a provider from PEM text, from that of its private key too."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    raw = pem.encode()
    try:
        if "PRIVATE" in pem:
            private = serialization.load_pem_private_key(raw, None)
            key: object = private.public_key()
        else:
            key = serialization.load_pem_public_key(raw)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def _decode(part: str) -> bytes | None:
    try:
        return urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (Base64Error, UnicodeEncodeError, ValueError):
        return None
