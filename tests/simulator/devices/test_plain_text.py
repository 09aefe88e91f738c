"""Goal: the text of a mail is what a person reads of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.devices.plain_text import strip_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("Hello", "Hello"),
        ("<p>Hello <b>Alice</b>,</p><p>bye</p>", "Hello Alice,\nbye"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<b>bold</b><i>slanted</i>", "boldslanted"),
        ("a <b> b </b> c", "a b c"),
        ("  many\n   spaces\t here ", "many spaces here"),
        ("caf&eacute; &amp; &lt;bar&gt;", "café & <bar>"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<h1>News</h1>text", "News\ntext"),
        ('<img src="x" alt="a picture">Hi', "Hi"),
    ],
)
def test_tags_go_and_blocks_are_lines(html: str, text: str) -> None:
    assert strip_html(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<head><title>no</title></head><body>yes</body>",
        "<style>p { color: red }</style>yes",
        "<script>alert('no')</script>yes",
        '<div style="display:none;max-height:0">no</div>yes',
        '<div style="DISPLAY : NONE"><p>no<br>no</p><b>no</b></div>yes',
        '<div style="display:none"><p>no<b>no</div>yes',
        "<!-- no -->yes",
    ],
)
def test_what_is_hidden_is_not_read(html: str) -> None:
    assert strip_html(html) == "yes"


def test_what_is_styled_otherwise_is_read() -> None:
    assert strip_html('<div style="display:block">yes</div><b style>too</b>') == "yes\ntoo"


@given(st.text(alphabet="<>/abpdivstyle =\"'&;!-\n", max_size=80))
def test_no_mail_breaks_the_reading(html: str) -> None:
    assert isinstance(strip_html(html), str)
