"""Goal: FCM accepts, stores, collapses, discards and reports dead tokens as documented.

Method: phones without a service; each message is attempted at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pushlab_fakes.fcm.core import PAYLOAD_MAX
from pushlab_testing.phones import Phones

DAY_S = 86_400


def an_offline_phone(**settings: Any) -> tuple[Phones, int]:
    phones = Phones(**settings)
    row = phones.add("android")
    phones.do("go_offline", row)
    return phones, row


# --- verdicts --------------------------------------------------------------------------------


def test_a_message_to_an_online_phone_is_accepted_and_arrives_a_little_later() -> None:
    phones = Phones()
    sent = phones.send(phones.add("android"))
    before = sent.fate

    phones.wait(seconds=10)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "SHOWN")
    assert 30 <= sent.fan_out.shown_ms[0] < 10_000


def test_a_token_that_was_never_issued_is_bad() -> None:
    phones = Phones()

    sent = phones.send(phones.add("android"), routes=[-1])

    assert sent.verdict == "BAD"


def test_a_payload_over_4096_bytes_is_too_large() -> None:
    phones = Phones()
    row = phones.add("android")

    verdicts = [
        phones.send(row, size_bytes=size).verdict for size in (PAYLOAD_MAX, PAYLOAD_MAX + 1)
    ]

    assert verdicts == ["ACCEPTED", "TOO_LARGE"]


def test_no_attempts_have_no_verdicts() -> None:
    phones = Phones()
    row = phones.add("android")

    sent = phones.send()

    assert sent.verdicts == []
    assert phones.send(row).verdict == "ACCEPTED"


# --- the registry ----------------------------------------------------------------------------


def test_a_token_leads_back_to_its_phone() -> None:
    phones = Phones()
    row = phones.add("android")
    fcm = phones.fleet.gateways[phones.fleet.platform_of(row).channel]

    token = phones.fleet.token_of(row)

    assert token is not None
    assert len(token) == 163
    assert fcm.find_route(token) == phones.fleet.devices.route[row]
    assert fcm.devices_of(np.array([fcm.find_route(token), -1])).tolist() == [row, -1]


@pytest.mark.parametrize(
    "change", [str.upper, lambda token: token[:-1], lambda _: "", str.swapcase]
)
def test_a_changed_token_leads_nowhere(change) -> None:
    phones = Phones()
    row = phones.add("android")
    fcm = phones.fleet.gateways[phones.fleet.platform_of(row).channel]

    assert fcm.find_route(change(phones.fleet.token_of(row))) == -1


# --- store and forward -----------------------------------------------------------------------


def test_a_message_for_an_offline_phone_waits_and_arrives_when_it_is_back() -> None:
    phones, row = an_offline_phone()
    sent = phones.send(row)
    before = sent.fate

    phones.wait(hours=1)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert (before, sent.fate) == ("STORED", "SHOWN")


def test_a_message_under_way_is_stored_when_its_phone_goes_offline() -> None:
    phones = Phones()
    row = phones.add("android")
    sent = phones.send(row)

    phones.do("go_offline", row)
    phones.wait(seconds=10)

    assert sent.fate == "STORED"


def test_ttl_zero_is_now_or_never() -> None:
    phones, row = an_offline_phone()

    sent = phones.send(row, ttl_s=0)

    assert (sent.verdict, sent.fate) == ("ACCEPTED", "NOT_STORED")


def test_a_message_expires_with_its_ttl() -> None:
    phones, row = an_offline_phone()
    short, long = phones.send(row, ttl_s=60), phones.send(row, ttl_s=61)

    phones.wait(seconds=60)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert (short.fate, long.fate) == ("EXPIRED", "SHOWN")


def test_nothing_is_stored_for_more_than_28_days() -> None:
    phones, row = an_offline_phone()
    sent = phones.send(row, ttl_s=60 * DAY_S)

    phones.wait(days=28)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert sent.fate == "EXPIRED"


def test_a_hundred_messages_wait_and_one_more_discards_all() -> None:
    phones, row = an_offline_phone()
    sent = [phones.send(row) for _ in range(100)]
    before = {message.fate for message in sent}

    last = phones.send(row)

    assert before == {"STORED"}
    assert {message.fate for message in [*sent, last]} == {"DISCARDED"}


def test_after_the_discard_the_next_message_waits_again() -> None:
    phones, row = an_offline_phone(fcm_stored_max=2)
    for _ in range(3):
        phones.send(row)

    fresh = phones.send(row)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert fresh.fate == "SHOWN"


def test_what_has_expired_no_longer_counts_as_stored() -> None:
    phones, row = an_offline_phone(fcm_stored_max=2)
    old, kept = phones.send(row, ttl_s=60), phones.send(row, ttl_s=600)
    phones.wait(seconds=60)

    new = phones.send(row)

    assert [message.fate for message in (old, kept, new)] == ["EXPIRED", "STORED", "STORED"]


def test_the_discard_of_one_phone_leaves_the_others() -> None:
    phones = Phones(fcm_stored_max=1)
    rows = [phones.add("android", name) for name in ("one", "two")]
    phones.do("go_offline", *rows)
    first = phones.send(rows[0])

    both = phones.send(*rows)

    assert first.fate == "DISCARDED"
    assert both.fates == ["DISCARDED", "STORED"]


def test_the_newest_of_a_collapse_key_replaces_the_one_before() -> None:
    phones, row = an_offline_phone()
    old, other = phones.send(row, collapse_id="score"), phones.send(row, collapse_id="news")
    new = phones.send(row, collapse_id="score")

    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert [message.fate for message in (old, other, new)] == ["REPLACED", "SHOWN", "SHOWN"]


def test_a_fifth_collapse_key_evicts_the_oldest() -> None:
    phones, row = an_offline_phone()
    sent = [phones.send(row, collapse_id=f"key {number}") for number in range(4)]

    fifth = phones.send(row, collapse_id="one more")

    assert [message.fate for message in sent] == ["REPLACED", "STORED", "STORED", "STORED"]
    assert fifth.fate == "STORED"


def test_an_expired_message_makes_room_for_a_fifth_key() -> None:
    phones, row = an_offline_phone()
    first = phones.send(row, collapse_id="first")
    second = phones.send(row, collapse_id="second", ttl_s=60)
    for number in range(2):
        phones.send(row, collapse_id=f"key {number}")
    phones.wait(seconds=60)

    phones.send(row, collapse_id="one more")

    assert (first.fate, second.fate) == ("STORED", "EXPIRED")


def test_collapsible_messages_do_not_count_among_the_hundred() -> None:
    phones, row = an_offline_phone(fcm_stored_max=1)
    plain, keyed = phones.send(row), phones.send(row, collapse_id="score")

    assert (plain.fate, keyed.fate) == ("STORED", "STORED")


def test_many_phones_are_stored_for_as_one_is() -> None:
    phones = Phones(fcm_stored_max=2, fcm_collapse_keys_max=2)
    rows = phones.add_many("android", 30)
    phones.do("go_offline", *rows)
    plain = [phones.send(*rows[:20]), phones.send(*rows), phones.send(*rows)]
    keyed = [phones.send(*rows, collapse_id=f"{number}") for number in (1, 2, 1, 3)]

    fates = [sorted(set(sent.fates)) for sent in (*plain, *keyed)]

    assert fates[:3] == [["DISCARDED"], ["DISCARDED", "STORED"], ["DISCARDED", "STORED"]]
    assert fates[3:] == [["REPLACED"], ["REPLACED"], ["STORED"], ["STORED"]]
    assert plain[2].fates == ["DISCARDED"] * 20 + ["STORED"] * 10


# --- dead tokens -----------------------------------------------------------------------------


def test_the_first_send_after_an_uninstall_is_accepted_and_the_second_refused() -> None:
    phones = Phones()
    row = phones.add("android")
    route = int(phones.fleet.devices.route[row])
    phones.do("uninstall", row)

    first = phones.send(row, routes=[route])
    phones.wait(seconds=10)
    second = phones.send(row, routes=[route])

    assert (first.verdict, first.fate) == ("ACCEPTED", "APP_GONE")
    assert second.verdict == "DEAD"


def test_an_uninstall_while_offline_is_found_out_after_the_phone_is_back() -> None:
    phones, row = an_offline_phone()
    route = int(phones.fleet.devices.route[row])
    phones.do("uninstall", row)

    stored = phones.send(row, routes=[route])
    phones.wait(days=1)
    still = phones.send(row, routes=[route])
    phones.do("go_online", row)
    found = phones.send(row, routes=[route])
    phones.wait(seconds=10)
    last = phones.send(row, routes=[route])

    assert (stored.fate, still.verdict, found.fate) == ("APP_GONE", "ACCEPTED", "APP_GONE")
    assert last.verdict == "DEAD"


@pytest.mark.parametrize("verb", ["rotate_token", "clear_data"])
def test_a_token_that_the_phone_gave_up_is_dead_at_once(verb: str) -> None:
    phones = Phones()
    row = phones.add("android")
    route = int(phones.fleet.devices.route[row])

    phones.do(verb, row)

    assert phones.send(row, routes=[route]).verdict == "DEAD"


def test_a_message_under_way_to_a_rotated_token_finds_no_app() -> None:
    phones = Phones()
    row = phones.add("android")
    sent = phones.send(row)

    phones.do("rotate_token", row)
    phones.wait(seconds=10)

    assert sent.fate == "APP_GONE"


def test_the_new_token_after_a_rotation_works() -> None:
    phones = Phones()
    row = phones.add("android")
    before = phones.fleet.token_of(row)
    phones.do("rotate_token", row)

    sent = phones.send(row)
    phones.wait(seconds=10)

    assert phones.fleet.token_of(row) != before
    assert sent.fate == "SHOWN"


def test_a_token_is_dead_after_270_days_without_a_connection() -> None:
    phones, row = an_offline_phone()
    phones.wait(days=269)
    before = phones.send(row)
    phones.wait(days=1)

    after = phones.send(row)

    assert (before.verdict, after.verdict) == ("ACCEPTED", "DEAD")
