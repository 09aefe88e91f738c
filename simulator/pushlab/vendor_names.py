"""What people call the vendors whose calls and gateways stand in a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.tellings import MAIL, SERVICE, SMS, TWILIO, WEB

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BY_GATEWAY", "name_service"]

BY_GATEWAY: Final[Mapping[str, str]] = {
    "apns": "APNs",
    "fcm": "FCM",
    "webpush": WEB,
    "smtp": MAIL,
    "sms": SMS,
}
"""By a gateway's own name."""
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
