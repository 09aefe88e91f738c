"""Goal: the shipped stories hold everywhere, to one digest each, by whatever way they are told.

Method: twenty interpreters that differ in hash seed, time zone and locale, each telling all the
stories; the command line as people run it; a dev server over real sockets; and a lab right here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.devserver.pace import parse_pace
from pushlab.devserver.remote import find_server
from pushlab.devserver.server import DevServer, Options
from pushlab_scenarios.library import find_golden, list_names, list_stories, read_story
from pushlab_scenarios.run import run
from pushlab_scenarios.stage import RemoteStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushlab_fakes.wire.edge import Edge

PROCESSES = 20
AT_ONCE = 2
WAIT_S = 60
HASH_SEEDS = ("0", "1", "2", "31337", "4294967295", "random", "7")
ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "Europe/Rome")
LOCALES = ("C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8")
TELL_ALL = """
from pushlab_scenarios.library import list_stories
from pushlab_scenarios.run import run
for story in list_stories():
    outcome = run(story)
    print(story.name, outcome.digest, outcome.held, [*map(str, outcome.failures)])
"""
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


def tell_all(environment: dict[str, str]) -> tuple[str, str]:
    """Tell all stories in one process and return what it printed."""
    ended = start(TELL_ALL, **environment)
    return ended.stdout, ended.stderr


def list_environments(cache: Path) -> list[dict[str, str]]:
    """Return what differs, for each process; *cache* keeps what the first ones have compiled."""
    shared = {"PYTHONPYCACHEPREFIX": str(cache), "PYTHONDONTWRITEBYTECODE": ""}
    together = zip(cycle(HASH_SEEDS), cycle(ZONES), cycle(LOCALES), strict=False)
    return [
        {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LANG": locale, **shared}
        for seed, zone, locale in islice(together, PROCESSES)
    ]


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


def test_the_stories_leave_one_digest_each_in_twenty_different_processes(tmp_path: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(tell_all, list_environments(tmp_path)))

    here = "".join(
        f"{story.name} {read_golden_digest(story.name)} {run(story).held} []\n"
        for story in list_stories()
    )
    assert told == [(here, "")] * PROCESSES


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
