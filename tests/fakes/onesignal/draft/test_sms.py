"""The text message in a POST /notifications: its sender, its files, its text."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_fakes.onesignal.draft.sms import SmsFields


def draft(**changes):
    body = {
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "sms",
        "contents": {"en": "Hello"},
        **changes,
    }
    return draft_notification({k: v for k, v in body.items() if v is not None}, "app")


def sms_of(**changes):
    made = draft(**changes)
    assert isinstance(made, NotificationDraft), made
    return made.sms


def test_a_text_message_needs_no_field_of_its_own():
    assert sms_of() == SmsFields()


@pytest.mark.parametrize("sender", ["+12025550100", "MG0123456789abcdef0123456789ABCDEF"])
def test_a_number_or_a_messaging_service_sends(sender):
    assert sms_of(sms_from=sender).sender == sender


@pytest.mark.parametrize("sender", ["2025550100", "+0123", "+1 202 555 0100", "SHOP", "MG12"])
def test_another_sender_is_refused(sender):
    assert draft(sms_from=sender) == refusals.bad_value(
        "sms_from", "a phone number in E.164 format"
    )


def test_ten_files_may_be_attached():
    urls = [f"https://shop.test/{number}.png" for number in range(11)]

    assert sms_of(sms_media_urls=urls[:10]).media_urls == tuple(urls[:10])
    assert draft(sms_media_urls=urls) == refusals.too_many("sms_media_urls", 10)


def test_a_file_is_named_by_its_url():
    assert draft(sms_media_urls=["a.png"]) == refusals.bad_value(
        "sms_media_urls", "an array of URLs"
    )


def test_files_stand_for_the_text_but_not_for_its_english():
    media = ["https://shop.test/a.png"]

    assert sms_of(contents=None, sms_media_urls=media).media_urls == tuple(media)
    assert draft(contents={"de": "Hallo"}, sms_media_urls=media) == refusals.english_required()
    assert draft(contents=None) == refusals.english_required()
