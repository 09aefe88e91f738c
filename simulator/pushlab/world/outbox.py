"""What the world wants to send to programs outside it, in order, one at a time.

The world never opens a socket (law 2) and its lock is never held while anything leaves (law 3):
it puts a post here and stands still until the edge has settled it.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from pushlab.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushlab.world.clock import Clock, Instant
    from pushlab.world.trace import Trace

__all__ = ["ANSWER_BYTES_MAX", "SETTLED", "WAITING_MAX", "Outbox", "Post", "PostAnswer", "Toll"]

WAITING_MAX = 100_000
SETTLED: Final = "PostSettled"
"""What the trace calls the end of a post, unless that says otherwise."""
ANSWER_BYTES_MAX: Final = 1_048_576
"""How large the body of an answer may be, unless the post says otherwise."""
_PASSWORD: Final = re.compile(r"(?<=//)[^/@?#]*(?=@)")
NOBODY: Final = (
    "refused:",
    "unserved:",
    "unreachable: connection refused",
    "unreachable: no such host",
)
"""How the errors begin that say that there is nobody at a name."""


@dataclass(frozen=True, slots=True)
class Post:
    """One request that leaves the world: a webhook, a callback, a click on a link."""

    name: str
    """Natural key, for the trace: what caused it and which one it is."""
    url: str
    at: Instant
    """The instant at which it leaves; the world stands there until it is settled."""
    purpose: str
    """What the world sends it for, in words: "subscription observer"."""
    body: bytes = b""
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    timeout_s: float = 10.0
    """Bound on the answer in real seconds."""
    causes: tuple[str, ...] = ()
    """Ids of the trace entries that made it leave."""
    on_answer: Callable[[PostAnswer], None] | None = field(default=None, compare=False, repr=False)
    """Called when it is settled, by who reads the answer; it may put posts and plan barriers."""
    entry: str = SETTLED
    """The kind of the trace entry that tells how it ended."""
    about: Mapping[str, object] = field(default_factory=dict)
    """What else that entry says."""
    if_served: bool = False
    """Whether it leaves only for names that somebody serves here; elsewhere nothing is amiss."""
    is_led: bool = True
    """Whether it follows redirects."""
    answer_bytes_max: int = ANSWER_BYTES_MAX
    """How large the body of the answer may be; a larger one is none."""


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """How a post ended: an answer with a status, or an error in one word or sentence."""

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str | None = None
    url: str = field(default="", compare=False)
    """Where the answer came from, after redirects; empty where that is not known."""
    fault: str = ""
    """Id of the planned fault that brought it about, if one did."""

    @property
    def is_unserved(self) -> bool:
        """Whether there is nobody at that name here."""
        return (self.error or "").startswith(NOBODY)


class Toll(Protocol):
    """Who may keep posts back, or mishear their answers (planned faults)."""

    def take(self, post: Post) -> bool:
        """Tell whether *post* is not to leave now; who takes it sees to it."""
        ...

    def hear(self, post: Post, answer: PostAnswer) -> PostAnswer:
        """Return what the sender of *post* hears of *answer*."""
        ...


class Outbox:
    """The posts that wait, and all that were settled, in order."""

    def __init__(self, clock: Clock, trace: Trace) -> None:
        self._clock = clock
        self._trace = trace
        self._waiting: deque[Post] = deque()
        self.settled: list[tuple[Post, PostAnswer]] = []
        self.observers: list[Callable[[Post, PostAnswer], None]] = []
        """Called with each post as it is settled (a record of the run), and its true answer."""
        self.toll: Toll | None = None

    def __len__(self) -> int:
        """How many posts wait."""
        return len(self._waiting)

    def put(self, post: Post) -> None:
        """Queue *post*, unless a toll takes it; raises LimitError as `enqueue` does."""
        if self.toll is None or not self.toll.take(post):
            self.enqueue(post)

    def enqueue(self, post: Post) -> None:
        """Queue *post*; raises LimitError beyond WAITING_MAX posts that nobody took."""
        if len(self._waiting) >= WAITING_MAX:
            raise LimitError(f"more than {WAITING_MAX:,} posts wait to leave; advance the clock")
        self._waiting.append(post)

    def find_next(self) -> Post | None:
        """Return the post that must leave now, or None."""
        return self._waiting[0] if self._waiting else None

    def list_waiting(self) -> list[Post]:
        """Return the posts that wait, in order."""
        return [*self._waiting]

    def settle(self, post: Post, answer: PostAnswer) -> None:
        """Take *post* out and record how it ended."""
        assert self._waiting, "no post waits"
        assert self._waiting[0] is post, "posts are settled in order"
        self._waiting.popleft()
        heard = answer if self.toll is None else self.toll.hear(post, answer)
        self._end(post, heard)
        for observer in self.observers:
            observer(post, answer)
        if post.on_answer is not None:
            post.on_answer(heard)

    def lose(self, post: Post, answer: PostAnswer) -> None:
        """Let *post*, which a toll took, end without leaving; *answer* says how."""
        self._end(post, answer)
        if post.on_answer is not None:
            post.on_answer(answer)

    def _end(self, post: Post, answer: PostAnswer) -> None:
        # Images and pages come by the thousand; whoever wants their bodies reads them now.
        self.settled.append((post, replace(answer, body=b"") if post.if_served else answer))
        url = _PASSWORD.sub("[redacted]", post.url)
        fields: dict[str, object] = {**post.about, "url": url, "purpose": post.purpose}
        if post.body or post.entry == SETTLED:
            fields["body"] = post.body.decode("utf-8", "backslashreplace")
        if answer.status is not None:
            fields["status"] = answer.status
        if answer.error is not None:
            fields["error"] = answer.error
        if answer.fault:
            fields["fault"] = answer.fault
        self._trace.record(post.entry, post.name, fields, post.causes)
