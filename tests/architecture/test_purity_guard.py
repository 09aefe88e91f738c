"""Goal: the guard that surrounds each core test can fail. Method: pose as a core module."""

from __future__ import annotations

import os
import random
import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pushlab_testing.purity import PurityBreach, PurityGuard

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SUPPORT = Path(__file__).parents[1] / "support"


def run_as(module: str, source: str) -> dict[str, Any]:
    """Execute *source* as if it stood in *module* and return its names."""
    names: dict[str, Any] = {"__name__": module}
    exec(compile(source, f"{module}.py", "exec"), names)
    return names


@pytest.fixture
def guard() -> PurityGuard:
    return PurityGuard()


@pytest.mark.parametrize("module", ["pushlab.world.clock", "pushlab.table", "pushlab_fakes.apns"])
@pytest.mark.parametrize(
    "source",
    [
        "import time; time.time()",
        "import time; time.time_ns()",
        "import time; time.monotonic()",
        "import time; time.sleep(0)",
        "import random; random.random()",
        "import random; random.shuffle([1])",
        "import os; os.urandom(1)",
        "import uuid; uuid.uuid4()",
        "import secrets; secrets.token_hex()",
        "import numpy as np; np.random.default_rng()",
        "import numpy as np; np.random.rand()",
    ],
)
def test_core_code_gets_no_clock_and_no_chance(
    guard: PurityGuard, module: str, source: str
) -> None:
    with pytest.raises(PurityBreach, match=module), guard:
        run_as(module, source)


@pytest.mark.parametrize("module", ["pushlab.lab", "pushlab_fakes.wire.edge", "test_clock"])
def test_code_outside_the_core_goes_on_as_ever(guard: PurityGuard, module: str) -> None:
    with guard:
        names = run_as(module, "import time, uuid; at = time.time(); name = uuid.uuid4()")

    assert names["at"] > 0


def test_a_callback_from_the_core_into_a_test_may_look_at_the_clock(guard: PurityGuard) -> None:
    def look_at_the_clock() -> float:
        return time.time()

    core = SimpleNamespace(**run_as("pushlab.world.world", "def call(action): return action()"))

    with guard:
        assert core.call(look_at_the_clock) > 0


def test_a_breach_that_the_core_swallows_comes_out_all_the_same(guard: PurityGuard) -> None:
    swallowing = "import time\ntry:\n    time.time()\nexcept Exception:\n    pass"

    with pytest.raises(PurityBreach, match="called time"), guard:
        run_as("pushlab.world.clock", swallowing)


def test_nobody_opens_a_socket(guard: PurityGuard) -> None:
    with pytest.raises(PurityBreach, match="tests/edges"), guard:
        socket.socket()


def test_sockets_may_be_let_through_until_the_guard_is_entered_anew(guard: PurityGuard) -> None:
    with guard:
        guard.lets_sockets = True
        socket.socket().close()

    with pytest.raises(PurityBreach, match="tests/edges"), guard:
        socket.socket()


def test_all_is_as_before_after_leaving(guard: PurityGuard) -> None:
    before = (time.time, os.urandom, random.random, np.random.rand, socket.socket.__init__)

    with guard:
        pass

    after = (time.time, os.urandom, random.random, np.random.rand, socket.socket.__init__)
    assert after == before


def test_core_tests_run_inside_the_guard_and_others_do_not(pytester: pytest.Pytester) -> None:
    tests = pytester.mkdir("tests")
    (tests / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    opens = "import socket\n\ndef test_opens_a_socket():\n    socket.socket().close()\n"
    for folder in ("simulator", "fakes", "scenarios", "properties", "contracts", "edges"):
        (tests / folder).mkdir()
        (tests / folder / "test_it.py").write_text(opens, "utf-8")

    result = pytester.runpytest_subprocess(
        *["--import-mode=importlib", "-o", f"pythonpath={SUPPORT}", "-p", "no:cacheprovider"]
    )

    result.assert_outcomes(failed=5, errors=5, passed=1)
