"""Goal: "why" has a reason for every channel: verbs make the state, one changed fact changes it."""

from __future__ import annotations

import pytest

from pushlab.lab import Lab
from pushlab_testing.app import App


@pytest.fixture
def lab():
    with Lab(seed=3) as made:
        yield made


@pytest.fixture
def app(lab):
    return App(lab)


def rules(lab, notification, who):
    return [reason.rule for reason in lab.why(notification, who)]


# -- mail ----------------------------------------------------------------------------------------


def test_a_mail_that_arrived_is_delivered(lab, app):
    mailbox = lab.device("email", external_id="alice")

    sent = app.mail("alice")
    lab.advance(minutes=5)

    assert rules(lab, sent, mailbox) == ["delivered"]
    assert mailbox.inbox[0].subject == "Hello"


def test_a_closed_mailbox_bounces_and_an_open_one_does_not(lab, app):
    closed = lab.device("email", external_id="alice")
    held = lab.device("email", external_id="bob")
    closed.close()

    sent = app.mail("alice", "bob")
    lab.advance(days=4)

    assert rules(lab, sent, closed) == ["bounced"]
    assert rules(lab, sent, held) == ["delivered"]


def test_an_address_that_bounced_is_suppressed_and_one_that_did_not_is_mailed(lab, app):
    closed = lab.device("email", external_id="alice")
    held = lab.device("email", external_id="bob")
    closed.close()
    app.mail("alice", "bob")
    lab.advance(days=4)

    again = app.mail("alice", "bob")
    lab.advance(days=4)

    assert rules(lab, again, closed) == ["suppressed"]
    assert rules(lab, again, held) == ["delivered"]


def test_an_address_that_nobody_has_bounces_until_somebody_has_it(lab, app):
    early = app.notify(email_to=["new@example.com"], email_subject="Hi", email_body="<p>Hi</p>")
    lab.advance(days=4)
    mailbox = lab.device("email", address="old@example.com", fresh=True)
    other = app.notify(email_to=["old@example.com"], email_subject="Hi", email_body="<p>Hi</p>")
    lab.advance(minutes=5)

    [row] = lab.messages.find(early).fan_out.subscriptions.tolist()
    subscription = lab.onesignal.belief.subscription_id(row)
    assert rules(lab, early, subscription) == ["bounced"]
    assert rules(lab, other, mailbox) == ["delivered"]


def test_a_full_mailbox_bounces_for_now_and_an_emptied_one_takes_the_next_mail(lab, app):
    mailbox = lab.device("email", external_id="alice")
    mailbox.fill()

    sent = app.mail("alice")
    lab.advance(days=4)
    mailbox.empty()
    again = app.mail("alice")
    lab.advance(days=4)

    assert rules(lab, sent, mailbox) == ["soft-bounced"]
    assert rules(lab, again, mailbox) == ["delivered"]


def test_who_clicked_unsubscribe_is_skipped_and_who_did_not_is_mailed(lab, app):
    gone = lab.device("email", external_id="alice")
    stays = lab.device("email", external_id="bob")
    app.mail("alice", "bob")
    lab.advance(minutes=5)
    gone.click_unsubscribe()
    lab.advance(minutes=5)

    again = app.mail("alice", "bob")
    lab.advance(minutes=5)

    assert rules(lab, again, gone) == ["unsubscribed"]
    assert rules(lab, again, stays) == ["delivered"]


def test_who_complained_is_suppressed_even_from_mail_to_the_unsubscribed(lab, app):
    angry = lab.device("email", external_id="alice")
    gone = lab.device("email", external_id="bob")
    app.mail("alice", "bob")
    lab.advance(minutes=5)
    angry.mark_spam()
    gone.click_unsubscribe(one_click=True)
    lab.advance(minutes=5)

    again = app.mail("alice", "bob", include_unsubscribed=True)
    lab.advance(minutes=5)

    assert rules(lab, again, angry) == ["suppressed"]
    assert rules(lab, again, gone) == ["delivered"]


def test_a_mail_says_what_its_reader_did(lab, app):
    mailbox = lab.device("email", external_id="alice")
    sent = app.mail("alice")
    lab.advance(minutes=5)

    mailbox.open_mail()
    before = lab.why(sent, mailbox)[0].text
    mailbox.click_link()

    assert "opened it" in before
    assert "followed a link" not in before
    assert "followed a link" in lab.why(sent, mailbox)[0].text


# -- text messages -------------------------------------------------------------------------------


