"""Messages that come in: the webhook, what the application answers, and what is done with that.

Mirrored: Twilio documentation, "Twilio's request to your incoming message webhook URL", "Support
for opt-out keywords" (the webhook is called for keywords too), "Advanced Opt-Out" (OptOutType),
the fallback URL with ErrorCode and ErrorUrl. What a TwiML answer sends is an outbound-reply.

Left out: cities and postal codes of numbers, which are sent empty, and cookies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin

from pushlab_fakes.exchange import Answer
from pushlab_fakes.sms.twilio.callbacks import Call
from pushlab_fakes.sms.twilio.drafts import Draft, find_size_error
from pushlab_fakes.sms.twilio.errors import ALERTS, describe_refusal
from pushlab_fakes.sms.twilio.messages import Media, Message, find_price
from pushlab_fakes.sms.twilio.numbers import find_country
from pushlab_fakes.sms.twilio.twiml import Redirect, Reply, read_twiml
from pushlab_fakes.sms_encoding import measure_sms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.content import File
    from pushlab.world.clock import Instant
    from pushlab.world.outbox import PostAnswer
    from pushlab.world.world import World
    from pushlab_fakes.sms.twilio.accounts import Accounts, Sender, Service
    from pushlab_fakes.sms.twilio.callbacks import Callbacks
    from pushlab_fakes.sms.twilio.messages import Messages
    from pushlab_fakes.sms.twilio.sending import Sending
    from pushlab_fakes.sms.twilio.twiml import Verb

__all__ = ["Inbound"]

REDIRECTS_MAX: Final = 10
"""Documents that one message leads through."""
ALERT_OF_REFUSAL: Final[Mapping[int, int]] = {
    21211: 14101,
    21212: 14102,
    21601: 14102,
    21606: 14102,
    21608: 14111,
    21617: 14103,
    21619: 14103,
}
"""What the debugger calls it that a message of a TwiML document was refused."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One call of the application about one incoming message."""

    message: Message
    url: str
    method: str
    number: int = 0
    """How many calls came before it."""
    fallback_url: str | None = None
    fallback_method: str = "POST"
    extra: tuple[tuple[str, str], ...] = ()


