"""Senders of web push and FCM without a socket: requests as the vendors' clients write them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from pushlab.lab import Lab
    from pushlab_fakes.exchange import Answer

__all__ = ["PROJECT", "SALT", "FcmSender", "WebpushSender", "decode", "encode"]

SALT = b"sixteen bytes :)"
PROJECT = "shop-1234"


def encode(value: bytes) -> str:
    """Return *value* in URL-safe base64 without padding."""
    return urlsafe_b64encode(value).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return what *text* stands for."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(value: object) -> str:
    return encode(json.dumps(value).encode())


class WebpushSender:
    """One application server with its key."""

    def __init__(self, lab: Lab, private: int = 7) -> None:
        self._lab = lab
        self._pair = ec.derive_private_key(private, ec.SECP256R1())
        public = self._pair.public_key()
        self.key = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, claims: dict[str, Any], head: dict[str, Any] | None = None) -> str:
        """Return *claims* as a token."""
        head = {"typ": "JWT", "alg": "ES256"} if head is None else head
        signed = f"{_json(head)}.{_json(claims)}"
        der = self._pair.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def claims(self, origin: str, **changes: Any) -> dict[str, Any]:
        """Return claims that are right, with *changes*; None takes one away."""
        now_s = self._lab.now // 1000
        right = {"aud": origin, "exp": now_s + 43_200, "sub": "mailto:push@example.com"}
        return {name: value for name, value in (right | changes).items() if value is not None}

    def encrypt(self, subscription: dict[str, Any], text: bytes, version: str) -> bytes:
        """Return *text* as only that browser can read it."""
        keys = subscription["keys"]
        encrypted: bytes = http_ece.encrypt(
            text,
            salt=SALT,
            private_key=self._pair,
            dh=decode(keys["p256dh"]),
            auth_secret=decode(keys["auth"]),
            version=version,
        )
        return encrypted

    def request(
        self,
        subscription: dict[str, Any],
        text: str = "Hello",
        *,
        encoding: str = "aes128gcm",
        headers: dict[str, str | None] | None = None,
        body: bytes | None = None,
        claims: dict[str, Any] | None = None,
        method: str = "POST",
    ) -> Request:
        """Return a request that is right, with changes; a header that is None is left out."""
        endpoint: str = subscription["endpoint"]
        origin = "/".join(endpoint.split("/")[:3])
        token = self.sign(self.claims(origin, **(claims or {})))
        held: dict[str, str | None] = {
            "ttl": "60",
            "content-encoding": encoding,
            "authorization": f"vapid t={token}, k={encode(self.key)}",
        }
        if encoding == "aesgcm":
            held["encryption"] = f"salt={encode(SALT)}"
            held["crypto-key"] = f"dh={encode(self.key)}"
        held |= headers or {}
        if body is None:
            body = self.encrypt(subscription, text.encode(), encoding)
        kept = {name: value for name, value in held.items() if value is not None}
        return Request.build(method, endpoint, headers=kept, body=body)

    def push(self, subscription: dict[str, Any], text: str = "Hello", **changes: Any) -> Answer:
        """Send it and return the answer."""
        return self._lab.handle(self.request(subscription, text, **changes))


class FcmSender:
    """One server with an access token from elsewhere, which is taken as it is."""

    def __init__(self, lab: Lab, project: str = PROJECT) -> None:
        self._lab = lab
        self.project = project

    def call(self, method: str, path: str, json: object = None, **headers: str | None) -> Answer:
        """Make a call of the v1 API below the project."""
        url = f"https://fcm.googleapis.com/v1/projects/{self.project}/{path}"
        held: dict[str, str | None] = {"authorization": "Bearer ya29.made-up"}
        held |= headers
        kept = {name: value for name, value in held.items() if value is not None}
        return self._lab.handle(Request.build(method, url, json=json, headers=kept))

    def send(self, message: object, **options: Any) -> Answer:
        """Send one message."""
        return self.call("POST", "messages:send", {"message": message, **options})
