"""Goal: the keys of a push subscription are real, and the same whenever somebody looks."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from pushlab.devices.pushkeys import derive_keys


@settings(max_examples=20)
@given(st.integers(0, 2**64 - 1))
def test_the_public_key_is_a_point_of_p_256_that_belongs_to_the_private_one(key: int) -> None:
    keys = derive_keys(key)
    pair = ec.derive_private_key(keys.private, ec.SECP256R1())

    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keys.public)

    assert point.public_numbers() == pair.public_key().public_numbers()
    assert (len(keys.public), keys.public[0], len(keys.auth)) == (65, 4, 16)


def test_keys_depend_on_the_endpoint_alone() -> None:
    assert derive_keys(7) == derive_keys(7)
    assert derive_keys(7).public != derive_keys(8).public
    assert derive_keys(7).auth != derive_keys(8).auth


def test_a_document_has_the_keys_in_base64_without_padding() -> None:
    keys = derive_keys(7)

    document = keys.document()

    assert urlsafe_b64decode(document["p256dh"] + "=") == keys.public
    assert urlsafe_b64decode(document["auth"] + "==") == keys.auth
