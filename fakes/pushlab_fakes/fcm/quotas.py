"""How much is too much: FCM's quotas, when the world asks for them.

Mirrored: "Throttling and quotas" of the FCM documentation: messages a minute of a project, messages
to one Android device, and collapsible messages, of which each device has 20 at once and one more
every three minutes; fan-outs to topics that run at once, and changes of topics a second. Off unless
the setting ``fcm_quotas`` is on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab_fakes.fcm.errors import quota_exceeded

if TYPE_CHECKING:
    from pushlab.world.world import World
    from pushlab_fakes.fcm.errors import Refusal

__all__ = ["Limits", "Quotas"]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The quotas as documented."""

    project_per_minute: int = 600_000
    device_per_minute: int = 240
    device_per_hour: int = 5_000
    collapsible_burst: int = 20
    collapsible_refill_ms: int = 180_000
    fan_outs_at_once: int = 1_000
    fan_out_per_second: int = 10_000
    topic_changes_per_second: int = 3_000


class Quotas:
    """Counts the sends of one world and says when one is too many."""

    def __init__(self, world: World, limits: Limits | None = None) -> None:
        self._world = world
        self.limits = limits or Limits()
        self._projects: dict[str, deque[int]] = {}
        self._devices: dict[int, deque[int]] = {}
        self._buckets: dict[int, tuple[int, int]] = {}
        """By route: tokens left times the refill, and when that was counted."""
        self._fan_outs: dict[str, list[int]] = {}
        """By project: when each of its fan-outs ends."""
        self._changes: dict[str, deque[int]] = {}
        """By project: instants of the last changes of topics."""

    def check_fan_out(self, project: str, topic: str, count: int) -> Refusal | None:
        """Count a fan-out to *count* subscribers; return the refusal when too many run."""
        if not self._world.settings.fcm_quotas:
            return None
        limits, now = self.limits, self._world.now
        running = sorted(at for at in self._fan_outs.get(project, ()) if at > now)
        if len(running) >= limits.fan_outs_at_once:
            return self._refuse(f"topic:{topic}", running[0], "per topic")
        running.append(now + max(count * 1000 // limits.fan_out_per_second, 1))
        self._fan_outs[project] = running
        return None

    def take_topic_change(self, project: str) -> bool:
        """Count a change of a token's topics; False when it is one too many."""
        if not self._world.settings.fcm_quotas:
            return True
        changes = self._changes.setdefault(project, deque())
        if _count(changes, self._world.now - 1000) >= self.limits.topic_changes_per_second:
            return False
        changes.append(self._world.now)
        return True

    def check_project(self, project: str) -> Refusal | None:
        """Count one message, whatever comes of it; return the refusal when it is too many.

        One that is refused 4xx counts as well, unless it is 429: see `give_back`.
        """
        if not self._world.settings.fcm_quotas:
            return None
        now, sends = self._world.now, self._projects.setdefault(project, deque())
        if _count(sends, now - MINUTE_MS) >= self.limits.project_per_minute:
            return self._refuse(f"project:{project}", sends[0] + MINUTE_MS, "per minute")
        sends.append(now)
        return None

    def give_back(self, project: str) -> None:
        """Take the last message of *project* out of its count: it was refused 429."""
        if self._projects.get(project):
            self._projects[project].pop()

    def check_device(self, route: int, *, is_collapsible: bool, is_stored: bool) -> Refusal | None:
        """Count one message to the Android device at *route*; return what is too many."""
        if not self._world.settings.fcm_quotas:
            return None
        limits, now = self.limits, self._world.now
        device = self._devices.setdefault(route, deque())
        hour = _count(device, now - HOUR_MS)
        if hour >= limits.device_per_hour:
            return self._refuse("device", device[0] + HOUR_MS, "per device")
        minute = [at for at in device if at > now - MINUTE_MS]
        if len(minute) >= limits.device_per_minute:
            return self._refuse("device", minute[0] + MINUTE_MS, "per device")
        if is_collapsible and is_stored and not self._take(route):
            wait_ms = limits.collapsible_refill_ms - self._buckets[route][0]
            return self._refuse("device", now + wait_ms, "collapsible per device")
        device.append(now)
        return None

    def _take(self, route: int) -> bool:
        """Take one of the collapsible messages that a device has left; ttl 0 needs none."""
        refill, now = self.limits.collapsible_refill_ms, self._world.now
        full = self.limits.collapsible_burst * refill
        held, at = self._buckets.get(route, (full, now))
        held = min(full, held + now - at)
        takes = held >= refill
        self._buckets[route] = (held - refill if takes else held, now)
        return takes

    def _refuse(self, subject: str, until: int, what: str) -> Refusal:
        wait_s = max(-(-(until - self._world.now) // 1000), 1)
        text = f"Quota exceeded for quota metric 'Messages' and limit 'Messages {what}'."
        return quota_exceeded(subject, text, wait_s)


def _count(sends: deque[int], after: int) -> int:
    while sends and sends[0] <= after:
        sends.popleft()
    return len(sends)
