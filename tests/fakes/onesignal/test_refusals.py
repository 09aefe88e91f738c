"""Every refusal, byte for byte.

The bodies that somebody has seen at OneSignal are written out in full, blanks and all; of those
that are assumed only status and shape are claimed.
"""

from __future__ import annotations

import inspect

import pytest

from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal import refusals

SEEN: list[tuple[Answer, int, bytes]] = [
    (
        refusals.access_denied(),
        403,
        (
            b'{"errors":["Access denied.  Please include an \'Authorization: ...\' header with a '
            b'valid API key (https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys)."]}'
        ),
    ),
    (
        refusals.access_denied("2024"),
        403,
        (
            b'{"errors":["Access denied.  Please include an \'Authorization: ...\' header with a '
            b'valid API key (https://documentation.onesignal.com/docs/accounts-and-keys)."]}'
        ),
    ),
    (
        refusals.legacy_app_key_required(),
        400,
        (
            b'{"errors":["Please include a case-sensitive header of Authorization: Basic '
            b'<YOUR-REST-API-KEY-HERE> or Bearer token=\\"<YOUR-REST-API-KEY-HERE>\\" with a valid '
            b'REST API key."],"reference":["https://documentation.onesignal.com/docs/'
            b'accounts-and-keys#section-keys-ids"]}'
        ),
    ),
    (
        refusals.legacy_user_key_required(),
        400,
        (
            b'{"errors":["Please include a case-sensitive header of Authorization: Basic '
            b'<YOUR-USER-AUTH-KEY-HERE> with a valid User Auth key."],"reference":["https://'
            b'documentation.onesignal.com/docs/accounts-and-keys#section-user-auth-key"]}'
        ),
    ),
    (
        refusals.app_not_found(),
        400,
        (
            b'{"errors":["app_id not found. You may be missing a Content-Type: application/json '
            b'header."]}'
        ),
    ),
    (
        refusals.app_id_malformed(),
        400,
        (
            b'{"errors":["Request is malformed: Failed to parse app_id from request",'
            b'"Failed to parse app_id from request (app_id is present but malformed)"]}'
        ),
    ),
    (refusals.unknown_app("a"), 404, b'{"errors":"Couldn\'t find app with id = a"}'),
    (refusals.framework_not_found(), 404, b'{"status":404,"error":"Not Found"}'),
    (refusals.rate_limited(7), 429, b'{"errors":["API rate limit exceeded."]}'),
    (
        refusals.rate_limited(1, "150"),
        429,
        b'{"errors":["API rate limit exceeded."],"limit":"150"}',
    ),
    (refusals.service_unavailable(), 503, b'{"errors":["Service temporarily unavailable"]}'),
    (
        refusals.no_targets(),
        400,
        (
            b'{"errors":["You must include which players, segments, or tags you wish to send this '
            b'notification to."]}'
        ),
    ),
    (
        refusals.nobody_subscribed(),
        200,
        b'{"id":"","errors":["All included players are not subscribed"]}',
    ),
    (
        refusals.nobody_subscribed(recipients=True),
        200,
        b'{"id":"","recipients":0,"errors":["All included players are not subscribed"]}',
    ),
    (
        refusals.nobody_reachable({"invalid_aliases": {"external_id": ["7", "7"]}}),
        200,
        b'{"id":"","errors":{"invalid_aliases":{"external_id":["7","7"]}}}',
    ),
    (
        refusals.nobody_reachable({"invalid_player_ids": ["p"]}, recipients=True),
        200,
        b'{"id":"","recipients":0,"errors":{"invalid_player_ids":["p"]}}',
    ),
    (
        refusals.english_required(),
        400,
        b'{"errors":["Message Notifications must have English language content"]}',
    ),
    (
        refusals.english_required("2026"),
        400,
        b'{"errors":["Message Notifications must have Any/English language content"]}',
    ),
    (
        refusals.bad_player_ids(["86"]),
        400,
        b'{"errors":["Incorrect player_id format in include_player_ids (not a valid UUID): 86"]}',
    ),
    (
        refusals.bad_player_ids(["b767", "d269"]),
        400,
        (
            b'{"errors":["Incorrect player_id format in include_player_ids (not a valid UUID): '
            b'[\\"b767\\", \\"d269\\"]"]}'
        ),
    ),
    (
        refusals.bad_player_ids(["86"], "include_subscription_ids"),
        400,
        (
            b'{"errors":["Incorrect subscription_id format in include_subscription_ids '
            b'(not a valid UUID): 86"]}'
        ),
    ),
    (
        refusals.bad_strings("include_external_user_ids"),
        400,
        b'{"errors":["include_external_user_ids must be an array of non empty strings"]}',
    ),
    (
        refusals.bad_strings("include_aliases.external_id"),
        400,
        b'{"errors":["alias_id\'s must be an array of non empty strings"]}',
    ),
    (
        refusals.bad_filter_fields(["user_id", "device_id"]),
        400,
        (
            b'{"errors":["Segment user_id is not a valid filter field.",'
            b'"Segment device_id is not a valid filter field."]}'
        ),
    ),
    (
        refusals.one_channel_only(),
        400,
        (
            b'{"errors":["Platforms You may only send to one delivery channel at a time. Make sure '
            b'you are only including one of push platforms, Email, or SMS."]}'
        ),
    ),
    (
        refusals.target_channel_required(),
        400,
        b'{"errors":["Message Notifications must have At Least One Target Channel"]}',
    ),
    (
        refusals.mail_field_required("email_subject"),
        400,
        b'{"errors":["email_subject is required for email messages."]}',
    ),
    (
        refusals.unsubscribe_token_invalid(),
        400,
        b'{"errors":["Invalid unsubscribe token"]}',
    ),
    (
        refusals.android_channel_unknown(),
        400,
        b'{"errors":["Could not find android_channel_id"]}',
    ),
    (
        refusals.scheduled_too_far(),
        400,
        b'{"errors":["Schedule Notifications may not be scheduled so far in the future"]}',
    ),
    (
        refusals.scheduled_in_past(),
        400,
        b'{"errors":["Schedule Notifications may not be scheduled in the past."]}',
    ),
    (refusals.notification_not_found(), 404, b'{"errors":["Notification not found"]}'),
    (refusals.notification_not_found(400), 400, b'{"errors":["Notification not found"]}'),
    (
        refusals.not_cancelable(),
        400,
        b'{"errors":["Notification has already been sent to all recipients"]}',
    ),
    (refusals.app_name_required(), 400, b'{"errors":["Name Enter an app name"]}'),
    (refusals.segment_name_required(), 400, b'{"success":false,"errors":["name is required"]}'),
    (
        refusals.segment_exists(),
        409,
        b'{"success":false,"errors":["Segment with the given id already exists."]}',
    ),
    (refusals.segment_not_found(), 404, b'{"success":false}'),
    (refusals.player_not_found(), 400, b'{"errors":["No user with this id found"]}'),
    (
        refusals.identifier_invalid(),
        400,
        b'{"success":false,"errors":["[\\"Identifier invalid format.\\"]"]}',
    ),
    (
        refusals.tag_limit(10),
        400,
        b'{"success":false,"errors":["App is limited to a maximum of 10 tags on a given player"]}',
    ),
    (
        refusals.too_many_tag_updates(),
        400,
        b'{"success":false,"errors":["Please limit your tag updates to 100 per request"]}',
    ),
    (
        refusals.credentials_configured(["ios"]),
        409,
        (
            b'{"errors":["Push credentials are already configured for this platform. To replace '
            b"them, go to Settings > Push Platforms in the dashboard, or use an Organization API "
            b'key."],"platforms":["ios"]}'
        ),
    ),
    (
        refusals.web_push_not_configured(),
        200,
        b'{"success":false,"code":2,"description":"This app is not configured for web push."}',
    ),
    (
        refusals.event_user_missing("abc123", "e1"),
        202,
        (
            b'{"errors":[{"event_user_id":"abc123","event_id":"e1","error":{"code":"not found",'
            b'"title":"failed to find a onesignal_id for user_id abc123"}}]}'
        ),
    ),
    (
        refusals.alias_conflict({"external_id": "alice"}),
        409,
        (
            b'{"errors":[{"code":"user-2","title":"One or more Aliases claimed by another User",'
            b'"meta":{"external_id":"alice"}}]}'
        ),
    ),
    (
        refusals.alias_conflict({"external_id": "alice"}, nested=True),
        409,
        (
            b'{"errors":[{"code":"user-2","title":"One or more Aliases claimed by another User",'
            b'"meta":{"conflicting_aliases":{"external_id":"alice"}}}]}'
        ),
    ),
    (
        refusals.user_missing("u1"),
        404,
        b'{"errors":[{"title":"No aliases found for oneSignalID `u1`"}]}',
    ),
    (
        refusals.user_needs_identity(),
        400,
        (
            b'{"errors":[{"code":"user-3","title":"Creating a User requires at least one Alias or '
            b'Subscription"}]}'
        ),
    ),
    (
        refusals.subscription_9(),
        400,
        (
            b'{"errors":[{"code":"subscription-9","title":"Subscription can\'t change '
            b'notification_types to zero or negative integer while enabled"}]}'
        ),
    ),
    (
        refusals.subscription_limit(20),
        409,
        (
            b'{"errors":[{"code":"subscription-1","title":"Operation is not permitted due to user '
            b'having the maximum number of subscriptions assigned",'
            b'"meta":{"user_subscription_limit":20}}]}'
        ),
    ),
    (
        refusals.language_unsupported(),
        400,
        b'{"errors":[{"title":"The provided language value is not a supported ISO 639-1 value"}]}',
    ),
]

