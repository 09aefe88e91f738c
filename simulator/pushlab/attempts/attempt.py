"""One attempt: what was sent to whom, what was answered, and what came of it."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec

from pushlab.attempts.columns import NOTHING, SERVICE, SOURCES
from pushlab.attempts.criteria import GATEWAYS, UNKNOWN, answer_of
from pushlab.attempts.headers import Headers, redact_query
from pushlab.errors import LimitError
from pushlab.fanout import POSITION, POSITION_BITS
from pushlab.gateway import Fate, Verdict
from pushlab.world.clock import render_instant
from pushlab_fakes.json_text import decode_json
from pushlab_fakes.smtp.reading import read_mail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from pushlab.attempts.book import Book
    from pushlab.content import Mail
    from pushlab.devices.device import Device
    from pushlab.fanout import FanOut
    from pushlab.reasons import Reason
    from pushlab.world.clock import Instant
    from pushlab_fakes.attempts import Envelope, KeptAttempt
    from pushlab_fakes.exchange import Answer, Request

    T = TypeVar("T")

__all__ = ["Attempt"]

ACCEPTED: Final = Verdict.ACCEPTED.value
BODY_SHOWN_MAX: Final = 4_000
"""Bytes of a body in a list; one attempt alone is shown whole."""


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def name_target(what: int) -> str:
    """Return a short name of a target: the number of its send and the position there."""
    return f"{what >> POSITION_BITS}.{what & POSITION}"


class Attempt:
    """One hand-over of a message to a gateway, or one request that was refused before that.

    What a program sent itself is kept as it came over the wire. What OneSignal sent is written
    when you look: the request of a push, the MIME mail, the form for Twilio, without OneSignal's
    own credentials. `gateway` is ``apns``, ``fcm``, ``webpush``, ``smtp`` or ``sms``; `source` is
    ``wire``, ``onesignal``, or ``gateway`` for what a gateway sends by itself: answers to keywords,
    bounces, replies by TwiML.
    """

    __slots__ = ("_book", "_gateway", "_kept", "_outcome", "_what", "at", "source")

    def __init__(
        self,
        book: Book,
        *,
        at: Instant,
        source: int,
        gateway: int,
        kept: KeptAttempt | None,
        what: int,
        outcome: int,
    ) -> None:
        self._book = book
        self._kept = kept
        self._what = what
        self._outcome = outcome
        self._gateway = gateway
        self.at = at
        """When it was made."""
        self.source = SOURCES[source]
        """Who made it."""

    # -- who and when --------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """What the control API calls it."""
        aimed = "" if self._what == NOTHING else name_target(self._what)
        kept = self._kept
        if kept is None:
            return f"s{aimed}@{self.at}"
        # A mail may be tried several times, and is one attempt for each of its recipients.
        is_single = len(kept.envelope.recipients) == 1 if kept.envelope else kept.count <= 1
        return f"w{kept.number}" if is_single or not aimed else f"w{kept.number}-{aimed}"

    @property
    def gateway(self) -> str:
        """Where it went: ``apns``, ``fcm``, ``webpush``, ``smtp`` or ``sms``."""
        return "unknown" if self._gateway == UNKNOWN else GATEWAYS[self._gateway]

    @property
    def address(self) -> str:
        """The token, endpoint, mail address or number that it is for, as its sender wrote it."""

        def look() -> str:
            fan_out, kept = self._find_fan_out(), self._kept
            written = "" if kept is None or kept.count > 1 else kept.address
            # With a space in it, it is a topic, or a number that is written in groups.
            if fan_out is None or (written and " " not in written):
                return written
            return self._book.ledgers.address_of(fan_out, self._what & POSITION)

        return self._read(look)

    @property
    def device(self) -> Device | None:
        """The device behind the address, or None when there is none in this lab."""

        def look() -> int:
            fan_out = self._find_fan_out()
            if fan_out is not None:
                return int(fan_out.devices[self._what & POSITION])
            kept = self._kept
            return NOTHING if kept is None else self._book.ledgers.device_named(kept)

        row = self._read(look)
        return None if row < 0 else self._book.view_device(row)

    @property
    def message(self) -> str | None:
        """The gateway's id of the message, or the notification's; None when it got none.

        `Lab.why` takes it, and messages in trays and inboxes have it as `notification_id`.
        """

        def look() -> str | None:
            if self._what != NOTHING:
                return self._book.ledgers.sends.name_target(self._what)[0]
            kept = self._kept
            if kept is None or kept.form is None or kept.answer is None:
                return None
            return kept.form.find_name(kept.answer)

        return self._read(look)

    @property
    def title(self) -> str | None:
        """What the message says, in a line: its subject, title or text; None if it became none."""

        def look() -> str | None:
            fan_out = self._find_fan_out()
            if fan_out is None:
                return None
            return self._book.ledgers.title_of(fan_out, self._what & POSITION, self.gateway)

        return self._read(look)

    # -- what was answered ---------------------------------------------------------------------

    @property
    def status(self) -> int:
        """What the gateway answered: a status of HTTP, or a code of SMTP.

        A service's attempts have the vendor's usual one for what the gateway said.
        """
        return self._answered()[0]

    @property
    def reason(self) -> str | None:
        """Why it was refused, in the vendor's words; None when it was not."""
        return self._answered()[1] or None

    @property
    def is_accepted(self) -> bool:
        """Whether the gateway took it; that does not say that it arrived, see `fate`."""
        return self.status < 400

    def _answered(self) -> tuple[int, str]:
        kept = self._kept
        if kept is not None and kept.answer is not None and kept.form is not None:
            return kept.answer.status, kept.form.find_reason(kept.answer) or ""
        gateway = self.gateway if self._gateway != UNKNOWN else GATEWAYS[0]
        if self.source != SOURCES[SERVICE]:
            return answer_of(gateway, ACCEPTED)
        return answer_of(gateway, self._outcome, is_stranger=self._read(self._is_stranger))

    def _is_stranger(self) -> bool:
        fan_out = self._find_fan_out()
        device = NOTHING if fan_out is None else int(fan_out.devices[self._what & POSITION])
        if fan_out is None or device < 0:
            return False
        return int(self._book.ledgers.fleet.devices.app[device]) != fan_out.app

    @property
    def answer(self) -> Answer | None:
        """The whole answer, as it went over the wire; None for what no program sent itself."""
        return None if self._kept is None else self._kept.answer

    @property
    def fault(self) -> str | None:
        """The planned fault that struck it and how, such as ``fault-1: lost``; None if none did.

        ``lost`` and ``half`` say that the answer never reached its sender.
        """
        kept = self._kept
        if kept is None or not kept.entry:
            return None
        return self._read(lambda: self._book.ledgers.find_fault(kept.entry))

    @property
    def fate(self) -> str | None:
        """How far it has come by now, such as ``shown`` or ``stored``; None if it went nowhere."""

        def look() -> str | None:
            fan_out = self._find_fan_out()
            if fan_out is None:
                return None
            return Fate(int(fan_out.fates[self._what & POSITION])).name.lower().replace("_", " ")

        return self._read(look)

    def find_target(self) -> tuple[FanOut, int] | None:
        """Return its send and its position there, for observers; None if it became none."""
        fan_out = self._read(self._find_fan_out)
        return None if fan_out is None else (fan_out, self._what & POSITION)

    def why(self) -> list[Reason]:
        """Say why it did, or did not, reach its device."""
        return self._book.explain(self)

    # -- what was sent -------------------------------------------------------------------------

    @property
    def method(self) -> str:
        """The method of the request; a mail's is ``DATA``, a refused recipient's ``RCPT``."""
        return self._look()[0].method

    @property
    def url(self) -> str:
        """Where the request went, with the vendor's own name; empty for mail."""
        request = self._look()[0]
        if not request.host:
            return ""
        query = redact_query(request.query)
        return f"https://{request.host}{request.path}" + (f"?{query}" if query else "")

    @property
    def headers(self) -> Headers:
        """The headers of the request, or of the mail, without secrets."""
        request = self._whole()
        if self._is_mail:
            return Headers(read_mail(request.body, "").mail.headers)
        return Headers(request.headers)

    @property
    def body(self) -> bytes:
        """The body of the request, or the whole mail, byte for byte.

        Raises LimitError when it is no longer kept.
        """
        return self._whole().body

    @property
    def text(self) -> str:
        """The body as text; bytes that are none are replaced."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        """The body as JSON, or None when it is none; of a web push, what its browser opened."""
        if self.gateway == "webpush" and self.source == "wire":
            return dict(self.payload) or None
        try:
            return decode_json(self.body)
        except msgspec.DecodeError:
            return None

    @property
    def form(self) -> dict[str, str | list[str]]:
        """The fields of a form, as Twilio takes it; one that repeats has a list."""
        if self.gateway != "sms":
            return {}
        fields: dict[str, str | list[str]] = {}
        for name, value in parse_qsl(self.text, keep_blank_values=True):
            held = fields.get(name)
            if held is None:
                fields[name] = value
            else:
                fields[name] = [*(held if isinstance(held, list) else [held]), value]
        return fields

    @property
    def payload(self) -> Mapping[str, object]:
        """What a push hands to the app, parsed and opened; empty for mail and text messages."""

        def look() -> Mapping[str, object]:
            fan_out = self._find_fan_out()
            if fan_out is None or self.gateway not in {"apns", "fcm", "webpush"}:
                return {}
            return fan_out.owner.payload_for(fan_out, self._what & POSITION)

        return self._read(look)

    @property
    def mail(self) -> Mail | None:
        """The mail as its recipient's program reads it; None for anything else."""
        if not self._is_mail:
            return None
        return read_mail(self.body, "").address_to(self.address)

    @property
    def envelope(self) -> Envelope | None:
        """From whom and to whom a mail was handed over; None for anything else."""
        return self._look()[1]

    @property
    def _is_mail(self) -> bool:
        return self.gateway == "smtp" and self.method == "DATA"

    @property
    def is_whole(self) -> bool:
        """Whether headers and body can be shown still."""
        if self._kept is not None:
            return self._kept.is_whole
        return self._read(self._find_fan_out) is not None

    # -- what led to it ------------------------------------------------------------------------

    @property
    def cause(self) -> str | None:
        """Id of the trace entry that led to it: the request, or the notification."""
        if self._kept is not None:
            return self._kept.entry or None
        fan_out = self._read(self._find_fan_out)
        return None if fan_out is None else fan_out.entry

    @property
    def entry(self) -> str | None:
        """Id of its own entry in the trace; None when it was refused before."""
        if self._what == NOTHING:
            return None
        target = self._read(lambda: self._book.ledgers.sends.name_target(self._what)[1])
        return f"AttemptMade:{target}"

    # -- inside --------------------------------------------------------------------------------

    def _read(self, action: Callable[[], T]) -> T:
        return self._book.read(action)

    def _find_fan_out(self) -> FanOut | None:
        return None if self._what == NOTHING else self._book.ledgers.sends.find(self._what)

    def _look(self) -> tuple[Request, Envelope | None]:
        """Return the request as far as it is kept, or as it is written now."""
        kept = self._kept
        if kept is not None and kept.request is not None:
            return kept.request, kept.envelope

        def render() -> tuple[Request, Envelope | None]:
            fan_out = self._find_fan_out()
            if fan_out is None:
                raise LimitError(
                    f"the send of attempt {self.id} is over and forgotten; the setting "
                    "retention_days says how long it is kept"
                )
            return self._book.ledgers.render(fan_out, self._what & POSITION, self.gateway)

        return self._read(render)

    def _whole(self) -> Request:
        if not self.is_whole and self._kept is not None:
            raise LimitError(
                f"headers and body of attempt {self.id} are no longer kept; the setting "
                "attempts_kept_bytes_max gives them more room"
            )
        return self._look()[0]

    # -- for people and programs ---------------------------------------------------------------

    def document(self, *, whole: bool = False) -> dict[str, object]:
        """Return the attempt as the control API shows it; *whole* with all of its body."""
        device = self.device
        shown: dict[str, object] = {
            "id": self.id,
            "at": render_instant(self.at),
            "gateway": self.gateway,
            "source": self.source,
            "address": self.address,
            "device": None if device is None else device.id,
            "message": self.message,
            "title": self.title,
            "status": self.status,
            "reason": self.reason,
            "fault": self.fault,
            "fate": self.fate,
            "cause": self.cause,
            "entry": self.entry,
            "is_whole": self.is_whole,
        }
        return {**shown, **self._document_request(whole=whole)} if self.is_whole else shown

    def _document_request(self, *, whole: bool) -> dict[str, object]:
        request, envelope = self._look()
        size = len(request.body)
        cut = size if whole else BODY_SHOWN_MAX
        shown: dict[str, object] = {
            "method": request.method,
            "url": self.url,
            "headers": [list(pair) for pair in self.headers.pairs],
            "body_bytes": size,
            "body_cut": size > cut,
        }
        if _is_text(request.body):
            # A character may be cut in two.
            shown["body"] = request.body[:cut].decode("utf-8", "ignore")
        else:
            shown["body_base64"] = b64encode(request.body[:cut]).decode()
        if whole:
            shown["json"] = self.json
        if envelope is not None:
            shown["envelope"] = {
                "sender": envelope.sender,
                "recipients": list(envelope.recipients),
                "login": envelope.login,
                "is_secure": envelope.is_secure,
            }
        return shown

    def __repr__(self) -> str:
        """Show when, where, to whom, and how it ended."""
        return f"<attempt {self}>"

    def __str__(self) -> str:
        """Say in a line what was sent where, and how it ended."""
        device = self.device
        who = self.address if device is None else device.id
        short = who if len(who) <= 40 else f"{who[:18]}…{who[-18:]}"
        ended = f"{self.status} {self.reason or ''}".rstrip()
        return f"{self.gateway} {short} at {render_instant(self.at)}: {ended}"

    def __eq__(self, other: object) -> bool:
        """Two views of one attempt of one lab are the same."""
        if not isinstance(other, Attempt):
            return NotImplemented
        return self._book is other._book and self.id == other.id

    def __hash__(self) -> int:
        """Hash by target and instant."""
        return self.at ^ self._what
