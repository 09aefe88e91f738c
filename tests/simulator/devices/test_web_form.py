"""Goal: a form is sent as a browser sends it when a person presses its first button."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import pytest

from pushlab.devices.web_form import find_form, read_cookies

PAGE = "https://shop.test/leave/42?u=1"


def fields_of(inside: str) -> list[tuple[str, str]]:
    form = find_form(f'<form method="post">{inside}</form>')
    assert form is not None
    return form.fields


@pytest.mark.parametrize(
    ("inside", "fields"),
    [
        ('<input type=hidden name=csrf value="a&amp;b">', [("csrf", "a&b")]),
        ('<input name="mail" value="alice@example.com">', [("mail", "alice@example.com")]),
        ("<input name=empty>", [("empty", "")]),
        ("<input type=checkbox name=all checked>", [("all", "on")]),
        ("<input type=checkbox name=all value=1 checked>", [("all", "1")]),
        ("<input type=checkbox name=all>", []),
        (
            "<input type=radio name=r value=1><input type=radio name=r value=2 checked>",
            [("r", "2")],
        ),
        ("<input type=file name=f><input type=reset name=x value=y>", []),
        ("<input name=off value=1 disabled><input value=nameless>", []),
        ("<textarea name=why>\nToo &lt; much</textarea>", [("why", "Too < much")]),
        ("<select name=s><option value=1><option value=2></select>", [("s", "1")]),
        ("<select name=s><option value=1><option value=2 selected></select>", [("s", "2")]),
        ("<button name=do value=leave>Leave</button>", [("do", "leave")]),
        ("<button>Leave</button>", []),
        ("<button type=button name=no value=1></button>", []),
        ("<input type=submit name=a value=1><input type=submit name=b value=2>", [("a", "1")]),
        ("<button>first</button><button name=b value=2>second</button>", []),
    ],
)
def test_what_is_filled_in_goes_with_the_first_button(
    inside: str, fields: list[tuple[str, str]]
) -> None:
    assert fields_of(inside) == fields


def test_fields_go_in_the_order_of_the_page() -> None:
    inside = "<input name=b value=1><button name=go value=2></button><input name=a value='3 €'>"
    form = find_form(f"<form method=POST>{inside}</form>")

    assert form is not None
    assert form.render() == b"b=1&go=2&a=3+%E2%82%AC"


def test_line_ends_are_sent_as_two_characters() -> None:
    form = find_form("<form method=post><textarea name=t>a\nb\r\nc</textarea></form>")

    assert form is not None
    assert form.content_type == "application/x-www-form-urlencoded"
    assert form.render() == b"t=a%0D%0Ab%0D%0Ac"


MANY = "multipart/form-data"
NAMED = "<input name='a\"b' value='3 €'>"


@pytest.mark.parametrize(
    "page",
    [
        f"<form method=post enctype='{MANY}'>{NAMED}<button name=go></form>",
        f"<form method=post>{NAMED}<button name=go formenctype={MANY}></form>",
    ],
)
def test_a_form_in_parts_is_read_by_any_server(page: str) -> None:
    form = find_form(page)

    assert form is not None
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    parts = [*message_from_bytes(head + form.render(), policy=HTTP).iter_parts()]
    said: list[Any] = [part.get_payload(decode=True) for part in parts]
    assert [part["Content-Disposition"] for part in parts] == [
        'form-data; name="a%22b"',
        'form-data; name="go"',
    ]
    assert said == ["3 €".encode(), b""]


def test_a_line_between_parts_is_no_value() -> None:
    first = find_form(f"<form method=post enctype={MANY}></form>")
    assert first is not None
    line = first.content_type.partition("boundary=")[2]

    form = find_form(f"<form method=post enctype={MANY}><input name=a value='{line}'></form>")

    assert form is not None
    assert form.render().count(line.encode()) == 1


@pytest.mark.parametrize(
    "enctype", ["text/plain", "nonsense", "", "application/x-www-form-urlencoded"]
)
def test_a_form_sent_in_any_other_way_is_encoded_as_usual(enctype: str) -> None:
    form = find_form(f"<form method=post enctype='{enctype}'><input name=a value=1></form>")

    assert form is not None
    assert (form.content_type, form.render()) == ("application/x-www-form-urlencoded", b"a=1")


@pytest.mark.parametrize(
    "page",
    ["", "<p>You left.</p>", "<form><button>go</button></form>", '<form method="get"></form>'],
)
def test_a_page_without_a_form_that_posts_has_none(page: str) -> None:
    assert find_form(page) is None


def test_the_first_form_that_posts_is_meant_and_nothing_outside_it() -> None:
    page = (
        "<input name=outside value=1><form action=/search><input name=q></form>"
        "<form method=post action=/leave><input name=a value=1></form>"
        "<input name=after value=1><form method=post><input name=b value=2></form>"
    )

    form = find_form(page)

    assert form is not None
    assert (form.action, form.fields) == ("/leave", [("a", "1")])


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("", PAGE),
        ("/done", "https://shop.test/done"),
        ("done", "https://shop.test/leave/done"),
        ("?sure=1", "https://shop.test/leave/42?sure=1"),
        ("http://other.test/x", "http://other.test/x"),
        ("//other.test/x", "https://other.test/x"),
        ("mailto:out@shop.test", None),
        ("javascript:leave()", None),
        ("https://[broken/", None),
    ],
)
def test_a_form_goes_where_its_page_says(action: str, target: str | None) -> None:
    form = find_form(f'<form method=post action="{action}"></form>')

    assert form is not None
    assert form.find_target(PAGE) == target


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        ([], ""),
        ([("content-type", "text/html")], ""),
        ([("set-cookie", "csrf=abc; Path=/; HttpOnly")], "csrf=abc"),
        ([("set-cookie", "a=1"), ("set-cookie", "b=2; Secure")], "a=1; b=2"),
        ([("set-cookie", "broken")], ""),
    ],
)
def test_cookies_of_a_page_come_back_with_its_form(
    headers: list[tuple[str, str]], cookies: str
) -> None:
    assert read_cookies(headers) == cookies
