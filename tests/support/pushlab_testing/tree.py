"""The project's own files, as the architecture tests read them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

PACKAGES = {
    "simulator": "pushlab",
    "fakes": "pushlab_fakes",
    "scenarios": "pushlab_scenarios",
}
"""Source root to the one package in it."""

CORE_PACKAGES = (
    "pushlab.devices",
    "pushlab.errors",
    "pushlab.gateway",
    "pushlab.population",
    "pushlab.settings",
    "pushlab.table",
    "pushlab.world",
    "pushlab_fakes",
)
"""What must be a pure function of seed and commands."""

EDGE_PACKAGES = ("pushlab_fakes.wire",)
"""What stands inside a core package and still may meet the outside."""

TEXT_SUFFIXES = frozenset(
    {"", ".cfg", ".golden", ".jsonl", ".md", ".py", ".pyi", ".toml", ".txt", ".yaml", ".yml"}
)


@dataclass(frozen=True)
class Module:
    """One module of the project's code."""

    name: str
    """Dotted, as it is imported."""
    path: Path
    source: str

    @property
    def syntax(self) -> ast.Module:
        """The parsed source."""
        return _parse(self.source)


@lru_cache(maxsize=1)
def _parse(source: str) -> ast.Module:
    return ast.parse(source)


def is_core(name: str) -> bool:
    """Tell whether the module called *name* must keep away from clock, chance and sockets."""
    return _is_in(name, CORE_PACKAGES) and not _is_in(name, EDGE_PACKAGES)


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of the file *path* below the source root *root*."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def list_modules() -> tuple[Module, ...]:
    """Return all modules of the three packages, in order of their names."""
    modules = [
        Module(module_name(path, ROOT / folder), path, path.read_text(encoding="utf-8"))
        for folder, package in PACKAGES.items()
        for path in (ROOT / folder / package).rglob("*.py")
    ]
    return tuple(sorted(modules, key=lambda module: module.name))


def list_core_modules() -> tuple[Module, ...]:
    """Return the modules of the core packages, in order of their names."""
    return tuple(module for module in list_modules() if is_core(module.name))


@cache
def list_text_files() -> tuple[Path, ...]:
    """Return the project's text files: those at the top, the code, the tests, the documents."""
    folders = [ROOT / name for name in (*PACKAGES, "tests", "docs", ".ci")]
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in folders:
        found += [path for path in folder.rglob("*") if path.is_file()]
    return tuple(
        sorted(
            path
            for path in found
            if path.suffix in TEXT_SUFFIXES
            and "__pycache__" not in path.parts
            and not path.name.startswith(".cov")
        )
    )


def _is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
