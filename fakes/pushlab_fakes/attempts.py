"""The log of what came over a wire for a gateway: each request as it came, and its answer.

An attempt that a service makes lies in the arrays of its send and is rendered when somebody looks;
only what a program itself sent has bytes to keep. Both bounds are settings: what is too much by
count goes, oldest first, and so does what is too much by bytes, of which one line stays.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from pushlab.world.clock import Instant
from pushlab_fakes.exchange import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushlab.world.trace import Trace
    from pushlab.world.world import World
    from pushlab_fakes.directory import Fake
    from pushlab_fakes.faults import Fault

__all__ = ["AttemptLog", "Envelope", "KeptAttempt", "LoggedFake", "WireForm"]

PATH_KEPT_MAX: Final = 1_000
"""Characters of a path that stay when a request's bytes have gone."""
OVERHEAD_BYTES: Final = 400
"""About what an attempt takes beside what was said."""


class WireForm(Protocol):
    """How requests of one vendor are read: the functions of a gateway's module ``sends``."""

    def is_send(self, request: Request) -> bool:
        """Whether *request* hands over a message, well or badly."""
        ...

    def find_address(self, request: Request) -> str:
        """Return to whom *request* sends, as it was written; empty when it says nothing."""
        ...

    def find_name(self, answer: Answer) -> str | None:
        """Return what *answer* calls the message, if it does."""
        ...

    def find_reason(self, answer: Answer) -> str | None:
        """Return why *answer* says no, in the vendor's words, or None when it says yes."""
        ...


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """How a mail was handed over, beside what it says."""

    sender: str
    """The envelope sender; empty for the null sender."""
    recipients: tuple[str, ...]
    login: str | None = None
    is_secure: bool = False
    """Whether it came under TLS."""


class KeptAttempt(msgspec.Struct, gc=False):
    """One request for a gateway, or one hand-over that no request made."""

    number: int
    """From 1 on, in the order of arrival."""
    at: Instant
    gateway: str
    """``apns``, ``fcm``, ``webpush``, ``smtp`` or ``sms``."""
    entry: str
    """Id of the trace entry that caused it; empty when none was written."""
    form: WireForm | None = None
    """How to read the request."""
    request: Request | None = None
    """As it came over the wire; None for what a gateway sends by itself."""
    answer: Answer | None = None
    envelope: Envelope | None = None
    sends: list[int] = []
    """Numbers of the sends that it became, if any."""
    count: int = 0
    """How many targets these have."""
    read: str | None = None
    """To whom it goes, if that can no longer be read from the request."""
    is_whole: bool = True
    """Whether headers and body are kept still."""
    size_bytes: int = 0

    @property
    def address(self) -> str:
        """To whom it goes, as it was written; empty when the request says nothing."""
        if self.read is not None or self.form is None or self.request is None:
            return self.read or ""
        return self.form.find_address(self.request)


class AttemptLog:
    """The last attempts over the wires of one world, oldest first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: deque[KeptAttempt] = deque()
        self._by_entry: dict[str, KeptAttempt] = {}
        self._heavy: deque[KeptAttempt] = deque()
        """Those whose bytes are kept, oldest first."""
        self._bytes = 0
        self.count = 0
        """How many there were."""

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def __iter__(self) -> Iterator[KeptAttempt]:
        """Yield what is kept, oldest first."""
        return iter(self._kept)

    def find(self, number: int) -> KeptAttempt | None:
        """Return the attempt of that number, or None when it was never or is no longer kept."""
        place = number - self.dropped - 1
        return self._kept[place] if 0 <= place < len(self._kept) else None

    @property
    def dropped(self) -> int:
        """How many are not kept any more."""
        return self.count - len(self._kept)

    def hand_over(self, gateway: str, cause: str, send: int, count: int = 1) -> None:
        """Learn that *cause*, the id of a trace entry, led to the send of that number.

        *count* is how many targets it has.
        """
        kept = self._by_entry.get(cause) or self._add(gateway, cause)
        kept.sends.append(send)
        kept.count += count

    def keep(
        self,
        form: WireForm,
        gateway: str,
        entry: str,
        request: Request,
        answer: Answer,
        *,
        envelope: Envelope | None = None,
    ) -> None:
        """Keep a whole request, the entry that was written for it, and how it was answered."""
        kept = self._by_entry.get(entry) or self._add(gateway, entry)
        # A gateway may hand a message on to another one; whose wire it came over counts.
        kept.gateway, kept.form = gateway, form
        kept.request, kept.answer, kept.envelope = request, answer, envelope
        kept.size_bytes = _measure(request) + len(answer.body)
        self._heavy.append(kept)
        self._bytes += kept.size_bytes
        most = self._world.settings.attempts_kept_bytes_max
        while self._bytes > most and self._heavy:
            self._lighten(self._heavy.popleft())

    def _add(self, gateway: str, entry: str) -> KeptAttempt:
        self.count += 1
        kept = KeptAttempt(self.count, self._world.now, gateway, entry)
        self._kept.append(kept)
        if entry:
            self._by_entry[entry] = kept
        most = max(self._world.settings.attempts_kept_max, 1)
        while len(self._kept) > most:
            self._let_go(self._kept.popleft())
        return kept

    def _let_go(self, kept: KeptAttempt) -> None:
        if self._by_entry.get(kept.entry) is kept:
            del self._by_entry[kept.entry]
        if self._heavy and self._heavy[0] is kept:
            self._bytes -= self._heavy.popleft().size_bytes

    def _lighten(self, kept: KeptAttempt) -> None:
        """Let the bytes of an attempt go; to whom it went and how it ended stays."""
        assert kept.request is not None, "only a request has bytes"
        said = kept.request
        kept.read, kept.is_whole = kept.address, False
        kept.request = Request(said.method, said.host, said.path[:PATH_KEPT_MAX])
        self._bytes -= kept.size_bytes


class LoggedFake:
    """A vendor's fake whose sends are kept in the log; it answers as it did."""

    def __init__(
        self, fake: Fake, form: WireForm, gateway: str, log: AttemptLog, trace: Trace
    ) -> None:
        self._fake = fake
        self._form = form
        self._gateway = gateway
        self._log = log
        self._trace = trace

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        before = self._trace.written_count
        return self._keep(request, self._fake.handle(request), before)

    def fail(self, request: Request, fault: Fault) -> Answer:
        """Refuse a request because *fault* says so."""
        before = self._trace.written_count
        return self._keep(request, self._fake.fail(request, fault), before)

    def _keep(self, request: Request, answer: Answer, before: int) -> Answer:
        """Keep a send and its *answer*; *before* is how many entries stood in the trace then."""
        if self._form.is_send(request):
            entry = self._trace.find_first("RequestReceived", before) or ""
            self._log.keep(self._form, self._gateway, entry, request, answer)
        return answer


def _measure(request: Request) -> int:
    size = OVERHEAD_BYTES + len(request.path) + len(request.query) + len(request.body)
    for name, value in request.headers:
        size += len(name) + len(value)
    return size
