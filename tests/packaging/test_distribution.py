"""Goal: what is shipped works without the tree. Method: build it, install it elsewhere, use it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from pushlab_testing.tree import PACKAGES, ROOT


def run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *command* in *folder*, away from the tree and from the caller's Python settings."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST"))
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def read_first_example() -> tuple[str, str]:
    """Return the README's first two blocks of Python: a test and the code under test."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return blocks[0], blocks[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build wheel and source distribution and return the folder that holds them."""
    folder = tmp_path_factory.mktemp("built")

    build = run([sys.executable, "-m", "hatchling", "build", "-d", folder], ROOT)

    assert build.returncode == 0, build.stdout + build.stderr
    return folder


@pytest.fixture(scope="module")
def elsewhere(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment and return its folder of commands.

    The packages that pushlab depends on are those of this run: their folder is put on the new
    environment's path, so nothing is downloaded.
    """
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home, with_pip=False)
    variables = {"base": str(home), "platbase": str(home)}
    commands = Path(sysconfig.get_path("scripts", "venv", variables))
    [wheel] = built.glob("*.whl")

    install = run(
        [
            *(sys.executable, "-m", "pip", "--python", commands / "python"),
            *("install", "--no-deps", "--no-index", "--disable-pip-version-check", wheel),
        ],
        home,
    )

    assert install.returncode == 0, install.stdout + install.stderr
    installed = Path(sysconfig.get_path("purelib", "venv", variables))
    (installed / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return commands


def test_the_wheel_holds_the_three_packages_and_nothing_else(built: Path) -> None:
    [wheel] = built.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES.values())
    assert {f"{package}/py.typed" for package in PACKAGES.values()} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    stories = [name for name in names if name.startswith("pushlab_scenarios/library/")]
    assert sum(name.endswith(".yaml") for name in stories) == 3
    assert sum(name.endswith(".trace.jsonl") for name in stories) == 3
    preload = {name.rpartition("/")[2] for name in names if "/child/preload/" in name}
    assert preload == {"__init__.py", "redirect.cjs", "sitecustomize.py"}
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_source_distribution_can_be_tested(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")

    with tarfile.open(archive) as source:
        names = {name.partition("/")[2] for name in source.getnames()}

    assert {
        ".ci/run",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "tests/conftest.py",
        "tests/packaging/test_distribution.py",
        "tests/support/pushlab_testing/__init__.py",
    } <= names


def test_the_installed_package_is_the_wheels_own(elsewhere: Path, tmp_path: Path) -> None:
    script = "\n".join(f"import {name}; print({name}.__file__)" for name in PACKAGES.values())

    places = run([elsewhere / "python", "-c", script], tmp_path)

    assert places.returncode == 0, places.stderr
    assert all(Path(place).is_relative_to(elsewhere.parent) for place in places.stdout.splitlines())


def test_the_installed_command_runs_its_demo(elsewhere: Path, tmp_path: Path) -> None:
    demo = run([elsewhere / "pushlab", "demo"], tmp_path)

    assert demo.returncode == 0, demo.stdout + demo.stderr


def test_the_readmes_first_example_passes_where_it_is_installed(
    elsewhere: Path, tmp_path: Path
) -> None:
    test, code = read_first_example()
    (tmp_path / "test_readme.py").write_text(test, "utf-8")
    (tmp_path / "shop.py").write_text(code, "utf-8")

    result = run(
        [elsewhere / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_readme.py"],
        tmp_path,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
