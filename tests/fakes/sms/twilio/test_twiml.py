"""Goal: what an application answers is read as Twilio reads it, and nothing of it can hurt."""

from __future__ import annotations

import pytest

from pushlab_fakes.sms.twilio.twiml import Redirect, Reply, read_twiml

XML = "text/xml; charset=utf-8"


def read(inside: str, kind: str = XML) -> object:
    return read_twiml(kind, f'<?xml version="1.0"?><Response>{inside}</Response>'.encode())


@pytest.mark.parametrize(
    ("inside", "verbs"),
    [
        ("", []),
        ("<Message>Hi &amp; bye</Message>", [Reply(text="Hi & bye")]),
        ("<Message>\n  Hi\n</Message>", [Reply(text="Hi")]),
        ("<Sms>Hi</Sms>", [Reply(text="Hi")]),
        ("<Message><Body>One </Body><Body>two</Body></Message>", [Reply(text="One two")]),
        (
            "<Message><Body>Cat</Body><Media> https://shop.test/cat.png </Media></Message>",
            [Reply(text="Cat", media=["https://shop.test/cat.png"])],
        ),
        (
            '<Message to="+1" from="+2" statusCallback="/s">Hi</Message><Message action="/a"/>',
            [
                Reply(to="+1", sender="+2", status_callback="/s", text="Hi"),
                Reply(action="/a"),
            ],
        ),
        (
            '<Message action="/a" method="get">Hi</Message>',
            [Reply(action="/a", method="GET", text="Hi")],
        ),
        (
            '<Redirect method="get"> /next </Redirect><Redirect>/other</Redirect>',
            [Redirect("/next", "GET"), Redirect("/other", "POST")],
        ),
        ("<Say>a call</Say><Message>Hi</Message>", [Reply(text="Hi")]),
        ("<Message>Hi<Emphasis>!</Emphasis></Message>", [Reply(text="")]),
    ],
)
def test_verbs_are_read_in_order(inside, verbs) -> None:
    assert read(inside) == verbs


def test_plain_text_is_the_reply_itself() -> None:
    assert read_twiml("text/plain", b"Hello there") == [Reply(text="Hello there")]


def test_nothing_answers_nothing() -> None:
    assert read_twiml("", b"") == []
    assert read_twiml("text/html", b"\n") == []


def test_a_document_beyond_64_kib_is_error_11750() -> None:
    whole = b"<Response/>"

    assert read_twiml(XML, whole + b" " * (65_536 - len(whole))) == []
    assert read_twiml(XML, whole + b" " * (65_537 - len(whole))) == 11750


def test_another_content_type_is_error_12300() -> None:
    assert read("", "application/json") == 12300


@pytest.mark.parametrize(
    "body",
    [
        b"<Response>",
        b"Hello",
        b"<Html/>",
        b"<Response/><Response/>",
        b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response>&b;</Response>',
        b'<?xml version="1.0" encoding="martian"?><Response/>',
        b"\xff\xfe\xff",
        20_000 * b"<a>",
    ],
)
def test_what_cannot_be_read_is_error_12100(body) -> None:
    assert read_twiml(XML, body) == 12100
