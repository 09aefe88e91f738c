"""Who speaks: provider tokens and certificates, admitted or refused, connection by connection.

Mirrored from "Establishing a token-based connection to APNs" and "… a certificate-based connection
to APNs". A lab takes credentials as they are: the first team that uses a key owns it, and its
signatures are not looked at. Keys that the lab was given are verified, and then no other counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab_fakes.apns.certificate import parse_certificate
from pushlab_fakes.apns.provider_token import load_public_key, parse_token, verify
from pushlab_fakes.apns.reasons import Refused
from pushlab_fakes.client_clock import list_clocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.apns.provider_token import ProviderToken
    from pushlab_fakes.exchange import Peer, Request

__all__ = ["Admitted", "Connection", "Credentials", "Key"]

ENVIRONMENTS: Final = ("production", "sandbox")


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key of a team."""

    key_id: str
    team: str
    public: EllipticCurvePublicKey | None = None
    """None for one that was taken as it is."""
    environment: str | None = None
    """``production`` or ``sandbox``, None for both: keys from before 2025."""
    topics: frozenset[str] = frozenset()
    """The bundle ids it is for; empty for all of its team."""
    related: str | None = None
    """The id of the one other key that may speak on the same connection."""


@dataclass(slots=True)
class Connection:
    """What APNs keeps of one connection."""

    issued_at_s: dict[str, int] = field(default_factory=dict)
    """By key id: the stamp of the token that was used last."""
    key: Key | None = None
    """The key of the first push that was accepted."""
    used_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A provider that may go on."""

    name: str
    """What the trace calls it."""
    team: str | None
    """None for a certificate that names none."""
    now: Instant
    """The clock by which its credential is fresh; its other stamps are read by the same."""
    key: Key | None = None
    topics: tuple[str, ...] = ()
    """The topics of its certificate, the default one first."""
    names_topics: bool = True
    """Whether what it pushes to is news of an app's bundle id and environment."""


