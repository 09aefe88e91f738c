"""Goal: a device is called as a lab would call it, and a slip is refused at its place."""

from __future__ import annotations

import pytest

from pushlab_scenarios.steps.device import DeviceStep
from pushlab_testing.scenarios import FILE, a_scenario, refuse_step


def test_a_device_is_named_by_its_person_and_platform() -> None:
    [step] = a_scenario().steps

    assert isinstance(step, DeviceStep)
    assert (step.name, step.platform, step.options) == (
        "alice-android",
        "android",
        {"external_id": "alice"},
    )


def test_tags_stand_as_they_are_written() -> None:
    step = a_scenario("- device: {platform: ios, name: x, tags: {level: 1.50, vip: yes}}").steps[-1]

    assert isinstance(step, DeviceStep)
    assert step.options == {"tags": {"level": "1.50", "vip": "yes"}}
    assert step.describe().endswith('tags {"level": "1.50", "vip": "yes"}')


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "device: {platform: andriod}",
            "24: platform cannot be 'andriod'; did you mean 'android'?",
        ),
        ("device: {external_id: bob}", "13: a device lacks 'platform'; write device: {platform:"),
        ("device: {platfrm: ios}", "14: a device has no 'platfrm'; did you mean 'platform'?"),
        ("device: {platform: ios}", "13: this device has no name to speak of it; give it a `name`"),
        ("device: {platform: ios, name: x, fresh: maybe}", '45: fresh is "maybe"; write true or'),
        ("device: {platform: ios, name: x, tap_chance: 5}", "50: tap_chance is 5; write a number"),
        (
            "device: {platform: web, name: x, browser: crome}",
            "47: browser cannot be 'crome'; did you mean 'chrome'?",
        ),
        ("device: {platform: ios, name: x, tags: gold}", '44: tags is "gold"; write a table of n'),
        ("device: {platform: ios, name: x, tags: {a: [1]}}", "48: the tag a is a list; write a t"),
        ("device: {platform: ios, name: x, langage: de}", "38: a device has no 'langage'; did you"),
        (
            "device: {platform: android, external_id: alice}",
            "13: there is a device 'alice-android'",
        ),
        ("device: alice", '13: a device is "alice"; write device: {platform: android'),
        ("device:", "12: a device is empty; write device: {platform: android"),
    ],
)
def test_a_slip_is_refused_at_its_place(step: str, message: str) -> None:
    assert refuse_step(step).startswith(f"{FILE}, line 5, column {message}")
