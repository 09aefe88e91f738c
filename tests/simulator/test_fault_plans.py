"""Goal: what a lab's user writes of a fault is planned as it is written, and recorded so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay


def test_a_fault_is_planned_with_all_that_was_said() -> None:
    lab = Lab()
    alice = lab.device("android", external_id="alice")
    lab.device("ios", external_id="alice")

    of_device = lab.fault("fcm", status=429, share=0.5, devices=[alice], id="some")
    of_person = lab.fault("apns", person="alice", start="2026-01-02T00:00:00Z")
    late = lab.fault("webhook", how="late", delay="1h30m")
    later = lab.fault("webhook", how="repeat", delay=timedelta(minutes=2))
    outage = lab.outage("smtp", end="2026-01-03T00:00:00Z")

    assert of_device.devices == frozenset([alice.row])
    assert of_person.device_names == ("alice-android", "alice-ios")
    assert (late.delay_ms, later.delay_ms) == (5_400_000, 120_000)
    assert (outage.status, outage.document()["end"]) == (503, "2026-01-03T00:00:00.000Z")
    assert len(lab.faults.list()) == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"where": "fcm", "devices": ["nobody"]}, "there is no device 'nobody'; there are none"),
        ({"where": "fcm", "person": "nobody"}, "this fault would hit no device"),
        ({"where": "webhook", "how": "late", "delay": "soon"}, "'soon' is no duration"),
        ({"where": "moon"}, "no fault can strike at 'moon'"),
    ],
)
def test_a_fault_that_cannot_be_leaves_nothing(options: Any, words: str) -> None:
    lab = Lab()

    with pytest.raises(MisuseError) as caught:
        lab.fault(**options)

    assert words in str(caught.value)
    assert lab.faults.list() == []
    assert len(lab.record()) == 2


def test_a_device_of_another_lab_is_not_taken_for_one_here() -> None:
    lab, other = Lab(), Lab()
    lab.device("ios")
    stranger = other.device("ios")

    with pytest.raises(MisuseError, match="ios-1 is a device of another lab"):
        lab.fault("apns", devices=[stranger])
    with pytest.raises(MisuseError, match="ios-1 is a device of another lab"):
        lab.attempts.sent_to(stranger)
    with pytest.raises(MisuseError, match="ios-1 is a device of another lab"):
        lab.why("any", stranger)

    assert lab.faults.list() == []


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        ("apns handshake", [True, True, False, False]),
        ("handshake", [True, True, True, True]),
        ("smtp handshake", [False, False, False, False]),
    ],
)
def test_a_handshake_is_told_by_the_name_that_the_client_wants(
    where: str, asked: list[bool]
) -> None:
    lab = Lab()
    lab.fault(where, how="expired_certificate")
    hosts = ("api.push.apple.com", "api.sandbox.push.apple.com", "fcm.googleapis.com", "")

    assert [lab.find_handshake(host) for host in hosts] == asked
    assert lab.find_handshake("mail.shop.test", is_mail=True) is (where != "apns handshake")


def test_handshakes_are_recorded_only_while_one_may_fail() -> None:
    lab = Lab()
    lab.find_handshake("api.push.apple.com")
    before = len(lab.record())
    lab.fault("apns handshake", how="expired_certificate", times=1)

    met = [lab.find_handshake("api.push.apple.com") for _ in range(2)]
    again = replay(lab.record())

    assert (before, lab.has_handshake_faults, met) == (2, True, [True, False])
    assert [*again.trace.lines()] == [*lab.trace.lines()]
    assert [entry.id for entry in lab.trace.entries()][-1] == "FaultStruck:fault-1 apns handshake"
