"""Whom a notification reaches: aliases and ids become rows, and what the answer says of the rest.

Mirrored: OneSignal API reference, Create message, and what its engineers wrote in issues: an alias
stands in ``invalid_aliases`` once for each subscription of the channel that is opted out
(onesignal-node-api #82, onesignal-go-api #38); ids of unknown or unsubscribed subscriptions stand
in ``invalid_player_ids``, also those that came as subscription ids (assumed).

Left out: segments, filters, e-mail addresses, phone numbers and raw tokens, which a notification
refuses as not built before it comes here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab_fakes.onesignal.aliases import EXTERNAL_ID
from pushlab_fakes.onesignal.model import ONESIGNAL_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.draft import NotificationDraft
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["Audience", "resolve", "resolve_aliases", "resolve_subscription_ids"]

CHANNELS: Final = {int(channel): channel for channel in Channel}
FEW: Final = 8
"""Users looked up one by one; for more, numpy's overhead is the smaller one."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The targets of a notification, and who is not among those that can be reached."""

    rows: NDArray[np.int32]
    """Distinct subscriptions, ascending: the reachable ones and those known to be opted out."""
    reachable_count: int
    unsubscribed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label to values, each once for every opted-out subscription of the user."""
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label to values that nobody is called."""
    errors: Mapping[str, object] = field(default_factory=dict)
    """What the answer shows as ``errors``; empty when nothing is worth saying."""


def resolve(belief: Belief, app: int, draft: NotificationDraft) -> Audience:
    """Return whom *draft* reaches now among the subscriptions of *app*."""
    targeting = draft.targeting

    def reaches(channel: int) -> bool:
        return draft.reaches(CHANNELS[channel])

    if targeting.subscription_ids:
        return resolve_subscription_ids(belief, app, targeting.subscription_ids, reaches)
    if targeting.aliases:
        flat = targeting.method == "include_external_user_ids"
        return resolve_aliases(belief, app, targeting.aliases, reaches, flat=flat)
    raise MisuseError(
        f"an audience by {targeting.method} is not built yet; name users by include_aliases"
    )


def resolve_aliases(
    belief: Belief,
    app: int,
    aliases: Mapping[str, Sequence[str]],
    reaches: Callable[[int], bool],
    *,
    flat: bool = False,
) -> Audience:
    """Return the subscriptions of the users that *aliases* (label to values) name.

    *reaches* says for a kind of subscription whether the message may go there. *flat* gives the
    errors the form they have for old external user ids.
    """
    found: list[NDArray[np.int32]] = []
    unsubscribed: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for label, given in aliases.items():
        values = list(dict.fromkeys(given))
        users = _find_users(belief, app, label, values)
        rows, places = _targets_of(belief, users, reaches)
        out = places[~belief.reachable(rows)].tolist()
        if out:
            unsubscribed[label] = [values[place] for place in sorted(out)]
        missing = [value for value, user in zip(values, users.tolist(), strict=True) if user < 0]
        if missing:
            unknown[label] = missing
        found.append(rows)
    rows = _distinct(found)
    errors = _alias_errors(belief, unsubscribed, unknown, flat=flat)
    reachable_count = int(np.count_nonzero(belief.reachable(rows)))
    return Audience(rows, reachable_count, unsubscribed, unknown, errors)


def resolve_subscription_ids(
    belief: Belief, app: int, ids: Sequence[str], reaches: Callable[[int], bool]
) -> Audience:
    """Return the subscriptions with these *ids*; those of another app are unknown here."""
    found = [belief.find_subscription(app, each) for each in ids]
    rows = np.array(found, np.int32)
    able = (rows >= 0) & belief.reachable(np.maximum(rows, 0)) if len(rows) else rows >= 0
    invalid = [ids[place] for place in np.flatnonzero(~able).tolist()]
    known = np.unique(rows[rows >= 0])
    known = known[_reached(belief, known, reaches)]
    reachable_count = int(np.count_nonzero(belief.reachable(known)))
    errors = {"invalid_player_ids": invalid} if invalid else {}
    return Audience(known, reachable_count, errors=errors)


def _find_users(belief: Belief, app: int, label: str, values: Sequence[str]) -> NDArray[np.int32]:
    if label == ONESIGNAL_ID:
        return np.array([belief.find_user(app, label, value) for value in values], np.int32)
    return belief.aliases.find_many(app, label, values)


def _targets_of(
    belief: Belief, users: NDArray[np.int32], reaches: Callable[[int], bool]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the subscriptions of *users* (-1 is nobody) and the position of each one's user."""
    if len(users) > FEW:
        rows, places = belief.subscriptions_of_many(np.maximum(users, 0))
        kept = (users >= 0)[places] & _reached(belief, rows, reaches)
        return rows[kept], places[kept]
    types = belief.subscriptions.type
    found = [
        (row, place)
        for place, user in enumerate(users.tolist())
        if user >= 0
        for row in belief.subscriptions_of(user)
        if reaches(int(types[row]))
    ]
    pairs = np.array(found, np.int32).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _distinct(found: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the rows in *found*, each once, ascending."""
    if len(found) == 1 and len(found[0]) <= FEW:
        return np.array(sorted(set(found[0].tolist())), np.int32)
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int32)


def _reached(
    belief: Belief, rows: NDArray[np.int32], reaches: Callable[[int], bool]
) -> NDArray[np.bool_]:
    """Return which of *rows* are of a kind that the message may go to; shape (n,)."""
    types = belief.subscriptions.type[rows]
    kinds = sorted(set(types.tolist()))
    return np.isin(types, [kind for kind in kinds if reaches(kind)])


def _alias_errors(
    belief: Belief,
    unsubscribed: Mapping[str, Sequence[str]],
    unknown: Mapping[str, Sequence[str]],
    *,
    flat: bool,
) -> dict[str, object]:
    listed = {label: list(values) for label, values in unsubscribed.items()}
    if belief.settings.unknown_aliases_listed:
        for label, values in unknown.items():
            listed.setdefault(label, []).extend(values)
    if not listed:
        return {}
    if flat:
        return {"invalid_external_user_ids": list(dict.fromkeys(listed[EXTERNAL_ID]))}
    return {"invalid_aliases": listed}
