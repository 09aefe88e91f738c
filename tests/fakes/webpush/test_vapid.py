"""Goal: whatever stands in the header, the answer is a signed token or a problem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_fakes.webpush.dialects import DIALECTS, Problem
from pushlab_fakes.webpush.vapid import Signed, check_claims, read_signed
from pushlab_testing.pushing import WebpushSender, encode

GOOGLE, MOZILLA, APPLE, MICROSOFT = DIALECTS
SENDER = WebpushSender(Lab())
NOW = 1_767_225_600_000


def read(authorization: str) -> Signed | Problem:
    """Read one header."""
    return read_signed(Request("POST", GOOGLE.host, "/", "", (("authorization", authorization),)))


def check(host: str = GOOGLE.host, **claims: object) -> Problem | None:
    """Check claims that are right but for *claims*."""
    signed = Signed(SENDER.key, SENDER.claims(GOOGLE.origin, **claims))
    return check_claims(signed, GOOGLE, host, (NOW,), leeway_s=60)


def test_a_token_that_is_right_is_read() -> None:
    claims = SENDER.claims(GOOGLE.origin)

    signed = read(f"vapid t={SENDER.sign(claims)}, k={encode(SENDER.key)}")

    assert signed == Signed(SENDER.key, claims)


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("a.b", Problem.BAD_VAPID),
        ("!.!.!", Problem.BAD_VAPID),
        (SENDER.sign({}, {"alg": "none"}), Problem.BAD_VAPID),
        (SENDER.sign({}).rpartition(".")[0] + ".AAAA", Problem.BAD_SIGNATURE),
        (SENDER.sign({})[:-8] + "AAAAAAAA", Problem.BAD_SIGNATURE),
    ],
)
def test_a_token_that_is_wrong_is_a_problem(token: str, problem: Problem) -> None:
    assert read(f"vapid t={token}, k={encode(SENDER.key)}") is problem


@given(st.text(max_size=200), st.sampled_from(["vapid ", "WebPush ", "Bearer ", "vapid t=", ""]))
def test_garbage_is_a_problem(text: str, start: str) -> None:
    assert isinstance(read(start + text), Problem)


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=65, max_size=65))
def test_a_forged_signature_or_key_is_a_problem(signature: bytes, key: bytes) -> None:
    token = SENDER.sign({}).rpartition(".")[0] + "." + encode(signature)

    assert read(f"vapid t={token}, k={encode(SENDER.key)}") is Problem.BAD_SIGNATURE
    assert isinstance(read(f"vapid t={token}, k={encode(key)}"), Problem)


@pytest.mark.parametrize(
    ("host", "audience", "problem"),
    [
        (GOOGLE.host, "https://fcm.googleapis.com/", None),
        (GOOGLE.host, "http://127.0.0.1:7575", Problem.WRONG_AUDIENCE),
        ("127.0.0.1", "http://127.0.0.1:7575", None),
        ("127.0.0.1", "https://fcm.googleapis.com", None),
        ("127.0.0.1", "http://localhost", Problem.WRONG_AUDIENCE),
        ("127.0.0.1", "http://[", Problem.WRONG_AUDIENCE),
        ("127.0.0.1", 7, Problem.BAD_CLAIMS),
    ],
)
def test_the_audience_is_the_service_or_where_the_request_went(host, audience, problem) -> None:
    assert check(host, aud=audience) is problem


@pytest.mark.parametrize(
    ("life_s", "problem"),
    [
        (86_460, None),
        (86_461, Problem.EXPIRES_LATE),
        (-59, None),
        (-60, Problem.EXPIRED),
    ],
)
def test_a_token_lives_for_a_day_and_clocks_may_differ_by_a_little(life_s, problem) -> None:
    assert check(exp=NOW // 1000 + life_s) is problem


def test_a_token_is_fresh_by_either_clock() -> None:
    signed = Signed(SENDER.key, SENDER.claims(GOOGLE.origin))
    later = NOW + 20 * 86_400_000

    found = [
        check_claims(signed, GOOGLE, GOOGLE.host, clocks, leeway_s=60)
        for clocks in ((NOW,), (later,), (later, NOW))
    ]

    assert found == [None, Problem.EXPIRED, None]
