"""Goal: a browser short of power takes urgent messages alone, and the others once it is not."""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.devices.power import NETWORKS, POWERS, find_floor
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_testing.pushing import WebpushSender

URGENCIES = ("very-low", "low", "normal", "high")


class Scene:
    """A browser, and the application server that it subscribed to."""

    def __init__(self, **options: Any) -> None:
        self.lab = Lab(**options)
        self.browser = self.lab.device("web", name="it")
        self.sender = WebpushSender(self.lab)

    def push(self, urgency: str | None = None, ttl_s: int = 3_600, **headers: str) -> None:
        subscription = self.browser.push_subscription
        assert subscription is not None
        held = {"ttl": str(ttl_s), "urgency": urgency, **headers}
        answer = self.sender.push(subscription, urgency or "none", headers=held)
        assert answer.status == 201
        self.lab.run_until_idle()

    def shown(self) -> list[str | None]:
        """Return the texts that were shown so far, in order; each took the place of none."""
        found = self.lab.trace.find(["MessageArrived"])
        texts = {fan_out.name: fan_out for fan_out in self.lab.sends.live()}
        return [
            texts[str(entry.fields["notification"])]
            .owner.text_for(texts[str(entry.fields["notification"])], 0)
            .body
            for entry in found
        ]


def test_the_least_urgency_is_that_of_the_standards_table() -> None:
    floors = {
        (power, network): URGENCIES[find_floor(POWERS.index(power), NETWORKS.index(network))]
        for power in POWERS
        for network in NETWORKS
    }

    assert floors == {
        ("plugged", "wifi"): "very-low",
        ("plugged", "mobile"): "low",
        ("battery", "wifi"): "low",
        ("battery", "mobile"): "normal",
        ("low", "wifi"): "high",
        ("low", "mobile"): "high",
    }


@pytest.mark.parametrize(
    ("power", "network", "count"),
    [
        ("plugged", "wifi", 4),
        ("battery", "wifi", 3),
        ("battery", "mobile", 2),
        ("low", "wifi", 1),
    ],
)
def test_what_is_urgent_enough_comes_at_once_and_the_rest_with_the_power(
    power: str, network: str, count: int
) -> None:
    scene = Scene()
    scene.browser.set_power(power)
    scene.browser.set_network(network)

    for urgency in URGENCIES:
        scene.push(urgency)
    before = scene.shown()
    scene.browser.set_power("plugged")
    scene.browser.set_network("wifi")
    scene.lab.run_until_idle()

    assert before == list(URGENCIES[-count:])
    assert sorted(map(str, scene.shown())) == sorted(URGENCIES)


def test_a_message_without_an_urgency_is_normal() -> None:
    scene = Scene()
    scene.browser.set_power("battery")
    scene.browser.set_network("mobile")

    scene.push()
    on_battery = len(scene.shown())
    scene.browser.set_power("low")
    scene.push()

    assert (on_battery, len(scene.shown())) == (1, 1)


def test_what_is_urgent_enough_for_a_little_more_power_comes_then() -> None:
    scene = Scene()
    scene.browser.set_power("low")
    for urgency in ("very-low", "low", "normal"):
        scene.push(urgency)

    seen = []
    for change in (
        lambda: scene.browser.set_network("mobile"),
        lambda: scene.browser.set_power("battery"),
        lambda: scene.browser.set_network("wifi"),
        lambda: scene.browser.set_power("plugged"),
    ):
        change()
        scene.lab.run_until_idle()
        seen.append(scene.shown())

    assert seen == [
        [],
        ["normal"],
        ["normal", "low"],
        ["normal", "low", "very-low"],
    ]


def test_a_message_waits_for_power_no_longer_than_it_lives() -> None:
    scene = Scene()
    scene.browser.set_power("low")
    scene.push("low", ttl_s=60)

    scene.lab.advance(seconds=61)
    scene.browser.set_power("plugged")
    scene.lab.run_until_idle()

    assert scene.shown() == []
    assert len(scene.lab.trace.find(["MessageExpired"])) == 1


