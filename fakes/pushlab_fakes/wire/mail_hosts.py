"""Hosts of mail servers that the redirect leads to a lab: the names that a program is set up with.

Which hosts take a program's mail only its own configuration says; what tells them is the port. So
whatever is looked up or dialled for a port of mail is led here, wherever it is, unless a test
allows it; on other ports its host stays what it is. A host that a test names is led on all ports
for mail, those by mere custom too. None is a vendor's, so an authority signs for each alone, and no
context comes to trust it for more. This machine's own names are led when they are named, by port:
what listens on others is left alone.
"""

from __future__ import annotations

import errno
import zlib
from typing import TYPE_CHECKING, Final

from pushlab.errors import MisuseError
from pushlab_fakes.wire.sending import is_local
from pushlab_fakes.wire.vendors import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushlab_fakes.wire.mail_ports import MailMode, MailPorts
    from pushlab_fakes.wire.tls import Authority

__all__ = ["MAIL_GUARDED", "MAIL_PORTS", "MailHosts"]

MAIL_PORTS: Final[dict[int, MailMode]] = {
    25: "clear",
    465: "tls",
    587: "starttls",
    1025: "clear",
    2525: "clear",
}
"""Ports by custom: relay, submission under TLS (RFC 8314), submission with STARTTLS (RFC 6409)."""
MAIL_GUARDED: Final = frozenset({25, 465, 587, 2525})
"""Those which nothing but mail is known to use; 1025 is where people keep mail catchers."""
SERVICES: Final = {"smtp": 25, "smtps": 465, "submission": 587, "submissions": 465}
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MailHosts:
    """The mail servers' names that one redirect serves."""

    def __init__(self) -> None:
        self._ports: MailPorts | None = None
        self._markers: dict[str, str] = {}
        self._marked: dict[str, str] = {}
        self._leads_local = False
        self._catches = False
        self._caught: dict[str, str] = {}
        self._let_through: set[str] = set()

    def catch(self, ports: MailPorts) -> None:
        """Lead all mail that would leave this machine to *ports*, whatever its host."""
        self._ports = ports
        self._catches = True

    def is_mail(self, host: str, port: object) -> bool:
        """Say whether (*host*, *port*) takes mail and is to be led although nobody named it."""
        return (
            self._catches
            and _read_port(port) in MAIL_GUARDED
            and bool(host)
            and not is_local(host)
            and host not in self._let_through
        )

    def let_through(self, addresses: Iterable[str]) -> None:
        """Leave alone what an allowed host was looked up to be."""
        self._let_through.update(addresses)

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
        self._mark(name, self._markers)
        ports.serve_name(name)

    def _mark(self, name: str, markers: dict[str, str]) -> str:
        """Derive an address that stands for *name*."""
        number = zlib.crc32(name.encode("ascii", "replace"))
        while self._marked.setdefault(marker := _render_marker(number), name) != name:
            number += 1
        markers[name] = marker
        return marker

    def __contains__(self, host: str) -> bool:
        """Whether *host* is led to the lab."""
        if host in self._markers or host in self._caught:
            return True
        return self._leads_local and host in LOCAL_NAMES

    def find_marker(self, host: str, port: object = None) -> str | None:
        """Return the address that stands for *host*; None for this machine's own names.

        A host that nobody named has one for a *port* of mail alone.
        """
        marker = self._markers.get(host)
        if marker is not None or not self.is_mail(host, port):
            return marker
        assert self._ports is not None, "who catches has ports"
        self._ports.serve_name(host)
        return self._mark(host, self._caught)

    def find_authority(self, host: str) -> Authority | None:
        """Return who signs for *host*; None for this machine, for which the local one does."""
        return self._ports.find_authority(host) if self._ports is not None else None

    def map_address(self, host: str, port: int) -> tuple[str, int] | None:
        """Return where a connection to (*host*, *port*) really goes; None when it goes there."""
        name = self._marked.get(host, host)
        mode = MAIL_PORTS.get(port)
        if self._ports is None or not (name in self or self.is_mail(name, port)):
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


def _read_port(port: object) -> int | None:
    """Return the number of a port that may be given as text or by its service's name."""
    text = port.decode("ascii", "replace") if isinstance(port, bytes) else port
    if isinstance(text, str):
        return int(text) if text.isascii() and text.isdecimal() else SERVICES.get(text)
    return text if isinstance(text, int) else None


def _render_marker(number: int) -> str:
    """Return an address for a name, the same in each test; other than those of vendors."""
    high, low = divmod(number % (256 * 254), 254)
    return f"127.78.{high}.{low + 1}"
