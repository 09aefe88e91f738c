"""Certificates to trust, in the two forms in which programs read them.

Most programs read a file of PEM texts. Java reads a key store; this is its older form, JKS, which
every Java reads whatever it is told to expect, and which needs no password to be looked into.
"""

from __future__ import annotations

import binascii
import re
import struct
from hashlib import sha1
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["join_certificates", "render_key_store", "split_certificates"]

CERTIFICATE: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----\s(.*?)-----END CERTIFICATE-----", re.DOTALL
)
LINE_LENGTH: Final = 64
MAGIC: Final = 0xFEEDFEED
VERSION: Final = 2
TRUSTED: Final = 2
"""The tag of a certificate that is trusted, beside those that belong to a key."""
MADE_AT: Final = 0
"""When each was put into the store; nobody asks."""
SALT: Final = b"Mighty Aphrodite"
SEAL: Final = "changeit"
"""Java's own default; it seals the store against accidents and keeps nothing secret."""


def split_certificates(texts: Iterable[bytes]) -> list[bytes]:
    """Return the certificates in *texts* in DER form, each once, in order; comments are left."""
    found: dict[bytes, None] = {}
    for text in texts:
        for match in CERTIFICATE.finditer(text):
            try:
                found[binascii.a2b_base64(match[1])] = None
            except binascii.Error:
                continue
    return list(found)


def join_certificates(certificates: Iterable[bytes]) -> bytes:
    """Render certificates in DER form as one PEM text."""
    return b"".join(map(_render, certificates))


def _render(certificate: bytes) -> bytes:
    text = binascii.b2a_base64(certificate, newline=False)
    lines = [text[at : at + LINE_LENGTH] for at in range(0, len(text), LINE_LENGTH)]
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    return b"\n".join([begin, *lines, end, b""])


def render_key_store(certificates: Sequence[bytes]) -> bytes:
    """Render certificates in DER form as a Java key store that trusts each of them."""
    store = struct.pack(">III", MAGIC, VERSION, len(certificates))
    for number, certificate in enumerate(certificates):
        store += (
            struct.pack(">I", TRUSTED) + _text(f"pushlab-{number}") + struct.pack(">Q", MADE_AT)
        )
        store += _text("X.509") + struct.pack(">I", len(certificate)) + certificate
    seal = sha1(SEAL.encode("utf-16-be") + SALT + store)  # noqa: S324 - as the form has it
    return store + seal.digest()


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")
