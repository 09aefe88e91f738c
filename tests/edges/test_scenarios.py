"""Goal: the shipped stories hold everywhere, to one digest each, by whatever way they are told.

Method: the command line as people run it; a dev server over real sockets; and a lab right here.
Interpreters that differ in hash seed, time zone and locale tell them in test_processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.devserver.pace import parse_pace
from pushlab.devserver.remote import find_server
from pushlab.devserver.server import DevServer, Options
from pushlab_scenarios.library import find_golden, list_names, read_story
from pushlab_scenarios.run import run
from pushlab_scenarios.stage import RemoteStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushlab_fakes.wire.edge import Edge

pytestmark = pytest.mark.usefixtures("compiled_once")
WAIT_S = 60
COMMAND = "from pushlab.cli import main; main()"


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a process of its own to its end."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", *arguments],
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WAIT_S,
        check=False,
    )


@pytest.fixture
def ready_file(edge: Edge, tmp_path: Path) -> Iterator[Path]:
    """Yield the ready file of a server under the manual clock."""
    path = tmp_path / "ready.json"
    server = DevServer(Options(parse_pace("manual"), port=0, ready_file=path))
    server.start()
    yield path
    server.stop()


def read_golden_digest(name: str) -> str:
    """Return the digest that the golden trace of a story ends with."""
    kept = find_golden(name)
    assert kept is not None
    digest: str = json.loads(kept[-1])["digest"]
    return digest


@pytest.mark.parametrize("name", list_names())
def test_command_line_http_and_python_leave_the_same_digest(ready_file: Path, name: str) -> None:
    told: dict[str, Any] = json.loads(start(COMMAND, "replay", name, "--json").stdout)

    by_http = run(read_story(name), RemoteStage(find_server(ready_file)))
    in_python = run(read_story(name))

    assert (by_http.failures, in_python.failures) == ([], [])
    assert told["digest"] == by_http.digest == in_python.digest == read_golden_digest(name)
    assert (told["golden"], told["held"]) == ("same", in_python.held)


def test_the_command_plays_on_a_running_server(ready_file: Path, tmp_path: Path) -> None:
    name = list_names()[0]
    trace = tmp_path / "trace.jsonl"

    ended = start(COMMAND, "replay", name, "--ready-file", str(ready_file), "--trace", str(trace))

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "The trace is the golden one." in ended.stdout
    assert trace.read_text("utf-8").splitlines() == find_golden(name)


def test_a_server_that_has_gone_is_bad_input(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"control": "http://127.0.0.1:9/_pushlab/api/"}', "utf-8")

    ended = start(COMMAND, "replay", list_names()[0], "--ready-file", str(ready))

    assert ended.returncode == 2
    assert "does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_story_is_plain_where_there_is_no_terminal() -> None:
    ended = start(COMMAND, "replay", list_names()[0], COLUMNS="60", PYTHONIOENCODING="ascii")

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert "\x1b" not in ended.stdout
    assert max(len(line) for line in lines) <= 60
    assert all(line == line.rstrip() for line in lines)
