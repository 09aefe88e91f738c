"""The stories that come with pushlab, each with the trace that it leaves."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from pushlab_scenarios.load import decode, parse

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pushlab_scenarios.document import Scenario

__all__ = ["find_golden", "list_names", "list_stories", "read_story"]

SUFFIX, SUFFIX_GOLDEN = ".yaml", ".trace.jsonl"


def list_names() -> list[str]:
    """Return the names of the stories, in order."""
    found = (each.name for each in files(__name__).iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def list_stories() -> list[Scenario]:
    """Return the stories, in order of their names."""
    return [read_story(name) for name in list_names()]


def read_story(name: str) -> Scenario:
    """Return the story called *name*, one of those that are listed."""
    file = f"{name}{SUFFIX}"
    return parse(decode(_file(file).read_bytes(), file), file)


def find_golden(name: str) -> list[str] | None:
    """Return the lines of the trace that the story *name* leaves with its own seed."""
    kept = _file(f"{name}{SUFFIX_GOLDEN}")
    return kept.read_text("utf-8").splitlines() if kept.is_file() else None


def _file(name: str) -> Traversable:
    return files(__name__).joinpath(name)
