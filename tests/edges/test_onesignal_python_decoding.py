"""Goal: OneSignal's own Python client reads what the fake answers.

Method: the unmodified client decodes rendered bodies; no socket is needed for that. The client
has weaknesses of its own (version 5.18), which stand here so that nobody looks for them elsewhere.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import onesignal
import pytest
from onesignal.exceptions import ApiException, ApiValueError
from onesignal.model.create_notification_success_response import CreateNotificationSuccessResponse
from onesignal.model.generic_error import GenericError
from onesignal.model.generic_success_bool_response import GenericSuccessBoolResponse
from onesignal.model.notification_slice import NotificationSlice
from onesignal.model.notification_with_meta import NotificationWithMeta
from onesignal.model.rate_limit_error import RateLimitError

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_fakes.onesignal.view import render_created, render_list, render_notification

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Answer


PHONE = "e4e87830-b954-4363-b7bc-1f01dbaee5c8"
TO_ALICE = {"include_aliases": {"external_id": ["alice"]}, "target_channel": "push"}
COUNTS = {"successful": 3, "failed": 1, "errored": 0, "converted": 1, "received": 2}

BODIES = [
    {**TO_ALICE, "contents": {"en": "Hello"}},
    {
        **TO_ALICE,
        "contents": {"en": "Hello", "de": "Hallo"},
        "headings": {"en": "Hi"},
        "subtitle": {"en": "Sub"},
        "data": {"a": [1, {"b": None}]},
        "custom_data": {"cart": [1]},
        "buttons": [{"id": "yes", "text": "Yes"}],
        "web_buttons": [{"id": "no"}],
        "ios_attachments": {"id": "https://shop.test/a.png"},
        "url": "https://shop.test/",
        "ttl": 60,
        "priority": 10,
        "collapse_id": "c",
        "name": "n",
        "isIos": True,
        "ios_badgeType": "SetTo",
        "ios_badgeCount": 2,
        "throttle_rate_per_minute": 60,
        "android_group_message": {"en": "$[notif_count] more"},
        "delayed_option": "timezone",
        "delivery_time_of_day": "9:00AM",
    },
    {**TO_ALICE, "content_available": True, "data": {"sync": True}},
    {"include_subscription_ids": [PHONE], "contents": {"en": "Hello"}},
    {"include_player_ids": [PHONE], "contents": {"en": "Hello"}},
    {"include_external_user_ids": ["alice"], "contents": {"en": "Hello"}},
    {"included_segments": ["All"], "excluded_segments": ["Old"], "contents": {"en": "Hello"}},
    {
        "filters": [{"field": "country", "relation": "=", "value": "DE"}],
        "contents": {"en": "Hello"},
    },
    {"email_to": ["a@shop.test"], "email_subject": "Hi", "email_body": "<p>Hi</p>"},
    {
        **TO_ALICE,
        "target_channel": "email",
        "email_subject": "Hi",
        "email_body": "<p>Hi</p>",
        "email_preheader": "Today",
        "email_from_name": "Shop",
        "email_from_address": "news@shop.test",
        "email_reply_to_address": "help@shop.test",
        "email_sender_domain": "shop.test",
        "email_bcc": ["archive@shop.test"],
        "disable_email_click_tracking": True,
        "include_unsubscribed": True,
    },
    {
        "include_phone_numbers": ["+12025550111"],
        "contents": {"en": "Hello"},
        "sms_from": "+12025550100",
        "sms_media_urls": ["https://shop.test/a.png"],
    },
]


def decode(body, model):
    """Decode *body* the way the client decodes an answer."""
    client = onesignal.ApiClient(onesignal.Configuration())
    return client.deserialize(SimpleNamespace(data=msgspec.json.encode(body)), (model,), True)


def view(fields, **changes):
    draft = draft_notification({"app_id": "app", **fields}, "app")
    assert isinstance(draft, NotificationDraft), draft
    given = {
        "id": "message",
        "queued_at_ms": 1_557_946_677_999,
        "send_after_ms": None,
        "completed_at_ms": None,
        "canceled": False,
        "statistics": {**COUNTS, "remaining": 4},
        "platform_delivery_stats": {"ios": COUNTS, "chrome_web_push": COUNTS},
        **changes,
    }
    return render_notification(draft, **given)


@pytest.mark.parametrize("fields", BODIES)
def test_the_client_reads_a_notification(fields):
    read = decode(view(fields), NotificationWithMeta)

    assert read.id == "message"
    assert (read.successful, read.failed, read.remaining) == (3, 1, 4)
    assert read.queued_at == 1_557_946_677
    assert read.completed_at is None
    assert read.canceled is False
    assert read.to_dict()["platform_delivery_stats"]["ios"] == COUNTS


def test_the_client_reads_the_counts_of_mails_and_text_messages():
    stats = {"email": {**COUNTS, "opened": 2}, "sms": {**COUNTS, "provider_failed": 1}}

    read = decode(view(BODIES[0], platform_delivery_stats=stats), NotificationWithMeta)

    assert read.to_dict()["platform_delivery_stats"] == stats


def test_the_client_reads_a_list():
    body = render_list([view(fields) for fields in BODIES], total=11, offset=0, limit=50)

    read = decode(body, NotificationSlice)

    assert read.total_count == 11
    assert [each.id for each in read.notifications] == ["message"] * 11


@pytest.mark.parametrize("fields", BODIES)
def test_the_client_raises_on_the_raw_profile(fields):
    body = view(fields, profile="raw")

    with pytest.raises(ApiValueError):
        decode(body, NotificationWithMeta)


@pytest.mark.parametrize("name", ["platform_delivery_stats", "include_aliases"])
def test_the_client_cannot_show_two_fields_by_attribute_whatever_they_hold(name):
    """It compares its own two copies of the value and finds them different; to_dict() works."""
    read = decode(view(BODIES[0]), NotificationWithMeta)

    with pytest.raises(ApiValueError):
        read.get(name)


@pytest.mark.parametrize(
    ("answer", "id", "errors"),
    [
        (render_created("m"), "m", None),
        (
            render_created("m", errors={"invalid_aliases": {"external_id": ["7"]}}),
            "m",
            {"invalid_aliases": {"external_id": ["7"]}},
        ),
        (refusals.nobody_subscribed(), "", ["All included players are not subscribed"]),
        (
            refusals.nobody_reachable({"invalid_player_ids": [PHONE]}, recipients=True),
            "",
            {"invalid_player_ids": [PHONE]},
        ),
    ],
)
def test_the_client_reads_every_result_of_a_send(answer: Answer, id, errors):
    read = decode(answer.json(), CreateNotificationSuccessResponse)

    assert read.id == id
    assert read.get("errors") == errors


@pytest.mark.parametrize(
    "answer",
    [
        refusals.no_targets(),
        refusals.english_required(),
        refusals.access_denied(),
        refusals.unknown_app("a"),
        refusals.alias_conflict({"external_id": "alice"}),
        refusals.notification_not_found(),
        refusals.unbuilt("POST /players"),
    ],
)
def test_the_client_reads_every_shape_of_a_refusal(answer: Answer):
    errors = decode(answer.json(), GenericError).get("errors")

    assert errors == answer.json()["errors"]  # type: ignore[index]


def test_the_client_reads_a_rate_limit():
    answer = refusals.rate_limited(1, "150")

    assert decode(answer.json(), RateLimitError).get("limit") == "150"


def test_the_client_reads_that_a_message_was_canceled():
    assert decode({"success": True}, GenericSuccessBoolResponse).success is True


def test_a_text_where_the_client_wants_a_truth_value_is_an_error():
    with pytest.raises((ApiException, TypeError)):
        decode({"success": "true"}, GenericSuccessBoolResponse)
