"""Goal: the numbers of a page are read or refused, and never break the fake."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal.paging import read_whole


@pytest.mark.parametrize(("text", "number"), [(None, 50), ("", 50), ("0", 0), ("007", 7)])
def test_a_number_is_read_and_a_missing_one_is_the_default(text, number) -> None:
    assert read_whole(text, 50) == number


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", " 1", "٣", "9" * 5_000])
def test_what_is_no_such_number_is_none(text) -> None:
    assert read_whole(text, 50) is None
