"""The facade: few names, each the one that it says, imported when it is first asked for."""

from __future__ import annotations

from importlib.metadata import version

import pytest

import pushlab
from pushlab.errors import PushlabError
from pushlab.lab import Lab
from pushlab.world.world import World


def test_the_names_are_those_of_the_modules_behind() -> None:
    assert pushlab.Lab is Lab
    assert pushlab.World is World
    assert pushlab.PushlabError is PushlabError
    assert pushlab.__version__ == version("pushlab")


@pytest.mark.parametrize("name", pushlab.__all__)
def test_every_public_name_can_be_asked_for(name: str) -> None:
    assert getattr(pushlab, name) is not None


def test_another_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'pushlab' has no attribute 'Labs'"):
        pushlab.Labs  # noqa: B018


def test_every_error_has_one_root() -> None:
    errors = [getattr(pushlab, name) for name in pushlab.__all__ if name.endswith("Error")]

    assert all(issubclass(error, PushlabError) for error in errors)