def test_a_message_that_may_not_wait_is_dropped() -> None:
    scene = Scene()
    scene.browser.set_power("low")

    scene.push("low", ttl_s=0)
    scene.browser.set_power("plugged")
    scene.lab.run_until_idle()

    assert scene.shown() == []
    assert len(scene.lab.trace.find(["MessageNotStored"])) == 1


def test_a_newer_message_of_a_topic_takes_the_place_of_one_that_waits_for_power() -> None:
    scene = Scene()
    scene.browser.set_power("low")

    scene.push("low", topic="score")
    scene.push("normal", topic="score")
    scene.browser.set_power("plugged")
    scene.lab.run_until_idle()

    assert scene.shown() == ["normal"]


def test_power_is_no_use_to_a_browser_that_is_offline() -> None:
    scene = Scene()
    scene.browser.set_power("low")
    scene.browser.go_offline()
    scene.push("low")
    scene.push("high")

    scene.browser.go_online()
    scene.lab.run_until_idle()
    back = scene.shown()
    scene.browser.go_offline()
    scene.browser.set_power("plugged")
    scene.lab.run_until_idle()
    charged = scene.shown()
    scene.browser.go_online()
    scene.lab.run_until_idle()

    assert (back, charged, scene.shown()) == (["high"], ["high"], ["high", "low"])


def test_what_waits_is_told_once_for_each_reason() -> None:
    scene = Scene()
    scene.browser.set_power("low")
    scene.push("low")
    scene.browser.go_offline()
    scene.browser.go_online()
    scene.browser.set_power("battery")
    scene.browser.set_network("mobile")

    kinds = [entry.kind for entry in scene.lab.trace.entries() if "Held" in entry.kind]
    assert kinds == ["MessageHeldBack"]


def test_why_says_what_a_message_waits_for() -> None:
    scene = Scene()
    scene.browser.set_power("low")
    scene.push("low")

    [reason] = scene.lab.attempts[0].why()

    assert reason.rule == "not-urgent"
    assert any(entry.startswith("MessageHeldBack:") for entry in reason.entries)


def test_every_site_of_a_browser_feels_its_power() -> None:
    scene = Scene()
    other = scene.browser.with_app(scene.lab.add_app())

    scene.browser.set_power("low")

    floors = scene.lab.fleet.devices.urgency_floor
    assert floors[scene.browser.row] == floors[other.row] == 3


def test_a_setting_switches_the_filter_off() -> None:
    scene = Scene(settings={"webpush_urgency_filter": False})
    scene.browser.set_power("low")

    scene.push("very-low")

    assert scene.shown() == ["very-low"]


def test_what_a_service_sends_by_default_comes_with_a_low_battery_too() -> None:
    from pushlab_testing.app import App

    lab = Lab()
    browser = lab.device("web", external_id="alice")
    browser.set_power("low")

    App(lab).send("alice")
    lab.advance(minutes=1)

    assert len(browser.tray) == 1


def test_a_browser_without_a_subscription_has_its_power_too() -> None:
    lab = Lab()
    browser = lab.device("web", fresh=True)

    browser.set_power("battery")

    assert browser.state["power"] == "battery"
    assert browser.push_subscription is None


@pytest.mark.parametrize(
    ("verb", "value"), [("set_power", "solar"), ("set_network", "5g"), ("set_power", "")]
)
def test_words_that_nobody_knows_are_refused(verb: str, value: str) -> None:
    with pytest.raises(MisuseError, match="is one of"):
        getattr(Scene().browser, verb)(value)


def test_a_run_with_changes_of_power_is_lived_again() -> None:
    scene = Scene()
    scene.browser.set_power("low")
    scene.push("low")
    scene.browser.set_network("mobile")
    scene.browser.set_power("plugged")
    scene.lab.run_until_idle()

    lived = replay(scene.lab.record())

    assert lived.trace.digest == scene.lab.trace.digest
