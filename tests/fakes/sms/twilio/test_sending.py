"""Goal: who may write to whom is decided as Twilio decides it; errors have a table of their own."""

from __future__ import annotations

import pytest

from pushlab_testing.twilio import ALICE, BOB, SERVICE, SHOP, Shop


def test_a_number_is_taken_however_people_write_it() -> None:
    shop = Shop()

    told = shop.send("(202) 555-0111", From="1 415 555 0100")

    assert (told["to"], told["from"]) == (ALICE, SHOP)


def test_a_number_that_somebody_here_has_is_one_whatever_the_plan_says() -> None:
    shop = Shop()
    odd = shop.lab.device("sms", address="+15550123")

    shop.send("+15550123")
    shop.lab.advance(minutes=1)

    assert odd.inbox[0].body == "Hello"


def test_a_short_code_writes_to_america_and_a_name_elsewhere() -> None:
    shop = Shop()
    shop.lab.device("sms", address="+447700900123")

    assert shop.send(From="24365")["from"] == "24365"
    assert shop.refusal("+447700900123", From="24365") == (21612, 400)
    assert shop.send("+447700900123", From="SHOP 24")["from"] == "SHOP 24"


def test_a_trial_account_writes_to_verified_numbers() -> None:
    shop = Shop()
    shop.lab.twilio.account(trial=True, verified=[ALICE])

    assert shop.send()["status"] == "queued"
    assert shop.refusal(BOB) == (21608, 400)


@pytest.mark.parametrize("prefix", ["Sent from your Twilio trial account - ", ""])
def test_a_trial_account_says_so_in_every_message(prefix) -> None:
    shop = Shop(twilio_trial_prefix=prefix)
    shop.lab.twilio.account(trial=True, verified=[ALICE])

    told = shop.send(Body="x" * 150)
    shop.lab.advance(minutes=1)

    assert told["body"] == shop.alice.inbox[0].body == prefix + "x" * 150
    assert told["num_segments"] == ("2" if prefix else "1")


@pytest.mark.parametrize("status", [400, 403])
def test_a_region_is_refused_with_the_status_of_the_setting(status) -> None:
    shop = Shop(twilio_region_status=status)
    shop.lab.twilio.account(regions=["+1"])

    assert shop.send()["status"] == "queued"
    assert shop.refusal("+447700900123") == (21408, status)


def test_a_voice_number_sends_no_mms() -> None:
    shop = Shop()
    shop.lab.twilio.number(SHOP, mms=False)

    assert shop.send()["status"] == "queued"
    assert shop.refusal(MediaUrl="https://shop.test/a.png") == (21601, 400)


def test_a_sender_named_beside_its_service_is_the_one_that_writes() -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, senders=["+14155550177", SHOP])

    told = shop.send(MessagingServiceSid=SERVICE)

    assert (told["status"], told["from"], told["messaging_service_sid"]) == (
        "accepted",
        SHOP,
        SERVICE,
    )
