"""The vendors' domains: what the local authority may sign for, and what is never dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["VENDOR_DOMAINS", "is_under", "plain_name"]

VENDOR_DOMAINS = (
    "onesignal.com",
    "batch.com",
    "push.apple.com",
    "googleapis.com",
    "push.services.mozilla.com",
    "notify.windows.com",
    "push-api.cloud.huawei.com",
    "push.hicloud.com",
    "twilio.com",
)
"""Each with everything below it. Web Push of Safari (web.push.apple.com) lies below Apple's."""


def plain_name(host: object) -> str:
    """Return *host* as look-ups write it: text, lower case, no dot at its end; "" for no name."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    return host.lower().removesuffix(".") if isinstance(host, str) else ""


def is_under(host: str, domains: Iterable[str]) -> bool:
    """Say whether *host* is one of *domains* or lies below one."""
    suffixes = tuple([f".{domain}" for domain in domains])
    return f".{host}".endswith(suffixes)
