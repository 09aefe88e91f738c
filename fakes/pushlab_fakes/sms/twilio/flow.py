"""What becomes of a message after the answer: its statuses, on the world's clock.

Mirrored: Twilio documentation, "Outbound message status in status callbacks": accepted (with a
Messaging Service) -> queued -> sending -> sent -> delivered or undelivered; failed is what Twilio
would not send; a scheduled message is accepted when it is due. No callback tells of the status
that the answer showed. Callbacks leave in order unless `twilio_callback_jitter_ms` shuffles them,
since Twilio promises no order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pushlab.content import Content, Sms
from pushlab.gateway import Fate, Verdict
from pushlab.world.clock import render_instant
from pushlab_fakes.direct import Letter
from pushlab_fakes.sms.twilio.callbacks import Call
from pushlab_fakes.sms.twilio.errors import LATER, describe_failure
from pushlab_fakes.sms.twilio.media import MediaFetcher
from pushlab_fakes.sms.twilio.messages import find_price
from pushlab_fakes.sms.twilio.numbers import find_late_error
from pushlab_fakes.sms.twilio.queues import Queues
from pushlab_fakes.sms_encoding import measure_sms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.direct import DirectSends, News
    from pushlab_fakes.sms.core import SmsGateway
    from pushlab_fakes.sms.twilio.accounts import Accounts, Sender
    from pushlab_fakes.sms.twilio.callbacks import Callbacks
    from pushlab_fakes.sms.twilio.messages import Message

__all__ = ["Flow"]

CODE_OF_VERDICT: Final[Mapping[Verdict, int]] = {
    Verdict.BAD: 30008,
    Verdict.DEAD: 30005,
    Verdict.REFUSED: 30007,
    Verdict.TOO_LARGE: 30019,
    Verdict.PUT_OFF: 30410,
    Verdict.STOPPED: 21610,
}
"""What a message ends with that the carrier would not take."""
REPORTED: Final = ("delivered", "undelivered")
"""Statuses that come from a carrier's report."""


