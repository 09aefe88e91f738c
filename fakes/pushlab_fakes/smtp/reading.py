"""A mail as it came over the wire, read as the program of its reader would.

Mirrored: RFC 5322 and MIME (by the ``email`` package of the standard library), RFC 2369 and RFC
8058 (List-Unsubscribe). Any bytes are a mail: what cannot be read stays as it came.

Left out: DKIM, which RFC 8058 asks for under both headers; the one click is offered without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from hashlib import blake2b
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pushlab.content import Attachment, Link, Mail

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Parcel", "find_one_click", "read_header", "read_mail"]

PARTS_MAX: Final = 1_000
"""Parts of one mail that are looked at."""
LINKS_MAX: Final = 10_000
HEADERS_MAX: Final = 1_000
CLICKABLE: Final = ("http://", "https://", "mailto:", "tel:", "sms:")
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
VOLATILE: Final = frozenset(
    {
        "content-length",
        "content-transfer-encoding",
        "content-type",
        "date",
        "dkim-signature",
        "message-id",
        "mime-version",
        "received",
        "user-agent",
        "x-mailer",
    }
)
"""Headers that differ between two runs of one program, or between two clients."""
_URL: Final = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]", re.IGNORECASE)
_URI: Final = re.compile(r"<\s*([^<>\s]+)\s*>")
_HIDDEN: Final = re.compile(
    r"display\s*:\s*none|max-height\s*:\s*0|visibility\s*:\s*hidden", re.IGNORECASE
)
_LEAVING: Final = re.compile(r"unsubscribe|opt[-_ ]?out|abmelden|abbestellen", re.IGNORECASE)
_VOID: Final = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|wbr")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail that was read: what everybody gets of it, and what it is known by."""

    mail: Mail
    """Without a recipient; each gets a copy of their own."""
    canonical: str
    """What it says, without what differs from run to run."""
    message_id: str | None
    """As its sender gave it."""
    auto_submitted: bool
    """Whether a program answers here (RFC 3834); such mail is never answered."""

    def address_to(self, recipient: str) -> Mail:
        """Return the mail that *recipient* finds."""
        return replace(self.mail, recipient=recipient)


def read_mail(raw: bytes, sender: str) -> Parcel:
    """Read any bytes as a mail; *sender* stands where it names none."""
    message = message_from_bytes(raw)
    headers = tuple(_list_headers(message))
    html, plain, attachments, parts = _read_parts(message)
    page = _Page()
    page.feed(html)
    page.close()
    page.end_link()
    links = page.links if html else [Link(url, url, url) for url in _find_urls(plain or "")]
    listed = read_header(headers, "list-unsubscribe") or ""
    kept, leaving = _part_links(links[:LINKS_MAX], listed)
    one_click_url = find_one_click(headers)
    mail = Mail(
        sender=read_header(headers, "from") or sender,
        recipient="",
        subject=read_header(headers, "subject") or "",
        html=html,
        reply_to=read_header(headers, "reply-to"),
        preheader=page.preheader,
        links=kept,
        headers=headers,
        unsubscribe_url=leaving,
        one_click=one_click_url is not None,
        one_click_url=one_click_url,
        plain=plain,
        attachments=tuple(attachments),
    )
    lasting = [f"{name}: {value}" for name, value in headers if name.lower() not in VOLATILE]
    automatic = (read_header(headers, "auto-submitted") or "no").lower() != "no"
    return Parcel(
        mail,
        "\n".join([*lasting, "", *parts]),
        read_header(headers, "message-id"),
        automatic,
    )