class Inbound:
    """Takes what people write to numbers of Twilio's customers."""

    def __init__(
        self,
        world: World,
        accounts: Accounts,
        messages: Messages,
        callbacks: Callbacks,
        sending: Sending,
    ) -> None:
        self._world = world
        self._accounts = accounts
        self._messages = messages
        self._callbacks = callbacks
        self._sending = sending

    def listens_to(self, sender: str) -> bool:
        """Whether *sender* is a number here, so that what is written to it has a record."""
        return self._accounts.find_sender(sender) is not None

    def hear(
        self,
        instant: Instant,
        number: str,
        sender: str,
        text: str,
        *,
        keyword: str | None,
        entry: str,
        files: Sequence[File] = (),
    ) -> None:
        """Learn that *number* wrote *text* to *sender*; *keyword* is what it means, if anything."""
        media = [
            Media("", f"file {place}", file.type, instant, len(file.data), file.data)
            for place, file in enumerate(files)
        ]
        self._note(instant, number, sender, text, keyword=keyword, entry=entry, media=media)

    def take(self, sent: Message) -> None:
        """Take a message that one number of Twilio's customers sent to another."""
        number, now = sent.sender or "", self._world.now
        self._note(now, number, sent.to, sent.body, entry=sent.entry, media=sent.media)

    def _note(
        self,
        instant: Instant,
        number: str,
        sender: str,
        text: str,
        *,
        entry: str,
        keyword: str | None = None,
        media: Sequence[Media] = (),
    ) -> None:
        """Keep what came in, and plan the webhook."""
        held = self._accounts.find_sender(sender)
        assert held is not None, "nobody else is listened to"
        service = self._accounts.find_service(held.service or "")
        prefix = "MM" if media else "SM"
        message = Message(
            sid=self._messages.name(prefix, "inbound", number, sender, text),
            account=held.account,
            to=sender,
            sender=number,
            body=text,
            direction="inbound",
            status="receiving",
            created_at=instant,
            entry=entry,
            service=None if service is None else service.sid,
            segments=1 if media else measure_sms(text).segments,
            is_mms=bool(media),
        )
        for file in media:
            sid = self._messages.name("ME", message.sid, file.url)
            message.media.append(replace(file, sid=sid, created_at=instant))
        self._messages.add(message)
        delay_ms = self._world.settings.twilio_inbound_delay_ms
        self._world.schedule.plan(
            instant + delay_ms,
            f"twilio {message.sid} received",
            lambda: self._receive(message, held, service, keyword),
        )

    # -- the webhook ---------------------------------------------------------------------------

    def _receive(
        self, message: Message, sender: Sender, service: Service | None, keyword: str | None
    ) -> None:
        now = self._world.now
        message.status, message.sent_at, message.updated_at = "received", now, now
        message.price = find_price(message, self._world.settings)
        message.entry = self._world.trace.record(
            "TwilioMessageReceived",
            message.sid,
            {"message_sid": message.sid, "from": message.sender, "to": message.to},
            (message.entry,),
        )
        holder = _find_holder(sender, service)
        if holder.url is None:
            return
        extra: tuple[tuple[str, str], ...] = ()
        if keyword is not None and service is not None and service.advanced_opt_out:
            extra = (("OptOutType", keyword),)
        visit = Visit(
            message,
            holder.url,
            holder.method,
            fallback_url=holder.fallback_url,
            fallback_method=holder.fallback_method,
            extra=extra,
        )
        self._visit(visit)

    def _visit(self, visit: Visit) -> None:
        message = visit.message
        call = Call(
            name=f"{message.sid} webhook" + (f" {visit.number + 1}" if visit.number else ""),
            url=visit.url,
            account=message.account,
            about=message.sid,
            purpose="twilio incoming message",
            fields={**_describe(message), **dict(visit.extra)},
            method=visit.method,
            causes=(message.entry,),
        )
        self._callbacks.make(call, lambda answer: self._answered(visit, answer))

    def _answered(self, visit: Visit, answer: PostAnswer) -> None:
        """Go on with what the application said, once its answer is settled."""
        name = f"twilio {visit.message.sid} answer {visit.number}"
        self._world.schedule.plan(self._world.now, name, lambda: self._go_on(visit, answer))

    def _go_on(self, visit: Visit, answer: PostAnswer) -> None:
        message = visit.message
        if answer.status is None or answer.status >= 400:
            self._fall_back(visit, 11205 if answer.status is None else 11200)
            return
        headers = {name.lower(): value for name, value in answer.headers}
        verbs = read_twiml(headers.get("content-type", ""), answer.body)
        if isinstance(verbs, int):
            self._callbacks.warn(verbs, visit.url, message.sid, (message.entry,))
            self._fall_back(visit, verbs)
            return
        self._do(visit, verbs)

    def _fall_back(self, visit: Visit, code: int) -> None:
        """Ask the fallback URL, which is told what went wrong."""
        if visit.fallback_url is None:
            return
        url = urldefrag(visit.url).url
        told = (*visit.extra, ("ErrorCode", str(code)), ("ErrorUrl", url))
        self._visit(
            replace(
                visit,
                url=visit.fallback_url,
                method=visit.fallback_method,
                number=visit.number + 1,
                fallback_url=None,
                extra=told,
            )
        )

    # -- what it answers -----------------------------------------------------------------------

    def _do(self, visit: Visit, verbs: list[Verb]) -> None:
        for place, verb in enumerate(verbs):
            if isinstance(verb, Redirect):
                if visit.number < REDIRECTS_MAX:
                    url, number = urljoin(urldefrag(visit.url).url, verb.url), visit.number + 1
                    self._visit(replace(visit, url=url, method=verb.method, number=number))
                return
            told = self._reply(visit, verb, place)
            if verb.action is not None:
                if visit.number < REDIRECTS_MAX:
                    url, number = urljoin(urldefrag(visit.url).url, verb.action), visit.number + 1
                    extra = (*visit.extra, *told)
                    self._visit(
                        replace(visit, url=url, method=verb.method, number=number, extra=extra)
                    )
                return

    def _reply(self, visit: Visit, reply: Reply, place: int) -> list[tuple[str, str]]:
        """Send a message, and return what its action is told of it."""
        message = visit.message
        base, callback = urldefrag(visit.url).url, reply.status_callback
        draft = Draft(
            to=reply.to or message.sender or "",
            sender=reply.sender or message.to,
            service=None,
            body=reply.text,
            media=tuple(urljoin(base, url) for url in reply.media),
            is_mms=bool(reply.media),
            status_callback=None if callback is None else urljoin(base, callback),
            application=None,
            validity_s=self._world.settings.sms_validity_s,
            send_at=None,
            max_price=None,
            keeps_body=True,
            keeps_address=True,
        )
        code = find_size_error(draft.body, draft.media)
        if code is not None:
            return self._refuse(visit, code, describe_refusal(code))
        account = self._accounts.get_account(message.account)
        natural = f"reply {message.sid} {visit.number} {place}"
        taken = self._sending.create(account, draft, natural, message.entry, "outbound-reply")
        if isinstance(taken, Answer):
            body = taken.json()
            assert isinstance(body, dict), "a refusal is an object"
            return self._refuse(visit, body["code"], body["message"])
        sent = (("MessageSid", taken.sid), ("SmsSid", taken.sid))
        return [*sent, ("MessageStatus", taken.status), ("SmsStatus", taken.status)]

    def _refuse(self, visit: Visit, code: int, said: str) -> list[tuple[str, str]]:
        """Write into the debugger why a message was not sent; TwiML has warnings of its own."""
        code = ALERT_OF_REFUSAL.get(code, code)
        said = ALERTS.get(code, said)
        self._callbacks.warn(code, visit.url, visit.message.sid, (visit.message.entry,), said)
        return [("MessageStatus", "failed"), ("SmsStatus", "failed"), ("ErrorCode", str(code))]


def _find_holder(sender: Sender, service: Service | None) -> Sender | Service:
    """Return whose webhook is called: the service's, unless it leaves that to the number."""
    if service is None or service.uses_number_url or service.url is None:
        return sender
    return service


def _describe(message: Message) -> dict[str, str]:
    """Return the form that tells of an incoming message."""
    sender = message.sender or ""
    fields = {
        "ToCountry": find_country(message.to),
        "ToState": "",
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "ToCity": "",
        "FromZip": "",
        "SmsSid": message.sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": message.body,
        "FromCountry": find_country(sender),
        "To": message.to,
        "ToZip": "",
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": message.account,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    if message.service is not None:
        fields["MessagingServiceSid"] = message.service
    for place, media in enumerate(message.media):
        fields[f"MediaContentType{place}"] = media.content_type
        fields[f"MediaUrl{place}"] = f"https://api.twilio.com{message.path}/Media/{media.sid}"
    return fields
