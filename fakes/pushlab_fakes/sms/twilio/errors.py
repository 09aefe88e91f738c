"""Twilio's errors: what a refused request is answered, and what a message may fail with later.

Mirrored: Twilio documentation, "Error and Warning Dictionary", and the error body of the REST API
(``code``, ``message``, ``more_info``, ``status``). The texts are those that clients have reported;
Twilio promises the codes only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab_fakes.exchange import json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushlab_fakes.exchange import Answer

__all__ = ["ALERTS", "LATER", "REFUSALS", "describe_failure", "describe_refusal", "refuse"]

REFUSALS: Final[Mapping[int, tuple[int, str]]] = {
    20001: (400, "{reason}"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20005: (401, "Account not active"),
    20008: (403, "Resource not accessible with Test Account Credentials"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource {path} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service Unavailable"),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21212: (400, ("The 'From' number {from_} is not a valid phone number, shortcode, or "
            "alphanumeric sender ID.")),
    21266: (400, "'To' and 'From' number cannot be the same: {to}"),
    21408: (400, ("Permission to send an SMS has not been enabled for the region indicated by the "
            "'To' number: {to}.")),
    21601: (400, ("The From phone number {from_} is not a valid, SMS-capable inbound phone number "
            "or short code for your account.")),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, ("The 'From' phone number provided ({from_}) is not a valid message-capable "
            "Twilio phone number for this destination.")),
    21608: (400, ("The number {to} is unverified. Trial accounts cannot send messages to "
            "unverified numbers; verify {to} at twilio.com/user/account/phone-numbers/verified, "
            "or purchase a Twilio number to send messages to unverified numbers.")),
    21609: (400, "The StatusCallback URL {url} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number {from_} has exceeded the maximum number of queued messages."),
    21612: (400, ("Message cannot be sent with the current combination of 'To' ({to}) and/or "
            "'From' ({from_}) parameters")),
    21614: (400, "'To' number {to} is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21619: (400, "A text message body or media urls must be specified."),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21703: (400, "The Messaging Service does not have a phone number available to send a message"),
    21704: (400, "The Messaging Service contains no phone numbers"),
    21705: (400, "The Messaging Service Sid {service} is invalid."),
    21712: (400, "The 'From' number {from_} does not belong to the Messaging Service"),
    30409: (409, "Message cannot be canceled: it is not scheduled"),
    35111: (400, "SendAt cannot be empty for ScheduleType 'fixed'"),
    35112: (400, "ScheduleType cannot be empty when SendAt is present"),
    35113: (400, "ScheduleType {schedule} is not supported"),
    35114: (400, ("SendAt time must be between {min_s} seconds and {max_days} days ({max_s} "
            "seconds) in the future")),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    90007: (400, "ValidityPeriod {validity} is out of range: it is an integer from 1 to 36000"),
}  # fmt: skip
"""What a request is refused with: status and text; 21408 may have another status."""

LATER: Final[Mapping[int, tuple[str, str]]] = {
    11200: ("failed", "HTTP retrieval failure"),
    11205: ("failed", "HTTP connection failure"),
    11751: ("failed", "Media Message - Media exceeds messaging provider size limit"),
    12300: ("failed", "Invalid Content-Type"),
    21610: ("failed", "Attempt to send to unsubscribed recipient"),
    21703: ("failed", ("The Messaging Service does not have a phone number available to send "
            "a message")),
    30001: ("failed", "Queue overflow"),
    30002: ("failed", "Account suspended"),
    30003: ("undelivered", "Unreachable destination handset"),
    30004: ("undelivered", "Message blocked"),
    30005: ("undelivered", "Unknown destination handset"),
    30006: ("undelivered", "Landline or unreachable carrier"),
    30007: ("undelivered", "Message filtered"),
    30008: ("undelivered", "Unknown error"),
    30010: ("failed", "Message price exceeds max price"),
    30019: ("undelivered", "Content size exceeds carrier limit"),
    30032: ("undelivered", "Toll-Free Number Has Not Been Verified"),
    30034: ("undelivered", "US A2P 10DLC - Message from an Unregistered Number"),
    30036: ("failed", "Validity Period Expired"),
    30410: ("failed", "Provider Timeout Error"),
}  # fmt: skip
"""What a message that was taken ends with: its status and text."""

ALERTS: Final[Mapping[int, str]] = {
    11200: "HTTP retrieval failure",
    11205: "HTTP connection failure",
    11750: "TwiML response body too large",
    11751: "Media Message - Media exceeds messaging provider size limit",
    12100: "Document parse failure",
    12300: "Invalid Content-Type",
    14101: 'Invalid "To" attribute',
    14102: 'Invalid "From" attribute',
    14103: "Invalid Body",
    14111: "Invalid To phone number for Trial mode",
    21610: "Attempt to send to unsubscribed recipient",
}
"""What the debugger shows of the application under test, and nothing else does."""


def refuse(code: int, *, status: int | None = None, **said: object) -> Answer:
    """Answer error *code*; *said* fills its text."""
    usual, text = REFUSALS[code]
    status = usual if status is None else status
    body: dict[str, object] = {"code": code}
    if code == 20003:
        body["detail"] = "Your AccountSid or AuthToken was incorrect."
    body["message"] = text.format_map(said)
    body["more_info"] = f"https://www.twilio.com/docs/errors/{code}"
    body["status"] = status
    headers = (("www-authenticate", 'Basic realm="Twilio API"'),) if code == 20003 else ()
    return json_answer(status, body, headers)


def describe_refusal(code: int) -> str:
    """Return the text of a refusal that names nothing."""
    return REFUSALS[code][1]


def describe_failure(code: int | None) -> str | None:
    """Return the ``error_message`` of a message that ended with *code*."""
    return LATER[code][1] if code is not None and code in LATER else None
