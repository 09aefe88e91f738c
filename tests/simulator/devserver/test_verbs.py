"""Goal: every verb can be typed, with what it takes, in words that people write."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from pushlab.devices.kinds import VERBS
from pushlab.devserver.verbs import list_sections, make_command, parse_arguments, parse_scalar
from pushlab.errors import MisuseError


def type_verb(*words: str) -> Any:
    """Type a verb; return what is asked of the device, or the message of a refusal."""
    asked: list[Any] = []
    command = make_command(words[0], lambda *given: asked.append(given))
    assert command is not None
    try:
        command.main(list(words[1:]), standalone_mode=False)
    except click.ClickException as error:
        return error.format_message()
    return asked[0] if asked else None


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_command_that_explains_itself(verb: str) -> None:
    command = make_command(verb.replace("_", "-"), lambda *_: None)

    assert command is not None
    ended = CliRunner().invoke(command, ["--help"])
    assert ended.exit_code == 0
    assert "DEVICE is a " in ended.output


def test_what_is_no_verb_is_no_command() -> None:
    assert make_command("fly", lambda *_: None) is None
    assert make_command("upgrade", lambda *_: None) is None


def test_every_verb_stands_in_a_section() -> None:
    listed = {name.replace("-", "_") for _, names in list_sections() for name in names}

    assert listed == set(VERBS)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("open-app phone", ("phone", "open_app", {})),
        ("login phone 123", ("phone", "login", {"external_id": "123"})),
        ("switch-notifications phone off", ("phone", "switch_notifications", {"on": False})),
        ("add-tag phone level 1.50", ("phone", "add_tag", {"key": "level", "value": "1.50"})),
        ("move phone 40.7 -74", ("phone", "move", {"lat": 40.7, "long": -74.0})),
        ("allow-location phone", ("phone", "allow_location", {})),
        ("allow-location phone --off", ("phone", "allow_location", {"on": False})),
        ("prompt phone --answer deny", ("phone", "prompt", {"answer": "deny"})),
        (
            "purchase phone coins 9.99 --currency EUR --no-consumable",
            (
                "phone",
                "purchase",
                {"sku": "coins", "amount": "9.99", "currency": "EUR", "consumable": False},
            ),
        ),
        ("click-link box", ("box", "click_link", {})),
        ("click-link box --link 1", ("box", "click_link", {"link": 1})),
        ("click-link box --link Shop", ("box", "click_link", {"link": "Shop"})),
        (
            "click-unsubscribe box --one-click",
            ("box", "click_unsubscribe", {"one_click": True}),
        ),
        ("open-mail box --notification 1", ("box", "open_mail", {"notification": "1"})),
        ("reply number STOP", ("number", "reply", {"text": "STOP"})),
        ("set-power page low", ("page", "set_power", {"power": "low"})),
        ("register-pushes phone voip", ("phone", "register_pushes", {"kind": "voip"})),
        (
            'start-live-activity phone Ride {"minutes":5} --attributes {"ride":7}',
            (
                "phone",
                "start_live_activity",
                {
                    "attributes_type": "Ride",
                    "state": {"minutes": 5},
                    "attributes": {"ride": 7},
                },
            ),
        ),
        ("end-live-activity phone --at-once", ("phone", "end_live_activity", {"at_once": True})),
    ],
)
def test_what_is_typed_is_asked_of_the_device(typed: str, asked: object) -> None:
    assert type_verb(*typed.split()) == asked


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("login phone", "Missing argument 'EXTERNAL_ID'"),
        ("switch-notifications phone perhaps", "'perhaps' is not a valid boolean"),
        ("move phone north 1", "'north' is not a valid float"),
        ("prompt phone --answer never", "'never' is not one of 'allow', 'deny'"),
        ("set-network page 5g", "'5g' is not one of 'wifi', 'mobile'"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_asked(typed: str, message: str) -> None:
    assert message in type_verb(*typed.split())


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("10", 10), ("0.5", 0.5), ('"10"', "10"), ("ten", "ten"), ("[" * 9999, None)],
)
def test_a_scalar_is_json_where_it_can_be(text: str, value: object) -> None:
    assert parse_scalar(text) == (text if value is None else value)


def test_named_arguments_are_texts_where_the_verb_wants_texts() -> None:
    assert parse_arguments(["external_id=7"], "login") == {"external_id": "7"}
    assert parse_arguments(["key=a", "value=1.50"], "add_tag") == {"key": "a", "value": "1.50"}
    assert parse_arguments(["on=false"], "switch_notifications") == {"on": False}
    assert parse_arguments(["status=503"]) == {"status": 503}
    assert parse_arguments(["level=10"], is_text=True) == {"level": "10"}


@pytest.mark.parametrize("argument", ["level", "=10", ""])
def test_an_argument_without_a_name_is_refused(argument: str) -> None:
    with pytest.raises(MisuseError, match="write NAME=VALUE"):
        parse_arguments([argument])
