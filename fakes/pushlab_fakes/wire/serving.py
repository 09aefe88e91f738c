"""What stands behind a listener, and one request's way through it, whatever the HTTP version.

Everything here runs in the edge thread, a whole request in, a whole answer out; only what takes
long gets a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.wire.real_clock import RealClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.exchange import Request

__all__ = [
    "ERROR_HEADER",
    "Limits",
    "Patient",
    "Served",
    "answer_vacancy",
    "finish",
    "keep_error",
    "make_refusal",
    "note_broken",
    "note_lost",
    "note_unread",
    "render_date",
    "serve",
    "serve_aside",
    "takes_long",
    "tell_parted",
]

ERROR_HEADER = "X-Pushlab-Error"
"""On every answer that comes from pushlab itself and from no vendor."""

LOGGER = logging.getLogger("pushlab")
CROSSED: Final = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY"
"""What a client sent while we ended the connection ourselves: no rule was broken."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header may be called (RFC 9110, section 5.6.2)."""
UNSENDABLE = re.compile(r"[\r\n\0]")
ERROR_LENGTH_MAX = 500
"""Characters of an error's text that go into a header."""


class Served(Protocol):
    """A world's side of a listener."""

    def handle(self, request: Request) -> Answer:
        """Answer one whole request; called in the edge thread, takes its own lock inside."""

    def failed(self, error: BaseException) -> None:
        """Keep an error that happened while a request was served."""

    def date(self) -> int:
        """Return the instant that the ``Date`` of an answer shows."""


class Candid(Served, Protocol):
    """A side that says what becomes of its answers on their way out."""

    def respond(self, request: Request) -> Answer:
        """Answer one whole request, like `handle`, with its mishap if there is one."""


class Watchful(Served, Protocol):
    """A side that wants to know of connections which broke the rules of their protocol."""

    def broke(self, protocol: str, reason: str) -> None:
        """Take note of a connection that was ended; takes its own lock inside."""


class Remembering(Served, Protocol):
    """A side that keeps something of each connection."""

    def parted(self, connection: int) -> None:
        """Forget what was kept of a connection that has ended; takes its own lock inside."""


class Announcing(Served, Protocol):
    """A side whose vendors differ in the terms on which they speak HTTP/2."""

    def first_streams(self, host: str) -> int:
        """Return how many streams *host* allows before the first request; "" is no known name."""

    def speaks_http2_alone(self, host: str) -> bool:
        """Tell whether *host* answers in HTTP/2 whatever its client speaks."""


class Failing(Served, Protocol):
    """A side whose handshakes may fail because that was planned."""

    @property
    def has_handshake_faults(self) -> bool:
        """Whether any is planned; nobody asks further while this is not so."""

    def find_handshake(self, host: str, *, is_mail: bool = False) -> bool:
        """Tell whether a client of *host* meets an expired certificate; takes its own lock."""


class Trusting(Served, Protocol):
    """A side whose clients may show certificates of their own."""

    @property
    def client_certificates(self) -> Sequence[str]:
        """Return those that are taken, as PEM texts; none is asked for while there are none."""


class Patient(Served, Protocol):
    """A side with answers that take long, such as one that moves time first."""

    def takes_long(self, request: Request) -> bool:
        """Tell whether `handle` is to be called in a thread of its own, beside the edge."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much, and how slowly, a client may send; times are real."""

    body_bytes: int = 10 * 1024 * 1024
    """A longer body is answered 413."""
    first_byte_s: float = 120.0
    """How long a connection may stay silent before its first byte."""
    head_s: float = 30.0
    """How long the request line and the headers may take, likewise a TLS handshake."""
    body_s: float = 30.0
    """How long a body may take; then 408."""
    idle_s: float = 75.0
    """How long a connection stays open after an answer, with or without part of a head."""
    quiet_s: float = 3_600.0
    """How long an HTTP/2 connection stays open without a frame; push clients keep theirs."""
    linger_s: float = 2.0
    """How long a refused body is read on, so that its sender gets to see the refusal."""
    connections: int = 1_000
    """How many may be open at a time; the next is turned away with 503."""


def serve(served: Served, request: Request) -> Answer:
    """Let *served* answer *request*; an error inside it becomes a 500 that says so."""
    respond = getattr(served, "respond", served.handle)
    try:
        answer = respond(request)
        _check_sendable(answer)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the edge must live on
        answer = _answer_error(served, error)
    return _put_date(served, answer)


def finish(served: Served, outcome: object) -> Answer:
    """Return the answer of something that was held, as it goes out now.

    What broke on the way, which is an outcome too, was raised where it was released.
    """
    if isinstance(outcome, BaseException):
        return _put_date(served, _render_error(outcome))
    try:
        assert isinstance(outcome, Answer), f"a request was answered {outcome!r}"
        _check_sendable(outcome)
    except (AssertionError, ValueError) as error:
        return _put_date(served, _answer_error(served, error))
    return _put_date(served, outcome)


