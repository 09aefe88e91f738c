"""The desk of a mail server: what each command means for the world.

Mirrored: RFC 5321 (replies of a server that knows its mailboxes, and of one that relays), RFC 3461
(which notices are wanted), RFC 5965 (complaints). Only the final dot makes a mail of what came
before: it is read, kept as it came, and sent to the mailbox of each recipient past any service.

One reply stands for all recipients: when some of them are refused after the dot, the mail is taken
and they come back as notices; only when all are, the reply says so.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from pushlab.content import Content
from pushlab.gateway import Verdict
from pushlab.world.clock import Instant
from pushlab.world.ids import content_key
from pushlab_fakes.attempts import Envelope as Handed
from pushlab_fakes.direct import Letter
from pushlab_fakes.smtp import replies, sends
from pushlab_fakes.smtp.core import Box
from pushlab_fakes.smtp.dialogue import Offer
from pushlab_fakes.smtp.faulty import find_fault_reply, find_outage, find_verdict_reply
from pushlab_fakes.smtp.reading import read_mail
from pushlab_fakes.smtp.returns import Posted, Returns
from pushlab_fakes.smtp.rules import Bucket, Greylist, Rules
from pushlab_fakes.smtp.strikes import MailStrikes
from pushlab_fakes.strikes import note_strike

if TYPE_CHECKING:
    from pushlab.settings import Settings
    from pushlab.world.world import World
    from pushlab_fakes.direct import DirectSends
    from pushlab_fakes.faults import Faults
    from pushlab_fakes.smtp.core import Smtp
    from pushlab_fakes.smtp.dialogue import Client, Envelope
    from pushlab_fakes.smtp.reading import Parcel
    from pushlab_fakes.smtp.replies import Reply
    from pushlab_fakes.smtp.syntax import Recipient, Sender

__all__ = ["MailDesk", "SentMail"]

KEPT_MAX: Final = 1_000
"""Mails that are kept as they came; then the oldest go."""
KEPT_BYTES_MAX: Final = 64 * 1024 * 1024
POSTMASTER: Final = "postmaster"
HOUR_MS: Final = 3_600_000


class SentMail(msgspec.Struct, frozen=True, gc=False):
    """One mail as it was handed over, for people and tests to look at."""

    id: str
    """The server's own id of it, which the reply told."""
    at: Instant
    sender: str
    """The envelope sender; empty for the null sender."""
    recipients: tuple[str, ...]
    refused: tuple[str, ...]
    """Recipients that were refused after the dot."""
    raw: bytes
    """As it came over the wire, without dot-stuffing."""
    message_id: str | None
    login: str | None
    is_secure: bool
    """Whether it came under TLS."""


