"""The counters of one notification, raised by bulk steps by the size of their batch.

Mirrored: API reference, View message: ``remaining`` falls to 0 while each target moves to exactly
one of ``successful``, ``failed`` (unsubscribed targets) and ``errored`` (delivery errors); later
``received`` (confirmed deliveries) and ``converted`` (taps) grow, for e-mail also opens, clicks,
bounces and complaints, for SMS what the carrier reported. Sums only, so they are exact at
every barrier whatever the order was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHANNEL_FIELDS", "FIELDS", "PLATFORM_KEYS", "Statistics"]

FIELDS: Final = ("successful", "failed", "errored", "converted", "received")
CHANNEL_FIELDS: Final[dict[int, tuple[str, ...]]] = {
    Channel.EMAIL: (
        "opened",
        "unique_opens",
        "clicks",
        "unique_clicks",
        "bounced",
        "reported_spam",
        "unsubscribed",
    ),
    Channel.SMS: ("provider_successful", "provider_failed", "provider_errored"),
}
"""What is counted for one kind of address only (OpenAPI 5.12, PlatformDeliveryData)."""

PLATFORM_KEYS: Final[dict[int, str]] = {
    Channel.IOS: "ios",
    Channel.ANDROID: "android",
    Channel.CHROME_WEB: "chrome_web_push",
    Channel.FIREFOX: "firefox_web_push",
    Channel.SAFARI_LEGACY: "safari_web_push",
    Channel.SAFARI_WEB: "safari_web_push",
    Channel.EMAIL: "email",
    Channel.SMS: "sms",
    Channel.HUAWEI: "huawei",
    Channel.AMAZON: "amazon",
    Channel.WINDOWS: "windows",
    Channel.MACOS: "macos",
    Channel.CHROME_EXTENSION: "chrome_extension",
}
"""Keys of ``platform_delivery_stats``; those beyond the first eight channels are assumed."""


class Statistics:
    """How many targets are where, by channel."""

    __slots__ = ("_counts", "_own", "last_settled_at", "remaining", "targets")

    def __init__(self) -> None:
        self._counts: dict[str, dict[int, int]] = {}
        """By field and channel code; what is missing is 0."""
        self._own: dict[str, int] = {}
        """Counts that only one kind of address has."""
        self.targets: dict[int, int] = {}
        """How many targets each channel has; channels without any may be missing."""
        self.remaining = 0
        self.last_settled_at = 0
        """The latest instant at which a target left ``remaining``."""

    def expect(self, channels: NDArray[np.int8]) -> None:
        """Add targets, one a channel code; shape (n,)."""
        self._add(self.targets, channels)
        self.remaining += len(channels)

    def count(self, field: str, channels: NDArray[np.int8]) -> None:
        """Raise *field* by one for each channel code; shape (n,)."""
        if field in FIELDS:
            self._add(self._counts.setdefault(field, {}), channels)
        else:
            self._own[field] = self._own.get(field, 0) + len(channels)

    @staticmethod
    def _add(counts: dict[int, int], channels: NDArray[np.int8]) -> None:
        """Add one to the count of each channel code; counting codes needs no wider copy."""
        left = len(channels)
        if left == 1:
            only = int(channels[0])
            counts[only] = counts.get(only, 0) + 1
            return
        for code in PLATFORM_KEYS:
            if not left:
                return
            count = int(np.count_nonzero(channels == int(code)))
            counts[code] = counts.get(code, 0) + count
            left -= count

    def settle(self, field: str, channels: NDArray[np.int8], last_at: int) -> None:
        """Move targets from ``remaining`` to *field*; *last_at* is the latest instant."""
        if not len(channels):
            return
        self.count(field, channels)
        self.remaining -= len(channels)
        self.last_settled_at = max(self.last_settled_at, last_at)

    def move(self, field: str, other: str, channels: NDArray[np.int8]) -> None:
        """Count targets in *other* that were counted in *field* so far; shape (n,)."""
        self._add(self._counts.setdefault(other, {}), channels)
        for code in sorted(set(channels.tolist())):
            self._counts[field][code] -= int(np.count_nonzero(channels == code))

    def total(self, field: str) -> int:
        """Return the count of *field* over all channels."""
        counts = self._counts.get(field)
        return self._own.get(field, 0) if counts is None else sum(counts.values())

    def totals(self) -> dict[str, int]:
        """Return every count over all channels, and ``remaining``."""
        return {**{field: self.total(field) for field in FIELDS}, "remaining": self.remaining}

    def by_platform(self) -> dict[str, dict[str, int]]:
        """Return ``platform_delivery_stats``: the platforms that had targets."""
        shown: dict[str, dict[str, int]] = {}
        for channel, key in PLATFORM_KEYS.items():
            if not self.targets.get(channel):
                continue
            part = shown.setdefault(key, dict.fromkeys(FIELDS, 0))
            for field in FIELDS:
                part[field] += self._counts.get(field, {}).get(channel, 0)
            for field in CHANNEL_FIELDS.get(channel, ()):
                part[field] = self._own.get(field, 0)
        return shown
