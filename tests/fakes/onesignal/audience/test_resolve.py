"""Goal: a draft finds its targets whichever way it names them. Method: belief in, rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_fakes.onesignal.audience import estimate, resolve
from pushlab_fakes.onesignal.draft import NotificationDraft, Targeting, draft_notification
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.audience import Audience
    from pushlab_testing.onesignal import Api

ON = {"type": "AndroidPush", "enabled": True, "notification_types": 1}
OFF = {"type": "AndroidPush", "enabled": False, "notification_types": -2}
GOLD = {"field": "tag", "key": "level", "relation": "=", "value": "gold"}


def a_draft(**fields: object) -> NotificationDraft:
    """Return the draft of a body that is in order."""
    draft = draft_notification({"contents": {"en": "hi"}, **fields}, APP_ID)
    assert isinstance(draft, NotificationDraft)
    return draft


def tokens(api: Api, audience: Audience) -> list[str]:
    """Return the tokens of the targets."""
    return [api.belief.token(row) for row in audience.rows.tolist()]


def resolved(api: Api, **fields: object) -> list[str]:
    """Return the tokens of those whom a message with these fields reaches."""
    return tokens(api, resolve(api.belief, api.app, a_draft(**fields)))


@pytest.fixture
def api() -> Api:
    """Return OneSignal with two people: alice of level gold, with every channel, and bob."""
    made = an_api()
    subscriptions = [
        {**ON, "token": "phone"},
        {**OFF, "token": "silent phone"},
        {**ON, "type": "iOSPush", "token": "tablet"},
        {"type": "Email", "token": "alice@shop.test"},
        {"type": "SMS", "token": "+15555550100"},
    ]
    made.a_user("alice", subscriptions=subscriptions, properties={"tags": {"level": "gold"}})
    made.a_user("bob", subscriptions=[{**ON, "token": "bob's phone"}])
    return made


def test_a_draft_is_resolved_by_its_aliases_and_its_channel(api: Api) -> None:
    aliases = {"external_id": ["alice"]}

    push = resolved(api, include_aliases=aliases, target_channel="push")
    text = resolved(api, include_aliases=aliases, target_channel="sms")

    assert push == ["phone", "silent phone", "tablet"]
    assert text == ["+15555550100"]


def test_a_draft_is_resolved_by_ids_whatever_their_channel(api: Api) -> None:
    phone = api.belief.subscription_id(0)

    assert resolved(api, include_subscription_ids=[phone]) == ["phone"]


def test_platform_flags_narrow_a_draft(api: Api) -> None:
    aliases = {"external_id": ["alice"]}

    assert resolved(api, include_aliases=aliases, target_channel="push", isIos=True) == ["tablet"]
    assert resolved(api, included_segments=["All"], isIos=True) == ["tablet"]


@pytest.mark.parametrize(
    "said", [{"included_segments": ["Total Subscriptions"]}, {"included_segments": ["All"]}]
)
def test_segments_reach_only_who_is_subscribed_on_the_channel(
    api: Api, said: dict[str, object]
) -> None:
    assert resolved(api, **said) == ["phone", "tablet", "bob's phone"]
    assert resolved(api, **said, target_channel="sms") == ["+15555550100"]


def test_filters_reach_all_devices_of_a_user_that_fits(api: Api) -> None:
    audience = resolve(api.belief, api.app, a_draft(filters=[GOLD]))

    assert tokens(api, audience) == ["phone", "tablet"]
    assert audience.reachable_count == 2
    assert audience.errors == {}


def test_old_tags_are_read_as_filters(api: Api) -> None:
    old = [{"key": "level", "relation": "=", "value": "gold"}]

    assert resolved(api, tags=old) == ["phone", "tablet"]


def test_a_mail_for_everybody_reaches_unsubscribed_addresses_of_a_segment(api: Api) -> None:
    mail = {"email_subject": "Hi", "email_body": "<p>Hi</p>", "included_segments": ["All"]}
    off = {"type": "Email", "token": "off@shop.test", "enabled": False}
    api.a_user("carol", subscriptions=[off])

    assert resolved(api, **mail) == ["alice@shop.test"]
    assert resolved(api, **mail, include_unsubscribed=True) == ["alice@shop.test", "off@shop.test"]


def test_nobody_in_a_segment_is_an_empty_audience_without_errors(api: Api) -> None:
    audience = resolve(api.belief, api.app, a_draft(included_segments=["Nobody"]))

    assert len(audience.rows) == audience.reachable_count == 0
    assert audience.errors == {}


def test_an_estimate_is_narrowed_by_aliases_of_any_label(api: Api) -> None:
    bob = api.belief.user_id(1)

    def count(**aliases: tuple[str, ...]) -> int:
        targeting = Targeting("included_segments", "push", aliases=aliases, segments=("All",))
        return estimate(api.belief, api.app, NotificationDraft(APP_ID, targeting, {}))

    assert count() == 3
    assert count(external_id=("alice", "nobody")) == 2
    assert count(external_id=("alice",), onesignal_id=(bob,)) == 3
    assert count(external_id=("nobody",)) == 0
