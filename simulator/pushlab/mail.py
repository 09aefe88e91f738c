"""`lab.mail`: mail that a program hands over by SMTP itself, past any service."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from pushlab.devices.mail_requests import VISIT_ENTRIES
from pushlab.errors import MisuseError
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.dialogue import Event, Unit
from pushlab_fakes.smtp.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from pushlab.world.clock import Instant
    from pushlab.world.outbox import Post, PostAnswer
    from pushlab.world.world import World
    from pushlab_fakes.holds import Parked
    from pushlab_fakes.smtp.desk import MailDesk, SentMail
    from pushlab_fakes.smtp.dialogue import TlsMode
    from pushlab_fakes.smtp.returns import ReturnedMail

    T = TypeVar("T")

__all__ = ["MailConnection", "MailView", "Visit"]


class Host(Protocol):
    """What a lab offers to the mail that comes to it."""

    world: World

    def act(
        self,
        action: Callable[[], T],
        name: str = "",
        arguments: Mapping[str, object] | None = None,
    ) -> T:
        """Do something at once, as a caller from outside."""
        ...

    def take(self, name: str, arguments: Mapping[str, object], action: Callable[[], T]) -> T:
        """Serve what came over a wire."""
        ...

    def read(self, action: Callable[[], T]) -> T:
        """Look at the settled world."""
        ...

    def mask(self, key: str) -> str:
        """Return the ordinal of a secret."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether the lab is over, and another one stands behind its ports perhaps."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One request on behalf of a mailbox: an image, a page behind a link, a form on such a page."""

    device: str
    notification: str
    """The mail, as its mailbox names it."""
    purpose: str
    method: str
    url: str
    user_agent: str
    body: bytes
    at: Instant
    status: int | None
    """What came back; None when nothing did."""
    error: str | None
    """Why nothing came back: ``unserved: ...`` where nobody serves that name here."""

    @property
    def is_made(self) -> bool:
        """Whether there was anybody to ask."""
        return self.status is not None or not (self.error or "").startswith("unserved:")


class MailView:
    """The mail server of a lab: what it took, what it sent back, and what it refuses."""

    def __init__(self, host: Host, desk: MailDesk) -> None:
        self._host = host
        self._desk = desk
        self._connections = 0
        self._replayed: dict[int, Session] = {}

    @property
    def sent(self) -> list[SentMail]:
        """The mails that were handed over, oldest first, each as it came over the wire.

        The last thousand are kept, 64 MiB of them at most.
        """
        return self._host.read(lambda: [*self._desk.sent])

    @property
    def returned(self) -> list[ReturnedMail]:
        """The notices, complaints and automatic replies to senders, oldest first.

        Beside them stand the mails by which readers unsubscribe, to the address that a mail names.

        One whose address has a mailbox in this lab lies there too.
        """
        return self._host.read(lambda: [*self._desk.returns.written])

    @property
    def visits(self) -> list[Visit]:
        """What mailboxes asked for over HTTP, in order: images, pages, forms.

        Requests leave while time moves, and only for names that somebody serves here.
        """
        settled = self._host.read(lambda: [*self._host.world.outbox.settled])
        return [
            _read_visit(post, answer) for post, answer in settled if post.entry in VISIT_ENTRIES
        ]

    def refuse(self, rule: str, match: str = "") -> None:
        """Refuse mail by a rule from now on.

        *rule* is ``client`` (554 at the greeting), ``sender`` (554 5.7.1), ``spf`` (550 5.7.23),
        ``dkim`` (550 5.7.20), ``dmarc`` (550 5.7.26), ``relay`` (550 5.7.1, unless logged in),
        ``no mx`` (550 5.1.2), ``null mx`` (556 5.1.10), ``content`` (554 5.7.1) or ``space`` (452
        4.3.1). *match* is the address or domain that it meets, of ``content`` a phrase; "" is all.
        """
        told = {"rule": rule, "match": match}
        self._host.act(lambda: self._desk.set_rule(rule, match), "refuse_mail", told)

    def accept(self, rule: str, match: str = "") -> None:
        """End a rule that `refuse` set."""
        told = {"rule": rule, "match": match}
        self._host.act(lambda: self._desk.lift_rule(rule, match), "accept_mail", told)

    def add_login(self, login: str, password: str) -> None:
        """Know a login beforehand; under ``strict_keys`` no other is taken."""
        told = {"login": login, "password": self._host.mask(password)}
        self._host.act(lambda: self._desk.add_login(login, password), "mail_login", told)

    def connect(self, tls: TlsMode = "none") -> MailConnection:
        """Connect to the server without a socket; *tls* is what the port offers.

        ``none``, ``offered`` (STARTTLS) or ``active`` (TLS from the first byte).
        """
        self._connections += 1
        return MailConnection(self._host, self._desk, self._connections, tls)

    def offers_starttls(self) -> bool:
        """Whether the port for clear text offers STARTTLS too."""
        return self._host.read(lambda: self._desk.offers_starttls)

    def replay(self, arguments: Mapping[str, Any]) -> None:
        """Live one unit of a recorded connection again."""
        number, kind = arguments["connection"], arguments["unit"]
        if kind == "open":
            session = self._replayed[number] = Session(self._desk, tls=arguments["tls"])
            self._connections = max(self._connections, number)
            self._host.take("smtp", arguments, lambda: self._desk.strikes.open(session))
            return
        known = self._replayed.get(number)
        if known is None:
            raise MisuseError(f"the record has no beginning of connection {number}")
        if kind == "tls":
            self._host.take("smtp", arguments, known.begin_tls)
            return
        raw = b64decode(arguments["base64"]) if "base64" in arguments else None
        unit = Unit(kind, arguments.get("text", "").encode() if raw is None else raw)
        self._host.take("smtp", arguments, lambda: self._desk.strikes.serve(known, unit))


def _read_visit(post: Post, answer: PostAnswer) -> Visit:
    return Visit(
        device=str(post.about["device"]),
        notification=str(post.about["notification"]),
        purpose=post.purpose,
        method=post.method,
        url=post.url,
        user_agent=dict(post.headers)["user-agent"],
        body=post.body,
        at=post.at,
        status=answer.status,
        error=answer.error,
    )


class MailConnection:
    """One connection of a client; each whole unit takes the world's lock once."""

    def __init__(self, host: Host, desk: MailDesk, number: int, tls: TlsMode) -> None:
        self._host = host
        self._number = number
        self._tls = tls
        self._strikes = desk.strikes
        self._session = Session(desk, tls=tls)
        self._parked: Parked | None = None
        """What a hold keeps back; nothing goes on before it."""
        self._is_cut = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is served."""
        return self._is_cut or self._session.is_over

    def open(self) -> Event:
        """Return the greeting."""
        told = self._tell("open", tls=self._tls)
        return self._note(self._host.take("smtp", told, lambda: self._strikes.open(self._session)))

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take bytes as they came and yield what the server does, up to TLS or the end.

        After an event that waits for the end of a hold, call it again, with no bytes perhaps.
        """
        if self._host.is_closed:
            yield Event(replies.CLOSING.render(), "close")
            return
        self._session.feed(data)
        while (event := self._go_on()) is not None:
            yield event
            if event.then == "tls":
                break

    def _go_on(self) -> Event | None:
        """Serve the next unit, or take up what was held; None when there is neither."""
        if self._is_cut:
            return None
        if self._parked is not None:
            if not self._parked.is_released:
                return None
            event, self._parked = self._parked.outcome, None
            return self._note(event if isinstance(event, Event) else Event(then="cut"))
        unit = self._session.take()
        if unit is None:
            return None
        serve = partial(self._strikes.serve, self._session, unit)
        return self._note(self._host.take("smtp", self._describe(unit), serve))

    def _note(self, event: Event) -> Event:
        self._parked = None if event.mishap is None else event.mishap.parked
        self._is_cut = event.then in {"cut", "reset"}
        return event

    def begin_tls(self) -> None:
        """Learn that TLS is active now."""
        self._host.take("smtp", self._tell("tls"), self._session.begin_tls)

    def _describe(self, unit: Unit) -> dict[str, object]:
        raw = self._session.mask(unit, self._host.mask)
        try:
            return self._tell(unit.kind, text=raw.decode())
        except UnicodeDecodeError:
            return self._tell(unit.kind, base64=b64encode(raw).decode())

    def _tell(self, unit: str, **more: object) -> dict[str, object]:
        return {"connection": self._number, "unit": unit, **more}
