"""Accounts and their credentials, senders, Messaging Services, and what is said of recipients.

Mirrored: Twilio documentation, "API requests: authentication" (Account SID and auth token, or an
API key), "Subaccounts" (their parent's credentials open them), "Messaging Services" (sender pool,
webhooks, Advanced Opt-Out), "Geographic permissions", trial accounts and verified numbers.

A lab takes the account under test as it is: the first token that comes with an account becomes
its token, an unknown sender becomes one of its numbers, an unknown service is set up; *strict*
adopts nothing.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, Literal, get_args

from pushlab.errors import MisuseError
from pushlab_fakes.sms.keywords import TOLL_FREE
from pushlab_fakes.sms.twilio.drafts import VALIDITY_MAX_S
from pushlab_fakes.sms.twilio.errors import refuse
from pushlab_fakes.sms.twilio.numbers import find_sender_kind, parse_number
from pushlab_fakes.sms.twilio.pool import choose_sender

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.world.world import World
    from pushlab_fakes.exchange import Answer, Request
    from pushlab_fakes.sms.keywords import Keyword
    from pushlab_fakes.sms.twilio.numbers import SenderKind

__all__ = ["LINES", "Account", "Accounts", "LineState", "Sender", "Service", "read_credentials"]

LineState = Literal[
    "mobile",
    "landline",
    "no mobile",
    "unroutable",
    "unreachable",
    "unknown",
    "blocked",
    "filtered",
    "rejected",
    "too large",
    "silent",
]
LINES: Final[Mapping[str, int | None]] = {
    "mobile": None,
    "landline": 30006,
    "no mobile": 21614,
    "unroutable": 21612,
    "unreachable": 30003,
    "unknown": 30005,
    "blocked": 30004,
    "filtered": 30007,
    "rejected": 30008,
    "too large": 30019,
    "silent": 30410,
}
"""What may be wrong with a recipient's line, and the error that says so; 21xxx at once."""


@dataclass(slots=True)
class Account:
    """One account, or subaccount."""

    sid: str
    token: str | None = None
    """The auth token, which signs callbacks; None until one was seen or given."""
    keys: dict[str, str] = field(default_factory=dict)
    """Secrets of API keys by their sid."""
    parent: str | None = None
    is_test: bool = False
    """Whether these are test credentials: magic numbers only, nothing is sent."""
    is_trial: bool = False
    verified: tuple[str, ...] = ()
    """Numbers that a trial account may write to."""
    regions: tuple[str, ...] | None = None
    """Beginnings of numbers that may be written to, such as ``+44``; None: all."""
    is_suspended: bool = False


@dataclass(slots=True)
class Sender:
    """One number, short code or name that messages come from."""

    name: str
    account: str
    kind: SenderKind
    service: str | None = None
    has_sms: bool = True
    has_mms: bool = True
    is_registered: bool = True
    """10DLC: in a campaign; toll-free: verified."""
    url: str | None = None
    method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    keywords: tuple[Keyword, ...] | None = None
    """What is answered to words of its own; None: what Twilio answers by default."""


@dataclass(slots=True)
class Service:
    """One Messaging Service."""

    sid: str
    account: str
    senders: list[str] = field(default_factory=list)
    is_closed: bool = False
    """Whether its pool was given; else unknown senders join it."""
    url: str | None = None
    method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    status_callback: str | None = None
    uses_number_url: bool = False
    """Whether messages go to the webhook of the number (UseInboundWebhookOnNumber)."""
    advanced_opt_out: bool = False
    keywords: tuple[Keyword, ...] | None = None
    sticky_sender: bool = True
    """Whether the same sender writes to the same recipient each time."""
    stuck: dict[str, str] = field(default_factory=dict)
    """Who wrote to a recipient before."""
    area_code_geomatch: bool = True
    smart_encoding: bool = True
    """Whether characters outside GSM 03.38 are replaced by look-alikes."""
    validity_s: int = VALIDITY_MAX_S


UNNAMED: Final = "AC" + 32 * "0"
"""Sid of the account under test until a program has named it."""


