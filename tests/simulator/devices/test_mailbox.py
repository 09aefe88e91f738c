"""Goal: the mailbox in a test's hand opens, clicks and complains, and the service hears of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pushlab.devices.mailbox import Mailbox
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.app import App

TWO_LINKS = (
    '<a href="https://shop.test/a">First</a> <a href="https://shop.test/b">Second</a> '
    '<a href="mailto:help@shop.test">Help</a> <a href="[unsubscribe_url]">out</a>'
)


def a_mail(**fields: object) -> tuple[Lab, App, Mailbox, str]:
    lab = Lab()
    mailbox = lab.device("email", external_id="alice")
    app = App(lab)
    sent = app.mail("alice", **fields)
    lab.advance(minutes=1)
    return lab, app, mailbox, sent


def counts(app: App, sent: str, *names: str) -> list[int]:
    shown = app.view(sent)["platform_delivery_stats"]["email"]
    return [shown[name] for name in names]


# --- mails -----------------------------------------------------------------------------------


def test_opening_a_mail_is_counted_once_and_every_time() -> None:
    _, app, mailbox, sent = a_mail()

    mailbox.open_mail()
    mailbox.open_mail()

    assert mailbox.inbox[0].opened
    assert counts(app, sent, "opened", "unique_opens") == [2, 1]


def test_opening_a_mail_without_images_is_not_counted() -> None:
    _, app, mailbox, sent = a_mail()
    mailbox.switch_images(on=False)

    mailbox.open_mail()

    assert mailbox.inbox[0].opened
    assert mailbox.state["images"] is False
    assert counts(app, sent, "opened", "unique_opens") == [0, 0]


@pytest.mark.parametrize("link", [1, "Second", "https://shop.test/b"])
def test_a_link_is_followed_by_place_text_or_address(link: int | str) -> None:
    _, app, mailbox, sent = a_mail(email_body=TWO_LINKS)

    target = mailbox.click_link(link)

    assert target == "https://shop.test/b"
    assert (mailbox.inbox[0].opened, mailbox.inbox[0].clicked) == (True, True)
    assert counts(app, sent, "clicks", "unique_clicks", "opened") == [1, 1, 1]


def test_the_first_link_is_followed_unless_another_is_named() -> None:
    _, _, mailbox, _ = a_mail(email_body=TWO_LINKS)

    assert mailbox.click_link() == "https://shop.test/a"


def test_a_link_to_a_mail_address_is_followed_and_not_counted() -> None:
    _, app, mailbox, sent = a_mail(email_body=TWO_LINKS)

    assert mailbox.click_link("Help") == "mailto:help@shop.test"
    assert counts(app, sent, "clicks") == [0]


def test_without_tracking_a_click_is_not_counted() -> None:
    _, app, mailbox, sent = a_mail(disable_email_click_tracking=True)

    mailbox.click_link()

    assert counts(app, sent, "clicks", "opened") == [0, 1]


@pytest.mark.parametrize("link", [3, -1, "Third"])
def test_a_link_that_is_not_there_is_refused(link: int | str) -> None:
    _, _, mailbox, _ = a_mail(email_body=TWO_LINKS)

    with pytest.raises(MisuseError, match=r"has no link .*; its links are: 'First' \(https://"):
        mailbox.click_link(link)


def test_a_mail_without_links_says_so() -> None:
    _, _, mailbox, _ = a_mail(email_body="<p>Hello</p>")

    with pytest.raises(MisuseError, match="its links are: none"):
        mailbox.click_link()


@pytest.mark.parametrize("one_click", [False, True])
def test_unsubscribing_ends_the_mails_at_once(one_click: bool) -> None:
    lab, app, mailbox, sent = a_mail()

    mailbox.click_unsubscribe(one_click=one_click)
    later = app.push("alice", target_channel="email", email_subject="x", email_body="y")
    lab.advance(minutes=1)

    assert mailbox.inbox[0].unsubscribed
    assert counts(app, sent, "unsubscribed", "opened") == [1, 0 if one_click else 1]
    assert later["errors"]
    assert len(mailbox.inbox) == 1


def test_a_mail_without_the_link_can_only_be_unsubscribed_by_the_button() -> None:
    _, app, mailbox, sent = a_mail(email_body="<p>Hello</p>")

    with pytest.raises(MisuseError, match=r"no link to unsubscribe .*one_click=True"):
        mailbox.click_unsubscribe()
    mailbox.click_unsubscribe(one_click=True)

    assert counts(app, sent, "unsubscribed") == [1]


def test_a_mail_without_the_header_shows_no_button() -> None:
    _, _, mailbox, _ = a_mail()
    bare = replace(mailbox.inbox[0], one_click=False)

    with pytest.raises(MisuseError, match="no List-Unsubscribe-Post header"):
        mailbox.click_unsubscribe(bare, one_click=True)


def test_spam_leaves_the_inbox_and_the_service_mails_no_more() -> None:
    lab, app, mailbox, sent = a_mail()

    mailbox.mark_spam()
    later = app.mail("alice", include_unsubscribed=True, email_subject="Again")
    lab.advance(minutes=1)

    assert mailbox.inbox == []
    assert counts(app, sent, "reported_spam") == [1]
    assert counts(app, later, "successful", "failed") == [0, 1]


def test_an_older_mail_can_be_chosen() -> None:
    lab, app, mailbox, sent = a_mail()
    app.mail("alice", email_subject="Newer")
    lab.advance(minutes=1)
    old = mailbox.inbox[1]

    mailbox.open_mail(old)
    mailbox.mark_spam(old)

    assert [mail.subject for mail in mailbox.inbox] == ["Newer"]
    assert counts(app, sent, "opened", "reported_spam") == [1, 1]


def test_a_mail_that_is_gone_cannot_be_opened() -> None:
    lab, app, mailbox, _ = a_mail()
    app.mail("alice", email_subject="Newer")
    lab.advance(minutes=1)
    gone = mailbox.inbox[1]
    mailbox.mark_spam(gone)

    with pytest.raises(MisuseError, match="does not hold that mail any more: 'Hello' from"):
        mailbox.open_mail(gone)


def test_a_habit_opens_mails_later() -> None:
    lab = Lab()
    lab.device("email", external_id="alice", tap_chance=1.0)
    app = App(lab)
    sent = app.mail("alice")

    lab.advance(days=10)

    assert counts(app, sent, "opened", "unique_opens") == [1, 1]
    assert app.view(sent)["converted"] == counts(app, sent, "converted")[0]


# --- programs between sender and reader ------------------------------------------------------


def test_a_privacy_proxy_is_counted_as_an_opening_and_its_reader_no_more() -> None:
    lab, app, mailbox, _ = a_mail()
    mailbox.switch_privacy_proxy(on=True)
    sent = app.mail("alice", email_subject="Newer")
    lab.advance(minutes=20)
    before = (counts(app, sent, "opened", "unique_opens"), mailbox.inbox[0].opened)

    mailbox.open_mail()
    mailbox.switch_privacy_proxy(on=False)
    mailbox.open_mail()

    assert before == ([1, 1], False)
    assert counts(app, sent, "opened", "unique_opens") == [1, 1]
    assert mailbox.inbox[0].opened


def test_what_loads_the_pixel_after_a_proxy_is_no_opening_of_another_person() -> None:
    lab, app, mailbox, _ = a_mail()
    mailbox.switch_privacy_proxy(on=True)
    sent = app.mail("alice", email_subject="Newer")
    lab.advance(minutes=20)
    found = re.search(r'https://api\.onesignal\.com(/[^"]*/open\?[^"]*)', mailbox.inbox[0].html)
    assert found is not None

    app.call("GET", found[1].replace("&amp;", "&"))

    assert counts(app, sent, "opened", "unique_opens") == [2, 1]


def test_with_an_image_cache_only_the_first_view_is_counted() -> None:
    _, app, mailbox, sent = a_mail()
    mailbox.switch_image_cache(on=True)

    for _ in range(3):
        mailbox.open_mail()

    assert counts(app, sent, "opened", "unique_opens") == [1, 1]


def test_a_scanner_is_counted_as_clicks_and_its_person_once_more() -> None:
    lab, app, mailbox, _ = a_mail()
    mailbox.switch_link_scanner(on=True)
    sent = app.mail("alice", email_body=TWO_LINKS, email_subject="Newer")
    lab.advance(minutes=1)
    names = ("clicks", "unique_clicks", "opened", "unsubscribed")
    before = (counts(app, sent, *names), mailbox.inbox[0].clicked)

    mailbox.click_link()

    assert before == ([2, 1, 0, 0], False)
    assert counts(app, sent, *names) == [3, 1, 1, 0]
    assert mailbox.inbox[0].clicked


def test_a_scanner_finds_nothing_to_count_where_links_are_not_tracked() -> None:
    lab, app, mailbox, _ = a_mail()
    mailbox.switch_link_scanner(on=True)
    sent = app.mail("alice", disable_email_click_tracking=True, email_subject="Newer")
    lab.advance(minutes=1)

    assert counts(app, sent, "clicks", "unique_clicks") == [0, 0]
    assert len(lab.trace.find(["LinksScanned"])) == 1


def test_the_mailboxes_of_a_population_may_have_such_programs() -> None:
    lab = Lab()
    crowd = lab.population(50, prefix="crowd", platforms={"email": 1.0})
    crowd.do("start_privacy_proxy")
    crowd.do("start_link_scanner")
    app = App(lab)
    sent = app.mail(*[f"crowd-{number:06d}" for number in range(1, 51)], email_body=TWO_LINKS)
    lab.advance(hours=1)

    assert counts(app, sent, "opened", "unique_opens", "clicks", "unique_clicks") == [
        50,
        50,
        100,
        50,
    ]


# --- the mailbox -----------------------------------------------------------------------------


def test_a_mailbox_tells_its_state() -> None:
    mailbox = Lab().device("email", address="Alice@Example.com")
    before = mailbox.state

    mailbox.fill()

    assert before == {
        "exists": True,
        "full": False,
        "images": True,
        "auto_reply": False,
        "privacy_proxy": False,
        "image_cache": False,
        "link_scanner": False,
    }
    assert mailbox.state["full"] is True
    assert mailbox.address == "Alice@Example.com"
    assert mailbox.token is None


def test_a_full_mailbox_gets_its_mail_when_there_is_room() -> None:
    lab = Lab()
    mailbox = lab.device("email", external_id="alice")
    mailbox.fill()
    App(lab).mail("alice")
    lab.advance(hours=1)
    before = len(mailbox.inbox)

    mailbox.empty()
    lab.advance(hours=2)

    assert (before, len(mailbox.inbox)) == (0, 1)


def test_a_mailbox_that_stays_full_is_a_soft_bounce_that_costs_nothing_more() -> None:
    lab = Lab()
    mailbox = lab.device("email", external_id="alice")
    app = App(lab)
    mailbox.fill()
    sent = app.mail("alice")
    lab.advance(hours=1)
    before = counts(app, sent, "successful", "errored", "bounced")
    lab.advance(days=3)
    after = counts(app, sent, "successful", "errored", "bounced")

    mailbox.empty()
    app.mail("alice", email_subject="Again")
    lab.advance(minutes=1)

    assert (before, after) == ([1, 0, 0], [0, 1, 1])
    assert [mail.subject for mail in mailbox.inbox] == ["Again"]


def test_a_closed_address_bounces_and_gets_no_second_mail() -> None:
    lab = Lab()
    mailbox = lab.device("email", external_id="alice")
    app = App(lab)
    mailbox.close()
    sent = app.mail("alice")
    lab.advance(hours=1)
    mailbox.reopen()

    later = app.mail("alice", email_subject="Again")
    lab.advance(hours=1)

    assert counts(app, sent, "successful", "errored", "bounced") == [0, 1, 1]
    assert counts(app, later, "successful", "failed") == [0, 1]
    assert mailbox.inbox == []


def test_an_address_that_nobody_has_is_refused_and_suppressed() -> None:
    lab = Lab()
    app = App(lab)
    body = {"email_subject": "Hello", "email_body": "Hi", "email_to": ["nobody@example.org"]}
    sent = app.notify(**body)
    lab.advance(minutes=1)

    later = app.notify(**{**body, "email_subject": "Again"})
    lab.advance(minutes=1)

    assert counts(app, sent, "errored", "bounced") == [1, 1]
    assert counts(app, later, "errored", "failed", "bounced") == [0, 1, 0]


def test_an_address_the_service_knew_before_reaches_the_mailbox_made_for_it() -> None:
    lab = Lab()
    app = App(lab)
    body = {"email_subject": "Hello", "email_body": "Hi", "email_to": ["alice@example.org"]}
    app.notify(**body)
    mailbox = lab.device("email", address="Alice@example.org", fresh=True)

    app.notify(**{**body, "email_subject": "Again"})
    lab.advance(minutes=1)

    assert "Again" in [mail.subject for mail in mailbox.inbox]


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("open_mail", "the inbox is empty"),
        ("click_link", "the inbox is empty"),
        ("click_unsubscribe", "the inbox is empty"),
        ("mark_spam", "the inbox is empty"),
        ("empty", "it is not full"),
        ("reopen", "the address is there"),
        ("go_offline", "that is no verb of a mailbox"),
        ("tap", "that is no verb of a mailbox"),
    ],
)
def test_a_verb_that_does_not_fit_says_why_and_what_does(verb: str, reason: str) -> None:
    mailbox = Lab().device("email", external_id="alice")

    with pytest.raises(MisuseError) as caught:
        getattr(mailbox, verb)()

    assert str(caught.value) == (
        f"alice-email cannot {verb}: {reason}; what fits now: switch_images, "
        "switch_auto_reply, switch_privacy_proxy, switch_image_cache, switch_link_scanner, fill, "
        "close"
    )


def test_a_closed_mailbox_can_only_be_reopened() -> None:
    mailbox = Lab().device("email", external_id="alice")
    mailbox.close()

    assert mailbox.verbs == ["reopen"]
    with pytest.raises(MisuseError, match="the address is closed; reopen"):
        mailbox.fill()


def test_a_full_mailbox_cannot_be_filled() -> None:
    mailbox = Lab().device("email", external_id="alice")
    mailbox.fill()

    with pytest.raises(MisuseError, match="it is full already"):
        mailbox.fill()


# --- many, and again -------------------------------------------------------------------------


def test_the_mailboxes_of_a_population_are_reached_by_their_names() -> None:
    lab = Lab()
    crowd = lab.population(10, prefix="crowd", platforms={"android": 0.5, "email": 0.5})
    app = App(lab)

    app.mail("crowd-000007")
    lab.advance(minutes=1)

    mailbox = crowd[6]
    assert isinstance(mailbox, Mailbox)
    assert mailbox.address == "crowd-000007@example.com"
    assert [mail.recipient for mail in mailbox.inbox] == ["crowd-000007@example.com"]


def test_a_run_with_mails_is_lived_again_to_the_same_digest() -> None:
    lab, app, mailbox, _ = a_mail(email_body=TWO_LINKS)
    mailbox.click_link("Second")
    app.mail("alice", email_subject="Newer")
    lab.advance(minutes=1)
    mailbox.mark_spam(mailbox.inbox[1])
    mailbox.click_unsubscribe(one_click=True)
    mailbox.switch_images(on=False)
    mailbox.open_mail()
    mailbox.fill()

    again = replay(lab.record())

    assert again.trace.digest == lab.trace.digest
