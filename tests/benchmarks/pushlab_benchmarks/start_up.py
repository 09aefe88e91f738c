"""What each test pays for its own lab, and what a suite pays that never asks for one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from pushlab.lab import Lab
from pushlab_benchmarks.measure import Figure, Times, interleave
from pushlab_fakes.wire.edge import Edge

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_benchmarks.measure import Options

__all__ = ["measure"]

LAB_TURNS = 61
LABS = 10
"""A turn makes so many labs, one after the other, as the tests of a suite do."""
LAB_MAX_MS = 1.0
SUITE_TURNS = 41
SUITE_MAX_MS = 20.0
SUITE = "def test_nothing():\n    assert True\n"


def measure(options: Options) -> list[Figure]:
    """Measure both."""
    return [*_measure_labs(options), *_measure_imports(options)]


# -- a lab a test ----------------------------------------------------------------------------------


def _measure_labs(options: Options) -> list[Figure]:
    # The one server of the process is there already, as it is for every test but the first.
    Edge.shared()
    turns = options.turns(LAB_TURNS)
    names = ("lab", "lab with its port and the redirect")
    times = interleave(
        {names[0]: lambda: _run_labs, names[1]: lambda: _run_served_labs},
        dict.fromkeys(names, turns),
        lambda line: options.tell(f"start-up, {line}"),
    )
    served = times[names[1]]
    wall_ms = served.wall_s / LABS * 1000
    alone_ms = times[names[0]].wall_s / LABS * 1000
    return [
        Figure(
            "start-up",
            "fresh lab for a test: made, served, redirected, closed",
            wall_ms,
            "ms",
            f"<= {LAB_MAX_MS:.0f} ms",
            wall_ms <= LAB_MAX_MS,
            f"median real time, server shared; the lab alone {alone_ms:.2f} ms; "
            f"n = {turns} turns of {LABS}",
        )
    ]


def _run_labs() -> None:
    for _ in range(LABS):
        Lab().close()


def _run_served_labs() -> None:
    for _ in range(LABS):
        with Lab() as lab:
            lab.serve()
            lab.redirect()


# -- a suite without a lab -------------------------------------------------------------------------


def _measure_imports(options: Options) -> list[Figure]:
    turns = options.turns(SUITE_TURNS)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text(SUITE, encoding="utf-8")
        rivals = {
            "suite without the plugin": _prepare_suite(folder),
            "suite with the plugin": _prepare_suite(folder, "-p", "pushlab.pytest_plugin"),
        }
        for prepare in rivals.values():
            # The first run of each compiles what it imports.
            prepare()()
        times = interleave(
            rivals,
            dict.fromkeys(rivals, turns),
            lambda line: options.tell(f"start-up, {line}"),
        )
    costs = [_list_child_s(times[name]) for name in rivals]
    # Neighbours in time are compared: the machine's speed drifts by more than the difference.
    pairs = zip(*costs, strict=True)
    added_ms = median(with_it - without for without, with_it in pairs) * 1000
    return [
        Figure(
            "start-up",
            "a suite that does not use the fixture pays",
            added_ms,
            "ms",
            f"<= {SUITE_MAX_MS:.0f} ms",
            added_ms <= SUITE_MAX_MS,
            f"pytest without the plugin {median(costs[0]) * 1000:.0f} ms, "
            f"with it {median(costs[1]) * 1000:.0f} ms, n = {turns}",
        )
    ]


def _prepare_suite(folder: str, *arguments: str) -> Callable[[], Callable[[], float]]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, folder]
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))

    def run() -> float:
        before = _child_time()
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        return _child_time() - before

    return lambda: run


def _child_time() -> float:
    """Return the processor time of ended children, or real time where that is not counted."""
    try:
        import resource
    except ImportError:
        return time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _list_child_s(times: Times) -> list[float]:
    found = [sample.result for sample in times.samples]
    return [float(each) for each in found if isinstance(each, float)]
