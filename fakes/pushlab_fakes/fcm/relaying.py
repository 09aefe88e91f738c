"""Messages that FCM hands over: to APNs for iOS apps, to a browser's push service for web pages.

Mirrored from "Build app server send requests": what a message has for all platforms, overlaid by
its part ``apns`` or ``webpush``; and from "ErrorCode" and "ApnsError" of the FCM HTTP v1 reference.
Left out: keys that FCM adds for itself, such as ``gcm.message_id`` and ``google.c.fid``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import msgspec
import numpy as np

from pushlab.gateway import WEB_CHANNELS, Channel
from pushlab_fakes.fcm import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab_fakes.fcm.core import Fcm
    from pushlab_fakes.fcm.errors import Refusal
    from pushlab_fakes.relay import Relayed, Route

    Composed = tuple[list[tuple[str, str]], dict[str, object]]
    """Headers and body."""

__all__ = ["SERVICES", "Relays", "Service"]

Service: TypeAlias = Literal["apns", "webpush"]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)
"""Whom FCM hands messages to, each with a key of the project's own."""
WEB_TTL_S: Final = 2_419_200
"""Four weeks, unless the message has a header ``TTL``."""
KEYLESS: Final = (403, "InvalidProviderToken")
"""What APNs says of a key that is not there or not good."""


class Relays:
    """The ways out of one world's FCM."""

    def __init__(self, gateway: Fcm, routes: Mapping[Service, Route]) -> None:
        self._gateway = gateway
        self._routes = routes
        self.keyless: dict[tuple[str, str], None] = {}
        """(project, service) for which no key is there."""

    def service_of(self, token: int) -> Service:
        """Return who serves the app behind *token*, which stands for another one."""
        channel = self._gateway.channel_of(token)
        assert channel in {Channel.IOS, *WEB_CHANNELS}, "others have tokens of FCM's own"
        return "apns" if channel == Channel.IOS else "webpush"

    def find_apple_token(self, text: str) -> tuple[int, int]:
        """Return route and device of a token of APNs; -1 for both when it never issued it."""
        apple = self._routes["apns"].gateway
        route = apple.find_route(text)
        return route, int(apple.devices_of(np.array([route], np.int32))[0])

    def send(
        self, message: Mapping[str, Any], token: int, project: str, *, name: str, cause: str
    ) -> Refusal | None:
        """Hand a message over; return what FCM says when the other gateway says no.

        A token is dead as soon as what it stands for is.
        """
        service = self.service_of(token)
        if (project, service) in self.keyless:
            return errors.third_party(KEYLESS if service == "apns" else None)
        route, held = self._routes[service], self._gateway.linked.route_of(token)
        assert held is not None, "it stands for another one"
        headers, body = COMPOSERS[service](message)
        activity = message.get("apns", {}).get("live_activity_token")
        address = activity if service == "apns" and activity else route.gateway.render_token(held)
        said = route.relay.relay(
            address, headers, msgspec.json.encode(body), name=name, cause=cause
        )
        if said.status < 300:
            return None
        refusal = _translate(service, said)
        if refusal.error_code == "UNREGISTERED" and not activity:
            self._gateway.drop(token)
        return refusal


# -- what is handed over --------------------------------------------------------------------------


def _compose_for_apple(message: Mapping[str, Any]) -> Composed:
    """Return headers of APNs and the payload of a message for an iOS app."""
    own = message.get("apns", {})
    payload = dict(own.get("payload", {}))
    aps = dict(payload.pop("aps", {}))
    common = {
        name: text for name, text in message.get("notification", {}).items() if name != "image"
    }
    if common and "alert" not in aps:
        aps["alert"] = common
    data = {**message.get("data", {}), **payload}
    headers = {name.lower(): value for name, value in own.get("headers", {}).items()}
    if "live_activity_token" in own:
        headers.setdefault("apns-push-type", "liveactivity")
    is_shown = any(aps.get(name) is not None for name in ("alert", "sound", "badge"))
    headers.setdefault("apns-push-type", "alert" if is_shown else "background")
    return [*headers.items()], {"aps": aps, **data}


def _compose_for_web(message: Mapping[str, Any]) -> Composed:
    """Return headers of web push and what the page's worker gets."""
    own = message.get("webpush", {})
    headers = {name.lower(): value for name, value in own.get("headers", {}).items()}
    headers.setdefault("ttl", str(WEB_TTL_S))
    parts = {
        "notification": {**message.get("notification", {}), **own.get("notification", {})},
        "data": {**message.get("data", {}), **own.get("data", {})},
        "fcmOptions": own.get("fcm_options", {}),
    }
    return [*headers.items()], {name: part for name, part in parts.items() if part}


COMPOSERS: Final[Mapping[Service, Callable[[Mapping[str, Any]], Composed]]] = {
    "apns": _compose_for_apple,
    "webpush": _compose_for_web,
}


# -- what is said ---------------------------------------------------------------------------------


def _translate(service: Service, said: Relayed) -> Refusal:
    """Return what FCM makes of a refusal of the other gateway."""
    told = (said.status, said.reason) if service == "apns" else None
    wait = said.retry_after or ""
    wait_s = int(wait) if wait.isdecimal() else 0
    match said.status:
        case 410:
            return errors.unregistered(told)
        case 403:
            return errors.third_party(told)
        case 429:
            return errors.quota_exceeded("device", "Quota exceeded.", wait_s, told)
        case 500:
            return errors.internal(told)
        case status if status >= 500:
            return errors.unavailable(wait_s, told)
    return errors.rejected(told)
