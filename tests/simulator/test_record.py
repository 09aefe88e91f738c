"""Goal: a record holds no secret, and what was refused for its credentials is refused again.

Method: credentials in every form, good and broken, recorded and replayed.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_scenarios.replay import replay
from pushlab_testing.apns import a_push, sign_token
from pushlab_testing.pushing import encode

APP = "11111111-2222-4333-8444-555555555555"
CPU_S_MAX = 10.0
SECRET = "open-sesame-42"
BASIC = b64encode(f"AC1:{SECRET}".encode()).decode()
URLS = (
    f"https://api.onesignal.com/apps/{APP}/users/by/external_id/a",
    f"https://api.onesignal.com/notifications?app_id={APP}",
    "https://iid.googleapis.com/iid/info/x",
    "https://fcm.googleapis.com/v1/projects/p/registrations/a:b/topicSubscriptions",
    "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json",
)


@pytest.mark.parametrize(
    "value",
    [
        f"Key {SECRET}",
        f"Key  {SECRET} ",
        f'Key token="{SECRET}"',
        f"Bearer {SECRET}",
        f"key={SECRET}",
        SECRET,
        f"Basic {BASIC}",
        f"Basic {SECRET}!",
        "Basic",
        "Bearer",
        "Bearer ",
        "",
        "bearer a.b.c",
    ],
)
def test_credentials_are_masked_in_every_form_and_count_as_before(value: str) -> None:
    lab = Lab()
    for url in URLS:
        for given in (f"Key {SECRET}", value):
            lab.handle(Request.build("GET", url, headers={"authorization": given}))

    record = lab.record()

    assert SECRET not in "".join(record)
    assert BASIC not in "".join(record)
    assert replay(record).trace.digest == lab.trace.digest


@pytest.mark.parametrize("kept", [None, -3, -40], ids=["whole", "short", "far too short"])
def test_a_signature_that_is_none_is_refused_again(kept: int | None) -> None:
    lab = Lab()
    phone: Any = lab.device("ios")
    answer = lab.handle(a_push(phone.token, jwt=sign_token(lab.now / 1000)[:kept]))

    record = lab.record()

    assert answer.status == (200 if kept is None else 403)
    assert replay(record).trace.digest == lab.trace.digest


def test_credentials_that_come_twice_come_twice_again() -> None:
    lab = Lab()
    token = sign_token(lab.now / 1000)
    twice = [("authorization", f"bearer {token}")] * 2
    phone: Any = lab.device("ios")
    answer = lab.handle(a_push(phone.token, extra=twice))

    record = lab.record()

    assert answer.json() == {"reason": "DuplicateHeaders"}
    assert token.rpartition(".")[2] not in "".join(record)
    assert replay(record).trace.digest == lab.trace.digest


def test_a_record_of_what_looks_like_many_tokens_is_written_in_linear_time() -> None:
    lab = Lab()
    lab.handle(Request.build("POST", URLS[0], body=b"eyJ" * 100_000))
    begun_s = time.process_time()

    lab.record()

    assert time.process_time() - begun_s < CPU_S_MAX


def test_an_assertion_that_was_verified_is_taken_again() -> None:
    key = rsa.generate_private_key(65_537, 1_024)
    lab = Lab()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    lab.fcm.add_account("push@shop.test", public_key=public.decode())
    url, now_s = "https://oauth2.googleapis.com/token", lab.now // 1000
    scope = "https://www.googleapis.com/auth/firebase.messaging"
    claims = {"iss": "push@shop.test", "aud": url, "iat": now_s, "exp": now_s + 60, "scope": scope}
    said = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims))
    signature = encode(key.sign(said.encode(), padding.PKCS1v15(), SHA256()))
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    form = urlencode({"grant_type": grant, "assertion": f"{said}.{signature}"})
    answer = lab.handle(Request.build("POST", url, body=form.encode()))

    record = lab.record()

    assert answer.status == 200
    assert signature not in "".join(record)
    assert replay(record).trace.digest == lab.trace.digest
