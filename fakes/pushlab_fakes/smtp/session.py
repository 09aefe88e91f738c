"""SMTP as a line machine: bytes in, replies and events out, without a socket.

Mirrored: RFC 5321 (dialogue, order of commands, dot-stuffing), RFC 1869 and 2920 (pipelining: input
is never thrown away), RFC 3030 (BDAT), RFC 3207 (STARTTLS: all that was learnt and all that came in
clear text is forgotten), RFC 3461 (DSN), RFC 4954 (AUTH), RFC 6152, RFC 6531, RFC 1870, RFC 2034.

What a command means for the world the `Desk` decides; the machine keeps the order. One *unit* is a
command line, a mail up to its dot, a chunk, or a line of an authentication. Left out: VRFY and EXPN
that tell anything, ETRN, TURN, XCLIENT and other extensions, and AUTH beyond PLAIN and LOGIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.buffer import Buffer, Endless, Overrun
from pushlab_fakes.smtp.dialogue import Client, Envelope, Event, Unit
from pushlab_fakes.smtp.masking import mask_line, mask_name, mask_password, mask_plain
from pushlab_fakes.smtp.policy import find_policy_refusal
from pushlab_fakes.smtp.syntax import (
    Recipient,
    Sender,
    decode_base64,
    name_recipient,
    parse_chunk,
    parse_mail,
    parse_plain,
    parse_rcpt,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.smtp.dialogue import Desk, Offer, TlsMode
    from pushlab_fakes.smtp.replies import Reply

__all__ = ["Session"]

LINE_OCTETS_MAX: Final = 2_048
"""RFC 5321, section 4.5.3.1.4 asks for 512, and each extension for a few more."""
AUTH_OCTETS_MAX: Final = 12_288
"""RFC 4954, section 4: what a server must take of an authentication exchange."""
LINE_ENDLESS: Final = 65_536
"""A line that does not end is read over so far; then the connection closes."""
OVERLONG_FACTOR: Final = 2
"""A mail is read over up to so many times its bound; then the connection closes."""
SIZE_CEILING: Final = 1 << 30
"""Where any size is allowed, a mail still has to fit this machine."""
EXTENSIONS: Final = (
    "8BITMIME",
    "SMTPUTF8",
    "PIPELINING",
    "CHUNKING",
    "BINARYMIME",
    "DSN",
    "ENHANCEDSTATUSCODES",
)
KNOWN_UNSERVED: Final = frozenset({"EXPN", "TURN", "SEND", "SOML", "SAML", "ETRN", "BURL"})


class Session:
    """One connection: feed it bytes, and take its steps."""

    def __init__(self, desk: Desk, *, tls: TlsMode = "none") -> None:
        self._desk = desk
        self._tls = tls
        self._buffer = Buffer()
        self.client = Client(is_secure=tls == "active")
        self._hello: str | None = None
        self._is_extended = False
        self.envelope: Envelope | None = None
        self._expects: Literal["line", "auth", "mail", "chunk", "nothing"] = "line"
        self._auth: tuple[str, str | None] = ("", None)
        """Mechanism, and the login once LOGIN has asked for it."""
        self._chunk = (0, False)
        """Octets of a chunk that are still to come, and whether it is the last."""
        self._chunk_refusal: Reply | None = None
        self._errors = 0
        self._is_turned_away = False
        self._verbs: dict[str, Callable[[str], Event]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "BDAT": self._bdat,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "HELP": lambda _: self._say(replies.HELP),
            "AUTH": self._begin_auth,
            "STARTTLS": self._starttls,
            "QUIT": self._quit,
        }

    # -- the outer side ------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether nothing more is served."""
        return self._expects == "nothing"

    @property
    def is_ending(self) -> bool:
        """Whether the next unit is a mail, or the last part of one."""
        return self._expects == "mail" or (self._expects == "chunk" and self._chunk[1])

    def open(self) -> Event:
        """Greet a client that has just connected, or turn it away.

        Whom a server refuses for good it lets say QUIT (RFC 5321, section 3.1).
        """
        refusal = self._desk.connect(self.client)
        if refusal is not None:
            self._desk.fail("connect", refusal)
            self._is_turned_away = refusal.is_final
            return self._say(refusal if refusal.is_final else refusal.closing())
        return Event(replies.BANNER.render())

    def begin_tls(self) -> None:
        """Learn that TLS is active now; nothing of before it counts."""
        self._tls = "active"
        self.client = Client(is_secure=True)
        self._hello, self._is_extended, self._expects, self.envelope = None, False, "line", None

    def feed(self, data: bytes) -> None:
        """Take bytes as they came; after the end they are thrown away."""
        if not self.is_over:
            self._buffer.add(data)

    def take(self) -> Unit | None:
        """Return the next whole unit, or None until more comes."""
        try:
            match self._expects:
                case "nothing":
                    return None
                case "mail":
                    return self._take_mail()
                case "chunk":
                    return self._take_chunk()
                case "auth":
                    return self._take_line("auth", AUTH_OCTETS_MAX)
            return self._take_line("line", LINE_OCTETS_MAX)
        except Overrun:
            return Unit("overlong", b"")
        except Endless:
            return Unit("endless", b"")

    def serve(self, unit: Unit) -> Event:
        """Answer one unit; `take` gave it."""
        match unit.kind:
            case "line":
                return self._command(unit.raw)
            case "auth":
                return self._go_on_auth(unit.raw)
            case "mail":
                return self._finish(_unstuff(unit.raw))
            case "chunk":
                return self._finish_chunk(unit.raw)
            case "endless":
                return self._hang_up_on_endless()
        return self._refuse_overlong()

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes and serve all whole units in them, up to TLS or the end."""
        self.feed(data)
        events: list[Event] = []
        while (unit := self.take()) is not None:
            events.append(self.serve(unit))
            if events[-1].then == "tls":
                break
        return events

    def mask(self, unit: Unit, replace: Callable[[str], str]) -> bytes:
        """Return the bytes of *unit* with each password put through *replace*, for a record."""
        if unit.kind == "line":
            return mask_line(unit.raw, self._knows, replace)
        if unit.kind == "auth":
            mechanism, login = self._auth
            if mechanism == "PLAIN":
                return mask_plain(unit.raw, replace)
            return mask_name(unit.raw) if login is None else mask_password(unit.raw, replace)
        return unit.raw

    def _knows(self, verb: str) -> bool:
        return verb in self._verbs or verb in KNOWN_UNSERVED

    # -- taking units --------------------------------------------------------------------------

    def _take_line(self, kind: Literal["line", "auth"], octets_max: int) -> Unit | None:
        line = self._buffer.take_line(octets_max, LINE_ENDLESS)
        return None if line is None else Unit(kind, line)

    def _take_mail(self) -> Unit | None:
        # Stuffing lengthens a mail by a dot a line at most; its true size is judged afterwards.
        most = 2 * self._size_max
        data = self._buffer.take_data(most, OVERLONG_FACTOR * most)
        return None if data is None else Unit("mail", data)

    @property
    def _size_max(self) -> int:
        return self._desk.offer().size_max_bytes or SIZE_CEILING

    def _take_chunk(self) -> Unit | None:
        left, is_last = self._chunk
        if self._chunk_refusal is not None:
            left = self._buffer.skip_counted(left)
            self._chunk = (left, is_last)
            return Unit("chunk", b"") if not left else None
        data = self._buffer.take_counted(left)
        return None if data is None else Unit("chunk", data)

    # -- answering -----------------------------------------------------------------------------

    def _say(self, reply: Reply) -> Event:
        if reply.closes:
            self._end()
        return Event(reply.render(), "close" if reply.closes else "", reply.mishap)

    def _end(self) -> None:
        self._expects = "nothing"
        self.envelope = None
        self._buffer.clear()

    def _refuse(self, command: str, reply: Reply, said: str = "") -> Event:
        self._desk.fail(command, reply, said)
        return self._say(reply)

    def _misstep(self, command: str, reply: Reply, said: str = "") -> Event:
        """Refuse what is no command, or none here; a client that goes on so is left."""
        self._errors += 1
        if self._errors > self._desk.offer().errors_max:
            return self._refuse(command, replies.TOO_MANY_ERRORS, said)
        return self._refuse(command, reply, said)

    def _command(self, line: bytes) -> Event:
        try:
            text = line.decode().rstrip(" \t")
        except UnicodeDecodeError:
            return self._misstep("?", replies.NOT_TEXT)
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        if self._is_turned_away and verb != "QUIT":
            return self._misstep(verb if self._knows(verb) else "?", replies.TURNED_AWAY)
        serve = self._verbs.get(verb)
        if serve is not None:
            refusal = find_policy_refusal(verb, self._desk.offer(), self.client)
            if refusal is not None:
                named = name_recipient(argument) if verb == "RCPT" else ""
                return self._misstep(verb, refusal, named)
            return serve(argument.strip(" \t"))
        if verb in KNOWN_UNSERVED:
            return self._misstep(verb, replies.NOT_IMPLEMENTED)
        return self._misstep("?", replies.UNKNOWN_COMMAND)

    def _refuse_overlong(self) -> Event:
        if self._expects == "mail":
            self._expects, self.envelope = "line", None
            return self._refuse("DATA", replies.TOO_BIG)
        if self._expects == "auth":
            self._expects = "line"
            return self._misstep("AUTH", replies.AUTH_TOO_LONG)
        return self._misstep("?", replies.LINE_TOO_LONG)

    def _hang_up_on_endless(self) -> Event:
        reply = replies.TOO_BIG if self._expects == "mail" else replies.LINE_TOO_LONG
        return self._refuse("?" if self._expects != "mail" else "DATA", reply.closing())

    # -- greetings -----------------------------------------------------------------------------

    def _ehlo(self, name: str) -> Event:
        refused = self._greet("EHLO", name, is_extended=True)
        if refused is not None:
            return refused
        offer = self._desk.offer()
        lines = [replies.SERVER_NAME, f"SIZE {offer.size_max_bytes}", *EXTENSIONS]
        if self._tls == "offered":
            lines.append("STARTTLS")
        if offer.mechanisms and (self._tls == "active" or not offer.auth_needs_tls):
            lines.append(f"AUTH {' '.join(offer.mechanisms)}")
        return self._say(replies.make_reply(250, None, *lines))

    def _helo(self, name: str) -> Event:
        refused = self._greet("HELO", name, is_extended=False)
        return refused or self._say(replies.make_reply(250, None, replies.SERVER_NAME))

    def _greet(self, verb: str, name: str, *, is_extended: bool) -> Event | None:
        if not name or " " in name:
            return self._misstep(verb, replies.HELLO_SYNTAX)
        refusal = self._desk.hello(self.client, name)
        if refusal is not None:
            return self._refuse(verb, refusal)
        self._hello, self._is_extended, self.envelope = name, is_extended, None
        return None

    def _starttls(self, argument: str) -> Event:
        if argument:
            return self._misstep("STARTTLS", replies.STARTTLS_SYNTAX)
        if self._tls == "none":
            return self._misstep("STARTTLS", replies.NOT_IMPLEMENTED)
        if self._tls == "active":
            return self._misstep("STARTTLS", replies.TLS_ALREADY)
        self._buffer.clear()
        self._expects = "nothing"
        return Event(replies.READY_FOR_TLS.render(), "tls")

    def _rset(self, argument: str) -> Event:
        if argument:
            return self._misstep("RSET", replies.RSET_SYNTAX)
        self.envelope = None
        return self._say(replies.OK)

    def _noop(self, _: str) -> Event:
        return self._say(replies.OK)

    def _vrfy(self, argument: str) -> Event:
        if not argument:
            return self._misstep("VRFY", replies.VRFY_SYNTAX)
        return self._say(replies.CANNOT_VERIFY)

    def _quit(self, argument: str) -> Event:
        if argument:
            return self._misstep("QUIT", replies.QUIT_SYNTAX)
        return self._say(replies.BYE)

    # -- credentials ---------------------------------------------------------------------------

    def _begin_auth(self, argument: str) -> Event:
        words = argument.split()
        offer = self._desk.offer()
        if not 1 <= len(words) <= 2:
            return self._misstep("AUTH", replies.AUTH_SYNTAX)
        refusal = self._judge_auth(words[0].upper(), offer)
        if refusal is not None:
            return self._misstep("AUTH", refusal)
        self._auth = (words[0].upper(), None)
        if len(words) == 2:
            initial = b"" if words[1] == "=" else words[1].encode()
            return self._go_on_auth(initial)
        self._expects = "auth"
        challenge = "" if self._auth[0] == "PLAIN" else "VXNlcm5hbWU6"
        return Event(f"334 {challenge}\r\n".encode())

    def _judge_auth(self, mechanism: str, offer: Offer) -> Reply | None:
        if not self._is_extended:
            return replies.HELLO_FIRST
        if self.client.login is not None:
            return replies.AUTH_ALREADY
        if self.envelope is not None:
            return replies.AUTH_IN_MAIL
        if mechanism not in {"PLAIN", "LOGIN"}:
            return replies.AUTH_UNKNOWN
        if offer.auth_needs_tls and self._tls != "active":
            return replies.AUTH_NEEDS_TLS
        return replies.AUTH_WEAK if mechanism not in offer.mechanisms else None

    def _go_on_auth(self, line: bytes) -> Event:
        mechanism, login = self._auth
        self._expects = "line"
        if line == b"*":
            return self._misstep("AUTH", replies.AUTH_CANCELED)
        raw = decode_base64(line.decode("latin-1"))
        if raw is None:
            return self._misstep("AUTH", replies.AUTH_NOT_BASE64)
        if mechanism == "PLAIN":
            pair = parse_plain(raw)
            if pair is None:
                return self._misstep("AUTH", replies.AUTH_NOT_BASE64)
            return self._judge_login(*pair)
        text = raw.decode("utf-8", "replace")
        if login is None:
            self._auth = (mechanism, text)
            self._expects = "auth"
            return Event(b"334 UGFzc3dvcmQ6\r\n")
        return self._judge_login(login, text)

    def _judge_login(self, login: str, password: str) -> Event:
        reply = self._desk.login(self.client, self._auth[0], login, password)
        self._auth = ("", None)
        if reply.is_refusal:
            return self._refuse("AUTH", reply)
        self.client.login = login
        return self._say(reply)

    # -- mails ---------------------------------------------------------------------------------

    def _mail(self, argument: str) -> Event:
        offer = self._desk.offer()
        if self._hello is None:
            return self._misstep("MAIL", replies.HELLO_FIRST)
        if self.envelope is not None:
            return self._misstep("MAIL", replies.NESTED_MAIL)
        sender = parse_mail(argument, is_extended=self._is_extended)
        if not isinstance(sender, Sender):
            return self._misstep("MAIL", sender)
        if offer.size_max_bytes and sender.size_bytes > offer.size_max_bytes:
            return self._refuse(f"MAIL {sender.address}", replies.TOO_BIG)
        reply = self._desk.mail(self.client, sender)
        if reply.is_refusal:
            return self._refuse(f"MAIL {sender.address}", reply)
        self.envelope = Envelope(sender)
        return self._say(reply)

    def _rcpt(self, argument: str) -> Event:
        envelope = self.envelope
        if envelope is None:
            return self._misstep("RCPT", replies.NEED_MAIL, name_recipient(argument))
        recipient = parse_rcpt(
            argument, is_extended=self._is_extended, is_utf8=envelope.sender.is_utf8
        )
        if not isinstance(recipient, Recipient):
            envelope.refused += 1
            return self._misstep("RCPT", recipient, argument)
        reply = self._desk.rcpt(self.client, envelope, recipient)
        if reply.is_refusal:
            envelope.refused += 1
            return self._refuse(f"RCPT {recipient.address}", reply)
        envelope.recipients.append(recipient)
        return self._say(reply)

    def _data(self, argument: str) -> Event:
        envelope = self.envelope
        if argument:
            return self._misstep("DATA", replies.DATA_SYNTAX)
        refusal = self._judge_order(envelope)
        if refusal is None and envelope is not None:
            if envelope.is_chunked:
                refusal = replies.DATA_AFTER_BDAT
            elif envelope.sender.body == "BINARYMIME":
                refusal = replies.BINARY_NEEDS_BDAT
        if refusal is not None or envelope is None:
            return self._misstep("DATA", refusal or replies.NEED_MAIL)
        refusal = self._desk.data(self.client, envelope)
        if refusal is not None:
            return self._refuse("DATA", refusal)
        self._expects = "mail"
        return self._say(replies.GO_AHEAD)

    @staticmethod
    def _judge_order(envelope: Envelope | None) -> Reply | None:
        if envelope is None:
            return replies.NEED_MAIL
        if not envelope.recipients:
            return replies.NO_RECIPIENTS if envelope.refused else replies.NEED_RCPT
        return None

    def _finish(self, raw: bytes) -> Event:
        envelope, self.envelope, self._expects = self.envelope, None, "line"
        assert envelope is not None, "a mail has an envelope"
        offer = self._desk.offer()
        if len(raw) > self._size_max:
            return self._refuse("DATA", replies.TOO_BIG)
        if offer.body_line_max and _longest_line(raw) > offer.body_line_max:
            return self._refuse("DATA", replies.BODY_LINE_TOO_LONG)
        self.client.mails += 1
        return self._say(self._desk.deliver(self.client, envelope, raw))

    def _bdat(self, argument: str) -> Event:
        chunk = parse_chunk(argument)
        if not isinstance(chunk, tuple):
            return self._misstep("BDAT", chunk)
        envelope, (count, _) = self.envelope, chunk
        refusal = self._judge_order(envelope)
        if refusal is None and envelope is not None:
            if not envelope.is_chunked:
                envelope.is_chunked = True
                refusal = self._desk.data(self.client, envelope)
            envelope.chunk_bytes += count
            if refusal is None and envelope.chunk_bytes > self._size_max:
                refusal = replies.TOO_BIG
        # What the client counts out follows in any case (RFC 3030, section 2).
        self._chunk, self._chunk_refusal, self._expects = chunk, refusal, "chunk"
        return Event()

    def _finish_chunk(self, raw: bytes) -> Event:
        envelope, refusal = self.envelope, self._chunk_refusal
        count, is_last = (len(raw), self._chunk[1])
        self._expects, self._chunk_refusal = "line", None
        if refusal is not None or envelope is None:
            # RFC 3030, section 2: after a chunk that failed all is as after RSET.
            self.envelope = None
            return self._refuse("BDAT", refusal or replies.NEED_MAIL)
        envelope.chunks.append(raw)
        if is_last:
            return self._finish(b"".join(envelope.chunks))
        return self._say(replies.make_reply(250, "2.0.0", f"{count} octets received"))


def _unstuff(raw: bytes) -> bytes:
    """Take the first dot off every line that begins with one (RFC 5321, section 4.5.2)."""
    if raw.startswith(b"."):
        raw = raw[1:]
    return raw.replace(b"\r\n.", b"\r\n")


def _longest_line(raw: bytes) -> int:
    return max((len(line) + 2 for line in raw.split(b"\r\n")), default=0)
