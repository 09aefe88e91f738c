"""Endpoints of push subscriptions: a URL at the push service of the browser's maker.

Google's service serves Chrome and its kin, Mozilla's Firefox, Apple's Safari, Microsoft's Edge;
each has a host and a form of its own. Which service it is stands in the lowest bits of an
endpoint's key, and the URL carries the key in the first characters of its last part.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.settings import Settings

__all__ = [
    "SERVICES",
    "list_lifetimes_s",
    "mark_services",
    "parse_endpoint",
    "render_endpoint",
    "services_of",
]

KEY_CHARS: Final = 11
"""A 64-bit key in base64."""
SERVICE_MASK: Final = 3
BLOCKS: Final = 4
"""How many hashes of 64 bytes are grown from a key; enough for the longest endpoint."""


@dataclass(frozen=True, slots=True)
class _Service:
    """One push service: whose browsers it serves, and how its endpoints look."""

    channel: Channel | None
    """None for one that shares a channel with another service (Edge is ChromePush)."""
    prefix: str
    """Everything before the key."""
    head: int
    """Characters after the key and before *joint*."""
    joint: str
    tail: int
    """Characters after *joint*."""


SERVICES: Final = (
    _Service(Channel.CHROME_WEB, "https://fcm.googleapis.com/wp/", 11, ":APA91b", 134),
    _Service(
        Channel.FIREFOX, "https://updates.push.services.mozilla.com/wpush/v2/gAAAAA", 0, "", 177
    ),
    _Service(Channel.SAFARI_WEB, "https://web.push.apple.com/Q", 0, "", 180),
    _Service(None, "https://wns2-by3p.notify.windows.com/w/?token=BQYAAAB", 0, "", 160),
)
"""By the number in a key. Google has two paths, this is the newer one; Mozilla's v2 is for
subscriptions that were made with an application server key. Microsoft's are assumed in length."""


def mark_services(
    keys: NDArray[np.uint64], channels: NDArray[np.uint8], chosen: NDArray[np.uint8]
) -> NDArray[np.uint64]:
    """Return *keys* with the number of the service that each of *channels* belongs to.

    Where *chosen* is not 0 it is that number: a browser whose channel has another service.
    """
    marked = keys & ~np.uint64(SERVICE_MASK)
    for number, service in enumerate(SERVICES):
        if service.channel is not None:
            marked[channels == service.channel.value] |= np.uint64(number)
    if np.count_nonzero(chosen):
        others = chosen != 0
        plain = keys[others] & ~np.uint64(SERVICE_MASK)
        marked[others] = plain | chosen[others].astype(np.uint64)
    return marked


def list_lifetimes_s(settings: Settings) -> tuple[int, ...]:
    """Return the longest time for which each service stores a message, in seconds."""
    google_s = settings.webpush_ttl_max_chrome_s
    return (
        google_s,
        settings.webpush_ttl_max_firefox_s,
        settings.webpush_ttl_max_safari_s,
        google_s,
    )


def services_of(keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the place in SERVICES of each key's service, shape (n,)."""
    return (keys & np.uint64(SERVICE_MASK)).astype(np.intp)


def render_endpoint(key: int) -> str:
    """Return the endpoint that carries *key*, in the form of its service."""
    service = SERVICES[key & SERVICE_MASK]
    packed = key.to_bytes(8, "big")
    grown = b"".join(
        blake2b(packed, person=b"webpush endpoint", salt=bytes([part])).digest()
        for part in range(BLOCKS)
    )
    rest = urlsafe_b64encode(grown).decode()
    head = urlsafe_b64encode(packed).decode().rstrip("=") + rest[: service.head]
    tail = rest[service.head : service.head + service.tail]
    return f"{service.prefix}{head}{service.joint}{tail}"


def parse_endpoint(text: str) -> int | None:
    """Return the key that *text* carries, or None when it cannot be an endpoint."""
    for number, service in enumerate(SERVICES):
        if text.startswith(service.prefix):
            start = len(service.prefix)
            try:
                packed = urlsafe_b64decode(text[start : start + KEY_CHARS] + "=")
            except ValueError:
                return None
            key = int.from_bytes(packed, "big")
            return key if key & SERVICE_MASK == number else None
    return None
