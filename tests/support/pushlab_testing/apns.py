"""Providers of APNs as tests need them: signing keys, tokens, certificates and requests."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID, ObjectIdentifier

from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab_fakes.exchange import Peer

__all__ = [
    "DEVELOPMENT",
    "KEY_ID",
    "TEAM",
    "TOPIC",
    "a_certificate",
    "a_push",
    "make_key_pem",
    "public_half",
    "sign_token",
]

TEAM, KEY_ID, TOPIC = "TEAM123456", "KEY1234567", "com.example.shop"
DEVELOPMENT, PRODUCTION = "1.2.840.113635.100.6.3.1", "1.2.840.113635.100.6.3.2"
ALERT: Mapping[str, object] = {"aps": {"alert": {"title": "Sale", "body": "Today only"}}}


@cache
def make_key_pem(name: str = "first") -> str:
    """Return the signing key called *name*, as the text of a ``.p8`` file."""
    number = int.from_bytes(name.encode(), "big") % 2**200 + 2
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def public_half(pem: str) -> str:
    """Return the public half of a signing key."""
    public = _load(pem).public_key()
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")


def _load(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def sign_token(
    issued_at_s: float,
    *,
    key_id: str = KEY_ID,
    team: str = TEAM,
    pem: str | None = None,
    algorithm: str = "ES256",
) -> str:
    """Return a provider token."""
    parts = [{"alg": algorithm, "kid": key_id}, {"iss": team, "iat": issued_at_s}]
    signed = ".".join(_encode(json.dumps(part).encode()) for part in parts)
    key = _load(pem or make_key_pem())
    first, second = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{_encode(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def a_certificate(
    now_s: float,
    *,
    uid: str | None = TOPIC,
    team: str | None = None,
    environments: Sequence[str] = (DEVELOPMENT, PRODUCTION),
    days: int = 300,
    more: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """Return a provider's certificate in DER form, valid for *days* around *now_s*."""
    name = [x509.NameAttribute(NameOID.COMMON_NAME, "Apple Push Services: made up")]
    if uid is not None:
        name.append(x509.NameAttribute(NameOID.USER_ID, uid))
    if team is not None:
        name.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team))
    begin = datetime.fromtimestamp(now_s, UTC) - timedelta(days=1)
    key = _load(make_key_pem())
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name(name),
        subject_name=x509.Name(name),
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=begin,
        not_valid_after=begin + timedelta(days=days),
    )
    for oid, value in [*((oid, b"\x05\x00") for oid in environments), *more]:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(ObjectIdentifier(oid), value), critical=False
        )
    return builder.sign(key, SHA256()).public_bytes(serialization.Encoding.DER)


def a_push(
    token: str,
    *,
    jwt: str | None = None,
    json: object = ALERT,
    body: bytes | None = None,
    host: str = "api.push.apple.com",
    method: str = "POST",
    path: str | None = None,
    peer: Peer | None = None,
    extra: Sequence[tuple[str, str]] = (),
    **headers: str | None,
) -> Request:
    """Return a request to send; a header is named with ``_`` for ``-``, and None leaves it out."""
    given: dict[str, Any] = {"apns_topic": TOPIC, "apns_push_type": "alert", **headers}
    pairs = [(name.replace("_", "-"), value) for name, value in given.items() if value is not None]
    if jwt is not None:
        pairs.append(("authorization", f"bearer {jwt}"))
    whole = Request.build(method, f"https://{host}{path or f'/3/device/{token}'}", json=json)
    sent = whole.body if body is None else body
    return Request(method, host, whole.path, "", (*pairs, *extra), sent, peer)
