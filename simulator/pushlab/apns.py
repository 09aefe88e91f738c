"""What a test says of APNs: keys, topics, environments, and what a team has switched on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.devices.device import Host, NamedApp
    from pushlab_fakes.apns.service import ApnsService

__all__ = ["ApnsView"]

CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


class ApnsView:
    """APNs of one lab. Without a word from here, credentials and topics are taken as they come."""

    def __init__(self, host: Host, service: ApnsService) -> None:
        self._host = host
        self._service = service

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
        """Add a team's signing key; from now on provider tokens of other keys are refused.

        *public_key* is its PEM text (that of the ``.p8`` file does as well): then signatures are
        verified. *environment* is ``"production"`` or ``"sandbox"``, both unless given. *topics*
        are the bundle ids it may push to. *related* is the key that may share its connections.
        """
        if public_key is not None and "PRIVATE" in public_key:
            public_key = _keep_public_half(public_key)
        told = {
            "key_id": key_id,
            "team": team,
            "public_key": public_key,
            "environment": environment,
            "topics": list(topics),
            "related": related,
        }
        credentials = self._service.credentials
        self._host.act(
            lambda: credentials.add_key(
                key_id,
                team,
                public_key=public_key,
                environment=environment,
                topics=topics,
                related=related,
            ),
            "apns",
            {"do": "add_key", "with": told},
        )

    def revoke_key(self, key_id: str) -> None:
        """Revoke a key: its tokens are refused, and the connections that use it end."""
        credentials = self._service.credentials
        self._host.act(
            lambda: credentials.revoke_key(key_id),
            "apns",
            {"do": "revoke_key", "with": {"key_id": key_id}},
        )

    def accept_certificate(self, pem: str) -> None:
        """Let a provider show this certificate in its TLS handshake; until then none is asked for.

        *pem* is the text of the file that the provider uses; a private key in it is passed over.
        """
        found = CERTIFICATE.findall(pem)
        if not found:
            raise MisuseError("accept_certificate takes PEM text with a certificate in it")
        kept = "\n".join(found)
        self._host.act(
            lambda: self._service.certificates.append(kept),
            "apns",
            {"do": "accept_certificate", "with": {"pem": kept}},
        )

    def bind(
        self,
        app: NamedApp | str | None = None,
        *,
        topic: str | None = None,
        environment: str | None = None,
        team: str | None = None,
    ) -> None:
        """Say which bundle id, environment and team an app has, before any push tells."""
        named = app if app is None or isinstance(app, str) else app.id
        told = {"app": named, "topic": topic, "environment": environment, "team": team}
        row = self._host.read(lambda: self._host.app_row(app))
        topics = self._service.topics
        self._host.act(
            lambda: topics.bind(row, topic, environment, team),
            "apns",
            {"do": "bind", "with": told},
        )

    def followers(self, channel: str) -> list[str]:
        """Return the ids of the devices whose live activities follow a broadcast channel."""
        own, fleet = self._service.own_tokens, self._host.fleet
        return self._host.read(
            lambda: [fleet.name_of(device) for device in own.list_devices(channel)]
        )

    def switch_broadcasts(self, topic: str, *, on: bool) -> None:
        """Switch the capability for broadcast channels on or off; it is on at first."""
        disabled = self._service.channels.disabled
        self._host.act(
            lambda: disabled.discard(topic) if on else disabled.add(topic),
            "apns",
            {"do": "switch_broadcasts", "with": {"topic": topic, "on": on}},
        )


def _keep_public_half(pem: str) -> str:
    """Return the public half of a private key, so that no record holds the other."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
    )

    from pushlab_fakes.apns.provider_token import load_public_key

    key = load_public_key(pem)
    if key is None:
        return "no key"
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
