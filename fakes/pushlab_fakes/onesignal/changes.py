"""Every change of belief, one body each, whoever asks: a server, an SDK, a gateway's answer.

A change is checked as a whole before anything is touched, so a refused request leaves no half of
itself behind. What happened goes into the trace through a `Journal`, which knows what caused it.

Mirrored: OneSignal documentation, Users (aliases, the limit of 20 subscriptions, transfer) and
API reference, User; the SDK sources for what they expect of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.asked import SUBSCRIPTION_TEXTS
from pushlab_fakes.onesignal.checks import Checks, external_id_first
from pushlab_fakes.onesignal.model import MAIL_OR_SMS, TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab.world.trace import Trace
    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.asked import PropertiesAsked, SubscriptionAsked, UserAsked
    from pushlab_fakes.onesignal.bodies import Deltas
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["Changes", "Journal", "Registered"]

KEPT_MIN: Final = 3
"""So many e-mail and so many SMS subscriptions are never detached from a full user."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes what a change did; without a trace it is silent (a batch tells it in one entry)."""

    trace: Trace | None = None
    causes: Sequence[str] = ()

    def note(self, kind: str, name: str, fields: Mapping[str, object]) -> None:
        """Write an entry that names this journal's causes."""
        if self.trace is not None:
            self.trace.record(kind, name, fields, self.causes)


@dataclass(slots=True)
class Registered:
    """What became of a user that was asked for."""

    user: int
    rows: list[int] = field(default_factory=list)
    """The subscriptions in the order of the request."""
    created: bool = False
    moved: bool = False
    """Whether a subscription came from another user."""


