"""A mail as it came over the wire, read as the program of its reader would.

Mirrored: RFC 5322 and MIME (see `plain_mime` and `mime`), RFC 2369 and RFC 8058 (List-Unsubscribe).
Any bytes are a mail: what cannot be read stays as it came. At once only what a mail is known by is
read; its links, images and texts are when somebody looks.

Left out: DKIM, which RFC 8058 asks for under both headers; the one click is offered without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.message import Message
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pushlab.content import Attachment, Link, Mail
from pushlab.markup import VOID, Attributes, Hidden, MarkupReader
from pushlab_fakes.images import IMAGES_MAX, find_images
from pushlab_fakes.smtp.mime import decode_text, decode_words, parse_mail
from pushlab_fakes.smtp.plain_mime import Part, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Parcel", "find_one_click", "read_header", "read_mail"]

LINKS_MAX: Final = 10_000
HEADERS_MAX: Final = 1_000
CLICKABLE: Final = ("http://", "https://", "mailto:", "tel:", "sms:")
PAGES: Final = ("http://", "https://")
LEAVABLE: Final = (*PAGES, "mailto:")
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


@dataclass(frozen=True)
class Parcel:
    """A mail that was taken apart; what its parts say is read when somebody looks."""

    sender: str
    """Who stands in the envelope."""
    headers: tuple[tuple[str, str], ...]
    """As people read them."""
    parts: tuple[Part, ...]
    unread: str = ""
    """Why its parts were not told apart; empty when they were."""

    @cached_property
    def _named(self) -> Mapping[str, str]:
        """The first header of each name, in lower case."""
        return {name.lower(): value for name, value in reversed(self.headers)}

    @property
    def subject(self) -> str:
        """What it is about."""
        return self._named.get("subject", "")

    @property
    def reply_to(self) -> str | None:
        """Who is to be answered, if not the sender."""
        return self._named.get("reply-to")

    @property
    def message_id(self) -> str | None:
        """Its id, as its sender gave it."""
        return self._named.get("message-id")

    @property
    def references(self) -> str | None:
        """The ids of the mails that it follows (RFC 5322, section 3.6.4)."""
        return self._named.get("references")

    @property
    def auto_submitted(self) -> bool:
        """Whether a program answers here (RFC 3834); such mail is never answered."""
        return (self._named.get("auto-submitted") or "no").lower() != "no"

    @property
    def canonical(self) -> str:
        """What it says, without what differs from run to run."""
        lasting = [
            f"{name}: {value}" for name, value in self.headers if name.lower() not in VOLATILE
        ]
        return "\n".join([*lasting, "", *map(_tell, self.parts)])

    @cached_property
    def mail(self) -> Mail:
        """What everybody gets of it, without a recipient; each gets a copy of their own."""
        headers = self.headers
        html, plain, attachments = _read_texts(self.parts)
        page = _Page()
        page.read(html)
        page.end_link()
        links = page.links if html else [Link(url, url, url) for url in _find_urls(plain or "")]
        listed = self._named.get("list-unsubscribe") or ""
        kept, leaving = _part_links(links[:LINKS_MAX], listed)
        one_click_url = find_one_click(headers)
        if leaving is None and one_click_url is None:
            uris = _URI.findall(listed)
            leaving = next((uri for uri in uris if uri.lower().startswith(LEAVABLE)), None)
        return Mail(
            sender=self._named.get("from") or self.sender,
            recipient="",
            subject=self.subject,
            html=html,
            reply_to=self.reply_to,
            preheader=page.preheader,
            links=kept,
            headers=headers,
            unsubscribe_url=leaving,
            one_click=one_click_url is not None,
            one_click_url=one_click_url,
            plain=plain,
            attachments=attachments,
            images=tuple(page.images)[:IMAGES_MAX],
            leaving_page_url=leaving if leaving and leaving.lower().startswith(PAGES) else None,
        )

    def address_to(self, recipient: str) -> Mail:
        """Return the mail that *recipient* finds."""
        return replace(self.mail, recipient=recipient)


def read_mail(raw: bytes, sender: str) -> Parcel:
    """Read any bytes as a mail; *sender* stands where it names none."""
    plain = read_plain(raw)
    if plain is not None:
        written, parts = plain
        return Parcel(sender, tuple([(n, _decode(v)) for n, v in written]), tuple(parts))
    message, unread = parse_mail(raw)
    return Parcel(sender, tuple(_list_headers(message)), tuple(_list_parts(message)), unread)


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
        text = " ".join(decode_words(text).split())
    return _clean(text)


def _tell(part: Part) -> str:
    """Return in short what a part holds."""
    # A mail inside a mail has headers of its own that differ from run to run.
    digest = "" if part.is_nested else blake2b(part.payload, digest_size=16).hexdigest()
    return f"{part.kind} {_decode(part.name) if part.name else None} {digest}"


def _read_texts(parts: tuple[Part, ...]) -> tuple[str, str | None, tuple[Attachment, ...]]:
    """Return HTML, plain text and attachments."""
    html: str | None = None
    plain: str | None = None
    attachments: list[Attachment] = []
    for part in parts:
        kind, name = part.kind, _decode(part.name) if part.name else None
        if part.is_attached or name or not kind.startswith("text/"):
            attachments.append(Attachment(name or kind, kind, len(part.payload)))
        elif kind == "text/html" and html is None:
            html = _read_text(part)
        elif kind == "text/plain" and plain is None:
            plain = _read_text(part)
    return html or "", plain, tuple(attachments)


def _list_parts(message: Message) -> Iterator[Part]:
    """Yield the parts of a mail that the standard library has taken apart."""
    for part in _walk(message):
        named = _ask(part, "get_filename", None)
        yield Part(
            _ask(part, "get_content_type", "text/plain"),
            str(named) if named else None,
            _read_bytes(part),
            str(_ask(part, "get_content_charset", None) or "utf-8"),
            _ask(part, "get_content_disposition", None) == "attachment",
            part.is_multipart(),
        )


def _walk(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something; a mail inside a mail is one part."""
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop(0)
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