def test_who_replied_stop_is_stopped_at_the_next_message_until_start(lab, app):
    number = lab.device("sms", external_id="alice")
    first = app.text("alice")
    lab.advance(minutes=5)
    number.reply("STOP")
    lab.advance(minutes=5)

    second = app.text("alice")
    lab.advance(minutes=5)
    spare = lab.device("sms", external_id="alice")
    third = app.text("alice")
    lab.advance(minutes=5)

    assert rules(lab, first, number) == ["delivered"]
    assert rules(lab, second, number) == ["stopped"]
    assert rules(lab, third, number) == ["unsubscribed"]
    assert rules(lab, third, spare) == ["delivered"]


def test_who_replied_start_in_time_gets_the_next_message(lab, app):
    number = lab.device("sms", external_id="alice")
    app.text("alice")
    lab.advance(minutes=5)
    number.reply("STOP")
    number.reply("START")

    second = app.text("alice")
    lab.advance(minutes=5)

    assert rules(lab, second, number) == ["delivered"]


def test_a_number_that_stays_off_is_given_up_and_one_that_comes_back_is_not(lab, app):
    off = lab.device("sms", external_id="alice")
    back = lab.device("sms", external_id="bob")
    off.go_offline()
    back.go_offline()

    sent = app.text("alice", "bob")
    lab.advance(hours=1)
    waiting = rules(lab, sent, off)
    back.go_online()
    lab.advance(hours=11)

    assert waiting == ["offline"]
    assert rules(lab, sent, off) == ["undelivered"]
    assert rules(lab, sent, back) == ["delivered"]


# -- browsers ------------------------------------------------------------------------------------


def test_a_browser_that_was_never_allowed_has_no_permission_until_it_is(lab, app):
    lab.device("android", external_id="alice")
    browser = lab.device("web", fresh=True)
    browser.visit()
    browser.login("alice")
    lab.advance(minutes=1)

    before = app.send("alice")
    lab.advance(minutes=1)
    browser.prompt(answer="allow")
    lab.advance(minutes=1)
    after = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, before, browser) == ["no-permission"]
    assert rules(lab, after, browser) == ["delivered"]


def test_a_browser_that_dropped_its_endpoint_is_dead_and_one_that_kept_it_is_not(lab, app):
    cleared = lab.device("web", external_id="alice")
    kept = lab.device("web", external_id="alice", browser="firefox")
    held = cleared.subscription_id
    cleared.clear_cookies()

    sent = app.send("alice")
    lab.advance(minutes=1)

    assert rules(lab, sent, held) == ["dead-token"]
    assert rules(lab, sent, kept) == ["delivered"]


# -- who is chosen -------------------------------------------------------------------------------


def make_segment(app, name, *filters):
    answer = app.call("POST", f"/apps/{app.id}/segments", {"name": name, "filters": list(filters)})
    assert answer.status == 201, answer.body


def tag(app, name, **tags):
    body = {"properties": {"tags": tags}}
    assert app.call("PATCH", f"/apps/{app.id}/users/by/external_id/{name}", body).status == 202


QUIET = {"field": "tag", "key": "quiet", "relation": "=", "value": "yes"}


def test_a_member_of_an_excluded_segment_is_excluded_and_nobody_else(lab, app):
    quiet = lab.device("android", external_id="alice")
    loud = lab.device("android", external_id="bob")
    make_segment(app, "Quiet", QUIET)
    tag(app, "alice", quiet="yes")

    sent = app.notify(
        included_segments=["Subscribed Users"],
        excluded_segments=["Quiet"],
        contents={"en": "Hello"},
    )
    lab.advance(minutes=1)

    [reason] = lab.why(sent, quiet)
    assert reason.rule == "excluded-by-segment"
    assert "'Quiet'" in reason.text
    assert rules(lab, sent, loud) == ["delivered"]


def test_who_is_in_no_included_segment_hears_which_filter_says_no(lab, app):
    quiet = lab.device("android", external_id="alice")
    loud = lab.device("android", external_id="bob")
    make_segment(app, "Quiet", QUIET)
    tag(app, "alice", quiet="yes")

    sent = app.notify(included_segments=["Quiet"], contents={"en": "Hello"})
    lab.advance(minutes=1)

    [reason] = lab.why(sent, loud)
    assert reason.rule == "not-in-segment"
    assert "'Quiet'" in reason.text
    assert "quiet" in reason.text
    assert rules(lab, sent, quiet) == ["delivered"]


def test_a_filter_that_is_false_is_named_with_what_was_seen(lab, app):
    beginner = lab.device("android", external_id="alice")
    expert = lab.device("android", external_id="bob")
    tag(app, "alice", level="3", plan="pro")
    tag(app, "bob", level="30", plan="pro")

    sent = app.notify(
        filters=[
            {"field": "tag", "key": "plan", "relation": "=", "value": "pro"},
            {"field": "tag", "key": "level", "relation": ">", "value": "10"},
        ],
        contents={"en": "Hello"},
    )
    lab.advance(minutes=1)

    [reason] = lab.why(sent, beginner)
    assert reason.rule == "filter-false"
    assert "level" in reason.text
    assert "3" in reason.text
    assert "plan" not in reason.text
    assert rules(lab, sent, expert) == ["delivered"]


