"""The record of a run: everything that came from outside, in order of arrival.

The world draws no luck of its own and reads no clock, so what came from outside and when is all
it takes to live a run again: devices and verbs, requests, faults, settings, and how each post
that left was answered. Keys are replaced by ordinals; the digest at the end says what a replay
must reach.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from pushlab.population import write_rows
from pushlab.world.clock import Instant, render_instant
from pushlab_fakes.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.world.outbox import Post, PostAnswer

__all__ = ["FORMAT", "Action", "Record"]

FORMAT = 1
"""Version of the record's file format."""

KEPT_HEADERS = frozenset(
    {
        "apns-channel-id",
        "apns-collapse-id",
        "apns-expiration",
        "apns-id",
        "apns-priority",
        "apns-push-type",
        "apns-request-id",
        "apns-topic",
        "content-encoding",
        "content-type",
        "crypto-key",
        "encryption",
        "topic",
        "ttl",
        "urgency",
    }
)
"""Headers that fakes read, beside the key; what else a client sends is volatile."""

BINARY = ("application/octet-stream", "application/pdf", "audio/", "image/", "video/")
"""Types of bodies that are no text."""
BEGINNING_BYTES = 32
"""As much as it takes to tell types apart."""
SIGNED_SCHEMES = ("vapid", "webpush")
"""Web push: a public key and a statement for one push service, which is checked again."""
SCHEMES = ("", "basic", "bearer", "key", "vapid", "webpush")
"""Words before credentials; alone they are no secret."""
QUOTE = '"'
OWN_TOKENS = "ya29.c.pushlab-"
"""Access tokens that a fake gave out, and would give out again."""
ASSERTION = re.compile(r"((?<![\w-])eyJ[\w-]+\.[\w-]+\.)([\w-]+)")
"""A signed assertion in a body; of it the signature is masked."""


class Action(msgspec.Struct, frozen=True):
    """One thing that came from outside."""

    at: Instant
    name: str
    arguments: Mapping[str, object] | Request
    """A request becomes text only when the record is written."""


