"""Hosts of mail servers that the redirect leads to a lab: the names that a program is set up with.

Which hosts take a program's mail only its own configuration says, so each is named by a test. They
are no vendors', so an authority signs for each alone, and no context comes to trust it for more.
This machine's own names are led on by port: what listens on others is left alone.
"""

from __future__ import annotations

import errno
import zlib
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab_fakes.wire.vendors import plain_name

if TYPE_CHECKING:
    from pushlab_fakes.wire.mail_ports import MailMode, MailPorts
    from pushlab_fakes.wire.tls import Authority

__all__ = ["MAIL_PORTS", "MailHosts"]

MAIL_PORTS: Final[dict[int, MailMode]] = {
    25: "clear",
    465: "tls",
    587: "starttls",
    1025: "clear",
    2525: "clear",
}
"""Ports by custom: relay, submission under TLS (RFC 8314), submission with STARTTLS (RFC 6409)."""
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MailHosts:
    """The mail servers' names that one redirect serves."""

    def __init__(self) -> None:
        self._ports: MailPorts | None = None
        self._markers: dict[str, str] = {}
        self._marked: dict[str, str] = {}
        self._leads_local = False

    def add(self, host: str, ports: MailPorts) -> None:
        """Lead *host* to *ports*; MisuseError when it is no name."""
        name = plain_name(host)
        if not name or "/" in name or (":" in name and name not in LOCAL_NAMES):
            raise MisuseError(
                f'a mail server is named by its host, as in "smtp.shop.test": {host!r}'
            )
        self._ports = ports
        if name in LOCAL_NAMES:
            self._leads_local = True
            return
        number = zlib.crc32(name.encode("ascii", "replace"))
        while (marker := _render_marker(number)) in self._marked:
            number += 1
        self._markers[name] = marker
        self._marked[marker] = name
        ports.serve_name(name)

    def __contains__(self, host: str) -> bool:
        """Whether *host* is led to the lab."""
        return host in self._markers or (self._leads_local and host in LOCAL_NAMES)

    def find_marker(self, host: str) -> str | None:
        """Return the address that stands for *host*; None for this machine's own names."""
        return self._markers.get(host)

    def find_authority(self, host: str) -> Authority | None:
        """Return who signs for *host*; None for this machine, for which the local one does."""
        return self._ports.find_authority(host) if self._ports is not None else None

    def map_address(self, host: str, port: int) -> tuple[str, int] | None:
        """Return where a connection to (*host*, *port*) really goes; None when it goes there."""
        name = self._marked.get(host, host)
        mode = MAIL_PORTS.get(port)
        if self._ports is None or name not in self:
            return None
        if name in LOCAL_NAMES:
            if mode is None:
                return None
        elif mode is None:
            ports = ", ".join(map(str, sorted(MAIL_PORTS)))
            text = f"pushlab serves the mail server {name} on ports {ports} only, not on {port}"
            raise ConnectionRefusedError(errno.ECONNREFUSED, text)
        if ":" in host:
            text = f"pushlab serves mail over IPv4 only, not on {host}"
            raise ConnectionRefusedError(errno.ECONNREFUSED, text)
        listener = self._ports.find(mode)
        return (listener.host, listener.port)


def _render_marker(number: int) -> str:
    """Return an address for a name, the same in each test; other than those of vendors."""
    high, low = divmod(number % (256 * 254), 254)
    return f"127.78.{high}.{low + 1}"