class Accounts:
    """What one world's Twilio knows of its customers."""

    def __init__(self, world: World, *, strict: bool) -> None:
        self._world = world
        self.is_strict = strict
        self._accounts: dict[str, Account] = {}
        self._senders: dict[str, Sender] = {}
        self._services: dict[str, Service] = {}
        self.applications: dict[str, str] = {}
        """Status callbacks of TwiML applications, by sid."""
        self.lines: dict[str, LineState] = {}
        """What is said of recipients."""

    # -- accounts ------------------------------------------------------------------------------

    def owner_of(self, sid: str) -> str:
        """Return *sid*, or for "" the sid of the account under test.

        Until a program has named its account that is a place for what is said of it before.
        """
        return sid or next(iter(self._accounts), UNNAMED)

    def get_account(self, sid: str) -> Account:
        """Return an account, made when it is new."""
        return self._accounts.setdefault(sid, Account(sid))

    def admit(self, request: Request, sid: str) -> Account | Answer:
        """Return the account *sid* if the credentials of *request* open it, else the refusal."""
        given = read_credentials(request)
        if given is None or not all(given):
            return refuse(20003)
        user, secret = given
        account = self._accounts.get(sid)
        if account is None:
            account = self._adopt_account(user, sid)
            if account is None:
                return refuse(20003)
        holder = account
        if user not in (account.sid, account.parent) and not user.startswith("SK"):
            return refuse(20003)
        if user == account.parent:
            holder = self._accounts[account.parent]
        if not self._opens(holder, user, secret):
            return refuse(20003)
        return refuse(20005) if account.is_suspended else account

    def _adopt_account(self, user: str, sid: str) -> Account | None:
        """Take an account as it is; one that another account opens is its subaccount."""
        owner = self._accounts.get(user)
        if self.is_strict or not sid.startswith("AC"):
            return None
        if owner is None and user != sid and not user.startswith("SK"):
            return None
        account = self._name_account(sid)
        account.parent = None if owner is None else owner.sid
        fields = {"account": sid} if owner is None else {"account": sid, "parent": owner.sid}
        self._world.trace.record("TwilioAccountAdopted", sid, fields)
        return account

    def _name_account(self, sid: str) -> Account:
        """Return the new account *sid*: the first one is what was said of it before."""
        account = self._accounts.pop(UNNAMED, None) or Account(sid)
        account.sid = sid
        self._accounts[sid] = account
        holders: list[Sender | Service] = [*self._senders.values(), *self._services.values()]
        for held in holders:
            held.account = sid if held.account == UNNAMED else held.account
        return account

    def _opens(self, account: Account, user: str, secret: str) -> bool:
        """Whether *secret* is that of *user*; the first one of an account is adopted."""
        held = account.keys.get(user) if user.startswith("SK") else account.token
        if held is None:
            if self.is_strict:
                return False
            if user.startswith("SK"):
                account.keys[user] = secret
            else:
                account.token = secret
            named = {"account": account.sid, "user": user}
            self._world.trace.record("TwilioTokenAdopted", user, named)
            return True
        return compare_digest(held.encode(), secret.encode())

    def token_of(self, sid: str) -> str:
        """Return the token that signs what *sid* is told: its own, its parent's, or a made-up one.

        A program that calls with an API key never shows its auth token.
        """
        account = self.get_account(sid)
        if account.token is None and account.parent is not None:
            return self.token_of(account.parent)
        if account.token is None:
            account.token = f"{self._world.ids.key('twilio token', sid):032x}"
        return account.token

    # -- senders -------------------------------------------------------------------------------

    def find_sender(self, name: str) -> Sender | None:
        """Return the sender *name*, written in its usual form, or None."""
        return self._senders.get(name)

    def add_sender(self, name: str, account: str) -> Sender:
        """Return the sender *name*, made when it is new; MisuseError when it can be none."""
        kind = find_sender_kind(name)
        if kind is None or kind == "channel":
            raise MisuseError(
                f"{name!r} can send no text message; write a number in E.164 form, a short code "
                "or a name of up to 11 letters and digits"
            )
        name = parse_number(name) or name
        if kind == "short code":
            name = name.strip()
        held = self._senders.get(name)
        if held is None:
            own = TOLL_FREE if kind == "toll-free" else None
            held = Sender(name, self.owner_of(account), kind, keywords=own)
            self._senders[name] = held
        return held

    def adopt_sender(self, name: str, account: str) -> Sender | None:
        """Return the sender *name* of *account*: an unknown one becomes its own; None if strict."""
        held = self._senders.get(name)
        if held is not None:
            return held if held.account == account else None
        if self.is_strict:
            return None
        held = self.add_sender(name, account)
        told = {"sender": name, "account": account, "type": held.kind}
        self._world.trace.record("TwilioSenderAdopted", name, told)
        return held

    # -- services ------------------------------------------------------------------------------

    def find_service(self, sid: str) -> Service | None:
        """Return a Messaging Service, or None."""
        return self._services.get(sid)

    def add_service(self, sid: str, account: str) -> Service:
        """Return the service *sid*, made when it is new; MisuseError for no such sid."""
        if not sid.startswith("MG"):
            raise MisuseError(f"the sid of a Messaging Service begins with MG, not {sid!r}")
        return self._services.setdefault(sid, Service(sid, self.owner_of(account)))

    def adopt_service(self, sid: str, account: str) -> Service | None:
        """Return the service *sid* of *account*: an unknown one is set up; None if strict."""
        held = self._services.get(sid)
        if held is not None:
            return held if held.account == account else None
        if self.is_strict or not sid.startswith("MG"):
            return None
        self._world.trace.record("TwilioServiceAdopted", sid, {"service": sid, "account": account})
        return self.add_service(sid, account)

    def join(self, sender: Sender, service: Service) -> None:
        """Put *sender* into the pool of *service*, out of any other."""
        if sender.service is not None and sender.service != service.sid:
            self._services[sender.service].senders.remove(sender.name)
        sender.service = service.sid
        if sender.name not in service.senders:
            service.senders.append(sender.name)

    def replace_pool(self, service: Service, names: Sequence[str]) -> None:
        """Let *names* be the pool of *service*."""
        for name in service.senders:
            self._senders[name].service = None
        service.senders = []
        for name in names:
            self.join(self.add_sender(name, service.account), service)

    def pick_sender(
        self, service: Service, to: str, *, is_mms: bool = False, about: str = ""
    ) -> Sender | None:
        """Return the sender of *service* that writes to *to*; None: no one can.

        *about* names the message, for a service whose senders change from one to the next. A pool
        that nobody gave and that is empty gets a number.
        """
        if not service.senders and not service.is_closed and not self.is_strict:
            key = self._world.ids.key("twilio number", service.sid)
            number = f"+1{200 + key % 800}{2_000_000 + key // 800 % 8_000_000}"
            made = self.adopt_sender(number, service.account)
            if made is not None:
                self.join(made, service)
        pool = [self._senders[name] for name in service.senders]
        return choose_sender(self._world.ids, service, pool, to, is_mms=is_mms, about=about)

    # -- what the gateway asks -----------------------------------------------------------------

    def scope_of(self, sender: str) -> str:
        """Return where a STOP to *sender* counts: its Messaging Service, or itself."""
        held = self._senders.get(sender)
        return sender if held is None or held.service is None else held.service

    def keywords_of(self, sender: str) -> tuple[Keyword, ...] | None:
        """Return the words that *sender* answers to, or None for what is usual."""
        held = self._senders.get(sender)
        if held is None:
            return None
        service = self._services.get(held.service or "")
        if service is not None and service.keywords is not None:
            return service.keywords
        return held.keywords

    # -- recipients ----------------------------------------------------------------------------

    def set_line(self, number: str, state: LineState) -> None:
        """Say what is wrong with the line of *number*; raises MisuseError for no such state."""
        if state not in LINES:
            raise MisuseError(f"a line is one of {', '.join(get_args(LineState))}, not {state!r}")
        parsed = parse_number(number)
        if parsed is None:
            raise MisuseError(f'{number!r} is no number; write one such as "+12025550100"')
        self.lines[parsed] = state

    def line_error(self, number: str) -> int | None:
        """Return the error that the line of *number* answers with, or None."""
        return LINES[self.lines.get(number, "mobile")]


def read_credentials(request: Request) -> tuple[str, str] | None:
    """Return user and secret of basic authentication, or None when there is none to be read."""
    scheme, _, packed = (request.header("authorization") or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, secret = b64decode(packed.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (user, secret) if colon else None