class Record:
    """What came from outside in one lab."""

    def __init__(self, seed: int, *, app: str | None, **options: object) -> None:
        self.seed = seed
        self.actions: list[Action] = []
        self._keys: dict[str, str] = {}
        app_id, colon, key = (app or "").partition(":")
        masked = f"{app_id}:{self.mask(key)}" if colon else app_id
        self.options = {**options, "app": masked or None}
        """What the lab was made with, beside seed and start."""

    def add(self, at: Instant, name: str, arguments: Mapping[str, object]) -> None:
        """Note an action at the instant at which the world stood."""
        self.actions.append(Action(at, name, arguments))

    def add_request(self, at: Instant, request: Request) -> None:
        """Note a request."""
        self.actions.append(Action(at, "request", request))

    def _describe(self, request: Request) -> dict[str, object]:
        """Return what a replay needs of a request; its key becomes an ordinal."""
        headers: dict[str, object] = {}
        for name, value in request.headers:
            if name in KEPT_HEADERS or name == "authorization":
                kept = self._mask_authorization(value) if name == "authorization" else value
                held = headers.get(name)
                # What comes twice is a list, since some vendors refuse that.
                headers[name] = kept if held is None else [*_listed(held), kept]
        arguments: dict[str, object] = {
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "query": request.query,
            "headers": headers,
        }
        peer = request.peer
        if peer is not None:
            arguments["peer"] = {
                "connection": peer.connection,
                "secure": peer.is_secure,
                "certificate_base64": b64encode(peer.certificate).decode(),
                "real_at": None if peer.real_at is None else render_instant(peer.real_at),
            }
        try:
            arguments["body"] = ASSERTION.sub(
                lambda found: found[1] + self.mask(found[2]), request.body.decode()
            )
        except UnicodeDecodeError:
            arguments["body_base64"] = b64encode(request.body).decode()
        return arguments

    def add_post(self, post: Post, answer: PostAnswer) -> None:
        """Note how a post that left was answered."""
        told: dict[str, object] = {
            "name": post.name,
            "status": answer.status,
            "error": answer.error,
        }
        if post.on_answer is not None and answer.body:
            told["headers"] = {name.lower(): value for name, value in answer.headers}
            told |= _describe_body(answer)
            if answer.url not in {"", post.url}:
                told["url"] = answer.url
        self.add(post.at, "post", told)

    def lines(self, start: Instant, end: Instant, digest: str) -> Iterator[str]:
        """Yield the file: a header, one line an action, and where the run ended."""
        yield _line(
            {
                "pushlab_record": FORMAT,
                "seed": self.seed,
                "start": render_instant(start),
                "options": self.options,
            }
        )
        for action in self.actions:
            told = action.arguments
            arguments = self._hide(told) if isinstance(told, Mapping) else self._describe(told)
            yield _line({"at": render_instant(action.at), action.name: arguments})
        yield _line({"end": render_instant(end), "digest": digest})

    def _hide(self, told: Mapping[str, object]) -> Mapping[str, object]:
        """Return arguments with the token that may stand in them as an ordinal."""
        given = told.get("arguments")
        if not isinstance(given, Mapping) or "auth_token" not in given:
            return told
        return {**told, "arguments": {**given, "auth_token": self.mask(str(given["auth_token"]))}}

    def _mask_authorization(self, value: str) -> str:
        """Mask the credentials in a header; what holds none stays as it is, to be refused again."""
        scheme, _, key = value.strip().partition(" ")
        key = key.strip()
        if key:
            return f"{scheme} {self._mask_credentials(scheme, key)}"
        if scheme.lower() in SCHEMES:
            return value
        named, equals, key = scheme.partition("=")
        return f"{named}={self.mask(key)}" if equals else self.mask(scheme)

    def _mask_credentials(self, scheme: str, key: str) -> str:
        """Mask a key, or the password of basic authentication, whose user names an account.

        Of a JWT the signature is masked: what it claims is no secret, and fakes go by it.
        """
        if scheme.lower() in SIGNED_SCHEMES or key.startswith(OWN_TOKENS):
            return key
        if key.startswith("eyJ") and key.count(".") == 2:
            claims, _, signature = key.rpartition(".")
            # What is no signature is no secret, and has to be refused again.
            return f"{claims}.{self.mask(signature)}" if _is_signature(signature) else key
        if key.lower().startswith("token="):
            return f'token="{self.mask(key[len("token=") :].strip(QUOTE))}"'
        if scheme.lower() == "basic":
            try:
                user, colon, password = b64decode(key, validate=True).decode().partition(":")
            except ValueError:
                colon = ""
            if colon:
                return b64encode(f"{user}:{self.mask(password)}".encode()).decode()
        return self.mask(key)

    def mask(self, key: str) -> str:
        """Return the ordinal of a key; its kind stays visible, since fakes tell them apart."""
        kind = next((start for start in ("os_v2_app_", "os_v2_org_") if key.startswith(start)), "")
        return self._keys.setdefault(key, f"{kind}key-{len(self._keys) + 1}")


def _describe_body(answer: PostAnswer) -> dict[str, object]:
    """Return a body as text, or of one that is none its size and how it begins."""
    headers = {name.lower(): value for name, value in answer.headers}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith(BINARY):
        begins = b64encode(answer.body[:BEGINNING_BYTES]).decode()
        return {"begins_base64": begins, "size_bytes": len(answer.body)}
    return {"body": answer.body.decode("utf-8", "replace")}


def _is_signature(text: str) -> bool:
    """Whether *text* may be a signature: 64 bytes on an elliptic curve, 128 or more by RSA."""
    try:
        size = len(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except ValueError:
        return False
    return size == 64 or size >= 128


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _line(value: Mapping[str, object]) -> str:
    return msgspec.json.encode(value, enc_hook=_write, order="deterministic").decode()


def _write(value: object) -> object:
    """Return the rows of a population in the form that a file has: they wait as an array."""
    assert isinstance(value, np.ndarray), f"a record holds no {type(value).__name__}"
    return write_rows(value)
