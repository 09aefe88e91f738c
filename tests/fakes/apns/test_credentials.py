"""Goal: whatever a provider shows or sends, it is admitted or refused, and nothing breaks.

Method: any text as a token, any bytes as a certificate or a payload, and good ones with changes.
"""

from __future__ import annotations

import string

from hypothesis import example, given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.apns.certificate import TOPICS, parse_certificate
from pushlab_fakes.apns.payload import Payload, read_payload
from pushlab_fakes.apns.provider_token import load_public_key, parse_token, verify
from pushlab_fakes.exchange import Peer
from pushlab_testing.apns import (
    KEY_ID,
    TEAM,
    TOPIC,
    a_certificate,
    a_push,
    make_key_pem,
    public_half,
    sign_token,
)

NOW_S = 1_767_225_600
GOOD = sign_token(NOW_S)
CERTIFICATE = a_certificate(NOW_S)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["aps", "alert", "badge", "sound", "title", "loc-key", "loc-args", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def test_a_token_says_who_signed_it_and_when() -> None:
    token = parse_token(GOOD)

    assert token is not None
    assert (token.key_id, token.team, token.issued_at_s) == (KEY_ID, TEAM, NOW_S)


def test_a_signature_is_that_of_its_key_and_of_its_claims() -> None:
    token, key = parse_token(GOOD), load_public_key(public_half(make_key_pem()))
    other = load_public_key(make_key_pem("second"))
    moved = parse_token(".".join([*sign_token(NOW_S + 1).split(".")[:2], GOOD.split(".")[2]]))

    assert token
    assert moved
    assert key
    assert other
    assert verify(token, key)
    assert not verify(token, other)
    assert not verify(moved, key)


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_.=", max_size=200))
@example("..")
@example("eyJhbGciOiJFUzI1NiIsImtpZCI6IkEifQ.eyJpc3MiOiJCIiwiaWF0Ijp0cnVlfQ.AA")
@example("x" * 5000)
def test_any_text_is_a_token_or_none(text: str) -> None:
    assert parse_token(text) is None


def test_a_token_without_a_key_or_with_an_odd_stamp_is_none() -> None:
    assert parse_token(sign_token(NOW_S, key_id="")) is None
    assert parse_token(sign_token(NOW_S, team="")) is None
    assert parse_token(sign_token(-1)) is None
    assert parse_token(sign_token(1e300)) is None


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_a_changed_token_is_refused_by_the_key_or_reads_alike(place: int, letter: str) -> None:
    changed = parse_token(GOOD[:place] + letter + GOOD[place + 1 :])
    key = load_public_key(public_half(make_key_pem()))
    assert key is not None

    # The last letter of a part holds bits that are not read.
    assert changed is None or not verify(changed, key) or changed == parse_token(GOOD)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_certificate(raw: bytes) -> None:
    assert parse_certificate(raw) is None


@given(st.lists(st.tuples(st.integers(0, len(CERTIFICATE) - 1), st.integers(0, 255)), max_size=8))
def test_a_changed_certificate_is_read_or_not(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(CERTIFICATE)
    for place, value in changes:
        raw[place] = value

    held = parse_certificate(bytes(raw))

    assert held is None or held.topics


def test_a_certificate_lists_further_topics() -> None:
    names = b"".join(
        b"\x0c" + bytes([len(name)]) + name for name in (TOPIC.encode(), b"com.example.shop.voip")
    )
    listed = b"\x30" + bytes([len(names)]) + names
    held = parse_certificate(a_certificate(NOW_S, more=[(TOPICS, listed)]))

    assert held is not None
    assert held.topics == (TOPIC, "com.example.shop.voip")
    assert held.environments == {"production", "sandbox"}


@given(JSON)
def test_any_json_is_a_payload(value: object) -> None:
    import json

    payload = read_payload(json.dumps(value).encode())

    assert payload.has_alert == any((payload.text.title, payload.text.subtitle, payload.text.body))


def test_what_is_no_json_says_nothing() -> None:
    assert read_payload(b"\xff") == Payload()


@given(st.binary(max_size=100), st.text(max_size=40), st.text(max_size=12), st.binary(max_size=20))
def test_any_request_is_answered_in_apples_shape(
    body: bytes, authorization: str, header: str, certificate: bytes
) -> None:
    lab = Lab()

    answer = lab.handle(
        a_push(
            "ab" * 32,
            body=body,
            apns_id=header,
            authorization=authorization,
            peer=Peer(1, True, certificate, lab.now),
        )
    )

    assert answer.status in {400, 403}
    assert isinstance(answer.json(), dict)