class MailDesk:
    """Decides on the commands of every session of one lab; a `Desk`."""

    def __init__(
        self,
        world: World,
        gateway: Smtp,
        direct: DirectSends,
        faults: Faults,
        *,
        strict_keys: bool = False,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._direct = direct
        self._faults = faults
        self._offered: tuple[Settings, Offer] | None = None
        """What is offered under the settings of that moment."""
        self.strikes = MailStrikes(world, faults)
        self._strict = strict_keys
        self._logins: dict[str, str] = {}
        self.rules = Rules()
        self._greylist = Greylist()
        self._buckets: dict[str, Bucket] = {}
        self._lives: dict[int, int] = {}
        """How many mails of each content there were."""
        self.sent: deque[SentMail] = deque()
        """The last mails, oldest first."""
        self._sent_bytes = 0
        self.dropped = 0
        """How many mails are no longer kept."""
        self.returns = Returns(world, gateway, direct)

    # -- what the server allows ----------------------------------------------------------------

    def offer(self) -> Offer:
        """Return what the server allows now."""
        settings = self._world.settings
        if self._offered is None or self._offered[0] is not settings:
            offer = Offer(
                settings.smtp_size_max_bytes,
                tuple(settings.smtp_auth_mechanisms.upper().split()),
                auth_needs_tls=settings.smtp_auth_needs_tls,
                auth_required=settings.smtp_auth_required,
                tls_required=settings.smtp_tls_required,
                errors_max=settings.smtp_errors_max,
                body_line_max=settings.smtp_body_line_max,
            )
            self._offered = (settings, offer)
        return self._offered[1]

    @property
    def offers_starttls(self) -> bool:
        """Whether the port for clear text offers STARTTLS too."""
        return self._world.settings.smtp_starttls

    def set_rule(self, rule: str, match: str) -> None:
        """Refuse mail by a rule from now on."""
        self.rules.set(rule, match)
        self._world.trace.record("MailRuleSet", rule, {"rule": rule, "match": match})

    def lift_rule(self, rule: str, match: str) -> None:
        """End a rule."""
        self.rules.lift(rule, match)
        self._world.trace.record("MailRuleLifted", rule, {"rule": rule, "match": match})

    def add_login(self, login: str, password: str) -> None:
        """Know a login beforehand."""
        self._logins[login] = password

    # -- commands ------------------------------------------------------------------------------

    def connect(self, client: Client) -> Reply | None:
        """Refuse everybody, while that is so."""
        del client
        return (
            self._strike("connect", "")
            or find_outage(self._faults, self._world.now)
            or self.rules.judge("connect")
        )

    def hello(self, client: Client, name: str) -> Reply | None:
        """Refuse by a fault alone; names that clients give themselves differ by machine."""
        del client, name
        return self._strike("ehlo", "")

    def login(self, client: Client, mechanism: str, login: str, password: str) -> Reply:
        """Take the first password of a login as it is; another one is wrong from then on."""
        del client, mechanism
        struck = self._strike("auth", login)
        if struck is not None:
            return struck
        held = self._logins.get(login)
        if held is None and not self._strict:
            self._logins[login] = password
            self._world.trace.record("LoginAdopted", login, {"login": login})
            return replies.AUTH_OK
        return replies.AUTH_OK if held == password else replies.AUTH_FAILED

    def mail(self, client: Client, sender: Sender) -> Reply:
        """Judge a sender."""
        address = sender.address
        refusal = self._strike("mail", address) or self.rules.judge("mail", address)
        if refusal is None and self._is_over_rate(client):
            refusal = replies.RATE_LIMITED
        return refusal or replies.SENDER_OK

    def rcpt(self, client: Client, envelope: Envelope, recipient: Recipient) -> Reply:
        """Judge a recipient."""
        settings, address = self._world.settings, recipient.address
        pair = (envelope.sender.address.lower(), address.lower())
        refusal = self._strike("rcpt", *pair)
        if refusal is None and len(envelope.recipients) >= settings.smtp_recipients_max:
            refusal = replies.TOO_MANY_RECIPIENTS
        refusal = refusal or self.rules.judge("rcpt", address, is_trusted=client.login is not None)
        if refusal is None and not self._is_for_postmaster(address):
            refusal = self._judge_mailbox(address)
        wait_s = settings.smtp_greylist_s
        if refusal is None and wait_s and client.login is None:
            is_through = self._greylist.lets_through(pair, self._world.now, wait_s)
            refusal = None if is_through else replies.GREYLISTED
        return refusal or replies.RECIPIENT_OK

    def data(self, client: Client, envelope: Envelope) -> Reply | None:
        """Refuse by a fault alone."""
        del client
        return self._strike("data", envelope.sender.address)

    def _is_for_postmaster(self, address: str) -> bool:
        """Whether mail goes to whoever runs the server, whom every domain has and nobody is here.

        RFC 5321, section 4.5.1; a mailbox of that name is one like any other.
        """
        if address[: len(POSTMASTER)].lower() != POSTMASTER:
            return False
        domain = address[len(POSTMASTER) :]
        return not domain or (domain[0] == "@" and self._gateway.find_route(address) < 0)

    def _judge_mailbox(self, address: str) -> Reply | None:
        """Say what is wrong with a mailbox; a relay does not know and asks later."""
        if self._is_relay:
            return None
        route = self._gateway.find_route(address)
        struck = find_fault_reply(self._faults, self._gateway, route, self._world.now)
        return struck or self._judge_box(self._gateway.look(address))

    def _judge_box(self, box: Box) -> Reply | None:
        settings = self._world.settings
        if box is Box.OPEN or self._is_relay:
            return None
        match box:
            case Box.UNKNOWN:
                return replies.UNKNOWN_USER
            case Box.CLOSED:
                return replies.MAILBOX_DISABLED
            case Box.FULL if settings.smtp_full_reply == "552":
                return replies.MAILBOX_FULL_FOR_GOOD
            case Box.FULL if settings.smtp_full_reply != "queue":
                return replies.MAILBOX_FULL
        return None

    def _is_over_rate(self, client: Client) -> bool:
        rate, who = self._world.settings.smtp_rate_per_minute, client.login or ""
        if not rate or self._buckets.setdefault(who, Bucket()).take(self._world.now, rate):
            return False
        told = {
            "limit": f"smtp_rate_per_minute = {rate}",
            "remedy": "lab.change_settings(smtp_rate_per_minute=0) switches it off",
        }
        self._world.trace.record("RateLimited", f"smtp {who}".strip(), told)
        return True

    def _strike(self, stage: str, *about: str) -> Reply | None:
        """Return what a fault planned at *stage* says, if one strikes; others cut the wire."""
        if not self._faults.are_planned(f"smtp {stage}"):
            return None
        fault = self._faults.find(
            lambda fault, place: fault.how == "refuse" and place.has_stage(stage),
            key=lambda: content_key("smtp", stage, *about),
        )
        if fault is None:
            return None
        note_strike(self._world, fault, f"smtp {stage}", ())
        return find_verdict_reply(fault)

    # -- the mail ------------------------------------------------------------------------------

    def deliver(self, client: Client, envelope: Envelope, raw: bytes) -> Reply:
        """Take a mail over, or refuse it after its end."""
        parcel = read_mail(raw, envelope.sender.address)
        entry, key = self._record_mail(envelope, parcel)
        refusal = self._judge_mail(envelope.sender.address, parcel)
        refusal = refusal or self._strike("end", envelope.sender.address, parcel.subject)
        if refusal is None:
            life = self._lives[key] = self._lives.get(key, 0) + 1
            name = f"{self._world.ids.key('smtp mail', key, life):016X}"[:12]
            refused, tried = self._send_all(name, entry, envelope, parcel, raw)
            self._keep(
                SentMail(
                    name,
                    self._world.now,
                    envelope.sender.address,
                    tuple(recipient.address for recipient in envelope.recipients),
                    tuple(posted.recipient.address for posted, _ in refused),
                    raw,
                    parcel.message_id,
                    client.login,
                    client.is_secure,
                )
            )
            if refused and len(refused) == tried and not self._is_relay:
                refusal = refused[0][1]
            else:
                self._return_refused(parcel, entry, refused)
        reply = refusal or replies.make_reply(250, "2.0.0", f"Ok: queued as {name}")
        self._record_reply(entry, reply)
        self._log(entry, client, envelope, raw, reply)
        return reply

    def _judge_mail(self, sender: str, parcel: Parcel) -> Reply | None:
        """Refuse by a rule; only then what the mail says is looked at."""
        if not self.rules.are_set_at("end"):
            return None
        mail = parcel.mail
        return self.rules.judge("end", sender, mail.subject, mail.html, mail.plain or "")

    def _log(
        self, entry: str, client: Client, envelope: Envelope, raw: bytes, reply: Reply
    ) -> None:
        """Keep a mail as it was handed over, with what was answered."""
        self._direct.log.keep(
            sends,
            self._gateway.name,
            entry,
            sends.describe_command("DATA", body=raw),
            sends.describe_reply(reply),
            envelope=Handed(
                envelope.sender.address,
                tuple(recipient.address for recipient in envelope.recipients),
                client.login,
                client.is_secure,
            ),
        )

    def _send_all(
        self, name: str, entry: str, envelope: Envelope, parcel: Parcel, raw: bytes
    ) -> tuple[list[tuple[Posted, Reply]], int]:
        """Send the mail to each recipient; return who refused it, how, and how many there were."""
        refused: list[tuple[Posted, Reply]] = []
        told: dict[str, None] = {}
        for recipient in envelope.recipients:
            address = recipient.address.lower()
            if address in told or self._is_for_postmaster(address):
                continue
            told[address] = None
            posted = self._post(name, envelope, recipient, parcel, raw)
            # It may have closed or filled up since it was named.
            box = self._gateway.look(address)
            refusal = self._judge_box(box) or self._attempt(posted, parcel, entry, box)
            if refusal is not None:
                refused.append((posted, refusal))
        return refused, len(told)

    def _post(
        self, name: str, envelope: Envelope, recipient: Recipient, parcel: Parcel, raw: bytes
    ) -> Posted:
        sender = envelope.sender
        return Posted(
            name,
            sender.address,
            recipient,
            raw,
            self._world.now,
            sender.ret,
            sender.envid,
            is_automatic=parcel.auto_submitted,
            subject=parcel.subject,
        )

    def _attempt(self, posted: Posted, parcel: Parcel, entry: str, box: Box) -> Reply | None:
        """Hand a mail to the mailbox of one recipient; return how it was refused, if it was."""
        address = posted.recipient.address
        route = self._gateway.find_route(address)
        letter = Letter(
            posted.name,
            address,
            mail=partial(parcel.address_to, address),
            ear=self.returns.listen(posted, is_full=box is Box.FULL),
        )
        content = Content(size_bytes=len(posted.raw))
        verdict, fan_out = self._direct.send(
            self._gateway, letter, content, route=route, cause=entry
        )
        if verdict is Verdict.ACCEPTED:
            self.returns.follow(posted, fan_out.number)
            return None
        now = self._world.now
        struck = find_fault_reply(self._faults, self._gateway, route, now, verdict=verdict)
        return struck or find_verdict_reply(verdict)

    @property
    def _is_relay(self) -> bool:
        return self._world.settings.smtp_role == "relay"

    def _return_refused(
        self, parcel: Parcel, entry: str, refused: list[tuple[Posted, Reply]]
    ) -> None:
        """Send notices of recipients whom a mail could not reach that was taken."""
        for posted, reply in refused:
            if reply.is_final:
                self.returns.plan_failure(posted, reply)
            else:
                self._plan_retry(posted, parcel, entry, reply)

    def _plan_retry(self, posted: Posted, parcel: Parcel, entry: str, reply: Reply) -> None:
        """Try again after as long as the mail has waited so far, until the queue gives up."""
        settings, now = self._world.settings, self._world.now
        over_at = posted.at + settings.smtp_queue_hours * HOUR_MS
        if now >= over_at:
            self.returns.plan_failure(posted, reply)
            return
        self.returns.put_off(posted, reply)
        wait = max(now - posted.at, max(settings.smtp_retry_first_s, 1) * 1000)
        name = f"mail retry {posted.name} {posted.recipient.address}"

        def try_again() -> None:
            box = self._gateway.look(posted.recipient.address)
            refusal = self._attempt(posted, parcel, entry, box)
            if refusal is not None:
                self._return_refused(parcel, entry, [(posted, refusal)])

        self._world.schedule.plan(min(now + wait, over_at), name, try_again)

    def _keep(self, mail: SentMail) -> None:
        self.sent.append(mail)
        self._sent_bytes += len(mail.raw)
        while len(self.sent) > KEPT_MAX or self._sent_bytes > KEPT_BYTES_MAX:
            self._sent_bytes -= len(self.sent.popleft().raw)
            self.dropped += 1

    # -- the trace -----------------------------------------------------------------------------

    def fail(self, command: str, reply: Reply, said: str = "") -> None:
        """Write what was refused before there was a mail."""
        verb, _, about = command.partition(" ")
        fields: dict[str, object] = {"route": f"smtp {verb}"}
        if about:
            fields["path"] = about
        name = f"smtp {verb} {content_key('smtp', verb, about):016x}"
        entry = self._world.trace.record("RequestReceived", name, fields)
        self._record_reply(entry, reply)
        if verb == "RCPT":
            named = sends.describe_command(verb, about or sends.strip_path(said))
            answer = sends.describe_reply(reply)
            self._direct.log.keep(sends, self._gateway.name, entry, named, answer)

    def _record_mail(self, envelope: Envelope, parcel: Parcel) -> tuple[str, int]:
        """Write that a mail came, and return the entry and the key of what it says."""
        sender = envelope.sender.address
        addresses = [recipient.address for recipient in envelope.recipients]
        key = content_key("smtp DATA", sender, *addresses, parcel.canonical)
        fields: dict[str, object] = {
            "route": "smtp DATA",
            "sender": sender,
            "recipients": addresses,
            "subject": parcel.subject,
        }
        if parcel.reply_to:
            fields["reply_to"] = parcel.reply_to
        if parcel.unread:
            fields["parts_unread"] = parcel.unread
        name = f"smtp DATA {key:016x}"
        return self._world.trace.record("RequestReceived", name, fields), key

    def _record_reply(self, entry: str, reply: Reply) -> None:
        fields: dict[str, object] = {"status": reply.code}
        if reply.is_refusal:
            fields["errors"] = [reply.text]
        self._world.trace.record("RequestAnswered", entry.partition(":")[2], fields, (entry,))