def _put_date(served: Served, answer: Answer) -> Answer:
    if answer.header("date") is not None:
        return answer
    return replace(answer, headers=(*answer.headers, ("Date", _read_date(served))))


def note_broken(served: Served | None, protocol: str, reason: str) -> None:
    """Tell *served* of a connection that broke the rules, if it wants to know."""
    broke = getattr(served, "broke", None)
    if served is None or broke is None:
        return
    try:
        broke(protocol, _one_line(reason))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the edge must live on
        keep_error(served, error)


def note_unread(served: Served | None, protocol: str, bound_s: float) -> None:
    """Tell *served* of a client that was given up because it left its answers unread."""
    text = f"the answers were not read within {bound_s:g} s of real time"
    note_broken(served, protocol, text)


def note_lost(served: Served | None, error: BaseException | None) -> None:
    """Tell *served* of a connection that was lost by an *error* of its client's under TLS."""
    if isinstance(error, ssl.SSLError) and error.reason != CROSSED:
        note_broken(served, "TLS", (error.reason or str(error)).replace("_", " ").lower())


def tell_parted(served: Served | None, connection: int) -> None:
    """Tell *served* that *connection* has ended, if it wants to know."""
    parted = getattr(served, "parted", None)
    if served is None or parted is None:
        return
    try:
        parted(connection)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the edge must live on
        keep_error(served, error)


def takes_long(served: Served, request: Request) -> bool:
    """Tell whether *request* must not be answered in the edge thread, which would stand still."""
    asked = getattr(served, "takes_long", None)
    return asked is not None and bool(asked(request))


async def serve_aside(served: Served, request: Request) -> Answer:
    """Let *served* answer *request* in a thread of its own, while the edge goes on."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Answer] = loop.create_future()

    def hand_over(answer: Answer) -> None:
        if not answered.done():
            answered.set_result(answer)

    def work() -> None:
        answer = serve(served, request)
        with suppress(RuntimeError):  # The edge was stopped meanwhile: nobody waits.
            loop.call_soon_threadsafe(hand_over, answer)

    threading.Thread(target=work, name="pushlab-aside", daemon=True).start()
    return await answered


def answer_vacancy(address: str) -> Answer:
    """Answer for an address behind which no lab stands."""
    return make_refusal(
        503,
        f"no lab is open behind {address}: the test that used it is over, or has not begun",
    )


def make_refusal(status: int, text: str) -> Answer:
    """Make an answer of pushlab's own, for what no vendor was asked."""
    return json_answer(
        status,
        {"errors": [f"pushlab: {text}"]},
        (
            (ERROR_HEADER, _one_line(text)),
            ("Date", render_date(int(RealClock.read_seconds() * 1000))),
        ),
    )


def render_date(instant: int) -> str:
    """Render an instant as HTTP dates are (RFC 9110, section 5.6.7), in no locale but English."""
    return _render_second(instant // 1000)


@lru_cache(maxsize=64)
def _render_second(second: int) -> str:
    year, month, day, hour, minute, second_of_minute, weekday, *_ = time.gmtime(second)
    return (
        f"{DAYS[weekday]}, {day:02} {MONTHS[month - 1]} {year:04} "
        f"{hour:02}:{minute:02}:{second_of_minute:02} GMT"
    )


def _read_date(served: Served) -> str:
    try:
        return render_date(served.date())
    except BaseException as error:  # noqa: BLE001 - an answer without the world's date is no answer
        keep_error(served, error)
        return render_date(int(RealClock.read_seconds() * 1000))


def _check_sendable(answer: Answer) -> None:
    """Raise when *answer* would not be one answer on the wire."""
    if not 200 <= answer.status <= 599:
        raise ValueError(f"a fake answered status {answer.status}, which no final answer has")
    for name, value in answer.headers:
        if NAME.fullmatch(name) is None or UNSENDABLE.search(value) is not None:
            raise ValueError(f"a fake answered a header that cannot be sent: {name!r}: {value!r}")


def _answer_error(served: Served, error: BaseException) -> Answer:
    keep_error(served, error)
    return _render_error(error)


def _render_error(error: BaseException) -> Answer:
    text = f"{type(error).__name__}: {error}"
    return json_answer(
        500,
        {"errors": [f"pushlab: an error inside a fake, raised again in the test: {text}"]},
        ((ERROR_HEADER, _one_line(text)),),
    )


def keep_error(served: Served, error: BaseException) -> None:
    """Hand *error* over without the edge's own frames, which hold sockets and print for pages."""
    trace = error.__traceback__
    try:
        served.failed(error.with_traceback(None if trace is None else trace.tb_next))
    except BaseException:
        LOGGER.exception("an error inside a fake could not be kept")


def _one_line(text: str) -> str:
    line = " ".join(text.split())[:ERROR_LENGTH_MAX]
    return line.encode("ascii", "backslashreplace").decode("ascii")
