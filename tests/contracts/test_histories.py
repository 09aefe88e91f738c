"""Goal: whatever happens in whatever order, every target has one fate and arrives once at most.

Method: random histories of sends, absences, deaths and waits at each gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from pushlab_testing.gateway_facts import FACTS

if TYPE_CHECKING:
    from pushlab_testing.gateway_facts import Death, Facts
    from pushlab_testing.gateways import Bench, Device, Sent

COUNT = 4
STRANGER = COUNT
"""Stands for an address that nobody has."""
LONG_S = 400 * 86_400
REFUSED = {
    "DEAD": "DEAD_TOKEN",
    "BAD": "BAD_TOKEN",
    "TOO_LARGE": "TOO_LARGE",
    "PUT_OFF": "RETRYING",
    "STOPPED": "STOPPED",
}
LOST = {"APP_GONE", "BOUNCED", "DISCARDED", "EXPIRED", "NOT_STORED", "REPLACED"}
LOST |= {"SOFT_BOUNCED", "UNDELIVERED"}
LATE = {"BOUNCED", "SOFT_BOUNCED", "UNDELIVERED"}


def steps() -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw one thing that happens."""
    places = st.lists(st.integers(0, STRANGER), min_size=1, max_size=5, unique=True)
    device = st.integers(0, COUNT - 1)
    return st.one_of(
        st.tuples(st.just("send"), places, st.sampled_from([LONG_S, 0, 60, 3_600]), st.booleans()),
        st.tuples(st.sampled_from(["leave", "come_back", "go_offline", "go_online"]), device),
        st.tuples(st.sampled_from(["die", "revive"]), device),
        st.tuples(st.just("outage"), st.sampled_from([1, 60])),
    )


def gaps() -> st.SearchStrategy[float]:
    """Draw how many seconds nothing happens."""
    return st.sampled_from(
        [0, 0.001, 0.03, 0.2, 1, 2, 8, 60, 900, 3_600, 36_000, 72 * 3_600, 8 * 86_400, 31 * 86_400]
    )


