"""Queues of senders: at which pace a number's messages leave, and when its queue is full.

Mirrored: Twilio documentation, "Understanding Twilio rate limits and message queues": a long code
sends one segment a second, a toll-free number three, a short code a hundred; a queue holds ten
hours of its sender's traffic, and more is error 21611, or 30001 through a Messaging Service.

Left out: trust scores of 10DLC campaigns, and the account's own rate for MMS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.sms.twilio.accounts import Sender

__all__ = ["Queues"]

HOUR_MS = 3_600_000


class Queues:
    """When each sender has sent all that it was given; off unless the settings ask for rates."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._free_at: dict[str, Instant] = {}

    def is_full(self, sender: Sender) -> bool:
        """Whether the queue of *sender* takes nothing more."""
        if not self._world.settings.twilio_rates:
            return False
        waits_ms = max(self._free_at.get(sender.name, 0) - self._world.now, 0)
        return waits_ms >= self._world.settings.twilio_queue_hours * HOUR_MS

    def join(self, sender: Sender, segments: int, *, is_mms: bool) -> Instant:
        """Put a message of *segments* into the queue of *sender*; return when it leaves."""
        now = self._world.now
        if not self._world.settings.twilio_rates:
            return now
        leaves_at = max(now, self._free_at.get(sender.name, 0))
        parts = 1 if is_mms else segments
        self._free_at[sender.name] = leaves_at - -parts * 1000 // self._rate(sender)
        return leaves_at

    def _rate(self, sender: Sender) -> int:
        """Return how many segments a second *sender* sends."""
        settings = self._world.settings
        rates = {
            "toll-free": settings.twilio_rate_toll_free,
            "short code": settings.twilio_rate_short_code,
        }
        return max(rates.get(sender.kind, settings.twilio_rate_long_code), 1)
