"""How an advance is cut, and who looks in between, changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_scenarios.replay import replay
from pushlab_testing.history import Telling, histories
from pushlab_testing.reference.engine import CutEngine, TextEngine
from pushlab_testing.reference.story import check_story

if TYPE_CHECKING:
    from pushlab.lab import Lab


def in_one_go(lab: Lab, gap_ms: int) -> None:
    lab.run_until(lab.now + gap_ms)


class Cuts:
    """Cuts each gap at drawn points, and looks at the world at each of them."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def __call__(self, lab: Lab, gap_ms: int) -> None:
        start = lab.now
        points = self._data.draw(st.lists(st.integers(0, gap_ms), max_size=4))
        for point in sorted(points):
            lab.run_until(start + point)
            self._look(lab)
        lab.run_until(start + gap_ms)

    def _look(self, lab: Lab) -> None:
        for device in lab.devices:
            assert len(device.tray) >= 0
        for notification in lab.messages.all():
            assert notification.statistics.totals()
            assert lab.why(notification.id, lab.devices[0])


@given(history=histories(), data=st.data())
def test_splitting_merging_and_probing_an_advance_changes_nothing(history, data):
    whole, cut = Telling(in_one_go), Telling(Cuts(data))

    whole.tell(history)
    cut.tell(history)

    assert cut.outcome() == whole.outcome()


@given(history=histories())
def test_a_record_of_any_history_replays_to_the_same_bytes(history):
    told = Telling(in_one_go)
    told.tell(history)

    again = replay(told.lab.record())

    assert list(again.trace.lines()) == list(told.lab.trace.lines())


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_a_story_reads_the_same_however_its_advances_are_cut(first: int) -> None:
    for number in range(first, first + 20):
        check_story(number, CutEngine, TextEngine)
