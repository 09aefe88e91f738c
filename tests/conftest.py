"""What holds for every test: how long random histories are, and the purity of the core."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from pushlab_testing.purity import PurityGuard

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE_TESTS = [
    Path(__file__).parent / folder
    for folder in ("contracts", "fakes", "properties", "scenarios", "simulator")
]

# The same histories in every run, so that a change is red or green for one reason; the long
# profile looks for new ones and prints how to repeat what it finds.
settings.register_profile("short", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("PUSHLAB_PROFILE", "short"))


@pytest.fixture(scope="session")
def purity_guard() -> PurityGuard:
    """Return the one guard of this run."""
    return PurityGuard()


@pytest.fixture(autouse=True)
def _pure_core(request: pytest.FixtureRequest, purity_guard: PurityGuard) -> Iterator[None]:
    if not any(request.path.is_relative_to(folder) for folder in CORE_TESTS):
        yield
        return
    with purity_guard:
        yield
