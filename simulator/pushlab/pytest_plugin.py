"""The pytest plugin: the fixture ``pushlab``, its marker and its option.

The fixture yields a fresh `Lab` that serves on loopback and answers for the vendors' hosts, so
that code under test reaches it unchanged. A test fails on what a lab holds against it also when
the code under test swallowed it: an error inside a fake, a call that pushlab does not serve, a
host that was refused, a webhook that nobody answered. It never fails on what is merely due later.

Nothing heavy is imported here at module level: every test run loads this module, also those that
never ask for the fixture.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.errors import InternalError, MisuseError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from types import TracebackType

    from pushlab.devices.message_list import MessageList
    from pushlab.lab import Lab

__all__ = ["pushlab", "pushlab_options", "pushlab_seed", "pushlab_start"]

LINES_SHOWN = 40
"""Entries of the trace at the end of a failed test's report."""
LOCK_WAIT_S = 5.0
"""How long a report waits for a lab that is at work in another thread; real time."""
OWN = ("pushlab.", "pushlab_fakes.", "pushlab_scenarios.", "contextlib")
"""How the names of pushlab's own modules begin, and of what stands between two of them."""
SECTION = "pushlab"
"""The report section's title; one that began with "Captured" would be taken for output."""
MARKER = (
    "pushlab(seed=, start=, allow=, plan=, app=, settings=, strict_keys=, trace=, redirect=, "
    "smtp_hosts=): "
    "options of the lab that the fixture `pushlab` yields. `allow` lists hosts that may really "
    "be reached; redirect=False leaves the vendors' hosts alone, for clients with a base URL. "
    "Mail is led to the lab whatever its server; `smtp_hosts` lists those on this machine."
)


@dataclass
class Watch:
    """The lab of one test, and what the test's reports have said of it."""

    lab: Lab
    told: list[str] = field(default_factory=list)
    """Problems that are known by now; each fails a test once."""
    beside: list[str] = field(default_factory=list)
    """Problems of a test that failed by itself: perhaps it failed because of them."""
    is_shown: bool = False
    """Whether a report has the section with the timeline."""


WATCH = pytest.StashKey[Watch]()
"""Where a test keeps its watch."""
EDGE_FOUND = pytest.StashKey[bool]()
"""Where a session keeps whether it found this process's edge running, and so leaves it."""


# -- options ---------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--pushlab-seed``."""
    parser.getgroup("pushlab").addoption(
        "--pushlab-seed",
        type=_parse_seed,
        default=None,
        metavar="N",
        help="Seed of every lab that the fixture `pushlab` makes, unless the test's marker names "
        "one; a failed test says how to replay it. Default: 0.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)
    config.stash[EDGE_FOUND] = _find_edge() is not None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the thread that listened for this run's labs."""
    edge = _find_edge()
    if edge is not None and not config.stash.get(EDGE_FOUND, False):
        edge.stop()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which seed was asked for."""
    seed = config.getoption("pushlab_seed")
    return None if seed is None else f"pushlab: seed {seed}"


def _parse_seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if not 0 <= seed < 2**64:
        raise argparse.ArgumentTypeError(
            f"a seed is a whole number from 0 to 2**64 - 1, not {text!r}"
        )
    return seed


def _find_edge() -> Any | None:  # noqa: ANN401 - its type would import what must stay out
    """Return this process's edge, without importing what nobody has used."""
    module = sys.modules.get("pushlab_fakes.wire.edge")
    return None if module is None else module.Edge.find_shared()


# -- fixtures --------------------------------------------------------------------------------------


@pytest.fixture
def pushlab_seed() -> int:
    """Return the seed of the lab; override it for a folder, a module or a class."""
    return 0


@pytest.fixture
def pushlab_start() -> object:
    """Return the instant at which the lab begins; None is pushlab's own, or a frozen clock's."""
    return None


@pytest.fixture
def pushlab_options() -> dict[str, Any]:
    """Return options of `Lab`, ``redirect`` and ``smtp_hosts``; a marker goes before it."""
    return {}


@pytest.fixture
def pushlab(
    request: pytest.FixtureRequest,
    pushlab_options: dict[str, Any],
    pushlab_seed: int,
    pushlab_start: object,
) -> Iterator[Lab]:
    """Yield a fresh lab that serves on loopback and answers for the vendors' hosts."""
    __tracebackhide__ = True
    from pushlab.lab import Lab

    known = [*list(inspect.signature(Lab).parameters), "redirect", "smtp_hosts"]
    options: dict[str, Any] = {
        "seed": pushlab_seed,
        **({} if pushlab_start is None else {"start": pushlab_start}),
        **_check_options("the fixture pushlab_options", pushlab_options, known),
    }
    if request.config.getoption("pushlab_seed") is not None:
        options["seed"] = request.config.getoption("pushlab_seed")
    options |= _read_markers(request.node, known)
    has_redirect = options.pop("redirect", True)
    smtp_hosts = options.pop("smtp_hosts", ())
    lab = _make_lab(Lab, options)
    watch = request.node.stash[WATCH] = Watch(lab)
    try:
        lab.serve()
        if has_redirect:
            lab.redirect(options.get("allow", ()), smtp_hosts)
        else:
            lab.redirect_smtp(*smtp_hosts)
        yield lab
    finally:
        lab.close()
    _check(watch)


def _make_lab(kind: type[Lab], options: dict[str, Any]) -> Lab:
    try:
        return kind(**options)
    except MisuseError as error:
        misfit = str(error)
    pytest.fail(f"the options of the fixture pushlab do not fit: {misfit}", pytrace=False)


def _read_markers(node: pytest.Item, known: Sequence[str]) -> dict[str, Any]:
    """Return the options of all markers of a test, the nearest last."""
    __tracebackhide__ = True
    options: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("pushlab"))):
        if marker.args:
            pytest.fail(
                f"@pytest.mark.pushlab takes its options by name, as in "
                f"@pytest.mark.pushlab(seed=7), not {marker.args[0]!r}",
                pytrace=False,
            )
        options |= _check_options("@pytest.mark.pushlab", marker.kwargs, known)
    return options


