"""Users and subscriptions as the API shows them.

Mirrored: OneSignal API reference, View user and Create subscription; the order of keys is that of
the documentation. What was never said is left out rather than null: the unmodified Python client
refuses null in most of these fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_fakes.onesignal.asked import DETAIL_DEFAULTS, SUBSCRIPTION_TEXTS
from pushlab_fakes.onesignal.columns import UNSET
from pushlab_fakes.onesignal.model import ONESIGNAL_ID, TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.onesignal.model import Belief

__all__ = ["render_identity", "render_properties", "render_subscription", "render_user"]


def render_identity(belief: Belief, user: int) -> dict[str, str]:
    """Return the aliases of a user, its onesignal_id first."""
    return {ONESIGNAL_ID: belief.user_id(user), **belief.aliases.of(user)}


def render_properties(belief: Belief, user: int) -> dict[str, object]:
    """Return the properties of a user; instants are Unix seconds."""
    columns = belief.users
    texts = {
        shown: belief.text_of(name, int(getattr(columns, name)[user]))
        for shown, name in (
            ("language", "language"),
            ("timezone_id", "timezone"),
            ("country", "country"),
        )
    }
    return {
        "tags": belief.tags.get(user),
        **{name: text for name, text in texts.items() if text is not None},
        "first_active": int(columns.created_at[user]) // 1000,
        "last_active": int(columns.last_active[user]) // 1000,
        **belief.profiles.get(user),
    }


def render_subscription(belief: Belief, row: int) -> dict[str, object]:
    """Return a subscription."""
    columns = belief.subscriptions
    types = int(columns.notification_types[row])
    texts = {
        name: belief.text_of(name, int(getattr(columns, name)[row])) or ""
        for name in SUBSCRIPTION_TEXTS
    }
    details = {**DETAIL_DEFAULTS, **belief.details.get(row, {})}
    return {
        "id": belief.subscription_id(row),
        "app_id": belief.apps[int(columns.app[row])].id,
        "type": TYPE_NAMES[int(columns.type[row])],
        "token": belief.token(row),
        "enabled": bool(columns.enabled[row]),
        **({} if types == UNSET else {"notification_types": types}),
        "session_time": int(columns.session_time[row]),
        "session_count": int(columns.session_count[row]),
        "sdk": texts["sdk"],
        "device_model": texts["device_model"],
        "device_os": texts["device_os"],
        "rooted": details["rooted"],
        "test_type": details["test_type"],
        "app_version": texts["app_version"],
        "net_type": details["net_type"],
        "carrier": details["carrier"],
        "web_auth": details["web_auth"],
        "web_p256": details["web_p256"],
    }


def render_user(belief: Belief, user: int, first: Sequence[int] = ()) -> dict[str, object]:
    """Return a user; the subscriptions *first* stand first, in this order.

    The web SDK finds its own by position, so an answer repeats the order of the request.
    """
    rest = [row for row in belief.subscriptions_of(user) if row not in first]
    own = [row for row in first if belief.subscriptions.user[row] == user]
    return {
        "identity": render_identity(belief, user),
        "properties": render_properties(belief, user),
        "subscriptions": [render_subscription(belief, row) for row in [*own, *rest]],
    }
