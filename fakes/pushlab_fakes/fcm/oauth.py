"""Who may send: the exchange of a service account's assertion for an access token, and that token.

Mirrored: "Using OAuth 2.0 for server to server applications" (claims, lifetime, refusals). The
signature of an assertion (RS256) is checked where the account's public key is known; else the
account is taken as it is, as every first credential here.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from pushlab_fakes.client_clock import list_clocks
from pushlab_fakes.fcm import errors
from pushlab_fakes.json_text import decode_object

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.fcm.errors import Refusal

__all__ = ["TOKEN_PREFIX", "OAuth"]

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE: Final = "https://oauth2.googleapis.com/token"
AUDIENCES: Final = (
    AUDIENCE,
    "https://www.googleapis.com/oauth2/v4/token",
    "https://accounts.google.com/o/oauth2/token",
)
SCOPES: Final = (
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/firebase",
)
"""One of them lets a token send."""
SCOPE_PREFIX: Final = "https://www.googleapis.com/auth/"
LIFE_S: Final = 3_599
"""Seconds that an access token lives."""
RECORDED: Final = "key-"
"""How a record of a run writes a signature that it does not keep."""
ASSERTION_MAX_S: Final = 3_600
TOKEN_PREFIX: Final = "ya29.c.pushlab-"  # noqa: S105  how made-up ones begin
ACCOUNT: Final = re.compile(r"[^@]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com")
"""The address of a service account names its project."""
BAD_TIMES: Final = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


@dataclass(frozen=True, slots=True)
class _Issued:
    """One access token."""

    account: str
    can_send: bool
    at: tuple[Instant, ...]
    """When it was issued, on each clock that may count."""


class OAuth:
    """The accounts and access tokens of one world."""

    def __init__(self, world: World, *, strict: bool = False) -> None:
        self._world = world
        self._strict = strict
        self._accounts: dict[str, str | None] = {}
        """Public keys in PEM by the accounts' mail addresses; None where none is known."""
        self._issued: dict[str, _Issued] = {}
        self._foreign: dict[str, str] = {}
        """What the trace calls tokens that came from elsewhere."""
        self.disabled: set[str] = set()
        """Accounts that were switched off."""

    def add_account(self, email: str, public_key: str | None = None) -> None:
        """Let there be a service account; with *public_key* (PEM) its signatures are checked."""
        self._accounts[email] = public_key

    # -- the exchange --------------------------------------------------------------------------

    def exchange(self, request: Request) -> Answer:
        """Answer ``POST /token``."""
        asked = parse_qs(request.body.decode("utf-8", "replace"))
        form = {name: values[-1] for name, values in asked.items()}
        grant = form.get("grant_type", "")
        if grant == "refresh_token":
            if not form.get("refresh_token"):
                return errors.oauth_refusal(
                    400, "invalid_request", "Missing required parameter: refresh_token"
                )
            account = form.get("client_id", "a client")
            if self._strict:
                return errors.oauth_refusal(
                    401, "invalid_client", "The OAuth client was not found."
                )
            return self._issue(account, request, can_send=True)
        if grant != GRANT:
            text = f"Invalid grant_type: {grant}" if grant else "grant_type not found in request"
            return errors.oauth_refusal(400, "unsupported_grant_type", text)
        claims = _read_assertion(form.get("assertion", ""))
        if claims is None:
            return errors.oauth_refusal(400, "invalid_grant", "Bad Request")
        return self._check(claims, form["assertion"], request)

    def _check(self, claims: dict[str, Any], assertion: str, request: Request) -> Answer:
        account = claims.get("iss")
        if not isinstance(account, str) or not account:
            text = "Invalid JWT: iss field missing."
            return errors.oauth_refusal(400, "invalid_grant", text)
        if not _is_audience(claims.get("aud"), request):
            text = f"Invalid JWT: Failed audience check. The right audience is {AUDIENCE}"
            return errors.oauth_refusal(400, "invalid_grant", text)
        if not self._is_timely(claims, request):
            return errors.oauth_refusal(400, "invalid_grant", BAD_TIMES)
        if account in self.disabled:
            text = "Unauthorized client or scope in request."
            return errors.oauth_refusal(401, "unauthorized_client", text)
        if account not in self._accounts:
            if self._strict:
                text = "Invalid grant: account not found"
                return errors.oauth_refusal(400, "invalid_grant", text)
            self._accounts[account] = None
            fields = {"account": account}
            self._world.trace.record("KeyAdopted", f"fcm account {account}", fields)
        key = self._accounts[account]
        if key is not None and not _is_signed(assertion, key):
            return errors.oauth_refusal(400, "invalid_grant", "Invalid JWT Signature.")
        scopes = str(claims.get("scope") or "").split()
        if not scopes or not all(scope.startswith(SCOPE_PREFIX) for scope in scopes):
            text = "Invalid OAuth scope or ID token audience provided."
            return errors.oauth_refusal(400, "invalid_scope", text)
        return self._issue(account, request, can_send=any(scope in SCOPES for scope in scopes))

    def _is_timely(self, claims: dict[str, Any], request: Request) -> bool:
        begins_s, ends_s = claims.get("iat"), claims.get("exp")
        if type(begins_s) not in (int, float) or type(ends_s) not in (int, float):
            return False
        assert isinstance(begins_s, (int, float))
        assert isinstance(ends_s, (int, float))
        if not 0 < ends_s - begins_s <= ASSERTION_MAX_S:
            return False
        leeway_s = self._world.settings.fcm_clock_skew_s
        return any(
            begins_s - leeway_s <= clock / 1000 <= ends_s + leeway_s
            for clock in list_clocks(self._world, request.peer)
        )

    def _issue(self, account: str, request: Request, *, can_send: bool) -> Answer:
        key = self._world.ids.key("fcm access token", account, len(self._issued))
        token = f"{TOKEN_PREFIX}{key:016x}"
        at = list_clocks(self._world, request.peer)
        self._issued[token] = _Issued(account, can_send, at)
        value = {"access_token": token, "expires_in": LIFE_S, "token_type": "Bearer"}
        return errors.google_answer(200, value)

    # -- the token -----------------------------------------------------------------------------

    def check_bearer(self, request: Request) -> Refusal | None:
        """Return what is wrong with the access token of *request*, or None."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return errors.missing_credentials()
        issued = self._issued.get(token.strip())
        if issued is None:
            return self._take(token.strip())
        clocks = list_clocks(self._world, request.peer)
        # A token that is fresh by either clock is fresh; a clock that was not there then is none.
        lives = [clock - at for clock, at in zip(clocks, issued.at, strict=False)]
        if lives and min(lives) > LIFE_S * 1000:
            return errors.token_expired()
        if issued.account in self.disabled:
            return errors.token_unsupported()
        return None if issued.can_send else errors.scope_insufficient()

    def find_project(self, request: Request) -> str | None:
        """Return the project of the account that got an access token here; None for others."""
        token = (request.header("authorization") or "").partition(" ")[2].strip()
        issued = self._issued.get(token)
        if issued is None:
            return None
        found = ACCOUNT.fullmatch(issued.account)
        return None if found is None else found[1]

    def _take(self, token: str) -> Refusal | None:
        """Take a token from elsewhere as it is: from a metadata server, from a test."""
        if self._strict or token.startswith(TOKEN_PREFIX):
            return errors.token_unsupported()
        if token not in self._foreign:
            name = self._foreign[token] = f"access token {len(self._foreign) + 1}"
            self._world.trace.record("KeyAdopted", f"fcm {name}", {"key": name})
        return None


def _is_audience(audience: object, request: Request) -> bool:
    """Whether *audience* is Google's, or the address of ours that the request went to."""
    if not isinstance(audience, str):
        return False
    try:
        named = urlsplit(audience)
    except ValueError:
        return False
    return audience in AUDIENCES or (named.hostname, named.path) == (request.host, request.path)


def _read_assertion(assertion: str) -> dict[str, Any] | None:
    """Return the claims of a JWT that is said to be signed with RS256; None for none."""
    parts = assertion.split(".")
    if len(parts) != 3:
        return None
    head, claims = (_read_part(part) for part in parts[:2])
    if head is None or claims is None or head.get("alg") != "RS256":
        return None
    return claims


def _read_part(text: str) -> dict[str, Any] | None:
    try:
        return decode_object(_decode(text))
    except ValueError:
        return None


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_signed(assertion: str, public_key: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import (
        load_pem_public_key,
    )

    key = load_pem_public_key(public_key.encode())
    assert isinstance(key, RSAPublicKey), "checked when the account was added"
    signed, _, signature = assertion.rpartition(".")
    if signature.startswith(RECORDED):
        return True
    try:
        key.verify(_decode(signature), signed.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
