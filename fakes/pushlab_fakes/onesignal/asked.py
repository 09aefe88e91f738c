"""What a call asks of users and subscriptions, once ids and tokens are looked up.

A server's request and a device's SDK call become the same values, so there is one body for each
effect. Rows and routes of -1, and None, say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pushlab_fakes.onesignal import refusals

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer
    from pushlab_fakes.onesignal.bodies import Properties, SubscriptionDraft
    from pushlab_fakes.onesignal.model import Belief

__all__ = [
    "DETAIL_DEFAULTS",
    "SUBSCRIPTION_TEXTS",
    "PropertiesAsked",
    "SubscriptionAsked",
    "UserAsked",
    "ask_change",
    "ask_properties",
    "ask_subscription",
]

SUBSCRIPTION_TEXTS: Final = ("sdk", "device_model", "device_os", "app_version")
"""What a subscription says in columns of texts."""

DETAIL_DEFAULTS: Final[dict[str, object]] = {
    "rooted": False,
    "test_type": 0,
    "net_type": 0,
    "carrier": "",
    "web_auth": "",
    "web_p256": "",
}
"""What few subscriptions say, and what an answer shows for the others."""


@dataclass(slots=True)
class SubscriptionAsked:
    """A subscription that is asked for."""

    row: int = -1
    """The subscription that was named by its id."""
    type: int = -1
    route: int = -1
    token: str | None = None
    """May be empty: a device that has no token yet. Not needed beside a route."""
    enabled: bool | None = None
    notification_types: int | None = None
    texts: dict[str, str] = field(default_factory=dict)
    """By name of the column of texts."""
    details: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class PropertiesAsked:
    """Changes of a user's properties."""

    tags: dict[str, str | None] = field(default_factory=dict)
    """None takes a tag away."""
    texts: dict[str, str] = field(default_factory=dict)
    """By name of the column of texts: language, timezone, country."""
    profile: dict[str, object] = field(default_factory=dict)
    last_active_s: int | None = None

    def render(self) -> dict[str, object]:
        """Return the changes in the API's words, as an answer repeats them."""
        shown: dict[str, object] = {}
        if self.tags:
            shown["tags"] = {name: value or "" for name, value in self.tags.items()}
        for name, text in self.texts.items():
            shown["timezone_id" if name == "timezone" else name] = text
        return {**shown, **self.profile}


@dataclass(slots=True)
class UserAsked:
    """A user that is asked for, with subscriptions."""

    row: int = -1
    """The user that was named by its onesignal_id."""
    aliases: dict[str, str] = field(default_factory=dict)
    properties: PropertiesAsked = field(default_factory=PropertiesAsked)
    subscriptions: list[SubscriptionAsked] = field(default_factory=list)


def ask_properties(draft: Properties) -> PropertiesAsked:
    """Return the changes that *draft* asks for."""
    texts = {
        "language": draft.language,
        "timezone": draft.timezone_id,
        "country": draft.country,
    }
    profile = {"lat": draft.lat, "long": draft.long, "ip": draft.ip}
    return PropertiesAsked(
        dict(draft.tags),
        {name: text for name, text in texts.items() if text is not None},
        {name: value for name, value in profile.items() if value is not None},
        draft.last_active_s,
    )


def ask_subscription(
    belief: Belief, app: int, draft: SubscriptionDraft
) -> SubscriptionAsked | Answer:
    """Return what *draft* asks for, with the row of its id and the route of its token.

    An id that nobody has is passed over when the type is there: SDKs then take the id of the
    answer.
    """
    row = belief.find_subscription(app, draft.id) if draft.id else -1
    if draft.id and row < 0 and draft.type is None:
        return refusals.subscription_missing(draft.id)
    return ask_change(belief, draft, row)


def ask_change(belief: Belief, draft: SubscriptionDraft, row: int) -> SubscriptionAsked:
    """Return what *draft* asks of the subscription at *row*, -1 for one to be made or found."""
    asked = SubscriptionAsked(
        row=row,
        type=-1 if draft.channel is None else int(draft.channel),
        token=draft.token,
        enabled=draft.enabled,
        notification_types=draft.notification_types,
    )
    for name in SUBSCRIPTION_TEXTS:
        text = getattr(draft, name)
        if text is not None:
            asked.texts[name] = text
    for name in DETAIL_DEFAULTS:
        value = getattr(draft, name)
        if value is not None:
            asked.details[name] = value
    channel = asked.type if row < 0 else int(belief.subscriptions.type[row])
    if asked.token and channel >= 0:
        asked.route = belief.tokens.find_route(channel, asked.token)
    return asked
