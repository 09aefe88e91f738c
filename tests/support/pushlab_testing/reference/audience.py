"""Segments and filters read plainly: one subscription after another."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.model import TYPE_NAMES
from pushlab_testing.plain_filters import PlainSubscription, PlainUser, is_selected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab_fakes.onesignal.model import Belief
    from pushlab_fakes.onesignal.notifications import Notification

__all__ = ["choose_plainly"]


def choose_plainly(belief: Belief, notification: Notification, now: int) -> list[int] | None:
    """Return the targets that segments or filters choose; None where the send names them."""
    draft = notification.draft
    asked = draft.targeting
    if not asked.segments and not asked.filters:
        return None
    chosen = []
    columns = belief.subscriptions
    for row in range(len(columns)):
        if columns.deleted[row] or columns.app[row] != notification.app:
            continue
        is_mail = columns.type[row] == Channel.EMAIL
        subscribed = columns.enabled[row] and columns.notification_types[row] > 0
        subscribed |= is_mail and draft.include_unsubscribed
        if not subscribed or not columns.has_token[row]:
            continue
        if not draft.reaches(Channel(int(columns.type[row]))):
            continue
        wanted = _is_in(belief, row, asked.segments, now) if asked.segments else True
        wanted = wanted and not _is_in(belief, row, asked.excluded_segments, now)
        if asked.filters:
            wanted = wanted and _fits(belief, row, asked.filters, now)
        if wanted:
            chosen.append(row)
    return chosen


def _is_in(belief: Belief, row: int, names: Sequence[str], now: int) -> bool:
    app = belief.apps[int(belief.subscriptions.app[row])]
    return any(
        not segment.filters or _fits(belief, row, segment.filters, now)
        for name in names
        for segment in belief.segments.named(app, name)
    )


def _fits(belief: Belief, row: int, entries: Sequence[Mapping[str, Any]], now: int) -> bool:
    user = int(belief.subscriptions.user[row])
    return is_selected(
        entries, _read_user(belief, user), _read_subscription(belief, row), now, belief.settings
    )


def _read_user(belief: Belief, user: int) -> PlainUser:
    profile: dict[str, Any] = belief.profiles.get(user)
    return PlainUser(
        created_ms=int(belief.users.created_at[user]),
        tags=dict(belief.tags.get(user)),
        language=belief.text_of("language", int(belief.users.language[user])),
        country=belief.text_of("country", int(belief.users.country[user])),
        lat=profile.get("lat"),
        long=profile.get("long"),
        purchases=[
            (each["sku"], Decimal(str(each["amount"])), each["iso"])
            for each in profile.get("purchases", ())
            for _ in range(each["count"])
        ],
        subscriptions=[_read_subscription(belief, row) for row in belief.subscriptions_of(user)],
    )


def _read_subscription(belief: Belief, row: int) -> PlainSubscription:
    columns = belief.subscriptions
    version = belief.text_of("app_version", int(columns.app_version[row]))
    return PlainSubscription(
        id=belief.subscription_id(row),
        type=TYPE_NAMES[int(columns.type[row])],
        token=belief.token(row),
        last_session_ms=int(columns.last_active[row]),
        session_count=int(columns.session_count[row]),
        session_time=int(columns.session_time[row]),
        app_version=version,
    )
