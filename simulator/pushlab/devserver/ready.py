"""The ready file: how programs find a server, and when they may.

It is written last, when everything answers, and by rename, so that whoever sees it sees all of
it. It holds the control token, so only its owner can read it. It goes when the server ends.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["find_ready_files", "read_ready_file", "remove_private", "state_folder", "write_private"]

SIZE_BYTES_MAX = 65_536


def state_folder() -> Path:
    """Return the folder in which this user's servers leave their ready files."""
    given = os.environ.get("PUSHLAB_STATE_DIR")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "pushlab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "pushlab"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "pushlab"


def write_private(path: Path, content: bytes) -> None:
    """Write *path* at once, readable by its owner alone."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise MisuseError(
            f"cannot write {path}: {error.strerror}; name another place with --ready-file"
        ) from None


def remove_private(path: Path, content: bytes) -> None:
    """Remove *path* if it still holds *content*: another server may have written it since."""
    try:
        if path.read_bytes() == content:
            path.unlink()
    except OSError:
        return


def find_ready_files() -> list[Path]:
    """Return the ready files of this user's servers, the latest first."""
    dated = []
    for path in state_folder().glob("ready-*.json"):
        try:
            dated.append((path.stat().st_mtime, path))
        except OSError:
            continue
    return [path for _, path in sorted(dated, reverse=True)]


def read_ready_file(path: Path) -> Mapping[str, Any]:
    """Return what a ready file says; raises MisuseError when it is none."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(SIZE_BYTES_MAX))
    except FileNotFoundError:
        raise MisuseError(
            f"there is no ready file {path}; start the server first, with `pushlab serve "
            f"--ready-file {path}`"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise MisuseError(f"{path} is no ready file: {error}; `pushlab serve` writes one") from None
    if not isinstance(value, dict) or not isinstance(value.get("control"), str):
        raise MisuseError(f"{path} is no ready file: it names no control URL")
    return value
