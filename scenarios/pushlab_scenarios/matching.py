"""Is what was expected there? A table names what must hold and is silent about the rest.

A table matches when each of its names does; a list matches when it has as many items and each
does, in order; anything else matches what equals it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from pushlab.errors import find_near
from pushlab_scenarios.nodes import Listing, Scalar, Table, render_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pushlab_scenarios.nodes import Node, Place

__all__ = ["Mismatch", "find_mismatches"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One value that is not what was expected."""

    place: Place
    """Of the value that was expected."""
    path: str
    """Where in the value that was looked at: ``tray[0].title``."""
    expected: str
    found: str

    def __str__(self) -> str:
        """Say both."""
        return f"{self.path} is {self.found}, expected {self.expected}"


def find_mismatches(
    wanted: Node, found: object, path: str, fill: Callable[[Scalar], str]
) -> Iterator[Mismatch]:
    """Yield what of *wanted* is not in *found*; *fill* puts saved values into texts."""
    if isinstance(wanted, Table):
        yield from _match_table(wanted, found, path, fill)
    elif isinstance(wanted, Listing):
        yield from _match_listing(wanted, found, path, fill)
    elif not _is_same(wanted, found, fill):
        shown = render_value(wanted.plain(fill))
        yield Mismatch(wanted.place, path, shown, render_value(found))


def _match_table(
    wanted: Table, found: object, path: str, fill: Callable[[Scalar], str]
) -> Iterator[Mismatch]:
    if not _is_table(found):
        yield Mismatch(wanted.place, path, render_value(wanted.plain(fill)), render_value(found))
        return
    for key, value in wanted.pairs:
        inner = f"{path}.{key.text}"
        if key.text in found:
            yield from find_mismatches(value, found[key.text], inner, fill)
        else:
            near = find_near(key.text, found)
            yield Mismatch(key.place, inner, render_value(value.plain(fill)), f"not there ({near})")


def _match_listing(
    wanted: Listing, found: object, path: str, fill: Callable[[Scalar], str]
) -> Iterator[Mismatch]:
    if not _is_list(found) or len(found) != len(wanted.items):
        expected = f"{_count(len(wanted.items))}: {render_value(wanted.plain(fill))}"
        there = f"{_count(len(found))}" if _is_list(found) else render_value(found)
        yield Mismatch(wanted.place, path, expected, there)
        return
    for number, (item, held) in enumerate(zip(wanted.items, found, strict=True)):
        yield from find_mismatches(item, held, f"{path}[{number}]", fill)


def _is_same(wanted: Scalar, found: object, fill: Callable[[Scalar], str]) -> bool:
    value = wanted.plain(fill)
    if isinstance(value, bool) or isinstance(found, bool):
        return value is found
    return value == found


def _is_table(found: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(found, dict)


def _is_list(found: object) -> TypeGuard[Sequence[object]]:
    return isinstance(found, list)


def _count(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}" if count else "empty"
