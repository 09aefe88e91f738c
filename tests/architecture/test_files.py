"""Goal: files stand where a reader looks for them. Method: walk the tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pushlab_testing.source_rules import find_machine_addresses
from pushlab_testing.tree import PACKAGES, ROOT, list_text_files

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN_SUFFIXES = (".golden", ".trace.jsonl")

# Absolute paths of one machine; after a letter it is the path of a URL.
MACHINE_PATH = re.compile(r"(?<![\w.~*])/(?:tm[p]|hom[e]|roo[t]|Use[r]s)/")


def find_mirrored(test: Path, root: Path) -> Path | None:
    """Return the module that the file *test* tests, or None when there is none."""
    folder, *between, _ = test.relative_to(root / "tests").parts
    package = root / folder / PACKAGES[folder]
    name = test.stem.removeprefix("test_")
    home = package.joinpath(*between)
    candidates = [home / f"{name}.py", home / name / "__init__.py"]
    if not between and name == PACKAGES[folder]:
        candidates.append(package / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def list_mirroring_tests() -> list[Path]:
    """Return the test files in the folders that mirror the code."""
    return sorted(
        path
        for folder in PACKAGES
        for path in (ROOT / "tests" / folder).rglob("*.py")
        if path.name != "conftest.py"
    )


def test_a_test_file_stands_where_its_module_stands() -> None:
    orphans = [
        path.relative_to(ROOT).as_posix()
        for path in list_mirroring_tests()
        if not path.name.startswith("test_") or find_mirrored(path, ROOT) is None
    ]

    assert orphans == []


@pytest.mark.parametrize(
    ("test", "module"),
    [
        ("tests/fakes/test_exchange.py", "fakes/pushlab_fakes/exchange.py"),
        ("tests/simulator/world/test_clock.py", "simulator/pushlab/world/clock.py"),
        ("tests/simulator/test_world.py", "simulator/pushlab/world/__init__.py"),
        ("tests/simulator/test_pushlab.py", "simulator/pushlab/__init__.py"),
        ("tests/simulator/test_clock.py", None),
        ("tests/fakes/world/test_clock.py", None),
    ],
)
def test_a_test_file_in_the_wrong_place_has_no_module(
    tmp_path: Path, test: str, module: str | None
) -> None:
    for name in (
        "fakes/pushlab_fakes/exchange.py",
        "simulator/pushlab/__init__.py",
        "simulator/pushlab/world/__init__.py",
        "simulator/pushlab/world/clock.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = find_mirrored(tmp_path / test, tmp_path)

    assert found == (None if module is None else tmp_path / module)


def test_golden_files_carry_no_address_of_a_machine() -> None:
    breaches = [
        f"{path.relative_to(ROOT)} {breach}"
        for path in list_text_files()
        if path.name.endswith(GOLDEN_SUFFIXES)
        for breach in find_machine_addresses(path.read_text("utf-8"))
    ]

    assert breaches == []


@pytest.mark.parametrize(
    "line",
    ['{"url": "http://127.0.0.1:40123/hook"}', '{"url": "http://localhost:80"}', "[::1]:443"],
)
def test_an_address_of_a_machine_is_refused(line: str) -> None:
    assert len(find_machine_addresses(line)) == 1


def test_a_vendors_address_passes() -> None:
    assert find_machine_addresses('{"url": "https://api.onesignal.com/notifications"}') == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    breaches = [
        f"{path.relative_to(ROOT)} line {number}: {line.strip()}"
        for path in list_text_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]

    assert breaches == []


def test_a_folder_of_one_machine_is_recognised() -> None:
    assert MACHINE_PATH.search("cd /" + "tmp/here")
    assert MACHINE_PATH.search('open("/' + 'home/alice/keys")')
    assert not MACHINE_PATH.search("https://shop.test/home/alice")


def test_every_package_ships_its_types() -> None:
    missing = [
        package
        for folder, package in PACKAGES.items()
        if not (ROOT / folder / package / "py.typed").is_file()
    ]

    assert missing == []
