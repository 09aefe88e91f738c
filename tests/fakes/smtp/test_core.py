"""Goal: mail is refused, kept, delivered or returned as mail servers do it.

Method: mailboxes without a service; each mail is attempted at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pushlab.errors import MisuseError
from pushlab_fakes.faults import Fault
from pushlab_testing.phones import Phones

DAY_S = 86_400
DAY_MS = DAY_S * 1000


def a_mailbox(**settings: Any) -> tuple[Phones, int]:
    phones = Phones(**settings)
    return phones, phones.add("email", "alice", address="alice@example.com")


# --- verdicts --------------------------------------------------------------------------------


def test_mail_for_a_mailbox_is_accepted_and_arrives_a_little_later() -> None:
    phones, row = a_mailbox()
    sent = phones.send(row)
    before = sent.fate

    phones.wait(seconds=60)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "SHOWN")
    assert 500 <= sent.fan_out.shown_ms[0] < 60_000


def test_mail_reaches_a_mailbox_whose_owner_is_offline() -> None:
    phones, row = a_mailbox()
    phones.fleet.devices.online[row] = False
    sent = phones.send(row)

    phones.wait(seconds=60)

    assert sent.fate == "SHOWN"


def test_an_unknown_mailbox_is_refused_at_once() -> None:
    phones, row = a_mailbox()

    sent = phones.send(row, routes=[-1])
    phones.wait(days=1)

    assert sent.verdict == "BAD"
    assert phones.sender.fates == {}


def test_known_and_unknown_mailboxes_of_one_send_are_told_apart() -> None:
    phones, row = a_mailbox()
    other = phones.add("email", "bob", address="bob@example.com")
    routes = phones.fleet.devices.route[[row, other]].tolist()

    sent = phones.send(row, other, row, routes=[routes[0], -1, -1])

    assert sent.verdicts == ["ACCEPTED", "BAD", "BAD"]


def test_a_mail_larger_than_the_server_takes_is_refused() -> None:
    phones, row = a_mailbox(smtp_size_max_bytes=1_000)

    verdicts = [phones.send(row, size_bytes=size).verdict for size in (1_000, 1_001)]

    assert verdicts == ["ACCEPTED", "TOO_LARGE"]


def test_no_attempts_have_no_verdicts() -> None:
    phones, _ = a_mailbox()

    assert phones.send().verdicts == []


# --- faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (450, "PUT_OFF"),
        (421, "PUT_OFF"),
        (503, "PUT_OFF"),
        (550, "BAD"),
        (552, "TOO_LARGE"),
        (554, "REFUSED"),
    ],
)
def test_a_fault_answers_as_the_reply_means(status: int, verdict: str) -> None:
    phones, row = a_mailbox()
    phones.faults.plan(Fault(id="", where="smtp", status=status))

    sent = phones.send(row)
    phones.wait(seconds=60)

    assert (sent.verdict, sent.fate) == (verdict, "ACCEPTED")


def test_a_fault_strikes_unknown_mailboxes_too() -> None:
    phones, row = a_mailbox()
    phones.faults.plan(Fault(id="", where="smtp", status=450))

    assert phones.send(row, routes=[-1]).verdict == "PUT_OFF"


# --- full mailboxes --------------------------------------------------------------------------


def test_mail_for_a_full_mailbox_waits_and_comes_when_there_is_room() -> None:
    phones, row = a_mailbox()
    phones.do("fill", row)
    sent = phones.send(row)
    phones.wait(hours=2)
    before = sent.fate

    phones.do("empty", row)
    phones.wait(hours=3)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "STORED", "SHOWN")
    assert phones.entries("MessageStored", "MailBounced") == ["MessageStored"]


def test_mail_for_a_mailbox_that_stays_full_bounces_softly_when_the_queue_gives_up() -> None:
    phones, row = a_mailbox()
    phones.do("fill", row)
    sent = phones.send(row)

    phones.wait(hours=71)
    before = sent.fate
    phones.wait(hours=1)

    assert (before, sent.fate) == ("STORED", "SOFT_BOUNCED")
    assert phones.sender.fates == {0: "SOFT_BOUNCED"}
    (bounced,) = phones.world.trace.find(["MailBounced"])
    assert bounced.fields["outcome"] == "soft"
    assert bounced.at == sent.fan_out.sent_at + 3 * DAY_MS


def test_the_wait_grows_with_the_age_of_the_mail() -> None:
    phones, row = a_mailbox(smtp_latency_min_ms=0, smtp_latency_mean_ms=0)
    phones.do("fill", row)
    sent = phones.send(row)
    phones.wait(seconds=900 + 900 + 1)

    phones.do("empty", row)
    phones.wait(seconds=1_700)
    before = sent.fate
    phones.wait(seconds=200)

    assert (before, sent.fate) == ("STORED", "SHOWN")


def test_mail_that_waits_for_room_bounces_for_good_when_the_address_ends() -> None:
    phones, row = a_mailbox()
    phones.do("fill", row)
    sent = phones.send(row)
    phones.wait(seconds=60)

    phones.do("close", row)
    phones.wait(hours=2)

    assert sent.fate == "BOUNCED"


# --- closed and unknown mailboxes ------------------------------------------------------------


def test_mail_for_a_closed_mailbox_is_accepted_and_bounces_for_good_later() -> None:
    phones, row = a_mailbox()
    phones.do("close", row)
    sent = phones.send(row)
    before = dict(phones.sender.fates)

    phones.wait(hours=1)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", {}, "BOUNCED")
    assert phones.sender.fates == {0: "BOUNCED"}
    (bounced,) = phones.world.trace.find(["MailBounced"])
    assert (bounced.fields["outcome"], bounced.fields["device"]) == ("hard", "alice")
    assert bounced.causes == ("AttemptMade:message-1:target-0",)


def test_a_mailbox_that_closes_while_mail_is_under_way_returns_it() -> None:
    phones, row = a_mailbox()
    sent = phones.send(row)

    phones.do("close", row)
    phones.wait(hours=1)

    assert sent.fate == "BOUNCED"


def test_a_reopened_mailbox_takes_mail_again() -> None:
    phones, row = a_mailbox()
    phones.do("close", row)
    phones.do("reopen", row)

    sent = phones.send(row)
    phones.wait(hours=1)

    assert sent.fate == "SHOWN"


def test_by_setting_an_unknown_mailbox_is_found_out_later() -> None:
    phones, row = a_mailbox(smtp_late_bounce_share=1.0)

    sent = phones.send(row, routes=[-1])
    before = sent.fate
    phones.wait(hours=1)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "BOUNCED")
    assert phones.sender.fates == {0: "BOUNCED"}
    (bounced,) = phones.world.trace.find(["MailBounced"])
    assert bounced.id == "MailBounced:message-1:target-0"
    assert "device" not in bounced.fields


def test_a_share_of_unknown_mailboxes_is_found_out_later_the_same_every_time() -> None:
    runs = []
    for _ in range(2):
        phones, row = a_mailbox(smtp_late_bounce_share=0.5)
        sent = phones.send(*[row] * 400, routes=[-1] * 400)
        phones.wait(hours=1)
        runs.append((sent.verdicts, phones.world.trace.digest))

    assert runs[0] == runs[1]
    assert 150 < runs[0][0].count("ACCEPTED") < 250
    assert len(phones.sender.fates) == runs[0][0].count("ACCEPTED")


def test_cutting_the_wait_changes_nothing() -> None:
    digests = []
    for steps in (1, 37):
        phones = Phones(smtp_late_bounce_share=0.5)
        rows = phones.add_many("email", 300)
        phones.do("fill", *rows[:100])
        phones.do("close", *rows[100:200])
        phones.plan("empty", DAY_MS, *rows[:50])
        phones.send(*rows)
        for _ in range(steps):
            phones.wait(ms=4 * DAY_MS // 37 * (37 // steps))
        digests.append(phones.world.trace.digest)

    assert digests[0] == digests[1]


# --- the registry ----------------------------------------------------------------------------


def test_a_mailbox_is_found_by_its_address_and_has_it_for_a_token() -> None:
    phones, row = a_mailbox()
    route = phones.smtp.find_route("ALICE@example.com")

    assert phones.smtp.render_token(route) == "alice@example.com"
    assert phones.smtp.devices_of(np.array([route], np.int32)).tolist() == [row]
    assert phones.smtp.token_keys(np.array([route], np.int32))[0] != 0


def test_the_mailboxes_of_a_population_have_the_numbers_of_their_owners() -> None:
    phones = Phones()

    rows = phones.fleet.add_members("crowd", {"android": 2, "email": 2}, 0)

    assert phones.fleet.name_of(int(rows[3])) == "crowd-000004"
    assert phones.fleet.token_of(int(rows[3])) == "crowd-000004@example.com"


def test_a_mail_address_is_never_issued_and_never_given_up() -> None:
    phones, row = a_mailbox()
    at, route = np.array([0], np.int64), phones.fleet.devices.route[[row]]

    phones.smtp.retire(at, route)
    phones.smtp.connect(at, route)

    assert phones.send(row).verdict == "ACCEPTED"
    with pytest.raises(MisuseError, match="chosen, not issued"):
        phones.smtp.issue(np.array([row], np.int32), np.array([0], np.int16))
