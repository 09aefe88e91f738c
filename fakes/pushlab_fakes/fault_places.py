"""Where a fault can strike: gateways, routes of services, stages of SMTP, webhooks, handshakes.

A place is written in one line, as the control API and scenarios have it:

    apns                                    a gateway: what it says of each target
    onesignal POST /notifications           a route, and everything below it
    apns POST /3/device                     likewise; `*` is any method, `{}` any one part of a path
    smtp end                                a stage of a mail's way over the wire
    webhook https://shop.test/hooks         what leaves for that URL and all below; alone: anything
    apns handshake                          TLS, by the vendor's name; alone: under any name
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from pushlab.errors import MisuseError, find_near

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "EXAMPLES",
    "GATEWAYS",
    "REQUESTS_OF",
    "SERVICES",
    "SMTP_STAGES",
    "PlaceOfFault",
    "parse_place",
]

Kind = Literal["gateway", "route", "stage", "webhook", "handshake"]

GATEWAYS: Final = ("apns", "fcm", "webpush", "smtp", "sms")
SERVICES: Final = ("onesignal", "apns", "fcm", "webpush", "twilio")
"""Services that take requests over HTTP."""
SMTP_STAGES: Final = ("connect", "ehlo", "auth", "mail", "rcpt", "data", "end")
"""Stages of a mail's way over the wire; ``end`` is after the final dot."""
METHODS: Final = ("*", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
WEBHOOK, HANDSHAKE, SMTP = "webhook", "handshake", "smtp"
EXAMPLES: Final = (
    *GATEWAYS,
    "onesignal POST /notifications",
    "apns POST /3/device",
    "fcm * /v1/projects/{}/messages:send",
    "webpush POST /",
    "twilio POST /Messages",
    *(f"smtp {stage}" for stage in SMTP_STAGES),
    "webhook https://shop.test/hooks",
    "apns handshake",
)
"""Places as one writes them, each kind of them."""
REQUESTS_OF: Final = {
    "apns": "apns POST /3/device",
    "fcm": "fcm POST /v1/projects",
    "webpush": "webpush POST /",
    "smtp": "smtp end",
    "sms": "twilio POST /Messages",
}
"""The place at which a gateway's sends come in over the wire, each of them a request."""
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class PlaceOfFault:
    """A place that was understood."""

    kind: Kind
    service: str = ""
    """The service or gateway; empty for every one."""
    method: str = "*"
    parts: tuple[str, ...] = ()
    """Of a route the parts of its path, of a webhook those of the path of its URL."""
    stage: str = ""
    origin: tuple[str, str, int] | None = None
    """Of a webhook scheme, host and port; None for every one."""

    def has_route(self, service: str, method: str, paths: Iterable[str]) -> bool:
        """Whether it is a route under which a request falls, whose path may have several forms."""
        return (
            self.kind == "route"
            and self.service == service
            and self.method in {"*", method}
            and any(_begins(_split(path), self.parts) for path in paths)
        )

    def has_stage(self, stage: str) -> bool:
        """Whether it is this stage of SMTP."""
        return self.kind == "stage" and self.stage == stage

    def has_url(self, url: str) -> bool:
        """Whether it is a place for webhooks under which *url* falls."""
        if self.kind != WEBHOOK:
            return False
        if self.origin is None:
            return True
        try:
            origin, parts = _split_url(url)
        except ValueError:
            return False
        return origin == self.origin and _begins(parts, self.parts)

    def has_handshake(self, service: str) -> bool:
        """Whether it is the handshake with *service*; "" is a name that is no vendor's."""
        return self.kind == HANDSHAKE and self.service in {"", service}


def parse_place(where: str) -> PlaceOfFault:
    """Read a place; raises MisuseError, with what is meant, for what is none."""
    match where.split():
        case [name] if name in GATEWAYS:
            return PlaceOfFault("gateway", name)
        case ["webhook"]:
            return PlaceOfFault("webhook")
        case ["handshake"]:
            return PlaceOfFault("handshake")
        case ["webhook", url]:
            return _parse_webhook(url)
        case ["smtp", "handshake"]:
            return PlaceOfFault("handshake", SMTP)
        case ["smtp", stage]:
            if stage in SMTP_STAGES:
                return PlaceOfFault("stage", SMTP, stage=stage)
            stages = ", ".join(SMTP_STAGES)
            raise MisuseError(f"SMTP has no stage {stage!r}; its stages are {stages}")
        case [service, "handshake"] if service in SERVICES:
            return PlaceOfFault("handshake", service)
        case [service, method, path] if service in SERVICES:
            return _parse_route(service, method, path)
    raise MisuseError(f"no fault can strike at {where!r}; {find_near(where, EXAMPLES)}")


def _parse_route(service: str, method: str, path: str) -> PlaceOfFault:
    if method not in METHODS:
        raise MisuseError(f"{method!r} is no method; {find_near(method.upper(), METHODS)}")
    if not path.startswith("/"):
        raise MisuseError(f"{path!r} is no path; write {service} {method} /{path}")
    return PlaceOfFault("route", service, method, _split(path))


def _parse_webhook(url: str) -> PlaceOfFault:
    try:
        origin, parts = _split_url(url)
    except ValueError:
        raise MisuseError(
            f"{url!r} is no URL of a webhook; write `webhook https://shop.test/hooks`, or "
            "`webhook` alone for all of them"
        ) from None
    return PlaceOfFault("webhook", parts=parts, origin=origin)


def _split(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _split_url(url: str) -> tuple[tuple[str, str, int], tuple[str, ...]]:
    """Return origin and parts of the path; ValueError for another URL."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(url)
    origin = (parts.scheme, parts.hostname.rstrip("."), parts.port or PORTS[parts.scheme])
    return origin, _split(parts.path)


def _begins(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether *parts* begin with *wanted*, where a part in braces stands for any one."""
    return len(parts) >= len(wanted) and all(
        want == have or (want.startswith("{") and want.endswith("}"))
        for want, have in zip(wanted, parts, strict=False)
    )
