"""One notification: what the API was asked to send, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushlab_fakes.onesignal.statistics import Statistics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pushlab.fanout import FanOut
    from pushlab.world.clock import Instant
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.draft import NotificationDraft

__all__ = ["Notification"]


@dataclass(slots=True)
class Notification:
    """A notification of one app; its targets are columns of its fan-out."""

    id: str
    key: int
    """Content key, for luck and digest."""
    app: int
    draft: NotificationDraft
    queued_at: Instant
    send_at: Instant
    """When delivery starts: at once, or at ``send_after``."""
    entry: str
    """Id of the trace entry that accepted it."""
    fan_out: FanOut | None = None
    """The arrays of the send; None before it began and after its retention."""
    statistics: Statistics = field(default_factory=Statistics)
    app_then: App | None = None
    """The app as it was when the send began: who its mails come from."""
    languages: NDArray[np.int16] | None = None
    """Codes of the targets' languages by then, shape (n,); None where all read the same."""
    canceled: bool = False
    is_sent: bool = False

    @property
    def completed_at(self) -> Instant | None:
        """When the last target was settled, or None while any remains."""
        if not self.is_sent or self.statistics.remaining:
            return None
        return max(self.statistics.last_settled_at, self.send_at)
