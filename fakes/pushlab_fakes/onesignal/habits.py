"""What planned faults know of a request to OneSignal before OneSignal looks at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pushlab_fakes.directory import Habits
from pushlab_fakes.onesignal.document import read_document

if TYPE_CHECKING:
    from pushlab_fakes.exchange import Request

__all__ = ["HABITS", "PREFIXES", "shorten_path"]

PREFIXES: Final = ("/api/v1",)
"""What paths may begin with; the rest is the same."""
APP_IN_PATH: Final = re.compile(r"/apps/([^/]+)")


def shorten_path(path: str) -> str:
    """Return *path* without the prefix that it may have."""
    for prefix in PREFIXES:
        if path.startswith(prefix + "/"):
            return path[len(prefix) :]
    return path


def _find_app(request: Request) -> str | None:
    """Return the app id that the path, the query or else the body names."""
    found = APP_IN_PATH.match(shorten_path(request.path))
    if found is not None:
        return found[1]
    named: object = request.parameters().get("app_id")
    if named is None:
        value = read_document(request.body).value
        named = value.get("app_id") if isinstance(value, dict) else None
    return named if isinstance(named, str) else None


HABITS: Final = Habits(
    shorten=shorten_path, find_app=_find_app, say=lambda request: read_document(request.body).text
)
