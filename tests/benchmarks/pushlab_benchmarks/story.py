"""One send to a whole population, told four times: by pushlab, by SimPy and by bare numpy.

One device in sixteen is offline and stays so; one person in twenty taps; every phone that shows
the message sends its receipt some seconds later; statistics are read five times on the way. All
four draw the same keyed luck, so all four must come to the same counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Channel
from pushlab.lab import Lab
from pushlab.world.randomness import threshold
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab.population import Population
    from pushlab.settings import Settings
    from pushlab.world.randomness import Randomness

__all__ = [
    "APP",
    "OFFLINE_STEP",
    "READINGS_S",
    "TAP_CHANCE",
    "Cast",
    "Counts",
    "gather_cast",
    "make_lab",
    "read_counts",
    "send",
    "send_through_lab",
]

APP = "11111111-2222-4333-8444-555555555555"
READINGS_S = (1, 5, 30, 600, 86_400)
"""When statistics are read, in seconds after the send."""
OFFLINE_STEP = 16
TAP_CHANCE = 0.05

Counts = list[dict[str, int]]
"""successful, received and converted at each reading."""


@dataclass(frozen=True)
class Platform:
    """What differs between the two kinds of phone."""

    gateway: str
    receipt_bound: int
    """Seconds that a receipt may wait, plus one."""


@dataclass(frozen=True)
class Cast:
    """The devices of the story and the luck of its world; arrays have the shape (n,)."""

    luck: Randomness
    settings: Settings
    start: int
    message: int
    """Content key of the notification."""
    subscriptions: NDArray[np.uint64]
    """Content keys."""
    devices: NDArray[np.uint64]
    """Content keys."""
    online: NDArray[np.bool_]
    groups: tuple[tuple[Platform, NDArray[np.int64]], ...]
    """Each platform with the places of its devices."""


def make_lab(
    count: int, *, trace: str = "full", offline_step: int = OFFLINE_STEP
) -> tuple[Lab, Population]:
    """Return a lab with a population of *count*, one in *offline_step* of them offline."""
    assert trace in {"full", "digest"}
    lab = Lab(1, app=f"{APP}:key", plan="pro", trace="full" if trace == "full" else "digest")
    people = lab.population(count)
    people.tap_with(TAP_CHANCE)
    if offline_step:
        people[::offline_step].do("go_offline")
    return lab, people


def send(lab: Lab, rows: NDArray[np.int32], text: str = "Hello") -> str:
    """Send one notification to the subscriptions at *rows* and return its id."""
    app = lab.onesignal.belief.first_app()
    body = {
        "app_id": APP,
        "include_aliases": {"external_id": ["person-000001"]},
        "target_channel": "push",
        "contents": {"en": text},
    }
    draft = draft_notification(body, APP)
    assert isinstance(draft, NotificationDraft)
    messages = lab.messages
    return lab.act(lambda: messages.send_to(app, draft, rows))


def send_through_lab(lab: Lab) -> Counts:
    """Tell the story with everything that pushlab keeps: ledgers, trace and digest."""
    notification = send(lab, np.arange(len(lab.onesignal.belief.subscriptions), dtype=np.int32))
    counts: Counts = []
    for reading_s in READINGS_S:
        lab.run_until(lab.world.clock.start + reading_s * 1000)
        counts.append(read_counts(lab, notification))
    return counts


def read_counts(lab: Lab, notification: str) -> dict[str, int]:
    """Read the statistics that the story compares."""
    held = lab.onesignal.messages.find(notification)
    assert held is not None
    totals = held.statistics.totals()
    return {name: totals[name] for name in ("successful", "received", "converted")}


def gather_cast(count: int) -> Cast:
    """Return the devices of a lab in which the send was made, for those who tell it without."""
    lab, people = make_lab(count)
    notification = lab.onesignal.messages.find(send(lab, people.rows))
    assert notification is not None
    devices, settings = lab.fleet.devices, lab.world.settings
    kinds = (
        (Channel.ANDROID, Platform("fcm", settings.receipt_delay_android_s + 1)),
        (Channel.IOS, Platform("apns", settings.receipt_delay_ios_s + 1)),
    )
    channels = devices.live("platform")
    cast = Cast(
        luck=lab.world.randomness,
        settings=settings,
        start=lab.world.clock.start,
        message=notification.key,
        subscriptions=lab.onesignal.belief.subscriptions.live("key").copy(),
        devices=devices.live("key").copy(),
        online=devices.live("online").copy(),
        groups=tuple((kind, np.flatnonzero(channels == channel)) for channel, kind in kinds),
    )
    lab.close()
    return cast


def tap_share() -> int:
    """Return the chance of a tap as a bound of 32 bits of luck."""
    return threshold(TAP_CHANCE)
