"""Counts of one notification, raised by one."""

from __future__ import annotations

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.statistics import PLATFORM_KEYS

__all__ = ["Tally"]

FIELDS = ("successful", "failed", "errored", "converted", "received")
OWN_FIELDS = {
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


class Tally:
    """What a view of a notification shows; reads like the service's own statistics."""

    def __init__(self, channels: list[Channel]) -> None:
        self._channels = channels
        self._counts: dict[tuple[str, int], int] = {}
        self.remaining = len(channels)
        self.last_settled_at = 0

    def count(self, field: str, channel: Channel, by: int = 1) -> None:
        """Raise one count."""
        self._counts[field, channel] = self._counts.get((field, channel), 0) + by

    def settle(self, field: str, channel: Channel, at: int) -> None:
        """Let one target leave `remaining`."""
        self.count(field, channel)
        self.remaining -= 1
        self.last_settled_at = max(self.last_settled_at, at)

    def totals(self) -> dict[str, int]:
        """Return every count over all channels."""
        totals = {
            field: sum(self._counts.get((field, channel), 0) for channel in PLATFORM_KEYS)
            for field in FIELDS
        }
        return {**totals, "remaining": self.remaining}

    def by_platform(self) -> dict[str, dict[str, int]]:
        """Return the counts of each platform that had targets."""
        shown: dict[str, dict[str, int]] = {}
        for code, name in PLATFORM_KEYS.items():
            channel = Channel(code)
            if channel not in self._channels:
                continue
            part = shown.setdefault(name, dict.fromkeys(FIELDS, 0))
            for field in (*FIELDS, *OWN_FIELDS.get(channel, ())):
                part[field] = part.get(field, 0) + self._counts.get((field, channel), 0)
        return shown
