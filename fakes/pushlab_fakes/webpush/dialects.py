"""How each push service says what it says: hosts, paths, statuses and bodies.

RFC 8030 and RFC 8292 fix few words, so every service has its own. Mozilla's are read from the
source of autopush (`autoendpoint`, its error codes), Google's and Apple's from reports of senders,
Microsoft's from the response codes of WNS; what nobody reported is assumed in the shape that the
service otherwise has. Left out: Mozilla's errnos 101 and 112, which its source no longer has, and
105, 108, 900, 901 and 903, which its bridges to phones have for themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from pushlab_fakes.exchange import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.world.clock import Instant

__all__ = ["DIALECTS", "Dialect", "Problem", "find_dialect"]


class Problem(Enum):
    """Why a push service refuses a message."""

    NOT_FOUND = auto()
    """No service ever issued this endpoint."""
    GONE = auto()
    """The browser has dropped the subscription."""
    NO_BROWSER = auto()
    """The browser itself is gone, with its profile."""
    BAD_METHOD = auto()
    NO_VAPID = auto()
    """The subscription was made with a key, and the request is not signed."""
    BAD_VAPID = auto()
    """The header is not in any known form."""
    NO_KEY = auto()
    """The token has no public key beside it."""
    BAD_KEY = auto()
    """That key is no point of P-256."""
    BAD_SIGNATURE = auto()
    BAD_CLAIMS = auto()
    """A claim is missing or of the wrong type."""
    WRONG_AUDIENCE = auto()
    EXPIRED = auto()
    EXPIRES_LATE = auto()
    """The token would live for longer than 24 hours."""
    BAD_SUBJECT = auto()
    """Nobody could be reached there."""
    OTHER_KEY = auto()
    """The subscription was made with another key."""
    NO_TTL = auto()
    NEGATIVE_TTL = auto()
    BAD_URGENCY = auto()
    LONG_TOPIC = auto()
    BAD_TOPIC = auto()
    NO_ENCODING = auto()
    """There is a body, and no Content-Encoding."""
    BAD_ENCODING = auto()
    NO_SALT = auto()
    """aesgcm without a salt in the header Encryption."""
    NO_DH = auto()
    """aesgcm without a public key in the header Crypto-Key."""
    STRAY_SALT = auto()
    """aes128gcm with a salt in a header: it stands in the body."""
    STRAY_DH = auto()
    TOO_LARGE = auto()
    THROTTLED = auto()
    INTERNAL = auto()
    BAD_GATEWAY = auto()
    """What stands behind the service does not answer."""
    UNAVAILABLE = auto()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One push service on the wire."""

    name: str
    host: str
    paths: tuple[str, ...]
    """How the paths of its endpoints begin."""
    message_path: str
    """How the paths of accepted messages begin."""
    refuse: Callable[[Problem, int], Answer]
    """(what is wrong, seconds for a Retry-After) -> the service's own refusal."""
    name_message: Callable[[int, Instant], str]
    """(content key, instant) -> the last part of a message's path."""
    needs_subject: bool
    """Whether a token must say whom to ask (``sub``)."""
    resolves_subject: bool = False
    """Whether names such as localhost are refused there."""
    checks_urgency: bool = True
    decodes_topic: bool = False
    """Whether a topic must be decodable as base64, not only of its alphabet."""
    tells_id: bool = False
    """Whether an answer has ``apns-id``."""
    has_query: bool = False
    """Whether an endpoint has a query."""
    tells_status: bool = False
    """Whether an answer tells what became of the message, in ``X-WNS-…`` headers."""
    topic_max: int = 32
    body_max: int = 4096
    """Bytes of a body (RFC 8030, section 7.2)."""

    @property
    def origin(self) -> str:
        """What ``aud`` has to be."""
        return f"https://{self.host}"


# -- Google ---------------------------------------------------------------------------------------

