"""Random sends of a story: to whom, by what, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab_testing.reference.cast import PEOPLE, SENDERS, Cast, Dice, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["make_mail", "make_send", "make_sms"]

BODIES = (
    '<a href="https://shop.test/a">A</a> <a href="[unsubscribe_url]">Leave</a>',
    '<p>Hello</p><a href="mailto:us@shop.test">Write</a><a href="http://shop.test">B</a>',
    "Hello",
)
FILTERS: Sequence[Sequence[Mapping[str, object]]] = (
    ({"field": "tag", "key": "level", "relation": ">", "value": "2"},),
    (
        {"field": "tag", "key": "vip", "relation": "exists"},
        {"operator": "OR"},
        {"field": "language", "relation": "=", "value": "de"},
    ),
    ({"field": "tag", "key": "level", "relation": "not_exists"},),
    ({"field": "session_count", "relation": ">", "value": "0"},),
    ({"field": "last_session", "relation": "<", "hours_ago": "0.5"},),
    ({"field": "device_type", "relation": "=", "value": "Web Push (Browser)"},),
    ({"field": "amount_spent", "relation": ">", "value": "2"},),
    ({"field": "email", "value": "p1@example.com"},),
)
SEGMENTS = (
    "Total Subscriptions",
    "Active Subscriptions",
    "Inactive Subscriptions",
    "Engaged Subscriptions",
    "All Email Subscriptions",
    "No such segment",
)


def make_send(dice: Dice, cast: Cast, channel: str = "") -> Step:
    """Return a call of POST /notifications, without the app's id."""
    channel = channel or dice.pick(("push", "push", "push", "push", "email", "email", "sms"))
    body = _make_audience(dice, cast, channel)
    body |= {"push": _make_push, "email": make_mail, "sms": make_sms}[channel](dice)
    after_ms = dice.pick((1_000, 70_000)) if dice.below(6) == 0 else None
    key = dice.pick("xy") if dice.below(8) == 0 else None
    return ("send", body, after_ms, key)


def _make_audience(dice: Dice, cast: Cast, channel: str) -> dict[str, object]:
    kind = dice.below(8)
    if kind == 0:
        return {"filters": dice.pick(FILTERS), "target_channel": channel}
    if kind == 1:
        body: dict[str, object] = {"included_segments": dice.some(SEGMENTS)[:2]}
        if dice.below(3) == 0:
            body["excluded_segments"] = [dice.pick(SEGMENTS)]
        return {**body, "target_channel": channel}
    if kind < 7 and channel != "push":
        return _make_addresses(dice, cast, channel)
    names = dice.some(PEOPLE)
    if dice.below(4) == 0:
        names.append("stray")
    if cast.crowd and dice.below(3):
        first = dice.below(cast.crowd)
        names += [f"crowd-{number + 1:06d}" for number in range(first, cast.crowd)]
    return {
        "include_aliases": {"external_id": list(dict.fromkeys(names))},
        "target_channel": channel,
    }


def _make_addresses(dice: Dice, cast: Cast, channel: str) -> dict[str, object]:
    chosen = list(dict.fromkeys(dice.some(cast.list_addresses(channel))))
    if channel == "sms":
        return {"include_phone_numbers": chosen}
    if dice.below(4) == 0:
        chosen = [address.upper() for address in chosen]
    return {"email_to": chosen}


def _make_push(dice: Dice) -> dict[str, object]:
    fields: dict[str, object] = {"contents": {"en": "Hello"}}
    if dice.below(3) == 0:
        fields["ttl"] = dice.pick((0, 5, 600))
    if dice.below(4) == 0:
        fields["collapse_id"] = dice.pick(("news", "game", "talk"))
    if dice.below(3) == 0:
        fields["web_push_topic"] = dice.pick(("news", "game", "talk"))
    if dice.below(5) == 0:
        fields = {**fields, "contents": {}, "content_available": True}
    if dice.below(6) == 0:
        fields |= {"ios_badgeType": dice.pick(("SetTo", "Increase")), "ios_badgeCount": 3}
    if dice.below(30) == 0:
        fields["contents"] = {"en": "long " * 1_000}
    return fields


def make_mail(dice: Dice) -> dict[str, object]:
    """Return the fields of an e-mail."""
    fields: dict[str, object] = {"email_subject": "Hello", "email_body": dice.pick(BODIES)}
    if dice.below(4) == 0:
        fields["disable_email_click_tracking"] = True
    if dice.below(4) == 0:
        fields["include_unsubscribed"] = True
    if dice.below(4) == 0:
        fields["collapse_id"] = "news"
    if dice.below(20) == 0:
        fields["email_body"] = "long " * 1_000
    return fields


def make_sms(dice: Dice) -> dict[str, object]:
    """Return the fields of a text message."""
    fields: dict[str, object] = {"contents": {"en": "Hello"}}
    if dice.below(4):
        fields["sms_from"] = dice.pick(SENDERS)
    if dice.below(4) == 0:
        fields["collapse_id"] = "news"
    return fields
