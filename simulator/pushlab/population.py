"""Many people at once: plain members with a phone each, all in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from pushlab.devices.kinds import view_device
from pushlab.devices.said import need_share, say_language, say_tag, say_timezone
from pushlab.errors import MisuseError
from pushlab.gateway import Channel
from pushlab.world.clock import parse_instant
from pushlab.world.randomness import threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from pushlab.devices.device import Host
    from pushlab.devices.said import Said

__all__ = ["PLATFORM_SHARES", "Population", "count_platforms", "read_rows", "write_rows"]

ADDRESSED = (int(Channel.EMAIL), int(Channel.SMS))
"""Members with an address alone: no app, no SDK."""
PLATFORM_SHARES: Mapping[str, float] = {"android": 0.7, "ios": 0.3}


def count_platforms(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Split *count* by *shares*; what rounding leaves goes to the first platform."""
    if type(count) is not int or count < 1:
        raise MisuseError(f"a population has at least one member, not {count!r}")
    are_numbers = all(map(_is_number, shares.values()))
    if not are_numbers or min(shares.values(), default=-1) < 0 or sum(shares.values()) <= 0:
        raise MisuseError(f"platforms= takes shares that are not negative, not {dict(shares)}")
    whole = sum(shares.values())
    counts = {name: int(count * share / whole) for name, share in shares.items()}
    first = next(iter(counts))
    counts[first] += count - sum(counts.values())
    return {name: number for name, number in counts.items() if number}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def write_rows(rows: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Return rows as runs: pairs of a first row and how many follow each other from there."""
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    firsts = np.concatenate([[0], breaks])
    counts = np.diff(np.concatenate([firsts, [len(rows)]]))
    return [(int(rows[first]), int(n)) for first, n in zip(firsts, counts, strict=True)]


def read_rows(runs: Iterable[tuple[int, int]]) -> NDArray[np.int32]:
    """Return the rows that `write_rows` wrote."""
    parts = [np.arange(first, first + count, dtype=np.int32) for first, count in runs]
    return np.concatenate([np.empty(0, np.int32), *parts])


class Population:
    """A group of members; verbs act on all of them, or on those that are picked."""

    def __init__(self, host: Host, prefix: str, rows: NDArray[np.int32]) -> None:
        self._host = host
        self.prefix = prefix
        self.rows = rows
        """int32, shape (n,): the rows of the members' devices."""

    def __len__(self) -> int:
        """How many members there are."""
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Any: ...  # noqa: ANN401  what it is, its platform says
    @overload
    def __getitem__(self, index: slice) -> Population: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one member's device, or a smaller population."""
        if isinstance(index, slice):
            return Population(self._host, self.prefix, self.rows[index])
        return view_device(self._host, int(self.rows[index]))

    def __iter__(self) -> Iterator[Any]:
        """Yield each member's device."""
        for row in self.rows.tolist():
            yield view_device(self._host, row)

    def __repr__(self) -> str:
        """Show the prefix and the size."""
        return f"<population {self.prefix!r} of {len(self):,}>"

    def pick(self, share: float, purpose: str = "pick") -> Population:
        """Return about *share* of the members, the same ones for the same *purpose*."""
        need_share("pick(share)", share)
        keys = self._host.fleet.devices.key[self.rows]
        luck = self._host.world.randomness
        chosen = luck.chance(f"pick {purpose}", keys, 0, threshold(share))
        return Population(self._host, self.prefix, self.rows[chosen])

    def do(self, verb: str) -> None:
        """Do a verb that needs no argument with every member, now: ``go_offline`` and so on.

        Members whom it does not fit pass over it: a mailbox cannot go offline, and whoever is
        offline cannot either.
        """
        self._act("do", lambda: self._host.fleet.do(self._known(verb), self.rows), verb=verb)

    def plan(self, verb: str, at: str | int | datetime, *, spread_ms: int = 0) -> None:
        """Plan a verb for every member at *at*, spread by keyed luck over *spread_ms*."""
        start = parse_instant(at)
        name = self._known(verb)

        def put() -> None:
            if start < self._host.world.now:
                raise MisuseError(f"{at} is over; plan {verb} for a later instant")
            keys = self._host.fleet.devices.key[self.rows]
            luck = self._host.world.randomness
            delays = luck.below(f"plan {verb}", keys, start, spread_ms + 1)
            self._host.fleet.plan(name, self.rows, start + delays)

        self._act("plan", put, verb=verb, at=start, spread_ms=spread_ms)

    def add_tag(self, key: str, value: str | float) -> None:
        """Let every member's app call ``addTag``; the SDKs tell it after their quiet time."""
        self._say("add_tag", say_tag(key, value), key=key, value=value)

    def remove_tag(self, key: str) -> None:
        """Let every member's app call ``removeTag``."""
        self._say("remove_tag", say_tag(key, None), key=key)

    def set_language(self, code: str) -> None:
        """Let every member's app call ``setLanguage``."""
        self._say("set_language", say_language(code), code=code)

    def set_timezone(self, name: str) -> None:
        """Set the time zone of every member's device."""
        self._say("set_timezone", say_timezone(name), name=name)

    def _say(self, verb: str, said: Said, /, **arguments: object) -> None:
        def say() -> None:
            fleet = self._host.fleet
            has_app = ~np.isin(fleet.devices.platform[self.rows], ADDRESSED)
            rows = self.rows[has_app & fleet.devices.installed[self.rows]]
            if not has_app.any() and len(self.rows):
                raise MisuseError(f"none of these members has an app that could {verb}")
            if verb == "set_language":
                fleet.person_verbs.set_language(said, rows)
            elif verb == "set_timezone":
                fleet.person_verbs.set_timezone(said, rows)
            else:
                fleet.sdk.profile.say(said, rows)

        self._act(verb, say, **arguments)

    def tap_with(self, chance: float) -> None:
        """Give every member the habit of tapping a shown notification with this chance."""
        need_share("tap_with(chance)", chance)
        share = threshold(chance)

        def set_share() -> None:
            self._host.fleet.devices.tap_share[self.rows] = min(share, 2**32 - 1)

        self._act("tap_with", set_share, chance=chance)

    def name_of(self, index: int) -> str:
        """Return the made-up name of the person behind a member; always the same one."""
        from faker import Faker

        fake = Faker()
        key = int(self._host.fleet.devices.key[self.rows[index]])
        fake.seed_instance(self._host.world.randomness.draw("person name", key, 0))
        return str(fake.name())

    def _act(self, method: str, action: Callable[[], None], /, **arguments: object) -> None:
        told = {
            "prefix": self.prefix,
            "rows": self.rows,
            "verb": method,
            "with": arguments,
        }
        self._host.act(action, "members", told)

    def _known(self, verb: str) -> str:
        verbs = self._host.fleet.verbs
        if verb not in verbs:
            raise MisuseError(
                f"a population cannot {verb}; what it can do at once: {', '.join(verbs)}"
            )
        if len(self.rows) and not self._host.fleet.have(verb, self.rows).any():
            kinds = " or ".join(f"a {kind}" for kind in self._host.fleet.kinds_with(verb))
            raise MisuseError(f"none of these members can {verb}: that takes {kinds}")
        return verb