BAD_JWT: Final = (403, "permission denied: invalid JWT provided\n")
GOOGLE: Final[Mapping[Problem, tuple[int, str]]] = {
    Problem.NOT_FOUND: (
        404,
        (
            "A valid push subscription endpoint should be specified in the URL as such: "
            "https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa...\n"
        ),
    ),
    Problem.GONE: (410, "push subscription has unsubscribed or expired.\n"),
    Problem.NO_BROWSER: (410, "push subscription has unsubscribed or expired.\n"),
    Problem.BAD_METHOD: (405, "method not allowed\n"),
    Problem.NO_VAPID: (401, "authorization header must be specified.\n"),
    Problem.BAD_VAPID: (400, "UnauthorizedRegistration\n"),
    Problem.NO_KEY: (400, "UnauthorizedRegistration\n"),
    Problem.BAD_KEY: (400, "UnauthorizedRegistration\n"),
    Problem.OTHER_KEY: (
        403,
        (
            "the VAPID credentials in the authorization header do not correspond to the "
            "credentials used to create the subscriptions.\n"
        ),
    ),
    Problem.NO_TTL: (400, "TTL header must be specified.\n"),
    Problem.NEGATIVE_TTL: (400, "TTL header must not be negative.\n"),
    Problem.BAD_URGENCY: (400, "urgency header is invalid.\n"),
    Problem.LONG_TOPIC: (400, "topic header is invalid.\n"),
    Problem.BAD_TOPIC: (400, "topic header is invalid.\n"),
    Problem.NO_ENCODING: (400, "content-encoding header must be specified.\n"),
    Problem.BAD_ENCODING: (400, "content-encoding header is invalid.\n"),
    Problem.NO_SALT: (400, "encryption header must be specified.\n"),
    Problem.NO_DH: (400, "crypto-key header must be specified.\n"),
    Problem.STRAY_SALT: (400, "encryption header must not be specified.\n"),
    Problem.STRAY_DH: (400, "crypto-key header must not be specified.\n"),
    Problem.TOO_LARGE: (413, "payload too large\n"),
    Problem.THROTTLED: (429, "too many requests\n"),
    Problem.INTERNAL: (500, "internal error\n"),
    Problem.BAD_GATEWAY: (502, "bad gateway\n"),
    Problem.UNAVAILABLE: (503, "service unavailable\n"),
}
"""The first five, OTHER_KEY and the JWT as reported, the words of the others are assumed."""


def _refuse_as_google(problem: Problem, retry_after_s: int) -> Answer:
    status, text = GOOGLE.get(problem, BAD_JWT)
    headers = [("content-type", "text/plain; charset=utf-8")]
    return Answer(status, text.encode(), (*headers, *_retry_after(status, retry_after_s)))


# -- Mozilla --------------------------------------------------------------------------------------

MORE_INFO: Final = "http://autopush.readthedocs.io/en/latest/http.html#error-codes"
GONE_FOR_S: Final = 86_400
"""How long a 410 may be cached."""
BAD_CLAIMS: Final = (
    "Invalid VAPID token: A value in the vapid claims is either missing or incorrectly specified "
    '(e.g. "exp":"12345" or "sub":null). Please correct and retry.'
)
MOZILLA: Final[Mapping[Problem, tuple[int, int | None, str]]] = {
    Problem.NOT_FOUND: (404, 102, "Invalid token"),
    Problem.GONE: (410, 106, "No such subscription"),
    Problem.NO_BROWSER: (410, 103, "UAID not found"),
    Problem.BAD_METHOD: (405, None, "Method Not Allowed"),
    Problem.NO_VAPID: (401, 109, "Missing VAPID public key"),
    Problem.BAD_VAPID: (401, 109, "Unknown auth scheme"),
    Problem.NO_KEY: (401, 109, "Missing VAPID public key"),
    Problem.BAD_KEY: (401, 109, "Invalid VAPID public key"),
    Problem.BAD_SIGNATURE: (401, 109, "InvalidSignature"),
    Problem.BAD_CLAIMS: (401, 109, BAD_CLAIMS),
    Problem.WRONG_AUDIENCE: (401, 109, "Invalid VAPID audience"),
    Problem.EXPIRED: (401, 109, "ExpiredSignature"),
    Problem.EXPIRES_LATE: (401, 109, "The VAPID token expiration is too long"),
    Problem.BAD_SUBJECT: (401, 109, BAD_CLAIMS),
    Problem.OTHER_KEY: (401, 109, "VAPID public key mismatch"),
    Problem.NO_TTL: (400, 111, "Missing TTL value"),
    Problem.NEGATIVE_TTL: (400, 114, "ttl: TTL must be greater than 0"),
    Problem.BAD_URGENCY: (400, None, "Invalid urgency"),
    Problem.LONG_TOPIC: (400, 113, "topic: Topic must be no greater than 32 characters"),
    Problem.BAD_TOPIC: (400, 113, "topic: Topic must be URL and Filename safe Base64 alphabet"),
    Problem.NO_ENCODING: (400, 110, "Missing Content-Encoding header"),
    Problem.BAD_ENCODING: (400, 110, "Unknown Content-Encoding header"),
    Problem.NO_SALT: (400, 110, "Missing salt value in Encryption header"),
    Problem.NO_DH: (400, 110, "Missing dh value in Crypto-Key header"),
    Problem.STRAY_SALT: (400, 110, "Do not include 'salt' header in aes128gcm Encryption header"),
    Problem.STRAY_DH: (400, 110, "Do not include 'dh' header in aes128gcm Crypto-Key header"),
    Problem.TOO_LARGE: (413, 104, "A payload reached size limit."),
    Problem.THROTTLED: (429, 201, "Too Many Requests"),
    Problem.INTERNAL: (500, 999, "Unknown error"),
    Problem.BAD_GATEWAY: (502, 902, "Error while connecting to bridge service"),
    Problem.UNAVAILABLE: (503, 202, "Service Unavailable"),
}
"""Status, errno and message of autopush; a key that does not fit is 401 there, never 403."""


