"""Goal: a run knows when no row stands in it twice, without being told."""

from __future__ import annotations

import numpy as np
import pytest

from pushlab.world.runs import Run


def a_run(*rows: int, distinct: bool = False) -> Run:
    instants = np.arange(len(rows), dtype=np.int64)
    what = np.zeros(len(rows), np.int64)
    last = len(rows) - 1
    return Run(instants, np.array(rows, np.int32), what, 0, last, distinct=distinct)


@pytest.mark.parametrize(
    ("run", "distinct"),
    [
        (a_run(1, 2, 5), True),
        (a_run(5, 2, 1, distinct=True), True),
        (a_run(1, 1, 2), False),
        (a_run(5, 2, 1), False),
    ],
)
def test_rows_are_distinct_when_promised_or_when_they_rise(run: Run, distinct: bool) -> None:
    assert run.find_distinct() is distinct
