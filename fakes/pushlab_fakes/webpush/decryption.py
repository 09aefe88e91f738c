"""Opens what a sender encrypted for one browser, as the browser does.

Mirrored: RFC 8291 (Message Encryption for Web Push) over RFC 8188, which is ``aes128gcm``, and
draft-ietf-webpush-encryption-04, ``aesgcm``, which browsers still open. Both have one record.
Left out: the drafts before (``aesgcm128``), which no browser of today opens.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ENCODINGS", "Keys", "decode_base64", "open_body", "read_parameters"]

ENCODINGS: Final = ("aes128gcm", "aesgcm")
SALT_BYTES: Final = 16
HEAD_BYTES: Final = SALT_BYTES + 4 + 1
TAG_BYTES: Final = 16
RECORD_MIN: Final = TAG_BYTES + 2
POINT_BYTES: Final = 65
LAST_RECORD: Final = 2
"""The byte that ends the text of a last record (RFC 8188, section 2)."""
PARAMETER: Final = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]+)="?([^";,\s]*)"?')


class Keys(Protocol):
    """What a browser keeps of one subscription; its private part never leaves it."""

    @property
    def private(self) -> int:
        """The scalar."""
        ...

    @property
    def public(self) -> bytes:
        """The uncompressed point, 65 bytes."""
        ...

    @property
    def auth(self) -> bytes:
        """The authentication secret, 16 bytes."""
        ...


def open_body(
    body: bytes, encoding: str, headers: Mapping[str, str], keys: Keys
) -> tuple[bytes | None, str]:
    """Return what *body* says, or None and why the browser cannot tell.

    *headers* are ``encryption`` and ``crypto-key``; only ``aesgcm`` has something there.
    """
    if encoding == "aes128gcm":
        return _open_aes128gcm(body, keys)
    salt = decode_base64(read_parameters(headers.get("encryption", "")).get("salt", ""))
    point = decode_base64(read_parameters(headers.get("crypto-key", "")).get("dh", ""))
    if salt is None or len(salt) != SALT_BYTES:
        return None, "the salt is not of 16 bytes"
    return _open_aesgcm(body, salt, point or b"", keys)


def read_parameters(header: str) -> dict[str, str]:
    """Return the parameters of a header such as ``dh=...;p256ecdsa=...``; the first of a name."""
    found: dict[str, str] = {}
    for name, value in PARAMETER.findall(header):
        found.setdefault(name.lower(), value)
    return found


def decode_base64(text: str) -> bytes | None:
    """Return what *text* stands for in URL-safe base64, padded or not; None for no base64."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", text):
        return None
    bare = text.rstrip("=")
    if len(bare) % 4 == 1:
        return None
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def _open_aes128gcm(body: bytes, keys: Keys) -> tuple[bytes | None, str]:
    if len(body) < HEAD_BYTES or len(body) < HEAD_BYTES + body[HEAD_BYTES - 1]:
        return None, "the body is shorter than its header"
    salt, id_size = body[:SALT_BYTES], body[HEAD_BYTES - 1]
    record_size = int.from_bytes(body[SALT_BYTES : SALT_BYTES + 4], "big")
    point = body[HEAD_BYTES : HEAD_BYTES + id_size]
    record = body[HEAD_BYTES + id_size :]
    if record_size < RECORD_MIN or len(record) > record_size:
        return None, "the body is not one record of the size that it names"
    shared = _agree(point, keys)
    if shared is None:
        return None, "the sender's public key is no point of P-256"
    info = b"WebPush: info\0" + keys.public + point
    material = _derive(shared, keys.auth, info, 32)
    key = _derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(material, salt, b"Content-Encoding: nonce\0", 12)
    text = _decrypt(key, nonce, record)
    if text is None:
        return None, "it was encrypted with the keys of another subscription"
    text = text.rstrip(b"\0")
    if not text or text[-1] != LAST_RECORD:
        return None, "its last record does not end as a last record does"
    return text[:-1], ""


def _open_aesgcm(body: bytes, salt: bytes, point: bytes, keys: Keys) -> tuple[bytes | None, str]:
    shared = _agree(point, keys)
    if shared is None:
        return None, "the sender's public key is no point of P-256"
    material = _derive(shared, keys.auth, b"Content-Encoding: auth\0", 32)
    context = b"P-256\0" + b"".join(
        len(each).to_bytes(2, "big") + each for each in (keys.public, point)
    )
    key = _derive(material, salt, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = _derive(material, salt, b"Content-Encoding: nonce\0" + context, 12)
    text = _decrypt(key, nonce, body)
    if text is None:
        return None, "it was encrypted with the keys of another subscription"
    padding = int.from_bytes(text[:2], "big")
    if len(text) < 2 + padding or any(text[2 : 2 + padding]):
        return None, "its padding is broken"
    return text[2 + padding :], ""


def _agree(point: bytes, keys: Keys) -> bytes | None:
    """Return the secret that browser and sender share (ECDH); None for a bad *point*."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if len(point) != POINT_BYTES:
        return None
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return None
    private = ec.derive_private_key(keys.private, ec.SECP256R1())
    return private.exchange(ec.ECDH(), public)


def _derive(material: bytes, salt: bytes, info: bytes, size_bytes: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), size_bytes, salt, info).derive(material)


def _decrypt(key: bytes, nonce: bytes, record: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(record) < TAG_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(nonce, record, None)
    except InvalidTag:
        return None
