"""Lists of messages: filters, order and pages.

Mirrored: Twilio documentation, "Retrieve a list of messages" and "Usage: paging": newest first,
50 on a page and at most 1,000, ``DateSent`` of a day in GMT or of one instant, ``DateSent<`` and
``DateSent>`` inclusive; pages are led by a token, so that new messages do not move them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from pushlab_fakes.sms.twilio.drafts import parse_date
from pushlab_fakes.sms.twilio.numbers import parse_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pushlab.world.clock import Instant
    from pushlab_fakes.sms.twilio.messages import Message

__all__ = ["list_page", "select"]

PAGE_SIZE: Final = 50
PAGE_SIZE_MAX: Final = 1_000
DAY_MS: Final = 86_400_000
FILTERS: Final[tuple[str, ...]] = ("To", "From", "DateSent", "DateSent<", "DateSent>")
AFTER, BEFORE = "PA", "PB"
"""How tokens begin: what follows, or what comes before, the message that they name."""


@dataclass(frozen=True, slots=True)
class Span:
    """Instants that a filter of dates lets pass."""

    first: Instant
    last: Instant


def select(messages: Iterable[Message], query: str) -> list[Message]:
    """Return those of *messages* that the filters of *query* let pass."""
    asked = dict(parse_qsl(query, keep_blank_values=False))
    to, sender = asked.get("To"), asked.get("From")
    spans = [
        span for name in FILTERS[2:] if (span := _read_span(name, asked.get(name))) is not None
    ]
    return [
        message
        for message in messages
        if (to is None or message.to == (parse_number(to) or to))
        and (sender is None or message.sender == (parse_number(sender) or sender))
        and all(_is_within(span, message.sent_at) for span in spans)
    ]


def list_page(path: str, query: str, found: Sequence[Message]) -> dict[str, object]:
    """Return the page that *query* asks for of *found*, whose address is *path*."""
    asked = dict(parse_qsl(query, keep_blank_values=False))
    size = max(1, min(_read_whole(asked.get("PageSize"), PAGE_SIZE), PAGE_SIZE_MAX))
    page = _read_whole(asked.get("Page"), 0)
    start = _find_start(asked.get("PageToken", ""), found, page, size)
    shown = found[start : start + size]
    kept = {name: asked[name] for name in FILTERS if name in asked}
    first = _address(path, kept, size, 0)
    later = (
        _address(path, kept, size, page + 1, f"{AFTER}{shown[-1].sid}")
        if start + size < len(found)
        else None
    )
    earlier = (
        _address(path, kept, size, max(page - 1, 0), f"{BEFORE}{shown[0].sid}")
        if start > 0 and shown
        else None
    )
    return {
        "first_page_uri": first,
        "end": page * size + max(len(shown) - 1, 0),
        "previous_page_uri": earlier,
        "messages": [message.document() for message in shown],
        "uri": _address(path, kept, size, page, asked.get("PageToken")),
        "page_size": size,
        "start": page * size,
        "next_page_uri": later,
        "page": page,
    }


def _find_start(token: str, found: Sequence[Message], page: int, size: int) -> int:
    """Return where the page begins; a token whose message is gone falls back to the number."""
    sid = token[len(AFTER) :]
    place = next((place for place, held in enumerate(found) if held.sid == sid), None)
    if place is None:
        return page * size
    return place + 1 if token.startswith(AFTER) else max(place - size, 0)


def _address(
    path: str, kept: Mapping[str, str], size: int, page: int, token: str | None = None
) -> str:
    pairs: dict[str, object] = {**kept, "PageSize": size, "Page": page}
    if token:
        pairs["PageToken"] = token
    return f"{path}?{urlencode(pairs)}"


def _read_span(name: str, text: str | None) -> Span | None:
    if text is None:
        return None
    at = parse_date(text)
    if at is None:
        return None
    end = at + DAY_MS - 1 if len(text.strip()) == len("2026-01-01") else at + 999
    if name.endswith("<"):
        return Span(0, end)
    return Span(at, 2**62) if name.endswith(">") else Span(at, end)


def _is_within(span: Span, instant: Instant | None) -> bool:
    return instant is not None and span.first <= instant <= span.last


def _read_whole(text: str | None, default: int) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 9):
        return default
    return int(text)
