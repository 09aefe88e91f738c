"""What FCM and its neighbours say when they say no, as Google's APIs write it.

Mirrored: "ErrorCode" of the FCM HTTP v1 reference, google.rpc's detail messages, and the bodies
that senders report. Google prints JSON over several lines; so does this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from pushlab_fakes.exchange import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "APNS_ERROR",
    "FCM_ERROR",
    "Refusal",
    "bad_condition",
    "gone",
    "google_answer",
    "iam_denied",
    "internal",
    "invalid_argument",
    "missing_credentials",
    "no_such_project",
    "no_such_token",
    "oauth_refusal",
    "other_sender",
    "quota_exceeded",
    "rejected",
    "scope_insufficient",
    "service_disabled",
    "third_party",
    "token_expired",
    "token_unsupported",
    "too_large",
    "unavailable",
    "unregistered",
    "wrong_shape",
]

FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
APNS_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.ApnsError"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
QUOTA_FAILURE: Final = "type.googleapis.com/google.rpc.QuotaFailure"
HELP: Final = "type.googleapis.com/google.rpc.Help"
METHOD: Final = "google.firebase.fcm.v1.FcmService.SendMessage"
CONSOLE: Final = "https://console.developers.google.com/apis/api/fcm.googleapis.com/overview"
CREDENTIAL_KINDS: Final = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)
BAD_ARGUMENT: Final = "Request contains an invalid argument."
Told: TypeAlias = "tuple[int, str] | None"
"""Status and reason of APNs, where FCM quotes them."""
HTML: Final = (("content-type", "text/html; charset=UTF-8"),)


def google_answer(status: int, value: object, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Answer *value* as JSON in the form that Google's APIs print."""
    body = msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
    return Answer(status, body, (("content-type", "application/json; charset=UTF-8"), *headers))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal of a Google API."""

    status: int
    canonical: str
    """The word of google.rpc.Code."""
    message: str
    error_code: str | None = None
    """FCM's own word, in the detail `FcmError`."""
    details: Sequence[Mapping[str, object]] = ()
    """Further details, before `FcmError`."""
    details_after: Sequence[Mapping[str, object]] = ()
    """Further details, after it. Which stand where is as captures of FCM's answers have it."""
    headers: tuple[tuple[str, str], ...] = ()

    def answer(self) -> Answer:
        """Return the refusal as it goes over the wire."""
        details = list(self.details)
        if self.error_code is not None:
            details.append({"@type": FCM_ERROR, "errorCode": self.error_code})
        details += self.details_after
        error: dict[str, object] = {
            "code": self.status,
            "message": self.message,
            "status": self.canonical,
        }
        if details:
            error["details"] = details
        return google_answer(self.status, {"error": error}, self.headers)


# -- what is wrong with the message ----------------------------------------------------------------


def wrong_shape(field: str, description: str) -> Refusal:
    """Refuse JSON that does not fit the message type: no word of FCM's own."""
    violations = [{"field": field, "description": description}]
    if not field:
        violations = [{"description": description}]
    detail = {"@type": BAD_REQUEST, "fieldViolations": violations}
    return Refusal(400, "INVALID_ARGUMENT", description, details=[detail])


def _violation(field: str, description: str) -> dict[str, object]:
    return {
        "@type": BAD_REQUEST,
        "fieldViolations": [{"field": field, "description": description}],
    }


def invalid_argument(message: str, field: str | None = None) -> Refusal:
    """Refuse a message that says something which is not allowed."""
    details = [] if field is None else [_violation(field, message)]
    return Refusal(400, "INVALID_ARGUMENT", message, "INVALID_ARGUMENT", details)


def too_large(text: str) -> Refusal:
    """Refuse a message with too many bytes; the detail about the request says nothing."""
    return Refusal(400, "INVALID_ARGUMENT", text, "INVALID_ARGUMENT", [{"@type": BAD_REQUEST}])


def bad_condition() -> Refusal:
    """Refuse a condition over topics that is none; no detail says which field it is."""
    return Refusal(400, "INVALID_ARGUMENT", BAD_ARGUMENT)


def no_such_token() -> Refusal:
    """Refuse what is no registration token."""
    text = "The registration token is not a valid FCM registration token"
    after = [_violation("message.token", text)]
    return Refusal(400, "INVALID_ARGUMENT", text, "INVALID_ARGUMENT", details_after=after)


def unregistered(told: Told = None) -> Refusal:
    """Refuse a token whose app is gone, or that has expired."""
    text, after = "Requested entity was not found.", _quote(told)
    return Refusal(404, "NOT_FOUND", text, "UNREGISTERED", details_after=after)


def rejected(told: Told) -> Refusal:
    """Refuse because the gateway behind FCM has no use for the message."""
    after = _quote(told)
    return Refusal(400, "INVALID_ARGUMENT", BAD_ARGUMENT, "INVALID_ARGUMENT", details_after=after)


