"""Broadcast channels: made, read, listed and deleted by a team, and sent to.

Mirrored from "Sending channel management requests to APNs" and "Sending broadcast push notification
requests to APNs". Channels are for live activities alone; devices subscribe on their own, which no
request shows (see `own_tokens`). A channel that keeps the newest message keeps it for subscribers
who are offline; whether later ones get it as well is not documented, and they do not here.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab_fakes.apns.headers import read_headers
from pushlab_fakes.apns.reasons import Refused
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.json_text import decode_object

if TYPE_CHECKING:
    from pushlab.world.world import World
    from pushlab_fakes.apns.headers import SendHeaders
    from pushlab_fakes.exchange import Request

__all__ = ["Channels"]

BROADCAST_PAYLOAD_MAX: Final = 5_120
CHANNEL_ID_MAX: Final = 64
POLICIES: Final = (0, 1)
"""message-storage-policy: keep none, or the newest."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of an app in one environment."""

    id: str
    policy: int

    def document(self) -> dict[str, object]:
        """Return its configuration as it is read."""
        return {"message-storage-policy": self.policy, "push-type": "LiveActivity"}


class Channels:
    """The channels of all apps, by (environment, bundle id) and id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[tuple[str, str], dict[str, Channel]] = {}
        self._made = 0
        self.disabled: set[str] = set()
        """Bundle ids without the broadcast capability."""

    def manage(self, request: Request, bundle_id: str, tail: str, environment: str) -> Answer:
        """Answer a request of the management hosts."""
        self._check_feature(bundle_id)
        held = self._held.setdefault((environment, bundle_id), {})
        match request.method, tail:
            case "POST", "channels":
                return self._create(request, held, (environment, bundle_id))
            case "GET", "channels":
                return json_answer(200, self._find(request, held).document())
            case "DELETE", "channels":
                del held[self._find(request, held).id]
                return Answer(204)
            case "GET", "all-channels":
                return json_answer(200, {"channels": [*held]})
            case _, ("channels" | "all-channels"):
                raise Refused("MethodNotAllowed")
            case _:
                raise Refused("BadPath")

    def read_send(
        self, request: Request, bundle_id: str, environment: str
    ) -> tuple[str, SendHeaders]:
        """Check a broadcast; return the id of its channel and what its headers say."""
        self._check_feature(bundle_id)
        headers = read_headers(request)
        if request.header("apns-push-type") is None:
            raise Refused("MissingPushType")
        if headers.push_type is None or headers.push_type.name != "liveactivity":
            raise Refused("InvalidPushType")
        channel = self._find(request, self._held.get((environment, bundle_id), {}))
        if headers.expiration_s is None:
            raise Refused("BadRequestParams", note="a broadcast says when it expires")
        if channel.policy == 0 and headers.expiration_s != 0:
            raise Refused("BadExpirationDate")
        if not request.body:
            raise Refused("PayloadEmpty")
        if len(request.body) > BROADCAST_PAYLOAD_MAX:
            raise Refused("PayloadTooLarge")
        return channel.id, headers

    def _check_feature(self, bundle_id: str) -> None:
        if bundle_id in self.disabled:
            raise Refused("FeatureNotEnabled")

    def _create(self, request: Request, held: dict[str, Channel], place: tuple[str, str]) -> Answer:
        asked = _read_object(request)
        policy = asked.get("message-storage-policy")
        if isinstance(policy, bool) or policy not in POLICIES:
            raise Refused("MissingChannelQueueSize")
        if "push-type" not in asked:
            raise Refused("MissingPushType")
        if asked["push-type"] != "LiveActivity":
            raise Refused("InvalidPushType")
        if len(held) >= self._world.settings.apns_channels_max:
            raise Refused("CannotCreateChannelConfig")
        self._made += 1
        key = self._world.ids.key("apns channel", *place, self._made)
        raw = key.to_bytes(8, "big") + self._world.ids.key("apns channel", key).to_bytes(8, "big")
        channel = Channel(b64encode(raw).decode("ascii"), policy)
        held[channel.id] = channel
        return Answer(201, b"", (("apns-channel-id", channel.id),))

    def _find(self, request: Request, held: dict[str, Channel]) -> Channel:
        given = request.header("apns-channel-id")
        if not given:
            raise Refused("MissingChannelId")
        if len(given) > CHANNEL_ID_MAX or not _is_base64(given):
            raise Refused("BadChannelId")
        channel = held.get(given)
        if channel is None:
            raise Refused("ChannelNotRegistered")
        return channel


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode(text, validate=True))
    except (Base64Error, ValueError):
        return False


def _read_object(request: Request) -> dict[str, object]:
    asked = decode_object(request.body)
    if asked is None:
        raise Refused("BadRequestPayload")
    return asked
