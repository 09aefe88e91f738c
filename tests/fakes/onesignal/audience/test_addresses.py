"""Goal: addresses become subscriptions, unknown ones new ones. Method: belief in, rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_fakes.onesignal.audience import admit_addresses, resolve
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_testing.onesignal import APP_ID, an_api

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.audience import Audience
    from pushlab_testing.onesignal import Api

MAIL = {"email_subject": "Hi", "email_body": "<p>Hi</p>"}
TEXT = {"contents": {"en": "hi"}}
FIELDS = {"email_to": MAIL, "include_email_tokens": MAIL}


def resolved(api: Api, **fields: object) -> Audience:
    """Admit and resolve a message to these addresses."""
    body = {**FIELDS.get(next(iter(fields)), TEXT), **fields}
    draft = draft_notification(body, APP_ID)
    assert isinstance(draft, NotificationDraft), draft
    changes = api.service.changes
    admit_addresses(api.belief, changes, api.app, draft, changes.journal(["cause"]))
    return resolve(api.belief, api.app, draft)


def tokens(api: Api, audience: Audience) -> list[str]:
    """Return the addresses of the targets."""
    return [api.belief.token(row) for row in audience.rows.tolist()]


@pytest.mark.parametrize("field", ["email_to", "include_email_tokens"])
def test_an_address_that_is_known_is_found(field: str) -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{"type": "Email", "token": "alice@shop.test"}])

    audience = resolved(api, **{field: ["alice@shop.test", "alice@shop.test"]})

    assert tokens(api, audience) == ["alice@shop.test"]
    assert audience.reachable_count == 1
    assert len(api.belief.users) == 1


def test_an_address_that_is_unknown_gets_a_user_and_a_subscription() -> None:
    api = an_api()

    audience = resolved(api, email_to=["new@shop.test"])

    assert tokens(api, audience) == ["new@shop.test"]
    assert audience.reachable_count == 1
    assert audience.errors == {}
    (created,) = api.entries("SubscriptionCreated")
    assert created.fields["type"] == "Email"
    assert created.causes == ("cause",)
    assert len(api.entries("UserCreated")) == 1


def test_the_second_message_finds_what_the_first_one_made() -> None:
    api = an_api()
    first = resolved(api, email_to=["new@shop.test"])

    second = resolved(api, email_to=["new@shop.test"])

    assert first.rows.tolist() == second.rows.tolist()
    assert len(api.belief.users) == 1


def test_a_number_that_is_unknown_is_created() -> None:
    api = an_api()

    audience = resolved(api, include_phone_numbers=["+15555550100"])

    assert tokens(api, audience) == ["+15555550100"]
    assert api.entries("SubscriptionCreated")[0].fields["type"] == "SMS"


def test_a_number_that_is_unknown_is_named_where_that_is_the_setting() -> None:
    api = an_api(settings={"unknown_numbers_created": False})

    audience = resolved(api, include_phone_numbers=["+15555550100"])

    assert audience.errors == {"invalid_phone_numbers": ["+15555550100"]}
    assert len(audience.rows) == len(api.belief.users) == 0


@pytest.mark.parametrize("number", ["15555550100", "+0555", "+1 555", "+1234567890123456", "+"])
def test_a_number_that_is_not_e164_is_named_and_not_created(number: str) -> None:
    api = an_api()

    audience = resolved(api, include_phone_numbers=[number])

    assert audience.errors == {"invalid_phone_numbers": [number]}
    assert len(api.belief.users) == 0


@pytest.mark.parametrize("address", ["alice", "@shop.test", "a b@shop.test", "a@b@c"])
def test_an_address_of_no_form_is_named_and_not_created(address: str) -> None:
    api = an_api()

    audience = resolved(api, email_to=[address])

    assert audience.errors == {"invalid_email_tokens": [address]}
    assert len(api.belief.users) == 0


def test_an_address_that_unsubscribed_is_named_and_still_a_target() -> None:
    api = an_api()
    off = {"type": "Email", "token": "off@shop.test", "enabled": False}
    api.a_user("alice", subscriptions=[off])

    audience = resolved(api, email_to=["off@shop.test", "on@shop.test"])

    assert tokens(api, audience) == ["off@shop.test", "on@shop.test"]
    assert audience.reachable_count == 1
    assert audience.errors == {"invalid_email_tokens": ["off@shop.test"]}


def test_an_address_of_another_app_is_unknown_here() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{"type": "Email", "token": "alice@shop.test"}])
    other = api.belief.adopt_app("f0e1d2c3-0000-4000-8000-000000000000").row
    draft = draft_notification({"email_to": ["alice@shop.test"], **MAIL}, APP_ID)
    assert isinstance(draft, NotificationDraft)

    audience = resolve(api.belief, other, draft)

    assert audience.errors == {"invalid_email_tokens": ["alice@shop.test"]}


def test_raw_tokens_of_two_gateways_are_found_or_created() -> None:
    api = an_api()
    api.a_user("alice", subscriptions=[{"type": "AndroidPush", "token": "issued-1"}])

    audience = resolved(
        api, include_ios_tokens=["aa11"], include_android_reg_ids=["issued-1", "never"]
    )

    assert tokens(api, audience) == ["issued-1", "aa11", "never"]
    assert audience.reachable_count == 3
    assert [entry.fields["type"] for entry in api.entries("SubscriptionCreated")] == [
        "AndroidPush",
        "iOSPush",
        "AndroidPush",
    ]


def test_a_token_of_ios_is_alphanumeric() -> None:
    api = an_api()

    audience = resolved(api, include_ios_tokens=["not-one"])

    assert audience.errors == {"invalid_ios_tokens": ["not-one"]}
    assert len(audience.rows) == 0


def test_platform_flags_narrow_raw_tokens() -> None:
    api = an_api()

    audience = resolved(
        api, include_ios_tokens=["aa11"], include_android_reg_ids=["bb"], isIos=True
    )

    assert tokens(api, audience) == ["aa11"]