class Changes:
    """The only hands that touch belief."""

    def __init__(self, belief: Belief, world: World) -> None:
        self._belief = belief
        self._world = world
        self._checks = Checks(belief, world)

    def journal(self, causes: Sequence[str] = ()) -> Journal:
        """Return a journal whose entries name *causes*."""
        return Journal(self._world.trace, tuple(causes))

    # -- users ---------------------------------------------------------------------------------

    def register(self, app: int, asked: UserAsked, journal: Journal) -> Registered | Answer:
        """Find or create the user of *asked*, and give it aliases, properties, subscriptions."""
        aliases = external_id_first(asked.aliases)
        owner = self._checks.find_owner(app, asked.row, aliases)
        if not isinstance(owner, int):
            return owner
        for refusal in self._checks.check_registration(app, owner, aliases, asked):
            if refusal is not None:
                return refusal
        done = Registered(owner)
        if owner < 0:
            done.user, done.created = self._create_user(app, aliases, asked, journal), True
        elif aliases:
            self._give_aliases(app, owner, aliases, journal)
        self._set_properties(done.user, asked.properties)
        left = []
        for each in asked.subscriptions:
            row, before = self._place(app, done.user, each, aliases, journal)
            done.rows.append(row)
            if before >= 0:
                done.moved = True
                left.append(before)
        self._detach_over(app, done.user, done.rows, journal)
        self.remove_emptied(left, journal)
        if not done.created:
            self._note_update(done.user, {"properties": asked.properties.render()}, journal)
        return done

    def update_user(
        self,
        user: int,
        properties: PropertiesAsked,
        deltas: Deltas,
        device: int,
        journal: Journal,
    ) -> Answer | None:
        """Change properties and add to counters; sessions count for *device* (-1: its main one)."""
        refusal = self._checks.check_properties(user, properties)
        if refusal is not None:
            return refusal
        self._set_properties(user, properties)
        rows = self._belief.subscriptions_of(user)
        if device not in rows:
            device = next((row for row in rows if not self._is_mail_or_sms(row)), -1)
            device = rows[0] if device < 0 and rows else device
        added = self._add_deltas(user, device, deltas)
        fields = {"properties": properties.render(), "deltas": added}
        self._note_update(user, fields, journal)
        return None

    def update_users(self, users: NDArray[np.int32], asked: PropertiesAsked) -> NDArray[np.bool_]:
        """Set the same tags and texts for many users of one app; True where that is refused.

        Their teller writes the trace. *users* are distinct, shape (n,).
        """
        belief = self._belief
        refused = self._checks.find_full(users, asked)
        able = users if not refused.any() else users[~refused]
        for name, value in asked.tags.items():
            belief.tags.set_many(able, name, value)
        for name, text in asked.texts.items():
            getattr(belief.users, name)[able] = belief.code_of(name, text)
        return refused

    def set_aliases(self, user: int, aliases: Mapping[str, str], journal: Journal) -> Answer | None:
        """Give a user aliases, all or, when one belongs to somebody else, none."""
        app = int(self._belief.users.app[user])
        taken = {
            label: value
            for label, value in aliases.items()
            if self._belief.find_user(app, label, value) not in {-1, user}
        }
        if taken:
            return refusals.alias_conflict(taken)
        refusal = self._checks.check_alias_count(user, aliases)
        if refusal is None:
            self._give_aliases(app, user, aliases, journal)
        return refusal

    def remove_alias(self, user: int, label: str, journal: Journal) -> bool:
        """Take an alias away; False when the user has none under *label*."""
        removed = self._belief.aliases.take(int(self._belief.users.app[user]), user, label)
        if removed:
            user_id = self._belief.user_id(user)
            journal.note("AliasRemoved", f"{user_id}/{label}", {"user": user_id, "label": label})
        return removed

    def delete_user(self, user: int, journal: Journal) -> None:
        """Delete a user with all aliases and subscriptions."""
        for row in self._belief.subscriptions_of(user):
            self._remove_row(row, journal)
        self._remove_user(user, journal)

    def remove_emptied(self, users: Iterable[int], journal: Journal) -> None:
        """Delete those of *users* that have neither an alias nor a subscription any more."""
        if not self._world.settings.empty_users_removed:
            return
        for user in dict.fromkeys(users):
            belief = self._belief
            gone = belief.users.deleted[user] or belief.users.first[user] >= 0
            if not gone and not belief.aliases.has_any(user):
                self._remove_user(user, journal)

    # -- subscriptions -------------------------------------------------------------------------

    def create_subscription(
        self, user: int, asked: SubscriptionAsked, journal: Journal
    ) -> tuple[int, int] | Answer:
        """Create a subscription, or move the one with this type and token here.

        Returns (201 new, 202 moved or 200 already here and not updated; its row).
        """
        app = int(self._belief.users.app[user])
        row = self._checks.find_row(app, asked)
        if row >= 0 and self._belief.subscriptions.user[row] == user:
            return 200, row
        refusal = self._checks.check_subscription(app, asked) or self._checks.check_room(user, 1)
        if refusal is not None:
            return refusal
        row, before = self._place(app, user, asked, self._belief.aliases.of(user), journal)
        self._detach_over(app, user, [row], journal)
        if before >= 0:
            self.remove_emptied([before], journal)
        return 202 if before >= 0 else 201, row

    def update_subscription(self, asked: SubscriptionAsked, journal: Journal) -> Answer | None:
        """Change the subscription that *asked* names."""
        app = int(self._belief.subscriptions.app[asked.row])
        refusal = self._checks.check_subscription(app, asked)
        if refusal is None:
            self._apply(asked.row, asked, journal)
        return refusal

    def delete_subscription(self, row: int, journal: Journal) -> None:
        """Delete a subscription, and its user when nothing is left of it."""
        user = int(self._belief.subscriptions.user[row])
        self._remove_row(row, journal)
        self.remove_emptied([user], journal)

    def transfer(self, row: int, user: int, journal: Journal) -> Answer | None:
        """Let *user* own a subscription."""
        before = int(self._belief.subscriptions.user[row])
        if before == user:
            return None
        maximum = self._world.settings.subscriptions_max
        if len(self._belief.subscriptions_of(user)) >= maximum:
            return refusals.owner_full(maximum)
        self._move(row, user, journal)
        self.remove_emptied([before], journal)
        return None

    def set_states(
        self,
        rows: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
        *,
        enabled: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | bool,
        notification_types: np.ndarray[tuple[int, ...], np.dtype[np.int16]] | int,
    ) -> None:
        """Set both halves of "subscribed" for many rows; their tellers write the trace."""
        columns = self._belief.subscriptions
        columns.enabled[rows] = enabled
        columns.notification_types[rows] = notification_types

    # -- doing ---------------------------------------------------------------------------------

    def _is_mail_or_sms(self, row: int) -> bool:
        return int(self._belief.subscriptions.type[row]) in MAIL_OR_SMS

    def _create_user(
        self, app: int, aliases: Mapping[str, str], asked: UserAsked, journal: Journal
    ) -> int:
        belief = self._belief
        natural: tuple[str, ...]
        if aliases:
            natural = ("alias", *next(iter(aliases.items())))
        else:
            first = asked.subscriptions[0]
            row = self._checks.find_row(app, first)
            key = self._subscription_key(app, first, {}) if row < 0 else 0
            natural = ("subscription", str(key if row < 0 else belief.subscriptions.key[row]))
        key = belief.next_user_key(app, *natural)
        user = int(belief.add_users(app, np.array([key], np.uint64))[0])
        for label, value in aliases.items():
            belief.aliases.give(app, user, label, value)
        user_id = belief.user_id(user)
        fields: dict[str, object] = {"app": belief.apps[app].id, "identity": dict(aliases)}
        properties = asked.properties.render()
        if properties:
            fields["properties"] = properties
        journal.note("UserCreated", user_id, fields)
        return user

    def _subscription_key(
        self, app: int, asked: SubscriptionAsked, aliases: Mapping[str, str]
    ) -> int:
        token = asked.token or ""
        if asked.route >= 0:
            token = self._belief.tokens.text(-1, asked.type, asked.route)
        # Devices without a token yet are told apart by their user where they have one, so that
        # two of them may register in any order.
        whose = next(iter(aliases.items()), ()) if not token else ()
        return self._belief.next_subscription_key(app, asked.type, token, *whose)

    def _place(
        self,
        app: int,
        user: int,
        asked: SubscriptionAsked,
        aliases: Mapping[str, str],
        journal: Journal,
    ) -> tuple[int, int]:
        """Create, move or change one subscription; returns (row, the user it left or -1)."""
        belief = self._belief
        row = self._checks.find_row(app, asked)
        if row < 0:
            key = np.array([self._subscription_key(app, asked, aliases)], np.uint64)
            enabled, types = self._checks.settled_state(-1, asked)
            users = np.array([user], np.int32)
            rows = belief.add_subscriptions(app, key, users, np.array([asked.type], np.int8))
            row = int(rows[0])
            self.set_states(rows, enabled=enabled, notification_types=types)
            belief.set_token(row, asked.route, asked.token or "")
            self._describe(row, asked)
            journal.note("SubscriptionCreated", belief.subscription_id(row), self._fields(row))
            return row, -1
        before = int(belief.subscriptions.user[row])
        if before != user:
            self._move(row, user, journal)
        self._apply(row, asked, journal)
        return row, before if before != user else -1

    def _apply(self, row: int, asked: SubscriptionAsked, journal: Journal) -> None:
        """Change a subscription, and tell what really changed."""
        held = self._fields(row)
        belief = self._belief
        enabled, types = self._checks.settled_state(row, asked)
        self.set_states(np.array([row], np.int32), enabled=enabled, notification_types=types)
        if asked.token is not None or asked.route >= 0:
            route = int(belief.subscriptions.route[row])
            token = asked.token or ""
            if asked.route != route or (route < 0 and belief.token(row) != token):
                belief.set_token(row, asked.route, token)
        self._describe(row, asked)
        now = self._fields(row)
        changed = {name: value for name, value in now.items() if held.get(name) != value}
        if changed:
            journal.note("SubscriptionUpdated", belief.subscription_id(row), changed)

    def _describe(self, row: int, asked: SubscriptionAsked) -> None:
        columns = self._belief.subscriptions
        for name, text in asked.texts.items():
            getattr(columns, name)[row] = self._belief.code_of(name, text)
        if asked.details:
            self._belief.details.setdefault(row, {}).update(asked.details)

    def _fields(self, row: int) -> dict[str, object]:
        belief, columns = self._belief, self._belief.subscriptions
        texts = {
            name: belief.text_of(name, int(getattr(columns, name)[row]))
            for name in SUBSCRIPTION_TEXTS
        }
        return {
            "app": belief.apps[int(columns.app[row])].id,
            "user": belief.user_id(int(columns.user[row])),
            "type": TYPE_NAMES[int(columns.type[row])],
            "token": belief.token(row),
            "enabled": bool(columns.enabled[row]),
            "notification_types": int(columns.notification_types[row]),
            **{name: text for name, text in texts.items() if text is not None},
        }

    def _move(self, row: int, user: int, journal: Journal) -> None:
        belief = self._belief
        before = belief.user_id(int(belief.subscriptions.user[row]))
        belief.move_subscription(row, user)
        moved = {"from": before, "to": belief.user_id(user)}
        journal.note("SubscriptionMoved", belief.subscription_id(row), moved)

    def _detach_over(self, app: int, user: int, kept: Sequence[int], journal: Journal) -> None:
        """Give the oldest subscriptions of a user that has too many to users of their own."""
        belief, columns = self._belief, self._belief.subscriptions
        rows = belief.subscriptions_of(user)
        while len(rows) > self._world.settings.subscriptions_max:
            counts = dict.fromkeys(MAIL_OR_SMS, 0)
            for row in rows:
                if int(columns.type[row]) in counts:
                    counts[int(columns.type[row])] += 1
            free = [
                row for row in rows if counts.get(int(columns.type[row]), KEPT_MIN + 1) > KEPT_MIN
            ]
            if not free:
                break
            oldest = min(
                [row for row in free if row not in kept] or free,
                key=lambda row: (int(columns.last_active[row]), rows.index(row)),
            )
            natural = ("subscription", str(columns.key[oldest]))
            key = np.array([belief.next_user_key(app, *natural)], np.uint64)
            other = int(belief.add_users(app, key)[0])
            fields = {"app": belief.apps[app].id, "identity": {}}
            journal.note("UserCreated", belief.user_id(other), fields)
            self._move(oldest, other, journal)
            rows.remove(oldest)

    def _give_aliases(
        self, app: int, user: int, aliases: Mapping[str, str], journal: Journal
    ) -> None:
        held = self._belief.aliases.of(user)
        new = {label: value for label, value in aliases.items() if held.get(label) != value}
        for label, value in new.items():
            self._belief.aliases.give(app, user, label, value)
        if new:
            user_id = self._belief.user_id(user)
            journal.note("AliasesSet", user_id, {"user": user_id, "identity": new})

    def _set_properties(self, user: int, asked: PropertiesAsked) -> None:
        belief = self._belief
        for name, value in asked.tags.items():
            belief.tags.set(user, name, value)
        for name, text in asked.texts.items():
            getattr(belief.users, name)[user] = belief.code_of(name, text)
        if asked.profile:
            belief.profiles.set(user, asked.profile)
        if asked.last_active_s is not None:
            belief.users.last_active[user] = asked.last_active_s * 1000

    def _add_deltas(self, user: int, device: int, deltas: Deltas) -> dict[str, object]:
        belief, columns = self._belief, self._belief.subscriptions
        added: dict[str, object] = {}
        if deltas.session_count:
            added["session_count"] = deltas.session_count
            belief.users.last_active[user] = self._world.now
        if deltas.session_time_s:
            added["session_time"] = deltas.session_time_s
        if device >= 0 and added:
            columns.session_count[device] += deltas.session_count
            columns.session_time[device] += deltas.session_time_s
            if deltas.session_count:
                columns.last_active[device] = self._world.now
            added["subscription"] = belief.subscription_id(device)
        if deltas.amount_spent or deltas.purchases:
            rates = self._world.settings.currency_rates
            added["amount_spent"] = belief.profiles.buy(
                user, deltas.purchases, rates, deltas.amount_spent
            )
        return added

    def _note_update(self, user: int, fields: Mapping[str, object], journal: Journal) -> None:
        told = {name: value for name, value in fields.items() if value}
        if told:
            journal.note("UserUpdated", self._belief.user_id(user), told)

    def _remove_row(self, row: int, journal: Journal) -> None:
        fields = self._fields(row)
        self._belief.remove_subscription(row)
        journal.note("SubscriptionDeleted", self._belief.subscription_id(row), fields)

    def _remove_user(self, user: int, journal: Journal) -> None:
        identity = self._belief.aliases.of(user)
        self._belief.remove_user(user)
        journal.note("UserDeleted", self._belief.user_id(user), {"identity": identity})
