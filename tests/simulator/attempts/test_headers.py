"""Goal: headers are found in any case, and what proves who somebody is never shows."""

from __future__ import annotations

from base64 import b64encode

import pytest

from pushlab.attempts.headers import Headers, redact_header, redact_query

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJURUFNIn0.c2lnbmF0dXJl"
SHOWN = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJURUFNIn0.[redacted]"
BASIC = b64encode(b"AC1:hunter2").decode()


def test_a_header_is_found_in_any_case_and_one_that_repeats_has_all_its_values():
    headers = Headers([("APNS-Topic", "a.b"), ("x", "1"), ("X", "2")])

    assert headers["apns-topic"] == "a.b"
    assert headers["X"] == "1, 2"
    assert headers.list("x") == ["1", "2"]
    assert "Apns-Topic" in headers
    assert list(headers) == ["apns-topic", "x"]
    assert len(headers) == 2
    assert headers.get("nothing") is None


def test_a_header_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="ttl"):
        Headers([])["ttl"]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", f"bearer {JWT}", f"bearer {SHOWN}"),
        ("authorization", f"vapid t={JWT}, k=BPublic", f"vapid t={SHOWN}, k=BPublic"),
        ("authorization", f"WebPush {JWT}", f"WebPush {SHOWN}"),
        ("authorization", f"Basic {BASIC}", "Basic AC1:[redacted]"),
        ("authorization", "Basic no base64", "Basic [redacted]"),
        ("authorization", "Bearer ya29.secret", "Bearer [redacted]"),
        ("Authorization", "key=AAAAsecret", "key=[redacted]"),
        ("authorization", "hunter2", "[redacted]"),
        ("proxy-authorization", f"Basic {BASIC}", "Basic AC1:[redacted]"),
        ("cookie", "session=1", "[redacted]"),
        ("x-api-key", "hunter2", "[redacted]"),
        ("X-Auth-Token", "hunter2", "[redacted]"),
        ("x-other", JWT, SHOWN),
    ],
)
def test_a_secret_is_taken_out_and_the_account_stays(name, value, shown):
    assert redact_header(name, value) == shown
    assert Headers([(name, value)])[name] == shown


@pytest.mark.parametrize(
    "name", ["apns-topic", "crypto-key", "content-type", "idempotency-key", "apns-collapse-id"]
)
def test_what_is_no_secret_stays(name):
    assert redact_header(name, "value") == "value"


def test_a_parameter_that_is_a_secret_is_taken_out():
    assert redact_query("a=1&key=hunter2&b=2") == "a=1&key=%5Bredacted%5D&b=2"
    assert redact_query("access_token=x") == "access_token=%5Bredacted%5D"
    assert redact_query("a=1&flag") == "a=1&flag"
    assert redact_query("") == ""


def test_they_show_what_they_hold():
    assert repr(Headers([("TTL", "60")])) == "<headers {'ttl': '60'}>"
