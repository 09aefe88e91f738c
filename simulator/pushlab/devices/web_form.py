"""The form on a web page that a person confirms by its button, as a browser sends it.

Mirrored: HTML Standard, form submission: what is filled in already goes with the button that is
pressed, in the order of the page, as ``application/x-www-form-urlencoded`` or as
``multipart/form-data`` (RFC 7578), with CRLF for line ends. Left out: forms that are sent by GET or
by a script, files, and ``text/plain`` (such a form is sent as usual).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urljoin, urlsplit

from pushlab.markup import MarkupReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.markup import Attributes

__all__ = ["Form", "find_form", "read_cookies"]

PRESSED: Final = frozenset({"submit", "image"})
UNSENT: Final = frozenset({"button", "reset", "file"})
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BOUNDARY: Final = "----WebKitFormBoundary"
TICKED: Final = frozenset({"checkbox", "radio"})


@dataclass(slots=True)
class Form:
    """One form that is sent by POST."""

    action: str
    """As the page says it; empty is the page itself."""
    fields: list[tuple[str, str]] = field(default_factory=list)
    is_pressed: bool = False
    """Whether a button was found; the first one is pressed."""
    encoding: str = URLENCODED
    """How it is sent, as the form or its button says; what is neither is the usual one."""

    def find_target(self, page_url: str) -> str | None:
        """Return where it goes from the page at *page_url*; None when that is no web address."""
        try:
            url = urljoin(page_url, self.action)
            return url if urlsplit(url).scheme in {"http", "https"} else None
        except ValueError:
            return None

    @property
    def content_type(self) -> str:
        """The type of the body."""
        return f"{MULTIPART}; boundary={self._boundary}" if self._is_multipart else URLENCODED

    def render(self) -> bytes:
        """Return the body."""
        fields = [(_end_lines(name), _end_lines(value)) for name, value in self.fields]
        if not self._is_multipart:
            return urlencode(fields).encode()
        line = f"--{self._boundary}"
        parts = [
            f'{line}\r\nContent-Disposition: form-data; name="{_quote(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields
        ]
        return "".join([*parts, f"{line}--\r\n"]).encode()

    @property
    def _is_multipart(self) -> bool:
        return self.encoding.strip().lower() == MULTIPART

    @property
    def _boundary(self) -> str:
        """A line that no value holds, the same for the same fields."""
        held = "".join(value for _, value in self.fields)
        number = 0
        while f"{BOUNDARY}{number:016}" in held:
            number += 1
        return f"{BOUNDARY}{number:016}"


def _end_lines(text: str) -> str:
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _quote(name: str) -> str:
    return name.replace("\r\n", "%0D%0A").replace('"', "%22")


def find_form(page: str) -> Form | None:
    """Return the first form of *page* that is sent by POST, with its first button pressed."""
    reader = _Reader()
    reader.read(page)
    return reader.found


def read_cookies(headers: Sequence[tuple[str, str]]) -> str:
    """Return what a browser says back of the cookies that a page set; empty for none."""
    pairs = [value.partition(";")[0].strip() for name, value in headers if name == "set-cookie"]
    return "; ".join(pair for pair in pairs if "=" in pair)


class _Reader(MarkupReader):
    """Reads the first form that is sent by POST."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Form | None = None
        self._is_inside = False
        self._text: str | None = None
        """The name of the text area that is being read."""
        self._select: tuple[str, bool] | None = None
        """The name of the list that is being read, and whether an option of it stands."""

    def handle_start(self, tag: str, attributes: Attributes) -> None:
        """Begin the form, or take what is filled in."""
        said = {name: value or "" for name, value in reversed(attributes)}
        if tag == "form" and self.found is None and said.get("method", "").lower() == "post":
            self.found, self._is_inside = Form(said.get("action", "").strip()), True
            self.found.encoding = said.get("enctype", "")
        form = self.found
        if form is None or not self._is_inside or "disabled" in said:
            return
        name = said.get("name", "")
        if tag == "input":
            self._take_input(form, name, said)
        elif tag == "button" and said.get("type", "submit").lower() == "submit":
            self._press(form, name, said)
        elif tag == "textarea" and name:
            form.fields.append((name, ""))
            self._text = name
        elif tag == "select" and name:
            self._select = (name, False)
        elif tag == "option" and self._select is not None:
            self._take_option(form, said)

    def handle_end(self, tag: str) -> None:
        """End the form, a text area or a list."""
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea":
            self._end_text()
        elif tag == "select":
            self._select = None

    def handle_text(self, text: str) -> None:
        """Take the text of a text area."""
        if self._text is not None and self.found is not None:
            name, held = self.found.fields.pop()
            self.found.fields.append((name, held + text))

    def _take_input(self, form: Form, name: str, said: dict[str, str]) -> None:
        kind = said.get("type", "text").lower()
        if kind in PRESSED:
            self._press(form, name, said)
        elif kind in TICKED:
            if name and "checked" in said:
                form.fields.append((name, said.get("value", "on")))
        elif name and kind not in UNSENT:
            form.fields.append((name, said.get("value", "")))

    def _take_option(self, form: Form, said: dict[str, str]) -> None:
        """Take the first option of a list, or the one that is chosen on the page."""
        assert self._select is not None, "an option stands in a list"
        name, is_taken = self._select
        if is_taken and "selected" in said:
            form.fields.pop()
        if not is_taken or "selected" in said:
            form.fields.append((name, said.get("value", "")))
        self._select = (name, True)

    def _end_text(self) -> None:
        """End a text area; a line end right after its tag is none of its text."""
        if self._text is not None and self.found is not None:
            name, held = self.found.fields.pop()
            held = held.removeprefix("\r")
            self.found.fields.append((name, held.removeprefix("\n")))
        self._text = None

    @staticmethod
    def _press(form: Form, name: str, said: dict[str, str]) -> None:
        """Press the first button, which may say how the form is sent."""
        if form.is_pressed:
            return
        if name:
            form.fields.append((name, said.get("value", "")))
        form.encoding = said.get("formenctype", form.encoding)
        form.is_pressed = True
