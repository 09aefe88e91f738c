"""Goal: a planned fault reads on the wire of mail as a server would say it.

Method: faults as values, and a lab whose gateway and mailboxes they are about.
"""

from __future__ import annotations

from typing import Any

import pytest

from pushlab.gateway import Verdict
from pushlab.lab import Lab
from pushlab_fakes.faults import Fault
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.faulty import find_fault_reply, find_outage, find_verdict_reply

ALICE = "alice@example.com"


def a_fault(**values: Any) -> Fault:
    return Fault(**{"id": "fault-1", "where": "smtp", **values})


def a_lab() -> Lab:
    lab = Lab()
    for name in ("alice", "bob"):
        lab.device("email", name=name, address=f"{name}@example.com", fresh=True)
    return lab


def ask(lab: Lab, address: str = ALICE, verdict: Verdict | None = None) -> str | None:
    gateway = lab.services._smtp
    route = gateway.find_route(address)
    said = find_fault_reply(lab.faults, gateway, route, lab.world.now, verdict)
    return None if said is None else said.text


# --- what a status says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (421, "421 4.3.2 mx.pushlab.test Service shutting down"),
        (450, "450 4.7.1 Greylisted, please try again later"),
        (452, "452 4.3.1 Insufficient system storage"),
        (550, "550 5.1.1 No such user here"),
        (554, "554 5.7.1 Message rejected due to local policy"),
        (503, "421 4.3.2 mx.pushlab.test Service shutting down"),
        (500, "451 4.3.0 Local error in processing, try again later"),
        (404, "550 5.1.1 No such user here"),
        (413, "552 5.3.4 Message size exceeds fixed limit"),
        (429, "421 4.7.0 mx.pushlab.test Rate limit exceeded, try again later"),
        (441, "441 4.0.0 Refused"),
        (599, "599 5.0.0 Refused"),
    ],
)
def test_a_status_of_mail_or_of_the_web_is_said_as_a_mail_server_does(
    status: int, text: str
) -> None:
    assert find_verdict_reply(a_fault(status=status)).text == text


@pytest.mark.parametrize(
    ("status", "reason", "text"),
    [
        (550, "5.7.1 Not from you", "550 5.7.1 Not from you"),
        (550, "Not from you", "550 5.1.1 Not from you"),
        (441, "No answer from host", "441 4.0.0 No answer from host"),
        (550, "5.7.1 Not\r\n250 Ok", "550 5.7.1 Not 250 Ok"),
        (429, "4.7.0 Slow down", "421 4.7.0 Slow down"),
    ],
)
def test_a_reason_is_said_in_its_place_with_its_own_code_if_it_has_one(
    status: int, reason: str, text: str
) -> None:
    assert find_verdict_reply(a_fault(status=status, reason=reason)).text == text


@pytest.mark.parametrize(
    ("status", "closes"), [(421, True), (503, True), (429, True), (550, False)]
)
def test_a_server_that_shuts_down_hangs_up(status: int, closes: bool) -> None:
    fault = a_fault(status=status, reason="4.3.2 Later")

    assert find_verdict_reply(fault).closes is closes


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.ACCEPTED])
def test_every_verdict_that_says_no_has_a_reply(verdict: Verdict) -> None:
    said = find_verdict_reply(verdict)

    assert said.is_refusal
    assert said.is_final == (verdict is not Verdict.PUT_OFF)


# --- outages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "is_outage"),
    [
        ({"status": 503}, True),
        ({"status": 421}, True),
        ({"status": 451}, False),
        ({"status": 503, "share": 0.5}, False),
        ({"status": 503, "devices": ["alice"]}, False),
        ({"status": 503, "end": "2025-12-31T00:00:00Z"}, False),
        ({"status": 503, "start": "2026-01-02T00:00:00Z"}, False),
    ],
)
def test_an_outage_meets_everybody_at_the_greeting(values: dict[str, Any], is_outage: bool) -> None:
    lab = a_lab()
    lab.fault("smtp", **values)

    assert (find_outage(lab.faults, lab.world.now) == replies.CLOSING) is is_outage


def test_an_outage_of_another_gateway_is_none_of_mail() -> None:
    lab = a_lab()
    lab.outage("apns")

    assert find_outage(lab.faults, lab.world.now) is None


# --- one mailbox ---------------------------------------------------------------------------------


def test_a_fault_of_one_mailbox_leaves_the_others_alone() -> None:
    lab = a_lab()
    lab.fault("smtp", status=553, devices=["alice"])

    assert ask(lab) == "553 5.1.3 Mailbox name not allowed"
    assert ask(lab, "bob@example.com") is None
    assert ask(lab, "nobody@example.com") is None


def test_a_fault_that_hits_a_share_is_not_known_before_the_mail() -> None:
    lab = a_lab()
    lab.fault("smtp", status=554, share=0.5)

    assert ask(lab) is None
    assert ask(lab, verdict=Verdict.REFUSED) == "554 5.7.1 Message rejected due to local policy"


def test_of_several_faults_the_one_that_led_to_the_verdict_is_told() -> None:
    lab = a_lab()
    lab.fault("smtp", status=452, share=0.5)
    lab.fault("smtp", status=552, share=0.5)
    lab.fault("smtp", status=556, share=0.5)

    assert [
        ask(lab, verdict=each) for each in (Verdict.PUT_OFF, Verdict.TOO_LARGE, Verdict.BAD)
    ] == [
        "452 4.3.1 Insufficient system storage",
        "552 5.3.4 Message size exceeds fixed limit",
        "556 5.1.10 Recipient's domain accepts no mail (null MX)",
    ]
    assert ask(lab, verdict=Verdict.REFUSED) is None


def test_a_fault_that_is_over_or_ended_says_nothing() -> None:
    lab = a_lab()
    fault = lab.fault("smtp", status=550, end="2026-01-01T01:00:00Z")
    before = ask(lab)
    lab.advance(hours=1)
    over = ask(lab)
    lab.fault("smtp", status=550, id="other")
    lab.end_fault("other")
    lab.end_fault(fault)

    assert (before, over, ask(lab)) == ("550 5.1.1 No such user here", None, None)