def _check_options(
    where: str, options: Mapping[str, Any], known: Sequence[str]
) -> Mapping[str, Any]:
    __tracebackhide__ = True
    for name in options:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            meant = f"; did you mean {near[0]!r}" if near else ""
            pytest.fail(
                f"{where} has no option {name!r}{meant}; it takes {', '.join(known)}",
                pytrace=False,
            )
    allow = options.get("allow", ())
    if isinstance(allow, str) or not all(isinstance(host, str) for host in allow):
        pytest.fail(
            f'{where}: allow is a list of hosts, as in allow=["example.com"], not {allow!r}',
            pytrace=False,
        )
    return options


# -- what a lab holds against a test -----------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passed although its lab met what should not have happened."""
    __tracebackhide__ = _is_internal
    try:
        result = yield
    except BaseException:
        watch = item.stash.get(WATCH, None)
        if watch is not None:
            watch.told = watch.beside = watch.lab.list_problems()
        raise
    watch = item.stash.get(WATCH, None)
    if watch is not None:
        _check(watch)
    return result


def _is_internal(raised: pytest.ExceptionInfo[BaseException]) -> bool:
    """Hide this plugin's frames where others are left to be shown."""
    return raised.errisinstance(InternalError)


def _check(watch: Watch) -> None:
    """Raise what broke inside a fake, or fail with the problems that are not known yet."""
    __tracebackhide__ = _is_internal
    problems = watch.lab.list_problems()
    new = [problem for problem in problems if problem not in watch.told]
    watch.told = problems
    if not new:
        return
    watch.lab.raise_errors()
    pytest.fail("\n".join(f"pushlab: {problem}" for problem in new), pytrace=False)


# -- reports ---------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the lab's timeline, and how to replay it, to the report of a failed test."""
    if call.excinfo is not None and not item.config.getoption("fulltrace"):
        _end_at_the_caller(call.excinfo)
    report = yield
    watch = item.stash.get(WATCH, None)
    if watch is not None and report.failed and not (report.when == "teardown" and watch.is_shown):
        report.sections.append((SECTION, _describe(watch)))
        watch.is_shown = True
    return report


def _end_at_the_caller(raised: pytest.ExceptionInfo[BaseException]) -> None:
    """Leave out where in pushlab a misuse was noticed: its message tells the caller all."""
    if not raised.errisinstance(MisuseError):
        return
    caller = None
    step: TracebackType | None = raised.tb
    while step is not None:
        if not str(step.tb_frame.f_globals.get("__name__")).startswith(OWN):
            caller = step
        step = step.tb_next
    if caller is not None:
        caller.tb_next = None


def _describe(watch: Watch) -> str:
    """Return the section; a lab in disorder must not break the report of what it did."""
    try:
        with _locked(watch.lab):
            lines = _list_timeline(watch.lab)
    except Exception as error:  # noqa: BLE001 - see above
        lines = [f"the timeline cannot be shown: {error!r}"]
    lines += [f"problem: {problem}" for problem in watch.beside]
    return "\n".join([*lines, f"replay: --pushlab-seed={watch.lab.seed}"])


@contextmanager
def _locked(lab: Lab) -> Iterator[None]:
    if not lab.lock.acquire(timeout=LOCK_WAIT_S):
        raise TimeoutError("another thread is at work in the lab")
    try:
        yield
    finally:
        lab.lock.release()


def _list_timeline(lab: Lab) -> list[str]:
    from pushlab.timeline import render_entry
    from pushlab.world.clock import render_instant

    # Past the lab, whose own readings follow a frozen clock: a report moves no time.
    world = lab.world
    start, trace = world.clock.start, world.trace
    shown = trace.list_last(LINES_SHOWN)
    left_out = trace.count - len(shown)
    lines = [f"from {render_instant(start)} to {render_instant(world.now)}, seed {world.seed}"]
    if left_out:
        lines.append(f"… {left_out:,} earlier entries")
    return [*lines, *(render_entry(entry, start) for entry in shown), *_list_idle_faults(lab)]


def _list_idle_faults(lab: Lab) -> list[str]:
    """Say which planned faults met nothing: perhaps the place of one is misspelt."""
    return [
        f"fault {fault.id} at {fault.where!r} has struck nothing"
        for fault in lab.faults.list()
        if lab.faults.count_hits(fault) == 0
    ]


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain a comparison with a tray or an inbox: what it holds, what was expected, and why."""
    module = sys.modules.get("pushlab.devices.message_list")
    if module is None or op != "==":
        return None
    if isinstance(left, module.MessageList):
        return _compare_messages(left, right)
    if isinstance(right, module.MessageList):
        return _compare_messages(right, left)
    return None


def _compare_messages(held: MessageList[Any], expected: object) -> list[str] | None:
    if not isinstance(expected, (type(held), list, tuple)):
        return None
    lines = [f"{held!r} == {expected!r}"]
    for place in range(max(len(held), len(expected))):
        shows = _render_message(held[place]) if place < len(held) else "nothing"
        wants = _render_message(expected[place]) if place < len(expected) else "nothing"
        if place < len(held) and place < len(expected) and held[place] == expected[place]:
            lines.append(f"[{place}] shows {shows}, as expected")
        else:
            lines.append(f"[{place}] shows {shows}, expected {wants}")
    return [*lines, *held.explain()]


def _render_message(message: object) -> str:
    return str(message) if hasattr(message, "notification_id") else repr(message)
