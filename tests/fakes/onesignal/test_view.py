"""How a notification reads, in both profiles.

That OneSignal's Python client can decode the default profile, and cannot decode the other, is
shown beside the other clients, in the tests of the edges.
"""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_fakes.onesignal.view import render_created, render_list, render_notification

QUEUED_AT_MS = 1_557_946_677_999
COUNTS = {"successful": 3, "failed": 1, "errored": 2, "converted": 1, "received": 2}

RECORDED_UNSET = {
    "adm_big_picture": "",
    "android_group_message": {"en": ""},
    "android_visibility": 1,
    "apns_alert": None,
    "app_url": None,
    "channel_for_external_user_ids": "push",
    "content_available": False,
    "delayed_option": "immediate",
    "excluded_segments": None,
    "filters": None,
    "include_external_user_ids": None,
    "include_player_ids": None,
    "ios_badgeCount": 1,
    "ios_badgeType": "None",
    "ios_sound": "",
    "isAdm": True,
    "isEdge": None,
    "isWP": False,
    "priority": 5,
    "tags": None,
    "template_id": None,
    "thread_id": None,
    "ttl": None,
    "web_buttons": None,
    "web_push_topic": None,
    "web_url": None,
}
"""Part of what a recorded answer shows for what was never sent."""


def a_draft(**fields) -> NotificationDraft:
    draft = draft_notification(
        {
            "include_aliases": {"external_id": ["alice"]},
            "target_channel": "push",
            "contents": {"en": "Hello"},
            **fields,
        },
        "app",
    )
    assert isinstance(draft, NotificationDraft), draft
    return draft


def view(draft, **changes):
    given = {
        "id": "message",
        "queued_at_ms": QUEUED_AT_MS,
        "send_after_ms": None,
        "completed_at_ms": None,
        "canceled": False,
        "statistics": {**COUNTS, "remaining": 4},
        "platform_delivery_stats": {"ios": COUNTS},
        **changes,
    }
    return render_notification(draft, **given)


def test_the_fields_of_the_request_are_repeated():
    body = view(
        a_draft(
            headings={"en": "Hi"},
            data={"a": 1},
            url="https://shop.test/",
            ttl="60",
            priority=10,
            collapse_id="c",
            name="welcome",
            ios_badgeType="Increase",
            ios_badgeCount=2,
            big_picture="https://shop.test/a.png",
        )
    )

    assert body["contents"] == {"en": "Hello"}
    assert body["headings"] == {"en": "Hi"}
    assert body["data"] == {"a": 1}
    assert body["url"] == "https://shop.test/"
    assert (body["ttl"], body["priority"], body["collapse_id"]) == (60, 10, "c")
    assert (body["ios_badgeType"], body["ios_badgeCount"]) == ("Increase", 2)
    assert body["include_aliases"] == {"external_id": ["alice"]}
    assert body["big_picture"] == "https://shop.test/a.png"
    assert body["name"] == "welcome"


def test_a_mail_shows_its_fields_and_no_platform():
    mail = {"email_subject": "Sale", "email_body": "<p>Hi</p>", "email_preheader": "Today"}
    tracking = {"disable_email_click_tracking": True, "include_unsubscribed": True}

    body = view(a_draft(target_channel="email", contents=None, **mail, **tracking))

    assert body.items() >= (mail | tracking).items()
    assert body["isEmail"] is True
    assert body["contents"] == {}
    assert not any(body[name] for name in ("isIos", "isAndroid", "isChromeWeb", "isAdm"))


def test_a_text_message_shows_its_fields_and_no_platform():
    sms = {"sms_from": "+12025550100", "sms_media_urls": ["https://shop.test/a.png"]}

    body = view(a_draft(target_channel="sms", **sms))

    assert body.items() >= sms.items()
    assert body["isSMS"] is True
    assert body["isIos"] is False


@pytest.mark.parametrize("profile", ["omit", "raw"])
def test_counts_of_one_channel_are_shown_for_it(profile):
    stats = {"email": {**COUNTS, "opened": 3, "bounced": 1}, "sms": {"provider_failed": 2}}

    shown = view(a_draft(), platform_delivery_stats=stats, profile=profile)

    platforms = shown["platform_delivery_stats"]
    assert (platforms["email"]["opened"], platforms["email"]["bounced"]) == (3, 1)
    assert platforms["email"]["successful"] == 3
    assert platforms["sms"]["provider_failed"] == 2


def test_what_the_api_does_not_know_is_not_repeated():
    assert "secret" not in view(a_draft(secret="s"))


def test_statistics_are_whole_counts_and_seconds():
    body = view(a_draft(), completed_at_ms=QUEUED_AT_MS + 2_500)

    assert {name: body[name] for name in (*COUNTS, "remaining")} == {**COUNTS, "remaining": 4}
    assert body["queued_at"] == 1_557_946_677
    assert body["completed_at"] == 1_557_946_680
    assert body["canceled"] is False
    assert body["id"] == "message"
    assert body["app_id"] == "app"


def test_a_missing_count_is_zero():
    assert view(a_draft(), statistics={})["remaining"] == 0


def test_a_message_that_is_not_done_has_no_end():
    assert view(a_draft())["completed_at"] is None


def test_a_scheduled_message_says_when():
    assert view(a_draft(), send_after_ms=1_557_950_000_000)["send_after"] == 1_557_950_000


