"""Goal: a suite that does not use pushlab does not pay for it. Method: a fresh interpreter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from pushlab_testing.tree import ROOT

HEAVY = {"aiohttp", "click", "cryptography", "faker", "msgspec", "numpy", "rich"}


def list_heavy_imports(statement: str) -> list[str]:
    """Return which heavy packages a fresh interpreter holds after *statement*."""
    script = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return sorted(HEAVY & set(json.loads(run.stdout)))


def defines_dir(source: str) -> bool:
    """Tell whether a module's *source* defines or binds ``__dir__``."""
    return any(
        "__dir__" in [getattr(node, field, None) for field in ("name", "asname", "id")]
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize("module", ["pushlab", "pushlab.pytest_plugin"])
def test_importing_a_face_imports_nothing_heavy(module: str) -> None:
    assert list_heavy_imports(f"import {module}") == []


def test_a_heavy_import_is_noticed() -> None:
    assert list_heavy_imports("import msgspec") == ["msgspec"]


def test_a_freeze_imports_nothing_that_is_lazy() -> None:
    freeze = "freezegun.freeze_time('2030-01-01').start()"

    assert list_heavy_imports(f"import freezegun, pushlab; {freeze}") == []


def test_the_facade_defines_no_dir() -> None:
    """Freezing the clock looks at every name of every module, which would import all lazy ones."""
    facade = ROOT / "simulator" / "pushlab" / "__init__.py"

    assert not defines_dir(facade.read_text("utf-8"))


@pytest.mark.parametrize(
    "source", ["def __dir__():\n    return []", "__dir__ = list", "from x import y as __dir__"]
)
def test_a_facade_with_a_dir_is_noticed(source: str) -> None:
    assert defines_dir(source)
