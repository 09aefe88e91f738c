"""Goal: certificates are joined, each once, and Java's own form is what Java reads.

The form's second opinion is asked in tests/edges, where a Java is run.
"""

from __future__ import annotations

import hashlib
import ssl

import pytest

from pushlab.child.trust import join_certificates, render_key_store, split_certificates

ONE, OTHER = b"\x30\x03one", b"\x30\x05other" * 20


def test_what_was_joined_is_split_again() -> None:
    assert split_certificates([join_certificates([ONE, OTHER])]) == [ONE, OTHER]


def test_the_text_is_what_python_writes() -> None:
    assert join_certificates([OTHER]).decode() == ssl.DER_cert_to_PEM_cert(OTHER)


def test_each_certificate_is_kept_once_in_order_of_appearance() -> None:
    texts = [join_certificates([OTHER, ONE]), b"# a comment\n" + join_certificates([ONE])]

    assert split_certificates(texts) == [OTHER, ONE]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAMB\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nMAMB\n",
    ],
)
def test_what_is_no_certificate_is_left_out(text: bytes) -> None:
    assert split_certificates([text, join_certificates([ONE])]) == [ONE]


def test_lines_of_any_system_are_read() -> None:
    text = join_certificates([OTHER]).replace(b"\n", b"\r\n")

    assert split_certificates([text]) == [OTHER]


def test_a_key_store_names_each_certificate_and_is_sealed() -> None:
    store = render_key_store([ONE, OTHER])
    body, seal = store[:-20], store[-20:]

    assert body.startswith(bytes.fromhex("feedfeed 00000002 00000002"))
    assert body.count(b"X.509") == 2
    assert b"\x00\x09pushlab-0" in body
    assert body.endswith(len(OTHER).to_bytes(4, "big") + OTHER)
    password = "changeit".encode("utf-16-be")
    assert seal == hashlib.sha1(password + b"Mighty Aphrodite" + body).digest()
