"""The trace in numbered pages, for readers that come again.

A number is an entry's place in the order of time. The trace is cut into spans between two looks,
and what is read stays as it was numbered; only the span that was read last is kept in order.
"""

from __future__ import annotations

import weakref
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from pushlab.world.clock import render_instant
from pushlab.world.trace import Mark

if TYPE_CHECKING:
    from pushlab.lab import Lab
    from pushlab.world.trace import Entry, Span, Trace

__all__ = ["TraceLog", "document_entry"]


class TraceLog:
    """Pages of the trace of the lab that is asked about; another lab begins at 1 again."""

    def __init__(self) -> None:
        self._lab: weakref.ref[Lab] | None = None
        self._forget()

    def _forget(self) -> None:
        self._marks = [Mark()]
        self._firsts = [0]
        """How many entries stand before each span, and at the end before the next one."""
        self._kept: tuple[int, Span] | None = None

    def read(self, lab: Lab, after: int, limit: int) -> dict[str, Any]:
        """Return up to *limit* entries with numbers above *after*."""
        with lab.lock:
            if self._lab is None or self._lab() is not lab:
                self._lab = weakref.ref(lab)
                self._forget()
            trace = lab.world.trace
            self._follow(trace)
            entries: list[dict[str, Any]] = []
            number = after
            while len(entries) < limit and number < self._firsts[-1]:
                place = bisect_right(self._firsts, number) - 1
                first = self._firsts[place]
                span = self._open(trace, place)
                part = span[number - first : number - first + limit - len(entries)]
                entries += [
                    document_entry(entry, number + offset) for offset, entry in enumerate(part, 1)
                ]
                # Arrays that were dropped since leave numbers that nobody has any more.
                number = number + len(part) if part else self._firsts[place + 1]
            return {
                "entries": entries,
                "next": max(number, after),
                "total": self._firsts[-1],
                "dropped": trace.dropped_count,
                "digest": trace.digest,
            }

    def _follow(self, trace: Trace) -> None:
        end = trace.mark()
        if end == self._marks[-1]:
            return
        span = trace.span(self._marks[-1], end)
        self._kept = (len(self._marks) - 1, span)
        self._marks.append(end)
        self._firsts.append(self._firsts[-1] + len(span))

    def _open(self, trace: Trace, place: int) -> Span:
        if self._kept is None or self._kept[0] != place:
            self._kept = (place, trace.span(self._marks[place], self._marks[place + 1]))
        return self._kept[1]


def document_entry(entry: Entry, number: int) -> dict[str, Any]:
    """Return an entry as the control API shows it."""
    return {
        "number": number,
        "at": render_instant(entry.at),
        "kind": entry.kind,
        "id": entry.id,
        "fields": dict(entry.fields),
        "causes": list(entry.causes),
    }
