"""Every block of Python in the README runs as it stands there."""

from __future__ import annotations

import re

from pushlab_testing.tree import ROOT

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
TESTS = [block for block in BLOCKS if "def test_" in block]
[SHOP] = [block for block in BLOCKS if "def test_" not in block]


def name_of(block):
    return re.search(r"def (test_\w+)", block)[1]


def test_every_example_of_the_readme_passes(pytester):
    files = {f"test_example_{number}": block for number, block in enumerate(TESTS)}
    pytester.makepyfile(shop=SHOP, **files)

    result = pytester.runpytest_subprocess("-q", "-p", "no:asyncio", "-W", "error")

    result.assert_outcomes(passed=len(TESTS))


def test_the_first_example_has_five_lines_and_stands_before_all_others():
    body = [line for line in BLOCKS[0].split("def test_")[1].splitlines()[1:] if line.strip()]

    assert len(body) == 4
    assert name_of(BLOCKS[0]) == "test_a_new_user_gets_the_welcome_push"
