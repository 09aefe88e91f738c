"""Who signed a message: VAPID (RFC 8292), and the form of its drafts that older senders use.

Checked: the form of the header, the signature (ES256), audience, expiry and subject. The key that a
subscription is bound to is looked after by the service, which knows the subscription.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pushlab_fakes.es256 import verify_es256
from pushlab_fakes.json_text import decode_object
from pushlab_fakes.webpush.decryption import decode_base64, read_parameters
from pushlab_fakes.webpush.dialects import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.world.clock import Instant
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.webpush.dialects import Dialect

__all__ = ["LIFE_MAX_S", "Signed", "check_claims", "read_signed"]

LIFE_MAX_S: Final = 86_400
"""How far ahead ``exp`` may lie (RFC 8292, section 2)."""
OLD_SCHEMES: Final = ("webpush", "bearer")
POINT_BYTES: Final = 65
UNREACHABLE: Final = ("localhost", "invalid")
"""Names and top-level domains that Apple is reported to refuse (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature fits its key."""

    key: bytes
    """The application server key, as the subscription knows it."""
    claims: dict[str, Any]


def read_signed(request: Request) -> Signed | Problem:
    """Return who signed *request*, or what is wrong with the signature."""
    header = request.header("authorization")
    if header is None:
        return Problem.NO_VAPID
    scheme, _, rest = header.strip().partition(" ")
    scheme = scheme.lower()
    if scheme == "vapid":
        parameters = read_parameters(rest)
        token, key_text = parameters.get("t", ""), parameters.get("k", "")
    elif scheme in OLD_SCHEMES:
        token = rest.strip()
        key_text = read_parameters(request.header("crypto-key") or "").get("p256ecdsa", "")
    else:
        return Problem.BAD_VAPID
    if not token:
        return Problem.BAD_VAPID
    if not key_text:
        return Problem.NO_KEY
    key = decode_base64(key_text)
    if key is None or len(key) != POINT_BYTES:
        return Problem.BAD_KEY
    return _open_token(token, key)


def _open_token(token: str, key: bytes) -> Signed | Problem:
    parts = token.split(".")
    decoded = [decode_base64(part) for part in parts]
    if len(parts) != 3 or any(part is None for part in decoded):
        return Problem.BAD_VAPID
    head, claims = (decode_object(part or b"") for part in decoded[:2])
    if head is None or claims is None or head.get("alg") != "ES256":
        return Problem.BAD_VAPID
    problem = _check_signature(".".join(parts[:2]).encode(), decoded[2] or b"", key)
    return problem or Signed(key, claims)


def _check_signature(signed: bytes, signature: bytes, key: bytes) -> Problem | None:
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        return Problem.BAD_KEY
    return None if verify_es256(public, signed, signature) else Problem.BAD_SIGNATURE


def check_claims(
    signed: Signed, dialect: Dialect, host: str, clocks: Sequence[Instant], *, leeway_s: int
) -> Problem | None:
    """Return what is wrong with the claims; *clocks* are those that may have stamped them.

    They may differ from the service's by *leeway_s*. *host* is where the request went. A sender
    that was given an address of ours for the service takes the audience from there, with a port
    that means nothing in the world.
    """
    audience, expires_s = signed.claims.get("aud"), signed.claims.get("exp")
    if not isinstance(audience, str) or type(expires_s) not in (int, float):
        return Problem.BAD_CLAIMS
    assert isinstance(expires_s, (int, float))
    if audience.rstrip("/") != dialect.origin and (
        host == dialect.host or _find_host(audience) != host
    ):
        return Problem.WRONG_AUDIENCE
    lives = [expires_s - clock / 1000 for clock in clocks]
    if not any(-leeway_s < life <= LIFE_MAX_S + leeway_s for life in lives):
        return Problem.EXPIRED if max(lives) <= -leeway_s else Problem.EXPIRES_LATE
    if dialect.needs_subject and not _can_be_reached(signed.claims.get("sub"), dialect):
        return Problem.BAD_SUBJECT
    return None


def _find_host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _can_be_reached(subject: object, dialect: Dialect) -> bool:
    """Whether *subject* is a mailto: or https: URI, at Apple of a name that can be resolved."""
    if not isinstance(subject, str):
        return False
    if subject.startswith("mailto:"):
        host = subject.rpartition("@")[2]
    elif subject.startswith("https://"):
        host = _find_host(subject) or ""
    else:
        return False
    if not dialect.resolves_subject:
        return True
    return bool(host) and host.rpartition(".")[2].lower() not in UNREACHABLE
