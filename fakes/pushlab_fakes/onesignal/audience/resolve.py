"""From a draft to its audience, whichever way it names its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pushlab_fakes.onesignal.audience.addresses import resolve_addresses
from pushlab_fakes.onesignal.audience.chosen import select_filters, select_segments
from pushlab_fakes.onesignal.audience.found import Audience, Reach
from pushlab_fakes.onesignal.audience.named import (
    find_users,
    resolve_aliases,
    resolve_subscription_ids,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.draft import NotificationDraft
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["estimate", "resolve"]


def resolve(belief: Belief, app: int, draft: NotificationDraft) -> Audience:
    """Return whom *draft* reaches now among the subscriptions of *app*."""
    targeting, reach = draft.targeting, Reach.of(draft)
    if targeting.subscription_ids:
        return resolve_subscription_ids(belief, app, targeting.subscription_ids, reach)
    if targeting.aliases:
        flat = targeting.method == "include_external_user_ids"
        return resolve_aliases(belief, app, targeting.aliases, reach, flat=flat)
    if targeting.names_addresses:
        return resolve_addresses(belief, app, targeting, reach)
    rows = _choose(belief, app, draft, reach)
    return Audience(rows, len(rows))


def estimate(belief: Belief, app: int, draft: NotificationDraft) -> int:
    """Return how many subscriptions *draft* would reach, its ways to name targets narrowing."""
    rows = _choose(belief, app, draft, Reach.of(draft))
    if draft.targeting.aliases:
        users = [
            find_users(belief, app, label, values)
            for label, values in draft.targeting.aliases.items()
        ]
        rows = rows[np.isin(belief.subscriptions.user[rows], np.concatenate(users))]
    return len(rows)


def _choose(belief: Belief, app: int, draft: NotificationDraft, reach: Reach) -> NDArray[np.int32]:
    """Return the subscriptions in the segments of *draft* that fulfil its filters; ascending."""
    targeting, held = draft.targeting, belief.apps[app]
    inside = np.ones(len(belief.subscriptions), np.bool_)
    if targeting.segments:
        inside = select_segments(belief, held, targeting.segments, targeting.excluded_segments)
    if targeting.filters:
        inside &= select_filters(belief, held, targeting.filters)
    rows = np.flatnonzero(inside).astype(np.int32)
    rows = rows[reach.covers(belief, rows)]
    return rows[reach.can_send(belief, rows)]
