"""Goal: APNs accepts everything plausible, stores one per app, and reports dead tokens late.

Method: phones without a service; each message is attempted at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pushlab_fakes.apns.core import PAYLOAD_MAX
from pushlab_testing.phones import Phones

DAY_S = 86_400


def an_offline_phone(**settings: Any) -> tuple[Phones, int]:
    phones = Phones(**settings)
    row = phones.add("ios")
    phones.do("go_offline", row)
    return phones, row


def an_uninstalled_phone(seed: int = 0, **settings: Any) -> tuple[Phones, int, int]:
    phones = Phones(seed, **settings)
    row = phones.add("ios")
    route = int(phones.fleet.devices.route[row])
    phones.do("uninstall", row)
    return phones, row, route


# --- verdicts --------------------------------------------------------------------------------


def test_a_message_to_an_online_phone_is_accepted_and_arrives_a_little_later() -> None:
    phones = Phones()
    sent = phones.send(phones.add("ios"))
    before = sent.fate

    phones.wait(seconds=10)

    assert (sent.verdict, before, sent.fate) == ("ACCEPTED", "ACCEPTED", "SHOWN")


def test_a_token_that_was_never_issued_is_bad() -> None:
    phones = Phones()

    sent = phones.send(phones.add("ios"), routes=[-1])

    assert sent.verdict == "BAD"


def test_a_payload_over_4096_bytes_is_too_large() -> None:
    phones = Phones()
    row = phones.add("ios")

    verdicts = [
        phones.send(row, size_bytes=size).verdict for size in (PAYLOAD_MAX, PAYLOAD_MAX + 1)
    ]

    assert verdicts == ["ACCEPTED", "TOO_LARGE"]


# --- the registry ----------------------------------------------------------------------------


def test_a_token_leads_back_to_its_phone_in_any_case() -> None:
    phones = Phones()
    row = phones.add("ios")
    apns = phones.fleet.gateways[phones.fleet.platform_of(row).channel]

    token = phones.fleet.token_of(row)

    assert token is not None
    assert len(token) == 64
    assert apns.find_route(token.upper()) == phones.fleet.devices.route[row]
    assert apns.devices_of(np.array([apns.find_route(token), -1])).tolist() == [row, -1]


@pytest.mark.parametrize("token", ["", "0" * 64, "g" * 64, "0" * 63, "-" * 64, "0x" + "0" * 62])
def test_what_apns_never_issued_leads_nowhere(token: str) -> None:
    phones = Phones()
    row = phones.add("ios")

    assert phones.fleet.gateways[phones.fleet.platform_of(row).channel].find_route(token) == -1


# --- store and forward -----------------------------------------------------------------------


def test_only_the_newest_message_waits_for_an_offline_phone() -> None:
    phones, row = an_offline_phone()
    sent = [phones.send(row), phones.send(row, collapse_id="other"), phones.send(row)]

    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert [message.fate for message in sent] == ["REPLACED", "REPLACED", "SHOWN"]


def test_a_message_that_comes_late_does_not_replace_a_newer_one() -> None:
    phones = Phones(push_latency_min_ms=5_000)
    row = phones.add("ios")
    old = phones.send(row)
    phones.do("go_offline", row)
    new = phones.send(row)

    phones.wait(seconds=20)

    assert (old.fate, new.fate) == ("REPLACED", "STORED")


def test_ttl_zero_is_now_or_never_and_leaves_what_is_stored() -> None:
    phones, row = an_offline_phone()
    kept = phones.send(row)

    never = phones.send(row, ttl_s=0)

    assert (kept.fate, never.fate) == ("STORED", "NOT_STORED")


@pytest.mark.parametrize(
    ("ttl_s", "days", "fate"),
    [(DAY_S, 1, "EXPIRED"), (DAY_S + 1, 1, "SHOWN"), (90 * DAY_S, 30, "EXPIRED")],
)
def test_a_message_expires_with_its_ttl_after_30_days_at_most(ttl_s, days, fate) -> None:
    phones, row = an_offline_phone()
    sent = phones.send(row, ttl_s=ttl_s)

    phones.wait(days=days)
    phones.do("go_online", row)
    phones.wait(seconds=10)

    assert sent.fate == fate


def test_a_newer_message_does_not_replace_one_that_has_expired() -> None:
    phones, row = an_offline_phone()
    old = phones.send(row, ttl_s=60)
    phones.wait(seconds=60)

    new = phones.send(row)

    assert (old.fate, new.fate) == ("EXPIRED", "STORED")


def test_two_phones_have_a_place_each() -> None:
    phones = Phones()
    rows = [phones.add("ios", name) for name in ("one", "two")]
    phones.do("go_offline", *rows)

    sent = phones.send(*rows)

    assert sent.fates == ["STORED", "STORED"]


def test_many_phones_are_stored_for_as_one_is() -> None:
    phones = Phones()
    rows = phones.add_many("ios", 30)
    phones.do("go_offline", *rows)
    old, new = phones.send(*rows[:20]), phones.send(*rows)

    phones.do("go_online", *rows)
    phones.wait(seconds=10)

    assert set(old.fates) == {"REPLACED"}
    assert set(new.fates) == {"SHOWN"}


# --- dead tokens -----------------------------------------------------------------------------


def test_days_pass_between_the_first_push_after_an_uninstall_and_410() -> None:
    phones, row, route = an_uninstalled_phone(apns_never_reported=0)
    first = phones.send(row, routes=[route])
    phones.wait(days=7)
    early = phones.send(row, routes=[route])
    phones.wait(days=24)

    late = phones.send(row, routes=[route])

    assert (first.verdict, first.fate) == ("ACCEPTED", "APP_GONE")
    assert (early.verdict, late.verdict) == ("ACCEPTED", "DEAD")


def test_the_days_begin_with_a_push_and_not_with_the_uninstall() -> None:
    phones, row, route = an_uninstalled_phone(apns_never_reported=0)
    phones.wait(days=60)

    first = phones.send(row, routes=[route])
    phones.wait(days=6)
    second = phones.send(row, routes=[route])

    assert (first.verdict, second.verdict) == ("ACCEPTED", "ACCEPTED")


def test_a_push_that_is_stored_tells_apns_nothing() -> None:
    phones, row = an_offline_phone(apns_never_reported=0)
    route = int(phones.fleet.devices.route[row])
    phones.do("uninstall", row)
    phones.send(row, routes=[route])
    phones.wait(days=60)

    assert phones.send(row, routes=[route]).verdict == "ACCEPTED"


def test_later_pushes_do_not_put_410_off() -> None:
    phones, row, route = an_uninstalled_phone(
        apns_never_reported=0, apns_feedback_min_days=7, apns_feedback_max_days=7
    )
    phones.send(row, routes=[route])
    phones.wait(days=6)
    phones.send(row, routes=[route])
    phones.wait(days=1, seconds=10)

    assert phones.send(row, routes=[route]).verdict == "DEAD"


def test_some_tokens_are_never_reported() -> None:
    phones, row, route = an_uninstalled_phone(apns_never_reported=1)
    phones.send(row, routes=[route])
    phones.wait(days=300)

    assert phones.send(row, routes=[route]).verdict == "ACCEPTED"


def test_the_share_of_tokens_that_are_never_reported_is_kept() -> None:
    phones = Phones()
    rows = phones.add_many("ios", 1_000)
    routes = phones.fleet.devices.route[rows].tolist()
    phones.do("uninstall", *rows)
    phones.send(*rows, routes=routes)
    phones.wait(days=31)

    later = phones.send(*rows, routes=routes)

    assert 70 <= later.verdicts.count("ACCEPTED") <= 130


def test_a_rotated_token_is_reported_like_one_of_an_app_that_is_gone() -> None:
    phones = Phones(apns_never_reported=0)
    row = phones.add("ios")
    route = int(phones.fleet.devices.route[row])
    phones.do("rotate_token", row)

    first = phones.send(row, routes=[route])
    phones.wait(days=31)
    second = phones.send(row, routes=[route])

    assert (first.verdict, first.fate) == ("ACCEPTED", "APP_GONE")
    assert second.verdict == "DEAD"
    assert phones.send(row).verdict == "ACCEPTED"


def test_when_410_comes_is_luck_that_a_seed_fixes() -> None:
    spans = []
    for seed in (1, 1, 2):
        phones, row, route = an_uninstalled_phone(seed, apns_never_reported=0)
        phones.send(row, routes=[route])
        phones.wait(seconds=10)
        apns = phones.fleet.gateways[phones.fleet.platform_of(row).channel]
        spans.append(int(apns.tokens.dead_at[route]))  # type: ignore[attr-defined]

    assert spans[0] == spans[1] != spans[2]
