"""Goal: any mail is taken apart within bounds, in time that grows with its length and no faster.

Method: mails beyond each bound, and mails that took Python's own parser quadratic time, too deep
into itself, or to an exception.
"""

from __future__ import annotations

import time

import pytest

from pushlab.lab import Lab
from pushlab_fakes.smtp.mime import (
    DEPTH_MAX,
    HEADER_MAX,
    PARTS_MAX,
    decode_text,
    decode_words,
    parse_mail,
)
from pushlab_fakes.smtp.reading import read_mail
from pushlab_testing.mail import hand_over

SIZE = 300_000
"""Bytes: of a mail that is read in quadratic time, minutes."""
CPU_S_MAX = 15.0


def nested(depth: int) -> bytes:
    """Return a mail with parts inside parts."""
    head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"".join(head % (level, level) for level in range(depth)) + b"\r\nHello"


def many(count: int) -> bytes:
    """Return a mail of many parts."""
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * count


@pytest.mark.parametrize(
    ("raw", "unread"),
    [
        (nested(DEPTH_MAX), ""),
        (nested(DEPTH_MAX + 1), "it has parts inside parts beyond 50"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 2_000, "it has parts inside parts beyond 50"),
        (many(PARTS_MAX - 2), ""),
        (many(PARTS_MAX), "it has more than 1000 parts"),
    ],
    ids=["deep", "too deep", "mails in mails", "many", "too many"],
)
def test_a_mail_beyond_a_bound_keeps_its_headers_and_is_one_part(raw: bytes, unread: str) -> None:
    message, why = parse_mail(b"Subject: Hello\r\n" + raw)

    assert why == unread
    assert message["Subject"] == "Hello"
    assert message.is_multipart() == (not unread)


def test_a_mail_whose_parts_are_not_told_apart_is_delivered_and_the_trace_says_so() -> None:
    lab = Lab()
    box = lab.device("email", address="alice@example.com")

    reply = hand_over(lab, b"Subject: Hello\r\n" + nested(500), "alice@example.com")
    lab.advance(minutes=1)

    entry = next(e for e in lab.trace.find(["RequestReceived"]) if "sender" in e.fields)
    assert reply.startswith("250")
    assert entry.fields["parts_unread"] == "it has parts inside parts beyond 50"
    assert box.inbox[0].subject == "Hello"
    assert [each.type for each in box.inbox[0].attachments] == ["multipart/mixed"]


def test_a_header_is_read_as_far_as_its_bound() -> None:
    long = b"X: " + b"x" * 3 * HEADER_MAX + b"\r\nContent-Type: text/html" + b";a=b" * 500

    message, _ = parse_mail(long + b"\r\n\r\n<b>")

    assert message["X"] == "x" * HEADER_MAX
    assert message["Content-Type"] == "text/html" + ";a=b" * 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=?utf-8?q?a?= =?utf-8?b?w6k=?= b", "aé b"),
        ("=?no-such?q?a?=", "=?no-such?q?a?="),
        ("=?punycode?q?bcher-kva?=", "=?punycode?q?bcher-kva?="),
        ("=?utf-8?q?=ff?=", "=?utf-8?q?=ff?="),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
    ],
)
def test_an_encoded_word_reads_as_text_or_as_it_came(text: str, said: str) -> None:
    assert decode_words(text) == said


@pytest.mark.parametrize("charset", ["no-such", "\0", "zlib", "idna", "unicode_escape", "x" * 999])
def test_text_in_no_charset_is_read_as_utf_8(charset: str) -> None:
    assert decode_text("é\\q".encode(), charset) == "é\\q"


@pytest.mark.parametrize(
    ("head", "piece", "tail"),
    [
        (b"Content-Type: text/html", b";", b"\r\n\r\nx"),
        (b"Content-Type: text/html", b';a="', b"\r\n\r\nx"),
        (b"Content-Disposition: attachment", b";filename*0=x", b"\r\n\r\nx"),
        (b"Subject: =?punycode?q?", b"b", b"?=\r\n\r\nx"),
        (b"Subject: ", b"=?utf-8?q?a?= ", b"\r\n\r\nx"),
        (b"", b"A: b\r\n", b"\r\nx"),
        (b"Subject: a\r\n", b" b\r\n", b"\r\nx"),
        (b"Content-Type: message/delivery-status\r\n\r\n", b"a: b\r\n\r\n", b""),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n", b"--a\r\n\r\n", b""),
        (b"Content-Type: text/plain; charset=punycode\r\n\r\n-", b"z", b""),
        (b"Content-Type: text/html\r\n\r\n", b"<!--", b""),
        (b"\r\n", b"http://", b""),
        (b"List-Unsubscribe: ", b"<https://a.b>", b"\r\nContent-Type: text/html\r\n\r\n<a href=x>"),
    ],
)
def test_a_mail_of_much_of_one_thing_is_read_in_linear_time(
    head: bytes, piece: bytes, tail: bytes
) -> None:
    begun_s = time.process_time()

    read_mail(head + piece * (SIZE // len(piece)) + tail, "")

    assert time.process_time() - begun_s < CPU_S_MAX
