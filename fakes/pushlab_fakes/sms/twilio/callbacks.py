"""What Twilio calls: signed requests to URLs of the application, and what it makes of failures.

Mirrored: Twilio documentation, "Webhooks security" (X-Twilio-Signature: the full URL and every
parameter of the form, sorted by name, under HMAC-SHA1 with the auth token), "Webhooks connection
overrides" (``rc``, ``rp`` and ``tt`` in the URL's fragment; a failed connection is tried once
more, an answer is not), errors 11200 and 11205 of the debugger.

The signature is made of the URL as it was given, port and all, without its fragment, which no
server ever sees. Left out: ``ct``, ``rt``, ``sni`` and ``e`` of the overrides, edge locations.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urldefrag, urlencode

from pushlab.world.outbox import Post
from pushlab_fakes.sms.twilio.errors import ALERTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.world.outbox import PostAnswer
    from pushlab.world.world import World
    from pushlab_fakes.sms.twilio.accounts import Accounts

__all__ = ["Alert", "Call", "Callbacks", "sign"]

RETRIES_MAX: Final = 5
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
IGNORED: Final = ("refused:", "interrupted")
"""Errors of posts that pushlab itself has kept back: nobody tried to connect."""
LATE: Final = "timed out"
"""The error of a post that reached somebody who did not answer in time."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One line of the debugger."""

    code: int
    message: str
    url: str
    about: str
    """The sid of the message that it is about."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the application."""

    name: str
    """Natural key."""
    url: str
    """As it was given, with its fragment."""
    account: str
    about: str
    """The sid of the message that it is about."""
    purpose: str
    fields: Mapping[str, str]
    method: str = "POST"
    causes: tuple[str, ...] = ()


class Callbacks:
    """Makes calls; *hear* gets the answer to the last try of each."""

    def __init__(self, world: World, accounts: Accounts) -> None:
        self._world = world
        self._accounts = accounts
        self.alerts: list[Alert] = []

    def make(self, call: Call, hear: Callable[[PostAnswer], None] | None = None) -> None:
        """Let *call* leave now; only while time moves."""
        self._make(call, hear, 0)

    def warn(
        self,
        code: int,
        url: str,
        about: str,
        causes: tuple[str, ...] = (),
        message: str | None = None,
    ) -> None:
        """Write a line into the debugger; *message* is in place of the usual text."""
        alert = Alert(code, message or ALERTS[code], url, about)
        self.alerts.append(alert)
        told = {"code": code, "message": alert.message, "url": url, "message_sid": about}
        self._world.trace.record("TwilioAlertRaised", f"{about} {code}", told, causes)

    def _make(self, call: Call, hear: Callable[[PostAnswer], None] | None, tried: int) -> None:
        url, fragment = urldefrag(call.url)
        options = dict(parse_qsl(fragment))
        form: Mapping[str, str] = call.fields
        if call.method == "GET":
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(form)}"
            form = {}
        # A second try says that it is one: an application may tell it by the token.
        token = self._world.ids.uuid("twilio call", self._world.ids.key("twilio call", call.name))
        signature = sign(self._accounts.token_of(call.account), url, form)

        def settled(answer: PostAnswer) -> None:
            if tried < _retries(options) and _is_retried(answer, options):
                self._make(call, hear, tried + 1)
                return
            self._judge(call, answer)
            if hear is not None:
                hear(answer)

        headers = (
            ("content-type", FORM),
            ("accept", "*/*"),
            ("user-agent", "TwilioProxy/1.1"),
            ("i-twilio-idempotency-token", token),
            ("x-twilio-signature", signature),
        )
        self._world.outbox.put(
            Post(
                name=f"twilio {call.name}" + (f" again {tried}" if tried else ""),
                url=url,
                at=self._world.now,
                purpose=call.purpose,
                body=urlencode(form).encode() if call.method == "POST" else b"",
                method=call.method,
                headers=headers if call.method == "POST" else headers[1:],
                timeout_s=_timeout_s(options, self._world.settings.twilio_webhook_timeout_s),
                causes=call.causes,
                on_answer=settled,
            )
        )

    def _judge(self, call: Call, answer: PostAnswer) -> None:
        """Tell the debugger of a call that failed."""
        if answer.status is None:
            if not (answer.error or "").startswith(IGNORED):
                self.warn(11205, call.url, call.about)
        elif answer.status >= 400:
            self.warn(11200, call.url, call.about)


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """Return the ``X-Twilio-Signature`` of a request to *url* with *form*."""
    said = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return b64encode(hmac.digest(token.encode(), said.encode(), "sha1")).decode()


def _retries(options: Mapping[str, str]) -> int:
    said = options.get("rc", "1")
    return min(int(said), RETRIES_MAX) if said.isascii() and said.isdigit() else 1


def _is_retried(answer: PostAnswer, options: Mapping[str, str]) -> bool:
    """Whether the policy (``rp``) has a failed call tried again."""
    policy = options.get("rp", "ct").split(",")
    if answer.status is None:
        error = answer.error or ""
        kind = "rt" if error == LATE else "ct"
        return not error.startswith(IGNORED) and (kind in policy or "all" in policy)
    if answer.status < 400:
        return False
    return "all" in policy or f"{answer.status // 100}xx" in policy


def _timeout_s(options: Mapping[str, str], default: int) -> float:
    """Return how long an answer may take in real seconds: ``tt`` is in milliseconds."""
    said = options.get("tt", "")
    return min(int(said) / 1000, default) if said.isascii() and said.isdigit() else default
