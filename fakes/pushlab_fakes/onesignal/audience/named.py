"""Targets that a request names: users by aliases, subscriptions by ids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab_fakes.onesignal.aliases import EXTERNAL_ID
from pushlab_fakes.onesignal.audience.found import Audience
from pushlab_fakes.onesignal.model import ONESIGNAL_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab_fakes.onesignal.audience.found import Reach
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["find_users", "resolve_aliases", "resolve_subscription_ids"]

FEW: Final = 8
"""Users looked up one by one; for more, numpy's overhead is the smaller one."""


def resolve_aliases(
    belief: Belief,
    app: int,
    aliases: Mapping[str, Sequence[str]],
    reach: Reach,
    *,
    flat: bool = False,
) -> Audience:
    """Return the subscriptions of the users that *aliases* (label to values) name.

    *flat* gives the errors the form they have for old external user ids.
    """
    names = {label: list(dict.fromkeys(given)) for label, given in aliases.items()}
    find = _find_few if sum(map(len, names.values())) <= FEW else _find_many
    found = find(belief, app, names, reach)
    errors = _alias_errors(belief, found.unsubscribed, found.unknown, flat=flat)
    return replace(found, errors=errors) if errors else found


def resolve_subscription_ids(
    belief: Belief, app: int, ids: Sequence[str], reach: Reach
) -> Audience:
    """Return the subscriptions with these *ids*; those of another app are unknown here."""
    found = [belief.find_subscription(app, each) for each in ids]
    rows = np.array(found, np.int32)
    able = rows >= 0
    able[able] = reach.can_send(belief, rows[able])
    invalid = [ids[place] for place in np.flatnonzero(~able).tolist()]
    known = np.unique(rows[rows >= 0])
    known = known[reach.covers(belief, known)]
    reachable_count = int(np.count_nonzero(reach.can_send(belief, known)))
    errors = {"invalid_player_ids": invalid} if invalid else {}
    return Audience(known, reachable_count, errors=errors)


def find_users(belief: Belief, app: int, label: str, values: Sequence[str]) -> NDArray[np.int32]:
    """Return the row of each user called one of *values*, -1 for nobody; shape (n,)."""
    if label == ONESIGNAL_ID:
        return np.array([belief.find_user(app, label, value) for value in values], np.int32)
    return belief.aliases.find_many(app, label, values)


def _find_few(
    belief: Belief, app: int, names: Mapping[str, Sequence[str]], reach: Reach
) -> Audience:
    types = belief.subscriptions.type
    able: dict[int, bool] = {}
    unsubscribed: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for label, values in names.items():
        for value in values:
            user = belief.find_user(app, label, value)
            if user < 0:
                unknown.setdefault(label, []).append(value)
                continue
            for row in belief.subscriptions_of(user):
                if int(types[row]) not in reach.kinds:
                    continue
                able[row] = reach.can_send_one(belief, row)
                if not able[row]:
                    unsubscribed.setdefault(label, []).append(value)
    rows = np.array(sorted(able), np.int32)
    return Audience(rows, sum(able.values()), unsubscribed, unknown)


def _find_many(
    belief: Belief, app: int, names: Mapping[str, Sequence[str]], reach: Reach
) -> Audience:
    found: list[NDArray[np.int32]] = []
    unsubscribed: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for label, values in names.items():
        users = find_users(belief, app, label, values)
        rows, places = belief.subscriptions_of_many(np.maximum(users, 0))
        kept = (users >= 0)[places] & reach.covers(belief, rows)
        rows, places = rows[kept], places[kept]
        out = places[~reach.can_send(belief, rows)].tolist()
        if out:
            unsubscribed[label] = [values[place] for place in sorted(out)]
        missing = [value for value, user in zip(values, users.tolist(), strict=True) if user < 0]
        if missing:
            unknown[label] = missing
        found.append(rows)
    rows = np.unique(np.concatenate(found))
    reachable_count = int(np.count_nonzero(reach.can_send(belief, rows)))
    return Audience(rows, reachable_count, unsubscribed, unknown)


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
