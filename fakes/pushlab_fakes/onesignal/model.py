"""Belief: what OneSignal's API believes of users and their subscriptions.

Mirrored: OneSignal documentation, Users, Aliases and Subscriptions; API reference, User. A *user*
is found by aliases; a *subscription* is one channel address of a user: a push token, an e-mail
address, a phone number. Belief learns only by calls that the real service would get; what is true
of a device is not known here.

Everything that comes by the million is a column; the methods take arrays of rows or one row and
leave no trace: what happened is told by `changes`, which is the only caller that changes anything.

Left out: the deletion of users that were long inactive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.errors import LimitError
from pushlab.gateway import Channel
from pushlab.table import Tags, Vocabulary, as_slice
from pushlab_fakes.onesignal.aliases import Aliases
from pushlab_fakes.onesignal.apps import App, Apps
from pushlab_fakes.onesignal.bodies import SUBSCRIPTION_TYPES
from pushlab_fakes.onesignal.columns import Subscriptions, Users
from pushlab_fakes.onesignal.keys import KeyIndex
from pushlab_fakes.onesignal.profiles import Profiles
from pushlab_fakes.onesignal.segments import Segments
from pushlab_fakes.onesignal.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pushlab.gateway import Gateway
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = [
    "MAIL_OR_SMS",
    "ONESIGNAL_ID",
    "TYPE_NAMES",
    "Belief",
]

ONESIGNAL_ID: Final = "onesignal_id"
TYPE_NAMES: Final = {int(channel): name for name, channel in SUBSCRIPTION_TYPES.items()}
"""The vendor's word for each kind of address."""
MAIL_OR_SMS: Final = frozenset({int(Channel.EMAIL), int(Channel.SMS)})

FEW: Final = 4
"""Rows looked at one by one; for more, numpy's overhead is the smaller one."""
CODES_MAX: Final = 32_767
"""Texts that one of the 16-bit columns can tell apart."""
TEXT_COLUMNS: Final = (
    "sdk",
    "device_model",
    "device_os",
    "app_version",
    "language",
    "timezone",
    "country",
)
PARTS: Final = (
    "apps",
    "segments",
    "users",
    "subscriptions",
    "aliases",
    "tokens",
    "tags",
    "profiles",
)
"""What a `Belief` is made of that keeps its own snapshots."""


