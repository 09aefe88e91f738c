"""What a message says as an e-mail.

Mirrored: OneSignal REST API, Create message, fields of the e-mail channel. Subject and body are
required; the limits of each are checked here.

Left out: ``email_warm_up``. Copies (``email_bcc``) are read and not sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab_fakes.onesignal import refusals

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.draft.fields import Fields

__all__ = ["BCC_MAX", "NO_MAIL", "MailFields", "read_mail"]

BCC_MAX: Final = 5
"""Copies of one mail (OneSignal, Create message, ``email_bcc``)."""
_ADDRESS: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+")


@dataclass(frozen=True, slots=True)
class MailFields:
    """The fields of one e-mail; what is None comes from the app's settings."""

    subject: str = ""
    body: str = ""
    """HTML."""
    preheader: str | None = None
    from_name: str | None = None
    from_address: str | None = None
    reply_to: str | None = None
    sender_domain: str | None = None
    bcc: tuple[str, ...] = ()
    clicks_tracked: bool = True
    """Whether links lead over OneSignal, which counts who follows them."""
    include_unsubscribed: bool = False
    """Whether it goes to unsubscribed addresses too: a receipt, a password."""


NO_MAIL: Final = MailFields()
"""Of a message that is no e-mail."""


def read_mail(fields: Fields) -> MailFields:
    """Return the e-mail that a body describes; what does not fit is refused."""
    subject = _one_line(fields.text("email_subject"))
    body = fields.text("email_body")
    if not fields.has("template_id"):
        for name, value in (("email_subject", subject), ("email_body", body)):
            if not value:
                fields.fail(refusals.mail_field_required(name))
    return MailFields(
        subject=subject or "",
        body=body or "",
        preheader=fields.text("email_preheader"),
        from_name=_one_line(fields.text("email_from_name")),
        from_address=_read_address(fields, "email_from_address"),
        reply_to=_read_address(fields, "email_reply_to_address"),
        sender_domain=fields.text("email_sender_domain"),
        bcc=_read_bcc(fields),
        clicks_tracked=fields.flag("disable_email_click_tracking") is not True,
        include_unsubscribed=fields.flag("include_unsubscribed") is True,
    )


def _one_line(text: str | None) -> str | None:
    """Return *text* as a header can carry it: its line breaks become blanks."""
    return None if text is None else " ".join(text.splitlines()).strip()


def _read_address(fields: Fields, name: str) -> str | None:
    address = fields.text(name)
    if address is not None and _ADDRESS.fullmatch(address) is None:
        fields.fail_type(name, "an e-mail address")
    return address


def _read_bcc(fields: Fields) -> tuple[str, ...]:
    addresses = fields.texts("email_bcc")
    if len(addresses) > BCC_MAX:
        fields.fail(refusals.too_many("email_bcc", BCC_MAX))
    if not all(map(_ADDRESS.fullmatch, addresses)):
        fields.fail_type("email_bcc", "an array of e-mail addresses")
    return addresses
