"""The e-mail in a POST /notifications: what is required, what fits, what each field becomes."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_fakes.onesignal.draft.mail import NO_MAIL


def draft(**changes):
    body = {
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "email",
        "email_subject": "Sale",
        "email_body": "<p>All of it.</p>",
        **changes,
    }
    return draft_notification({k: v for k, v in body.items() if v is not None}, "app")


def mail_of(**changes):
    made = draft(**changes)
    assert isinstance(made, NotificationDraft), made
    return made.mail


def test_a_mail_has_every_field_that_was_sent():
    mail = mail_of(
        email_preheader="Today only",
        email_from_name="Shop",
        email_from_address="news@shop.test",
        email_reply_to_address="help@shop.test",
        email_sender_domain="mail.shop.test",
        email_bcc=["archive@shop.test"],
        disable_email_click_tracking=True,
        include_unsubscribed=True,
    )

    assert (mail.subject, mail.body, mail.preheader) == ("Sale", "<p>All of it.</p>", "Today only")
    assert (mail.from_name, mail.from_address) == ("Shop", "news@shop.test")
    assert (mail.reply_to, mail.sender_domain) == ("help@shop.test", "mail.shop.test")
    assert mail.bcc == ("archive@shop.test",)
    assert not mail.clicks_tracked
    assert mail.include_unsubscribed


def test_a_mail_counts_clicks_and_spares_the_unsubscribed_unless_told_otherwise():
    mail = mail_of()

    assert mail.clicks_tracked
    assert not mail.include_unsubscribed


@pytest.mark.parametrize("field", ["email_subject", "email_body"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_subject_and_body_are_required(field, nothing):
    assert draft(**{field: nothing}) == refusals.mail_field_required(field)


def test_a_subject_of_line_breaks_is_none():
    assert draft(email_subject="\r\n") == refusals.mail_field_required("email_subject")


def test_a_template_stands_for_subject_and_body():
    mail = mail_of(email_subject=None, email_body=None, template_id="t")

    assert (mail.subject, mail.body) == ("", "")


def test_a_line_break_cannot_start_another_header():
    assert mail_of(email_subject="Sale\r\nBcc: x@y.test").subject == "Sale Bcc: x@y.test"


@pytest.mark.parametrize("field", ["email_from_address", "email_reply_to_address"])
@pytest.mark.parametrize("address", ["shop", "a@b@c", "Shop <a@b.test>", "a b@c.test"])
def test_what_is_no_address_is_refused(field, address):
    assert draft(**{field: address}) == refusals.bad_value(field, "an e-mail address")


def test_a_mail_has_at_most_five_copies():
    addresses = [f"a{number}@shop.test" for number in range(6)]

    assert len(mail_of(email_bcc=addresses[:5]).bcc) == 5
    assert draft(email_bcc=addresses) == refusals.too_many("email_bcc", 5)
    assert draft(email_bcc=["shop"]) == refusals.bad_value(
        "email_bcc", "an array of e-mail addresses"
    )


def test_custom_data_of_a_mail_may_be_larger():
    data = {"text": "x" * 9_000}

    assert isinstance(draft(custom_data=data), NotificationDraft)
    assert draft(custom_data={"text": "x" * 10_000}) == refusals.value_too_large(
        "custom_data", 10_000, "bytes"
    )


def test_a_push_reads_no_mail():
    made = draft(target_channel="push", contents={"en": "Hello"})

    assert isinstance(made, NotificationDraft)
    assert made.mail == NO_MAIL
