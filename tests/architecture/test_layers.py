"""Goal: imports run one way. Method: import-linter's contracts, each as one test."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from pushlab_testing.tree import ROOT, list_modules

if TYPE_CHECKING:
    from pathlib import Path

LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
    "importlinter"
]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}
FACADES = {"pushlab", "pushlab_fakes"}
"""Packages that only hold others; they may re-export, and nothing below may import them."""


def check_contract(contract: str, config: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run one contract in a process of its own, as import-linter's command does."""
    script = (
        "import sys; from importlinter.cli import lint_imports;"
        "sys.exit(lint_imports(config_filename=sys.argv[1], limit_to_contracts=(sys.argv[2],),"
        " cache_dir=sys.argv[3], no_logo=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(config), contract, str(cache)],
        cwd=config.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def graph_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graph")


@pytest.mark.parametrize("contract", CONTRACTS)
def test_an_import_contract_is_kept(contract: str, graph_cache: Path) -> None:
    run = check_contract(contract, ROOT / "pyproject.toml", graph_cache)

    assert run.returncode == 0, f"{CONTRACTS[contract]['name']}\n{run.stdout}{run.stderr}"


def test_a_contract_that_is_broken_is_reported(tmp_path: Path) -> None:
    package = tmp_path / "upside_down"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "high.py").touch()
    (package / "low.py").write_text("def late():\n    import upside_down.high\n", "utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "upside_down"\n'
        '[[tool.importlinter.contracts]]\nid = "one-way"\nname = "One way"\ntype = "layers"\n'
        'layers = ["upside_down.high", "upside_down.low"]\n',
        "utf-8",
    )

    run = check_contract("one-way", tmp_path / "pyproject.toml", tmp_path / "cache")

    assert run.returncode == 1
    assert "upside_down.low is not allowed to import upside_down.high" in run.stdout


def test_every_module_has_a_layer() -> None:
    layers = re.findall(r"[\w.]+", " ".join(CONTRACTS["one-way"]["layers"]))

    homeless = [
        module.name
        for module in list_modules()
        if module.name not in FACADES
        and not any(module.name == layer or module.name.startswith(f"{layer}.") for layer in layers)
    ]

    assert homeless == []
