"""What the world wants to send to programs outside it, in order, one at a time.

The world never opens a socket (law 2) and its lock is never held while anything leaves (law 3):
it puts a post here and stands still until the edge has settled it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushlab.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.clock import Clock, Instant
    from pushlab.world.trace import Trace

__all__ = ["WAITING_MAX", "Outbox", "Post", "PostAnswer"]

WAITING_MAX = 100_000


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


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """How a post ended: an answer with a status, or an error in one word or sentence."""

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str | None = None


class Outbox:
    """The posts that wait, and all that were settled, in order."""

    def __init__(self, clock: Clock, trace: Trace) -> None:
        self._clock = clock
        self._trace = trace
        self._waiting: deque[Post] = deque()
        self.settled: list[tuple[Post, PostAnswer]] = []
        self.observers: list[Callable[[Post, PostAnswer], None]] = []
        """Called with each post as it is settled (a record of the run)."""

    def __len__(self) -> int:
        """How many posts wait."""
        return len(self._waiting)

    def put(self, post: Post) -> None:
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
        self.settled.append((post, answer))
        fields: dict[str, object] = {
            "url": post.url,
            "purpose": post.purpose,
            "body": post.body.decode("utf-8", "backslashreplace"),
        }
        if answer.status is not None:
            fields["status"] = answer.status
        if answer.error is not None:
            fields["error"] = answer.error
        self._trace.record("PostSettled", post.name, fields, post.causes)
        for observer in self.observers:
            observer(post, answer)
        if post.on_answer is not None:
            post.on_answer(answer)
