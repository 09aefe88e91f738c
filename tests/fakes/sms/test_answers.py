"""Goal: an answer of the carrier's reads like any text message and tells nobody anything."""

from __future__ import annotations

import numpy as np

from pushlab.content import Content
from pushlab.fanout import FanOut
from pushlab.gateway import Fate
from pushlab_fakes.sms.answers import Answers
from pushlab_testing.phones import Phones

NONE = np.zeros(1, np.int64)


def an_answer(text: str = "Bye") -> tuple[Phones, Answers, FanOut]:
    phones = Phones()
    row = phones.add("sms", address="+12025550111")
    answers = Answers(phones.sms.addresses)
    fan_out = FanOut(
        name="answer",
        key=1,
        owner=answers,
        content=Content(sender="+15550100"),
        collapse=0,
        sent_at=0,
        entry="NumberReplied",
        subscriptions=np.array([-1], np.int32),
        routes=phones.fleet.devices.route[[row]],
        devices=np.array([row], np.int32),
    )
    answers.send(phones.sends, fan_out, text)
    return phones, answers, fan_out


def test_an_answer_comes_from_the_number_that_was_written_to() -> None:
    _, answers, fan_out = an_answer()

    said = answers.sms_for(fan_out, 0)

    assert (said.sender, said.recipient, said.body) == ("+15550100", "+12025550111", "Bye")
    assert (said.encoding, said.segments) == ("GSM-7", 1)


def test_an_answer_is_measured_like_any_text() -> None:
    _, answers, fan_out = an_answer("ы" * 71)

    said = answers.sms_for(fan_out, 0)

    assert (said.encoding, said.segments) == ("UCS-2", 2)


def test_the_trace_names_an_answer_by_its_number() -> None:
    _, _, fan_out = an_answer()

    assert fan_out.target_name(0) == "answer:+12025550111"


def test_an_answer_says_the_same_wherever_it_is_asked_for() -> None:
    _, answers, fan_out = an_answer()

    assert answers.text_for(fan_out, 0).body == "Bye"
    assert answers.payload_for(fan_out, 0) == {"body": "Bye"}
    assert answers.mail_for(fan_out, 0).html == "Bye"


def test_nobody_hears_what_becomes_of_an_answer() -> None:
    phones, answers, fan_out = an_answer()
    before = phones.world.trace.digest

    for told in (answers.received, answers.opened, answers.clicked):
        told(fan_out, NONE)
    for lost in (answers.unsubscribed, answers.complained, answers.delivered):
        lost(fan_out, NONE, NONE)
    answers.undelivered(fan_out, NONE, NONE, np.array([Fate.UNDELIVERED], np.uint8))

    assert not answers.wants_receipts(fan_out)
    assert phones.world.trace.digest == before
