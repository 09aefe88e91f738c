"""The platforms that the contract is about, and the bench on which it is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushlab_testing.gateway_facts import FACTS, Facts
from pushlab_testing.gateways import CoreBench

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_testing.gateways import Bench


@pytest.fixture(scope="session")
def make_bench() -> Callable[..., Bench]:
    """Return what makes a bench of (seed, **settings); another kind of bench goes here."""
    return CoreBench


@pytest.fixture(params=FACTS, ids=[facts.platform for facts in FACTS])
def facts(request: pytest.FixtureRequest) -> Facts:
    """Return the facts of one platform after the other."""
    found: Facts = request.param
    return found


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """Return a bench with default settings."""
    return make_bench()
