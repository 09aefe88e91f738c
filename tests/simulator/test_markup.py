"""Goal: any text is read as a browser would, in time that grows with its length and no faster.

Method: what a reader meets as a list; Python's own reader as a second opinion on good markup; texts
that took quadratic time, or broke readers, at a length that would show it.
"""

from __future__ import annotations

import time
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.markup import Hidden, MarkupReader, decode_references

LONG = 200_000
"""Characters: of text that is read in quadratic time, minutes."""
CPU_S_MAX = 10.0


class Listing(MarkupReader):
    """Lists what it meets."""

    def __init__(self):
        super().__init__()
        self.met = []

    def handle_start(self, tag, attributes):
        self.met.append((tag, dict(attributes)))

    def handle_end(self, tag):
        self.met.append(f"/{tag}")

    def handle_text(self, text):
        self.met.append(text)

    def handle_doctype(self):
        self.met.append("doctype")


def read(text):
    reader = Listing()
    reader.read(text)
    return reader.met


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("a &amp; b", ["a & b"]),
        ("<P Class=x>y</P >", [("p", {"class": "x"}), "y", "/p"]),
        ("<a href='1 > 2' b>", [("a", {"href": "1 > 2", "b": None})]),
        ('<a href = "x"c=d/e>', [("a", {"href": "x", "c": "d/e"})]),
        ("<a href=x&amp;y>", [("a", {"href": "x&y"})]),
        ("<a ==x>", [("a", {"=": "x"})]),
        ("<br/><br />", [("br", {}), "/br", ("br", {}), "/br"]),
        ("1 < 2 <3 <<b>", ["1 < 2 <3 <", ("b", {})]),
        ("a<!-- <b> -->c<!-->d<!--->e<!-- -- --!>f", ["a", "c", "d", "e", "f"]),
        ("<!DOCTYPE html><?php x ?><![CDATA[x]]></ x></>y", ["doctype", "y"]),
        ("<script>if (a<b) &lt; </scripts</script>x", [
            ("script", {}), "if (a<b) &lt; </scripts", "/script", "x",
        ]),
        ("<title>a<b>&lt;</title>", [("title", {}), "a<b><", "/title"]),
        ("<textarea>x", [("textarea", {}), "x"]),
        ("a<b", ["a"]),
        ("a<b c='", ["a"]),
        ("a<!--", ["a"]),
        ("a</b", ["a"]),
        ("", []),
    ],
)  # fmt: skip
def test_markup_is_read_as_browsers_read_it(text, met):
    assert read(text) == met


def test_a_reader_knows_where_it_stands():
    class Places(MarkupReader):
        def __init__(self):
            super().__init__()
            self.told = []

        def handle_start(self, tag, attributes):
            self.told.append((self.place, self.end, dict(self.spans)))

        def handle_text(self, text):
            self.told.append(self.place)

    reader = Places()

    reader.read("ab<i x y=\"1\" y=2 z='' w=3>cd")

    assert reader.told == [0, (2, 26, {"y": (10, 11), "z": (20, 20), "w": (24, 25)}), 26]


def test_a_subclass_takes_what_it_wants():
    MarkupReader().read("<!doctype html><a>x</a>")


@pytest.mark.parametrize("text", ["&#" + "1" * 5_000, "&#x" + "f" * 5_000 + ";", "&#999999999;"])
def test_a_reference_that_is_too_long_stands_for_no_character(text):
    assert decode_references(text) == "\ufffd"


def test_what_hides_ends_with_its_own_end_whatever_was_left_open_inside():
    hidden = Hidden()
    hidden.begin("div")
    hidden.begin("p")

    assert bool(hidden)
    assert not hidden.finish("span")
    assert hidden.finish("div")
    assert not hidden


class Second(HTMLParser):
    """What Python's own reader meets."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.met = []

    def handle_starttag(self, tag, attrs):
        self.met.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.met.append(f"/{tag}")

    def handle_data(self, data):
        self.met.append(data)


TEXTS = st.text(alphabet="ab <&>'\"=/\n\u00e9", max_size=8)
ATTRIBUTES = st.lists(
    st.tuples(st.sampled_from(["a", "href", "Style"]), st.one_of(st.none(), TEXTS)),
    max_size=3,
    unique_by=lambda pair: pair[0],
)


@st.composite
def elements(draw):
    """Make an element that is written well, with something inside."""
    tag = draw(st.sampled_from(["a", "b", "Div", "h1"]))
    written = "".join(
        f" {name}" if value is None else f' {name}="{escape(value)}"'
        for name, value in draw(ATTRIBUTES)
    )
    inside = escape(draw(TEXTS))
    return f"<{tag}{written}>{inside}</{tag}><!-- {inside} -->"


@given(st.lists(elements(), max_size=5))
def test_what_is_written_well_reads_as_pythons_own_reader_has_it(pieces):
    text = "".join(pieces)
    other = Second()
    other.feed(text)
    other.close()

    assert read(text) == other.met


@given(st.text(alphabet="<>/!-?a b='\"&#1;x", max_size=60))
def test_no_text_breaks_a_reader(text):
    assert all(read(text)) or not text


@pytest.mark.parametrize(
    "piece",
    [
        "<", "<a ", "<a b='", "<a b ", "<a b=", "</a ", "</", "<!--", "<!", "<![", "<?", "<a>",
        "<script>", "</script", "<title>", "&", "&#", "&#1", "'", "= ", "<a href=x>", "--", "]]",
    ],
)  # fmt: skip
def test_a_text_that_opens_much_and_ends_nothing_is_read_in_linear_time(piece):
    begun_s = time.process_time()

    read(piece * (LONG // len(piece)))
    read("<a " + piece * (LONG // len(piece)))

    assert time.process_time() - begun_s < CPU_S_MAX


def test_what_hides_much_is_left_in_linear_time():
    hidden = Hidden()
    begun_s = time.process_time()
    for _ in range(LONG):
        hidden.begin("div")
    for _ in range(LONG):
        hidden.finish("p")

    assert time.process_time() - begun_s < CPU_S_MAX
    assert hidden.finish("div") is False
