"""A phone with an app that FCM serves, and the server that sends to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_testing.pushing import PROJECT, FcmSender, encode

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer

__all__ = [
    "EMAIL",
    "GRANT",
    "NOW_S",
    "PUBLIC",
    "PUSH",
    "TOKEN_URL",
    "Scene",
    "iid",
    "subscriptions",
]

NOW_S = 1_767_225_600
"""Where a lab begins."""
EMAIL = f"sender@{PROJECT}.iam.gserviceaccount.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
PAIR = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PUBLIC = (
    PAIR.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
PUSH = {"title": "Welcome", "body": "Hello"}


class Scene:
    """A phone with the app, and the server that sends to it."""

    def __init__(self, **options: Any) -> None:
        self.lab = Lab(**options)
        self.phone: Any = self.lab.device("android", external_id="alice")
        self.sender = FcmSender(self.lab)

    @property
    def token(self) -> str:
        token = self.phone.token
        assert isinstance(token, str)
        return token

    def push(self, **fields: Any) -> Answer:
        return self.sender.send({"token": self.token, "notification": PUSH, **fields})

    def assertion(self, **changes: Any) -> str:
        now_s = self.lab.now // 1000
        right = {
            "iss": EMAIL,
            "scope": SCOPE,
            "aud": TOKEN_URL,
            "iat": now_s,
            "exp": now_s + 3_600,
        }
        claims = {name: value for name, value in (right | changes).items() if value is not None}
        head = {"alg": "RS256", "typ": "JWT", "kid": "a1"}
        signed = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
        signature = PAIR.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encode(signature)}"

    def exchange(self, body: str | None = None, **changes: Any) -> Answer:
        body = (
            body
            if body is not None
            else f"grant_type={GRANT}&assertion={self.assertion(**changes)}"
        )
        return self.lab.handle(Request.build("POST", TOKEN_URL, body=body.encode()))

    def bearer(self, **changes: Any) -> str:
        answer = self.exchange(**changes).json()
        assert isinstance(answer, dict)
        return f"Bearer {answer['access_token']}"


def subscriptions(scene: Scene, method: str, rest: str = "", **options: Any) -> Answer:
    """Make a call of the v1 API about the topics of the phone's token."""
    path = f"registrations/{scene.token}/topicSubscriptions{rest}"
    return scene.sender.call(method, path, **options)


def iid(scene: Scene, call: str, body: object = None, **options: Any) -> Answer:
    """Make a call of the Instance ID API."""
    method = options.pop("method", "POST")
    headers = {"authorization": "Bearer ya29.made-up", "access_token_auth": "true"} | options
    kept = {name: value for name, value in headers.items() if value is not None}
    url = f"https://iid.googleapis.com/iid/{call}"
    return scene.lab.handle(Request.build(method, url, json=body, headers=kept))
