"""`lab.mail`: mail that a program hands over by SMTP itself, past any service."""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from pushlab.errors import MisuseError
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.dialogue import Event, Unit
from pushlab_fakes.smtp.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from pushlab_fakes.smtp.desk import MailDesk, SentMail
    from pushlab_fakes.smtp.dialogue import TlsMode
    from pushlab_fakes.smtp.returns import ReturnedMail

    T = TypeVar("T")

__all__ = ["MailConnection", "MailView"]


class Host(Protocol):
    """What a lab offers to the mail that comes to it."""

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

        One whose address has a mailbox in this lab lies there too.
        """
        return self._host.read(lambda: [*self._desk.returns.written])

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
            self._host.take("smtp", arguments, session.open)
            return
        known = self._replayed.get(number)
        if known is None:
            raise MisuseError(f"the record has no beginning of connection {number}")
        if kind == "tls":
            self._host.take("smtp", arguments, known.begin_tls)
            return
        raw = b64decode(arguments["base64"]) if "base64" in arguments else None
        unit = Unit(kind, arguments.get("text", "").encode() if raw is None else raw)
        self._host.take("smtp", arguments, lambda: known.serve(unit))


class MailConnection:
    """One connection of a client; each whole unit takes the world's lock once."""

    def __init__(self, host: Host, desk: MailDesk, number: int, tls: TlsMode) -> None:
        self._host = host
        self._number = number
        self._tls = tls
        self._session = Session(desk, tls=tls)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is served."""
        return self._session.is_over

    def open(self) -> Event:
        """Return the greeting."""
        return self._host.take("smtp", self._tell("open", tls=self._tls), self._session.open)

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take bytes as they came and yield what the server does, up to TLS or the end."""
        session = self._session
        if self._host.is_closed:
            yield Event(replies.CLOSING.render(), "close")
            return
        session.feed(data)
        while (unit := session.take()) is not None:
            told = self._describe(unit)
            event = self._host.take("smtp", told, partial(session.serve, unit))
            yield event
            if event.then == "tls":
                break

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
