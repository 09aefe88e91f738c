"""The addresses of a gateway: mailboxes and numbers, which people choose for themselves.

An address that was given is kept as it was written; those of a population are derived from its
prefix and a number, so that a million of them are no text anywhere. Both are found by reading.

Mirrored: RFC 5321, section 2.4: the domain of a mail address has no case; its local part might,
but no provider of mailboxes tells ``Alice@`` from ``alice@``. E.164 for numbers.

Left out: sub-addresses (``alice+shop@``), which are mailboxes of their own here, and domains that
take mail for any name.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from pushlab.errors import LimitError, MisuseError
from pushlab.world.ids import content_key
from pushlab_fakes.registry import Registrar, Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pushlab.gateway import Channel
    from pushlab.world.world import World

__all__ = ["AddressForm", "AddressRegistrar", "Addresses", "MailForm", "NumberForm"]

DOMAIN: Final = "example.com"
"""Where derived mailboxes are; nobody can own it (RFC 2606)."""
_MAIL: Final = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_MEMBER: Final = re.compile(r"[0-9]{6}|[1-9][0-9]{6,9}")
"""A member's number: six digits, or as many as it takes."""
_OUTSIDE_LOCAL: Final = re.compile(r"[^\w.-]")
LOCAL_MAX: Final = 64
"""The longest local part (RFC 5321, section 4.5.3.1.1)."""
NUMBER_ROOM: Final = 11
"""A dash and the longest number of a member."""
AREA_MIN, AREAS, AREA_SIZE, LINE_MIN = 1_200, 800, 10_000_000, 2_000_001
"""The North American plan: +1, an area, then seven digits of which the first is 2 or more."""

TRIES_MAX: Final = 800
"""Places that are tried for the addresses of a population."""


def _clean(name: str) -> str:
    """Return *name* as a local part can hold it."""
    return _OUTSIDE_LOCAL.sub("-", name)


class AddressForm(Protocol):
    """How the addresses of one gateway are written; derived ones are a stem and a number."""

    def check(self, address: str) -> None:
        """Raise MisuseError unless *address* can be one."""
        ...

    def fold(self, text: str) -> str:
        """Return what all spellings of an address, or of a stem, have in common."""
        ...

    def choose(self, key: int, prefix: str, tried: int) -> tuple[str, int]:
        """Return stem and first number for a population of content *key*; others if *tried*."""
        ...

    def render(self, stem: str, number: int) -> str:
        """Return a derived address."""
        ...

    def parse(self, folded: str) -> tuple[str, int] | None:
        """Return folded stem and number of what may be a derived address, else None."""
        ...


class MailForm:
    """Mail addresses; a population's are ``prefix-000001@example.com`` and on."""

    def check(self, address: str) -> None:
        """Raise MisuseError unless *address* is a local part and a domain."""
        if _MAIL.fullmatch(address) is None:
            raise MisuseError(
                f'{address!r} is no mail address; write one such as "alice@{DOMAIN}", without a '
                "name"
            )

    def fold(self, text: str) -> str:
        """Return *text* in lower case."""
        return text.lower()

    @staticmethod
    def make_up(name: str, tried: int = 0) -> str:
        """Return an address for a person called *name*; others if *tried*.

        A name that is an address already is that.
        """
        if not tried and _MAIL.fullmatch(name) is not None:
            return name
        more = str(tried or "")
        return f"{_clean(name)[: LOCAL_MAX - len(more)]}{more}@{DOMAIN}"

    def choose(self, key: int, prefix: str, tried: int) -> tuple[str, int]:
        """Return what the local parts begin with, and 1."""
        del key
        more = f".{tried}" if tried else ""
        return f"{_clean(prefix)[: LOCAL_MAX - NUMBER_ROOM - len(more)]}{more}", 1

    def render(self, stem: str, number: int) -> str:
        """Return ``stem-000001@example.com``."""
        return f"{stem}-{number:06d}@{DOMAIN}"

    def parse(self, folded: str) -> tuple[str, int] | None:
        """Read ``stem-000001@example.com``."""
        local, _, domain = folded.partition("@")
        stem, _, digits = local.rpartition("-")
        if domain != DOMAIN or _MEMBER.fullmatch(digits) is None:
            return None
        return stem, int(digits)


class NumberForm:
    """Numbers in E.164 form; a population's follow one another."""

    def check(self, address: str) -> None:
        """Raise MisuseError unless *address* is a number in E.164 form."""
        if _NUMBER.fullmatch(address) is None:
            raise MisuseError(
                f"{address!r} is no number in E.164 form; write a plus and 7 to 15 digits, such "
                'as "+12025550100"'
            )

    def fold(self, text: str) -> str:
        """Return *text*: a number has one spelling."""
        return text

    def choose(self, key: int, prefix: str, tried: int) -> tuple[str, int]:
        """Return no stem, and a number from which on there is room in an area."""
        del prefix
        return "", (AREA_MIN + (key + tried) % AREAS) * AREA_SIZE + LINE_MIN

    def render(self, stem: str, number: int) -> str:
        """Return *number* after a plus."""
        return f"+{stem}{number}"

    def parse(self, folded: str) -> tuple[str, int] | None:
        """Read digits after a plus."""
        return ("", int(folded)) if _NUMBER.fullmatch(folded) else None


