"""Goal: any bytes are a mail, read as the program of its reader would.

Method: mails by the standard library, mails by hand, and bytes by chance.
"""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.smtp.reading import find_one_click, read_mail
from pushlab_testing.mail import a_mail


def read(raw: bytes):
    return read_mail(raw, "news@shop.test").mail


def test_the_parts_of_a_mail_are_found() -> None:
    message = EmailMessage()
    message["From"] = "Jos\u00e9 <jose@shop.test>"
    message["Reply-To"] = "help@shop.test"
    message["Subject"] = "Gr\u00fc\u00dfe"
    message.set_content("Plain\n")
    message.add_alternative('<p>Rich <img src="cid:1"></p>', subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="b\u00fc.pdf")

    mail = read(message.as_bytes().replace(b"\n", b"\r\n"))

    assert (mail.sender, mail.reply_to) == ("Jos\u00e9 <jose@shop.test>", "help@shop.test")
    assert mail.subject == "Gr\u00fc\u00dfe"
    assert (mail.plain, mail.html) == ("Plain", '<p>Rich <img src="cid:1"></p>')
    assert [(each.name, each.type, each.size_bytes) for each in mail.attachments] == [
        ("b\u00fc.pdf", "application/pdf", 4)
    ]
    assert ("Subject", "Gr\u00fc\u00dfe") in mail.headers


def test_a_mail_that_names_no_sender_shows_the_envelope_s() -> None:
    assert read(b"Subject: x\r\n\r\ny\r\n").sender == "news@shop.test"


def test_links_stand_in_the_order_of_the_text_and_the_way_out_apart() -> None:
    html = """<div style="display:none">Only today</div>
    <a href="https://shop.test/a">First</a> <a href="#top">up</a> <a href="tel:1"><img alt="Call">
    </a> <a href="https://shop.test/leave?u=1">Unsubscribe</a>"""

    mail = read(a_mail(html=html))

    assert [(link.text, link.url) for link in mail.links] == [
        ("First", "https://shop.test/a"),
        ("Call", "tel:1"),
    ]
    assert mail.unsubscribe_url == "https://shop.test/leave?u=1"
    assert mail.preheader == "Only today"


def test_the_way_out_is_the_header_s_whatever_its_link_says() -> None:
    html = '<a href="https://shop.test/1">Opt out of magic</a> <a href="https://shop.test/2">x</a>'

    mail = read(a_mail(html=html, List_Unsubscribe="<https://shop.test/2>"))

    assert mail.unsubscribe_url == "https://shop.test/2"


def test_links_of_a_plain_mail_are_what_looks_like_one() -> None:
    mail = read(a_mail("See https://shop.test/a?b=c, or (http://shop.test/d)."))

    assert [link.url for link in mail.links] == ["https://shop.test/a?b=c", "http://shop.test/d"]


ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("listed", "post", "url"),
    [
        ("<https://shop.test/u>", ONE_CLICK, "https://shop.test/u"),
        ("<mailto:u@shop.test>, <https://shop.test/u>", ONE_CLICK, "https://shop.test/u"),
        ("<https://shop.test/u>", "list-unsubscribe = one-click", "https://shop.test/u"),
        ("<http://127.0.0.1:8000/u>", ONE_CLICK, "http://127.0.0.1:8000/u"),
        ("<http://shop.test/u>", ONE_CLICK, None),
        ("<mailto:u@shop.test>", ONE_CLICK, None),
        ("<https://shop.test/u>", "yes", None),
        ("<https://[shop.test/u>", ONE_CLICK, None),
        ("https://shop.test/u", ONE_CLICK, None),
    ],
)
def test_one_click_needs_both_headers_and_https(listed: str, post: str, url: str | None) -> None:
    headers = (("List-Unsubscribe", listed), ("List-Unsubscribe-Post", post))

    assert find_one_click(headers) == url


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/plain; charset=no-such",
        "Content-Type: text/html; charset=utf-16",
        "Content-Type: multipart/mixed",
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64",
        "Content-Type: =?utf-8?b?!!!?=",
        "Content-Type: message/rfc822",
        "Content-Type: message/delivery-status",
        "Content-Disposition: attachment; filename*=utf-8''%ff",
        "From: <<<>>>, \r\nSubject: =?x?q?=?=",
        "From: \xff\xfe <a@b>",
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes(head: str) -> None:
    mail = read(head.encode("latin-1") + b"\r\nX-Mark: 1\r\n\r\nbody\r\n--x\r\n\r\nmore\r\n")

    assert ("X-Mark", "1") in mail.headers


HEADERS = st.sampled_from(
    [
        b"Subject: ",
        b"From: ",
        b"To: ",
        b"Date: ",
        b"Message-ID: ",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/html; charset=",
        b"Content-Type: ",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Disposition: attachment; filename=",
        b"List-Unsubscribe: <https://",
        b"=?utf-8?q?=",
        b"=?utf-8?b?/w==?=",
        b"<a href='",
        b"<a href=x>",
        b"<div style='display:none'>",
        b"<!",
        b"<![CDATA[",
        b"--b\r\n",
        b"--b--",
        b"\r\n",
        b"\r\n\r\n",
        b"\xff",
        b"\0",
        b"@",
        b'"',
        b"(",
        b"[",
    ]
)


@given(st.lists(st.one_of(HEADERS, st.binary(max_size=8)), max_size=24).map(b"".join))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    parcel = read_mail(raw, "a@b.c")

    parcel.canonical.encode()
    for name, value in parcel.mail.headers:
        f"{name}{value}{parcel.mail.subject}{parcel.mail.html}{parcel.mail.plain}".encode()
