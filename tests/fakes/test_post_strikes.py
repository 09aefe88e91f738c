"""Goal: webhooks are lost, unheard, repeated, late or held, and their senders act on it.

Method: Twilio's callbacks to a mounted shop, since Twilio tries again and keeps a log of errors.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab_scenarios.replay import replay
from pushlab_testing.twilio import ALICE, HOOK, SHOP, Shop

PLACE = "webhook https://shop.test"
STATUSES = ["sent", "delivered"]


class Scene(Shop):
    """A shop that hears of its text messages."""

    def text(self, body: str = "Hello") -> None:
        """Send a text whose status is posted to the shop."""
        form = {"To": ALICE, "From": SHOP, "Body": body, "StatusCallback": HOOK}
        assert self.request("POST", "/Messages.json", form).status == 201

    @property
    def heard(self) -> list[str]:
        """The statuses that came, in order."""
        return [call["MessageStatus"] for call in self.calls]

    def strikes(self) -> list[str]:
        """Return which faults struck, in order."""
        kinds = [entry for entry in self.lab.trace.entries() if entry.kind == "FaultStruck"]
        return [str(entry.fields["outcome"]) for entry in kinds]


def test_without_a_fault_the_shop_hears_everything_once() -> None:
    scene = Scene()

    scene.text()
    scene.lab.advance(minutes=1)

    assert scene.heard == STATUSES


def test_a_lost_webhook_never_arrives_and_its_sender_tries_again() -> None:
    scene = Scene()
    scene.lab.fault(PLACE, how="lost", times=1)

    scene.text()
    scene.lab.advance(minutes=1)

    lost, *others = scene.lab.webhooks
    assert sorted(scene.heard) == sorted(STATUSES)
    assert (lost.status, lost.error) == (None, "lost on its way")
    assert [each.status for each in others] == [204, 204]
    assert scene.lab.list_problems() == []


def test_a_shop_that_hears_nothing_at_all_is_in_twilios_log() -> None:
    scene = Scene()
    scene.lab.fault(PLACE, how="lost")

    scene.text()
    scene.lab.advance(minutes=1)

    assert scene.heard == []
    assert {alert.code for alert in scene.lab.twilio.alerts} == {11205}
    assert scene.lab.list_problems() == []


def test_a_dropped_answer_makes_the_sender_come_twice() -> None:
    """What a handler that is not idempotent gets wrong."""
    scene = Scene()
    scene.lab.fault(PLACE, how="drop", times=1)

    scene.text()
    scene.lab.advance(minutes=1)

    assert scene.heard == ["sent", "sent", "delivered"]
    assert scene.lab.webhooks[0].error == "its answer was lost on its way"
    assert scene.lab.list_problems() == []


@pytest.mark.parametrize(("delay", "heard"), [(None, [*STATUSES, "sent"]), ("5m", None)])
def test_a_repeated_webhook_comes_twice(delay: str | None, heard: list[str] | None) -> None:
    scene = Scene()
    scene.lab.fault(PLACE, how="repeat", times=1, delay=delay)

    scene.text()
    scene.lab.advance(minutes=1)
    early = [*scene.heard]
    scene.lab.advance(minutes=10)

    assert sorted(scene.heard) == ["delivered", "sent", "sent"]
    if heard is None:
        assert (early, scene.heard[-1]) == (STATUSES, "sent")
    else:
        assert scene.heard[:2] == ["sent", "sent"]


def test_what_is_said_to_a_repeated_webhook_is_nobodys_business() -> None:
    scene = Scene()
    scene.lab.fault(PLACE, how="repeat", times=1)
    scene.answers += [204, 500]

    scene.text()
    scene.lab.advance(minutes=1)

    assert [webhook.status for webhook in scene.lab.webhooks] == [204, 500, 204]
    assert scene.lab.twilio.alerts == []


def test_a_late_webhook_is_overtaken_and_time_does_not_wait() -> None:
    scene = Scene()
    scene.lab.fault(PLACE, how="late", delay="10m", times=1)

    scene.text()
    scene.lab.advance(minutes=9)
    early = [*scene.heard]
    scene.lab.run_until_idle()

    assert early == ["delivered"]
    assert scene.heard == ["delivered", "sent"]


def test_webhooks_come_in_another_order_by_the_luck_of_the_seed() -> None:
    def hear(seed: int) -> list[str]:
        scene = Scene(seed)
        scene.lab.fault(PLACE, how="late", delay="1m", share=0.5)
        for number in range(6):
            scene.text(str(number))
        scene.lab.advance(minutes=10)
        return [f"{call['MessageSid'][-4:]} {call['MessageStatus']}" for call in scene.calls]

    assert hear(1) == hear(1)
    assert len(hear(1)) == 12
    assert hear(1) != sorted(hear(1), key=lambda each: each.endswith("delivered"))


def test_a_held_webhook_waits_for_its_release_and_time_goes_on() -> None:
    scene = Scene()
    hold = scene.lab.hold(PLACE)

    scene.text()
    scene.lab.advance(hours=1)
    parked = hold.parked
    before = [*scene.heard]
    hold.release()
    unmoved = [*scene.heard]
    scene.lab.advance(seconds=0)

    assert [held.what for held in parked] == ["webhook https://shop.test/hook"] * 2
    assert (before, unmoved) == ([], [])
    assert scene.heard == STATUSES


def test_held_webhooks_go_on_one_by_one() -> None:
    scene = Scene()
    hold = scene.lab.hold(PLACE)
    scene.text()
    scene.lab.advance(minutes=1)

    hold.release(1)
    scene.lab.advance(minutes=1)
    first = [*scene.heard]
    hold.release()
    scene.lab.advance(minutes=1)

    assert (first, scene.heard) == (["sent"], STATUSES)


@pytest.mark.parametrize(
    ("place", "struck"),
    [
        ("webhook", 2),
        ("webhook https://shop.test/hook", 2),
        ("webhook https://shop.test/other", 0),
        ("webhook http://shop.test", 0),
    ],
)
def test_a_webhook_is_struck_by_its_url(place: str, struck: int) -> None:
    scene = Scene()
    scene.lab.fault(place, how="repeat")

    scene.text()
    scene.lab.advance(minutes=1)

    assert len(scene.strikes()) == struck
    assert len(scene.heard) == 2 + struck


def test_what_a_query_carries_is_not_in_the_name_of_the_strike() -> None:
    scene = Scene()
    scene.lab.fault("webhook", how="repeat", times=1)
    form = {"To": ALICE, "From": SHOP, "Body": "x", "StatusCallback": f"{HOOK}?secret=1"}

    scene.request("POST", "/Messages.json", form)
    scene.lab.advance(minutes=1)

    (struck,) = [entry for entry in scene.lab.trace.entries() if entry.kind == "FaultStruck"]
    assert struck.fields["route"] == "webhook https://shop.test/hook"
    assert struck.causes[0] == "FaultPlanned:fault-1"


@pytest.mark.parametrize(
    "options",
    [
        {"how": "lost", "times": 1},
        {"how": "lost"},
        {"how": "drop", "times": 1},
        {"how": "repeat", "delay": "3m"},
        {"how": "late", "delay": "90s", "share": 0.5},
        {"how": "hold", "id": "gate"},
    ],
)
def test_a_run_whose_webhooks_go_astray_is_lived_again(options: Any) -> None:
    scene = Scene()
    scene.lab.fault(PLACE, **options)
    for number in range(3):
        scene.text(str(number))
    scene.lab.advance(minutes=10)
    if options["how"] == "hold":
        scene.lab.release("gate", 2)
        scene.lab.advance(minutes=1)
        scene.lab.end_fault("gate")
    scene.lab.advance(minutes=10)

    again = replay(scene.lab.record())

    assert list(again.trace.lines()) == list(scene.lab.trace.lines())
    assert again.record() == scene.lab.record()
