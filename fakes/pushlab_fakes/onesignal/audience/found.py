"""What resolving gives, and to which kinds of subscription a message goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pushlab.gateway import Channel
from pushlab.table import as_slice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.draft import NotificationDraft
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["Audience", "Reach"]


@dataclass(frozen=True, slots=True)
class Audience:
    """The targets of a notification, and who is not among those that can be reached."""

    rows: NDArray[np.int32]
    """Distinct subscriptions, ascending: those that can be reached and, where the request names
    its targets one by one, those known to be opted out."""
    reachable_count: int
    unsubscribed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label to values, each once for every opted-out subscription of the user."""
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label to values that nobody is called."""
    errors: Mapping[str, object] = field(default_factory=dict)
    """What the answer shows as ``errors``; empty when nothing is worth saying."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a message may go, whoever it is for."""

    kinds: frozenset[int]
    """Kinds of subscription, as in their column ``type``."""
    include_unsubscribed: bool = False
    """Whether it goes to unsubscribed mail addresses as well."""

    @classmethod
    def of(cls, draft: NotificationDraft) -> Reach:
        """Return where *draft* may go by its channel and its platform flags."""
        return cls(draft.kinds, draft.include_unsubscribed)

    def covers(self, belief: Belief, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of *rows* are of a kind that the message may go to; shape (n,)."""
        covered = np.zeros(max(Channel) + 1, np.bool_)
        covered[sorted(self.kinds)] = True
        return covered[belief.subscriptions.type[as_slice(rows)]]

    def can_send(self, belief: Belief, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of *rows*, all of its kinds, the message would go to; shape (n,)."""
        return belief.sendable(rows, include_unsubscribed=self.include_unsubscribed)

    def can_send_one(self, belief: Belief, row: int) -> bool:
        """Whether the message would go to the subscription at *row*."""
        return belief.is_sendable(row, include_unsubscribed=self.include_unsubscribed)
