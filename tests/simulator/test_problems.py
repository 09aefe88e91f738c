"""What should not have happened in a lab."""

from __future__ import annotations

import pytest

from pushlab.errors import InternalError
from pushlab.lab import Lab


def test_a_lab_in_which_all_went_well_has_no_problems():
    lab = Lab()
    lab.device("android")
    lab.advance(minutes=5)

    assert lab.list_problems() == []


def test_an_error_of_a_fake_is_listed_until_it_is_raised():
    lab = Lab()
    broken = ValueError("no such column")
    lab.failed(broken)

    listed = lab.list_problems()
    with pytest.raises(InternalError, match="no such column") as raised:
        lab.device("android")

    assert listed == [
        "a fake broke while it served a request: ValueError('no such column')",
    ]
    assert raised.value.__cause__ is broken
    assert lab.list_problems() == []


def test_a_webhook_that_was_not_let_out_is_told_once():
    lab = Lab()
    lab.observe_subscriptions("https://elsewhere.example/subscriptions")
    lab.device("android").opt_out()
    lab.advance(minutes=5)

    problems = lab.list_problems()

    assert lab.webhooks
    assert problems == lab.refused_hosts
    assert len(problems) == 1