def test_a_message_sent_at_once_begins_when_it_was_queued_or_in_that_minute():
    assert view(a_draft())["send_after"] == 1_557_946_677
    assert view(a_draft(), profile="raw")["send_after"] == 1_557_946_620


def test_confirmed_delivery_is_hidden_from_small_plans():
    hidden = view(a_draft(), received_visible=False)
    recorded = view(a_draft(), received_visible=False, profile="raw")

    assert hidden["received"] == 0
    assert hidden["platform_delivery_stats"]["ios"]["received"] == 0
    assert recorded["received"] is None


def test_each_platform_has_its_counts():
    platforms = {"android": {"successful": 1}, "email": {"successful": 2, "opened": 1}}

    body = view(a_draft(), platform_delivery_stats=platforms)

    assert body["platform_delivery_stats"] == {
        "android": {"successful": 1, "failed": 0, "errored": 0, "converted": 0, "received": 0},
        "email": {
            "successful": 2,
            "failed": 0,
            "errored": 0,
            "converted": 0,
            "received": 0,
            "opened": 1,
        },
    }


def test_the_raw_profile_shows_the_three_counts_that_were_recorded():
    assert view(a_draft(), profile="raw")["platform_delivery_stats"] == {
        "ios": {"successful": 3, "failed": 1, "errored": 2}
    }


@pytest.mark.parametrize("name", list(RECORDED_UNSET))
def test_what_was_not_sent_reads_in_the_raw_profile_as_it_was_recorded(name):
    assert view(a_draft(), profile="raw")[name] == RECORDED_UNSET[name]


def test_the_default_profile_leaves_out_what_clients_cannot_decode():
    draft = a_draft(throttle_rate_per_minute=60, android_group_message={"en": "more"})

    omitted, raw = view(draft), view(draft, profile="raw")

    assert "throttle_rate_per_minute" not in omitted
    assert "android_group_message" not in omitted
    assert raw["throttle_rate_per_minute"] == 60
    assert raw["android_group_message"] == {"en": "more"}


def test_segments_are_null_only_in_the_raw_profile():
    assert "included_segments" not in view(a_draft())
    assert view(a_draft(), profile="raw")["included_segments"] is None


def test_filters_are_repeated_only_in_the_raw_profile():
    filters = [{"field": "country", "relation": "=", "value": "DE"}]
    draft = draft_notification({"filters": filters, "contents": {"en": "Hello"}}, "app")
    assert isinstance(draft, NotificationDraft)

    assert "filters" not in view(draft)
    assert view(draft, profile="raw")["filters"] == filters


def test_one_platform_flag_turns_the_others_off():
    body = view(a_draft(isIos=True))

    assert body["isIos"] is True
    assert body["isAndroid"] is False
    assert body["isEdge"] is None


def test_without_flags_every_platform_is_on():
    body = view(a_draft())

    assert (body["isIos"], body["isAndroid"], body["isChromeWeb"]) == (True, True, True)


def test_a_flag_that_is_false_turns_off_itself_alone():
    body = view(a_draft(isIos=False))

    assert (body["isIos"], body["isAndroid"]) == (False, True)


def test_outcomes_are_shown_when_they_are_asked_for():
    outcome = {"id": "os__click", "value": 4, "aggregation": "count"}

    assert "outcomes" not in view(a_draft())
    assert view(a_draft(), outcomes=[outcome])["outcomes"] == [outcome]


def test_a_view_is_the_readers_own():
    draft = a_draft(data={"a": {"b": 1}})
    first = view(draft, profile="raw")
    first["adm_group_message"]["en"] = first["data"]["a"]["b"] = "changed"

    second = view(draft, profile="raw")

    assert second["adm_group_message"] == {"en": ""}
    assert second["data"] == {"a": {"b": 1}}


def test_keys_stand_in_order():
    assert list(view(a_draft())) == sorted(view(a_draft()))


def test_a_list_counts_all_and_shows_some():
    body = render_list([view(a_draft())], total=7, offset=0, limit=1)

    assert list(body) == ["total_count", "offset", "limit", "notifications"]
    assert (body["total_count"], body["offset"], body["limit"]) == (7, 0, 1)


def test_a_list_by_time_carries_the_cursors():
    body = render_list([], total=0, offset=0, limit=50, time_offset="a", next_time_offset="b")

    assert (body["time_offset"], body["next_time_offset"]) == ("a", "b")


@pytest.mark.parametrize(
    ("extras", "body"),
    [
        ({}, b'{"id":"m","external_id":null}'),
        ({"external_id": "k"}, b'{"id":"m","external_id":"k"}'),
        (
            {"errors": {"invalid_aliases": {"external_id": ["7", "7"]}}},
            b'{"id":"m","external_id":null,"errors":{"invalid_aliases":{"external_id":["7","7"]}}}',
        ),
        ({"recipients": 3}, b'{"id":"m","recipients":3,"external_id":null}'),
    ],
)
def test_a_message_that_was_made_answers_with_its_id(extras, body):
    answer = render_created("m", **extras)

    assert (answer.status, answer.body) == (200, body)
    assert answer.header("Idempotent-Replayed") is None


def test_a_repeated_answer_says_so_in_a_header():
    assert render_created("m", replayed=True).header("Idempotent-Replayed") == "true"
