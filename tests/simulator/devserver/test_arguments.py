"""Goal: a value of JSON becomes what a verb takes, and one that does not fit says so."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.devices.kinds import VERBS
from pushlab.devserver.arguments import LATER_VERBS, read_arguments
from pushlab.devserver.reading import Fields, Refusal
from pushlab.lab import Lab

PROMISED = (
    "open_app close_app visit prompt switch_notifications opt_in opt_out login logout add_tag "
    "set_language set_timezone allow_location move purchase add_email remove_email add_sms "
    "remove_sms tap dismiss force_stop go_offline go_online rotate_token uninstall reinstall "
    "clear_data clear_cookies upgrade move_to_new_phone open_mail click_link click_unsubscribe "
    "mark_spam reply"
)
"""The verbs that the control API promises."""


@pytest.fixture
def phone() -> Any:
    return Lab().device("android", external_id="alice")


def read(device: Any, verb: str, **values: object) -> dict[str, Any]:
    fields = Fields(values, "the body")
    read = read_arguments(device, verb, fields)
    fields.finish()
    return read


def test_every_promised_verb_is_built_or_says_that_it_is_not() -> None:
    assert set(PROMISED.split()) <= {*VERBS, *LATER_VERBS}
    assert set(VERBS) & set(LATER_VERBS) == set()


def test_values_come_as_they_are(phone: Any) -> None:
    assert read(phone, "add_tag", key="level", value=10) == {"key": "level", "value": 10}
    assert read(phone, "move", lat=52, long=13.4) == {"lat": 52, "long": 13.4}
    assert read(phone, "allow_location", on=False) == {"on": False}
    assert read(phone, "prompt") == {}
    started = {"attributes_type": "Ride", "state": {"car": {"plate": 1}}}
    assert read(phone, "start_live_activity", **started) == started


@pytest.mark.parametrize(
    ("verb", "values", "instead"),
    [
        ("add_tag", {"key": "level"}, '{"value": "10"}'),
        ("add_tag", {"key": "level", "value": {}}, "value is a text, a number, true or false"),
        ("login", {}, '{"external_id": "alice"}'),
        ("login", {"external_id": 7}, "external_id is a text that is not empty"),
        ("switch_notifications", {"on": "yes"}, "on is true or false"),
        ("move", {"lat": "north", "long": 1}, "lat is a number"),
        ("prompt", {"answer": "alow"}, "did you mean 'allow'?"),
        ("open_app", {"fast": True}, "leave it out"),
        ("add_tag", {"key": "a", "value": "b", "vlue": "c"}, "did you mean 'value'?"),
        ("register_pushes", {"kind": "viop"}, "did you mean 'voip'?"),
        ("start_live_activity", {"attributes_type": "Ride"}, '{"state": {"minutes":5}}'),
        (
            "start_live_activity",
            {"attributes_type": "Ride", "state": [5]},
            'state is an object such as {"minutes": 5}',
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    phone: Any, verb: str, values: dict[str, object], instead: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read(phone, verb, **values)

    assert refused.value.status == 400
    assert instead in refused.value.instead


def test_what_is_not_shown_cannot_be_named(phone: Any) -> None:
    with pytest.raises(Refusal) as refused:
        read(phone, "tap", notification="none")

    assert refused.value.status == 409
