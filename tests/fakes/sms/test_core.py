"""Goal: a carrier delivers, keeps, gives up, blocks and answers as documented.

Method: numbers without a service; each message is attempted at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pushlab.devices.inbox import list_texts
from pushlab.errors import MisuseError
from pushlab_fakes.faults import Fault
from pushlab_fakes.sms.keywords import HELP, START, STOP
from pushlab_testing.phones import Phones, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.content import File

SHOP, BANK = "+15550100", "+15550199"


def a_number(**settings: Any) -> tuple[Phones, int]:
    phones = Phones(**settings)
    return phones, phones.add("sms", "alice", address="+12025550111")


def send(phones: Phones, *rows: int, sender: str = SHOP) -> Sent:
    sent = phones.send(*rows, sender=sender)
    phones.wait(seconds=60)
    return sent


def reply(phones: Phones, row: int, text: str, to: str = SHOP) -> None:
    phones.world.act(lambda: phones.fleet.numbers.reply(row, text, to))
    phones.wait(seconds=60)


def texts(phones: Phones, row: int) -> list[str]:
    return [text.body for text in list_texts(phones.fleet, phones.sends, row)]


# --- delivery --------------------------------------------------------------------------------


def test_a_message_arrives_and_the_carrier_reports_it() -> None:
    phones, row = a_number()
    sent = phones.send(row, sender=SHOP)
    before = list(phones.sender.told)

    phones.wait(seconds=60)

    assert (sent.verdict, sent.fate, before) == ("ACCEPTED", "SHOWN", [])
    assert phones.sender.told == [("delivered", [0])]
    (report,) = phones.world.trace.find(["SmsDelivered"])
    assert report.causes == ("MessageArrived:message-1:target-0",)
    assert 1_000 <= sent.fan_out.shown_ms[0] < 60_000


def test_a_message_for_an_unknown_number_is_accepted_and_given_up_later() -> None:
    phones, row = a_number(sms_unknown_delay_s=30)
    sent = phones.send(row, routes=[-1])

    phones.wait(seconds=30)
    before = sent.fate
    phones.wait(ms=1)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "UNDELIVERED")
    assert phones.sender.fates == {0: "UNDELIVERED"}
    (lost,) = phones.world.trace.find(["SmsUndelivered"])
    assert lost.fields["outcome"] == "unknown number"


def test_known_and_unknown_numbers_of_one_send_are_told_apart() -> None:
    phones, row = a_number()
    route = int(phones.fleet.devices.route[row])

    sent = phones.send(row, row, routes=[route, -1])
    phones.wait(seconds=60)

    assert sent.verdicts == ["ACCEPTED", "ACCEPTED"]
    assert sent.fates == ["SHOWN", "UNDELIVERED"]


def test_no_attempts_have_no_verdicts() -> None:
    phones, _ = a_number()

    assert phones.send().verdicts == []


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, "BAD"), (401, "REFUSED"), (404, "REFUSED"), (429, "PUT_OFF")]
)
def test_a_fault_answers_as_the_carriers_api_does(status: int, verdict: str) -> None:
    phones, row = a_number()
    phones.faults.plan(Fault(id="", where="sms", status=status))

    verdicts = [phones.send(row).verdict, phones.send(row, routes=[-1]).verdict]
    phones.wait(seconds=60)

    assert verdicts == [verdict, verdict]
    assert phones.sender.fates == {}


# --- handsets that are off -------------------------------------------------------------------


def test_a_handset_that_is_off_gets_its_messages_when_it_is_on_again() -> None:
    phones, row = a_number()
    phones.do("go_offline", row)
    first, second = send(phones, row), send(phones, row)
    before = first.fate

    phones.do("go_online", row)
    phones.wait(seconds=5)

    assert (before, first.fate, second.fate) == ("STORED", "SHOWN", "SHOWN")


def test_a_message_is_kept_for_ten_hours_and_given_up_then() -> None:
    phones, row = a_number()
    phones.do("go_offline", row)
    sent = phones.send(row, sender=SHOP)

    phones.wait(ms=36_000_000 - 1)
    before = sent.fate
    phones.wait(ms=1)
    phones.do("go_online", row)
    phones.wait(hours=1)

    assert (before, sent.fate) == ("STORED", "UNDELIVERED")
    assert phones.sender.fates == {0: "UNDELIVERED"}
    (lost,) = phones.world.trace.find(["SmsUndelivered"])
    assert (lost.fields["outcome"], lost.fields["device"]) == ("handset off", "alice")


def test_a_message_that_came_in_time_is_not_given_up() -> None:
    phones, row = a_number()
    phones.do("go_offline", row)
    sent = send(phones, row)
    phones.do("go_online", row)

    phones.wait(hours=20)

    assert sent.fate == "SHOWN"
    assert phones.sender.fates == {}


def test_a_handset_that_goes_off_again_before_the_message_came_keeps_its_validity() -> None:
    phones, row = a_number()
    phones.do("go_offline", row)
    sent = send(phones, row)
    phones.do("go_online", row)
    phones.do("go_offline", row)

    phones.wait(hours=11)

    assert sent.fate == "UNDELIVERED"
    assert phones.entries("SmsUndelivered") == ["SmsUndelivered"]


def test_a_validity_that_is_shorter_than_the_way_ends_at_once() -> None:
    phones, row = a_number(sms_validity_s=0)
    phones.do("go_offline", row)

    sent = send(phones, row)

    assert sent.fate == "UNDELIVERED"


# --- keywords --------------------------------------------------------------------------------


def test_stop_blocks_the_sender_and_is_answered() -> None:
    phones, row = a_number()
    send(phones, row)

    reply(phones, row, "stop")
    sent = send(phones, row)

    assert sent.verdict == "STOPPED"
    assert texts(phones, row) == [STOP.answer, "message-1"]


def test_the_sender_hears_nothing_of_a_stop() -> None:
    phones, row = a_number()
    send(phones, row)
    before = list(phones.sender.told)

    reply(phones, row, "STOP")

    assert phones.sender.told == before


def test_a_block_holds_for_one_sender_and_one_number() -> None:
    phones, row = a_number()
    other = phones.add("sms", "bob", address="+12025550112")

    reply(phones, row, "STOP")
    sent = phones.send(row, other, sender=SHOP)

    assert sent.verdicts == ["STOPPED", "ACCEPTED"]
    assert phones.send(row, sender=BANK).verdict == "ACCEPTED"


def test_a_second_stop_gets_no_second_answer() -> None:
    phones, row = a_number()

    for word in ("STOP", "QUIT"):
        reply(phones, row, word)

    assert texts(phones, row) == [STOP.answer]


def test_start_lifts_the_block_and_is_answered() -> None:
    phones, row = a_number()
    reply(phones, row, "STOP")

    reply(phones, row, "start")

    assert texts(phones, row) == [START.answer, STOP.answer]
    assert send(phones, row).verdict == "ACCEPTED"


def test_start_without_a_block_is_not_answered() -> None:
    phones, row = a_number()

    reply(phones, row, "YES")

    assert texts(phones, row) == []


def test_help_is_answered_every_time_and_changes_nothing() -> None:
    phones, row = a_number()

    for _ in range(2):
        reply(phones, row, "help")

    assert texts(phones, row) == [HELP.answer, HELP.answer]
    assert send(phones, row).verdict == "ACCEPTED"


def test_another_text_does_nothing() -> None:
    phones, row = a_number()

    reply(phones, row, "Stop please")

    assert texts(phones, row) == []
    assert send(phones, row).verdict == "ACCEPTED"


def test_a_number_that_came_after_a_block_is_not_blocked() -> None:
    phones, row = a_number()
    reply(phones, row, "STOP")

    late = phones.add("sms", "bob", address="+12025550112")

    assert phones.send(late, sender=SHOP).verdict == "ACCEPTED"


def test_an_answer_names_the_reply_that_caused_it() -> None:
    phones, row = a_number()

    reply(phones, row, "STOP")

    (attempt,) = phones.world.trace.find(["AttemptMade"])
    (arrival,) = phones.world.trace.find(["MessageArrived"])
    (replied,) = phones.world.trace.find(["NumberReplied"])
    assert attempt.causes == (replied.id,)
    assert arrival.causes == (attempt.id,)
    assert replied.fields == {"device": "alice", "to": SHOP, "text": "STOP"}


def test_an_answer_waits_for_a_handset_that_went_off() -> None:
    phones, row = a_number()
    phones.world.act(lambda: phones.fleet.numbers.reply(row, "STOP", SHOP))
    phones.do("go_offline", row)
    phones.wait(seconds=60)
    before = texts(phones, row)

    phones.do("go_online", row)
    phones.wait(seconds=60)

    assert (before, texts(phones, row)) == ([], [STOP.answer])


def test_an_answer_that_nobody_waits_for_is_given_up_in_silence() -> None:
    phones, row = a_number()
    phones.world.act(lambda: phones.fleet.numbers.reply(row, "STOP", SHOP))
    phones.do("go_offline", row)

    phones.wait(hours=11)

    assert phones.entries("SmsUndelivered") == ["SmsUndelivered"]


# --- many at once ----------------------------------------------------------------------------


def test_many_numbers_stop_whoever_wrote_to_each_of_them_last() -> None:
    phones = Phones()
    rows = phones.add_many("sms", 4)
    send(phones, *rows[:3])
    send(phones, *rows[2:3], sender=BANK)

    phones.do("reply_stop", *rows)
    phones.wait(seconds=60)

    assert phones.send(*rows, sender=SHOP).verdicts == ["STOPPED", "STOPPED", *["ACCEPTED"] * 2]
    assert phones.send(*rows, sender=BANK).verdicts == [*["ACCEPTED"] * 2, "STOPPED", "ACCEPTED"]
    assert phones.sms.find_last_sender(int(phones.fleet.devices.route[rows[3]])) is None


def test_an_answer_to_one_of_many_names_its_reply() -> None:
    phones = Phones()
    rows = phones.add_many("sms", 2)
    send(phones, *rows)
    phones.plan("reply_stop", 1_000, *rows)
    phones.plan("reply_start", 90_000, *rows)
    phones.wait(hours=1)

    replied = phones.world.trace.find(["StopReplied", "StartReplied"])
    answers = phones.world.trace.find(["AttemptMade"])

    assert [answer.causes for answer in answers] == [(entry.id,) for entry in replied]
    assert texts(phones, rows[1]) == [START.answer, STOP.answer, "message-1"]


def test_a_handset_that_is_off_cannot_reply() -> None:
    phones, row = a_number()
    send(phones, row)
    phones.do("go_offline", row)

    phones.do("reply_stop", row)
    phones.do("go_online", row)

    assert phones.send(row, sender=SHOP).verdict == "ACCEPTED"


def test_cutting_the_wait_changes_nothing() -> None:
    digests = []
    for steps in (1, 60):
        phones = Phones()
        rows = phones.add_many("sms", 200)
        phones.do("go_offline", *rows[:80])
        phones.plan("go_online", 7_200_000, *rows[:40])
        phones.send(*rows, sender=SHOP)
        phones.wait(seconds=60)
        for place, row in enumerate(rows[100:]):
            phones.plan("reply_stop", 500 * place, row)
        for _ in range(steps):
            phones.wait(ms=43_200_000 // steps)
        digests.append(phones.world.trace.digest)

    assert digests[0] == digests[1]


# --- the registry ----------------------------------------------------------------------------


def test_a_number_is_found_and_has_itself_for_a_token() -> None:
    phones, row = a_number()
    route = phones.sms.find_route("+12025550111")

    assert phones.sms.render_token(route) == "+12025550111"
    assert phones.sms.devices_of(np.array([route], np.int32)).tolist() == [row]
    assert phones.sms.token_keys(np.array([route], np.int32))[0] != 0


def test_a_number_is_never_issued_and_never_given_up() -> None:
    phones, row = a_number()

    phones.sms.retire(np.array([0], np.int64), phones.fleet.devices.route[[row]])

    assert phones.send(row).verdict == "ACCEPTED"
    with pytest.raises(MisuseError, match="chosen, not issued"):
        phones.sms.issue(np.array([row], np.int32), np.array([0], np.int16))


# --- who listens -----------------------------------------------------------------------------


class Ears:
    """Hears replies to the shop and plans something for each, as a webhook does."""

    def __init__(self, phones: Phones) -> None:
        self.world = phones.world
        self.heard: list[tuple[int, str, str | None]] = []
        phones.sms.listener = self

    def listens_to(self, sender: str) -> bool:
        return sender == SHOP

    def hear(
        self,
        instant: int,
        number: str,
        sender: str,
        text: str,
        *,
        keyword: str | None,
        entry: str,
        files: Sequence[File],
    ) -> None:
        assert files == ()
        assert (sender, text) == (SHOP, "STOP" if keyword else "Hello")
        assert entry.endswith(f"@{instant}")
        self.world.schedule.plan(
            instant + 5, f"heard {number}", lambda: self.heard.append((instant, number, keyword))
        )


def test_who_owns_a_number_hears_each_reply_to_it() -> None:
    phones, row = a_number()
    ears = Ears(phones)
    start = phones.world.now

    reply(phones, row, "Hello", BANK)
    reply(phones, row, "Hello")
    reply(phones, row, "STOP")

    number = phones.sms.addresses.render(int(phones.fleet.devices.route[row]))
    assert ears.heard == [
        (start + 60_000, number, None),
        (start + 120_000, number, "STOP"),
    ]


def test_planned_replies_are_heard_one_by_one_at_their_instants() -> None:
    phones = Phones()
    rows = phones.add_many("sms", 3)
    send(phones, *rows)
    phones.plan("reply_stop", 1_000, *rows[:2])
    ears = Ears(phones)
    phones.fleet.hear_verbs("reply_stop")
    phones.plan("reply_stop", 2_000, rows[2])

    phones.wait(hours=1)

    assert [keyword for _, _, keyword in ears.heard] == 3 * ["STOP"]
    replied = phones.world.trace.find(["StopReplied"])
    assert [instant for instant, _, _ in ears.heard] == [entry.at for entry in replied]


def test_a_stop_counts_for_the_whole_group_of_a_sender() -> None:
    phones, row = a_number()
    phones.sms.scope_of = lambda sender: "group" if sender in (SHOP, BANK) else sender

    reply(phones, row, "STOP")

    assert phones.sms.is_stopped(BANK, "+12025550111")
    assert not phones.sms.is_stopped("+15550155", "+12025550111")
    assert not phones.sms.is_stopped(BANK, "+12025550199")
    reply(phones, row, "START", BANK)
    assert phones.send(row, sender=SHOP).verdict == "ACCEPTED"


def test_a_sender_may_know_no_word() -> None:
    phones, row = a_number()
    phones.sms.keywords_of = lambda _sender: ()

    reply(phones, row, "STOP")

    assert texts(phones, row) == []
    assert phones.send(row, sender=SHOP).verdict == "ACCEPTED"