def _refuse_as_mozilla(problem: Problem, retry_after_s: int) -> Answer:
    status, errno, message = MOZILLA[problem]
    body = {
        "code": status,
        "errno": errno,
        "error": HTTPStatus(status).phrase if status != 413 else "Payload Too Large",
        "message": message,
        "more_info": MORE_INFO,
    }
    headers = [("content-type", "application/json")]
    if status == 410:
        headers.append(("cache-control", f"max-age={GONE_FOR_S}"))
    headers.extend(_retry_after(status, retry_after_s))
    return Answer(status, msgspec.json.encode(body), tuple(headers))


# -- Apple ----------------------------------------------------------------------------------------

BAD_TOKEN: Final = (403, "BadJwtToken")
APPLE: Final[Mapping[Problem, tuple[int, str]]] = {
    Problem.NOT_FOUND: (404, "BadPath"),
    Problem.GONE: (410, "Unregistered"),
    Problem.NO_BROWSER: (410, "Unregistered"),
    Problem.BAD_METHOD: (405, "MethodNotAllowed"),
    Problem.BAD_KEY: (403, "BadVapidPublicKey"),
    Problem.NO_KEY: (403, "BadVapidPublicKey"),
    Problem.OTHER_KEY: (400, "VapidPkHashMismatch"),
    Problem.NO_TTL: (400, "BadTtl"),
    Problem.NEGATIVE_TTL: (400, "BadTtl"),
    Problem.BAD_URGENCY: (400, "BadUrgency"),
    Problem.LONG_TOPIC: (400, "BadWebPushTopic"),
    Problem.BAD_TOPIC: (400, "BadWebPushTopic"),
    Problem.NO_ENCODING: (400, "BadWebPushRequest"),
    Problem.BAD_ENCODING: (400, "BadWebPushRequest"),
    Problem.NO_SALT: (400, "BadWebPushRequest"),
    Problem.NO_DH: (400, "BadWebPushRequest"),
    Problem.STRAY_SALT: (400, "BadWebPushRequest"),
    Problem.STRAY_DH: (400, "BadWebPushRequest"),
    Problem.TOO_LARGE: (413, "PayloadTooLarge"),
    Problem.THROTTLED: (429, "TooManyRequests"),
    Problem.INTERNAL: (500, "InternalServerError"),
    Problem.BAD_GATEWAY: (502, "BadGateway"),
    Problem.UNAVAILABLE: (503, "ServiceUnavailable"),
}
"""Apple, Sending web push notifications in web apps and browsers; the rest is BadJwtToken."""


def _refuse_as_apple(problem: Problem, retry_after_s: int) -> Answer:
    status, reason = APPLE.get(problem, BAD_TOKEN)
    headers = (("content-type", "application/json"), *_retry_after(status, retry_after_s))
    return Answer(status, msgspec.json.encode({"reason": reason}), headers)


# -- Microsoft ------------------------------------------------------------------------------------

