"""Every block of Python in the README is a file in tests/examples, where it runs as it stands."""

from __future__ import annotations

import re
from ast import literal_eval
from operator import attrgetter

import pytest

from pushlab.lab import Lab
from pushlab_scenarios.load import load
from pushlab_scenarios.run import run
from pushlab_testing.tree import ROOT

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
FILES = {path.name: path.read_text("utf-8") for path in (ROOT / "tests/examples").glob("*.py")}


def name_of(block):
    return re.findall(r"def (\w+)", block)[0]


def read_code(text):
    """Return *text* without a docstring at its top, comments moved up to their code."""
    return re.sub(r" +#", "  #", re.sub(r'\A""".*?"""\s*', "", text))


@pytest.mark.parametrize("block", BLOCKS, ids=name_of)
def test_a_block_of_the_readme_is_an_example_that_runs(block):
    assert read_code(block) in map(read_code, FILES.values())


STORIES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_story_of_the_readme_holds(tmp_path):
    (story,) = STORIES
    path = tmp_path / "story.yaml"
    path.write_text(story, "utf-8")

    outcome = run(load(path))

    outcome.check()
    assert outcome.held == 2


SAYINGS = README.partition("### bring about what a gateway says")[2].partition("###")[0]
CALLS = re.findall(r"`(lab\.[^`]+\))`", SAYINGS)
NAMED = re.findall(r"`(lab\.[a-z.]+\w+)`", SAYINGS)
SETTINGS = re.findall(r"settings=({.*?})", SAYINGS)


def test_the_ways_to_bring_something_about_are_found():
    assert (len(CALLS), len(NAMED), len(SETTINGS)) == (7, 4, 5)


@pytest.mark.parametrize("call", CALLS)
def test_a_way_to_bring_something_about_is_taken_by_a_lab(call):
    lab = Lab()
    phone = lab.device("ios")

    eval(call, {"lab": lab, "phone": phone})

    assert len(lab.record()) > 2


@pytest.mark.parametrize("name", NAMED)
def test_what_says_whose_credentials_are_taken_is_there(name):
    assert callable(attrgetter(name.removeprefix("lab."))(Lab()))


@pytest.mark.parametrize("text", SETTINGS)
def test_a_setting_that_brings_something_about_is_one(text):
    assert Lab(settings=literal_eval(text)).device("email").id == "email-1"


def test_no_example_has_left_the_readme():
    assert len(FILES) == len(BLOCKS)


def test_the_first_example_has_five_lines_and_stands_before_all_others():
    body = [line for line in BLOCKS[0].split("def test_")[1].splitlines()[1:] if line.strip()]

    assert len(body) == 4
    assert name_of(BLOCKS[0]) == "test_a_new_user_gets_the_welcome_push"
