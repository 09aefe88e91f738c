"""A mail as OneSignal makes it of an HTML body: links that are counted, a pixel, a way out.

Mirrored: OneSignal documentation, Email: ``[unsubscribe_url]`` in the body, click tracking of
every link unless it is off, open tracking by an image at the end, the preheader; RFC 2369 and RFC
8058: ``List-Unsubscribe`` by https and by mail, and by one POST. Links carry the API's own name;
which name, paths and parameters the real ones have is not documented.

Left out: dynamic content, AMP, the text part, and DKIM signatures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from pushlab.content import Link, Mail
from pushlab.markup import MarkupReader
from pushlab_fakes.images import IMAGES_MAX, find_images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.markup import Attributes
    from pushlab_fakes.onesignal.apps import App
    from pushlab_fakes.onesignal.draft import MailFields

__all__ = ["MailTemplate", "compose_mail", "parse_template", "render_base_url"]

HOST: Final = "api.onesignal.com"
UNSUBSCRIBE_MAILBOX: Final = "unsubscribe@onesignal.com"
PLACEHOLDER: Final = "[unsubscribe_url]"
TRACKED: Final = ("http://", "https://")
CLICKABLE: Final = (*TRACKED, "mailto:", "tel:", "sms:")
"""What a reader can follow; an anchor leads nowhere but to another place of the mail."""
HEADER_SPECIALS: Final = re.compile(r'[()<>@,:;."\[\]\\]')
"""Characters for which a name stands in quotes (RFC 5322, specials)."""

UNSUBSCRIBE, PREHEADER, PIXEL = -1, -2, -3
"""Places of a template that are no link; links are numbered from 0."""


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """An HTML body, read once for all its recipients."""

    pieces: tuple[str | int, ...]
    """Text as it was written, and between it what differs: a link's number or a named place."""
    links: tuple[tuple[str, str, bool], ...]
    """Text, target and whether its clicks are counted, in the order of the body."""
    has_unsubscribe: bool
    """Whether the body itself offers to unsubscribe."""
    images: tuple[str, ...] = ()
    """What the body shows from elsewhere; the image that counts openings is not among them."""


def parse_template(body: str, *, clicks_tracked: bool) -> MailTemplate:
    """Read an HTML *body*; any text is one, and what is no link stays as it is."""
    reader = _Reader(body, clicks_tracked=clicks_tracked)
    reader.read(body)
    reader.end_link()
    edits = [
        *reader.edits,
        (reader.begin, reader.begin, PREHEADER),
        (reader.finish, reader.finish, PIXEL),
    ]
    pieces: list[str | int] = []
    place = 0
    for start, end, what in sorted(edits, key=lambda edit: edit[:2]):
        pieces.extend(_split(body[place:start]))
        pieces.append(what)
        place = end
    pieces.extend(_split(body[place:]))
    images = tuple(reader.images)[:IMAGES_MAX]
    return MailTemplate(tuple(pieces), tuple(reader.links), PLACEHOLDER in body, images)


def render_base_url(app_id: str, notification_id: str) -> str:
    """Return what all links of one notification's mails begin with."""
    return f"https://{HOST}/apps/{app_id}/notifications/{notification_id}"


