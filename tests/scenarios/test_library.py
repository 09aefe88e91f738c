"""Goal: the stories that ship are found by name, hold, and leave the trace that was kept."""

from __future__ import annotations

import pytest

from pushlab_scenarios.golden import compare
from pushlab_scenarios.library import find_golden, list_names, list_stories, read_story
from pushlab_scenarios.run import run
from pushlab_scenarios.stage import LabStage


def test_three_stories_ship_each_with_its_sentence_and_its_trace() -> None:
    stories = list_stories()

    assert [story.name for story in stories] == list_names()
    assert list_names() == [
        "campaign-to-a-mixed-crowd",
        "one-person-four-channels",
        "welcome-to-a-lost-phone",
    ]
    assert all(story.sentence.endswith(".") for story in stories)
    assert all(find_golden(name) for name in list_names())


@pytest.mark.parametrize("name", list_names())
def test_a_story_holds_and_leaves_its_golden_trace(name: str) -> None:
    stage = LabStage()

    outcome = run(read_story(name), stage)

    assert outcome.failures == []
    assert compare(find_golden(name) or [], [*stage.lines()]) is None


def test_a_story_without_a_kept_trace_has_none() -> None:
    assert find_golden("no-such-story") is None
