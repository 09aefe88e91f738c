"""What a person reads of a mail: its text, without tags and without what is hidden."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

__all__ = ["strip_html"]

UNSEEN: Final = frozenset({"head", "script", "style", "template", "title"})
VOID: Final = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|wbr")
"""Elements without an end tag."""
BLOCKS: Final = re.compile(
    "address|article|aside|blockquote|br|dd|div|dl|dt|footer|h[1-6]|header|hr|li|main|ol|p|pre"
    "|section|table|tr|ul"
)
"""Elements that begin and end a line."""
_HIDDEN: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def strip_html(html: str) -> str:
    """Return the text of *html*, a line for each block, without what a style hides."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Collects text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden: list[str] = []
        """The element that hides all in it, and those open inside."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, or something hidden."""
        if BLOCKS.fullmatch(tag):
            self.pieces.append("\n")
        if VOID.fullmatch(tag):
            return
        is_hidden = tag in UNSEEN or _HIDDEN.search(dict(attrs).get("style") or "")
        if self._hidden or is_hidden:
            self._hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a line, or what was hidden; an element left open ends with the one around it."""
        if BLOCKS.fullmatch(tag):
            self.pieces.append("\n")
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keep text that can be seen."""
        if not self._hidden:
            self.pieces.append(" ".join(f"x{data}x".split())[1:-1])