ASSUMED_TEXTS: list[tuple[Answer, int]] = [
    (refusals.app_disabled(), 400),
    (refusals.malformed_json(), 400),
    (refusals.plan_required("Segments", "free"), 403),
    (refusals.send_after_invalid("tomorrow"), 400),
    (refusals.mixed_targeting(["filters", "include_aliases"]), 400),
    (refusals.idempotency_key_invalid("k"), 400),
    (refusals.template_not_found("t"), 400),
    (refusals.too_many("filters", 200), 400),
    (refusals.value_too_large("data", 2_048, "bytes"), 400),
    (refusals.bad_value("url", "a string"), 400),
    (refusals.unbuilt("POST /players"), 501),
]

ASSUMED_OBJECTS: list[tuple[Answer, int]] = [
    (refusals.alias_missing("external_id", "alice"), 404),
    (refusals.alias_missing("onesignal_id", "u1"), 404),
    (refusals.alias_blocked("external_id", "1"), 400),
    (refusals.alias_undeletable("onesignal_id"), 400),
    (refusals.subscription_missing("s1"), 404),
    (refusals.owner_full(), 409),
    (refusals.user_tag_limit(10), 400),
    (refusals.user_too_many_tag_updates(), 400),
    (refusals.user_malformed_json(), 400),
    (refusals.user_bad_value("type", "a string"), 400),
    (refusals.event_user_missing("abc123"), 202),
]


