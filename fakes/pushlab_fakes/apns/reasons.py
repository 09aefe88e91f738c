"""Every reason of APNs with its status, and how a refusal looks on the wire.

Mirrored from "Handling notification responses from APNs" and "Handling error responses from Apple
Push Notification service" (broadcast channels). A body is JSON with `reason`; 410 adds `timestamp`
in milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pushlab_fakes.exchange import Answer, Steer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab.world.clock import Instant

__all__ = ["CHANNEL_REASONS", "SEND_REASONS", "Refused", "refuse", "render_refusal", "say_goodbye"]

SEND_REASONS: Final[Mapping[str, int]] = {
    "BadCollapseId": 400,
    "BadDeviceToken": 400,
    "BadExpirationDate": 400,
    "BadMessageId": 400,
    "BadPriority": 400,
    "BadTopic": 400,
    "DeviceTokenNotForTopic": 400,
    "DuplicateHeaders": 400,
    "IdleTimeout": 400,
    "InvalidPushType": 400,
    "MissingDeviceToken": 400,
    "MissingTopic": 400,
    "PayloadEmpty": 400,
    "TopicDisallowed": 400,
    "BadCertificate": 403,
    "BadCertificateEnvironment": 403,
    "BadEnvironmentKeyIdInToken": 403,
    "ExpiredProviderToken": 403,
    "Forbidden": 403,
    "InvalidProviderToken": 403,
    "MissingProviderToken": 403,
    "UnrelatedKeyIdInToken": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "ExpiredToken": 410,
    "Unregistered": 410,
    "PayloadTooLarge": 413,
    "TooManyProviderTokenUpdates": 429,
    "TooManyRequests": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "Shutdown": 503,
}
"""What a send may be refused for, by the status that goes with it."""

CHANNEL_REASONS: Final[Mapping[str, int]] = {
    "BadChannelId": 400,
    "BadRequestParams": 400,
    "BadRequestPayload": 400,
    "CannotCreateChannelConfig": 400,
    "ChannelNotRegistered": 400,
    "FeatureNotEnabled": 400,
    "MissingChannelId": 400,
    "MissingChannelQueueSize": 400,
    "MissingPushType": 400,
    "TopicMismatch": 403,
}
"""What the management of broadcast channels, and sends to them, may be refused for besides."""

_STATUSES: Final = {**SEND_REASONS, **CHANNEL_REASONS}


class Refused(Exception):  # noqa: N818 - it carries an answer, and never leaves the package
    """Ends the way of a request through the checks."""

    def __init__(
        self,
        reason: str,
        *,
        timestamp: Instant | None = None,
        goaway: bool = False,
        note: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.timestamp = timestamp
        self.goaway = goaway
        """Whether the connection ends with it."""
        self.note = note
        """What the trace says besides: which limit, and how it is switched off."""

    @property
    def status(self) -> int:
        """The status that goes with the reason."""
        return _STATUSES[self.reason]


def refuse(refused: Refused, headers: tuple[tuple[str, str], ...]) -> Answer:
    """Render *refused* with the *headers* that every answer carries."""
    return render_refusal(
        refused.status,
        refused.reason,
        headers,
        timestamp=refused.timestamp,
        goaway=refused.goaway,
    )


def render_refusal(
    status: int,
    reason: str,
    headers: tuple[tuple[str, str], ...],
    *,
    timestamp: Instant | None = None,
    goaway: bool = False,
) -> Answer:
    """Render a refusal; a GOAWAY carries the same JSON as its debug data."""
    said: dict[str, object] = {"reason": reason}
    if timestamp is not None:
        said["timestamp"] = timestamp
    body = msgspec.json.encode(said)
    steer = Steer(goaway=body) if goaway else None
    return Answer(status, body, (("content-type", "application/json"), *headers), steer)


def say_goodbye(reason: str | None) -> bytes:
    """Return the debug data with which APNs ends a connection."""
    return msgspec.json.encode({"reason": reason or "Shutdown"})
