"""Goal: a sender's messages leave at its rate, in virtual time, where the settings ask for that."""

from __future__ import annotations

import pytest

from pushlab_testing.twilio import Shop


def sent_at(shop: Shop, count: int, **fields: str) -> list[int]:
    """Send *count* messages; return the ms after which each left its queue."""
    for number in range(count):
        shop.send(**{**fields, "Body": f"{number} {fields.get('Body', '')}"})
    shop.lab.advance(minutes=5)
    start = shop.lab.world.clock.start
    entries = shop.lab.trace.find(["TwilioStatusChanged"])
    return [entry.at - start for entry in entries if entry.fields["status"] == "sending"]


def test_without_rates_all_leave_at_once() -> None:
    assert sent_at(Shop(), 4) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("fields", "instants"),
    [
        ({}, [1, 1_001, 2_001, 3_001]),
        ({"Body": 200 * "x"}, [1, 2_001, 4_001, 6_001]),
        ({"MediaUrl": "https://shop.test/a.png", "Body": 200 * "x"}, [1, 1_001, 2_001, 3_001]),
        ({"From": "+18885550100"}, [1, 335, 669, 1_003]),
        ({"From": "24365"}, [1, 11, 21, 31]),
    ],
)
def test_a_sender_sends_so_many_segments_a_second(fields, instants) -> None:
    assert sent_at(Shop(twilio_rates=True), 4, **fields) == instants


def test_each_sender_has_a_queue_of_its_own() -> None:
    shop = Shop(twilio_rates=True)
    shop.send()

    assert sent_at(shop, 1, From="+14155550177") == [1, 1]


def test_a_rate_is_a_setting() -> None:
    assert sent_at(Shop(twilio_rates=True, twilio_rate_long_code=4), 3) == [1, 251, 501]


def test_a_message_waits_as_queued() -> None:
    shop = Shop(twilio_rates=True)
    shop.send(Body=1_000 * "x")

    sid = shop.send()["sid"]

    assert shop.outcome(sid, seconds=6) == ("queued", None)
    assert shop.outcome(sid, seconds=60) == ("delivered", None)
