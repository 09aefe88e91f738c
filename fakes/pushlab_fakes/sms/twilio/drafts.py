"""What `POST Messages.json` asks for, read from its form and checked as far as the form tells.

Mirrored: Twilio documentation, "Create a Message", request body parameters; the order of the
checks is that of what is reported when several are wrong at once, as far as reports tell.

Left out: the texts of Content templates (a ContentSid is taken and its variables are shown).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from pushlab_fakes.exchange import Answer
from pushlab_fakes.sms.twilio.errors import refuse

if TYPE_CHECKING:
    from pushlab.settings import Settings
    from pushlab.world.clock import Instant

__all__ = [
    "LOOK_ALIKES",
    "VALIDITY_MAX_S",
    "Draft",
    "Form",
    "find_size_error",
    "parse_date",
    "read_draft",
    "read_form",
]

BODY_MAX: Final = 1_600
MEDIA_MAX: Final = 10
VALIDITY_MAX_S: Final = 36_000
DAY_S: Final = 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CHOICES: Final = {
    "ContentRetention": ("retain", "discard"),
    "AddressRetention": ("retain", "obfuscate"),
    "RiskCheck": ("enable", "disable"),
    "TrafficType": ("free",),
    "ProvideFeedback": ("true", "false"),
    "ForceDelivery": ("true", "false"),
    "SmartEncoded": ("true", "false"),
    "ShortenUrls": ("true", "false"),
    "SendAsMms": ("true", "false"),
}
"""Values that fields may have, in any case."""
LOOK_ALIKES: Final = str.maketrans({
    "\u00ab": '"', "\u00bb": '"', "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"',
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u2032": "'",
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-",
    "\u2026": "...", "\u2022": "*", "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ",
    "\u200b": "", "\u2044": "/", "\u2039": "<", "\u203a": ">", "\u0060": "'", "\u00b4": "'",
})  # fmt: skip
"""What SmartEncoded puts in the place of characters that are outside GSM 03.38 (a part)."""

_PRICE: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,8})?")


class Form:
    """The fields of a form, which may repeat; names are taken as they are written."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def get(self, name: str) -> str | None:
        """Return the last value of *name*, or None."""
        values = self.list(name)
        return values[-1] if values else None

    def list(self, name: str) -> list[str]:
        """Return all values of *name*."""
        return [value for key, value in self.pairs if key == name]

    def is_true(self, name: str) -> bool:
        """Whether *name* is true."""
        return (self.get(name) or "").lower() == "true"

    def canonical(self) -> str:
        """Return one text for all orders of the fields; of a repeated name the order counts."""
        ordered = sorted(self.pairs, key=lambda pair: pair[0])
        return "&".join(f"{len(name)}:{name}={len(text)}:{text}" for name, text in ordered)

    def shown(self) -> dict[str, object]:
        """Return the fields as the trace shows them."""
        names = dict.fromkeys(name for name, _ in self.pairs)
        several = {name: [_hide(value) for value in self.list(name)] for name in names}
        return {name: held[0] if len(held) == 1 else held for name, held in several.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants to be sent."""

    to: str
    """As it was written."""
    sender: str | None
    service: str | None
    body: str
    media: tuple[str, ...]
    is_mms: bool
    status_callback: str | None
    application: str | None
    validity_s: int
    send_at: Instant | None
    max_price: str | None
    keeps_body: bool
    keeps_address: bool


def read_form(body: bytes) -> Form | None:
    """Read the body of a request, or return None when it is no form."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1_000)
    except (UnicodeDecodeError, ValueError):
        return None
    return Form(pairs)


def read_draft(form: Form, now: Instant, settings: Settings) -> Draft | Answer:
    """Return the message that *form* describes, or the refusal."""
    to = (form.get("To") or "").strip()
    if not to:
        return refuse(21604)
    sender, service = (form.get("From") or "").strip(), form.get("MessagingServiceSid") or None
    if not sender and service is None:
        return refuse(21603)
    body, media = form.get("Body") or "", tuple(filter(None, form.list("MediaUrl")))
    if form.is_true("SmartEncoded"):
        body = body.translate(LOOK_ALIKES)
    refused = _check_content(form, body, media) or _check_choices(form)
    if refused is not None:
        return refused
    validity_s = _read_whole(form.get("ValidityPeriod"), VALIDITY_MAX_S)
    if not 1 <= validity_s <= VALIDITY_MAX_S:
        return refuse(90007, validity=form.get("ValidityPeriod"))
    callback = form.get("StatusCallback") or None
    if callback is not None and not _is_url(callback):
        return refuse(21609, url=callback)
    send_at = _read_send_at(form, now, settings, has_service=service is not None)
    if isinstance(send_at, Answer):
        return send_at
    return Draft(
        to=to,
        sender=sender or None,
        service=service,
        body=body or _render_content(form),
        media=media,
        is_mms=bool(media) or form.is_true("SendAsMms"),
        status_callback=callback,
        application=form.get("ApplicationSid") or None,
        validity_s=validity_s,
        send_at=send_at,
        max_price=form.get("MaxPrice") or None,
        keeps_body=(form.get("ContentRetention") or "").lower() != "discard",
        keeps_address=(form.get("AddressRetention") or "").lower() != "obfuscate",
    )


def _check_content(form: Form, body: str, media: tuple[str, ...]) -> Answer | None:
    has_template = bool(form.get("ContentSid"))
    code = find_size_error(body, media, has_template=has_template)
    if code == 21619 and form.get("Body") is not None:
        code = 21602
    if code is not None:
        return refuse(code)
    return None if all(map(_is_url, media)) else refuse(21620)


def find_size_error(body: str, media: tuple[str, ...], *, has_template: bool = False) -> int | None:
    """Return the error that there is nothing to send, or too much of it, or None."""
    if not body and not media and not has_template:
        return 21619
    if len(body) > BODY_MAX:
        return 21617
    return 21623 if len(media) > MEDIA_MAX else None


def _check_choices(form: Form) -> Answer | None:
    for name, choices in CHOICES.items():
        value = form.get(name)
        if value and value.lower() not in choices:
            return refuse(20001, reason=f"Invalid {name}: {value}")
    price = form.get("MaxPrice")
    if price and _PRICE.fullmatch(price) is None:
        return refuse(20001, reason=f"Invalid MaxPrice: {price}")
    attempt = form.get("Attempt")
    if attempt and _read_whole(attempt, 0) < 1:
        return refuse(20001, reason=f"Invalid Attempt: {attempt}")
    return None


def _read_send_at(
    form: Form, now: Instant, settings: Settings, *, has_service: bool
) -> Instant | Answer | None:
    """Return when the message is to be sent, None for now, or the refusal."""
    schedule, said = form.get("ScheduleType") or "", form.get("SendAt") or ""
    if not schedule:
        return refuse(35112) if said else None
    if schedule.lower() != "fixed":
        return refuse(35113, schedule=schedule)
    if not said:
        return refuse(35111)
    if not has_service:
        return refuse(35118)
    send_at = parse_date(said)
    days = settings.twilio_schedule_max_days
    first = now + settings.twilio_schedule_min_s * 1000
    if send_at is None or not first <= send_at <= now + days * DAY_S * 1000:
        window = {"min_s": settings.twilio_schedule_min_s, "max_days": days}
        return refuse(35114, **window, max_s=days * DAY_S)
    return send_at


def parse_date(text: str) -> Instant | None:
    """Return the instant that ISO 8601 *text* names, in UTC unless it says another zone."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(milliseconds=1)


def _read_whole(text: str | None, default: int) -> int:
    """Return *text* as a number, *default* without one, and -1 when it is none."""
    if not text:
        return default
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1


def _is_url(text: str) -> bool:
    """Whether *text* is a URL that Twilio would call: http or https, with a proper host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and bool(host) and "_" not in host and " " not in text


def _render_content(form: Form) -> str:
    """Return a text for a Content template, whose own text is not known here."""
    content = form.get("ContentSid")
    if not content:
        return ""
    return f"{content} {form.get('ContentVariables') or '{}'}"


def _hide(value: str) -> str:
    """Return *value* without the password of a URL."""
    scheme, slashes, rest = value.partition("://")
    if not slashes or "@" not in rest.partition("/")[0]:
        return value
    return f"{scheme}://[redacted]@{rest.partition('@')[2]}"