class Flow:
    """Moves messages from status to status; an `Ear` of what it hands to the carrier."""

    def __init__(
        self,
        world: World,
        gateway: SmsGateway,
        direct: DirectSends,
        accounts: Accounts,
        callbacks: Callbacks,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._direct = direct
        self._accounts = accounts
        self._callbacks = callbacks
        self._media = MediaFetcher(world, callbacks)
        self.queues = Queues(world)
        self._sent: dict[str, Message] = {}
        """Messages that the carrier has, by sid."""
        self.receive: Callable[[Message], None] = lambda _message: None
        """Called with a message for a number that is a sender here itself."""

    def begin(self, message: Message, send_at: Instant | None) -> None:
        """Let *message* run from the status that the answer shows."""
        if message.is_test:
            return
        if send_at is not None:
            self._plan(message, "due", send_at - self._world.now, self._accept)
        elif message.service is not None:
            self._plan(message, "accepted", 1, self._enqueue)
        else:
            self._join_queue(message)

    def cancel(self, message: Message) -> None:
        """Cancel a scheduled message."""
        self._move(message, "canceled")

    # -- before it is sent ---------------------------------------------------------------------

    def _accept(self, message: Message) -> None:
        if message.status == "scheduled":
            self._move(message, "accepted")
            self._enqueue(message)

    def _enqueue(self, message: Message) -> None:
        """Let a Messaging Service pick the sender; it may find that there is none to send with."""
        service = self._accounts.find_service(message.service or "")
        assert service is not None, "the message was taken for it"
        if message.sender is None:
            picked = self._accounts.pick_sender(
                service, message.to, is_mms=message.is_mms, about=message.sid
            )
            if picked is None:
                self._fail(message, 21703)
                return
            message.sender = picked.name
        if self._is_stopped(message):
            self._fail(message, 21610)
        elif self.queues.is_full(self._sender(message)):
            self._fail(message, 30001)
        else:
            self._move(message, "queued")
            self._join_queue(message)

    def _join_queue(self, message: Message) -> None:
        now = self._world.now
        leaves_at = self.queues.join(self._sender(message), message.segments, is_mms=message.is_mms)
        waits_ms = leaves_at - now + self._world.settings.twilio_queue_delay_ms
        if waits_ms > message.validity_s * 1000:
            expiry_ms = message.validity_s * 1000
            self._plan(message, "expiry", expiry_ms, lambda held: self._fail(held, 30036))
        else:
            self._plan(message, "turn", waits_ms, self._fetch)

    # -- sending -------------------------------------------------------------------------------

    def _fetch(self, message: Message) -> None:
        """Get the files of a message whose turn it is; without one of them it is not sent."""

        def go_on(code: int | None) -> None:
            if code is None:
                self._plan(message, "fetched", 0, self._send)
            else:
                self._plan(message, "fetched", 0, lambda held: self._fail(held, code))

        if message.media:
            self._media.fetch(message, go_on)
        else:
            self._send(message)

    def _send(self, message: Message) -> None:
        account = self._accounts.get_account(message.account)
        if account.is_suspended:
            self._fail(message, 30002)
            return
        message.price = find_price(message, self._world.settings)
        if self._is_too_dear(message):
            message.price = None
            self._fail(message, 30010)
            return
        self._move(message, "sending")
        late = self._find_late_error(message)
        if late is None:
            self._hand_over(message)
        elif LATER.get(late, ("undelivered", ""))[0] == "failed":
            self._fail(message, late)
        else:
            self._plan_sent(message)
            delay_ms = self._world.settings.sms_unknown_delay_s * 1000
            self._plan(message, "report", delay_ms, lambda held: self._fail(held, late))

    def _find_late_error(self, message: Message) -> int | None:
        """Return the error that the state of sender or recipient leads to."""
        sender = self._sender(message)
        if not sender.is_registered and message.to.startswith("+1"):
            return 30032 if sender.kind == "toll-free" else 30034
        return self._accounts.line_error(message.to) or find_late_error(message.to)

    def _hand_over(self, message: Message) -> None:
        """Give the message to the carrier, or to the number of a customer of Twilio's own."""
        route = self._gateway.find_route(message.to)
        if route < 0 and self._accounts.find_sender(message.to) is not None:
            self._plan_sent(message)
            delay_ms = self._world.settings.sms_latency_min_ms
            self._plan(message, "report", delay_ms, self._deliver_here)
            return
        size = measure_sms(message.body)
        sender = message.sender or ""
        said = Sms(
            sender=sender,
            recipient=message.to,
            body=message.body,
            media_urls=tuple(media.url for media in message.media),
            encoding=size.encoding,
            segments=message.segments,
        )
        letter = Letter(name=message.sid, address=message.to, sms=said, ear=self)
        self._sent[message.sid] = message
        content = Content(sender=sender)
        verdict, _ = self._direct.send(
            self._gateway, letter, content, route=route, cause=message.entry
        )
        if verdict is not Verdict.ACCEPTED:
            del self._sent[message.sid]
            self._fail(message, CODE_OF_VERDICT[verdict])
            return
        self._plan_sent(message)

    def _deliver_here(self, message: Message) -> None:
        self._move(message, "delivered")
        self.receive(message)

    def _plan_sent(self, message: Message) -> None:
        delay_ms = self._world.settings.twilio_sending_ms
        self._plan(message, "sent", delay_ms, self._note_sent)

    def _note_sent(self, message: Message) -> None:
        if not message.is_final:
            message.sent_at = self._world.now
            self._move(message, "sent")

    # -- what the carrier reports --------------------------------------------------------------

    def heard(self, letter: Letter, news: News, instant: Instant, _fate: Fate) -> None:
        """Learn what became of a message that the carrier had taken."""
        message = self._sent.get(letter.name)
        if message is None:
            return
        if news == "delivered":
            self._plan_at(message, "report", instant, lambda held: self._move(held, "delivered"))
        elif news == "undelivered":
            code = 30003 if self._gateway.has_owner(message.to) else 30005
            self._plan_at(message, "report", instant, lambda held: self._fail(held, code))

    # -- statuses ------------------------------------------------------------------------------

    def _fail(self, message: Message, code: int) -> None:
        status, _ = LATER.get(code, ("undelivered", ""))
        if status == "undelivered" and message.sent_at is None:
            message.sent_at = self._world.now
        if status == "failed":
            message.price = None
        self._move(message, status, code)

    def _move(self, message: Message, status: str, code: int | None = None) -> None:
        """Set the status, write it down, and let the application know."""
        if message.is_final:
            return
        now = self._world.now
        message.status, message.error, message.updated_at = status, code, now
        if status == "delivered" and message.sent_at is None:
            message.sent_at = now
        told: dict[str, object] = {"message_sid": message.sid, "status": status}
        if code is not None:
            told |= {"error_code": code, "error_message": describe_failure(code)}
        name = f"{message.sid} {status}"
        entry = self._world.trace.record("TwilioStatusChanged", name, told, (message.entry,))
        if message.is_final:
            self._sent.pop(message.sid, None)
        self._tell(message, status, code, entry)

    def _tell(self, message: Message, status: str, code: int | None, entry: str) -> None:
        url = self._find_callback(message)
        if url is None or status not in self._world.settings.twilio_callback_statuses.split():
            return
        fields = self._describe(message, status, code)
        call = Call(
            name=f"{message.sid} {status}",
            url=url,
            account=message.account,
            about=message.sid,
            purpose="twilio status callback",
            fields=fields,
            causes=(entry,),
        )
        bound = self._world.settings.twilio_callback_jitter_ms + 1
        key = self._world.ids.key("twilio message", message.sid)
        what = self._world.ids.key("twilio status", status)
        delay_ms = self._world.randomness.below("twilio callback", key, what, bound)
        at = self._world.now + delay_ms
        self._world.schedule.plan(
            at, f"twilio {call.name} callback", lambda: self._callbacks.make(call)
        )

    def _find_callback(self, message: Message) -> str | None:
        """Return the URL of the message, else that of its service."""
        if message.status_callback is not None or message.service is None:
            return message.status_callback
        service = self._accounts.find_service(message.service)
        return None if service is None else service.status_callback

    def _describe(self, message: Message, status: str, code: int | None) -> dict[str, str]:
        fields = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": message.account,
            "From": message.sender or "",
            "To": message.to,
            "MessageStatus": status,
            "SmsStatus": status,
            "ApiVersion": "2010-04-01",
        }
        if message.service is not None:
            fields["MessagingServiceSid"] = message.service
        if code is not None:
            fields["ErrorCode"] = str(code)
            said = describe_failure(code)
            if said is not None and self._world.settings.twilio_callback_error_message:
                fields["ErrorMessage"] = said
        if status in REPORTED:
            shown = render_instant(self._world.now)
            fields["RawDlrDoneDate"] = shown[2:16].translate(str.maketrans("", "", "-T:"))
        return fields

    # -- small ---------------------------------------------------------------------------------

    def _sender(self, message: Message) -> Sender:
        return self._accounts.add_sender(message.sender or "", message.account)

    def _is_stopped(self, message: Message) -> bool:
        return self._gateway.is_stopped(message.sender or "", message.to)

    def _is_too_dear(self, message: Message) -> bool:
        if message.max_price is None or not self._world.settings.twilio_max_price_counts:
            return False
        return -Decimal(message.price or 0) > Decimal(message.max_price)

    def _plan(
        self, message: Message, what: str, delay_ms: int, action: Callable[[Message], None]
    ) -> None:
        self._plan_at(message, what, self._world.now + delay_ms, action)

    def _plan_at(
        self, message: Message, what: str, at: Instant, action: Callable[[Message], None]
    ) -> None:
        self._world.schedule.plan(at, f"twilio {message.sid} {what}", lambda: action(message))
