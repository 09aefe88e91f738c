"""Goal: a mail is the body that was sent, with counted links, a pixel and a way out.

Method: small bodies, one for each thing that HTML mails do.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.content import Link
from pushlab_fakes.onesignal.apps import App
from pushlab_fakes.onesignal.draft import MailFields
from pushlab_fakes.onesignal.mail import compose_mail, parse_template, render_sender

APP = App(0, "app", "Shop", 0, 0)
BASE = "https://api.onesignal.com/apps/app/notifications/n1"
PIXEL = f'<img src="{BASE}/open?token=t1" width="1" height="1" alt="">'
AWAY = f"{BASE}/unsubscribe?token=t1"


def mail_of(body, app=APP, **fields):
    made = MailFields(subject="Sale", body=body, **fields)
    template = parse_template(body, clicks_tracked=made.clicks_tracked)
    return compose_mail(
        made, template, app=app, notification_id="n1", recipient="alice@shop.test", token="t1"
    )


def html_of(body, **fields):
    html = mail_of(body, **fields).html
    assert PIXEL in html
    return html.replace(PIXEL, "")


def counted(number):
    return f"{BASE}/links/{number}?token=t1"


# Links.


def test_a_link_leads_over_the_counter_and_keeps_the_rest_of_its_tag():
    body = (
        '<p>See <a class="x" href="https://shop.test/a?b=1&amp;c=2" id=y>the  <b>sale</b></a>!</p>'
    )

    mail = mail_of(body)

    assert mail.links == (Link("the sale", counted(0), "https://shop.test/a?b=1&c=2"),)
    assert f'<p>See <a class="x" href="{counted(0)}" id=y>the  <b>sale</b></a>!</p>' in mail.html


@pytest.mark.parametrize(
    "tag",
    [
        "<a href='https://shop.test/'>x</a>",
        "<a href='https://shop.test/' href='https://second.test/'>x</a>",
        "<a href=https://shop.test/>x</a>",
        '<A HREF = "HTTPS://shop.test/">x</A>',
        '<a data-href="no" title="href=no"\n href="https://shop.test/">x</a>',
        '<a href=" https://shop.test/ ">x</a>',
        '<p>\n\n  <a href="http://shop.test/">x</a>',
    ],
)
def test_a_link_is_found_however_it_is_written(tag):
    (link,) = mail_of(tag).links

    assert link.target.lower() in ("https://shop.test/", "http://shop.test/")
    assert counted(0) in html_of(tag)
    assert link.target not in html_of(tag)


@pytest.mark.parametrize("target", ["#top", "", "/page", "javascript:a()", "cid:logo", "ftp://a.b"])
def test_what_leads_nowhere_outside_is_no_link(target):
    body = f'<a href="{target}">x</a>'

    assert mail_of(body).links == ()
    assert html_of(body) == body


@pytest.mark.parametrize("target", ["mailto:help@shop.test", "tel:+12025550100"])
def test_an_address_or_a_number_can_be_followed_and_is_not_counted(target):
    body = f'<a href="{target}">x</a>'

    assert mail_of(body).links == (Link("x", target, target),)
    assert html_of(body) == body


def test_without_click_tracking_links_stay_as_they_are():
    body = '<a href="https://shop.test/?a=1&amp;b=2">x</a>'

    mail = mail_of(body, clicks_tracked=False)

    assert mail.links == (Link("x", "https://shop.test/?a=1&b=2", "https://shop.test/?a=1&b=2"),)
    assert html_of(body, clicks_tracked=False) == body


def test_links_are_numbered_in_the_order_of_the_text():
    body = (
        '<a href="https://a.test">a</a><a href="mailto:b@b.test">b</a>'
        '<a href="https://c.test">c<a href="https://d.test">d'
    )

    mail = mail_of(body)

    assert [link.text for link in mail.links] == ["a", "b", "c", "d"]
    assert [link.url for link in mail.links] == [
        counted(0),
        "mailto:b@b.test",
        counted(2),
        counted(3),
    ]
    assert all(link.url in mail.html for link in mail.links)


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ('<img src="a.png" alt="Buy now">', "Buy now"),
        ('<img src="a.png" alt="Buy">Sell', "Sell"),
        ('<img src="a.png">', "https://shop.test/"),
        (" \n ", "https://shop.test/"),
        ("Fish &amp; chips", "Fish & chips"),
    ],
)
def test_a_link_is_called_by_its_text_its_image_or_its_address(inside, text):
    assert mail_of(f'<a href="https://shop.test/">{inside}</a>').links[0].text == text


def test_links_in_comments_and_styles_are_left_alone():
    body = (
        '<!--[if mso]><a href="https://a.test">a</a><![endif]-->'
        '<style>a[href="https://b.test"] {color: red}</style>'
    )

    assert mail_of(body).links == ()
    assert html_of(body) == body


# The way out.


def test_the_place_for_the_unsubscribe_link_is_filled_and_not_counted():
    body = '<p>[unsubscribe_url]</p><a href="[unsubscribe_url]">Away</a>'

    mail = mail_of(body)

    assert mail.unsubscribe_url == AWAY
    assert mail.links == ()
    assert html_of(body) == f'<p>{AWAY}</p><a href="{AWAY}">Away</a>'


def test_a_body_without_the_place_offers_it_in_the_headers_only():
    mail = mail_of("<p>Hi</p>")

    assert mail.unsubscribe_url is None
    assert mail.one_click
    assert mail.headers == (
        ("List-Unsubscribe", f"<{AWAY}>, <mailto:unsubscribe@onesignal.com?subject=t1>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )


# Preheader and pixel.


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        ("<p>Hi</p>", "", "<p>Hi</p>"),
        ("<!doctype html>\n<p>Hi", "<!doctype html>", "\n<p>Hi"),
        ("<html><head></head\n><p>Hi", "<html><head></head\n>", "<p>Hi"),
        (
            "<!DOCTYPE html><html><head></head><body class='a'>Hi",
            "<!DOCTYPE html><html><head></head><body class='a'>",
            "Hi",
        ),
        ("", "", ""),
    ],
)
def test_the_preheader_is_the_first_text_of_the_body_and_hidden(body, before, after):
    html = html_of(body, preheader="1 < 2 & more")

    hidden = '<div style="display:none;max-height:0;overflow:hidden">1 &lt; 2 &amp; more</div>'
    assert html == before + hidden + after
    assert mail_of(body, preheader="1 < 2 & more").preheader == "1 < 2 & more"


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        ("<p>Hi</p>", "<p>Hi</p>", ""),
        ("<body><p>Hi</p>\n</BODY></html>", "<body><p>Hi</p>\n", "</BODY></html>"),
    ],
)
def test_the_pixel_is_the_last_of_the_body(body, before, after):
    assert mail_of(body).html == before + PIXEL + after


@given(st.text(alphabet='<>/a"= \nhrefbody!-&;[]:', max_size=60))
def test_any_text_is_a_body_and_comes_out_as_it_went_in(body):
    assert mail_of(body, clicks_tracked=False).html.replace(PIXEL, "") == body


@given(st.text(alphabet="<>/a\"= '\nhref&;x", max_size=40))
def test_every_counted_link_stands_in_the_text(noise):
    mail = mail_of(f'<a {noise} href="https://shop.test/">x</a>{noise}')

    assert all(link.url in mail.html for link in mail.links)


def test_what_browsers_do_not_read_as_an_address_is_none():
    body = "<a href==https://shop.test/>x</a>"

    assert mail_of(body).links == ()
    assert html_of(body) == body


@pytest.mark.parametrize(
    "body",
    [
        "<body>Hi<html><head></head><!doctype html>",
        "<body>Hi<!doctype",
        "[unsubscribe_url][unsubscribe_url]",
    ],
)
def test_a_muddled_body_keeps_its_order(body):
    assert html_of(body) == body.replace("[unsubscribe_url]", AWAY)


# The sender.


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ({}, "Shop <news@shop.test>"),
        ({"from_name": "Café"}, "Café <news@shop.test>"),
        ({"from_name": "Shop, Inc."}, '"Shop, Inc." <news@shop.test>'),
        ({"from_name": 'The "Shop"'}, '"The \\"Shop\\"" <news@shop.test>'),
        ({"from_address": "a@b.test"}, "Shop <a@b.test>"),
        ({"sender_domain": "b.test"}, "Shop <news@b.test>"),
        ({"from_address": "a@b.test", "sender_domain": "c.test"}, "Shop <a@b.test>"),
    ],
)
def test_the_sender_is_what_the_message_says_and_else_the_app(fields, sender):
    assert render_sender(MailFields(**fields), APP) == sender


def test_an_app_has_a_sender_of_its_own():
    app = App(0, "app", "Shop", 0, 0, email_from_name="News", email_from_address="n@b.test")

    assert mail_of("", app=app).sender == "News <n@b.test>"


def test_a_mail_says_whom_it_is_for_and_who_reads_answers():
    mail = mail_of("", reply_to="help@shop.test")

    assert (mail.recipient, mail.reply_to) == ("alice@shop.test", "help@shop.test")
    assert mail.subject == "Sale"
