"""What the demo tells: its scenes, who got what and why, and what was counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pushlab.world.clock import render_instant

if TYPE_CHECKING:
    from pushlab.demo.shop import Call
    from pushlab.reasons import Reason
    from pushlab.timeline import Told

__all__ = ["COUNTS", "Counted", "Fates", "Scene", "Sent", "document_scene", "list_counted"]

COUNTS: Final = ("successful", "failed", "errored")
LATER: Final = (
    ("received", "received"),
    ("converted", "tapped"),
    ("unique_opens", "opened"),
    ("unique_clicks", "clicked"),
    ("bounced", "bounced"),
    ("unsubscribed", "unsubscribed"),
    ("reported_spam", "called spam"),
    ("provider_successful", "delivered"),
    ("provider_errored", "undelivered"),
)
"""Counters that grow later, as the API and as people call them; a mail's click is no tap."""
PLATFORM_OF_KEY: Final = {"chrome_web_push": "web"}
"""What the API calls otherwise than the lab does."""


@dataclass(frozen=True)
class Counted:
    """What the API counts of one notification on one platform."""

    platform: str
    counts: dict[str, int]
    """successful, failed, errored."""
    later: dict[str, int]
    """Receipts, taps, opens and the like, where there are any."""
    seen: int
    """On how many devices it arrived to be seen, which no API knows."""


@dataclass(frozen=True)
class Sent:
    """A notification with what the API says of it, and with the truth beside."""

    id: str
    title: str
    counted: list[Counted]

    def document(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            "id": self.id,
            "title": self.title,
            "platforms": {
                each.platform: {**each.counts, **each.later, "seen": each.seen}
                for each in self.counted
            },
        }


@dataclass(frozen=True)
class Fates:
    """Who got a notification, and who did not, and why."""

    heading: str
    reasons: list[tuple[str, bool, Reason]]
    """Device or person, whether it can be seen there, and the lab's answer to "why"."""


@dataclass
class Scene:
    """A part of the story."""

    title: str
    text: str
    calls: list[Call] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    is_brief: bool = False
    """Whether the timeline leaves out what went as it did before."""
    fates: Fates | None = None


def list_counted(stats: dict[str, dict[str, int]], seen: dict[str, int]) -> list[Counted]:
    """Return what ``platform_delivery_stats`` says; *seen* is the truth by platform."""
    listed = []
    for key, counts in stats.items():
        platform = PLATFORM_OF_KEY.get(key, key)
        listed.append(
            Counted(
                platform,
                {name: int(counts[name]) for name in COUNTS},
                {
                    word: int(counts[name])
                    for name, word in LATER
                    if counts.get(name) and not (name == "converted" and "clicks" in counts)
                },
                seen.get(platform, 0),
            )
        )
    return listed


def document_scene(scene: Scene) -> dict[str, object]:
    """Return a scene for programs."""
    shown: dict[str, object] = {
        "title": scene.title,
        "text": scene.text,
        "calls": [
            {"method": call.method, "path": call.path, "status": call.status}
            for call in scene.calls
        ],
        "timeline": [
            {"at": render_instant(told.at), "who": told.who, "what": told.what, "mood": told.mood}
            for told in scene.told
        ],
    }
    if scene.fates is not None:
        shown["why"] = [
            {"name": name, "seen": is_seen, **reason.document()}
            for name, is_seen, reason in scene.fates.reasons
        ]
    return shown
