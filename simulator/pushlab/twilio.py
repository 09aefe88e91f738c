"""Twilio as a lab shows it: accounts, numbers and services, and the lines of recipients.

What Twilio's console holds, a test says here; what the program under test names by itself is
adopted without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushlab.errors import MisuseError
from pushlab_fakes.sms.keywords import KEYWORDS, Keyword
from pushlab_fakes.sms.twilio.drafts import VALIDITY_MAX_S
from pushlab_fakes.sms.twilio.numbers import parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.devices.device import Host
    from pushlab_fakes.sms.twilio.accounts import LineState, Sender, Service
    from pushlab_fakes.sms.twilio.callbacks import Alert
    from pushlab_fakes.sms.twilio.service import Twilio

__all__ = ["TwilioView"]

CALLS = ("account", "application", "line", "number", "service")
"""What sets something up, as a record names it."""
REPLIES = ("reply_stop", "reply_start")
"""Verbs of populations that a webhook wants to hear of."""
METHODS = ("GET", "POST")


class TwilioView:
    """The Twilio of a lab; attributes read it, methods set it up."""

    def __init__(self, host: Host, twilio: Twilio) -> None:
        self._host = host
        self._twilio = twilio

    # -- reading -------------------------------------------------------------------------------

    @property
    def messages(self) -> list[dict[str, object]]:
        """Every message, out and in, newest first, as the API shows it."""
        held = self._twilio.messages
        return self._host.read(lambda: [message.document() for message in reversed([*held])])

    @property
    def alerts(self) -> list[Alert]:
        """What the debugger shows: webhooks that failed, TwiML that could not be read."""
        return self._host.read(lambda: [*self._twilio.callbacks.alerts])

    @property
    def auth_token(self) -> str:
        """The token of the account under test, which signs what Twilio calls."""
        accounts = self._twilio.accounts
        return self._host.read(lambda: accounts.token_of(accounts.owner_of("")))

    # -- setting up ----------------------------------------------------------------------------

    def account(
        self,
        sid: str | None = None,
        *,
        auth_token: str | None = None,
        test: bool | None = None,
        trial: bool | None = None,
        verified: Sequence[str] | None = None,
        regions: Sequence[str] | None = None,
        suspended: bool | None = None,
    ) -> None:
        """Say what the account *sid* is like; without one, the account under test.

        *test* are test credentials; a *trial* account may write to *verified* numbers only;
        *regions* are the beginnings of numbers that may be written to, such as ``+44``.
        """
        if sid is not None and not sid.startswith("AC"):
            raise MisuseError(f"the sid of an account begins with AC, not {sid!r}")
        numbers = None if verified is None else [_parse(number) for number in verified]
        told = {
            "sid": sid,
            "auth_token": auth_token,
            "test": test,
            "trial": trial,
            "verified": verified,
            "regions": regions,
            "suspended": suspended,
        }

        def change() -> None:
            accounts = self._twilio.accounts
            account = accounts.get_account(accounts.owner_of("") if sid is None else sid)
            account.token = account.token if auth_token is None else auth_token
            account.is_test = account.is_test if test is None else test
            account.is_trial = account.is_trial if trial is None else trial
            account.verified = account.verified if numbers is None else tuple(numbers)
            account.regions = account.regions if regions is None else tuple(regions)
            account.is_suspended = account.is_suspended if suspended is None else suspended

        self._do("account", change, told)

    def number(
        self,
        number: str,
        *,
        sms_url: str | None = None,
        sms_method: str = "POST",
        sms_fallback_url: str | None = None,
        sms_fallback_method: str = "POST",
        sms: bool | None = None,
        mms: bool | None = None,
        registered: bool | None = None,
        keywords: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        """Say what a number (or short code) of the account is like, and what is called for it.

        *sms_url* is called with each message that somebody writes to it. *registered* off: no
        10DLC campaign, or a toll-free number that was not verified. *keywords* are its own, such
        as ``{"STOP": {"words": ["ARRET"], "answer": "Bye"}}``; none of those it leaves out.
        """
        told = {
            "number": number,
            "sms_url": sms_url,
            "sms_method": sms_method,
            "sms_fallback_url": sms_fallback_url,
            "sms_fallback_method": sms_fallback_method,
            "sms": sms,
            "mms": mms,
            "registered": registered,
            "keywords": keywords,
        }
        words = None if keywords is None else _read_keywords(keywords)

        def change() -> None:
            sender = self._twilio.accounts.add_sender(number, "")
            self._set_urls(sender, sms_url, sms_method, sms_fallback_url, sms_fallback_method)
            sender.has_sms = sender.has_sms if sms is None else sms
            sender.has_mms = sender.has_mms if mms is None else mms
            sender.is_registered = sender.is_registered if registered is None else registered
            sender.keywords = sender.keywords if words is None else words

        self._do("number", change, told)

    def service(
        self,
        sid: str,
        *,
        senders: Sequence[str] | None = None,
        inbound_url: str | None = None,
        inbound_method: str = "POST",
        fallback_url: str | None = None,
        fallback_method: str = "POST",
        status_callback: str | None = None,
        use_number_url: bool | None = None,
        advanced_opt_out: bool | None = None,
        sticky_sender: bool | None = None,
        area_code_geomatch: bool | None = None,
        smart_encoding: bool | None = None,
        validity_s: int | None = None,
        keywords: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        """Say what a Messaging Service is like; *senders* are its whole pool.

        With *advanced_opt_out* the webhook is told what a keyword meant (OptOutType). A STOP to
        one sender of a service counts for all of them. *sticky_sender* (the same sender writes to
        the same recipient), *area_code_geomatch* and *smart_encoding* are on unless said
        otherwise; *validity_s* bounds how long its messages may wait.
        """
        told = {
            "sid": sid,
            "senders": senders,
            "inbound_url": inbound_url,
            "inbound_method": inbound_method,
            "fallback_url": fallback_url,
            "fallback_method": fallback_method,
            "status_callback": status_callback,
            "use_number_url": use_number_url,
            "advanced_opt_out": advanced_opt_out,
            "sticky_sender": sticky_sender,
            "area_code_geomatch": area_code_geomatch,
            "smart_encoding": smart_encoding,
            "validity_s": validity_s,
            "keywords": keywords,
        }
        words = None if keywords is None else _read_keywords(keywords)
        if validity_s is not None and not 1 <= validity_s <= VALIDITY_MAX_S:
            raise MisuseError(f"a message is valid for 1 to {VALIDITY_MAX_S} s, not {validity_s!r}")

        def change() -> None:
            accounts = self._twilio.accounts
            service = accounts.add_service(sid, "")
            self._set_urls(service, inbound_url, inbound_method, fallback_url, fallback_method)
            if senders is not None:
                service.is_closed = True
                accounts.replace_pool(service, senders)
            said = {
                "status_callback": status_callback,
                "uses_number_url": use_number_url,
                "advanced_opt_out": advanced_opt_out,
                "sticky_sender": sticky_sender,
                "area_code_geomatch": area_code_geomatch,
                "smart_encoding": smart_encoding,
                "validity_s": validity_s,
            }
            for name, value in said.items():
                if value is not None:
                    setattr(service, name, value)
            service.keywords = service.keywords if words is None else words

        self._do("service", change, told)

    def application(self, sid: str, *, status_callback: str) -> None:
        """Say where a TwiML application (ApplicationSid) wants to hear of statuses."""
        told = {"sid": sid, "status_callback": status_callback}
        held = self._twilio.accounts.applications
        self._do("application", lambda: held.__setitem__(sid, status_callback), told)

    def line(self, number: str, state: LineState) -> None:
        """Say what the line of a recipient is like: ``landline``, ``filtered`` and so on."""
        told = {"number": number, "state": state}
        self._do("line", lambda: self._twilio.accounts.set_line(number, state), told)

    def apply(self, call: str, arguments: Mapping[str, object]) -> None:
        """Do again what a record tells."""
        if call not in CALLS:
            raise MisuseError(f"nothing of Twilio is set up by {call!r}; there are {CALLS}")
        getattr(self, call)(**arguments)

    # -- small ---------------------------------------------------------------------------------

    def _do(self, call: str, change: object, told: Mapping[str, object]) -> None:
        assert callable(change), "what sets something up is a function"
        given = {name: value for name, value in told.items() if value is not None}
        shown = {name: value for name, value in given.items() if name != "auth_token"}

        def act() -> None:
            change()
            named = str(shown.get("sid") or shown.get("number") or "account under test")
            self._host.world.trace.record("TwilioSetUp", f"{call} {named}", {"set_up": shown})

        self._host.act(act, "twilio", {"call": call, "arguments": given})

    def _set_urls(
        self,
        holder: Sender | Service,
        url: str | None,
        method: str,
        fallback_url: str | None,
        fallback_method: str,
    ) -> None:
        for given in (method, fallback_method):
            if given not in METHODS:
                raise MisuseError(f'a webhook is called with "GET" or "POST", not {given!r}')
        if url is not None:
            holder.url, holder.method = url, method
            self._host.fleet.hear_verbs(*REPLIES)
        if fallback_url is not None:
            holder.fallback_url, holder.fallback_method = fallback_url, fallback_method


def _parse(number: str) -> str:
    parsed = parse_number(number)
    if parsed is None:
        raise MisuseError(f'{number!r} is no number; write one such as "+12025550100"')
    return parsed


def _read_keywords(given: Mapping[str, Mapping[str, object]]) -> tuple[Keyword, ...]:
    """Read words of one's own; what is not said of a keyword is as usual."""
    usual = {keyword.name: keyword for keyword in KEYWORDS}
    read = []
    for name, said in given.items():
        held = next((keyword for known, keyword in usual.items() if known == name), None)
        if held is None or not set(said) <= {"words", "answer"}:
            raise MisuseError(
                f"keywords are {', '.join(usual)}, each with words and an answer, not {name!r}: "
                f"{dict(said)!r}"
            )
        words, answer = said.get("words", held.words), said.get("answer", held.answer)
        if isinstance(words, str) or not isinstance(words, (list, tuple)):
            raise MisuseError(f"the words of {name} are a list, not {words!r}")
        read.append(Keyword(held.name, tuple(str(word).upper() for word in words), str(answer)))
    return tuple(read)
