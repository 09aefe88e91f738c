"""Message and Media resources: what is kept of each, and how the API shows them.

Mirrored: Twilio documentation, "Messages resource", Message properties: counts are text, dates are
RFC 2822, ``error_code`` is a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pushlab_fakes.sms.twilio.errors import describe_failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.settings import Settings
    from pushlab.world.clock import Instant
    from pushlab.world.world import World

__all__ = ["FINAL", "Media", "Message", "Messages", "find_price", "render_date"]

VERSION: Final = "2010-04-01"
FINAL: Final = frozenset({"delivered", "undelivered", "failed", "canceled", "received", "read"})
"""Statuses after which nothing comes."""
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
OBFUSCATED: Final = 4
"""Last digits of a number that ``AddressRetention=obfuscate`` hides."""


@dataclass(slots=True)
class Media:
    """One file of a message."""

    sid: str
    url: str
    """Where the sender said that it is."""
    content_type: str
    created_at: Instant
    size_bytes: int = 0
    """0 until it was fetched."""
    content: bytes | None = None
    """What a person sent; of what a program sent only the place is known."""


@dataclass(slots=True)
class Message:
    """One message, out or in."""

    sid: str
    account: str
    to: str
    sender: str | None
    """None until a Messaging Service has picked one."""
    body: str
    direction: str
    status: str
    created_at: Instant
    entry: str
    """Id of the trace entry that caused it."""
    service: str | None = None
    segments: int = 1
    is_mms: bool = False
    media: list[Media] = field(default_factory=list)
    status_callback: str | None = None
    validity_s: int = 36_000
    max_price: str | None = None
    keeps_body: bool = True
    keeps_address: bool = True
    is_test: bool = False
    """Made with test credentials: nothing is sent."""
    updated_at: Instant = 0
    sent_at: Instant | None = None
    error: int | None = None
    price: str | None = None
    outcome: str | None = None
    """What the application reported about it."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in FINAL

    @property
    def path(self) -> str:
        """Its place in the API, without an extension."""
        return f"/{VERSION}/Accounts/{self.account}/Messages/{self.sid}"

    def document(self) -> dict[str, object]:
        """Return the resource as the API shows it."""
        has_chosen = self.service is None or self.sender is not None
        hides = not self.keeps_address and self.is_final
        to = f"{self.to[:-OBFUSCATED]}XXXX" if hides else self.to
        return {
            "account_sid": self.account,
            "api_version": VERSION,
            "body": self.body if self.keeps_body or not self.is_final else "",
            "date_created": render_date(self.created_at),
            "date_sent": render_date(self.sent_at),
            "date_updated": render_date(self.updated_at or self.created_at),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": describe_failure(self.error),
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.media)),
            "num_segments": str(self.segments if has_chosen else 0),
            "price": self.price,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.path}/Media.json"},
            "to": to,
            "uri": f"{self.path}.json",
        }

    def media_document(self, media: Media) -> dict[str, object]:
        """Return one file's resource as the API shows it."""
        shown = render_date(media.created_at)
        return {
            "sid": media.sid,
            "account_sid": self.account,
            "parent_sid": self.sid,
            "content_type": media.content_type,
            "date_created": shown,
            "date_updated": shown,
            "uri": f"{self.path}/Media/{media.sid}.json",
        }


class Messages:
    """Every message of one world, by sid, in order of creation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[str, Message] = {}
        self._repeats: dict[tuple[str, ...], int] = {}

    def name(self, prefix: str, *natural: str) -> str:
        """Return the sid of the next thing that the *natural* parts name."""
        repeat = self._repeats.get((prefix, *natural), 0) + 1
        self._repeats[prefix, *natural] = repeat
        halves = (
            self._world.ids.key("twilio", half, *natural, repeat) for half in ("left", "right")
        )
        return prefix + "".join(f"{half:016x}" for half in halves)

    def add(self, message: Message) -> None:
        """Keep *message*."""
        self._held[message.sid] = message

    def find(self, account: str, sid: str) -> Message | None:
        """Return a message of *account*, or None."""
        found = self._held.get(sid)
        return found if found is not None and found.account == account else None

    def remove(self, message: Message) -> None:
        """Forget *message*."""
        del self._held[message.sid]

    def newest_first(self, account: str) -> Iterator[Message]:
        """Yield the messages of *account*."""
        return (held for held in reversed(self._held.values()) if held.account == account)

    def __iter__(self) -> Iterator[Message]:
        """Yield all messages, oldest first."""
        return iter(self._held.values())


def find_price(message: Message, settings: Settings) -> str:
    """Return what a message costs in USD, in or out: its segments, or its MMS."""
    if message.is_mms:
        return str(-Decimal(settings.twilio_price_mms))
    return str(-Decimal(settings.twilio_price_sms) * message.segments)


def render_date(instant: Instant | None) -> str | None:
    """Render *instant* as RFC 2822 wants it, in no locale but English."""
    if instant is None:
        return None
    at = datetime.fromtimestamp(instant // 1000, UTC)
    day, month = DAYS[at.weekday()], MONTHS[at.month - 1]
    return f"{day}, {at.day:02} {month} {at.year:04} {at:%H:%M:%S} +0000"
