"""Goal: what a gateway gives up late is told to the sender at that instant, whoever it was for."""

from __future__ import annotations

import numpy as np

from pushlab.gateway import Fate
from pushlab_fakes.undelivered import Undelivered
from pushlab_testing.phones import Phones, Sent

FATES = {"nobody there": Fate.BOUNCED, "too late": Fate.UNDELIVERED}
NOBODY_THERE, TOO_LATE = range(2)


def a_send(size: int = 2) -> tuple[Phones, Undelivered, Sent]:
    phones = Phones()
    rows = [phones.add("email", f"m{n}", address=f"m{n}@example.com") for n in range(size)]
    lost = Undelivered(
        phones.world, phones.sends, phones.fleet, "test", entry="MailBounced", fates=FATES
    )
    return phones, lost, phones.send(*rows)


def what_of(sent: Sent) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return sent.fan_out.what(np.arange(len(sent.fan_out)))


def test_each_outcome_has_its_fate_and_its_word() -> None:
    phones, lost, sent = a_send()
    what = what_of(sent)

    for place, outcome in enumerate((NOBODY_THERE, TOO_LATE)):
        lost.finish(
            np.array([phones.world.now]), sent.fan_out.devices[[place]], what[[place]], outcome
        )

    assert sent.fates == ["BOUNCED", "UNDELIVERED"]
    assert phones.sender.fates == {0: "BOUNCED", 1: "UNDELIVERED"}
    told = phones.world.trace.find(["MailBounced"])
    assert [entry.fields["outcome"] for entry in told] == ["nobody there", "too late"]


def test_nothing_to_give_up_leaves_no_trace() -> None:
    phones, lost, _ = a_send()
    before = phones.world.trace.digest
    none = np.zeros(0, np.int64)

    lost.finish(none, none.astype(np.int32), none, TOO_LATE)

    assert phones.world.trace.digest == before


def test_strays_are_given_up_when_planned_several_at_one_instant() -> None:
    phones, lost, sent = a_send()
    at = np.full(2, phones.world.now + 100, np.int64)

    phones.world.act(lambda: lost.plan_strays(at, what_of(sent)))
    phones.wait(ms=99)
    before = dict(phones.sender.fates)
    phones.wait(ms=1)

    assert (before, phones.sender.fates) == ({}, {0: "BOUNCED", 1: "BOUNCED"})
    told = phones.world.trace.find(["MailBounced"])
    assert [entry.id for entry in told] == [
        "MailBounced:message-1:target-0",
        "MailBounced:message-1:target-1",
    ]
    assert told[0].causes == ("AttemptMade:message-1:target-0",)


def digest_of_giving_up(place: int) -> str:
    phones, lost, sent = a_send()
    at = np.array([phones.world.now + 100], np.int64)
    phones.world.act(lambda: lost.plan_strays(at, what_of(sent)[[place]]))
    phones.wait(ms=100)
    return phones.world.trace.digest


def test_which_stray_was_given_up_is_in_the_digest() -> None:
    assert digest_of_giving_up(0) != digest_of_giving_up(1)


def test_strays_of_a_send_whose_arrays_are_gone_are_passed_over() -> None:
    phones, lost, sent = a_send()
    at = np.full(2, phones.world.now + 100, np.int64)
    phones.world.act(lambda: lost.plan_strays(at, what_of(sent)))

    phones.sends.close(sent.fan_out)
    phones.wait(seconds=1)

    assert phones.sender.fates == {}
