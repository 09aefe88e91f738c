"""Goal: no hash seed, time zone or locale of a process reaches the world.

Method: one story in twenty interpreters that differ in all of these, two at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from pushlab_testing import story

PROCESSES = 20
AT_ONCE = 2
HASH_SEEDS = ("0", "1", "2", "31337", "4294967295", "random", "7")
ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "Europe/Rome")
LOCALES = ("C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8")


def list_environments():
    """Return what differs, for each process."""
    together = zip(cycle(HASH_SEEDS), cycle(ZONES), cycle(LOCALES), strict=False)
    return [
        {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LANG": locale}
        for seed, zone, locale in islice(together, PROCESSES)
    ]


def tell(environment):
    """Tell the story in a process of its own and return what it printed."""
    run = subprocess.run(
        [sys.executable, "-W", "error", story.__file__],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return run.stdout, run.stderr


def test_one_story_in_twenty_different_processes_leaves_one_digest():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(tell, list_environments()))

    assert told == [told[0]] * PROCESSES
    printed, errors = told[0]
    assert errors == ""
    assert printed.split()[0] == story.tell_in_process().trace.digest
