"""What comes back of a mail after it was accepted, as mails to its envelope sender.

Only a reader who unsubscribes by mail writes to somebody else, whom the mail names (RFC 2369).

Mirrored: RFC 3461 (who wants which notice), RFC 5321, sections 4.5.5 and 6.1 (mail from the null
sender is never answered), RFC 5965, RFC 3834. A mailbox of the lab at that address gets the mail
like any other; all are kept beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from pushlab.content import Content
from pushlab.gateway import Fate
from pushlab.world.clock import Instant
from pushlab_fakes.direct import Letter
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.core import Box
from pushlab_fakes.smtp.notices import (
    Notice,
    Returned,
    compose_auto_reply,
    compose_complaint,
    compose_leaving,
    compose_notice,
)
from pushlab_fakes.smtp.reading import read_mail
from pushlab_fakes.smtp.syntax import Recipient

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from pushlab.world.world import World
    from pushlab_fakes.direct import DirectSends, Ear, News
    from pushlab_fakes.smtp.core import Smtp
    from pushlab_fakes.smtp.replies import Reply

__all__ = ["Posted", "ReturnedMail", "Returns"]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
KEPT_MAX: Final = 10_000
"""Mails that came back and are kept; then the oldest go."""
LEAVE_SUBJECT: Final = "unsubscribe"
AWAY_TEXT: Final = "I am out of office and will read your mail when I am back."


class Posted(msgspec.Struct, frozen=True, gc=False):
    """One mail for one recipient, as far as its sender may hear of it again."""

    name: str
    sender: str
    recipient: Recipient
    raw: bytes
    at: Instant
    ret: str | None = None
    envid: str | None = None
    is_automatic: bool = False
    """Whether a program wrote it that must not be answered (RFC 3834, section 2)."""
    subject: str = ""

    def wants(self, notice: str) -> bool:
        """Whether the sender is told; without NOTIFY it is told of failures and delays."""
        if not self.sender:
            return False
        notify = self.recipient.notify
        return notice in {"FAILURE", "DELAY"} if notify is None else notice in notify

    @property
    def key(self) -> tuple[str, str]:
        """Which mail for whom."""
        return self.name, self.recipient.address

    @property
    def returned(self) -> Returned:
        """The mail as a notice tells of it."""
        return Returned(
            self.name,
            self.sender,
            self.recipient.address,
            self.raw,
            self.at,
            self.ret,
            self.envid,
            self.recipient.orcpt,
        )


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """One mail that the mail system wrote to a sender."""

    kind: str
    """``failed``, ``delayed``, ``delivered``, ``complaint``, ``auto-reply`` or ``unsubscribe``."""
    to: str
    """The envelope sender of the mail it tells of; to unsubscribe, whom that mail names."""
    recipient: str
    """The recipient it tells of."""
    status: str | None
    """Enhanced code of a notice: ``5.1.1``."""
    mail_id: str
    """The server's id of the mail that it tells of."""
    at: Instant
    raw: bytes
    mailbox: bool
    """Whether a mailbox of the lab has the address and gets it."""

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class Returns:
    """Writes notices, complaints and automatic replies, each at its instant."""

    def __init__(self, world: World, gateway: Smtp, direct: DirectSends) -> None:
        self._world = world
        self._gateway = gateway
        self._direct = direct
        self._followed: dict[int, Posted] = {}
        """Mails whose arrival somebody may hear of, by the number of the send."""
        self.written: list[ReturnedMail] = []
        """Oldest first."""
        self._answered_at: dict[tuple[str, str], Instant] = {}
        """When each of those who are away last answered whom."""
        self._put_off: dict[tuple[str, str], Reply] = {}
        """Mails that a relay tries again, by name and recipient, and what it was told last."""
        self._delays: set[tuple[str, str]] = set()
        """Mails of which a notice of the delay is planned."""
        gateway.observers.append(self._arrived)

    # -- hearing -------------------------------------------------------------------------------

    def listen(self, posted: Posted, *, is_full: bool) -> Ear | None:
        """Return who hears what comes of *posted*; nobody for mail from the null sender."""
        if not posted.sender:
            return None
        if is_full and posted.wants("DELAY"):
            self._plan_delay(posted)
        return _Listener(self, posted)

    def follow(self, posted: Posted, number: int) -> None:
        """Learn which send carries *posted*."""
        self._put_off.pop(posted.key, None)
        if posted.sender:
            self._followed[number] = posted

    def put_off(self, posted: Posted, reply: Reply) -> None:
        """Learn that *posted* is tried again later; its sender is told if that takes long."""
        if posted.wants("DELAY"):
            self._put_off[posted.key] = reply
            self._plan_delay(posted)

    def plan_failure(self, posted: Posted, reply: Reply) -> None:
        """Tell the sender a moment later that a server refused the mail for one recipient."""
        self._put_off.pop(posted.key, None)
        if posted.wants("FAILURE"):
            self._plan("failed", posted, self._world.now + 1, partial(self._fail, posted, reply))

    def hear(self, posted: Posted, news: News, instant: Instant, fate: Fate) -> None:
        """Learn *news* of a mail, inside a bulk step."""
        if news == "complained":
            self._plan("complaint", posted, instant, partial(self._complain, posted))
        elif news == "left by mail":
            self._plan("unsubscribe", posted, instant, partial(self._leave, posted))
        elif news == "undelivered":
            self._forget(posted)
            if posted.wants("FAILURE"):
                reply = self._explain(posted, fate)
                self._plan("failed", posted, instant, partial(self._fail, posted, reply))

    def _forget(self, posted: Posted) -> None:
        for number, kept in list(self._followed.items()):
            if kept is posted:
                del self._followed[number]

    def _explain(self, posted: Posted, fate: Fate) -> Reply:
        if fate is Fate.SOFT_BOUNCED:
            return replies.MAILBOX_FULL
        is_known = self._gateway.look(posted.recipient.address) is Box.CLOSED
        return replies.MAILBOX_DISABLED if is_known else replies.UNKNOWN_USER

    def _arrived(
        self, instants: NDArray[np.int64], devices: NDArray[np.int32], what: NDArray[np.int64]
    ) -> None:
        """Learn that mails came into mailboxes, inside a bulk step."""
        if not self._followed:
            return
        for at, device, one in zip(instants.tolist(), devices.tolist(), what.tolist(), strict=True):
            posted = self._followed.pop(one >> 32, None)
            if posted is None:
                continue
            if posted.wants("SUCCESS"):
                self._plan("delivered", posted, at, partial(self._confirm, posted))
            if self._gateway.is_away(device) and not posted.is_automatic:
                self._plan("auto-reply", posted, at, partial(self._answer, posted))

    # -- writing -------------------------------------------------------------------------------

    def _plan(
        self,
        kind: str,
        posted: Posted,
        instant: Instant,
        write: Callable[[], None],
    ) -> None:
        name = f"mail {kind} {posted.name} {posted.recipient.address}"
        self._world.schedule.plan(instant, name, write)

    def _plan_delay(self, posted: Posted) -> None:
        hours = self._world.settings.smtp_delay_notice_hours
        at = posted.at + hours * HOUR_MS
        if hours and at >= self._world.now and posted.key not in self._delays:
            self._delays.add(posted.key)
            self._plan("delayed", posted, at, partial(self._warn, posted))

    def _warn(self, posted: Posted) -> None:
        """Tell of a delay, if the mail still waits for room, or to be tried again."""
        reply = self._put_off.get(posted.key)
        if reply is None and not any(kept is posted for kept in self._followed.values()):
            return
        until = posted.at + self._world.settings.smtp_queue_hours * HOUR_MS
        self._notify(posted, "delayed", reply or replies.MAILBOX_FULL, until)

    def _fail(self, posted: Posted, reply: Reply) -> None:
        self._notify(posted, "failed", reply)

    def _confirm(self, posted: Posted) -> None:
        self._notify(posted, "delivered", None)

    def _notify(
        self, posted: Posted, action: str, reply: Reply | None, until: Instant | None = None
    ) -> None:
        status = "2.1.5" if reply is None else reply.status
        notice = Notice(action, status, reply.text if reply else None, self._world.now, until)
        raw = compose_notice(posted.returned, notice)
        cause = "MailBounced" if action == "failed" else "AttemptMade"
        self._send(posted, action, raw, cause, status)

    def _complain(self, posted: Posted) -> None:
        raw = compose_complaint(posted.returned, self._world.now)
        self._send(posted, "complaint", raw, "MailMarkedSpam")

    def _answer(self, posted: Posted) -> None:
        """Answer for who is away, once in a while to each sender (RFC 3834, section 2)."""
        now, pair = self._world.now, (posted.recipient.address.lower(), posted.sender.lower())
        last_at, days = self._answered_at.get(pair), self._world.settings.mail_auto_reply_days
        if last_at is not None and now < last_at + days * DAY_MS:
            return
        self._answered_at[pair] = now
        mail = read_mail(posted.raw, posted.sender)
        thread = [*(mail.references or "").split(), *(mail.message_id or "").split()]
        raw = compose_auto_reply(posted.returned, now, AWAY_TEXT, posted.subject, thread)
        self._send(posted, "auto-reply", raw, "AttemptMade")

    def _leave(self, posted: Posted) -> None:
        """Write to the address that a mail names for unsubscribing (RFC 6068)."""
        url = urlsplit(read_mail(posted.raw, posted.sender).mail.unsubscribe_url or "")
        said = dict(parse_qsl(url.query.replace("+", "%2B")))
        to, now = unquote(url.path).partition(",")[0].strip(), self._world.now
        told = (said.get("subject", LEAVE_SUBJECT), said.get("body", ""))
        raw = compose_leaving(posted.returned, now, to, *told)
        self._send(posted, "unsubscribe", raw, "UnsubscribeClicked", to=to)

    def _send(
        self,
        posted: Posted,
        kind: str,
        raw: bytes,
        cause: str,
        status: str | None = None,
        *,
        to: str | None = None,
    ) -> None:
        """Keep a mail to the envelope sender, and put it into a mailbox that has the address."""
        to, about = to or posted.sender, posted.recipient.address
        route = self._gateway.find_route(to)
        returned = ReturnedMail(
            kind, to, about, status, posted.name, self._world.now, raw, mailbox=route >= 0
        )
        self.written.append(returned)
        if len(self.written) > KEPT_MAX:
            del self.written[0]
        fields: dict[str, object] = {"kind": kind, "to": to, "recipient": about}
        if status is not None:
            fields["status"] = status
        causes = (f"{cause}:{posted.name}:{about}",)
        entry = self._world.trace.record(
            "MailReturned", f"{kind} {posted.name} {about}", fields, causes
        )
        if route >= 0:
            parcel = read_mail(raw, "")
            letter = Letter(
                f"{posted.name}.{kind}", to, mail=partial(parcel.address_to, to), raw=raw
            )
            content = Content(size_bytes=len(raw))
            self._direct.send(self._gateway, letter, content, route=route, cause=entry)


class _Listener:
    """Hears of one mail."""

    __slots__ = ("_posted", "_returns")

    def __init__(self, returns: Returns, posted: Posted) -> None:
        self._returns = returns
        self._posted = posted

    def heard(self, letter: Letter, news: News, instant: Instant, fate: Fate) -> None:
        """Pass the news on."""
        del letter
        self._returns.hear(self._posted, news, instant, fate)
