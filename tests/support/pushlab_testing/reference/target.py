"""One target of one send, and what the naive parts share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushlab.gateway import Fate, Receipt
from pushlab_testing.reference.ledger import Ledger

if TYPE_CHECKING:
    from pushlab.content import Content
    from pushlab.gateway import Channel
    from pushlab.settings import Settings
    from pushlab.world.randomness import Randomness
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.notifications import Notification
    from pushlab_testing.heap import OneHeap
    from pushlab_testing.reference.device import NaiveDevice

__all__ = ["RANK", "Common", "Target"]

RANK = {"verb": 0, "attempt": 1, "arrival": 2, "receipt": 3, "tap": 4}


@dataclass(eq=False)
class Target:
    """How far one target of a send has come."""

    name: str
    """The id of the notification, or what a carrier calls its answer."""
    key: int
    """Content key of the send."""
    notification: Notification | None
    """None for what a carrier says by itself."""
    content: Content
    number: int
    position: int
    sent_at: int
    subscription: int
    channel: Channel
    route: int
    device: NaiveDevice | None
    subscription_key: int
    fate: int = Fate.WAITING
    receipt: int = Receipt.NONE
    marks: int = 0
    attempts: int = 0
    shown_ms: int = 0

    @property
    def what(self) -> int:
        """The number that orders targets of one device at one instant."""
        return self.number << 32 | self.position

    @property
    def born(self) -> int:
        """When it arrived."""
        return self.sent_at + self.shown_ms

    def facts(self) -> tuple[int, ...]:
        """Return what must be equal in both models."""
        return (
            self.subscription,
            self.fate,
            self.receipt,
            self.marks,
            self.attempts,
            self.shown_ms,
        )


@dataclass
class Common:
    """What every naive part holds in its hand."""

    world: World
    heap: OneHeap
    devices: list[NaiveDevice] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    targets: dict[str, list[Target]] = field(default_factory=dict)
    """By notification, in order of birth."""
    answers: list[Target] = field(default_factory=list)
    """What carriers said by themselves."""
    sends: int = 0
    """How many sends were numbered."""

    @property
    def luck(self) -> Randomness:
        """Scalar draws."""
        return self.world.randomness

    @property
    def settings(self) -> Settings:
        """The world's settings."""
        return self.world.settings

    @property
    def now(self) -> int:
        """The instant of the event that is being done."""
        return self.world.clock.now

    def next_number(self) -> int:
        """Return the number of the next send."""
        self.sends += 1
        return self.sends - 1

    def write(self, name: str, rank: str, who: int, about: int, outcome: int = 0) -> None:
        """Write one entry at this instant."""
        self.ledger.add((name, RANK[rank]), self.now, who, about, outcome)

    def finish(self, name: str, fate: Fate, target: Target) -> None:
        """Let a target end on its way to its device."""
        target.fate = fate
        assert target.device is not None
        self.write(name, "arrival", target.device.key, target.key)

    def targets_of(self, device: NaiveDevice) -> list[Target]:
        """Return everything that was ever sent to *device*, newest arrival first."""
        sent = [target for targets in self.targets.values() for target in targets]
        mine = [target for target in [*sent, *self.answers] if target.device is device]
        return sorted(mine, key=lambda target: (target.born, target.what), reverse=True)
