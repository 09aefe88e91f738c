"""What a message says as a text message.

Mirrored: OneSignal REST API, Create message, fields of the SMS channel: a number or a messaging
service of the linked Twilio account as sender, and up to ten files. The text itself stands in
``contents``; a message of files alone needs none (assumed).

Left out: the 5 MB that the files may have together; nothing fetches them here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pushlab_fakes.onesignal import refusals

if TYPE_CHECKING:
    from pushlab_fakes.onesignal.draft.fields import Fields

__all__ = ["MEDIA_MAX", "NO_SMS", "SmsFields", "read_sms"]

MEDIA_MAX: Final = 10
"""Files of one message (OneSignal, Create message, ``sms_media_urls``; Twilio, MMS)."""
_SENDER: Final = re.compile(r"\+[1-9]\d{1,14}|MG[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class SmsFields:
    """The fields of one text message."""

    sender: str | None = None
    """A number, or the SID of a messaging service; None leaves it to the app's settings."""
    media_urls: tuple[str, ...] = ()


NO_SMS: Final = SmsFields()
"""Of a message that is no text message."""


def read_sms(fields: Fields) -> SmsFields:
    """Return what a body says beside the text; what does not fit is refused."""
    sender = fields.text("sms_from")
    if sender is not None and _SENDER.fullmatch(sender) is None:
        fields.fail_type("sms_from", "a phone number in E.164 format")
    urls = fields.texts("sms_media_urls")
    if len(urls) > MEDIA_MAX:
        fields.fail(refusals.too_many("sms_media_urls", MEDIA_MAX))
    if not all(url.startswith(("https://", "http://")) for url in urls):
        fields.fail_type("sms_media_urls", "an array of URLs")
    return SmsFields(sender, urls)
