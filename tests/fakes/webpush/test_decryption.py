"""Goal: what a sender encrypted is opened as a browser opens it, and nothing else is."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pushlab.devices.pushkeys import derive_keys
from pushlab_fakes.webpush.decryption import decode_base64, open_body, read_parameters
from pushlab_testing.pushing import SALT, decode, encode

KEYS = derive_keys(1)
CPU_S_MAX = 5.0
SENDER = ec.derive_private_key(9, ec.SECP256R1())


@dataclass(frozen=True)
class GivenKeys:
    """Keys that a document gives."""

    private: int
    public: bytes
    auth: bytes


def encrypt(text: bytes, version: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of *text* as the reference library makes them."""
    body = http_ece.encrypt(
        text,
        salt=SALT,
        private_key=SENDER,
        dh=KEYS.public,
        auth_secret=KEYS.auth,
        version=version,
    )
    numbers = SENDER.public_key().public_numbers()
    point = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return body, {"encryption": f"salt={encode(SALT)}", "crypto-key": f"dh={encode(point)}"}


def test_the_example_of_the_standard_is_opened() -> None:
    """RFC 8291, section 5."""
    keys = GivenKeys(
        private=int.from_bytes(decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"),
        public=decode(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIA"
            "iw4"
        ),
        auth=decode("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    body = decode(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWA"
        "mS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxs"
        "j_Qulcy4a-fN"
    )

    assert open_body(body, "aes128gcm", {}, keys) == (
        b"When I grow up, I want to be a watermelon",
        "",
    )


@pytest.mark.parametrize("version", ["aes128gcm", "aesgcm"])
@pytest.mark.parametrize("text", [b"x", b"Hello", bytes(3_900), "Grüße".encode()])
def test_both_encodings_are_opened(version: str, text: bytes) -> None:
    body, headers = encrypt(text, version)

    assert open_body(body, version, headers, KEYS) == (text, "")


@pytest.mark.parametrize("version", ["aes128gcm", "aesgcm"])
def test_the_keys_of_another_browser_open_nothing(version: str) -> None:
    body, headers = encrypt(b"Hello", version)

    opened = [
        open_body(body, version, headers, keys)
        for keys in (derive_keys(2), replace(KEYS, auth=bytes(16)))
    ]

    assert [plain for plain, _ in opened] == [None, None]
    assert {why for _, why in opened} == {"it was encrypted with the keys of another subscription"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda body: body[:10], "shorter than its header"),
        (lambda body: body[:40], "shorter than its header"),
        (lambda body: body[:16] + bytes(4) + body[20:], "not one record"),
        (lambda body: body[:16] + b"\0\0\0\x14" + body[20:], "not one record"),
        (lambda body: body[:21] + bytes(65) + body[86:], "no point of P-256"),
        (lambda body: body[:20] + b"\0" + body[86:], "no point of P-256"),
        (lambda body: body[:90], "keys of another"),
    ],
)
def test_a_broken_body_is_not_opened(change, why: str) -> None:
    body, _ = encrypt(b"Hello", "aes128gcm")

    plain, told = open_body(change(body), "aes128gcm", {}, KEYS)

    assert plain is None
    assert why in told


def test_a_broken_salt_is_told() -> None:
    body, headers = encrypt(b"Hello", "aesgcm")

    plain, told = open_body(body, "aesgcm", headers | {"encryption": "salt=AAAA"}, KEYS)

    assert (plain, told) == (None, "the salt is not of 16 bytes")


@given(body=st.binary(max_size=300), version=st.sampled_from(["aes128gcm", "aesgcm"]))
def test_garbage_is_never_opened_and_never_breaks_anything(body: bytes, version: str) -> None:
    _, headers = encrypt(b"Hello", "aesgcm")

    assert open_body(body, version, headers, KEYS)[0] is None


def test_a_header_of_one_long_word_is_read_in_linear_time() -> None:
    begun_s = time.process_time()

    assert read_parameters("a" * 100_000) == {}
    assert time.process_time() - begun_s < CPU_S_MAX


def test_parameters_of_a_header_are_read_with_and_without_quotes() -> None:
    assert read_parameters('keyid="a";dh="AB_-"; p256ecdsa=CD,dh=other') == {
        "keyid": "a",
        "dh": "AB_-",
        "p256ecdsa": "CD",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("AAAA", bytes(3)), ("AA==", bytes(1)), ("AA", bytes(1)), ("A", None), ("a b", None)],
)
def test_base64_is_read_with_and_without_padding(text: str, value: bytes | None) -> None:
    assert decode_base64(text) == value
