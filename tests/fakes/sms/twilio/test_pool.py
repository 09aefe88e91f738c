"""Goal: a Messaging Service writes from the sender that Twilio's rules choose.

Method: a pool and a recipient, and who of the pool is chosen; a shop for what comes of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.errors import MisuseError
from pushlab.world.ids import Ids
from pushlab_fakes.sms.twilio.accounts import Sender, Service
from pushlab_fakes.sms.twilio.numbers import find_sender_kind
from pushlab_fakes.sms.twilio.pool import choose_sender
from pushlab_testing.twilio import ALICE, SERVICE, Shop

NEAR, FAR, FREE = "+12025550199", "+14155550100", "+18005550100"
LONDON, BERLIN, CODE, NAME = "+447700900001", "+4915112345678", "24365", "SHOP 24"
BRITON = "+447700900123"


def sender(name: str, *, mms: bool = True, sms: bool = True) -> Sender:
    kind = find_sender_kind(name)
    assert kind is not None
    return Sender(name, "AC1", kind, has_mms=mms, has_sms=sms)


def choose(to: str, *pool: str | Sender, is_mms: bool = False, **service: bool) -> str | None:
    held = [each if isinstance(each, Sender) else sender(each) for each in pool]
    made = Service("MG1", "AC1", **service)  # type: ignore[arg-type]
    found = choose_sender(Ids(1), made, held, to, is_mms=is_mms, about="SM1")
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("to", "pool", "chosen"),
    [
        (ALICE, (FAR, NEAR), NEAR),
        (ALICE, (LONDON, FAR), FAR),
        (ALICE, (FAR, CODE, NEAR), CODE),
        (ALICE, (NAME, FAR), FAR),
        (ALICE, (NAME,), None),
        (ALICE, (LONDON,), LONDON),
        (BRITON, (FAR, LONDON), LONDON),
        (BRITON, (NEAR, FAR, BERLIN, LONDON), LONDON),
        (ALICE, (LONDON, BERLIN, FAR), FAR),
        (BRITON, (LONDON, NAME), NAME),
        (BRITON, (CODE, FAR), FAR),
        (BRITON, (CODE,), None),
        (BRITON, (BERLIN,), BERLIN),
        (ALICE, (), None),
    ],
)
def test_the_nearest_of_those_who_may_write_is_chosen(
    to: str, pool: tuple[str, ...], chosen: str | None
) -> None:
    assert choose(to, *pool) == chosen


def test_without_geomatch_an_area_code_is_like_any_other_of_its_country() -> None:
    people = [f"+1202555{number:04}" for number in range(40)]

    chosen = {choose(each, FAR, NEAR, area_code_geomatch=False) for each in people}

    assert chosen == {FAR, NEAR}


def test_pictures_go_by_who_can_send_them() -> None:
    assert choose(ALICE, sender(NEAR, mms=False), FAR, is_mms=True) == FAR
    assert choose(ALICE, sender(NEAR, mms=False), is_mms=True) is None
    assert choose(BRITON, NAME, LONDON, is_mms=True) == LONDON
    assert choose(ALICE, sender(NEAR, sms=False), FAR) == FAR


def test_a_recipient_stays_with_a_sender_while_it_is_in_the_pool() -> None:
    service = Service("MG1", "AC1")

    def pick(*pool: str) -> str | None:
        held = [sender(name) for name in pool]
        found = choose_sender(Ids(1), service, held, ALICE, is_mms=False, about="")
        return None if found is None else found.name

    assert [pick(FAR), pick(FAR, NEAR), pick(NEAR), pick(FAR, NEAR)] == [FAR, FAR, NEAR, NEAR]


def test_a_picture_leaves_a_sender_that_cannot_send_it() -> None:
    service = Service("MG1", "AC1")
    pool = [sender(NEAR, mms=False), sender(FAR)]

    chosen = [
        choose_sender(Ids(1), service, pool, ALICE, is_mms=is_mms, about="")
        for is_mms in (False, True)
    ]

    assert [each.name for each in chosen if each is not None] == [NEAR, FAR]


def test_without_the_sticky_sender_it_changes_from_message_to_message() -> None:
    service = Service("MG1", "AC1", sticky_sender=False)
    pool = [sender(f"+1415555010{digit}") for digit in range(5)]

    chosen = [
        choose_sender(Ids(1), service, pool, ALICE, is_mms=False, about=f"SM{number}")
        for number in range(20)
    ]

    assert len({found.name for found in chosen if found is not None}) > 2


# --- what comes of it ----------------------------------------------------------------------------


def test_a_pool_that_may_not_write_there_is_refused_at_once() -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, senders=[NAME])

    assert shop.refusal(MessagingServiceSid=SERVICE, From=None) == (21703, 400)
    assert shop.send(BRITON, MessagingServiceSid=SERVICE, From=None)["status"] == "accepted"


def test_a_picture_goes_out_by_the_number_that_can_send_it() -> None:
    shop = Shop()
    shop.lab.twilio.number(NEAR, mms=False)
    shop.lab.twilio.service(SERVICE, senders=[NEAR, FAR])
    pictures: dict[str, Any] = {"MediaUrl": "https://shop.test/cat.png", "From": None}

    sid = shop.send(MessagingServiceSid=SERVICE, **pictures)["sid"]

    assert shop.outcome(sid) == ("delivered", None)
    assert shop.fetch(sid)["from"] == FAR


TYPED = "It\u2019s \u201con\u201d\u2026"


@pytest.mark.parametrize(("smart", "body"), [(None, 'It\'s "on"...'), (False, TYPED)])
def test_a_service_replaces_look_alikes_unless_told_otherwise(
    smart: bool | None, body: str
) -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, smart_encoding=smart)

    assert shop.send(MessagingServiceSid=SERVICE, Body=TYPED)["body"] == body
    assert shop.send(Body=TYPED)["body"] == TYPED


def test_a_service_bounds_how_long_its_messages_wait() -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, validity_s=60)
    shop.lab.change_settings(twilio_rates=True)
    for _ in range(3):
        shop.send(MessagingServiceSid=SERVICE, Body=1_600 * "ы")
    shop.lab.advance(seconds=1)

    sid = shop.send(MessagingServiceSid=SERVICE)["sid"]

    assert shop.outcome(sid, seconds=61) == ("failed", 30036)
    with pytest.raises(MisuseError, match="valid for 1 to 36000 s, not 0"):
        shop.lab.twilio.service(SERVICE, validity_s=0)
