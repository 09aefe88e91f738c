"""Sends to Twilio as requests: which are some, to whom, and what a service's own looks like.

Mirrored: Twilio documentation, "Create a Message". A request that a service makes carries no
credentials here: they are the service's secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Request
from pushlab_fakes.json_text import decode_object
from pushlab_fakes.sms.twilio.drafts import read_form

if TYPE_CHECKING:
    from pushlab.content import Sms
    from pushlab_fakes.exchange import Answer

__all__ = [
    "STRANGER",
    "VERDICTS",
    "find_address",
    "find_name",
    "find_reason",
    "is_send",
    "render_send",
]

HOST: Final = "api.twilio.com"
MESSAGES: Final = ("/Messages.json", "/Messages", "/Messages/")
FORM: Final = (("content-type", "application/x-www-form-urlencoded"),)
VERDICTS: Final = {
    Verdict.ACCEPTED: (201, ""),
    Verdict.DEAD: (400, "21211"),
    Verdict.BAD: (400, "21211"),
    Verdict.TOO_LARGE: (400, "21617"),
    Verdict.PUT_OFF: (503, "20503"),
    Verdict.REFUSED: (400, "21612"),
    Verdict.STOPPED: (400, "21610"),
}
"""Status and error code of each verdict, where no fault has its own."""
STRANGER: Final = VERDICTS[Verdict.REFUSED]
"""The same where a number is another app's; carriers know no apps."""


def is_send(request: Request) -> bool:
    """Whether *request* creates a message."""
    return request.method == "POST" and request.path.endswith(MESSAGES)


def find_address(request: Request) -> str:
    """Return the number, as it was written."""
    form = read_form(request.body)
    return "" if form is None else form.get("To") or ""


def find_name(answer: Answer) -> str | None:
    """Return the sid of the message."""
    sid = (decode_object(answer.body) or {}).get("sid")
    return sid if isinstance(sid, str) else None


def find_reason(answer: Answer) -> str | None:
    """Return code and message of a refusal."""
    if answer.status < 400:
        return None
    said = decode_object(answer.body) or {}
    return f"{said.get('code')}: {said.get('message')}"


def render_send(sms: Sms, *, account: str) -> Request:
    """Return the request by which a service hands a text message over."""
    fields = [("To", sms.recipient), ("From", sms.sender), ("Body", sms.body)]
    fields += [("MediaUrl", url) for url in sms.media_urls]
    path = f"/2010-04-01/Accounts/{account}/Messages.json"
    return Request("POST", HOST, path, "", FORM, urlencode(fields).encode())
