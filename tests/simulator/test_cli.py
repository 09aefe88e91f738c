"""Goal: what is typed wrong is met with one clear message, and what needs no network works.

Method: `main` is called as the console script calls it. Commands that open a port are tried in
tests/edges.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pushlab import __version__
from pushlab.cli import LAUNCHES, STORIES, main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Run:
    """How a command ended."""

    code: object
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PUSHLAB_STATE_DIR", str(tmp_path / "state"))

    def call(*arguments: str) -> Run:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return Run(ended.value.code, out, err)

    return call


def test_the_version_is_told(run) -> None:
    ended = run("--version")

    assert (ended.code, ended.out) == (0, f"pushlab {__version__}\n")


def test_without_a_command_the_commands_are_listed(run) -> None:
    ended = run()

    assert ended.code == 0
    assert all(f"  {name} " in ended.out for name in ("demo", "serve", *LAUNCHES, "ctl", *STORIES))


def test_every_command_explains_itself(run) -> None:
    for command in ("demo", "serve", *LAUNCHES, "ctl", *STORIES, "settings", "coverage"):
        ended = run(command, "--help")

        assert ended.code == 0
        assert ended.out.startswith(f"Usage: pushlab {command}")


def test_a_version_is_told_without_loading_what_is_heavy() -> None:
    script = (
        "import sys; from pushlab.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'aiohttp', 'rich', 'msgspec', 'yaml', 'pushlab.lab'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dmo"], "did you mean 'demo'?"),
        (["xyz"], "there are demo, serve, run, env, ctl"),
        (["ctl", "advnce"], "did you mean 'advance'?"),
        (["demo", "--sed", "1"], "Did you mean '--seed'?"),
        (["demo", "--seed", "-1"], "-1 is not in the range"),
        (["demo", "--seed", "x"], "'x' is not a valid integer range"),
        (["demo", "extra"], "unexpected extra argument (extra)"),
        (["serve", "--port", "99999"], "99999 is not in the range"),
        (["serve", "--clock", "fast"], "write manual, live or a rate such as 60x"),
        (["serve", "--clock", "0x"], "write manual, live or a rate such as 60x"),
        (["serve", "--start", "yesterday"], "write it like 2026-01-31T09:30:00Z"),
        (["serve", "--start", "2026-01-31"], "has no time zone"),
        (["serve", "--app", ":key"], "write it as ID:KEY"),
        (["serve", "--app", "id:"], "write it as ID:KEY"),
        (["serve", "--app", "an id"], "write it as ID:KEY"),
        (["serve", "--public-url", "push.test"], "write https://push.example.test"),
        (["serve", "--data", "folder"], "--data is not built yet"),
        (["ctl", "advance"], "say how far"),
        (["ctl", "advance", "5m", "--idle"], "say how far"),
        (["ctl", "advance", "5 minutes"], "write 90s, 5m, 1h30m or 2d"),
        (["ctl", "advance", "--until", "soon"], "write it like 2026-01-31T09:30:00Z"),
        (["ctl", "do", "phone", "login", "alice"], "write NAME=VALUE"),
        (["ctl", "clock"], "no server runs"),
        (["ctl", "--ready-file", "none.json", "clock"], "there is no ready file none.json"),
    ],
)
def test_bad_input_gets_one_message(run, arguments: list[str], message: str) -> None:
    ended = run(*arguments)

    assert ended.code == 2
    assert message in ended.err
    assert ended.err.startswith("pushlab: ")
    assert len(ended.err.splitlines()) == 1
    assert ended.out == ""


def test_the_settings_are_listed_with_their_sources(run) -> None:
    ended = run("settings")

    assert ended.code == 0
    assert "retention_days = 30\n    How long" in ended.out
    named = [line for line in ended.out.splitlines() if line[0] != " "]
    assert ended.out.count("    source: ") == len(named)


def test_the_settings_are_there_for_programs(run) -> None:
    rows = {row["name"]: row for row in json.loads(run("settings", "--json").out)}

    assert rows["full_user_detaches"]["default"] is True
    assert set(rows["tray_max"]) == {"name", "default", "value", "says", "source"}


def test_the_coverage_is_listed(run) -> None:
    ended = run("coverage")

    assert ended.code == 0
    assert ended.out.startswith("OneSignal: ")
    assert "POST /notifications" in ended.out


def test_the_coverage_is_there_for_programs(run) -> None:
    rows = json.loads(run("coverage", "--json").out)["onesignal"]

    assert {"operation": "POST /notifications", "is_served": True}.items() <= rows[0].items()
