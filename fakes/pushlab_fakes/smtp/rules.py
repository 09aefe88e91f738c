"""What a mail server refuses by the state of its world: standing rules, greylist, rates.

Mirrored: RFC 5321, RFC 7372 (5.7.20 to 5.7.26), RFC 7505 (null MX), and greylisting as RFC 6647
describes it. Everything here stands on the world's clock; luck has no part in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError, find_near
from pushlab_fakes.smtp import replies

if TYPE_CHECKING:
    from pushlab.world.clock import Instant
    from pushlab_fakes.smtp.replies import Reply

__all__ = ["RULES", "Bucket", "Greylist", "Rules"]

MINUTE_US: Final = 60_000_000
MEMORY_MAX: Final = 100_000
"""Pairs that a greylist remembers; then the oldest go."""

RULES: Final[dict[str, tuple[str, Reply]]] = {
    "client": ("connect", replies.BLOCKED_CLIENT),
    "space": ("mail", replies.NO_SPACE),
    "sender": ("mail", replies.BLOCKED),
    "spf": ("mail", replies.SPF_FAILED),
    "relay": ("rcpt", replies.RELAYING_DENIED),
    "no mx": ("rcpt", replies.BAD_DOMAIN),
    "null mx": ("rcpt", replies.NULL_MX),
    "dkim": ("end", replies.DKIM_FAILED),
    "dmarc": ("end", replies.DMARC_FAILED),
    "content": ("end", replies.BLOCKED),
}
"""What can be refused: at which stage, and how.

At ``connect`` everybody is meant; at ``mail`` and ``end`` the sender, at ``rcpt`` the recipient, by
address or domain; of ``content`` a phrase in subject or body.
"""


class Rules:
    """The standing refusals, in the order in which they were set."""

    def __init__(self) -> None:
        self._set: dict[tuple[str, str], Reply] = {}

    def set(self, kind: str, match: str) -> None:
        """Refuse *match* by the rule *kind*; MisuseError for no rule."""
        if kind not in RULES:
            raise MisuseError(f"mail is not refused by {kind!r}; {find_near(kind, list(RULES))}")
        if kind == "client" and match:
            raise MisuseError('connections are refused to all alike; write refuse("client")')
        self._set[kind, match.lower()] = RULES[kind][1]

    def lift(self, kind: str, match: str) -> None:
        """End a rule; MisuseError when it is not set."""
        if (kind, match.lower()) not in self._set:
            known = ", ".join(f"{kind!r} {match!r}" for kind, match in self._set) or "none"
            raise MisuseError(f"no rule {kind!r} {match!r} is set; set are {known}")
        del self._set[kind, match.lower()]

    def are_set_at(self, stage: str) -> bool:
        """Whether any rule is set that is judged at *stage*."""
        return any(RULES[kind][0] == stage for kind, _ in self._set)

    def judge(self, stage: str, *texts: str, is_trusted: bool = False) -> Reply | None:
        """Return the refusal that meets an address at *stage*, or a phrase among *texts*.

        Who is *is_trusted* (logged in) may relay.
        """
        for (kind, match), reply in self._set.items():
            if RULES[kind][0] != stage or (kind == "relay" and is_trusted):
                continue
            if kind == "content":
                if any(match in text.lower() for text in texts[1:]):
                    return reply
            elif not match or is_at(texts[0] if texts else "", match):
                return reply
        return None


def is_at(address: str, match: str) -> bool:
    """Whether *address* is *match*, or lies in that domain or below it."""
    folded = address.lower()
    domain = folded.rpartition("@")[2]
    return folded == match or domain == match.removeprefix("@") or domain.endswith("." + match)


class Greylist:
    """Who wrote to whom, and since when; a pair is let through when it comes back later."""

    def __init__(self) -> None:
        self._first_at: dict[tuple[str, str], Instant] = {}

    def lets_through(self, pair: tuple[str, str], now: Instant, delay_s: int) -> bool:
        """Whether the wait of *pair* is over; its first visit begins it."""
        first_at = self._first_at.get(pair)
        if first_at is None:
            while len(self._first_at) >= MEMORY_MAX:
                del self._first_at[next(iter(self._first_at))]
            self._first_at[pair] = now
            return False
        return now >= first_at + delay_s * 1000


class Bucket:
    """A token bucket on virtual time: so many at once, and as many again over a minute.

    Kept as the instant at which it would be full again, in whole microseconds, so that cutting a
    wait changes nothing.
    """

    def __init__(self) -> None:
        self._full_at_us = 0

    def take(self, now: Instant, per_minute: int) -> bool:
        """Take a token; False when there is none."""
        now_us, price_us = now * 1000, MINUTE_US // per_minute
        full_at_us = max(self._full_at_us, now_us) + price_us
        if full_at_us - now_us > price_us * per_minute:
            return False
        self._full_at_us = full_at_us
        return True