class Belief:
    """All users and subscriptions of all apps."""

    def __init__(self, world: World, gateways: Mapping[Channel, Gateway]) -> None:
        self._world = world
        self.apps = Apps()
        self.segments = Segments(world)
        self.users = Users()
        self.subscriptions = Subscriptions()
        self.aliases = Aliases()
        self.tokens = Tokens(gateways)
        self.tags = Tags(self.users)
        """By user row; a tag of the same name in two apps shares a column."""
        self.texts: dict[str, Vocabulary] = {name: Vocabulary() for name in TEXT_COLUMNS}
        """The vocabulary of each column of texts, by the column's name."""
        self.profiles = Profiles(self.users)
        """By user row: what few users have (lat, long, ip, amount_spent, purchases)."""
        self.details: dict[int, dict[str, object]] = {}
        """By subscription row: what few have (rooted, net_type, carrier, web_auth, ...)."""
        self._user_rows = KeyIndex()
        self._subscription_rows = KeyIndex()
        self._lives: dict[tuple[str, ...], int] = {}

    @property
    def settings(self) -> Settings:
        """The world's settings."""
        return self._world.settings

    @property
    def now(self) -> Instant:
        """The instant at which the world stands."""
        return self._world.now

    # -- apps ----------------------------------------------------------------------------------

    def first_app(self) -> App:
        """Return the app of the program under test; before its id is known, a stand-in for it."""
        if not len(self.apps):
            ids = self._world.ids
            app_id = ids.uuid("app", ids.key("app", "first"))
            self.apps.add(app_id, "pushlab app", self._world.now, is_adopted=False)
        return self.apps[0]

    def adopt_app(self, app_id: str, key: str | None = None) -> App:
        """Return the app *app_id*, taking it as it is when it is new here."""
        app = self.apps.find(app_id)
        if app is not None and app.is_adopted:
            return app
        keys = () if key is None else (key,)
        if len(self.apps) and not self.apps[0].is_adopted:
            app = self.apps.rename_first(app_id, self._world.now, keys)
        else:
            app = self.apps.add(app_id, "pushlab app", self._world.now, keys=keys)
        fields = {"app": app.id, "with_key": bool(keys)}
        self._world.trace.record("AppAdopted", app.id, fields)
        return app

    def adopt_key(self, app: App, key: str) -> App:
        """Return *app* with its first key."""
        self._world.trace.record("KeyAdopted", app.id, {"app": app.id})
        return self.apps.change(app.row, self._world.now, keys=(key,))

    def find_app(self, app_id: str) -> App | None:
        """Return the app *app_id*, or None."""
        return self.apps.find(app_id)

    def change_app(self, app_id: str, /, **changes: object) -> App:
        """Change settings of an app (plan, name, keys, receipts_enabled, ...).

        Raises MisuseError for an app or a setting that does not exist.
        """
        app = self.apps.change(self.apps.get(app_id).row, self._world.now, **changes)
        fields = {key: value for key, value in sorted(changes.items()) if key != "keys"}
        self._world.trace.record("AppChanged", app.id, {"app": app.id, **fields})
        return app

    # -- looking up ----------------------------------------------------------------------------

    def find_user(self, app: int, label: str, value: str) -> int:
        """Return the row of the live user of *app* called *value* under *label*, or -1."""
        if label != ONESIGNAL_ID:
            return self.aliases.find(app, label, value)
        key = self._world.ids.find_key("user", value)
        return -1 if key is None else self.find_user_key(app, key)

    def find_user_key(self, app: int, key: int) -> int:
        """Return the row of the live user of *app* with this content key, or -1."""
        row = self._user_rows.find(key)
        if row < 0 or self.users.deleted[row] or self.users.app[row] != app:
            return -1
        return row

    def find_subscription(self, app: int, subscription_id: str) -> int:
        """Return the row of the live subscription of *app* with this id, or -1."""
        key = self._world.ids.find_key("subscription", subscription_id)
        return -1 if key is None else self.find_subscription_key(app, key)

    def find_subscription_key(self, app: int, key: int) -> int:
        """Return the row of the live subscription of *app* with this content key, or -1."""
        row = self._subscription_rows.find(key)
        columns = self.subscriptions
        if row < 0 or columns.deleted[row] or columns.app[row] != app:
            return -1
        return row

    def find_subscription_keys(self, app: int, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the row of each live subscription of *app*, -1 where there is none; shape (n,)."""
        if len(keys) == 1:
            return np.array([self.find_subscription_key(app, int(keys[0]))], np.int32)
        rows = self._subscription_rows.find_many(keys)
        columns = self.subscriptions
        wrong = columns.deleted[rows] | (columns.app[rows] != app)
        rows[wrong] = -1
        return rows

    def user_id(self, row: int) -> str:
        """Return the onesignal_id of the user at *row*."""
        return self._world.ids.uuid("user", int(self.users.key[row]))

    def subscription_id(self, row: int) -> str:
        """Return the id of the subscription at *row*."""
        return self._world.ids.uuid("subscription", int(self.subscriptions.key[row]))

    def subscriptions_of(self, user: int) -> list[int]:
        """Return the rows of a user's subscriptions, in the order in which they came to it."""
        rows: list[int] = []
        row, follow = int(self.users.first[user]), self.subscriptions.next
        while row >= 0:
            rows.append(row)
            row = int(follow[row])
        return rows

    def subscriptions_of_many(
        self, users: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return all subscriptions of *users* and, beside each, the position of its user.

        Both have the shape (m,): first every user's oldest, then every second, and so on.
        """
        places = np.arange(len(users), dtype=np.int32)
        rows = self.users.first[users]
        found, found_places = [], []
        while len(rows):
            more = rows >= 0
            rows, places = rows[more], places[more]
            found.append(rows)
            found_places.append(places)
            rows = self.subscriptions.next[rows]
        empty = np.empty(0, np.int32)
        return np.concatenate([empty, *found]), np.concatenate([empty, *found_places])

    def token(self, row: int) -> str:
        """Return the token of the subscription at *row*, ``""`` when it has none."""
        columns = self.subscriptions
        return self.tokens.text(row, int(columns.type[row]), int(columns.route[row]))

    def reachable(self, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of *rows* would be sent to: enabled, subscribed, with a token."""
        if len(rows) <= FEW:
            return np.array([self.is_sendable(row) for row in rows.tolist()], np.bool_)
        columns, part = self.subscriptions, as_slice(rows)
        able = columns.notification_types[part] > 0
        able &= columns.enabled[part]
        able &= ~columns.deleted[part]
        able &= columns.has_token[part]
        return able

    def sendable(
        self, rows: NDArray[np.int32], *, include_unsubscribed: bool = False
    ) -> NDArray[np.bool_]:
        """Return which of *rows* a message goes to; with *include_unsubscribed* any mail address.

        Mirrored: Create message, ``include_unsubscribed``, for e-mail only.
        """
        able = self.reachable(rows)
        if include_unsubscribed:
            columns = self.subscriptions
            mails = columns.type[rows] == Channel.EMAIL.value
            able |= mails & columns.has_token[rows] & ~columns.deleted[rows]
        return able

    def is_sendable(self, row: int, *, include_unsubscribed: bool = False) -> bool:
        """Whether a message goes to the subscription at *row*, as `sendable` says."""
        columns = self.subscriptions
        if columns.deleted[row] or not columns.has_token[row]:
            return False
        if include_unsubscribed and columns.type[row] == Channel.EMAIL.value:
            return True
        return bool(columns.enabled[row]) and bool(columns.notification_types[row] > 0)

    def text_of(self, name: str, code: int) -> str | None:
        """Return the text behind *code* in the column of texts *name*, None for -1."""
        return None if code < 0 else self.texts[name].text_of(code)

    def code_of(self, name: str, text: str) -> int:
        """Return the code of *text* for the column of texts *name*.

        Raises LimitError when the column has seen too many texts.
        """
        code = self.texts[name].code_of(text)
        if code > CODES_MAX:
            raise LimitError(f"a world tells at most {CODES_MAX + 1} values of {name} apart")
        return code

    # -- keys ----------------------------------------------------------------------------------

    def next_user_key(self, app: int, *natural: str) -> int:
        """Return the key of the next user that these parts name: the n-th life of that name."""
        return self._next_key("user", self._user_rows, self.apps[app].natural, *natural)

    def next_subscription_key(self, app: int, channel: int, *natural: str) -> int:
        """Return the key of the next subscription with this type and token: its n-th life."""
        parts = (self.apps[app].natural, TYPE_NAMES[channel], *natural)
        return self._next_key("subscription", self._subscription_rows, *parts)

    def _next_key(self, kind: str, rows: KeyIndex, *parts: str) -> int:
        # Rows stay in the index when they are deleted, so a key is never given twice. Only names
        # that came again are remembered, to not count from 1 for the thousandth empty token.
        life = self._lives.get((kind, *parts), 1)
        key = self._world.ids.key(kind, *parts, life)
        while rows.find(key) >= 0:
            life += 1
            self._lives[kind, *parts] = life
            key = self._world.ids.key(kind, *parts, life)
        return key

    # -- adding and removing -------------------------------------------------------------------

    def add_users(self, app: int, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Add users without anything and return their rows, shape (n,)."""
        now = self._world.now
        rows = self.users.add(len(keys), key=keys, app=app, created_at=now, last_active=now)
        self._user_rows.add(keys, rows)
        return rows

    def add_subscriptions(
        self,
        app: int,
        keys: NDArray[np.uint64],
        users: NDArray[np.int32],
        types: NDArray[np.int8],
    ) -> NDArray[np.int32]:
        """Add subscriptions without a token and return their rows, shape (n,).

        Each comes last among its user's; *users* are distinct.
        """
        now = self._world.now
        rows = self.subscriptions.add(
            len(keys), key=keys, app=app, user=users, type=types, created_at=now, last_active=now
        )
        self._subscription_rows.add(keys, rows)
        if len(rows) > 1 and bool((self.users.first[users] < 0).all()):
            self.users.first[users] = rows
        else:
            for row, user in zip(rows.tolist(), users.tolist(), strict=True):
                self._link(row, user)
        return rows

    def set_token(self, row: int, route: int, token: str) -> None:
        """Give the subscription at *row* a token that is free (or none)."""
        columns = self.subscriptions
        app, channel = int(columns.app[row]), int(columns.type[row])
        self.tokens.release(app, channel, row, int(columns.route[row]))
        self.tokens.hold(app, channel, row, route, token)
        columns.route[row] = route
        columns.has_token[row] = route >= 0 or bool(token)

    def set_routes(self, rows: NDArray[np.int32], routes: NDArray[np.int32]) -> None:
        """Give tokenless subscriptions of one app the tokens at *routes*; -1 gives none."""
        columns = self.subscriptions
        columns.route[rows] = routes
        rows, routes = rows[routes >= 0], routes[routes >= 0]
        columns.has_token[rows] = True
        types = columns.type[rows]
        for channel in np.unique(types).tolist():
            own = types == channel
            app = int(columns.app[rows[0]])
            self.tokens.hold_routes(app, channel, rows[own], routes[own])

    def bind_routes(self, rows: NDArray[np.int32]) -> None:
        """Let given tokens among *rows* become routes where a gateway has issued them since."""
        if not self.tokens.has_any_given:
            return
        columns = self.subscriptions
        for row in rows[columns.route[rows] < 0].tolist():
            if self.tokens.has_given(row):
                channel = int(columns.type[row])
                route = self.tokens.bind(int(columns.app[row]), channel, row)
                if route >= 0:
                    columns.route[row] = route

    def move_subscription(self, row: int, user: int) -> None:
        """Let the subscription at *row* belong to *user*, as its last."""
        self._unlink(row)
        self.subscriptions.user[row] = user
        self._link(row, user)

    def remove_subscription(self, row: int) -> None:
        """Delete the subscription at *row*; its token is free, its id is never used again."""
        columns = self.subscriptions
        self.set_token(row, -1, "")
        self._unlink(row)
        columns.user[row] = -1
        columns.deleted[row] = True
        columns.enabled[row] = False
        self.details.pop(row, None)

    def remove_user(self, row: int) -> None:
        """Delete the user at *row*, who has no subscription any more."""
        self.aliases.take_all(int(self.users.app[row]), row)
        for name in list(self.tags.get(row)):
            self.tags.set(row, name, None)
        self.profiles.drop(row)
        self.users.deleted[row] = True

    def _link(self, row: int, user: int) -> None:
        follow = self.subscriptions.next
        follow[row] = -1
        last = int(self.users.first[user])
        if last < 0:
            self.users.first[user] = row
            return
        while follow[last] >= 0:
            last = int(follow[last])
        follow[last] = row

    def _unlink(self, row: int) -> None:
        user, follow = int(self.subscriptions.user[row]), self.subscriptions.next
        before = int(self.users.first[user])
        if before == row:
            self.users.first[user] = follow[row]
        else:
            while follow[before] != row:
                before = int(follow[before])
            follow[before] = follow[row]
        follow[row] = -1

    # -- as a whole ----------------------------------------------------------------------------

    def snapshot(self) -> object:
        """Return what `restore` takes: a value that later changes do not reach."""
        return {
            **{name: getattr(self, name).snapshot() for name in PARTS},
            "texts": {name: held.snapshot() for name, held in self.texts.items()},
            "details": {row: dict(held) for row, held in self.details.items()},
            "user_rows": self._user_rows.snapshot(),
            "subscription_rows": self._subscription_rows.snapshot(),
            "lives": dict(self._lives),
        }

    def restore(self, snap: object) -> None:
        """Go back to what `snapshot` returned."""
        assert isinstance(snap, dict)
        for name in PARTS:
            getattr(self, name).restore(snap[name])
        for name, held in self.texts.items():
            held.restore(snap["texts"][name])
        self.details = {row: dict(held) for row, held in snap["details"].items()}
        self._user_rows.restore(snap["user_rows"])
        self._subscription_rows.restore(snap["subscription_rows"])
        self._lives = dict(snap["lives"])