def histories() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Draw a history: what happens, each with the gap after it."""
    return st.lists(st.tuples(steps(), gaps()), min_size=1, max_size=16)


def rows() -> st.SearchStrategy[tuple[Facts, Death]]:
    """Draw a platform and a way in which its addresses die."""
    return st.sampled_from([(facts, death) for facts in FACTS for death in facts.deaths])


class Telling:
    """One telling of a history, checked at every step."""

    def __init__(self, make_bench, facts: Facts, death: Death) -> None:
        self.bench: Bench = make_bench(facts, 5, **death.settings)
        self._facts = facts
        self._death = death
        self.devices: list[Device] = self.bench.crowd(facts.platform, COUNT)
        stranger = make_bench(seed=99).live(facts.platform, "stranger")
        self._addresses = [*(device.address for device in self.devices), stranger.address]
        self._dead: set[int] = set()
        self._fates = {"ACCEPTED", "STORED", "SHOWN", *LOST}
        if death.is_queued:
            self._fates.add("RETRYING")
        self._sent: list[tuple[Sent, list[str]]] = []

    def tell(self, history) -> None:
        """Live the whole history, and check it after each step and once all is settled."""
        for (kind, *details), gap_s in history:
            getattr(self, f"_{kind}")(*details)
            self._check()
            self.wait(gap_s)
            self._check()
        for verb in (self._facts.keeping.back, "go_online"):
            self.bench.do(verb, *self.devices)
        self.bench.settle()
        self._check()
        self._check_settled()
        self.bench.close()

    def wait(self, gap_s: float) -> None:
        """Let time pass."""
        self.bench.wait(gap_s)

    # -- what happens --------------------------------------------------------------------------

    def _send(self, places: list[int], ttl_s: int, is_named: bool) -> None:
        addresses = [self._addresses[place] for place in places]
        name = (self._facts.keeping.one_name or {}) if is_named else {}
        self._sent.append((self.post(addresses, ttl_s=ttl_s, **name), addresses))

    def post(self, addresses: list[str], **content) -> Sent:
        """Send one message."""
        return self.bench.send(self._facts.platform, *addresses, **content)

    def _leave(self, row: int) -> None:
        self._do(self._facts.keeping.away, row)

    def _come_back(self, row: int) -> None:
        self._do(self._facts.keeping.back, row)

    def _go_offline(self, row: int) -> None:
        self._do("go_offline", row)

    def _go_online(self, row: int) -> None:
        self._do("go_online", row)

    def _die(self, row: int) -> None:
        if row not in self._dead:
            self._do(self._death.verb, row)
            self._dead.add(row)

    def _revive(self, row: int) -> None:
        if row in self._dead and self._death.undone_by is not None:
            self._do(self._death.undone_by, row)
            self._dead.remove(row)

    def _outage(self, seconds: int) -> None:
        self.bench.plan_fault(self._facts.gateway, share=0.5, window_s=(0, seconds))

    def _do(self, verb: str, row: int) -> None:
        self.bench.do(verb, self.devices[row])

    # -- what holds ----------------------------------------------------------------------------

    def _check(self) -> None:
        arrived = self._count_arrivals()
        news = self.bench.news
        assert len({(each.message, each.address) for each in news}) == len(news)
        told = {(each.message, each.address): each.what for each in news}
        for sent, addresses in self._sent:
            assert len(sent.fates) == len(addresses)
            for address, verdict, fate in zip(addresses, sent.verdicts, sent.fates, strict=True):
                assert arrived.get((sent.name, address), 0) == (fate == "SHOWN")
                assert verdict == "ACCEPTED" or fate == REFUSED[verdict]
                assert verdict != "ACCEPTED" or fate in self._fates
                late = told.get((sent.name, address), "nothing")
                assert (late == fate) == (fate in LATE)
                assert late != "DELIVERED" or fate == "SHOWN"

    def _count_arrivals(self) -> dict[tuple[str, str], int]:
        """Count by message and by the address at which its device was sent to."""
        counts: dict[tuple[str, str], int] = {}
        for device in self.devices:
            for arrival in self.bench.arrivals(device):
                key = (arrival.message, device.address)
                counts[key] = counts.get(key, 0) + 1
        return counts

    def _check_settled(self) -> None:
        """Nothing is under way any more, and nothing waits: even the dead have been met."""
        told = {(each.message, each.address): each.what for each in self.bench.news}
        for sent, addresses in self._sent:
            for address, fate in zip(addresses, sent.fates, strict=True):
                assert fate not in {"ACCEPTED", "STORED"}
                reported = told.get((sent.name, address)) == "DELIVERED"
                assert reported == (self._facts.reports_arrivals and fate == "SHOWN")

    def outcome(self) -> dict[str, object]:
        """Return all that may not depend on how it was told."""
        return {
            "verdicts": [
                dict(zip(addresses, sent.verdicts, strict=True)) for sent, addresses in self._sent
            ],
            "fates": [
                dict(zip(addresses, sent.fates, strict=True)) for sent, addresses in self._sent
            ],
            "news": sorted(self.bench.news),
            "lines": sorted(entry.line() for entry in self.bench.entries()),
            "digest": self.bench.digest,
        }


class CutTelling(Telling):
    """A telling in which every wait is cut in three."""

    def wait(self, gap_s: float) -> None:
        """Let time pass, piece by piece."""
        whole_ms = round(gap_s * 1000)
        for part_ms in (whole_ms // 7, whole_ms // 3, whole_ms - whole_ms // 7 - whole_ms // 3):
            self.bench.wait(part_ms / 1000)


@given(history=histories(), row=rows())
def test_every_target_has_one_fate_and_arrives_once_at_most(make_bench, history, row) -> None:
    Telling(make_bench, *row).tell(history)


@given(history=histories(), row=rows())
def test_no_history_depends_on_how_its_waits_are_cut(make_bench, history, row) -> None:
    whole, cut = Telling(make_bench, *row), CutTelling(make_bench, *row)

    whole.tell(history)
    cut.tell(history)

    assert cut.outcome() == whole.outcome()
