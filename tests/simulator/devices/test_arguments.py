"""Goal: what a verb takes follows from its method, and what it is about is found on its shelf."""

from __future__ import annotations

import pytest

from pushlab.devices.arguments import Argument, find_shown, list_arguments, list_kinds
from pushlab.devices.kinds import KINDS, VERBS
from pushlab.devices.mailbox import Mailbox
from pushlab.devices.phone import Phone
from pushlab.errors import MisuseError
from pushlab.lab import Lab
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
    sent = App(lab).send("alice")

    with pytest.raises(MisuseError, match="does not hold that message; it holds nothing"):
        find_shown(phone, "tap", "no-such-id")

    lab.advance(minutes=1)
    with pytest.raises(MisuseError, match=f"does not hold that message; it holds {sent}"):
        find_shown(phone, "tap", "no-such-id")


def test_a_verb_that_is_about_nothing_takes_no_message(lab: Lab) -> None:
    phone = lab.device("android", external_id="alice")

    with pytest.raises(MisuseError, match="opt_out is about no message"):
        find_shown(phone, "opt_out", "no-such-id")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_arguments_of_known_kinds(verb: str) -> None:
    for kind in list_kinds(verb):
        kinds = [argument.kind for argument in list_arguments(kind, verb)]

        assert set(kinds) <= {"text", "flag", "whole", "number", "scalar", "object", "shown"}


def test_a_verb_of_several_kinds_of_device_takes_the_same_everywhere() -> None:
    for verb in VERBS:
        taken = [tuple(list_arguments(kind, verb)) for kind in list_kinds(verb)]

        assert len(set(taken)) == 1, verb


def test_every_kind_of_device_is_known() -> None:
    assert set(list_kinds("go_offline")) <= set(KINDS.values())
    assert list_kinds("fly") == []


def test_arguments_stand_in_the_order_of_the_method() -> None:
    assert list_arguments(Phone, "add_tag") == [
        Argument("key", "text", None, True, "key"),
        Argument("value", "scalar", None, True, "value"),
    ]
    assert list_arguments(Mailbox, "click_link") == [
        Argument("link", "scalar", 0, False, "link"),
        Argument("notification", "shown", None, False, "mail"),
    ]
