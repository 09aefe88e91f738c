"""The calls on users and their aliases.

Mirrored: OneSignal API reference, Create user, View user, Update user, Delete user, and the calls
on ``identity``; statuses and bodies as `records` and `refusals` say. Device SDKs make the same
calls without a key.

Left out: identity verification (JWT), read-your-write tokens, and delays before a change counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.asked import UserAsked, ask_properties, ask_subscription
from pushlab_fakes.onesignal.bodies import parse_identity, parse_user, parse_user_patch
from pushlab_fakes.onesignal.model import ONESIGNAL_ID
from pushlab_fakes.onesignal.records import render_identity, render_user

if TYPE_CHECKING:
    from pushlab.world.world import World
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.changes import Changes
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["UserCalls", "find_user"]


def find_user(belief: Belief, call: Call) -> int | Answer:
    """Return the row of the user in the call's path, or the refusal.

    Only a look-up by onesignal_id goes without a key (Users, "authentication").
    """
    label, value = call.path["alias_label"], call.path["alias_id"]
    if label != ONESIGNAL_ID and not call.has_key:
        return refusals.access_denied()
    row = belief.find_user(call.app.row, label, value)
    return row if row >= 0 else refusals.alias_missing(label, value)


class UserCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief, changes: Changes, world: World) -> None:
        self._belief = belief
        self._changes = changes
        self._world = world

    def create(self, call: Call) -> Answer:
        """Serve ``POST /apps/{app_id}/users``: create a user, or update the one with an alias."""
        asked = self._read_user(call)
        if isinstance(asked, Answer):
            return asked
        done = self._changes.register(call.app.row, asked, self._changes.journal([call.entry]))
        if isinstance(done, Answer):
            return done
        status = 202 if done.moved else 201 if done.created else 200
        return json_answer(status, render_user(self._belief, done.user, done.rows))

    def view(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/users/by/{alias_label}/{alias_id}``."""
        user = find_user(self._belief, call)
        if isinstance(user, Answer):
            return user
        return json_answer(200, render_user(self._belief, user))

    def update(self, call: Call) -> Answer:
        """Serve ``PATCH /apps/{app_id}/users/by/{alias_label}/{alias_id}``."""
        user = find_user(self._belief, call)
        if isinstance(user, Answer):
            return user
        settings = self._world.settings
        patch = parse_user_patch(call.body, check_language=settings.languages_checked)
        if isinstance(patch, Answer):
            return patch
        asked = ask_properties(patch.properties)
        device_id = call.request.header("onesignal-subscription-id") or ""
        device = self._belief.find_subscription(call.app.row, device_id)
        journal = self._changes.journal([call.entry])
        refusal = self._changes.update_user(user, asked, patch.deltas, device, journal)
        return refusal or json_answer(202, {"properties": asked.render()})

    def delete(self, call: Call) -> Answer:
        """Serve ``DELETE /apps/{app_id}/users/by/{alias_label}/{alias_id}``."""
        user = find_user(self._belief, call)
        if isinstance(user, Answer):
            return user
        self._changes.delete_user(user, self._changes.journal([call.entry]))
        return json_answer(200, {})

    def view_identity(self, call: Call) -> Answer:
        """Serve ``GET …/identity`` of a user."""
        user = find_user(self._belief, call)
        return user if isinstance(user, Answer) else self._identity(user)

    def set_identity(self, call: Call) -> Answer:
        """Serve ``PATCH …/identity`` of a user: add or replace aliases."""
        user = find_user(self._belief, call)
        return user if isinstance(user, Answer) else self._set_aliases(user, call)

    def delete_alias(self, call: Call) -> Answer:
        """Serve ``DELETE …/identity/{alias_label_to_delete}`` of a user."""
        user = find_user(self._belief, call)
        if isinstance(user, Answer):
            return user
        label = call.path["alias_label_to_delete"]
        if label == ONESIGNAL_ID:
            return refusals.alias_undeletable(label)
        journal = self._changes.journal([call.entry])
        if not self._changes.remove_alias(user, label, journal):
            return refusals.alias_missing(label, call.path["alias_id"])
        answer = self._identity(user)
        self._changes.remove_emptied([user], journal)
        return answer

    def view_owner_identity(self, call: Call) -> Answer:
        """Serve ``GET /apps/{app_id}/subscriptions/{subscription_id}/user/identity``."""
        owner = self._find_owner(call)
        return owner if isinstance(owner, Answer) else self._identity(owner)

    def set_owner_identity(self, call: Call) -> Answer:
        """Serve ``PATCH /apps/{app_id}/subscriptions/{subscription_id}/user/identity``."""
        owner = self._find_owner(call)
        return owner if isinstance(owner, Answer) else self._set_aliases(owner, call)

    def _find_owner(self, call: Call) -> int | Answer:
        subscription_id = call.path["subscription_id"]
        row = self._belief.find_subscription(call.app.row, subscription_id)
        if row < 0:
            return refusals.subscription_missing(subscription_id)
        return int(self._belief.subscriptions.user[row])

    def _identity(self, user: int) -> Answer:
        return json_answer(200, {"identity": render_identity(self._belief, user)})

    def _set_aliases(self, user: int, call: Call) -> Answer:
        blocked = self._world.settings.external_ids_blocked
        aliases = parse_identity(call.body, block_ids=blocked)
        if isinstance(aliases, Answer):
            return aliases
        if ONESIGNAL_ID in aliases:
            return refusals.user_bad_value("identity.onesignal_id", "left out: it is read-only")
        journal = self._changes.journal([call.entry])
        refusal = self._changes.set_aliases(user, aliases, journal)
        return refusal or self._identity(user)

    def _read_user(self, call: Call) -> UserAsked | Answer:
        settings = self._world.settings
        draft = parse_user(
            call.body,
            block_ids=settings.external_ids_blocked,
            check_language=settings.languages_checked,
        )
        if isinstance(draft, Answer):
            return draft
        asked = UserAsked(aliases=dict(draft.identity), properties=ask_properties(draft.properties))
        onesignal_id = asked.aliases.pop(ONESIGNAL_ID, None)
        if onesignal_id is not None:
            asked.row = self._belief.find_user(call.app.row, ONESIGNAL_ID, onesignal_id)
            if asked.row < 0:
                return refusals.user_missing(onesignal_id)
        for each in draft.subscriptions:
            found = ask_subscription(self._belief, call.app.row, each)
            if isinstance(found, Answer):
                return found
            asked.subscriptions.append(found)
        return asked