class Credentials:
    """The keys of one lab, and who is admitted."""

    def __init__(self, world: World, *, strict: bool) -> None:
        self._world = world
        self._strict = strict
        self._keys: dict[str, Key] = {}
        self._revoked: dict[str, None] = {}

    def revoke_key(self, key_id: str) -> None:
        """Revoke a key: what it has signed is refused, and the connection ends."""
        self._revoked[key_id] = None

    def add_key(
        self,
        key_id: str,
        team: str,
        *,
        public_key: str | None = None,
        environment: str | None = None,
        topics: Sequence[str] = (),
        related: str | None = None,
    ) -> None:
        """Add a key; from now on only keys that were added are admitted."""
        loaded = None if public_key is None else load_public_key(public_key)
        if public_key is not None and loaded is None:
            raise MisuseError("public_key is the PEM text of a P-256 key, public or private")
        if environment is not None and environment not in ENVIRONMENTS:
            raise MisuseError(f"environment is one of {ENVIRONMENTS}, not {environment!r}")
        self._strict = True
        self._keys[key_id] = Key(key_id, team, loaded, environment, frozenset(topics), related)

    def admit(self, request: Request, connection: Connection, environment: str | None) -> Admitted:
        """Admit the provider of *request*, by its token or else by its certificate."""
        clocks = list_clocks(self._world, request.peer)
        scheme, _, text = (request.header("authorization") or "").partition(" ")
        if text and scheme.lower() == "bearer":
            return self._admit_token(text.strip(), clocks, connection, environment)
        if request.peer is not None and request.peer.certificate:
            return _admit_certificate(request.peer, clocks, environment)
        raise Refused(
            "MissingProviderToken",
            note="neither a bearer token nor a client certificate that this lab trusts came",
        )

    def _admit_token(
        self,
        text: str,
        clocks: Sequence[Instant],
        connection: Connection,
        environment: str | None,
    ) -> Admitted:
        token = parse_token(text)
        if token is None:
            raise Refused("InvalidProviderToken", note="it is no JWT with ES256, kid, iss and iat")
        key = self._find_key(token)
        now = self._check_age(token, clocks)
        if key.environment is not None and environment not in {None, key.environment}:
            raise Refused("BadEnvironmentKeyIdInToken")
        self._check_connection(token, key, connection)
        return Admitted(f"key {key.key_id} of team {key.team}", key.team, now, key)

    def _find_key(self, token: ProviderToken) -> Key:
        if token.key_id in self._revoked:
            note = f"the key {token.key_id} was revoked"
            raise Refused("InvalidProviderToken", goaway=True, note=note)
        key = self._keys.get(token.key_id)
        if key is None:
            if self._strict:
                raise Refused("InvalidProviderToken", note=f"no key {token.key_id} was added")
            key = self._keys[token.key_id] = Key(token.key_id, token.team)
            self._world.trace.record(
                "CredentialAdopted",
                f"apns {key.key_id}",
                {"gateway": "apns", "key": key.key_id, "team": key.team},
            )
        if key.team != token.team:
            note = f"the key {key.key_id} belongs to team {key.team}, not {token.team}"
            raise Refused("InvalidProviderToken", note=note)
        if key.public is not None and not verify(token, key.public):
            raise Refused("InvalidProviderToken", note="the signature is not that of the key")
        return key

    def _check_age(self, token: ProviderToken, clocks: Sequence[Instant]) -> Instant:
        """Return the first clock on which *token* is fresh: at most an hour old, not of later."""
        settings = self._world.settings
        ages_ms = [clock - token.issued_at_s * 1000 for clock in clocks]
        youngest_ms, oldest_ms = (
            -settings.apns_clock_skew_s * 1000,
            settings.apns_token_age_s * 1000,
        )
        for clock, age_ms in zip(clocks, ages_ms, strict=True):
            if youngest_ms <= age_ms <= oldest_ms:
                return clock
        if all(age_ms < 0 for age_ms in ages_ms):
            raise Refused("InvalidProviderToken", note="it was issued in the future")
        raise Refused(
            "ExpiredProviderToken",
            note=f"it is older than {settings.apns_token_age_s} s on the world's clock"
            + (" and on the machine's" if len(clocks) > 1 else "")
            + " (settings apns_token_age_s, client_clock)",
        )

    def _check_connection(self, token: ProviderToken, key: Key, connection: Connection) -> None:
        """Keep to the key of the connection, and to the pace at which its tokens may change."""
        pinned = connection.key
        if pinned is not None and key.key_id not in {pinned.key_id, pinned.related}:
            raise Refused("UnrelatedKeyIdInToken")
        least_s = self._world.settings.apns_token_update_s
        last_s = connection.issued_at_s.get(key.key_id, token.issued_at_s)
        if token.issued_at_s != last_s and abs(token.issued_at_s - last_s) < least_s:
            raise Refused(
                "TooManyProviderTokenUpdates",
                note=f"a connection changes its token once in {least_s} s at most "
                "(setting apns_token_update_s; 0 switches it off)",
            )
        connection.issued_at_s[key.key_id] = token.issued_at_s


def _admit_certificate(peer: Peer, clocks: Sequence[Instant], environment: str | None) -> Admitted:
    certificate = parse_certificate(peer.certificate)
    if certificate is None:
        raise Refused("BadCertificate", note="it names no topic: no UID in its subject")
    now = next((at for at in clocks if certificate.begins_at <= at <= certificate.ends_at), None)
    if now is None:
        raise Refused(
            "BadCertificate", note="it is not valid on the world's clock or the machine's"
        )
    named = certificate.environments
    if named and environment is not None and environment not in named:
        raise Refused("BadCertificateEnvironment")
    name = f"certificate of {certificate.topics[0]}"
    return Admitted(name, certificate.team, now, None, certificate.topics)
