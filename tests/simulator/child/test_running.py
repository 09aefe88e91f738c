"""Goal: a command's end is ours. Signals that come from outside are tried in tests/edges."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from pushlab.child.running import NotStartedError, Runner

if TYPE_CHECKING:
    from pathlib import Path


def run(*code: str, **variables: str) -> int:
    """Run a line of Python and return its exit code."""
    with Runner() as runner:
        return runner.run([sys.executable, "-c", *code], {**os.environ, **variables})


@pytest.mark.parametrize("code", [0, 1, 3, 125])
def test_the_exit_code_is_the_commands(code: int) -> None:
    assert run(f"raise SystemExit({code})") == code


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_the_end_by_a_signal_is_told_as_a_shell_tells_it(name: str) -> None:
    code = run(f"import os, signal; os.kill(os.getpid(), signal.{name})")

    assert code == 128 + getattr(signal, name)


def test_the_command_gets_its_arguments_and_the_variables(tmp_path: Path) -> None:
    out = tmp_path / "out"

    run(
        "import os, sys; open(os.environ['OUT'], 'w').write(repr(sys.argv[1:]))",
        "a b",
        "--",
        "",
        OUT=str(out),
    )

    assert out.read_text("utf-8") == "['a b', '--', '']"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no-such-command", "there is no such command here or on the PATH"),
        ("folder", "it may not be executed"),
        ("a\0b", "null"),
    ],
)
def test_a_command_that_cannot_be_started_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)

    with Runner() as runner, pytest.raises(NotStartedError, match=why) as caught:
        runner.run([f"./{name}"], {})

    assert str(caught.value).startswith("cannot start './")


def test_the_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    run("")

    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGQUIT"])
def test_a_signal_from_before_the_beginning_reaches_the_command(name: str) -> None:
    number = getattr(signal, name)
    with Runner() as runner:
        signal.raise_signal(number)
        code = runner.run([sys.executable, "-c", "import time; time.sleep(60)"], os.environ)

    assert code == 128 + number