@pytest.mark.parametrize(("answer", "status", "body"), SEEN)
def test_a_refusal_that_was_seen_is_the_same_to_the_byte(answer, status, body):
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(("answer", "status"), ASSUMED_TEXTS)
def test_an_assumed_refusal_has_the_shape_of_a_list_of_texts(answer, status):
    errors = answer.json()["errors"]

    assert answer.status == status
    assert all(isinstance(error, str) and error for error in errors)


@pytest.mark.parametrize(("answer", "status"), ASSUMED_OBJECTS)
def test_a_refusal_of_the_user_model_has_the_shape_of_a_list_of_objects(answer, status):
    errors = answer.json()["errors"]

    assert answer.status == status
    assert all(isinstance(error, dict) and error for error in errors)


def test_every_refusal_is_json_with_the_content_type_that_clients_decode_by():
    answers = [*(row[0] for row in SEEN), *(row[0] for row in (*ASSUMED_TEXTS, *ASSUMED_OBJECTS))]

    assert {answer.header("Content-Type") for answer in answers} == {
        "application/json; charset=utf-8"
    }


def test_a_rate_limit_says_when_to_come_back():
    assert refusals.rate_limited(30).header("Retry-After") == "30"


def test_what_is_not_built_is_named():
    answer = refusals.unbuilt("POST /apps/{app_id}/segments", "GET /templates")

    assert answer.body == (
        b'{"errors":["pushlab does not serve POST /apps/{app_id}/segments yet",'
        b'"pushlab does not serve GET /templates yet"]}'
    )


def test_every_refusal_says_where_it_is_from():
    """The docstring of each names its evidence: documented, observed, reported or assumed."""
    words = ("documented", "observed", "reported", "assumed", "pushlab", "errors")
    silent = [
        name
        for name in refusals.__all__
        if inspect.isfunction(found := getattr(refusals, name))
        and inspect.signature(found).return_annotation in ("Answer", Answer)
        and not any(word in (found.__doc__ or "").lower() for word in words)
    ]

    assert silent == []