def _read_text(part: Part) -> str:
    text = decode_text(part.payload, part.charset)
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
    uris = frozenset(_URI.findall(listed))
    leaving = next((link for link in links if link.url in uris), None) or next(
        (link for link in links if _LEAVING.search(f"{link.text} {link.url}")), None
    )
    if leaving is None:
        return tuple(links), None
    return tuple(link for link in links if link.url != leaving.url), leaving.url


class _Page(MarkupReader):
    """Finds links, and the hidden text that mailboxes show beside the subject."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self.images: dict[str, None] = {}
        self.preheader: str | None = None
        self._target: str | None = None
        self._words: list[str] = []
        self._alternative = ""
        self._hidden = Hidden()
        self._said: list[str] = []

    def handle_start(self, tag: str, attributes: Attributes) -> None:
        """Begin a link, or what is hidden."""
        said = dict(reversed(attributes))
        self.images.update(dict.fromkeys(find_images(tag, said)))
        if tag == "a" and said.get("href"):
            self.end_link()
            target = (said["href"] or "").strip()
            if target.lower().startswith(CLICKABLE):
                self._target, self._words, self._alternative = target, [], ""
        elif tag == "img" and self._target is not None:
            self._alternative = self._alternative or said.get("alt") or ""
        if tag in VOID or self.preheader is not None:
            return
        if self._hidden or _HIDDEN.search(said.get("style") or ""):
            self._hidden.begin(tag)

    def handle_end(self, tag: str) -> None:
        """End a link, or what is hidden; the first that says something is the preheader."""
        if tag == "a":
            self.end_link()
        if self._hidden.finish(tag):
            self.preheader = " ".join("".join(self._said).split()) or None
            self._said = []

    def handle_text(self, text: str) -> None:
        """Keep the text of a link, and what is hidden."""
        if self._target is not None:
            self._words.extend(text.split())
        if self._hidden:
            self._said.append(text)

    def end_link(self) -> None:
        """Keep the link that is being read, if any."""
        if self._target is not None:
            text = " ".join(self._words) or self._alternative or self._target
            self.links.append(Link(text, self._target, self._target))
        self._target = None
