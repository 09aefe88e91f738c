"""Goal: how targets are batched, in which order they come and how time is cut changes nothing.

Method: one story is told in several ways, in worlds of one seed; the outcomes are compared. Every
entry that the story leaves names what caused it.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from pushlab_testing.gateway_facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

STORIES = [
    pytest.param(
        (facts, death, case),
        id=" ".join((facts.name, death.verb, *death.settings, *case.settings)),
    )
    for facts in FACTS
    for death in facts.deaths
    for case in facts.unknown
]
ENDINGS = (
    "AppGone",
    "MailBounced",
    "MessageArrived",
    "MessageDiscarded",
    "MessageExpired",
    "MessageNotStored",
    "MessageReplaced",
    "SmsUndelivered",
)
PAUSES_S = (0.1, 5, 7 * 86_400, 40 * 86_400)


def at_once(bench, platform, addresses, name) -> dict[str, str]:
    """Send to all in one batch; return the verdicts by address."""
    sent = bench.send(platform, *addresses, name=name)
    return dict(zip(addresses, sent.verdicts, strict=True))


def one_by_one(bench, platform, addresses, name, *, step: int) -> dict[str, str]:
    """Send to each alone, taking every *step*-th of them in turn; return verdicts by address."""
    count = len(addresses)
    order = [addresses[place * step % count] for place in range(count)]
    return {address: bench.send(platform, address, name=name).verdict for address in order}


def in_two_halves(bench, platform, addresses, name) -> dict[str, str]:
    """Send to every second one, then to the others; return the verdicts by address."""
    return {
        address: verdict
        for half in (addresses[1::2], addresses[::2])
        for address, verdict in at_once(bench, platform, half, name).items()
    }


def wait_whole(bench, seconds) -> None:
    bench.wait(seconds)


def wait_in_pieces(bench, seconds, *, pieces: int) -> None:
    """Wait in *pieces* of unequal length, and look at the world in between."""
    whole_ms = round(seconds * 1000)
    cuts_ms = [whole_ms * piece * piece // pieces**2 for piece in range(pieces + 1)]
    for start_ms, end_ms in pairwise(cuts_ms):
        bench.wait((end_ms - start_ms) / 1000)
        assert bench.digest


class Telling:
    """One telling of the story: devices in every state get messages, die and come back."""

    def __init__(self, bench, facts, death, *, send=at_once, wait=wait_whole) -> None:
        self.bench = bench
        self._facts = facts
        self._send = send
        self._wait = wait
        self._devices = bench.crowd(facts.platform, 10)
        self._death = death
        self.verdicts: list[dict[str, str]] = []

    def tell(self, strangers: list[str]) -> None:
        bench, keeping = self.bench, self._facts.keeping
        addresses = [*(device.address for device in self._devices), *strangers]
        away, dying = self._devices[2:6], self._devices[5:8]
        self._send_all("first", addresses)
        self._wait(bench, 400)
        bench.do(keeping.away, *away)
        self._send_all("second", addresses)
        bench.do(self._death.verb, *dying)
        for number, pause_s in enumerate(PAUSES_S):
            self._send_all(f"later {number}", addresses)
            self._wait(bench, pause_s)
        bench.plan_fault(self._facts.gateway, share=0.4)
        self._send_all("in an outage", addresses)
        bench.do(keeping.back, *away)
        self._wait(bench, 86_400)

    def _send_all(self, name: str, addresses: list[str]) -> None:
        self.verdicts.append(self._send(self.bench, self._facts.platform, addresses, name))

    def outcome(self) -> dict[str, object]:
        """Return all that may not depend on how the story was told."""
        bench = self.bench
        return {
            "verdicts": self.verdicts,
            "arrivals": [sorted(bench.arrivals(device)) for device in self._devices],
            "news": sorted(bench.news),
            "lines": sorted(entry.line() for entry in bench.entries()),
            "digest": bench.digest,
        }


def tell(make_bench, facts, death, case, seed=3, **how) -> Telling:
    """Tell the story in a world of its own."""
    elsewhere = make_bench(seed=99)
    strangers = [elsewhere.live(facts.platform, name).address for name in ("x", "y", "z")]
    bench = make_bench(facts, seed, **{**death.settings, **case.settings})
    telling = Telling(bench, facts, death, **how)
    telling.tell(strangers)
    return telling


@pytest.fixture(scope="module", params=STORIES)
def story(request):
    """Return facts, death and case of one story after the other."""
    return request.param


@pytest.fixture(scope="module")
def plain(make_bench, story) -> Iterator[Telling]:
    """Tell the story in one batch a message and with each wait in one piece, to be compared."""
    telling = tell(make_bench, *story)
    yield telling
    telling.bench.close()


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(partial(one_by_one, step=5), id="one by one"),
        pytest.param(in_two_halves, id="in two halves"),
    ],
)
def test_targets_of_one_batch_fare_as_in_batches_of_their_own(
    make_bench, story, plain, send
) -> None:
    parts = tell(make_bench, *story, send=send)

    assert parts.outcome() == plain.outcome()


def test_cutting_an_advance_changes_nothing(make_bench, story, plain) -> None:
    cut = tell(make_bench, *story, wait=partial(wait_in_pieces, pieces=7))

    assert cut.outcome() == plain.outcome()


def test_every_entry_about_a_message_names_what_caused_it(plain) -> None:
    entries = plain.bench.entries()

    since = {entry.id: entry.at for entry in entries}
    about = [entry for entry in entries if "notification" in entry.fields]
    caused = [entry for entry in about if entry.kind != "AttemptMade" or entry.causes]
    assert len(caused) > 20
    assert [entry.id for entry in caused if not entry.causes] == []
    assert [
        (entry.id, cause)
        for entry in caused
        for cause in entry.causes
        if since.get(cause, entry.at + 1) > entry.at
    ] == []


def test_every_target_leaves_at_most_one_entry_of_its_end(plain) -> None:
    ends = [entry.id.partition(":")[2] for entry in plain.bench.entries() if entry.kind in ENDINGS]

    assert len(ends) > 20
    assert len(set(ends)) == len(ends)


def test_a_seed_fixes_the_story_and_another_seed_tells_another(make_bench, facts) -> None:
    death, case = facts.deaths[0], facts.unknown[0]

    first, again, other = (
        tell(make_bench, facts, death, case, seed).outcome() for seed in (1, 1, 2)
    )

    assert first == again
    assert first["digest"] != other["digest"]
    assert first["arrivals"] != other["arrivals"]
