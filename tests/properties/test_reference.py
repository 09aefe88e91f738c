"""Goal: the columnar engine does exactly what a naive model does, one event at a time.

Method: random stories from keyed luck, lived by a real lab and by `pushlab_testing.reference`:
phones, browsers, mailboxes and numbers; calls of the API by alias, address, filter and segment,
verbs done and planned, what apps say of people, faults, retries, receipts, taps, mails that are
read, replies, cancellations, and listeners that look and act. Every answer on the way, every
target's fate, receipt and marks, every device's truth, every token, every record's state and the
digest must be equal.

200 stories in the normal run, 2,000 with ``PUSHLAB_PROFILE=ci``; half of each is chosen in rounds
by numpy even where few items wait.
"""

from __future__ import annotations

import os

import pytest

from pushlab.world import schedule
from pushlab_testing.reference.engine import Engine
from pushlab_testing.reference.story import check_story
from pushlab_testing.reference.whole import Reference

STORIES = 2_000 if os.environ.get("PUSHLAB_PROFILE") == "ci" else 200
BLOCK = 20


@pytest.mark.parametrize("first", range(0, STORIES, 2 * BLOCK))
def test_a_story_goes_as_it_goes_one_event_at_a_time(first: int) -> None:
    for number in range(first, first + BLOCK):
        check_story(number, Engine, Reference)


@pytest.mark.parametrize("first", range(BLOCK, STORIES, 2 * BLOCK))
def test_a_story_goes_the_same_when_numpy_chooses_every_round(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "FEW", 0)
    monkeypatch.setattr(schedule, "POOL_MAX", 50)

    for number in range(first, first + BLOCK):
        check_story(number, Engine, Reference)
