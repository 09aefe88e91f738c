"""Goal: a verb finds the message that it is about, on the shelf that it looks at."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.shown import find_shown
from pushlab_testing.app import App


@pytest.fixture
def lab() -> Lab:
    return Lab(1)


def test_a_message_of_the_tray_is_found(lab: Lab) -> None:
    phone = lab.device("android", external_id="alice")
    sent = [App(lab).send("alice") for _ in range(2)]
    lab.advance(minutes=1)

    found = find_shown(phone, "tap", sent[0])

    assert list(found) == ["message"]
    assert found["message"] in list(phone.tray)


def test_a_message_that_is_not_there_is_a_mistake(lab: Lab) -> None:
    phone = lab.device("android", external_id="alice")
    App(lab).send("alice")

    with pytest.raises(MisuseError, match="does not hold that message; it holds nothing"):
        find_shown(phone, "tap", "no-such-id")

    lab.advance(minutes=1)
    with pytest.raises(MisuseError, match="does not hold that message; it holds 1 other"):
        find_shown(phone, "tap", "no-such-id")


def test_a_verb_that_is_about_nothing_takes_no_message(lab: Lab) -> None:
    phone = lab.device("android", external_id="alice")

    with pytest.raises(MisuseError, match="opt_out is about no message"):
        find_shown(phone, "opt_out", "no-such-id")
