"""Goal: pages of the trace follow one another without a gap, however they are cut."""

from __future__ import annotations

import random
from typing import Any

from pushlab.devserver.tracelog import TraceLog
from pushlab.lab import Lab


def live_on(lab: Lab, step: int) -> None:
    """Let something happen: verbs, and time."""
    phone: Any = lab.find_device("phone") or lab.device("android", name="phone")
    (phone.go_offline if step % 2 else phone.open_app)()
    lab.advance(seconds=step * 3)
    if step % 2:
        phone.go_online()


def test_pages_read_while_the_trace_grows_are_the_trace() -> None:
    lab, log, luck = Lab(), TraceLog(), random.Random(1)
    seen = []
    after = 0

    for step in range(1, 30):
        live_on(lab, step)
        if luck.random() < 0.7:
            page = log.read(lab, after, luck.randrange(1, 9))
            seen += page["entries"]
            after = page["next"]
    while page["entries"]:
        page = log.read(lab, after, 7)
        seen += page["entries"]
        after = page["next"]

    assert [each["number"] for each in seen] == list(range(1, len(seen) + 1))
    assert [each["id"] for each in seen] == [entry.id for entry in lab.trace.entries()]


def test_an_old_page_reads_the_same_later() -> None:
    lab, log = Lab(), TraceLog()
    live_on(lab, 1)
    before = log.read(lab, 0, 3)["entries"]

    live_on(lab, 2)
    log.read(lab, 5, 100)

    assert log.read(lab, 0, 3)["entries"] == before


def test_another_lab_is_numbered_from_its_own_start() -> None:
    first, second, log = Lab(), Lab(seed=1), TraceLog()
    live_on(first, 1)
    log.read(first, 0, 100)

    assert log.read(second, 0, 100)["total"] == 0
