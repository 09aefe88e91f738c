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

from pushlab.demo.cast import CAST, LOST_ADDRESS, name_device
from pushlab.demo.sheet import print_demo
from pushlab.demo.story import PUSH, Demo

if TYPE_CHECKING:
    from pushlab.demo.results import Scene
    from pushlab_fakes.wire.edge import Edge

pytestmark = pytest.mark.usefixtures("compiled_once")
WAIT_S = 60
PARCEL, SEGMENT, MAIL, TEXT, AGAIN = range(5)
"""Scenes that say who got a message."""


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
    assert "18:00:00.430 bruno             + shows ?Your parcel is here?" in ended.stdout.decode(
        "ascii"
    )


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
    assert [each["name"] for each in told["cast"]] == [each.name for each in CAST]
    assert [list(each["platforms"]) for each in told["notifications"]] == [
        ["ios", "android", "web"],
        ["ios", "android", "web"],
        ["email"],
        ["sms"],
        ["sms"],
        ["ios", "android", "web"],
    ]


def test_one_person_is_reached_in_four_ways() -> None:
    (alice,) = [each for each in CAST if each.name == "alice"]

    assert alice.platforms == ("android", "web", "email", "sms")


def play(demo: Demo) -> tuple[list[Scene], list[dict[str, str]]]:
    """Play *demo*; return its scenes, and the rules of those that say who got a message."""
    scenes = list(demo.play())
    rules = [
        {name: reason.rule for name, _, reason in scene.fates.reasons}
        for scene in scenes
        if scene.fates is not None
    ]
    return scenes, rules


@pytest.mark.parametrize("seed", range(12))
def test_what_the_story_says_happens_with_any_seed(edge: Edge, seed: int) -> None:
    demo = Demo(seed)

    _, rules = play(demo)

    first = rules[PARCEL]
    assert list(first) == [
        name_device(each.name, platform)
        for each in CAST
        for platform in each.platforms
        if platform in PUSH
    ]
    assert first["bruno"] == first["bruno-web"] == first["alice-web"] == "delivered"
    assert (first["chloe"], first["farid"]) == ("offline", "unsubscribed")
    assert (first["dmitri"], first["emma"]) == ("app-gone", "app-gone")
    assert first["greta"] == "no-permission"
    campaign = rules[SEGMENT]
    assert (campaign["dmitri"], campaign["bruno-web"]) == ("dead-token", "dead-token")
    assert campaign["greta"] == "not-in-segment"
    assert "emma" not in campaign
    assert rules[MAIL] == {
        "alice-email": "delivered",
        "bruno-email": "delivered",
        "chloe-email": "delivered",
        LOST_ADDRESS: "bounced",
    }
    assert rules[TEXT] == {"alice-sms": "delivered", "farid-sms": "stopped"}
    assert "bruno-web" not in rules[AGAIN]
    assert demo.lab.list_problems() == []


def test_the_counts_are_the_apis_and_the_truth_stands_beside(edge: Edge) -> None:
    demo = Demo()

    play(demo)

    first, _, mail, text, second_text, _ = demo.sent
    targets = sum(sum(each.counts.values()) for each in first.counted)
    assert targets == sum(each in PUSH for member in CAST for each in member.platforms)
    accepted = sum(each.counts["successful"] for each in first.counted)
    assert sum(each.seen for each in first.counted) < accepted
    assert mail.counted[0].later == {"opened": 2, "clicked": 1, "bounced": 1, "unsubscribed": 1}
    assert (text.counted[0].counts["failed"], second_text.counted[0].counts["failed"]) == (0, 1)
    assert (text.counted[0].seen, second_text.counted[0].seen) == (2, 1)


def test_the_stop_is_learned_when_the_next_text_is_refused(edge: Edge) -> None:
    scenes, _ = play(Demo())

    (scene,) = [each for each in scenes if "STOP" in each.title]
    told = [each.what for each in scene.told if each.who == "farid-sms"]
    refused = next(place for place, what in enumerate(told) if "the carrier refuses" in what)
    assert told[refused + 1] == "only now OneSignal learns of the STOP: it is unsubscribed"
    assert any("replies “STOP”" in what for what in told[:refused])
    assert not any("OneSignal" in what for what in told[:refused])


def test_the_sheet_has_colours_on_a_terminal(edge: Edge) -> None:
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=100, highlight=False
    )

    print_demo(Demo(), console)

    assert isinstance(console.file, io.StringIO)
    assert "\x1b[32m✓" in console.file.getvalue()
