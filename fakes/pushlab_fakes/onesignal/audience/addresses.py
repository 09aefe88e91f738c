"""Targets that a request names by address: mail, number, or the raw token of a gateway.

Mirrored: OneSignal API reference, Create message: an address that the app does not know yet gets
a user and a subscription of its own, and then the message. What the answer calls the addresses
that nothing can be sent to is assumed by analogy with ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from pushlab.gateway import Channel
from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal.asked import SubscriptionAsked, UserAsked
from pushlab_fakes.onesignal.audience.found import Audience

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushlab_fakes.onesignal.audience.found import Reach
    from pushlab_fakes.onesignal.changes import Changes, Journal
    from pushlab_fakes.onesignal.draft import NotificationDraft, Targeting
    from pushlab_fakes.onesignal.model import Belief

__all__ = ["admit_addresses", "resolve_addresses"]

TOKEN_CHANNELS: Final[Mapping[str, Channel]] = {
    "include_ios_tokens": Channel.IOS,
    "include_android_reg_ids": Channel.ANDROID,
    "include_chrome_reg_ids": Channel.CHROME_EXTENSION,
    "include_chrome_web_reg_ids": Channel.CHROME_WEB,
    "include_amazon_reg_ids": Channel.AMAZON,
    "include_wp_wns_uris": Channel.WINDOWS,
}
FORMS: Final = {
    Channel.EMAIL: re.compile(r"[^@\s]+@[^@\s]+"),
    Channel.SMS: re.compile(r"\+[1-9][0-9]{1,14}"),
    Channel.IOS: re.compile(r"[0-9A-Za-z]+"),
}
"""What an address looks like: a number is E.164, a token of iOS alphanumeric."""


def admit_addresses(
    belief: Belief, changes: Changes, app: int, draft: NotificationDraft, journal: Journal
) -> None:
    """Give a user and a subscription to each address of *draft* that the app does not know."""
    for channel, _, address in _list_addresses(draft.targeting):
        if channel == Channel.SMS and not belief.settings.unknown_numbers_created:
            continue
        if not _is_well_formed(channel, address):
            continue
        route = belief.tokens.find_route(channel, address)
        if belief.tokens.find(app, channel, route, address) < 0:
            asked = SubscriptionAsked(type=int(channel), route=route, token=address)
            done = changes.register(app, UserAsked(subscriptions=[asked]), journal)
            assert not isinstance(done, Answer), "an address of a good form is never refused"


def resolve_addresses(belief: Belief, app: int, targeting: Targeting, reach: Reach) -> Audience:
    """Return the subscriptions with the addresses that *targeting* names.

    Addresses that are unknown (of a wrong form, then) or unsubscribed stand in the errors.
    """
    found: list[int] = []
    invalid: dict[str, list[str]] = {}
    for channel, name, address in _list_addresses(targeting):
        route = belief.tokens.find_route(channel, address)
        row = belief.tokens.find(app, channel, route, address)
        if row >= 0 and int(channel) in reach.kinds:
            found.append(row)
        if row < 0 or not reach.can_send(belief, np.array([row], np.int32))[0]:
            invalid.setdefault(f"invalid_{name}", []).append(address)
    rows = np.unique(np.array(found, np.int32))
    reachable_count = int(np.count_nonzero(reach.can_send(belief, rows)))
    return Audience(rows, reachable_count, errors=invalid)


def _list_addresses(targeting: Targeting) -> Iterator[tuple[Channel, str, str]]:
    """Yield the kind of each address, what errors call it, and the address, each once."""
    for email in dict.fromkeys(targeting.emails):
        yield Channel.EMAIL, "email_tokens", email
    for number in dict.fromkeys(targeting.phone_numbers):
        yield Channel.SMS, "phone_numbers", number
    for name, tokens in targeting.tokens.items():
        for token in dict.fromkeys(tokens):
            yield TOKEN_CHANNELS[name], name.removeprefix("include_"), token


def _is_well_formed(channel: Channel, address: str) -> bool:
    form = FORMS.get(channel)
    return form is None or form.fullmatch(address) is not None
