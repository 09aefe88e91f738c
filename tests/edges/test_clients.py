"""Goal: the clients that people use cannot tell, and the README's table says which they are.

Method: each client sends to a live, a dead and a malformed address, led to a lab by its own
setting, where nothing else can be looked up, and redirected, where it is told nothing. What it
says of each address is in its own words; then the living device is looked at.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from pushlab.lab import Lab
from pushlab_testing.tree import ROOT
from pushlab_testing.vendor_clients import CLIENTS, Scene, render_table
from pushlab_testing.vendor_targets import SETTINGS, make_targets

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNNABLE = [each for each in CLIENTS if each.before is None or sys.version_info < each.before]
# What these clients do that Python, aiohttp or they themselves have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


@pytest.fixture
def scene(tmp_path, monkeypatch) -> Iterator[Scene]:
    """Yield a lab on a port, in which dead tokens are soon reported."""
    with Lab(settings=SETTINGS) as lab:
        lab.serve()
        yield Scene(lab, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("client", "way"),
    [
        pytest.param(client, way, id=f"{client.name} {client.calls} {way}")
        for client in RUNNABLE
        for way in client.ways
    ],
)
def test_a_client_sends_to_a_live_a_dead_and_a_malformed_address(scene, client, way) -> None:
    targets = make_targets(scene.lab, client.service)

    told = client.send(scene, targets.addresses, client.ways[way](scene))
    scene.lab.advance(minutes=5)

    assert tuple(told) == client.told
    assert targets.show() == targets.expected
    assert scene.lab.list_problems() == []


# -- the table -------------------------------------------------------------------------------------


def test_the_table_of_the_readme_is_the_one_that_is_tested_here() -> None:
    assert render_table() in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("client", RUNNABLE, ids=lambda client: f"{client.name} {client.calls}")
def test_a_client_is_here_in_the_version_of_the_table_or_a_later_one_that_is_compatible(
    client,
) -> None:
    tried = Version(client.tried.removeprefix("Python "))

    here = Version(version(client.distribution) if client.distribution else sys.version.split()[0])

    assert tried <= here, f"{client.name} {here} is older than what the table says"
    assert tried.major == here.major, f"the table is older than {client.name} {here}: try it anew"


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: f"{client.name} {client.calls}")
def test_a_client_is_led_by_a_setting_of_its_own_and_redirected(client) -> None:
    redirected = [way.startswith("redirected") for way in client.ways]

    assert set(redirected) == {True, False}


def test_every_client_of_the_table_is_installed_with_the_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra = {Requirement(line).name for line in project["optional-dependencies"]["test"]}

    assert {each.distribution for each in CLIENTS if each.distribution} <= extra
