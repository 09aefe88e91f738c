"""Topics: which tokens subscribe to which, and conditions over them.

Mirrored: "Send messages to topics" (names, at most five topics in a condition, && and || and ! and
parentheses) and "Manage topic subscriptions" (2,000 topics for an app instance). A subscription
belongs to the token, which assumes that a rotated token subscribes anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.world.clock import Instant

__all__ = ["TOPICS_MAX", "Condition", "Topics", "is_topic", "parse_condition"]

TOPIC: Final = re.compile(r"[a-zA-Z0-9\-_.~%]{1,900}")
TOPICS_MAX: Final = 2_000
"""Topics that one app instance may subscribe to."""
CONDITION_TOPICS_MAX: Final = 5
CONDITION_SIZE_MAX: Final = 10_000
"""Characters; five topics of 900 fit in, with what joins them."""
DEPTH_MAX: Final = 20
LEXEME: Final = re.compile(r"\s*(?:'([^']*)'\s+in\s+topics|(&&|\|\||!|\(|\)))")


def is_topic(name: str) -> bool:
    """Whether *name* may name a topic."""
    return TOPIC.fullmatch(name) is not None


class Topics:
    """The subscriptions of one world; a token's app tells whose topic it is."""

    def __init__(self) -> None:
        self._members: dict[str, dict[int, Instant]] = {}
        """By topic: since when each route has subscribed."""
        self._counts: dict[int, int] = {}
        """How many topics each route has."""

    def subscribe(self, topic: str, route: int, at: Instant) -> str:
        """Subscribe a token: "added", "there" when it was, "full" beyond TOPICS_MAX."""
        members = self._members.setdefault(topic, {})
        if route in members:
            return "there"
        if self._counts.get(route, 0) >= TOPICS_MAX:
            return "full"
        members[route] = at
        self._counts[route] = self._counts.get(route, 0) + 1
        return "added"

    def unsubscribe(self, topic: str, route: int) -> bool:
        """Take a subscription away; False when there was none."""
        if self._members.get(topic, {}).pop(route, None) is None:
            return False
        self._counts[route] -= 1
        return True

    def list_of(self, route: int) -> list[tuple[str, Instant]]:
        """Return the topics of a token and since when, by name."""
        return sorted(
            (topic, members[route]) for topic, members in self._members.items() if route in members
        )

    def since(self, topic: str, route: int) -> Instant | None:
        """Return since when a token has subscribed, or None."""
        return self._members.get(topic, {}).get(route)

    def members(self, condition: Condition) -> list[int]:
        """Return the routes for which *condition* holds, ascending."""
        of_topic = {topic: self._members.get(topic, {}).keys() for topic in condition.topics}
        asked: set[int] = set().union(*of_topic.values())
        if condition.holds(lambda _: False):
            # Whoever has none of the topics is meant, too.
            asked.update(*self._members.values())

        def has_topics(route: int) -> Callable[[str], bool]:
            return lambda topic: route in of_topic[topic]

        return sorted(route for route in asked if condition.holds(has_topics(route)))


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over topics, parsed."""

    topics: tuple[str, ...]
    holds: Callable[[Callable[[str], bool]], bool]
    """Says whether it holds for somebody, told which topics that one has."""

    @classmethod
    def of_topic(cls, topic: str) -> Condition:
        """Return the condition that is one topic."""
        return cls((topic,), lambda has: has(topic))


def parse_condition(text: str) -> Condition | None:
    """Return the condition in *text*; None when it is none, or has more than five topics."""
    if len(text) > CONDITION_SIZE_MAX:
        return None
    lexemes: list[str] = []
    at = 0
    while text[at:].strip():
        match = LEXEME.match(text, at)
        if match is None:
            return None
        at = match.end()
        lexemes.append(match[2] or "'" + match[1])
    parser = _Parser(lexemes)
    found = parser.parse_any(0)
    if found is None or parser.rest or len(found.topics) > CONDITION_TOPICS_MAX:
        return None
    return found


class _Parser:
    """Reads lexemes from the left; each step returns None where there is no condition."""

    def __init__(self, lexemes: list[str]) -> None:
        self.rest = lexemes[::-1]

    def parse_any(self, depth: int) -> Condition | None:
        """Read conditions joined by ``||``, which binds less than ``&&``."""
        return self._parse_joined("||", lambda: self._parse_all(depth), _either)

    def _parse_all(self, depth: int) -> Condition | None:
        return self._parse_joined("&&", lambda: self._parse_one(depth), _both)

    def _parse_joined(
        self,
        sign: str,
        parse: Callable[[], Condition | None],
        join: Callable[[Condition, Condition], Condition],
    ) -> Condition | None:
        found = parse()
        while found is not None and self.rest and self.rest[-1] == sign:
            self.rest.pop()
            other = parse()
            found = None if other is None else join(found, other)
        return found

    def _parse_one(self, depth: int) -> Condition | None:
        if not self.rest or depth > DEPTH_MAX:
            return None
        lexeme = self.rest.pop()
        if lexeme.startswith("'"):
            return Condition.of_topic(lexeme[1:]) if is_topic(lexeme[1:]) else None
        if lexeme == "!":
            inner = self._parse_one(depth + 1)
            return None if inner is None else _none(inner)
        if lexeme != "(":
            return None
        inner = self.parse_any(depth + 1)
        if inner is None or not self.rest or self.rest.pop() != ")":
            return None
        return inner


def _either(one: Condition, other: Condition) -> Condition:
    topics = (*one.topics, *other.topics)
    return Condition(topics, lambda has: one.holds(has) or other.holds(has))


def _both(one: Condition, other: Condition) -> Condition:
    topics = (*one.topics, *other.topics)
    return Condition(topics, lambda has: one.holds(has) and other.holds(has))


def _none(one: Condition) -> Condition:
    return Condition(one.topics, lambda has: not one.holds(has))
