"""What belief asks of a request before anything is touched.

Each check returns a refusal or None. Together with reading the body they are all the reasons for
which a call of the user model is refused, so that what comes after them cannot fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.aliases import EXTERNAL_ID
from pushlab_fakes.onesignal.columns import UNSET
from pushlab_fakes.onesignal.model import MAIL_OR_SMS, ONESIGNAL_ID, TYPE_NAMES
from pushlab_fakes.onesignal.plans import find_bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.asked import PropertiesAsked, SubscriptionAsked, UserAsked
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["Checks", "external_id_first"]

ALIASES_MAX: Final = 10
"""Aliases a user may have (OneSignal's published quick reference)."""


class Checks:
    """Looks at belief and changes nothing."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world

    def find_owner(self, app: int, row: int, aliases: Mapping[str, str]) -> int | Answer:
        """Return the user that *aliases* (or *row*) name, -1 for none, or the conflict."""
        conflicts = {}
        for label, value in aliases.items():
            other = self._belief.find_user(app, label, value)
            if other >= 0 and row < 0:
                row = other
            elif other >= 0 and other != row:
                conflicts[label] = value
        if conflicts:
            nested = self._world.settings.alias_conflict_nested
            return refusals.alias_conflict(conflicts, nested=nested)
        return row

    def check_registration(
        self, app: int, owner: int, aliases: Mapping[str, str], asked: UserAsked
    ) -> Iterator[Answer | None]:
        """Yield what POST users has to fear, one refusal or None after the other."""
        yield self.check_alias_count(owner, aliases)
        yield self.check_properties(owner, asked.properties, app)
        fresh = 0
        claims: dict[tuple[int, int, str], int] = {}
        for each in asked.subscriptions:
            yield self.check_subscription(app, each)
            row = self.find_row(app, each)
            fresh += row < 0 or self._belief.subscriptions.user[row] != owner
            if each.row >= 0 and (each.token or each.route >= 0):
                channel = int(self._belief.subscriptions.type[row])
                claim = (channel, each.route, each.token or "")
                if claims.setdefault(claim, row) != row:
                    yield _token_taken()
        yield self.check_room(owner, fresh)

    def check_alias_count(self, user: int, aliases: Mapping[str, str]) -> Answer | None:
        """Refuse more aliases than a user may have."""
        held = {} if user < 0 else self._belief.aliases.of(user)
        if len({**held, **aliases}) > ALIASES_MAX:
            return refusals.user_bad_value("identity", f"at most {ALIASES_MAX} aliases")
        return None

    def check_properties(
        self, user: int, asked: PropertiesAsked, app: int | None = None
    ) -> Answer | None:
        """Refuse tags over the plan's limit; *app* is needed where there is no user yet."""
        if not asked.tags:
            return None
        held = {} if user < 0 else self._belief.tags.get(user)
        row = int(self._belief.users.app[user]) if app is None else app
        bound = find_bound(self._belief.apps[row].plan, "tags_per_user")
        counted = set(held) | {
            name
            for name, value in asked.tags.items()
            if value is not None or self._world.settings.tag_deletions_counted
        }
        if not self._world.settings.tag_deletions_counted:
            counted -= {name for name, value in asked.tags.items() if value is None}
        return refusals.user_tag_limit(bound) if len(counted) > max(bound, len(held)) else None

    def find_full(self, users: NDArray[np.int32], asked: PropertiesAsked) -> NDArray[np.bool_]:
        """Return which of *users*, of one app, `check_properties` would refuse; shape (n,)."""
        tags, changed = self._belief.tags, asked.tags
        full = np.zeros(len(users), np.bool_)
        if not changed or not len(users):
            return full
        plan = self._belief.apps[int(self._belief.users.app[users[0]])].plan
        bound = find_bound(plan, "tags_per_user")
        if len({*tags.names, *changed}) <= bound:
            return full
        held, counted = np.zeros(len(users), np.int32), np.zeros(len(users), np.int32)
        deletions_count = self._world.settings.tag_deletions_counted
        for name in tags.names:
            has = tags.codes(name)[users] >= 0
            held += has
            if name not in changed:
                counted += has
        counted += sum(value is not None or deletions_count for value in changed.values())
        return counted > np.maximum(bound, held)

    def check_subscription(self, app: int, asked: SubscriptionAsked) -> Answer | None:
        """Refuse a type, a token or a state that cannot be."""
        row = self.find_row(app, asked)
        assert row >= 0 or asked.type >= 0, "reading a body refuses a new subscription without type"
        if asked.row >= 0:
            channel = int(self._belief.subscriptions.type[row])
            if asked.type not in {-1, channel}:
                return refusals.user_bad_value("type", f"{TYPE_NAMES[channel]}, as it was created")
            if asked.token is not None or asked.route >= 0:
                other = self._belief.tokens.find(app, channel, asked.route, asked.token or "")
                if other not in {-1, row}:
                    return _token_taken()
        if row < 0 and asked.type in MAIL_OR_SMS and not asked.token and asked.route < 0:
            return refusals.user_bad_value("token", "given for an Email or SMS subscription")
        enabled, types = self.settled_state(row, asked)
        return refusals.subscription_9() if enabled and types <= 0 else None

    def check_room(self, user: int, fresh: int) -> Answer | None:
        """Refuse *fresh* more subscriptions for a full user, where that is the setting."""
        settings = self._world.settings
        held = 0 if user < 0 else len(self._belief.subscriptions_of(user))
        if settings.full_user_detaches or not fresh:
            return None
        maximum = settings.subscriptions_max
        return refusals.subscription_limit(maximum) if held + fresh > maximum else None

    def settled_state(self, row: int, asked: SubscriptionAsked) -> tuple[bool, int]:
        """Return what `enabled` and `notification_types` become."""
        enabled, types = asked.enabled, asked.notification_types
        if row < 0:
            if enabled is None:
                enabled = bool(asked.token) or asked.route >= 0
            return enabled, types if types is not None else (1 if enabled else UNSET)
        columns = self._belief.subscriptions
        held = int(columns.notification_types[row])
        if types is None:
            types = held
            if enabled and held <= 0:
                types = 1
            elif enabled is False and held > 0:
                types = -self._world.settings.rest_disabled_reason
        return bool(columns.enabled[row]) if enabled is None else enabled, types

    def find_row(self, app: int, asked: SubscriptionAsked) -> int:
        """Return the subscription that is asked for, by id or by type and token, or -1."""
        if asked.row >= 0 or asked.type < 0:
            return asked.row
        return self._belief.tokens.find(app, asked.type, asked.route, asked.token or "")


def _token_taken() -> Answer:
    """Refuse a token that another subscription of the app has: 409 is documented, no text is."""
    return refusals.errors_objects(409, {"title": "Token is already in use"})


def external_id_first(aliases: Mapping[str, str]) -> dict[str, str]:
    """Return *aliases* with the one that names a user first, and without its own id."""
    held = {label: value for label, value in aliases.items() if label != ONESIGNAL_ID}
    if EXTERNAL_ID in held:
        return {EXTERNAL_ID: held.pop(EXTERNAL_ID), **held}
    return held
