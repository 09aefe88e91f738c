"""HTML, read once from its first character to its last: tags and text, whatever comes.

Mirrored: the tokenization of the WHATWG HTML standard, section 13.2.5, as far as readers of mail
need it: tags with attributes, character references, comments, document types, and elements whose
content is no markup. Python's own reader takes quadratic time over text that opens tags or comments
and never ends them, and breaks on some of it; no text may hold a lab up.

Left out: how elements nest (browsers close what is left open), and references that browsers read
otherwise in attributes.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

__all__ = ["VOID", "Attributes", "Hidden", "MarkupReader", "decode_references"]

Attributes = list[tuple[str, str | None]]
"""Names in lower case, and values with their references decoded; None is one without a value."""

RAW: Final = frozenset(["iframe", "noembed", "noframes", "script", "style", "xmp"])
"""Elements that hold text in which nothing has a meaning but their own end."""
TEXT_ONLY: Final = frozenset(["textarea", "title"])
"""Elements that hold text and references, and no tags."""
VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"]
)
"""Elements without an end tag."""

_SIGN: Final = re.compile(r"<(?=[A-Za-z/!?])")
_NAME: Final = re.compile(r"[A-Za-z][^\s/>]*")
_BETWEEN: Final = re.compile(r"[\s/]*")
_ATTRIBUTE: Final = re.compile(r"=?[^\s/>=]*")
_EQUALS: Final = re.compile(r"\s*=\s*")
_BARE: Final = re.compile(r"[^\s>]*")
_COMMENT_END: Final = re.compile(r"--!?>")
_NUMBER_TOO_LONG: Final = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")


def decode_references(text: str) -> str:
    """Return *text* with its character references decoded, none of which is too long for that."""
    return unescape(_NUMBER_TOO_LONG.sub("\ufffd", text)) if "&" in text else text


class MarkupReader:
    """Calls its own methods for what it meets, in order; a subclass says what becomes of it."""

    place = 0
    """Where the present tag, document type or text begins in the whole."""
    end = 0
    """Where the present tag or document type ends; at the end of all when it does not."""

    def __init__(self) -> None:
        self.spans: dict[str, tuple[int, int]] = {}
        """Where the first value of each attribute of the present tag stands, without quotes."""

    def read(self, text: str) -> None:
        """Read a whole *text*."""
        at = 0
        # A sign that opens nothing belongs to the text around it.
        while (sign := _SIGN.search(text, at)) is not None:
            self._take_text(text, at, sign.start())
            at = self._read_sign(text, sign.start())
        self._take_text(text, at, len(text))

    # -- what a subclass may take ----------------------------------------------------------------

    def handle_start(self, tag: str, attributes: Attributes) -> None:
        """Take a start tag: its name in lower case, its attributes as they are written."""

    def handle_end(self, tag: str) -> None:
        """Take an end tag, also that of a tag which ends itself."""

    def handle_text(self, text: str) -> None:
        """Take text, its references decoded."""

    def handle_doctype(self) -> None:
        """Take a document type."""

    # -- reading -----------------------------------------------------------------------------------

    def _take_text(self, text: str, start: int, end: int) -> None:
        if start < end:
            self.place = start
            self.handle_text(decode_references(text[start:end]))

    def _read_sign(self, text: str, start: int) -> int:
        """Read what the sign at *start* opens; return where reading goes on."""
        is_end = text.startswith("/", start + 1)
        name = _NAME.match(text, start + 1 + is_end)
        if name is None:
            return self._pass_over(text, start)
        self.spans = {}
        attributes, closes, end = _read_attributes(text, name.end(), self.spans)
        self.place = start
        if end is None:
            # What never ends is no tag, and there is nothing after it.
            self.end = len(text)
            return len(text)
        self.end = end
        tag = name[0].lower()
        if is_end:
            self.handle_end(tag)
            return end
        self.handle_start(tag, attributes)
        if closes:
            self.handle_end(tag)
        elif tag in RAW or tag in TEXT_ONLY:
            return self._read_content(text, tag, end)
        return end

    def _read_content(self, text: str, tag: str, start: int) -> int:
        """Take the content of an element that holds no markup; return where it ends."""
        found = re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE).search(text, start)
        end = len(text) if found is None else found.start()
        if start < end:
            self.place = start
            said = text[start:end]
            self.handle_text(decode_references(said) if tag in TEXT_ONLY else said)
        return end

    def _pass_over(self, text: str, start: int) -> int:
        """Return where the comment or declaration ends that begins at *start*."""
        if text.startswith("<!--", start):
            if text.startswith(("<!-->", "<!--->"), start):
                return _after(text, ">", start)
            found = _COMMENT_END.search(text, start + len("<!--"))
            return len(text) if found is None else found.end()
        end = _after(text, ">", start)
        if text[start : start + 9].lower() == "<!doctype":
            self.place, self.end = start, end
            self.handle_doctype()
        return end


class Hidden:
    """The element that hides all in it, and those that are open inside."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._counts: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Whether what is read now is hidden."""
        return bool(self._open)

    def begin(self, tag: str) -> None:
        """Go into an element, which hides what is in it or is hidden itself."""
        self._open.append(tag)
        self._counts[tag] = self._counts.get(tag, 0) + 1

    def finish(self, tag: str) -> bool:
        """Leave an element, and those left open in it; return whether nothing hides any more."""
        if not self._counts.get(tag):
            return False
        while True:
            left = self._open.pop()
            self._counts[left] -= 1
            if left == tag:
                return not self._open


def _read_attributes(
    text: str, at: int, spans: dict[str, tuple[int, int]]
) -> tuple[Attributes, bool, int | None]:
    """Read attributes from *at* on, up to the end of their tag.

    Return them, whether the tag ends itself, and where it ends: None when it does not.
    """
    attributes: Attributes = []
    while True:
        between = _BETWEEN.match(text, at)
        assert between is not None, "it matches nothing, too"
        at = between.end()
        if at == len(text):
            return attributes, False, None
        if text[at] == ">":
            return attributes, between[0].endswith("/"), at + 1
        name = _ATTRIBUTE.match(text, at)
        assert name is not None, "it matches nothing, too"
        named, at = name[0].lower(), name.end()
        equals = _EQUALS.match(text, at)
        if equals is None:
            attributes.append((named, None))
            continue
        start, end, at = _find_value(text, equals.end())
        if at < 0:
            return attributes, False, None
        attributes.append((named, decode_references(text[start:end])))
        spans.setdefault(named, (start, end))


def _find_value(text: str, at: int) -> tuple[int, int, int]:
    """Return where the value begins and ends, and where reading goes on; -1 if it never ends."""
    quote = text[at : at + 1]
    if quote in ('"', "'"):
        end = text.find(quote, at + 1)
        return at + 1, end, end + 1 if end >= 0 else -1
    bare = _BARE.match(text, at)
    assert bare is not None, "it matches nothing, too"
    return at, bare.end(), bare.end()


def _after(text: str, sign: str, start: int) -> int:
    """Return the place after the next *sign*, or the end of all."""
    end = text.find(sign, start)
    return len(text) if end < 0 else end + 1
