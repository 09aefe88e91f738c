"""What holds for every test: how long random histories are, the count of cases, a pure core."""

from __future__ import annotations

import gc
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from pushlab_testing.fuzzing import Cases
from pushlab_testing.purity import PurityGuard

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CORE_TESTS = [
    Path(__file__).parent / folder
    for folder in ("contracts", "fakes", "properties", "scenarios", "simulator")
]

# The same histories in every run, so that a change is red or green for one reason; the long
# profile looks for new ones and prints how to repeat what it finds.
settings.register_profile("short", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("PUSHLAB_PROFILE", "short"))


@pytest.fixture
def compiled_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the interpreters that a test starts share what they compile, outside the source tree.

    Where bytecode is unwanted, compiling takes longer than most of their stories.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(folder / "compiled"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep thousands of collected tests out of what each collection of garbage looks at."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


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


# --- how much was tried --------------------------------------------------------------------------

CASES_LEAST = 10
HAS_PASSED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def cases() -> Cases:
    """Return what counts the cases of a test."""
    return Cases()


@pytest.fixture(autouse=True)
def _count_cases(request: pytest.FixtureRequest, cases: Cases) -> Iterator[None]:
    """Note how many cases a test counted; one that counts has tried some."""
    cases.take()
    yield
    counted = cases.take()
    request.node.user_properties += [("cases", each) for each in counted.items()]
    if counted and request.node.stash.get(HAS_PASSED, False):
        assert sum(counted.values()) >= CASES_LEAST


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a fixture know, while it is torn down, whether its test has passed."""
    report = yield
    if call.when == "call":
        item.stash[HAS_PASSED] = report.passed
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many cases were tried, by kind."""
    totals: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                for name, value in report.user_properties:
                    totals.update({value[0]: value[1]} if name == "cases" else {})
    if totals:
        told = ", ".join(f"{kind} {count:,}" for kind, count in sorted(totals.items()))
        terminalreporter.write_line(f"tried {totals.total():,} cases: {told}")