def other_sender() -> Refusal:
    """Refuse a token that another project's app registered."""
    return Refusal(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH")


def third_party(told: Told = None) -> Refusal:
    """Refuse because the keys for APNs or web push are missing or bad."""
    text, after = "Auth error from APNS or Web Push Service", _quote(told)
    return Refusal(401, "UNAUTHENTICATED", text, "THIRD_PARTY_AUTH_ERROR", details_after=after)


def quota_exceeded(
    subject: str, description: str, retry_after_s: int, told: Told = None
) -> Refusal:
    """Refuse because *subject* (a project, device or topic) gets too many messages."""
    violation = {"subject": subject, "description": description}
    return Refusal(
        429,
        "RESOURCE_EXHAUSTED",
        description,
        "QUOTA_EXCEEDED",
        [{"@type": QUOTA_FAILURE, "violations": [violation]}],
        _quote(told),
        (("retry-after", str(retry_after_s)),) if retry_after_s else (),
    )


def internal(told: Told = None) -> Refusal:
    """Refuse because something broke on the other side."""
    text, after = "Internal error encountered.", _quote(told)
    return Refusal(500, "INTERNAL", text, "INTERNAL", details_after=after)


def unavailable(retry_after_s: int, told: Told = None) -> Refusal:
    """Refuse because the service is overloaded."""
    headers = (("retry-after", str(retry_after_s)),) if retry_after_s else ()
    text = "The service is currently unavailable."
    return Refusal(503, "UNAVAILABLE", text, "UNAVAILABLE", (), _quote(told), headers)


def _quote(told: Told) -> list[dict[str, object]]:
    """Return the detail that quotes what APNs said."""
    if told is None:
        return []
    status, reason = told
    return [{"@type": APNS_ERROR, "statusCode": status, "reason": reason}]


# -- what is wrong with the sender -----------------------------------------------------------------


def _unauthenticated(message: str, reason: str, error: str) -> Refusal:
    detail = {
        "@type": ERROR_INFO,
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"method": METHOD, "service": "fcm.googleapis.com"},
    }
    challenge = f'Bearer realm="https://accounts.google.com/"{error}'
    return Refusal(
        401,
        "UNAUTHENTICATED",
        message,
        details=[detail],
        headers=(("www-authenticate", challenge),),
    )


def missing_credentials() -> Refusal:
    """Refuse a request without a bearer token."""
    text = f"Request is missing required authentication credential. {CREDENTIAL_KINDS}"
    return _unauthenticated(text, "CREDENTIALS_MISSING", "")


def token_expired() -> Refusal:
    """Refuse an access token whose hour is over."""
    text = f"Request had invalid authentication credentials. {CREDENTIAL_KINDS}"
    return _unauthenticated(text, "ACCESS_TOKEN_EXPIRED", ', error="invalid_token"')


def token_unsupported() -> Refusal:
    """Refuse an access token that nobody issued."""
    text = f"Request had invalid authentication credentials. {CREDENTIAL_KINDS}"
    return _unauthenticated(text, "ACCESS_TOKEN_TYPE_UNSUPPORTED", ', error="invalid_token"')


def _denied(message: str, reason: str, metadata: Mapping[str, str]) -> Refusal:
    detail = {
        "@type": ERROR_INFO,
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": dict(metadata),
    }
    return Refusal(403, "PERMISSION_DENIED", message, details=[detail])


def scope_insufficient() -> Refusal:
    """Refuse an access token that was asked for another API."""
    return _denied(
        "Request had insufficient authentication scopes.",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        {"method": METHOD, "service": "fcm.googleapis.com"},
    )


def iam_denied(project: str) -> Refusal:
    """Refuse an account that has no role in *project*."""
    permission = "cloudmessaging.messages.create"
    resource = f"//cloudresourcemanager.googleapis.com/projects/{project}"
    return _denied(
        f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
        "IAM_PERMISSION_DENIED",
        {"permission": permission, "resource": f"projects/{project}"},
    )


def service_disabled(project: str) -> Refusal:
    """Refuse because the API is switched off in *project*."""
    url = f"{CONSOLE}?project={project}"
    return _denied(
        f"Firebase Cloud Messaging API has not been used in project {project} before or it is "
        f"disabled. Enable it by visiting {url} then retry. If you enabled this API recently, wait "
        "a few minutes for the action to propagate to our systems and retry.",
        "SERVICE_DISABLED",
        {"consumer": f"projects/{project}", "service": "fcm.googleapis.com"},
    )


def no_such_project() -> Refusal:
    """Refuse a project that does not exist."""
    return Refusal(404, "NOT_FOUND", "Requested entity was not found.")


# -- OAuth, and what is gone -----------------------------------------------------------------------


def oauth_refusal(status: int, error: str, description: str) -> Answer:
    """Refuse an exchange of tokens (RFC 6749, section 5.2)."""
    return google_answer(status, {"error": error, "error_description": description})


def gone(path: str) -> Answer:
    """Answer for the APIs that Google has shut down: 404, and a page for people."""
    page = (
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n"
        '  <meta name=viewport content="initial-scale=1, minimum-scale=1, width=device-width">\n'
        "  <title>Error 404 (Not Found)!!1</title>\n"
        "  <p><b>404.</b> <ins>That's an error.</ins>\n"
        f"  <p>The requested URL <code>{_escape(path)}</code> was not found on this server.  "
        "<ins>That's all we know.</ins>\n"
    )
    return Answer(404, page.encode(), HTML)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
