"""Goal: the quick way to take a mail apart reads what the ``email`` package reads, or says nothing.

Method: mails as programs write them, and such mails with bytes changed, are read in both ways and
compared; mails that are not plain stand in a table.
"""

from __future__ import annotations

from email.charset import Charset
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab_fakes.smtp import reading
from pushlab_fakes.smtp.plain_mime import read_plain
from pushlab_fakes.smtp.reading import read_mail


def read_by_the_package(raw):
    with patch.object(reading, "read_plain", lambda _: None):
        return read_mail(raw, "a@b.c")


def to_wire(message):
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def an_invitation():
    message = EmailMessage()
    message["Subject"] = "Grüße an alle, die weit weg sind, und an alle, die es nicht sind"
    message["From"] = "Shop <news@shop.test>"
    message.set_content("Hallo, schöne Welt\n" * 9)
    message.add_alternative("<p>Hallo, <b>schöne</b> Welt" + "!" * 99 + "</p>", subtype="html")
    message.add_attachment(
        b"\0\1\2" * 99, maintype="application", subtype="pdf", filename="a b.pdf"
    )
    message.add_attachment("x,y\n1,2\n", subtype="csv", filename="t.csv")
    return message


LATIN = Charset("iso-8859-1")
LATIN.body_encoding = None  # type: ignore[assignment]  # as its documentation says


def an_old_mail():
    message = MIMEMultipart("related", boundary="==x.y==")
    message["Subject"] = "Old"
    message.attach(MIMEText("7 bits", _charset="us-ascii"))
    message.attach(MIMEText("\xe4 as one byte", _charset=LATIN))  # type: ignore[arg-type]  # as it does
    inner = MIMEMultipart("alternative", boundary="==inner==")
    inner.attach(MIMEText("<p>äöü</p>", "html", "iso-8859-1"))
    inner.attach(MIMEApplication(b"zip", Name="z.zip"))
    message.attach(inner)
    return message


def a_short_mail():
    message = EmailMessage()
    message["To"] = "x@y.test"
    message.set_content("Hello")
    return message


MAILS = [to_wire(make()) for make in (an_invitation, an_old_mail, a_short_mail)]


@pytest.mark.parametrize("raw", MAILS, ids=["with attachments", "with lists in lists", "short"])
def test_what_programs_write_is_read_alike(raw):
    assert read_plain(raw) is not None
    assert read_mail(raw, "a@b.c") == read_by_the_package(raw)


BOUNDARY = b"--==x.y=="
PIECES = [
    b"\r\n",
    b"\r\n\r\n",
    BOUNDARY,
    BOUNDARY + b"--\r\n",
    b"--==inner==",
    b" ",
    b";",
    b'"',
    b"name=",
    b'; filename="x"',
    b"; charset=latin-1",
    b"Content-Type: text/html\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Disposition: attachment\r\n",
    b"X: y\r\n\t z\r\n",
    b"=?utf-8?q?=C3=A4?=",
    b"=3D",
    b"\xc3\xa4",
    b"A",
]


@st.composite
def changed_mails(draw):
    """Take a mail and change it in a few places, mostly by what has a meaning in mails."""
    raw = draw(st.sampled_from(MAILS))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(raw)))
        gone = draw(st.sampled_from([0, 0, 0, 1, 2, 20]))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2)))
        raw = raw[:place] + piece + raw[place + gone :]
    return raw


@given(changed_mails())
@example(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n")
@example(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x\r\n--x--\r\n")
@example(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--\r\n\r\n--x\r\n")
@example(b"Content-Type: text/plain; name=a; name*=b\r\n\r\n")
def test_a_changed_mail_is_read_alike_or_left_to_the_package(raw):
    assert read_mail(raw, "a@b.c") == read_by_the_package(raw)


def lists(depth):
    """Return a mail with lists inside lists."""
    inner = b"\r\nx"
    for level in range(depth):
        kind = b"Content-Type: multipart/mixed; boundary=b%d.\r\n" % level
        inner = kind + b"\r\n--b%d.\r\n" % level + inner + b"\r\n--b%d.--\r\n" % level
    return inner


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\nno header",
        b"A: b\n\nbare line feeds",
        b"A: b\r\n\r\nbare\rreturns",
        b"A: \xc3\xa4\r\n\r\n",
        b"Content-Type: text/plain; charset=undefined\r\n\r\n\xc3\xa4",
        b"no colon\r\n\r\nx",
        b" A: folded first\r\n\r\nx",
        b"A: never ends\r\n",
        b"A: %b\r\n\r\nx" % (b"x" * 9_000),
        b"A: b\r\n" * 200 + b"\r\n",
        b"Content-Type: text\r\n\r\n",
        b"Content-Type: text/plain; broken\r\n\r\n",
        b"Content-Type: text/plain; a=b; A=c\r\n\r\n",
        b"Content-Type: text/plain; a*0=b\r\n\r\n",
        b'Content-Type: text/plain; a="b\\"c"\r\n\r\n',
        b"Content-Type: text/plain" + b"; a=b" * 30 + b"\r\n\r\n",
        b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\n",
        b"Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nA: b\r\n\r\n--x--\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever closed",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--xy\r\n--x--\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 60 + b"--x--",
        b"Content-Transfer-Encoding: base64\r\n\r\nQUJ",
        b"Content-Transfer-Encoding: base64\r\n\r\nQ*==",
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\n",
        lists(7),
    ],
)
def test_what_is_not_plain_is_left_to_the_package(raw):
    assert read_plain(raw) is None
