"""The trace of a run beside the one that was kept, and where they part.

Only the first places are shown, entry by entry, field by field: what comes after a difference
mostly follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pushlab_scenarios.nodes import render_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Change", "Difference", "compare"]

CHANGES_SHOWN_MAX: Final = 6
LINES_MATCHED_MAX: Final = 2_000
"""How far behind the first difference the two are lined up again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that is gone, new, or says something else."""

    sign: str
    """``-`` gone, ``+`` new, ``~`` changed."""
    number: int
    """The line in the kept trace, or in the new one for what is new; from 1."""
    text: str
    """What the entry is: instant and id."""
    details: tuple[tuple[str, str, str], ...] = ()
    """Of a changed entry each field that differs: name, kept, now."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two traces part."""

    changes: tuple[Change, ...]
    """The first ones."""
    more: int
    """How many changes there are beside these, as far as the two were lined up."""
    alike: int
    """How many lines are the same before the first change."""


def compare(kept: Sequence[str], now: Sequence[str]) -> Difference | None:
    """Return where *now* parts from *kept*, or None when they are the same."""
    if list(kept) == list(now):
        return None
    alike = 0
    while alike < min(len(kept), len(now)) and kept[alike] == now[alike]:
        alike += 1
    cut = slice(alike, alike + LINES_MATCHED_MAX)
    changes = list(_list_changes(kept[cut], now[cut], alike))
    # The last line holds the digest, which differs whenever anything else does.
    told = [change for change in changes if not change.text.startswith("end of the trace")]
    shown = told or changes
    return Difference(tuple(shown[:CHANGES_SHOWN_MAX]), len(shown[CHANGES_SHOWN_MAX:]), alike)


def _list_changes(kept: Sequence[str], now: Sequence[str], alike: int) -> Iterator[Change]:
    matcher = SequenceMatcher(None, kept, now, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, new = dict(_decode(kept, first, last)), dict(_decode(now, start, end))
        by_name = {_name(entry): number for number, entry in new.items()}
        paired: set[int] = set()
        for number, entry in gone.items():
            other = by_name.get(_name(entry))
            if other is None or other in paired:
                yield Change("-", alike + number + 1, _render(entry))
                continue
            paired.add(other)
            details = tuple(_list_details(entry, new[other]))
            yield Change("~", alike + number + 1, _render(entry), details)
        for number, entry in new.items():
            if number not in paired:
                yield Change("+", alike + number + 1, _render(entry))


def _decode(lines: Sequence[str], first: int, last: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for number in range(first, last):
        try:
            value = msgspec.json.decode(lines[number])
        except msgspec.DecodeError:
            value = None
        yield number, value if isinstance(value, dict) else {"id": lines[number]}


def _name(entry: dict[str, Any]) -> str:
    if "pushlab_trace" in entry:
        return "header"
    return str(entry.get("id", "end"))


def _render(entry: dict[str, Any]) -> str:
    if "pushlab_trace" in entry:
        return "header of the trace"
    if "id" not in entry:
        return "end of the trace"
    return " ".join(str(entry[name]) for name in ("at", "id") if name in entry)


def _list_details(kept: dict[str, Any], now: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*kept, *now]):
        if name not in kept or name not in now or kept[name] != now[name]:
            yield name, _show(kept, name), _show(now, name)


def _show(entry: dict[str, Any], name: str) -> str:
    return render_value(entry[name]) if name in entry else "(not there)"
