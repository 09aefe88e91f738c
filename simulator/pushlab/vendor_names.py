"""What people call the vendors whose calls and gateways stand in a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.gateway import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "APNS",
    "BY_GATEWAY",
    "FCM",
    "GATEWAYS",
    "MAIL",
    "SERVICE",
    "SMS",
    "TWILIO",
    "WEB",
    "name_service",
]

SERVICE = "OneSignal"
APNS, FCM, TWILIO = "APNs", "FCM", "Twilio"
MAIL, SMS, WEB = "the mail server", "the carrier", "the push service"
GATEWAYS: Final[Mapping[int, str]] = {
    Channel.IOS: APNS,
    Channel.ANDROID: FCM,
    Channel.CHROME_WEB: WEB,
    Channel.FIREFOX: WEB,
    Channel.SAFARI_WEB: WEB,
    Channel.EMAIL: MAIL,
    Channel.SMS: SMS,
}
"""What the gateway of a channel is called."""

BY_GATEWAY: Final[Mapping[str, str]] = {
    "apns": APNS,
    "fcm": FCM,
    "webpush": WEB,
    "smtp": MAIL,
    "sms": SMS,
}
"""The same by a gateway's own name."""
APPLE_PATHS: Final = ("/1/apps", "/3/device", "/4/broadcasts")


def name_service(route: str) -> str:
    """Return what people call the service that *route* is one of."""
    first, _, path = route.partition(" ")
    if first in BY_GATEWAY:
        return BY_GATEWAY[first]
    if path.startswith(APPLE_PATHS):
        return BY_GATEWAY["apns"]
    # Twilio's resources are written with a capital.
    return TWILIO if path.lstrip("/")[:1].isupper() else SERVICE
