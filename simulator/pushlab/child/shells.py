"""Variables as a shell reads them, and for programs as JSON."""

from __future__ import annotations

import json
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SHELLS", "guess_shell", "render_variables"]


def _render_sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _render_fish(name: str, value: str) -> str:
    # Within single quotes fish knows two escapes.
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


def _render_powershell(name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return f"$env:{name} = '{quoted}'"


SHELLS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "sh": _render_sh,
    "fish": _render_fish,
    "powershell": _render_powershell,
}
NAMES: Final[Mapping[str, str]] = {"fish": "fish", "pwsh": "powershell", "powershell": "powershell"}


def guess_shell(environ: Mapping[str, str]) -> str:
    """Say whose words to use: those of the user's shell, else those of every other Unix shell."""
    return NAMES.get(PurePath(environ.get("SHELL", "")).name, "sh")


def render_variables(variables: Mapping[str, str], shell: str) -> str:
    """Render what sets *variables*, a line for each; *shell* is one of `SHELLS` or ``json``."""
    if shell == "json":
        return json.dumps(dict(variables), indent=2)
    return "\n".join(SHELLS[shell](name, value) for name, value in variables.items())
