"""Signatures of tokens, against keys of a library that makes them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from pushlab_fakes.es256 import SIGNATURE_BYTES, verify_es256

PRIVATE = ec.derive_private_key(7, ec.SECP256R1())
STRANGER = ec.derive_private_key(8, ec.SECP256R1())
SIGNED = b"header.claims"


def sign(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a signature as a token carries it."""
    numbers = decode_dss_signature(key.sign(SIGNED, ec.ECDSA(SHA256())))
    return b"".join(number.to_bytes(SIGNATURE_BYTES // 2, "big") for number in numbers)


def test_a_signature_of_the_key_is_one() -> None:
    assert verify_es256(PRIVATE.public_key(), SIGNED, sign(PRIVATE))


@pytest.mark.parametrize(
    ("signed", "signature"),
    [
        (b"header.others", sign(PRIVATE)),
        (SIGNED, sign(STRANGER)),
        (SIGNED, sign(PRIVATE)[:-1]),
        (SIGNED, sign(PRIVATE) + b"\0"),
        (SIGNED, bytes(SIGNATURE_BYTES)),
        (SIGNED, b""),
    ],
    ids=["other words", "another key", "too short", "too long", "zeros", "nothing"],
)
def test_anything_else_is_none(signed: bytes, signature: bytes) -> None:
    assert not verify_es256(PRIVATE.public_key(), signed, signature)
