"""Goal: each word begins its step, with or without something said."""

from __future__ import annotations

from pushlab_scenarios.steps import (
    AdvanceStep,
    DeviceStep,
    EndFaultStep,
    ExpectDevice,
    ExpectStatistics,
    ExpectWhy,
    FaultStep,
    ReleaseStep,
    RequestStep,
    VerbStep,
)
from pushlab_testing.scenarios import a_push, a_scenario


def test_every_word_begins_its_step() -> None:
    scenario = a_scenario(
        "- verb: {device: alice-android, do: go_offline}",
        a_push(),
        "- {advance: idle, say: Time flies.}",
        "- expect: {device: alice-android, tray: []}",
        "- expect: {message: hello, statistics: {successful: 1}}",
        "- expect: {message: hello, device: alice-android, why: offline}",
        "- fault: {id: gate, where: fcm POST /, how: hold}",
        "- release: gate",
        "- end_fault: gate",
    )

    assert [type(step) for step in scenario.steps] == [
        DeviceStep,
        VerbStep,
        RequestStep,
        AdvanceStep,
        ExpectDevice,
        ExpectStatistics,
        ExpectWhy,
        FaultStep,
        ReleaseStep,
        EndFaultStep,
    ]
    assert [step.say for step in scenario.steps if step.say] == ["Time flies."]


def test_every_step_describes_itself_in_a_line() -> None:
    scenario = a_scenario(
        "- device: {platform: ios, name: spare, fresh: true}",
        "- verb: {device: spare, do: install}",
        a_push(),
        "- advance: 5m",
        "- advance: idle",
        "- advance: {until: 2026-02-01T00:00:00Z}",
        "- verb: {device: alice-android, do: tap, message: hello}",
        "- expect: {device: alice-android, tray: [{title: Hello}]}",
        "- expect: {message: hello, statistics: {successful: 1}}",
        "- expect: {message: hello, device: alice-android, why: delivered}",
        "- fault: {where: fcm}",
        "- fault: {id: gate, where: webhook, how: hold, times: 2}",
        "- release: {hold: gate, count: 1}",
        "- release: gate",
        "- end_fault: gate",
    )

    assert [step.describe() for step in scenario.steps] == [
        "device alice-android joins: platform android, external_id alice",
        "device spare joins: platform ios, fresh true",
        "spare install",
        "your code calls POST /notifications as hello",
        "5m go by",
        "time goes on until nothing is due",
        "time goes on until 2026-02-01T00:00:00.000Z",
        "alice-android tap (message hello)",
        "alice-android: tray [{title: Hello}]",
        "hello: statistics {successful: 1}",
        "hello on alice-android: why delivered",
        "a fault at fcm",
        "a fault at webhook: id gate, how hold, times 2",
        "the hold gate lets the oldest 1 go on",
        "the hold gate lets everything go on",
        "the fault gate ends",
    ]