def compose_mail(
    fields: MailFields,
    template: MailTemplate,
    *,
    app: App,
    notification_id: str,
    recipient: str,
    token: str,
) -> Mail:
    """Return the mail that *recipient* finds; *token* names the subscription in its links."""
    base = render_base_url(app.id, notification_id)
    unsubscribe_url = f"{base}/unsubscribe?token={token}"
    links = tuple(
        Link(text, f"{base}/links/{number}?token={token}" if is_tracked else target, target)
        for number, (text, target, is_tracked) in enumerate(template.links)
    )
    places = {
        UNSUBSCRIBE: unsubscribe_url,
        PREHEADER: _render_preheader(fields.preheader),
        PIXEL: f'<img src="{base}/open?token={token}" width="1" height="1" alt="">',
    }
    html = "".join(
        piece if isinstance(piece, str) else places[piece] if piece < 0 else links[piece].url
        for piece in template.pieces
    )
    by_mail = f"mailto:{UNSUBSCRIBE_MAILBOX}?subject={token}"
    return Mail(
        sender=render_sender(fields, app),
        recipient=recipient,
        subject=fields.subject,
        html=html,
        reply_to=fields.reply_to,
        preheader=fields.preheader,
        links=links,
        headers=(
            ("List-Unsubscribe", f"<{unsubscribe_url}>, <{by_mail}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        unsubscribe_url=unsubscribe_url if template.has_unsubscribe else None,
        one_click=True,
        images=template.images,
    )


def render_sender(fields: MailFields, app: App) -> str:
    """Return name and address of the sender; what the message leaves open the app says."""
    name = fields.from_name or app.email_from_name or app.name
    address = fields.from_address or app.email_from_address
    if fields.sender_domain and not fields.from_address:
        address = f"{address.partition('@')[0]}@{fields.sender_domain}"
    if HEADER_SPECIALS.search(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{quoted}"'
    return f"{name} <{address}>"


def _render_preheader(text: str | None) -> str:
    """Return the hidden text that a mailbox shows beside the subject."""
    if not text:
        return ""
    style = "display:none;max-height:0;overflow:hidden"
    return f'<div style="{style}">{escape(text, quote=False)}</div>'


def _split(text: str) -> Iterator[str | int]:
    """Yield *text* with a place for each address to unsubscribe at."""
    first, *rest = text.split(PLACEHOLDER)
    if first:
        yield first
    for piece in rest:
        yield UNSUBSCRIBE
        if piece:
            yield piece


class _Reader(MarkupReader):
    """Finds links and the ends of a body, each with its place in the text."""

    def __init__(self, body: str, *, clicks_tracked: bool) -> None:
        super().__init__()
        self.edits: list[tuple[int, int, int]] = []
        """Start and end of an address in the text, and the number of its link."""
        self.links: list[tuple[str, str, bool]] = []
        self.images: dict[str, None] = {}
        self.begin = 0
        """Where the first text of the body may stand."""
        self.finish = len(body)
        """Where the last element of the body may stand."""
        self._clicks_tracked = clicks_tracked
        self._has_body = False
        self._open: tuple[str, bool] | None = None
        """Target of the link that is being read, and whether it is tracked."""
        self._words: list[str] = []
        self._alternative = ""

    def handle_doctype(self) -> None:
        """Pass over a document type."""
        if not self._has_body:
            self.begin = self.end

    def handle_start(self, tag: str, attributes: Attributes) -> None:
        """Begin a link, or learn where the body begins."""
        said = dict(reversed(attributes))
        self.images.update(dict.fromkeys(find_images(tag, said)))
        if tag in ("html", "body") and not self._has_body:
            self.begin = self.end
            self._has_body = tag == "body"
        elif tag == "a" and said.get("href"):
            self.end_link()
            self._begin_link((said["href"] or "").strip())
        elif tag == "img" and self._open is not None:
            self._alternative = self._alternative or said.get("alt") or ""

    def handle_end(self, tag: str) -> None:
        """End a link, or learn where the body ends."""
        if tag == "a":
            self.end_link()
        elif tag == "head" and not self._has_body:
            self.begin = self.end
        elif tag == "body":
            self.finish = self.place

    def handle_text(self, text: str) -> None:
        """Keep the text of a link."""
        if self._open is not None:
            self._words.extend(text.split())

    def end_link(self) -> None:
        """Keep the link that is being read, if any."""
        if self._open is not None:
            target, is_tracked = self._open
            text = " ".join(self._words) or self._alternative or target
            self.links.append((text, target, is_tracked))
        self._open = None

    def _begin_link(self, target: str) -> None:
        if PLACEHOLDER in target or not target.lower().startswith(CLICKABLE):
            return
        place = None
        if self._clicks_tracked and target.lower().startswith(TRACKED):
            place = self.spans["href"]
        if place is not None:
            self.edits.append((*place, len(self.links)))
        self._open, self._words, self._alternative = (target, place is not None), [], ""
