"""The calls on subscriptions.

Mirrored: OneSignal API reference, Create subscription, Update subscription (by id and by token),
Delete subscription, Transfer subscription; what the SDKs expect of the answers. DELETE answers
``{}`` where the documentation says an empty body, because the web SDK always parses one.

Left out: in-app messages of a subscription.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.asked import ask_change, ask_subscription
from pushlab_fakes.onesignal.bodies import (
    SUBSCRIPTION_TYPES,
    parse_identity,
    parse_subscription,
    parse_subscription_patch,
)
from pushlab_fakes.onesignal.records import render_identity, render_subscription
from pushlab_fakes.onesignal.users import find_user

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.calls import Call
    from pushlab_fakes.onesignal.changes import Changes
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["SubscriptionCalls"]


class SubscriptionCalls:
    """Handlers; each takes a call and answers it."""

    def __init__(self, belief: Belief, changes: Changes) -> None:
        self._belief = belief
        self._changes = changes

    def create(self, call: Call) -> Answer:
        """Serve ``POST …/subscriptions`` of a user."""
        user = find_user(self._belief, call)
        if isinstance(user, Answer):
            return user
        draft = parse_subscription(call.body)
        if isinstance(draft, Answer):
            return draft
        asked = ask_subscription(self._belief, call.app.row, draft)
        if isinstance(asked, Answer):
            return asked
        done = self._changes.create_subscription(user, asked, self._changes.journal([call.entry]))
        if isinstance(done, Answer):
            return done
        status, row = done
        return json_answer(status, {"subscription": render_subscription(self._belief, row)})

    def update(self, call: Call) -> Answer:
        """Serve ``PATCH /apps/{app_id}/subscriptions/{subscription_id}``."""
        subscription_id = call.path["subscription_id"]
        row = self._belief.find_subscription(call.app.row, subscription_id)
        if row < 0:
            return refusals.subscription_missing(subscription_id)
        return self._update(call, row, 200)

    def update_by_token(self, call: Call) -> Answer:
        """Serve ``PATCH /apps/{app_id}/subscriptions_by_token/{token_type}/{token}``."""
        channel = SUBSCRIPTION_TYPES.get(call.path["token_type"])
        if channel is None:
            names = ", ".join(SUBSCRIPTION_TYPES)
            return refusals.user_bad_value("token_type", f"one of {names}")
        token = call.path["token"]
        route = self._belief.tokens.find_route(channel, token)
        row = self._belief.tokens.find(call.app.row, channel, route, token)
        if row < 0:
            return refusals.subscription_missing(token)
        return self._update(call, row, 202)

    def delete(self, call: Call) -> Answer:
        """Serve ``DELETE /apps/{app_id}/subscriptions/{subscription_id}``."""
        subscription_id = call.path["subscription_id"]
        row = self._belief.find_subscription(call.app.row, subscription_id)
        if row < 0:
            return refusals.subscription_missing(subscription_id)
        self._changes.delete_subscription(row, self._changes.journal([call.entry]))
        return json_answer(202, {})

    def transfer(self, call: Call) -> Answer:
        """Serve ``PATCH /apps/{app_id}/subscriptions/{subscription_id}/owner``."""
        subscription_id = call.path["subscription_id"]
        row = self._belief.find_subscription(call.app.row, subscription_id)
        if row < 0:
            return refusals.subscription_missing(subscription_id)
        identity = parse_identity(call.body)
        if isinstance(identity, Answer):
            return identity
        if len(identity) != 1:
            return refusals.user_bad_value("identity", "an object with exactly one alias")
        ((label, value),) = identity.items()
        user = self._belief.find_user(call.app.row, label, value)
        if user < 0:
            return refusals.alias_missing(label, value)
        refusal = self._changes.transfer(row, user, self._changes.journal([call.entry]))
        return refusal or json_answer(200, {"identity": render_identity(self._belief, user)})

    def _update(self, call: Call, row: int, status: int) -> Answer:
        draft = parse_subscription_patch(call.body)
        if isinstance(draft, Answer):
            return draft
        asked = ask_change(self._belief, draft, row)
        refusal = self._changes.update_subscription(asked, self._changes.journal([call.entry]))
        return refusal or json_answer(status, {})