def test_a_push_goes_past_a_mailbox_and_a_mail_does_not(lab, app):
    lab.device("android", external_id="alice")
    mailbox = lab.device("email", external_id="alice")

    push, mail = app.send("alice"), app.mail("alice")
    lab.advance(minutes=5)

    assert rules(lab, push, mailbox) == ["other-channel"]
    assert rules(lab, mail, mailbox) == ["delivered"]


# -- how long a gateway keeps what it cannot deliver -----------------------------------------------

LONG_S = 20 * 86_400


@pytest.mark.parametrize(
    ("device", "setting"),
    [
        ({"platform": "android"}, {"fcm_ttl_max_s": 86_400}),
        ({"platform": "ios"}, {"apns_stored_days": 1}),
        ({"platform": "web"}, {"webpush_ttl_max_chrome_s": 86_400}),
        ({"platform": "web", "browser": "firefox"}, {"webpush_ttl_max_firefox_s": 86_400}),
        ({"platform": "web", "browser": "safari"}, {"webpush_ttl_max_safari_s": 86_400}),
    ],
)
def test_a_gateway_keeps_a_message_no_longer_than_its_own_cap(lab, app, device, setting):
    lab.change_settings(**setting)
    held = lab.device(**device, external_id="alice")
    held.go_offline()
    sent = app.send("alice", ttl=LONG_S)
    lab.advance(hours=23)

    [before] = lab.why(sent, held)
    lab.advance(hours=2)
    [after] = lab.why(sent, held)

    assert before.rule == "offline"
    assert before.text.endswith("keeps the message until 2026-01-02T00:00:00.000Z")
    assert after.rule == "expired"
    assert after.text.endswith("expired at 2026-01-02T00:00:00.000Z")


def test_mail_for_a_full_mailbox_and_a_text_for_a_handset_that_is_off_say_until_when(lab, app):
    mailbox = lab.device("email", external_id="alice")
    number = lab.device("sms", external_id="bob")
    lab.change_settings(smtp_queue_hours=5, sms_validity_s=3_600)
    mailbox.fill()
    number.go_offline()

    mail, text = app.mail("alice"), app.text("bob")
    lab.advance(minutes=30)

    assert "until 2026-01-01T05:00:00.000Z" in lab.why(mail, mailbox)[0].text
    assert "until 2026-01-01T01:00:00.000Z" in lab.why(text, number)[0].text


@pytest.mark.parametrize("platform", ["android", "ios", "web"])
def test_an_app_that_goes_while_its_device_is_offline_is_found_gone_when_it_is_back(
    lab, app, platform
):
    device = lab.device(platform, external_id="alice")
    device.go_offline()
    sent = app.send("alice")
    lab.advance(minutes=1)
    device.uninstall()

    [waiting] = lab.why(sent, device)
    device.go_online()
    lab.advance(minutes=1)
    [found] = lab.why(sent, device)

    assert waiting.rule == "offline"
    assert "no longer holds that token" in waiting.text
    assert found.rule == "app-gone"
    assert found.entries[-1].startswith("AppGone:")


def test_a_number_that_the_carrier_refuses_is_told_in_words_of_its_own(lab, app):
    number = lab.device("sms", external_id="alice")
    lab.fault("sms", status=400)

    sent = app.text("alice")
    lab.advance(minutes=1)

    [reason] = lab.why(sent, number)
    assert reason.rule == "refused"
    assert "token" not in reason.text


def test_a_mail_that_was_marked_as_spam_lies_in_no_inbox(lab, app):
    mailbox = lab.device("email", external_id="alice")
    sent = app.mail("alice")
    lab.advance(minutes=1)

    mailbox.mark_spam()

    assert lab.why(sent, mailbox)[0].text.startswith("it was delivered to the inbox; the person m")


def test_what_programs_did_with_a_mail_is_told_apart_from_its_reader(lab, app):
    mailbox = lab.device("email", external_id="alice")
    mailbox.switch_privacy_proxy(on=True)
    mailbox.switch_link_scanner(on=True)
    sent = app.mail("alice")
    lab.advance(hours=1)
    before = lab.why(sent, mailbox)[0].text

    mailbox.click_link()

    assert before == (
        "it lies in the inbox; a proxy loaded its images, which its sender takes for an opening; a "
        "scanner followed its links"
    )
    assert lab.why(sent, mailbox)[0].text == (
        f"{before}; the person opened it, and its sender heard nothing of that; the person "
        "followed a link in it"
    )