def read_header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    """Return the first header called *name* (lower case), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def find_one_click(headers: tuple[tuple[str, str], ...]) -> str | None:
    """Return where one POST unsubscribes (RFC 8058, section 3.1), or None.

    The URI is https; on this machine, where tests listen, http will do.
    """
    said = (read_header(headers, "list-unsubscribe-post") or "").replace(" ", "")
    if said.lower() != "list-unsubscribe=one-click":
        return None
    for uri in _URI.findall(read_header(headers, "list-unsubscribe") or ""):
        try:
            parts = urlsplit(uri)
            host = parts.hostname or ""
        except ValueError:
            continue
        if host and (parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS)):
            return str(uri)
    return None


# -- parts ----------------------------------------------------------------------------------------


def _list_headers(message: Message) -> Iterator[tuple[str, str]]:
    """Yield the headers, decoded; one that cannot be decoded as it came."""
    for name, source in list(message.raw_items())[:HEADERS_MAX]:
        yield _clean(str(name)), _decode(str(source))


def _decode(source: str) -> str:
    """Return a header as people read it: on one line, encoded words (RFC 2047) as text."""
    text = " ".join(source.split())
    if not text.isascii():
        # Bytes beyond ASCII are UTF-8 (RFC 6532), or nothing that anybody knows.
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" in text:
        try:
            text = " ".join(str(make_header(decode_header(text))).split())
        except (ValueError, LookupError, MessageError):
            return text
    return _clean(text)


def _read_parts(
    message: Message,
) -> tuple[str, str | None, list[Attachment], list[str]]:
    """Return HTML, plain text, attachments, and what each part holds in short."""
    html: str | None = None
    plain: str | None = None
    attachments: list[Attachment] = []
    told: list[str] = []
    for part in _walk(message):
        kind = _ask(part, "get_content_type", "text/plain")
        named = _ask(part, "get_filename", None)
        name = _decode(str(named)) if named else None
        is_attached = _ask(part, "get_content_disposition", None) == "attachment"
        payload = _read_bytes(part)
        # A mail inside a mail has headers of its own that differ from run to run.
        digest = "" if part.is_multipart() else blake2b(payload, digest_size=16).hexdigest()
        told.append(f"{kind} {name} {digest}")
        if is_attached or name or not kind.startswith("text/"):
            shown = name or kind
            attachments.append(Attachment(shown, kind, len(payload)))
        elif kind == "text/html" and html is None:
            html = _read_text(part, payload)
        elif kind == "text/plain" and plain is None:
            plain = _read_text(part, payload)
    return html or "", plain, attachments, told


def _walk(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something; a mail inside a mail is one part."""
    waiting: list[Any] = [message]
    seen = 0
    while waiting and seen < PARTS_MAX:
        part = waiting.pop(0)
        seen += 1
        if part.is_multipart() and _ask(part, "get_content_maintype", "") != "message":
            waiting[:0] = part.get_payload()
        else:
            yield part


def _ask(part: Message, method: str, default: Any) -> Any:  # noqa: ANN401 - as asked
    """Ask the parser something that it may break on."""
    try:
        return getattr(part, method)()
    except Exception:  # noqa: BLE001 - it breaks in many ways on what is no header
        return default


def _read_bytes(part: Message) -> bytes:
    if part.is_multipart():
        inner = part.get_payload()
        try:
            return b"".join(each.as_bytes() for each in inner if isinstance(each, Message))
        except Exception:  # noqa: BLE001 - a mail inside a mail may be anything
            return b""
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - so may its encoding
        payload = None
    return payload if isinstance(payload, bytes) else b""


def _read_text(part: Message, payload: bytes) -> str:
    charset = str(_ask(part, "get_content_charset", None) or "utf-8")
    try:
        text = payload.decode(charset, "replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", "replace")
    return _clean(text.replace("\r\n", "\n").removesuffix("\n"))


def _clean(text: str) -> str:
    """Return *text* without halves of surrogate pairs, which stand for bytes of no charset."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


# -- what can be clicked --------------------------------------------------------------------------


def _find_urls(text: str) -> list[str]:
    return [found[0] for found in _URL.finditer(text)]


def _part_links(links: list[Link], listed: str) -> tuple[tuple[Link, ...], str | None]:
    """Return the links, and apart from them the first one that unsubscribes.

    That is one of the header's, or one that says so by its text or its address (assumed: what
    readers of mail go by).
    """
    uris = _URI.findall(listed)
    leaving = next((link for link in links if link.url in uris), None) or next(
        (link for link in links if _LEAVING.search(f"{link.text} {link.url}")), None
    )
    if leaving is None:
        return tuple(links), None
    return tuple(link for link in links if link.url != leaving.url), leaving.url


class _Page(HTMLParser):
    """Finds links, and the hidden text that mailboxes show beside the subject."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self.preheader: str | None = None
        self._target: str | None = None
        self._words: list[str] = []
        self._alternative = ""
        self._hidden: list[str] = []
        self._said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a link, or what is hidden."""
        said = dict(reversed(attrs))
        if tag == "a" and said.get("href"):
            self.end_link()
            target = (said["href"] or "").strip()
            if target.lower().startswith(CLICKABLE):
                self._target, self._words, self._alternative = target, [], ""
        elif tag == "img" and self._target is not None:
            self._alternative = self._alternative or said.get("alt") or ""
        if _VOID.fullmatch(tag) or self.preheader is not None:
            return
        if self._hidden or _HIDDEN.search(said.get("style") or ""):
            self._hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a link, or what is hidden; the first that says something is the preheader."""
        if tag == "a":
            self.end_link()
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
            if not self._hidden:
                self.preheader = " ".join("".join(self._said).split()) or None
                self._said = []

    def handle_data(self, data: str) -> None:
        """Keep the text of a link, and what is hidden."""
        if self._target is not None:
            self._words.extend(data.split())
        if self._hidden:
            self._said.append(data)

    def end_link(self) -> None:
        """Keep the link that is being read, if any."""
        if self._target is not None:
            text = " ".join(self._words) or self._alternative or self._target
            self.links.append(Link(text, self._target, self._target))
        self._target = None
