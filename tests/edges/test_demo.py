"""Goal: the demo runs everywhere, tells the truth, and tells it the same way every time.

Method: in a process of its own, as people run it, and in this one to look inside.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from pushlab.demo.sheet import print_demo
from pushlab.demo.story import CAST, Demo

if TYPE_CHECKING:
    from pushlab_fakes.wire.edge import Edge

WAIT_S = 60


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from pushlab.cli import main; main()", "demo", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        timeout=WAIT_S,
        check=False,
    )


def test_the_demo_prints_the_same_every_time() -> None:
    first, second = run(), run()

    assert (first.returncode, first.stderr) == (0, b"")
    assert first.stdout == second.stdout
    assert first.stdout.decode().count("\n") > 80


def test_the_demo_is_plain_where_there_is_no_terminal() -> None:
    out = run(COLUMNS="60", PYTHONHASHSEED="5", TZ="Asia/Tokyo", LANG="de_DE.UTF-8").stdout

    lines = out.decode().splitlines()
    assert b"\x1b" not in out
    assert max(len(line) for line in lines) <= 60
    assert all(line == line.rstrip() for line in lines)


def test_the_demo_can_be_read_in_ascii() -> None:
    ended = run(PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert ended.returncode == 0
    assert "18:00:00.430 bruno      + shows ?Your parcel is here?" in ended.stdout.decode("ascii")


def test_another_seed_has_other_luck() -> None:
    assert run("--seed", "7").stdout != run("--seed", "8").stdout


def test_the_demo_is_there_for_programs() -> None:
    told = json.loads(run("--json").stdout)

    assert list(told) == [
        "seed",
        "start",
        "end",
        "digest",
        "cast",
        "scenes",
        "notifications",
        "devices",
    ]
    assert [each["name"] for each in told["cast"]] == [name for name, *_ in CAST]
    assert len(told["notifications"]) == 3


@pytest.mark.parametrize("seed", range(12))
def test_what_the_story_says_happens_with_any_seed(edge: Edge, seed: int) -> None:
    demo = Demo(seed)

    scenes = list(demo.play())

    rules = [
        {name: reason.rule for name, _, reason in scene.fates.reasons}
        for scene in scenes
        if scene.fates is not None
    ]
    first = rules[0]
    assert list(first) == [name for name, *_ in CAST]
    assert first["bruno"] == "delivered"
    assert (first["chloe"], first["farid"]) == ("offline", "unsubscribed")
    assert (first["dmitri"], first["emma"]) == ("app-gone", "app-gone")
    assert first["greta"] == "no-permission"
    assert rules[1]["dmitri"] == "dead-token"
    assert "emma" not in rules[1]
    assert demo.lab.list_problems() == []


def test_the_counts_are_the_apis_and_the_truth_stands_beside(edge: Edge) -> None:
    demo = Demo()

    list(demo.play())

    first = demo.sent[0]
    assert first.statistics["successful"] + first.statistics["failed"] == len(CAST)
    assert first.statistics["remaining"] == 0
    assert first.shown < first.statistics["successful"]


def test_the_sheet_has_colours_on_a_terminal(edge: Edge) -> None:
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=100, highlight=False
    )

    print_demo(Demo(), console)

    assert isinstance(console.file, io.StringIO)
    assert "\x1b[32m✓" in console.file.getvalue()
