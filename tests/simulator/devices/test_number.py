"""Goal: the number in a test's hand gets texts and replies, and the lag to the service shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.sms.keywords import START, STOP
from pushlab_scenarios.replay import replay
from pushlab_testing.app import App

if TYPE_CHECKING:
    from pushlab.devices.number import Number

SUBSCRIBED, UNSUBSCRIBED = 1, -2


def a_number() -> tuple[Lab, App, Number]:
    lab = Lab()
    return lab, App(lab), lab.device("sms", external_id="alice")


def text(lab: Lab, app: App, **fields: object) -> str:
    sent = app.text("alice", **fields)
    lab.advance(minutes=1)
    return sent


def counts(app: App, sent: str, *names: str) -> list[int]:
    shown = app.view(sent)["platform_delivery_stats"]["sms"]
    return [shown[name] for name in names]


def bodies(number: Any) -> list[str]:
    return [message.body for message in number.inbox]


def believed(app: App) -> int:
    user: Any = app.call("GET", f"/apps/{app.id}/users/by/external_id/alice").json()
    types: int = user["subscriptions"][0]["notification_types"]
    return types


# --- STOP and START --------------------------------------------------------------------------


def test_a_text_reaches_the_handset_and_the_carrier_reports_it() -> None:
    lab, app, number = a_number()

    sent = text(lab, app)

    assert bodies(number) == ["Hello. Reply STOP to stop."]
    assert counts(app, sent, "successful", "provider_successful") == [1, 1]


def test_the_service_learns_of_a_stop_by_the_next_message_alone() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.reply("Stop")
    lab.advance(days=3)
    before = believed(app)

    refused = text(lab, app, contents={"en": "Second"})

    assert (before, believed(app)) == (SUBSCRIBED, UNSUBSCRIBED)
    assert counts(app, refused, "successful", "failed") == [0, 1]
    assert bodies(number) == [STOP.answer, "Hello. Reply STOP to stop."]


def test_start_lifts_the_carriers_block_and_not_the_services() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.reply("STOP")
    text(lab, app, contents={"en": "Second"})
    number.reply("START")
    lab.advance(minutes=1)

    answer = app.push("alice", target_channel="sms", contents={"en": "Third"}, name="third")

    assert number.inbox[0].body == START.answer
    assert believed(app) == UNSUBSCRIBED
    assert answer["errors"]


def test_one_who_started_again_gets_texts_once_the_app_has_told_the_service() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.reply("STOP")
    text(lab, app, contents={"en": "Second"})
    number.reply("START")
    path = f"/apps/{app.id}/subscriptions/{number.subscription_id}"
    app.call("PATCH", path, {"subscription": {"enabled": True, "notification_types": 1}})

    text(lab, app, contents={"en": "Third"})

    assert number.inbox[0].body == "Third"


def test_told_to_the_service_before_start_the_next_text_unsubscribes_again() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.reply("STOP")
    path = f"/apps/{app.id}/subscriptions/{number.subscription_id}"
    app.call("PATCH", path, {"subscription": {"enabled": True, "notification_types": 1}})

    text(lab, app, contents={"en": "Second"})

    assert believed(app) == UNSUBSCRIBED


# --- reply -----------------------------------------------------------------------------------


def test_a_reply_goes_to_who_wrote_last() -> None:
    lab, app, number = a_number()
    text(lab, app, sms_from="+15550100")
    text(lab, app, sms_from="+15550199")

    number.reply("Hello?")

    (entry,) = lab.trace.find(["NumberReplied"])
    assert entry.fields == {"device": "alice-sms", "to": "+15550199", "text": "Hello?"}


def test_a_reply_goes_to_whom_it_names() -> None:
    lab, app, number = a_number()
    text(lab, app, sms_from="+15550100")
    text(lab, app, sms_from="+15550199")

    number.reply("STOP", to="+15550100")
    lab.advance(minutes=1)
    refused = text(lab, app, sms_from="+15550100", contents={"en": "Second"})

    assert number.inbox[0].sender == "+15550100"
    assert counts(app, refused, "failed") == [1]


def test_without_a_text_there_is_nobody_to_reply_to() -> None:
    _, _, number = a_number()

    with pytest.raises(MisuseError, match=r"nobody has written to alice-sms; name a number"):
        number.reply("STOP")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda number: number.reply("  ", to="+15550100"), "a text that is not empty"),
        (lambda number: number.reply("STOP", to="SHOP"), "'SHOP' is a name and no number"),
    ],
)
def test_a_reply_that_makes_no_sense_is_refused(call, words) -> None:
    _, _, number = a_number()

    with pytest.raises(MisuseError, match=words):
        call(number)


def test_a_short_code_can_be_written_to() -> None:
    lab, _, number = a_number()

    number.reply("HELP", to="12345")
    lab.advance(minutes=1)

    assert number.inbox[0].sender == "12345"


# --- the network -----------------------------------------------------------------------------


def test_a_handset_that_is_off_gets_its_texts_later() -> None:
    lab, app, number = a_number()
    number.go_offline()
    text(lab, app)
    before = bodies(number)

    number.go_online()
    lab.advance(minutes=1)

    assert (before, len(number.inbox)) == ([], 1)


def test_a_handset_that_stays_off_is_a_failure_of_the_carrier_after_hours() -> None:
    lab, app, number = a_number()
    number.go_offline()
    sent = text(lab, app)
    before = counts(app, sent, "successful", "errored", "provider_failed")

    lab.advance(hours=10)

    assert before == [1, 0, 0]
    assert counts(app, sent, "successful", "errored", "provider_failed") == [0, 1, 1]


def test_without_a_network_nobody_replies() -> None:
    _, _, number = a_number()
    number.go_offline()

    with pytest.raises(MisuseError, match="alice-sms cannot reply: it is offline; what fits now:"):
        number.reply("STOP", to="+15550100")


def test_a_number_tells_its_state_and_its_verbs() -> None:
    _, _, number = a_number()

    assert number.state == {"online": True, "exists": True}
    assert number.verbs == ["reply", "go_offline", "disconnect", "recycle"]
    with pytest.raises(MisuseError, match="that is no verb of a number"):
        number.tap()  # type: ignore[attr-defined]


def test_a_number_that_nobody_has_is_an_error_of_the_carrier() -> None:
    lab = Lab()
    app = App(lab)

    sent = app.notify(name="x", contents={"en": "Hi"}, include_phone_numbers=["+12025550199"])
    lab.advance(seconds=10)
    before = counts(app, sent, "successful", "errored")
    lab.advance(minutes=1)

    assert (before, counts(app, sent, "successful", "errored")) == ([1, 0], [0, 1])


# --- many, and again -------------------------------------------------------------------------


def test_a_share_of_a_population_replies_stop() -> None:
    lab = Lab()
    crowd = lab.population(200, prefix="crowd", platforms={"sms": 1.0})
    app = App(lab)
    body = {"included_segments": ["Total Subscriptions"], "target_channel": "sms", "name": "x"}
    app.notify(**body, contents={"en": "Hello"})
    lab.advance(minutes=1)
    stopping = crowd.pick(0.1)
    stopping.do("reply_stop")

    sent = app.notify(**body, contents={"en": "Second"})
    lab.advance(minutes=1)

    assert counts(app, sent, "successful", "failed") == [200 - len(stopping), len(stopping)]
    assert bodies(stopping[0]) == [STOP.answer, "Hello"]


def test_a_run_with_replies_is_lived_again_to_the_same_digest() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.reply("STOP")
    number.go_offline()
    text(lab, app, contents={"en": "Second"})
    lab.advance(hours=11)
    number.go_online()
    number.reply("start")
    lab.advance(minutes=1)

    again = replay(lab.record())

    assert again.trace.digest == lab.trace.digest


# --- numbers that change hands -------------------------------------------------------------------


def test_a_number_that_is_given_up_gets_nothing_and_the_carrier_says_so_later() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.disconnect()

    sent = app.text("alice", contents={"en": "Again"})
    lab.advance(seconds=10)
    before = counts(app, sent, "successful", "errored")
    lab.advance(minutes=1)

    assert before == [1, 0]
    assert counts(app, sent, "successful", "errored", "provider_failed") == [0, 1, 1]
    assert bodies(number) == []
    assert number.state == {"online": True, "exists": False}
    with pytest.raises(MisuseError, match=r"nobody has the number; recycle\(\) it"):
        number.reply("Hello", to="+15550100")


def test_who_gets_a_recycled_number_gets_the_texts_of_a_stranger() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.disconnect()
    lab.advance(days=90)

    number.recycle()
    before = bodies(number)
    text(lab, app, contents={"en": "Alice, your code is 4711"})

    assert before == []
    assert bodies(number) == ["Alice, your code is 4711"]
    assert (number.external_id, number.subscription_id) == (None, None)
    assert number.onesignal_id is None
    assert believed(app) == SUBSCRIBED


def test_what_its_last_owner_silenced_stays_silent_for_the_next() -> None:
    lab, app, number = a_number()
    text(lab, app)
    number.reply("STOP")
    lab.advance(minutes=1)
    number.recycle()

    sent = text(lab, app)

    assert counts(app, sent, "successful", "failed") == [0, 1]
    assert bodies(number) == []
    with pytest.raises(MisuseError, match="nobody has written to alice-sms"):
        number.reply("START")


def test_numbers_of_a_population_change_hands_at_once() -> None:
    lab = Lab()
    crowd = lab.population(20, prefix="crowd", platforms={"sms": 1.0})
    app = App(lab)
    everybody = [f"crowd-{number:06d}" for number in range(1, 21)]
    app.text(*everybody)
    lab.advance(minutes=1)
    crowd[:10].do("disconnect")
    known = [number.onesignal_id for number in crowd[:6]]
    crowd[:5].do("recycle")
    crowd_ids = [number.onesignal_id for number in crowd[:6]]

    sent = app.text(*everybody, contents={"en": "Again"})
    lab.advance(minutes=2)

    assert counts(app, sent, "successful", "errored") == [15, 5]
    assert (None in known, crowd_ids) == (False, [None] * 5 + known[5:])
    assert [len(number.inbox) for number in crowd] == [1] * 5 + [0] * 5 + [2] * 10


def test_a_run_with_numbers_that_change_hands_is_lived_again() -> None:
    lab, app, number = a_number()
    number.disconnect()
    text(lab, app)
    number.recycle()
    text(lab, app, contents={"en": "Again"})

    assert replay(lab.record()).trace.digest == lab.trace.digest
