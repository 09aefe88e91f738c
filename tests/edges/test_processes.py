"""Goal: no hash seed, time zone or locale of a process reaches the world.

Method: one story and all the shipped ones in twenty interpreters that differ in all of these, two
at a time. What an interpreter takes to start is most of the time, so each tells them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest

from pushlab_scenarios.library import find_golden, list_stories
from pushlab_scenarios.run import run
from pushlab_testing import story

pytestmark = pytest.mark.usefixtures("compiled_once")
PROCESSES = 20
AT_ONCE = 2
WAIT_S = 120
HASH_SEEDS = ("0", "1", "2", "31337", "4294967295", "random", "7")
ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "Europe/Rome")
LOCALES = ("C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8")
TELL_ALL = """
import runpy, sys
runpy.run_path(sys.argv[1], run_name="__main__")
from pushlab_scenarios.library import list_stories
from pushlab_scenarios.run import run
for story in list_stories():
    outcome = run(story)
    print(story.name, outcome.digest, outcome.held, [*map(str, outcome.failures)])
"""


def list_environments():
    """Return what differs, for each process."""
    together = zip(cycle(HASH_SEEDS), cycle(ZONES), cycle(LOCALES), strict=False)
    return [
        {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LANG": locale}
        for seed, zone, locale in islice(together, PROCESSES)
    ]


def tell(environment):
    """Tell the stories in a process of its own and return what it printed."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", TELL_ALL, story.__file__],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WAIT_S,
        check=False,
    )
    return ended.stdout, ended.stderr


def read_golden_digest(name):
    """Return the digest that the golden trace of a story ends with."""
    kept = find_golden(name)
    assert kept is not None
    return json.loads(kept[-1])["digest"]


def test_the_stories_leave_one_digest_each_in_twenty_different_processes():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(tell, list_environments()))

    assert told == [told[0]] * PROCESSES
    printed, errors = told[0]
    assert errors == ""
    first, *shipped = printed.splitlines()
    assert first.split()[0] == story.tell_in_process().trace.digest
    assert shipped == [
        f"{each.name} {read_golden_digest(each.name)} {run(each).held} []"
        for each in list_stories()
    ]