@dataclass(frozen=True, slots=True)
class _Run:
    """Derived addresses that follow one another."""

    stem: str
    first_number: int
    first_route: int
    count: int


class Addresses(Registry):
    """The addresses of one gateway."""

    def __init__(self, world: World, channel: Channel, form: AddressForm) -> None:
        super().__init__()
        self._world = world
        self._channel = int(channel)
        self._form = form
        self._given: dict[int, str] = {}
        self._routes: dict[str, int] = {}
        """Routes of given addresses by what all their spellings have in common."""
        self._runs: list[_Run] = []
        """In the order of their routes."""
        self._by_stem: dict[str, list[_Run]] = {}

    def assign(self, device: int, address: str) -> int:
        """Give *address* to *device* and return its route; MisuseError when it is taken."""
        self._form.check(address)
        if self.find(address) >= 0:
            raise MisuseError(f"{address} belongs to a device already; choose another `address=`")
        folded = self._form.fold(address)
        # The same key as a service gives to an address that nobody has yet: an id that is made
        # of it does not tell which of the two came first.
        key = content_key("token", self._channel, folded)
        route = int(self.add(1, device=device, key=key)[0])
        self._given[route] = address
        self._routes[folded] = route
        return route

    def assign_members(
        self, devices: NDArray[np.int32], prefix: str, first_member: int = 1
    ) -> NDArray[np.int32]:
        """Give *devices*, shape (n,), addresses of the population *prefix* and return their routes.

        *first_member* is the number of the first of them; the others follow.
        """
        count = len(devices)
        base = self._world.ids.key("addresses", self._channel, prefix)
        stem, first = self._choose(base, prefix, first_member, count)
        keys = self._world.ids.member_keys(base, first_member - 1, count)
        routes = self.add(count, device=devices, key=keys)
        run = _Run(stem, first, int(routes[0]), count)
        self._runs.append(run)
        self._by_stem.setdefault(self._form.fold(stem), []).append(run)
        return routes

    def _choose(self, key: int, prefix: str, first_member: int, count: int) -> tuple[str, int]:
        """Return stem and first number of *count* addresses that nobody has."""
        for tried in range(TRIES_MAX):
            stem, first = self._form.choose(key, prefix, tried)
            first += first_member - 1
            if self._is_free(stem, first, count):
                return stem, first
        raise LimitError(f"after {TRIES_MAX} tries no {count:,} free addresses were found")

    def _is_free(self, stem: str, first: int, count: int) -> bool:
        """Whether nobody has one of *count* derived addresses from *first* on."""
        folded = self._form.fold(stem)
        for run in self._by_stem.get(folded, ()):
            if run.first_number < first + count and first < run.first_number + run.count:
                return False
        parsed = (self._form.parse(address) for address in self._routes)
        return not any(
            found is not None and found[0] == folded and first <= found[1] < first + count
            for found in parsed
        )

    def find(self, text: str) -> int:
        """Return the route of the address *text* in any of its spellings; -1 when nobody has it."""
        folded = self._form.fold(text)
        route = self._routes.get(folded)
        if route is not None:
            return route
        found = self._form.parse(folded) if self._runs else None
        if found is not None:
            stem, number = found
            for run in self._by_stem.get(stem, ()):
                if 0 <= number - run.first_number < run.count:
                    return run.first_route + number - run.first_number
        return -1

    def render(self, route: int) -> str:
        """Return the address at *route*, as it was given."""
        given = self._given.get(route)
        if given is not None:
            return given
        place = bisect_right(self._runs, route, key=lambda run: run.first_route)
        run = self._runs[place - 1]
        return self._form.render(run.stem, run.first_number + route - run.first_route)


class AddressRegistrar(Registrar):
    """The part of a gateway that answers for addresses, which nobody gets without choosing one."""

    def __init__(self, addresses: Addresses) -> None:
        super().__init__(addresses)
        self.addresses = addresses

    def assign(self, device: int, address: str) -> int:
        """Give *address* to a device and return its route; MisuseError when it is taken."""
        return self.addresses.assign(device, address)

    def assign_members(
        self, devices: NDArray[np.int32], prefix: str, first_member: int = 1
    ) -> NDArray[np.int32]:
        """Give the members of a population addresses that follow one another."""
        return self.addresses.assign_members(devices, prefix, first_member)

    def issue(
        self, devices: NDArray[np.int32], generations: NDArray[np.int16]
    ) -> NDArray[np.int32]:
        """Refuse: an address is chosen."""
        del devices, generations
        raise MisuseError("an address is chosen, not issued; call assign(device, address)")

    def retire(self, instants: NDArray[np.int64], routes: NDArray[np.int32]) -> None:
        """Do nothing: an address stays whose it is, whatever its owner's apps do."""
