"""The platforms that the contract is about, and the benches on which it is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_testing.gateway_facts import FACTS, Facts
from pushlab_testing.gateways import CoreBench
from pushlab_testing.wire_bench import WireBench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushlab_testing.gateways import Bench
    from pushlab_testing.purity import PurityGuard


@pytest.fixture(scope="session")
def open_benches() -> list[WireBench]:
    """Return the benches with sockets that may still be open."""
    return []


@pytest.fixture(scope="session")
def make_bench(purity_guard: PurityGuard, open_benches: list[WireBench]) -> Callable[..., Bench]:
    """Return what makes a bench for a row of the table: of (row, seed, **settings).

    For the row of a protocol that is two labs, one in process and one over the wire, which must
    have one digest when they are closed.
    """

    def make(facts: Facts | None = None, seed: int = 0, **settings: object) -> Bench:
        if facts is None:
            return CoreBench(seed, **settings)
        if not facts.is_wire:
            return CoreBench(seed, **{**facts.settings, **settings})
        purity_guard.lets_sockets = True
        bench = WireBench(seed, **{**facts.settings, **settings})
        open_benches[:] = [each for each in open_benches if not each.is_closed]
        open_benches.append(bench)
        return bench

    return make


@pytest.fixture(autouse=True)
def _closed(open_benches: list[WireBench]) -> Iterator[None]:
    """Close what a test has opened, but not what was there before it."""
    before = [*open_benches]
    yield
    for bench in open_benches:
        if bench not in before:
            bench.close()


@pytest.fixture(params=FACTS, ids=[facts.name for facts in FACTS])
def facts(request: pytest.FixtureRequest) -> Facts:
    """Return the facts of one platform after the other."""
    found: Facts = request.param
    return found


@pytest.fixture
def bench(make_bench: Callable[..., Bench], facts: Facts) -> Bench:
    """Return a bench with default settings."""
    return make_bench(facts)
