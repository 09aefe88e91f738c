"""Twilio, whole: one request in, one answer out, and what follows on the world's clock.

Mirrored: Twilio's REST API 2010-04-01, Accounts and Messages with its subresources. Paths end in
``.json``; without it Twilio answers XML, which is left out: the answer is JSON all the same.
Other resources of the API answer 501; what is no resource is error 20404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.world.clock import render_instant
from pushlab.world.ids import content_key
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.sms.keywords import KEYWORDS
from pushlab_fakes.sms.twilio.accounts import Accounts
from pushlab_fakes.sms.twilio.callbacks import Callbacks
from pushlab_fakes.sms.twilio.drafts import Form, read_draft, read_form
from pushlab_fakes.sms.twilio.errors import refuse
from pushlab_fakes.sms.twilio.flow import Flow
from pushlab_fakes.sms.twilio.inbound import Inbound
from pushlab_fakes.sms.twilio.listing import list_page, select
from pushlab_fakes.sms.twilio.messages import VERSION, Messages, render_date
from pushlab_fakes.sms.twilio.sending import Sending
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.world.clock import Instant
    from pushlab.world.world import World
    from pushlab_fakes.direct import DirectSends
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.faults import Fault
    from pushlab_fakes.sms.core import SmsGateway
    from pushlab_fakes.sms.keywords import Keyword
    from pushlab_fakes.sms.twilio.accounts import Account
    from pushlab_fakes.sms.twilio.messages import Message

__all__ = ["HOSTS", "PATHS", "Twilio"]

HOSTS: Final = ("api.twilio.com",)
PATHS: Final = ("/2010-04-01/",)
CREATE: Final = "POST /Messages"
UNBUILT: Final = frozenset({
    "Addresses", "Applications", "AuthorizedConnectApps", "AvailablePhoneNumbers", "Balance",
    "Calls", "Conferences", "ConnectApps", "IncomingPhoneNumbers", "Keys", "Notifications",
    "OutgoingCallerIds", "Queues", "Recordings", "SIP", "SMS", "SigningKeys", "Tokens",
    "Transcriptions", "Usage",
})  # fmt: skip
"""Resources that Twilio has and this fake has not."""
CODE_OF_STATUS: Final = {401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}
"""What a planned fault is called, by its status."""
SECOND_MS: Final = 1_000
OUTCOMES: Final = ("confirmed", "unconfirmed")


class Twilio:
    """The Messages API of one world."""

    def __init__(
        self,
        world: World,
        gateway: SmsGateway,
        direct: DirectSends,
        *,
        strict: bool,
    ) -> None:
        self._world = world
        self.accounts = Accounts(world, strict=strict)
        self.messages = Messages(world)
        self.callbacks = Callbacks(world, self.accounts)
        flow = Flow(world, gateway, direct, self.accounts, self.callbacks)
        self._flow = flow
        self._sending = Sending(world, gateway, self.accounts, self.messages, flow)
        inbound = Inbound(world, self.accounts, self.messages, self.callbacks, self._sending)
        flow.receive = inbound.take
        gateway.listener = inbound
        gateway.scope_of = self.accounts.scope_of
        gateway.keywords_of = self._keywords_of
        self.unbuilt: list[str] = []
        """Calls that were answered 501."""
        self.hits: dict[str, int] = {}
        """How often each operation was called."""
        self._calls_at: list[Instant] = []

    def _keywords_of(self, sender: str) -> Sequence[Keyword]:
        own = self.accounts.keywords_of(sender)
        return KEYWORDS if own is None else own

    def handle(self, request: Request) -> Answer:
        """Answer one request as Twilio's server would."""
        parts = request.path.removesuffix(".json").strip("/").split("/")
        form = read_form(request.body)
        name = _name_operation(request.method, parts)
        entry = self._record_request(name, request, form)
        return self._finish(entry, self._serve(name, parts, request, form or Form([]), entry))

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request as a planned fault has it, before anybody looks at it."""
        parts = request.path.removesuffix(".json").strip("/").split("/")
        name = _name_operation(request.method, parts)
        entry = self._record_request(name, request, read_form(request.body))
        note_strike(self._world, fault, f"twilio {name}", (entry,))
        code = CODE_OF_STATUS.get(fault.status, 20500 if fault.status >= 500 else 20001)
        reason = fault.reason or "the request was refused"
        plain = refuse(code, status=fault.status, path=request.path, reason=reason)
        headers = plain.headers
        if fault.retry_after_s is not None:
            headers = (*headers, ("retry-after", str(fault.retry_after_s)))
        return self._finish(entry, Answer(plain.status, plain.body, headers))

    def _finish(self, entry: str, answer: Answer) -> Answer:
        self._record_answer(entry, answer)
        number = content_key(entry, self._world.seed)
        headers = (*answer.headers, ("twilio-request-id", f"RQ{number:032x}"))
        return Answer(answer.status, answer.body, headers)

    # -- who asks for what ---------------------------------------------------------------------

    def _serve(
        self, name: str, parts: list[str], request: Request, form: Form, entry: str
    ) -> Answer:
        if len(parts) < 3 or parts[:2] != [VERSION, "Accounts"]:
            return refuse(20404, path=request.path)
        if self._is_open_file(parts, request):
            found = self.messages.find(parts[2], parts[4])
            held = None if found is None else _serve_media(found, parts[6], request)
            return held or refuse(20404, path=request.path)
        account = self.accounts.admit(request, parts[2])
        if isinstance(account, Answer):
            return account
        if account.is_test and name != CREATE:
            return refuse(20008)
        if self._is_too_fast():
            return self._refuse_pace(entry)
        self.hits[name] = self.hits.get(name, 0) + 1
        match parts[3:]:
            case []:
                return self._show_account(account, request.method)
            case ["Messages"]:
                return self._serve_list(account, request, form, entry)
            case ["Messages", sid, *rest]:
                message = self.messages.find(account.sid, sid)
                if message is not None:
                    return self._serve_message(message, rest, request, form, entry)
            case [resource, *_] if resource in UNBUILT:
                return self._refuse_unbuilt(name)
        return refuse(20404, path=request.path)

    def _is_open_file(self, parts: list[str], request: Request) -> bool:
        """Whether *request* is for a file itself, and files are handed out to everybody."""
        names = [len(parts), *parts[3:4], *parts[5:6]]
        is_file = names == [7, "Messages", "Media"] and not request.path.endswith(".json")
        return is_file and request.method == "GET" and not self._world.settings.twilio_media_auth

    def _serve_list(self, account: Account, request: Request, form: Form, entry: str) -> Answer:
        if request.method == "POST":
            return self._create(account, form, entry)
        if request.method != "GET":
            return refuse(20004)
        path = f"/{VERSION}/Accounts/{account.sid}/Messages.json"
        found = select(self.messages.newest_first(account.sid), request.query)
        return json_answer(200, list_page(path, request.query, found))

    def _create(self, account: Account, form: Form, entry: str) -> Answer:
        draft = read_draft(form, self._world.now, self._world.settings)
        if isinstance(draft, Answer):
            self._note_schedule(form, draft, entry)
            return draft
        taken = self._sending.create(account, draft, form.canonical(), entry)
        return taken if isinstance(taken, Answer) else json_answer(201, taken.document())

    def _note_schedule(self, form: Form, refused: Answer, entry: str) -> None:
        """Say in the trace which clock a SendAt was judged by, if that is what was refused."""
        body = refused.json()
        if isinstance(body, dict) and body["code"] == 35114:
            told = {
                "send_at": form.get("SendAt"),
                "world": render_instant(self._world.now),
                "remedy": "if the app reads the real clock: freeze_time in the test, "
                'or a lab with start="now"',
            }
            name = entry.partition(":")[2]
            self._world.trace.record("TwilioScheduleRefused", name, told, (entry,))

    def _serve_message(
        self, message: Message, rest: list[str], request: Request, form: Form, entry: str
    ) -> Answer:
        """Serve a message, or what belongs to it."""
        match request.method, rest:
            case "GET", []:
                return json_answer(200, message.document())
            case "POST", []:
                return self._update(message, form, entry)
            case "DELETE", []:
                return self._delete(message, entry)
            case "POST", ["Feedback"]:
                return self._take_feedback(message, form)
            case "GET", ["Media"]:
                return _list_media(message)
            case "GET" | "DELETE", ["Media", sid]:
                return _serve_media(message, sid, request)
            case _, [] | ["Feedback"] | ["Media"] | ["Media", _]:
                return refuse(20004)
        return refuse(20404, path=request.path)

    def _delete(self, message: Message, entry: str) -> Answer:
        if not message.is_final and not message.is_test:
            return refuse(20009)
        self.messages.remove(message)
        self._world.trace.record(
            "TwilioMessageDeleted", message.sid, {"message_sid": message.sid}, (entry,)
        )
        return Answer(204)

    def _update(self, message: Message, form: Form, entry: str) -> Answer:
        """Redact a message, or cancel one that is scheduled."""
        status, body = form.get("Status"), form.get("Body")
        if status is not None and status != "canceled":
            return refuse(20001, reason=f"Status {status} is not valid; it can be canceled")
        if status is not None and message.status != "scheduled":
            return refuse(30409)
        if body:
            return refuse(20001, reason="Body must be an empty string to redact the message")
        if body is not None and status is None and not message.is_final:
            return refuse(20009)
        if status is not None:
            self._flow.cancel(message)
        if body is not None:
            message.body, message.updated_at = "", self._world.now
            told = {"message_sid": message.sid}
            self._world.trace.record("TwilioMessageRedacted", message.sid, told, (entry,))
        return json_answer(200, message.document())

    def _take_feedback(self, message: Message, form: Form) -> Answer:
        outcome = (form.get("Outcome") or OUTCOMES[0]).lower()
        if outcome not in OUTCOMES:
            return refuse(20001, reason=f"Invalid Outcome: {outcome}")
        message.outcome = outcome
        now = render_date(self._world.now)
        return json_answer(201, {
            "account_sid": message.account,
            "message_sid": message.sid,
            "outcome": outcome,
            "date_created": now,
            "date_updated": now,
            "uri": f"{message.path}/Feedback.json",
        })  # fmt: skip

    def _show_account(self, account: Account, method: str) -> Answer:
        if method != "GET":
            return refuse(20004)
        path, created = f"/{VERSION}/Accounts/{account.sid}", render_date(self._world.clock.start)
        return json_answer(200, {
            "sid": account.sid,
            "friendly_name": account.sid,
            "status": "active",
            "type": "Trial" if account.is_trial else "Full",
            "owner_account_sid": account.parent or account.sid,
            "date_created": created,
            "date_updated": created,
            "uri": f"{path}.json",
            "subresource_uris": {"messages": f"{path}/Messages.json"},
        })  # fmt: skip

    # -- refusals ------------------------------------------------------------------------------

    def _refuse_unbuilt(self, name: str) -> Answer:
        said = f"{name} of Twilio is not built into pushlab yet"
        self.unbuilt.append(said)
        return json_answer(501, {"code": 501, "message": said, "status": 501})

    def _is_too_fast(self) -> bool:
        """Whether more calls came within this virtual second than the settings allow."""
        bound = self._world.settings.twilio_requests_max
        if not bound:
            return False
        now = self._world.now
        self._calls_at = [at for at in self._calls_at if at > now - SECOND_MS]
        if len(self._calls_at) >= bound:
            return True
        self._calls_at.append(now)
        return False

    def _refuse_pace(self, entry: str) -> Answer:
        told = {
            "limit": "twilio_requests_max",
            "remedy": "lab.change_settings(twilio_requests_max=0) switches the limit off",
        }
        self._world.trace.record("RateLimited", entry.partition(":")[2], told, (entry,))
        return refuse(20429)

    # -- the trace -----------------------------------------------------------------------------

    def _record_request(self, name: str, request: Request, form: Form | None) -> str:
        fields: dict[str, object] = {"route": name, "path": request.path}
        if request.query:
            fields["query"] = request.query
        if form is None:
            fields["body"] = f"{len(request.body)} bytes that are no form"
        elif form.pairs:
            fields["body"] = form.shown()
        said = request.body.decode("latin-1") if form is None else form.canonical()
        key = content_key(request.method, request.path, request.query, said)
        return self._world.trace.record(
            "RequestReceived", f"{name} {key:016x}", fields, beside=request.body or None
        )

    def _record_answer(self, entry: str, answer: Answer) -> None:
        fields: dict[str, object] = {"status": answer.status}
        if answer.status >= 400:
            body = answer.json()
            assert isinstance(body, dict), "a refusal is an object"
            fields["errors"] = [f"{body['code']}: {body['message']}"]
        self._world.trace.record("RequestAnswered", entry.partition(":")[2], fields, (entry,))


def _name_operation(method: str, parts: list[str]) -> str:
    """Return what an operation is called: its method and path, without the sids in it."""
    shown = ["{sid}" if place % 2 else part for place, part in enumerate(parts[3:])]
    return f"{method} /{'/'.join(shown)}" if shown else f"{method} /Account"


def _list_media(message: Message) -> Answer:
    address = f"{message.path}/Media.json?PageSize=50&Page=0"
    shown = [message.media_document(media) for media in message.media]
    return json_answer(200, {
        "first_page_uri": address,
        "end": max(len(shown) - 1, 0),
        "media_list": shown,
        "previous_page_uri": None,
        "uri": address,
        "page_size": 50,
        "start": 0,
        "next_page_uri": None,
        "page": 0,
    })  # fmt: skip


def _serve_media(message: Message, sid: str, request: Request) -> Answer:
    """Show one file's resource or remove it; without ``.json`` it is the file itself.

    What a program has sent lies where it said; Twilio leads to its own storage instead.
    """
    media = next((held for held in message.media if held.sid == sid), None)
    if media is None:
        return refuse(20404, path=request.path)
    if request.method == "DELETE":
        message.media.remove(media)
        return Answer(204)
    if not request.path.endswith(".json") and media.content is not None:
        return Answer(200, media.content, (("content-type", media.content_type),))
    if not request.path.endswith(".json"):
        return Answer(307, b"", (("location", media.url),))
    return json_answer(200, message.media_document(media))
