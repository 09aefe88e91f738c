"""What devices' SDKs call, by the thousand and one by one.

`SdkService` is the port that simulated devices get: the same changes as the calls over HTTP, for
arrays of devices; what they say of their users is in `sdk_users`. What only SDKs ask over HTTP is
answered in `sdk_calls`.

Mirrored: the sources of OneSignal's Android, iOS and web SDKs, user model; see `users` and
`subscriptions` for the calls that they share with servers.

Left out: in-app messages, outcomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from pushlab.errors import MisuseError
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind
from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal.aliases import EXTERNAL_ID
from pushlab_fakes.onesignal.asked import PropertiesAsked, SubscriptionAsked, UserAsked
from pushlab_fakes.onesignal.changes import Journal
from pushlab_fakes.onesignal.sdk_users import TOLD_MAX, SdkUsers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab.world.world import World
    from pushlab_fakes.onesignal.changes import Changes
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["SdkService"]

UPDATES: Final = ("changed", "refused")
"""What becomes of an update: the service refuses "enabled" beside "not subscribed"."""
TYPES_MASK: Final = 0xFFFF
ENABLED_BIT: Final = 1 << 16
TOKEN_BIT: Final = 1 << 17


class SdkService:
    """The calls of simulated devices; arrays have the shape (n,)."""

    def __init__(self, belief: Belief, changes: Changes, world: World) -> None:
        self._belief = belief
        self._changes = changes
        self._world = world
        users = SdkUsers(belief, changes, world)
        self.update_users = users.update_users
        self.add_addresses = users.add_addresses
        self.remove_addresses = users.remove_addresses
        self._updated = self._kind("SubscriptionUpdated", UPDATES, self._describe_update)
        self._started = self._kind("SessionStarted", ("",), self._describe_start)
        self._ended = self._kind("SessionEnded", ("",), self._describe_end)

    # -- users ---------------------------------------------------------------------------------

    def register(
        self,
        app: int,
        *,
        types: NDArray[np.int8],
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
        notification_types: NDArray[np.int16],
        subscription_keys: NDArray[np.uint64],
        external_ids: Sequence[str | None] | None = None,
        languages: Sequence[str | None] | None = None,
        timezones: Sequence[str | None] | None = None,
        sdks: Sequence[str] | None = None,
        causes: Sequence[str] = (),
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Create or find a user for each device, as POST users does; 0 is "no subscription yet".

        Returns the keys of users and of subscriptions. A device without an external id gets an
        anonymous user, also when its subscription belonged to somebody (that is how SDKs log out).
        """
        count = len(types)
        journal = self._changes.journal(causes)
        quiet = journal if count <= TOLD_MAX else Journal()
        user_keys = np.zeros(count, np.uint64)
        keys = np.zeros(count, np.uint64)
        for place in range(count):
            key = int(subscription_keys[place])
            subscription = SubscriptionAsked(
                row=self._belief.find_subscription_key(app, key) if key else -1,
                type=int(types[place]),
                route=int(routes[place]),
                token="" if routes[place] < 0 else None,
                enabled=bool(enabled[place]),
                notification_types=int(notification_types[place]),
                texts=_texts({"sdk": sdks}, place),
            )
            external_id = None if external_ids is None else external_ids[place]
            properties = {"language": languages, "timezone": timezones}
            asked = UserAsked(
                aliases={EXTERNAL_ID: external_id} if external_id else {},
                properties=PropertiesAsked(texts=_texts(properties, place)),
                subscriptions=[subscription],
            )
            done = self._changes.register(app, asked, quiet)
            if isinstance(done, Answer):
                raise MisuseError(
                    f"a device registered as no SDK does: {done.body.decode()}; "
                    "an enabled subscription needs notification_types of 1 or more"
                )
            user_keys[place] = self._belief.users.key[done.user]
            keys[place] = self._belief.subscriptions.key[done.rows[0]]
        if quiet is not journal:
            fields = {"app": self._belief.apps[app].id, "count": count}
            journal.note("DevicesRegistered", self._belief.apps[app].id, fields)
        return user_keys, keys

    def register_members(
        self,
        app: int,
        *,
        types: NDArray[np.int8],
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
        notification_types: NDArray[np.int16],
        prefix: str,
        keys: NDArray[np.uint64],
        first_number: int = 1,
        languages: NDArray[np.int16] | int = -1,
        timezones: NDArray[np.int16] | int = -1,
        causes: Sequence[str] = (),
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Register a population; returns the keys of its users and of its subscriptions.

        The external ids are ``prefix-000001`` and on; *languages* and *timezones* are codes of
        ``belief.texts``. The routes must be new here. A member whose external id was given to a
        user before joins that user. Raises MisuseError when the prefix is taken.
        """
        belief, count = self._belief, len(keys)
        if not count:
            return keys, keys
        taken = belief.aliases.given_external_ids(app, f"{prefix}-")
        first_row = len(belief.users)
        belief.aliases.derive(app, prefix, first_number, first_row, count)
        users = belief.add_users(app, keys)
        belief.users.language[users] = languages
        belief.users.timezone[users] = timezones
        rows = belief.add_subscriptions(app, keys, users, types)
        belief.set_routes(rows, routes)
        self._changes.set_states(rows, enabled=enabled, notification_types=notification_types)
        for place, user in self._find_taken(taken, prefix, first_number, count):
            belief.move_subscription(int(rows[place]), user)
            belief.remove_user(int(users[place]))
        fields = {
            "app": belief.apps[app].id,
            "prefix": prefix,
            "first_number": first_number,
            "count": count,
            "enabled": int(np.count_nonzero(enabled)),
        }
        self._changes.journal(causes).note("MembersRegistered", prefix, fields)
        return belief.users.key[belief.subscriptions.user[rows]], keys

    def identify(
        self, app: int, user_key: int, external_id: str, *, causes: Sequence[str] = ()
    ) -> Literal["ok", "conflict", "missing"]:
        """Give a user its external id, as PATCH identity does: "ok", "conflict" or "missing"."""
        user = self._belief.find_user_key(app, user_key)
        if user < 0:
            return "missing"
        aliases = {EXTERNAL_ID: external_id}
        refusal = self._changes.set_aliases(user, aliases, self._changes.journal(causes))
        return "ok" if refusal is None else "conflict"

    # -- subscriptions -------------------------------------------------------------------------

    def update_subscriptions(
        self,
        app: int,
        subscription_keys: NDArray[np.uint64],
        *,
        routes: NDArray[np.int32],
        enabled: NDArray[np.bool_],
        notification_types: NDArray[np.int16],
        instants: NDArray[np.int64] | None = None,
        causes: Sequence[str] = (),
    ) -> NDArray[np.bool_]:
        """Tell the service the state of subscriptions, as PATCH subscriptions does.

        False is a 404: the SDK then registers anew. With *causes* each change is an entry of its
        own that names them; without, it is part of a batch at *instants* (now unless given).
        """
        belief, columns = self._belief, self._belief.subscriptions
        all_rows = belief.find_subscription_keys(app, subscription_keys)
        found = all_rows >= 0
        refused = np.asarray(enabled, bool) & (np.asarray(notification_types) <= 0)
        taken = self._find_clashes(all_rows, routes)
        able = np.flatnonzero(found & ~refused & ~taken)
        rows = all_rows[able]
        before = (columns.enabled[rows], columns.notification_types[rows], columns.route[rows])
        self._changes.set_states(
            rows, enabled=enabled[able], notification_types=notification_types[able]
        )
        turned = columns.route[rows] != routes[able]
        for place in np.flatnonzero(turned).tolist():
            belief.set_token(int(rows[place]), int(routes[able[place]]), "")
        changed = turned | (before[0] != enabled[able])
        changed |= before[1] != notification_types[able]
        if causes:
            journal = self._changes.journal(causes)
            for place in np.flatnonzero(changed).tolist():
                row = int(rows[place])
                what = self._update_code(rows[place : place + 1], turned[place : place + 1])
                fields = self._describe_update(row, int(what[0]))[1]
                journal.note("SubscriptionUpdated", belief.subscription_id(row), fields)
            return found
        at = np.full(len(all_rows), self._world.now) if instants is None else instants
        told = self._update_code(rows, turned)[changed]
        self._tell(self._updated, at[able][changed], rows[changed], told)
        wrong = np.flatnonzero(found & (refused | taken))
        types = np.asarray(notification_types, np.int64)[wrong] & TYPES_MASK
        self._tell(self._updated, at[wrong], all_rows[wrong], types, 1)
        return found

    def start_sessions(
        self,
        app: int,
        subscription_keys: NDArray[np.uint64],
        instants: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Count a session that began for each subscription; False where it does not exist."""
        columns = self._belief.subscriptions
        all_rows = self._belief.find_subscription_keys(app, subscription_keys)
        found = all_rows >= 0
        rows, at = all_rows[found], instants[found]
        np.add.at(columns.session_count, rows, 1)
        np.maximum.at(columns.last_active, rows, at)
        np.maximum.at(self._belief.users.last_active, columns.user[rows], at)
        self._tell(self._started, at, rows, columns.session_count[rows].astype(np.int64))
        return found

    def end_sessions(
        self,
        app: int,
        subscription_keys: NDArray[np.uint64],
        seconds: NDArray[np.int64],
        instants: NDArray[np.int64] | None = None,
    ) -> NDArray[np.bool_]:
        """Add the seconds of sessions that ended; False where there is no such subscription."""
        all_rows = self._belief.find_subscription_keys(app, subscription_keys)
        found = all_rows >= 0
        rows = all_rows[found]
        at = np.full(len(all_rows), self._world.now) if instants is None else instants
        spent = np.asarray(seconds, np.int64)[found]
        np.add.at(self._belief.subscriptions.session_time, rows, spent.astype(np.int32))
        self._tell(self._ended, at[found], rows, spent)
        return found

    # -- inside --------------------------------------------------------------------------------

    def _find_taken(
        self, taken: Sequence[tuple[str, int]], prefix: str, first: int, count: int
    ) -> list[tuple[int, int]]:
        """Return (member, user) for members whose external id was given before."""
        found = []
        for value, user in taken:
            digits = value.removeprefix(f"{prefix}-")
            if digits.isascii() and digits.isdigit() and f"{int(digits):06d}" == digits:
                place = int(digits) - first
                if 0 <= place < count:
                    found.append((place, user))
        return found

    def _find_clashes(
        self, rows: NDArray[np.int32], routes: NDArray[np.int32]
    ) -> NDArray[np.bool_]:
        """Return where a new token already belongs to another subscription; shape (n,)."""
        columns = self._belief.subscriptions
        clashes = np.zeros(len(rows), bool)
        new = (rows >= 0) & (routes >= 0) & (columns.route[rows] != routes)
        for place in np.flatnonzero(new).tolist():
            row = int(rows[place])
            app, channel = int(columns.app[row]), int(columns.type[row])
            other = self._belief.tokens.find(app, channel, int(routes[place]), "")
            clashes[place] = other not in {-1, row}
        return clashes

    def _update_code(self, rows: NDArray[np.int32], turned: NDArray[np.bool_]) -> NDArray[np.int64]:
        columns = self._belief.subscriptions
        code = columns.notification_types[rows].astype(np.int64) & TYPES_MASK
        code |= np.where(columns.enabled[rows], ENABLED_BIT, 0)
        return code | np.where(turned, TOKEN_BIT, 0)

    def _tell(
        self,
        kind: BatchKind,
        instants: NDArray[np.int64],
        rows: NDArray[np.int32],
        what: NDArray[np.int64],
        outcome: int = 0,
    ) -> None:
        self._world.trace.record_batch(kind, instants, rows, what, outcome)

    def _kind(
        self,
        name: str,
        outcomes: tuple[str, ...],
        describe: Callable[[int, int], tuple[str, dict[str, object]]],
    ) -> BatchKind:
        return BatchKind(
            name,
            RANKS["verb"],
            outcomes,
            lambda rows: self._belief.subscriptions.key[rows],
            lambda what: what.astype(np.uint64),
            describe,
            lambda _row, _what, _outcome: (),
        )

    def _describe_update(self, row: int, what: int) -> tuple[str, dict[str, object]]:
        types = what & TYPES_MASK
        fields: dict[str, object] = {
            "enabled": bool(what & ENABLED_BIT),
            "notification_types": types - (TYPES_MASK + 1) if types >> 15 else types,
        }
        if what & TOKEN_BIT:
            fields["token_changed"] = True
        return self._belief.subscription_id(row), fields

    def _describe_start(self, row: int, what: int) -> tuple[str, dict[str, object]]:
        subscription_id = self._belief.subscription_id(row)
        return f"{subscription_id}/{what}", {"subscription": subscription_id, "session": what}

    def _describe_end(self, row: int, what: int) -> tuple[str, dict[str, object]]:
        subscription_id = self._belief.subscription_id(row)
        return subscription_id, {"subscription": subscription_id, "seconds": what}


def _texts(given: Mapping[str, Sequence[str | None] | None], place: int) -> dict[str, str]:
    """Return what each list says at *place*, where it says anything."""
    said = {name: None if texts is None else texts[place] for name, texts in given.items()}
    return {name: text for name, text in said.items() if text is not None}
