"""One named setting: its default, what it says and where it comes from."""

from __future__ import annotations

from dataclasses import field
from typing import Any

__all__ = ["setting"]


def setting(default: Any, says: str, source: str) -> Any:  # noqa: ANN401  a dataclass field
    """Return the field of a setting."""
    return field(default=default, metadata={"says": says, "source": source})
