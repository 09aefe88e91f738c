"""What a person reads of a mail: its text, without tags and without what is hidden."""

from __future__ import annotations

import re
from typing import Final

from pushlab.markup import VOID, Attributes, Hidden, MarkupReader

__all__ = ["strip_html"]

UNSEEN: Final = frozenset({"head", "script", "style", "template", "title"})
BLOCKS: Final = re.compile(
    "address|article|aside|blockquote|br|dd|div|dl|dt|footer|h[1-6]|header|hr|li|main|ol|p|pre"
    "|section|table|tr|ul"
)
"""Elements that begin and end a line."""
_HIDDEN: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def strip_html(html: str) -> str:
    """Return the text of *html*, a line for each block, without what a style hides."""
    reader = _Reader()
    reader.read(html)
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(MarkupReader):
    """Collects text."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = Hidden()

    def handle_start(self, tag: str, attributes: Attributes) -> None:
        """Begin a line, or something hidden."""
        if BLOCKS.fullmatch(tag):
            self.pieces.append("\n")
        if tag in VOID:
            return
        is_hidden = tag in UNSEEN or _HIDDEN.search(dict(attributes).get("style") or "")
        if self._hidden or is_hidden:
            self._hidden.begin(tag)

    def handle_end(self, tag: str) -> None:
        """End a line, or what was hidden; an element left open ends with the one around it."""
        if BLOCKS.fullmatch(tag):
            self.pieces.append("\n")
        self._hidden.finish(tag)

    def handle_text(self, text: str) -> None:
        """Keep text that can be seen."""
        if not self._hidden:
            self.pieces.append(" ".join(f"x{text}x".split())[1:-1])
