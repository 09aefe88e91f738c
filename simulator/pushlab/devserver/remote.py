"""A running server as `pushlab ctl` sees it: found by its ready file, asked over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from pushlab.devserver.ready import find_ready_files, read_ready_file, state_folder
from pushlab.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Remote", "find_server"]

TIMEOUT_S = 600.0
"""A long advance computes for a while; real time."""
PROBE_TIMEOUT_S = 5.0


class Remote:
    """The control API of one server."""

    def __init__(self, ready: Mapping[str, Any], source: Path) -> None:
        self._base = str(ready["control"])
        self._token = str(ready.get("control_token", ""))
        self._source = source
        self._opener = build_opener(ProxyHandler({}))

    def call(
        self,
        method: str,
        *parts: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> dict[str, Any]:
        """Make one call and return its answer; raises MisuseError when it is a refusal."""
        url = self._base + "/".join(quote(part, safe="") for part in parts)
        given = {name: value for name, value in (query or {}).items() if value is not None}
        if given:
            url += f"?{urlencode(given)}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - as given
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except HTTPError as error:
            with error:
                raise MisuseError(_read_refusal(error.code, error.read())) from None
        except (URLError, OSError, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise MisuseError(
                f"the server of {self._source} does not answer ({reason}); start it again with "
                "`pushlab serve`"
            ) from None

    def is_there(self) -> bool:
        """Tell whether the server answers."""
        try:
            self.call("GET", "clock", timeout_s=PROBE_TIMEOUT_S)
        except MisuseError:
            return False
        return True


def find_server(ready_file: Path | None) -> Remote:
    """Return the server of *ready_file*, or else the one that this user runs.

    Raises MisuseError when there is none, or more than one to choose from.
    """
    if ready_file is not None:
        return Remote(read_ready_file(ready_file), ready_file)
    found: list[tuple[Path, Remote]] = []
    for path in find_ready_files():
        try:
            remote = Remote(read_ready_file(path), path)
        except MisuseError:
            continue
        if remote.is_there():
            found.append((path, remote))
    if not found:
        raise MisuseError(
            f"no server runs (no ready file in {state_folder()} leads to one); start one with "
            "`pushlab serve`, or name its ready file with `pushlab ctl --ready-file FILE`"
        )
    if len(found) > 1:
        listed = ", ".join(str(path) for path, _ in found)
        raise MisuseError(
            f"{len(found)} servers run; choose one with `pushlab ctl --ready-file FILE`: {listed}"
        )
    return found[0][1]


def _read_refusal(status: int, content: bytes) -> str:
    try:
        error = json.loads(content)["error"]
        return f"{error['what']}; {error['instead']}"
    except (ValueError, KeyError, TypeError):
        return f"the server answered {status}: {content[:200].decode('utf-8', 'replace')}"
