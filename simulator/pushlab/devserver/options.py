"""What a server is asked for on the command line, checked before anything is begun."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pushlab.devserver.pace import parse_pace
from pushlab.errors import MisuseError
from pushlab.world.clock import parse_instant
from pushlab_fakes.wire.ways import check_allowed, check_mail_host

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pushlab.devserver.pace import Pace

__all__ = ["Options", "read_options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What `pushlab serve` or `pushlab run` was asked for."""

    pace: Pace
    port: int = 7575
    bind: str = "127.0.0.1"
    public_url: str | None = None
    seed: int = 0
    start: str = "now"
    app: str | None = None
    ready_file: Path | None = None
    """None puts it into the user's state folder, named by the port."""
    allow: tuple[str, ...] = ()
    """Hosts that programs which are led here really reach, beside this machine."""
    smtp_hosts: tuple[str, ...] = ()
    """Mail servers whose mail is taken from such programs."""
    command: str = "serve"
    """How the server was started, for advice."""

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach the port."""
        try:
            return not ipaddress.ip_address(self.bind).is_loopback
        except ValueError:
            return self.bind != "localhost"


def read_options(chosen: Mapping[str, Any]) -> Options:
    """Return what was chosen by the names of `Options`, and ``clock`` for its pace.

    Raises MisuseError for what does not fit.
    """
    start, app, public = (str(chosen.get(name) or "") for name in ("start", "app", "public_url"))
    if start != "now":
        parse_instant(start)
    app_id, colon, key = app.partition(":")
    if app and (not app_id or (colon and not key) or any(sign.isspace() for sign in app)):
        raise MisuseError(f"--app is {app!r}; write it as ID:KEY, or ID alone for any key")
    parts = urlsplit(public)
    if public and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise MisuseError(f"--public-url is {public!r}; write https://push.example.test")
    pace = parse_pace(str(chosen["clock"]))
    given = {name: value for name, value in chosen.items() if name != "clock"}
    given["allow"] = tuple(check_allowed(host) for host in chosen.get("allow", ()))
    given["smtp_hosts"] = tuple(check_mail_host(host) for host in chosen.get("smtp_hosts", ()))
    return Options(pace=pace, **given)
