"""Goal: a message is read as FCM reads it, and what is wrong with it is said in FCM's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.fcm.errors import Refusal
from pushlab_fakes.fcm.messages import SIZE_MAX, Draft, read_send

TO_ALL = {"topic": "news"}


def read(message: object, **options: Any) -> Draft | Refusal:
    """Read a send."""
    return read_send(json.dumps({"message": message, **options}).encode())


def read_well(message: object, **options: Any) -> Draft:
    """Read a send that is right."""
    draft = read(message, **options)
    assert isinstance(draft, Draft)
    return draft


@pytest.mark.parametrize(
    ("message", "words", "is_fcms"),
    [
        (None, "Request contains an invalid argument.", True),
        ({"data": {"a": "b"}}, "Recipient of the message is not set.", True),
        ({"token": ""}, "Recipient of the message is not set.", True),
        ({"token": "a:b", "topic": "news"}, "oneof field 'target' is already set", False),
        ({"topic": "a topic"}, "Topic name contains invalid characters.", True),
        ({"condition": "news"}, "Request contains an invalid argument.", False),
        (TO_ALL | {"data": {"from": ""}}, "Invalid data payload key: from", True),
        (TO_ALL | {"data": {"message_type": ""}}, "Invalid data payload key", True),
        (TO_ALL | {"android": {"data": {"gcm.x": ""}}}, "Invalid data payload key: gcm.x", True),
        (TO_ALL | {"data": {"a": "x" * SIZE_MAX}}, "Message is too large.", True),
        (TO_ALL | {"webpush": {"headers": {"TTL": "-1"}}}, "TTL must be a non-negative", True),
        (TO_ALL | {"android": {"ttl": "-1s"}}, "Invalid android ttl", True),
        (TO_ALL | {"android": {"ttl": "60"}}, "duration must end with 's'", False),
        (TO_ALL | {"android": {"ttl": 60}}, "duration must end with 's'", False),
        (TO_ALL | {"android": {"priority": "urgent"}}, "Invalid value at", False),
        (TO_ALL | {"nonsense": 1}, "Unknown name \"nonsense\" at 'message'", False),
        (TO_ALL | {"notification": {"data": {}}}, "at 'message.notification'", False),
        (TO_ALL | {"notification": "Hello"}, "Invalid value at 'message.notification'", False),
        (TO_ALL | {"notification": {"title": 5}}, "(TYPE_STRING), 5", False),
        (TO_ALL | {"data": {"a": 5}}, "'message.data[0].value' (TYPE_STRING), 5", False),
        (TO_ALL | {"data": ["a"]}, "Invalid value at 'message.data'", False),
        (TO_ALL | {"android": {"direct_boot_ok": "yes"}}, "(TYPE_BOOL)", False),
        (
            TO_ALL | {"android": {"notification": {"body_loc_args": [1]}}},
            "body_loc_args[0]",
            False,
        ),
        (TO_ALL | {"android": {"notification": {"body_loc_args": "a"}}}, "Invalid value", False),
        (TO_ALL | {"apns": {"payload": 1}}, "Invalid value at 'message.apns.payload'", False),
        (
            TO_ALL | {"webpush": {"fcm_options": {"link": "http://shop.test"}}},
            "Link must be an HTTPS URL",
            True,
        ),
        (TO_ALL | {"fcm_options": {"analytics_label": "a b"}}, "Invalid analytics label", True),
    ],
)
def test_what_is_wrong_is_said(message, words, is_fcms) -> None:
    refusal = read(message)

    assert isinstance(refusal, Refusal)
    assert words in refusal.message
    assert refusal.status == 400
    assert (refusal.error_code is not None) == is_fcms


def test_whole_numbers_and_truth_may_be_written_as_texts() -> None:
    shown = {"notification_count": "3", "sticky": "true", "local_only": "false"}

    draft = read_well(TO_ALL | {"android": {"notification": shown}})

    assert draft.payload["android"] == {
        "notification": {"notification_count": 3, "sticky": True, "local_only": False}
    }


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"[" * 5_000])
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    refusal = read_send(raw)

    assert isinstance(refusal, Refusal)
    assert refusal.error_code is None


def test_names_may_be_written_in_camel_case() -> None:
    draft = read_well(
        TO_ALL | {"android": {"collapseKey": "offers", "restrictedPackageName": "com.shop"}},
        validateOnly=True,
    )

    assert (draft.collapse_key, draft.package) == ("offers", "com.shop")
    assert draft.validate_only


def test_what_android_is_told_goes_first() -> None:
    draft = read_well(
        {
            "token": "a:b",
            "notification": {"title": "All", "body": "All"},
            "data": {"a": "1", "b": "1"},
            "android": {
                "priority": "high",
                "ttl": "1.5s",
                "data": {"b": "2"},
                "notification": {"title": "Android", "tag": "offer", "vibrate_timings": ["1s"]},
            },
        }
    )

    assert (draft.title, draft.body, draft.tag) == ("Android", "All", "offer")
    assert draft.data == {"b": "2"}
    assert (draft.ttl_s, draft.is_urgent) == (2, True)


def test_what_is_null_is_not_there() -> None:
    draft = read_well(TO_ALL | {"notification": None, "token": None})

    assert not draft.is_visible
    assert draft.ttl_s == 2_419_200


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["message", "token", "android", "ttl", "data", "a"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    assert isinstance(read_send(json.dumps(value).encode()), (Draft, Refusal))
