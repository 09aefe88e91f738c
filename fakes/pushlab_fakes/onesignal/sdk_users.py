"""What devices' SDKs say of their users: properties, purchases, addresses.

Each call is read from the same body as over HTTP, so what a server is refused, an SDK is refused.

Mirrored: the sources of OneSignal's Android, iOS and web SDKs: one PATCH users for all that was
said since the last one, POST subscriptions for a mail address or a number, DELETE when the app
takes it back; a 400 or 402 ends in silence on the device.

Left out: read-your-write tokens, and the 404 that is borne with right after a creation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from pushlab.world.ids import content_key
from pushlab.world.schedule import RANKS
from pushlab.world.trace import BatchKind
from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal.asked import ask_properties, ask_subscription
from pushlab_fakes.onesignal.bodies import parse_subscription, parse_user_patch
from pushlab_fakes.onesignal.model import TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pushlab.world.world import World
    from pushlab_fakes.onesignal.bodies import UserPatch
    from pushlab_fakes.onesignal.changes import Changes, Journal
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["TOLD_MAX", "SdkUsers"]

TOLD_MAX: Final = 64
"""Batches up to this size are told one by one, larger ones in one entry."""
OUTCOMES: Final = ("changed", "refused")


class SdkUsers:
    """The calls of simulated devices about their users; arrays have the shape (n,)."""

    def __init__(self, belief: Belief, changes: Changes, world: World) -> None:
        self._belief = belief
        self._changes = changes
        self._world = world
        self._said: dict[int, tuple[Mapping[str, object], tuple[str, ...]]] = {}
        """What was said of many users at once and what caused it, by the content key of both."""
        self._updated = BatchKind(
            "UserUpdated",
            RANKS["verb"],
            OUTCOMES,
            lambda rows: self._belief.users.key[rows],
            lambda what: what.astype(np.uint64),
            self._describe,
            lambda _row, what, _outcome: self._said[what][1],
        )

    def update_users(
        self,
        app: int,
        user_keys: NDArray[np.uint64],
        subscription_keys: NDArray[np.uint64],
        *,
        tags: Mapping[str, str | None] | None = None,
        language: str | None = None,
        timezone: str | None = None,
        place: tuple[float, float] | None = None,
        purchases: Sequence[tuple[str, str, str]] = (),
        causes: Sequence[str] = (),
    ) -> NDArray[np.bool_]:
        """Say the same of each user, as PATCH users does; False is a 404.

        *subscription_keys* are those of the devices that call; *place* is latitude and longitude,
        a purchase is its sku, its amount as a decimal text, and its currency.
        """
        rows = self._belief.find_subscription_keys(app, subscription_keys)
        users = self._find_users(app, user_keys, rows)
        found = users >= 0
        properties: dict[str, Any] = {}
        if tags:
            properties["tags"] = {name: value or "" for name, value in tags.items()}
        if language is not None:
            properties["language"] = language
        if timezone is not None:
            properties["timezone_id"] = timezone
        if place is not None:
            properties["lat"], properties["long"] = place
        bought = [{"sku": sku, "amount": amount, "iso": iso} for sku, amount, iso in purchases]
        body = {"properties": properties, "deltas": {"purchases": bought} if bought else {}}
        patch = parse_user_patch(
            msgspec.json.encode(body), check_language=self._world.settings.languages_checked
        )
        journal = self._changes.journal(causes)
        if isinstance(patch, Answer):
            for user in users[found].tolist():
                self._refuse(journal, "PATCH users", user, patch)
        elif len(users) <= TOLD_MAX or place is not None or bought:
            self._update_each(users[found], rows[found], patch, journal)
        else:
            self._update_many(np.unique(users[found]), patch, causes)
        return found

    def _find_users(
        self, app: int, user_keys: NDArray[np.uint64], rows: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Return the row of each user, -1 for none: mostly the owner of the calling device."""
        belief = self._belief
        users = np.where(rows >= 0, belief.subscriptions.user[rows], np.int32(-1))
        other = (users < 0) | (belief.users.key[users] != user_keys)
        for place in np.flatnonzero(other).tolist():
            users[place] = belief.find_user_key(app, int(user_keys[place]))
        return users

    def _update_each(
        self,
        users: NDArray[np.int32],
        rows: NDArray[np.int32],
        patch: UserPatch,
        journal: Journal,
    ) -> None:
        asked = ask_properties(patch.properties)
        for user, row in zip(users.tolist(), rows.tolist(), strict=True):
            refusal = self._changes.update_user(user, asked, patch.deltas, row, journal)
            if refusal is not None:
                self._refuse(journal, "PATCH users", user, refusal)

    def _update_many(
        self, users: NDArray[np.int32], patch: UserPatch, causes: Sequence[str]
    ) -> None:
        asked = ask_properties(patch.properties)
        refused = self._changes.update_users(users, asked)
        text = msgspec.json.encode(asked.render(), order="deterministic").decode()
        what = content_key("said of users", text, *causes) >> 1
        self._said[what] = {"properties": asked.render()}, tuple(causes)
        count = len(users)
        self._world.trace.record_batch(
            self._updated,
            np.full(count, self._world.now, np.int64),
            users,
            np.full(count, what, np.int64),
            refused.astype(np.uint8),
        )

    def _describe(self, row: int, what: int) -> tuple[str, dict[str, object]]:
        return self._belief.user_id(row), {**self._said[what][0]}

    # -- addresses -----------------------------------------------------------------------------

    def add_addresses(
        self,
        app: int,
        user_keys: NDArray[np.uint64],
        channel: int,
        addresses: Sequence[str],
        *,
        causes: Sequence[str] = (),
    ) -> NDArray[np.bool_]:
        """Give each user its address of the kind *channel*, as POST subscriptions does.

        False where there is no such user, or where it may not have the address.
        """
        done = np.zeros(len(user_keys), np.bool_)
        journal = self._changes.journal(causes)
        for place, (key, address) in enumerate(zip(user_keys.tolist(), addresses, strict=True)):
            user = self._belief.find_user_key(app, key)
            if user >= 0:
                refusal = self._add_address(app, user, channel, address, journal)
                if refusal is not None:
                    self._refuse(journal, "POST subscriptions", user, refusal)
                done[place] = refusal is None
        return done

    def _add_address(
        self, app: int, user: int, channel: int, address: str, journal: Journal
    ) -> Answer | None:
        sent = {
            "type": TYPE_NAMES[channel],
            "token": address,
            "enabled": True,
            "notification_types": 1,
        }
        draft = parse_subscription(msgspec.json.encode({"subscription": sent}))
        if isinstance(draft, Answer):
            return draft
        asked = ask_subscription(self._belief, app, draft)
        assert not isinstance(asked, Answer), "only an id that nobody has is refused"
        done = self._changes.create_subscription(user, asked, journal)
        return done if isinstance(done, Answer) else None

    def remove_addresses(
        self,
        app: int,
        user_keys: NDArray[np.uint64],
        channel: int,
        addresses: Sequence[str],
        *,
        causes: Sequence[str] = (),
    ) -> NDArray[np.bool_]:
        """Take each user's address away, as DELETE subscriptions does; False when it has none."""
        done = np.zeros(len(user_keys), np.bool_)
        belief, journal = self._belief, self._changes.journal(causes)
        for place, (key, address) in enumerate(zip(user_keys.tolist(), addresses, strict=True)):
            user = belief.find_user_key(app, key)
            route = belief.tokens.find_route(channel, address)
            row = belief.tokens.find(app, channel, route, address)
            if user >= 0 and row >= 0 and belief.subscriptions.user[row] == user:
                self._changes.delete_subscription(row, journal)
                done[place] = True
        return done

    def _refuse(self, journal: Journal, call: str, user: int, refusal: Answer) -> None:
        """Write that a call of an SDK was refused: its app is not told."""
        user_id = self._belief.user_id(user)
        fields = {"call": call, "user": user_id, "status": refusal.status}
        journal.note("SdkCallRefused", user_id, {**fields, "answer": refusal.body.decode()})
