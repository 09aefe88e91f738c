"""A whole messaging world on one machine: services, people, devices, and one clock.

`Lab` is a world with every fake; `World` is its core alone. Both are imported when first asked
for, so that a test suite which does not use them does not pay for them. There is no ``__dir__``
here: freezing the clock looks at every name that a module lists, and would import them all.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from pushlab.errors import (
    ConnectionCut,
    InternalError,
    LimitError,
    MisuseError,
    PushlabError,
    ReplayError,
    RequestHeld,
    ScenarioError,
)

if TYPE_CHECKING:
    from pushlab.lab import Lab
    from pushlab.world.world import World

    __version__: str

__all__ = [
    "ConnectionCut",
    "InternalError",
    "Lab",
    "LimitError",
    "MisuseError",
    "PushlabError",
    "ReplayError",
    "RequestHeld",
    "ScenarioError",
    "World",
    "__version__",
]


_HOMES = MappingProxyType({"Lab": "pushlab.lab", "World": "pushlab.world.world"})
"""Where the names live that are imported when first asked for."""


def __getattr__(name: str) -> object:
    """Import what is asked for; keep it, so that the next look costs nothing."""
    found: object
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
    elif name == "__version__":
        from importlib.metadata import version

        found = version("pushlab")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found