MICROSOFT: Final[Mapping[Problem, tuple[int, str]]] = {
    Problem.NOT_FOUND: (404, "The channel URI is not valid or is not recognized by WNS"),
    Problem.GONE: (410, "The channel expired"),
    Problem.NO_BROWSER: (410, "The channel expired"),
    Problem.BAD_METHOD: (405, "Invalid method"),
    Problem.NO_VAPID: (401, "The Authorization header is missing"),
    Problem.BAD_VAPID: (401, "The Authorization header is not valid"),
    Problem.NO_KEY: (401, "The Authorization header has no public key"),
    Problem.BAD_KEY: (401, "The public key is not valid"),
    Problem.BAD_SIGNATURE: (401, "The signature of the token is not valid"),
    Problem.BAD_CLAIMS: (401, "The claims of the token are not valid"),
    Problem.WRONG_AUDIENCE: (401, "The audience of the token is not valid"),
    Problem.EXPIRED: (401, "The token has expired"),
    Problem.EXPIRES_LATE: (401, "The token expires too late"),
    Problem.OTHER_KEY: (403, "The public key is not the one of the channel"),
    Problem.NO_TTL: (400, "The TTL header is missing"),
    Problem.NEGATIVE_TTL: (400, "The TTL header is not valid"),
    Problem.BAD_URGENCY: (400, "The Urgency header is not valid"),
    Problem.LONG_TOPIC: (400, "The Topic header is not valid"),
    Problem.BAD_TOPIC: (400, "The Topic header is not valid"),
    Problem.NO_ENCODING: (400, "The Content-Encoding header is missing"),
    Problem.BAD_ENCODING: (400, "The Content-Encoding header is not valid"),
    Problem.NO_SALT: (400, "The Encryption header is missing"),
    Problem.NO_DH: (400, "The Crypto-Key header is missing"),
    Problem.STRAY_SALT: (400, "The Encryption header is not valid"),
    Problem.STRAY_DH: (400, "The Crypto-Key header is not valid"),
    Problem.TOO_LARGE: (413, "The notification payload is too large"),
    Problem.THROTTLED: (406, "The cloud service exceeded its throttle limit"),
    Problem.INTERNAL: (500, "Internal server error"),
    Problem.BAD_GATEWAY: (502, "Bad gateway"),
    Problem.UNAVAILABLE: (503, "Service unavailable"),
}
"""Statuses as "WNS HTTP response codes" has them; the words for people are assumed."""
BUSY: Final = frozenset({406, 429, 503})


def _refuse_as_microsoft(problem: Problem, retry_after_s: int) -> Answer:
    """Say no as WNS does: a status, and a word for people in a header."""
    status, text = MICROSOFT.get(problem, (400, "Bad request"))
    headers = [("x-wns-error-description", text)]
    if problem is Problem.THROTTLED:
        headers.append(("x-wns-status", "channelthrottled"))
    return Answer(status, b"", (*headers, *_retry_after(status, retry_after_s)))


def _retry_after(status: int, retry_after_s: int) -> list[tuple[str, str]]:
    waits = status in BUSY and retry_after_s
    return [("retry-after", str(retry_after_s))] if waits else []


# -- all of them ----------------------------------------------------------------------------------

DIALECTS: Final = (
    Dialect(
        "google",
        "fcm.googleapis.com",
        ("/wp/", "/fcm/send/"),
        "/0:",
        _refuse_as_google,
        lambda key, at: f"{at}000%{key:016x}",
        needs_subject=False,
    ),
    Dialect(
        "mozilla",
        "updates.push.services.mozilla.com",
        ("/wpush/",),
        "/m/",
        _refuse_as_mozilla,
        lambda key, at: f"gAAAAA{key:016x}{at:x}",
        needs_subject=True,
        checks_urgency=False,
    ),
    Dialect(
        "apple",
        "web.push.apple.com",
        ("/Q",),
        "/message/",
        _refuse_as_apple,
        lambda key, _: f"{key:016x}",
        needs_subject=True,
        resolves_subject=True,
        decodes_topic=True,
        tells_id=True,
    ),
    Dialect(
        "microsoft",
        "wns2-by3p.notify.windows.com",
        ("/w/",),
        "/w/message/",
        _refuse_as_microsoft,
        lambda key, _: f"{key:016X}",
        needs_subject=False,
        has_query=True,
        tells_status=True,
    ),
)
"""By the number of the service in `endpoints.SERVICES`."""


def find_dialect(host: str, path: str) -> Dialect:
    """Return the service that has *host*, else the one whose paths look like *path*.

    Google's takes what no other claims: clients with a base URL of their own are answered, too.
    """
    for dialect in DIALECTS:
        if dialect.host == host:
            return dialect
    for dialect in DIALECTS:
        if path.startswith((*dialect.paths, dialect.message_path)):
            return dialect
    return DIALECTS[0]
