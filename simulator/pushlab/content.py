"""What a message says: the constants of a send, and what one target of it gets to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

__all__ = ["Attachment", "Content", "File", "Link", "Mail", "Sms", "Text"]


class Content(msgspec.Struct, frozen=True, gc=False):
    """What gateways and devices need to know of one send, the same for every target."""

    is_visible: bool = True
    """Whether there is anything to show; else it is a data message."""
    data: Mapping[str, object] = msgspec.field(default_factory=dict)
    buttons: Sequence[Mapping[str, object]] = ()
    web_buttons: Sequence[Mapping[str, object]] = ()
    collapse_id: str | None = None
    topic: str | None = None
    """Web push: the tag under which a newer notification takes an older one's place."""
    tag: str | None = None
    """Under what a newer message takes this one's place on the screen; empty for nothing.

    None leaves it to the platform: the topic or else the app's id on the web, the collapse id
    elsewhere, as the SDKs of messaging services have it.
    """
    ttl_s: int = 259_200
    priority: int = 10
    badge: tuple[str, int] | None = None
    """("SetTo" or "Increase", count), iOS only."""
    sound: str | None = None
    """The name of the sound that a push asks for, where its sender says so past any service."""
    size_bytes: int = 0
    """Bound on the size of the largest payload."""
    sizes: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Its size as each gateway counts it, by the gateway's name, where the bound does not do."""
    sender: str = ""
    """The number that a text message comes from."""
    push_type: str = ""
    """iOS: the kind of a push that shows no notification, as ``apns-push-type`` has it."""
    stamped_ahead_ms: int = 0
    """How far the clock that stamped the payload was ahead of the world's."""
    urgency: int | None = None
    """Web push: 0 is very low, 3 high; None leaves it to the priority."""

    @property
    def urgency_level(self) -> int:
        """How urgent the message is for a push service (RFC 8030, section 5.3)."""
        if self.urgency is not None:
            return self.urgency
        return 3 if self.priority >= 10 else 2

    def size_at(self, gateway: str) -> int:
        """Return the size of the largest payload as *gateway* counts it."""
        return self.sizes.get(gateway, self.size_bytes)


@dataclass(frozen=True, slots=True)
class Text:
    """What one target of a push shows, in the language chosen for it."""

    title: str | None
    subtitle: str | None
    body: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a mail."""

    text: str
    url: str
    """As it stands in the mail, which may lead over the sender's click counter."""
    target: str
    """Where it leads in the end."""


@dataclass(frozen=True, slots=True)
class File:
    """One file that a person sends."""

    type: str
    """Media type: ``image/jpeg``."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that came with a mail."""

    name: str
    type: str
    """Media type: ``application/pdf``."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it lies in a mailbox."""

    sender: str
    """Name and address: ``Shop <news@shop.test>``."""
    recipient: str
    subject: str
    html: str
    reply_to: str | None = None
    preheader: str | None = None
    links: tuple[Link, ...] = ()
    """What can be clicked, in the order of the text; the link to unsubscribe is not among them."""
    headers: tuple[tuple[str, str], ...] = ()
    unsubscribe_url: str | None = None
    """The link in the text that unsubscribes, if there is one.

    Without one, and without the one click, it is what the header List-Unsubscribe names first: a
    page, or an address (``mailto:``).
    """
    one_click: bool = False
    """Whether the headers offer to unsubscribe by one POST (RFC 8058)."""
    one_click_url: str | None = None
    """Where that POST goes, when it is a program outside that takes it."""
    plain: str | None = None
    """The part in plain text; of a mail without HTML it is all there is to read."""
    attachments: tuple[Attachment, ...] = ()
    images: tuple[str, ...] = ()
    """What is loaded from elsewhere to show the mail, each address once, in order of the text."""
    leaving_page_url: str | None = None
    """Where the link that unsubscribes leads, when a program outside serves that page."""


@dataclass(frozen=True, slots=True)
class Sms:
    """One text message as a handset shows it."""

    sender: str
    recipient: str
    body: str
    media_urls: tuple[str, ...] = ()
    encoding: str = "GSM-7"
    """``GSM-7`` or ``UCS-2``."""
    segments: int = 1
    """How many parts the carrier counts."""
