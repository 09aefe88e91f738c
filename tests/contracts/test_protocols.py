"""Goal: what the vendors' protocols have in common holds for each, in process and over the wire.

Method: sentences about requests and answers, for the rows of protocols alone; each bench is two
labs, whose traces have one digest when the test is over.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest

from pushlab_testing.gateway_facts import WIRE_FACTS
from pushlab_testing.gateways import CoreBench

GARBAGE = ["", "no address", "../../etc/passwd", "%00", "\u00e9" * 64, "x" * 3_000]


@pytest.fixture(params=WIRE_FACTS, ids=[facts.name for facts in WIRE_FACTS])
def facts(request: pytest.FixtureRequest):
    """Return the facts of one protocol after the other."""
    return request.param


def count_arrivals(bench, device) -> int:
    """Count what came to *device*, whoever knows what it is called."""
    return sum(
        entry.kind == "MessageArrived" and entry.fields["device"] == device.name
        for entry in bench.entries()
    )


def list_verdicts(bench) -> list[str]:
    """Return what the trace says that gateways said, in order."""
    return [
        str(entry.fields["outcome"]) for entry in bench.entries() if entry.kind == "AttemptMade"
    ]


# --- verdicts --------------------------------------------------------------------------------


def test_every_attempt_leaves_one_verdict_in_the_trace(bench, facts) -> None:
    devices = bench.crowd(facts.platform, 3)

    for device in devices:
        bench.send(facts.platform, device.address)
        bench.settle()

    assert list_verdicts(bench) == ["accepted"] * 3


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(facts, id=facts.name)
        for facts in WIRE_FACTS
        if facts.gateway in {"apns", "fcm", "webpush"}
    ],
)
def test_an_attempt_at_an_address_that_nobody_has_leaves_one_too(bench, facts) -> None:
    stranger = CoreBench(seed=99).live(facts.platform, "stranger")

    bench.send(facts.platform, stranger.address)
    bench.plan_fault(facts.gateway)
    bench.send(facts.platform, stranger.address)

    said = facts.unknown[0].outcome.verdict
    assert list_verdicts(bench) == [said.lower(), "put off"]


# --- connections that are cut ----------------------------------------------------------------


@pytest.mark.parametrize("how", ["lost", "half"])
def test_an_answer_that_is_lost_has_had_its_effect(bench, facts, how) -> None:
    device = bench.live(facts.platform)
    bench.cut(facts.gateway, how)

    lost = bench.send(facts.platform, device.address)
    again = bench.send(facts.platform, device.address)
    bench.settle()

    assert (lost.verdict, again.verdict) == ("CUT", "ACCEPTED")
    assert count_arrivals(bench, device) == 2


@pytest.mark.parametrize("how", ["drop", "reset"])
def test_a_request_that_is_lost_has_none(bench, facts, how) -> None:
    device = bench.live(facts.platform)
    bench.cut(facts.gateway, how)

    lost = bench.send(facts.platform, device.address)
    again = bench.send(facts.platform, device.address)
    bench.settle()

    assert (lost.verdict, again.verdict) == ("CUT", "ACCEPTED")
    assert count_arrivals(bench, device) == 1


# --- garbage ---------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_an_address_that_is_none_is_refused_and_harms_nobody(bench, facts, garbage) -> None:
    device = bench.live(facts.platform)

    refused = bench.send(facts.platform, spoil(device.address, garbage))
    sent = bench.send(facts.platform, device.address)
    bench.settle()

    assert refused.verdict in {"BAD", "DEAD"}
    assert (sent.verdict, sent.fate, len(bench.arrivals(device))) == ("ACCEPTED", "SHOWN", 1)


def spoil(address: str, garbage: str) -> str:
    """Return *garbage* for an address; of an endpoint only what follows its host."""
    start, host, rest = address.partition("://")
    origin = f"{start}{host}{rest.partition('/')[0]}"
    return f"{origin}/{quote(garbage, safe='/%')}" if host else garbage


# --- one digest ------------------------------------------------------------------------------


def test_a_trace_that_differs_is_found(bench, facts) -> None:
    device = bench.live(facts.platform)
    bench.far.send(facts.platform, device.address)

    with pytest.raises(AssertionError, match="differ between in process and over the wire"):
        bench.close()
