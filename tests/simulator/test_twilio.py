"""Goal: a test says what Twilio's console holds, in words that are checked and recorded."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.errors import MisuseError
from pushlab_scenarios.replay import replay
from pushlab_testing.twilio import ALICE, HOOK, SERVICE, SHOP, SID, TOKEN, Shop

XML = {"content-type": "text/xml"}


def test_messages_are_shown_newest_first() -> None:
    shop = Shop()
    shop.send(Body="One")
    shop.send(Body="Two")

    assert [message["body"] for message in shop.lab.twilio.messages] == ["Two", "One"]


def test_the_token_is_the_adopted_one() -> None:
    shop = Shop()
    before = shop.lab.twilio.auth_token
    other = Shop()
    other.send()

    assert len(before) == 32
    assert other.lab.twilio.auth_token == TOKEN


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        ("account", {"sid": "SM1"}, "begins with AC"),
        ("account", {"verified": ["nobody"]}, "is no number"),
        ("number", {"number": "this is no sender!"}, "can send no text message"),
        ("number", {"number": SHOP, "sms_url": HOOK, "sms_method": "PUT"}, '"GET" or "POST"'),
        ("number", {"number": SHOP, "keywords": {"GO": {}}}, "keywords are STOP, START, HELP"),
        ("number", {"number": SHOP, "keywords": {"STOP": {"word": "A"}}}, "words and an answer"),
        ("number", {"number": SHOP, "keywords": {"STOP": {"words": "A"}}}, "are a list"),
        ("service", {"sid": "SM1"}, "begins with MG"),
        ("line", {"number": ALICE, "state": "broken"}, "a line is one of mobile, landline"),
    ],
)
def test_a_mistake_says_what_to_write(call, arguments, words) -> None:
    with pytest.raises(MisuseError, match=words):
        getattr(Shop().lab.twilio, call)(**arguments)


def test_a_record_names_what_was_set_up_and_no_other_call() -> None:
    with pytest.raises(MisuseError, match="nothing of Twilio is set up by 'messages'"):
        Shop().lab.twilio.apply("messages", {})


def test_what_was_set_up_is_in_the_trace_without_its_token() -> None:
    shop = Shop()

    shop.lab.twilio.account(SID, auth_token="hidden-token")
    shop.lab.twilio.number(SHOP, sms_url=HOOK)

    first, second = shop.lab.trace.find(["TwilioSetUp"])
    assert first.id == f"TwilioSetUp:account {SID}"
    assert "hidden-token" not in "".join(shop.lab.trace.lines())
    set_up: Any = second.fields["set_up"]
    assert set_up["sms_url"] == HOOK


def test_a_run_with_callbacks_and_replies_is_lived_again_to_the_same_digest() -> None:
    shop = Shop(twilio_rates=True)
    shop.lab.twilio.account(SID, auth_token=TOKEN, trial=True, verified=[ALICE])
    shop.lab.twilio.number(SHOP, sms_url=HOOK)
    shop.lab.twilio.service(SERVICE, senders=[SHOP], advanced_opt_out=True)
    shop.lab.twilio.line("+12025550133", "landline")
    shop.lab.twilio.application("AP1", status_callback=HOOK)
    shop.answers = [204, 204, (200, "<Response><Message>Hi</Message></Response>", XML), 500]
    shop.send(ApplicationSid="AP1")
    shop.lab.advance(minutes=1)
    shop.alice.reply("Hello?", to=SHOP)
    shop.lab.advance(minutes=1)
    shop.alice.reply("STOP", to=SHOP)
    shop.lab.advance(minutes=1)

    lines = shop.lab.record()
    again = replay(lines)

    assert [text.body for text in again.devices[0].inbox] == [
        text.body for text in shop.alice.inbox
    ]
    assert [alert.code for alert in again.twilio.alerts] == [11200]
    assert TOKEN not in "\n".join(lines)
