"""The redirect: unmodified clients in this process reach the fakes under the vendors' own names.

A look-up gives each served name a marker address in 127.77.0.0/16, and ``connect`` maps markers to
the listener; so sockets, pools and caches of the clients stay ordinary. What TLS needs is in
``handshake``, and which mail is led along in ``mail_hosts``. A vendor's name that no fake serves is
refused, in the look-up and again after the handshake, so nothing reaches a real vendor by mistake,
not through a proxy either.

Out of reach: uvloop without aiodns, networking written in C, pinned certificates, and clear text
that a client sends to a proxy which it learnt of before.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import sys
import threading
import zlib
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pushlab.errors import MisuseError, PushlabError
from pushlab_fakes.directory import is_named
from pushlab_fakes.wire.handshake import patch_handshakes
from pushlab_fakes.wire.mail_hosts import MailHosts
from pushlab_fakes.wire.originals import find_socket_class
from pushlab_fakes.wire.patches import Patches
from pushlab_fakes.wire.vendors import VENDOR_DOMAINS, is_under, plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.tls import Authority

    Address = tuple[Any, ...] | str | bytes

__all__ = ["Redirect", "VendorHostRefused", "VendorPeerRefused"]

SERVED_PORTS = frozenset([80, 443, 2195, 2196, 2197])
"""Those of the web, and of APNs: 2197 takes what 443 takes, the others manage its channels."""
LOCAL_NAMES = ("localhost", "127.0.0.1")


class VendorHostRefused(PushlabError, socket.gaierror):  # noqa: N818 - users know the name
    """A client asked for a vendor's host that no fake serves; clients wrap it and keep its text."""

    host = ""


R = TypeVar("R", bound=VendorHostRefused)


class VendorPeerRefused(VendorHostRefused, ssl.SSLError):
    """Somebody who is no fake of ours answered under a vendor's name."""


class Redirect:
    """Leads vendors' hosts to one listener while it is installed; one at a time in a process."""

    _installed: ClassVar[Redirect | None] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        listener: Listener,
        served_hosts: Sequence[str],
        refused_suffixes: Sequence[str] = VENDOR_DOMAINS,
        allow: Sequence[str] = (),
    ) -> None:
        self.listener = listener
        self._allowed = frozenset(_check_allowed(host) for host in allow)
        names = dict.fromkeys(map(plain_name, served_hosts))
        self.served_hosts = tuple(name for name in names if name not in self._allowed)
        for host in self.served_hosts:
            if not is_under(host.removeprefix("."), VENDOR_DOMAINS):
                raise MisuseError(
                    f"{host} cannot be redirected: the local certificate authority may sign only "
                    f"for {', '.join(VENDOR_DOMAINS)}; give the client a base URL instead"
                )
        self._refused_suffixes = tuple(refused_suffixes)
        self._markers: dict[str, str] = {}
        self._marked: dict[str, str] = {}
        self.mail = MailHosts()
        """Mail servers whose names lead to the lab as well."""
        self._patches = Patches()
        self._active = False
        self.refused: list[VendorHostRefused] = []
        """Each host that was refused, once for each kind of refusal, in order."""

    def install(self) -> None:
        """Redirect from now on; ``MisuseError`` while another redirect is installed."""
        with Redirect._guard:
            if Redirect._installed is not None:
                raise MisuseError(
                    "another lab of this process already answers for "
                    f"{', '.join(Redirect._installed.served_hosts)}: close it first, or open this "
                    "one without the redirect and give your client its base URL, "
                    f"{self.listener.url}"
                )
            Redirect._installed = self
        try:
            self._active = True
            self._patch_lookups()
            self._patch_connects()
            patch_handshakes(self._patches, self, self._find_authority)
            self._extend_no_proxy()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Undo everything; a second time nothing happens."""
        self._active = False
        self._patches.undo()
        with Redirect._guard:
            if Redirect._installed is self:
                Redirect._installed = None

    def is_served(self, host: str) -> bool:
        """Say whether a fake answers for *host* now."""
        return self._active and (self._serves(host) or host in self.mail)

    def _serves(self, host: str) -> bool:
        """Say whether *host* is a vendor's that is led to the listener."""
        return host in self._markers or (
            host not in self._allowed and is_named(host, self.served_hosts)
        )

    def _mark(self, host: str) -> str:
        """Return the address that stands for a served name."""
        marker = self._markers.setdefault(host, _make_marker(host))
        self._marked.setdefault(marker, host)
        return marker

    def is_guarded(self, host: str) -> bool:
        """Say whether nobody but a fake may answer for *host* now."""
        if not self._active or host in self._allowed:
            return False
        if self._serves(host):
            return True
        return is_under(host, self._refused_suffixes) and not is_under(host, self._allowed)

    def refuse_peer(self, host: str) -> VendorPeerRefused:
        """Remember, and return to be raised, that a stranger answered for *host*."""
        text = (
            f"the peer that answered for {host} is not pushlab: a proxy, or a resolver of the "
            "client's own, led to it. It was refused before a request was sent. "
            f"{self._advice(host)}"
        )
        return self._remember(VendorPeerRefused(socket.EAI_FAIL, text), host)

    def _find_authority(self, host: str) -> Authority:
        """Return who signs for *host*."""
        return self.mail.find_authority(host) or self.listener.authority

    def _find_marker(self, host: object, port: object = None) -> str | None:
        """Return the address that stands for *host*, None for a host that is none of ours."""
        name = plain_name(host)
        if not self._active:
            return None
        if self._serves(name):
            return self._mark(name)
        if self.is_guarded(name):
            text = f"{name} is a vendor's host that no fake serves. {self._advice(name)}"
            raise self._remember(VendorHostRefused(socket.EAI_FAIL, text), name)
        return None if self._is_allowed(name) else self.mail.find_marker(name, port)

    def _is_allowed(self, host: str) -> bool:
        return bool(self._allowed) and is_under(host, self._allowed)

    def _advice(self, host: str) -> str:
        return (
            f"Served here: {', '.join(self.served_hosts) or 'none'}. To let a test reach the real "
            f'host, mark it with @pytest.mark.pushlab(allow=["{host}"])'
        )

    def _remember(self, refusal: R, host: str) -> R:
        refusal.host = host
        kind = type(refusal)
        if not any(kept.host == host and type(kept) is kind for kept in self.refused):
            # A copy, because the one that is raised holds the frames it passes through.
            kept = kind(*refusal.args)
            kept.host = host
            self.refused.append(kept)
        return refusal

    def _patch_lookups(self) -> None:
        look_up_all = socket.getaddrinfo
        look_up_one = socket.gethostbyname
        look_up_names = socket.gethostbyname_ex

        def getaddrinfo(  # noqa: PLR0917 - the signature of the original
            host: bytes | str | None,
            port: bytes | str | int | None,
            family: int = 0,
            type: int = 0,
            proto: int = 0,
            flags: int = 0,
        ) -> list[Any]:
            marker = None if flags & socket.AI_NUMERICHOST else self._find_marker(host, port)
            if marker is None:
                found = look_up_all(host, port, family, type, proto, flags)
                if self._is_allowed(plain_name(host)):
                    self.mail.let_through(str(each[4][0]) for each in found or ())
                return found
            _check_family(host, family)
            return look_up_all(marker, port, family, type, proto, flags & ~socket.AI_CANONNAME)

        def gethostbyname(hostname: str) -> str:
            return self._find_marker(hostname) or look_up_one(hostname)

        def gethostbyname_ex(hostname: str) -> tuple[str, list[str], list[str]]:
            marker = self._find_marker(hostname)
            return look_up_names(hostname) if marker is None else (hostname, [], [marker])

        self._patches.replace(socket, "getaddrinfo", getaddrinfo)
        self._patches.replace(socket, "gethostbyname", gethostbyname)
        self._patches.replace(socket, "gethostbyname_ex", gethostbyname_ex)
        self._patch_async_resolver()

    def _patch_async_resolver(self) -> None:
        """Cover aiodns, which asks name servers past Python's look-up when aiohttp finds it."""
        from aiohttp.abc import ResolveResult
        from aiohttp.resolver import AsyncResolver

        resolve_really = AsyncResolver.resolve

        async def resolve(
            resolver: AsyncResolver,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_INET,
        ) -> list[ResolveResult]:
            marker = self._find_marker(host, port)
            if marker is None:
                return await resolve_really(resolver, host, port, family)
            _check_family(host, family)
            return [
                ResolveResult(
                    hostname=host,
                    host=marker,
                    port=port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            ]

        self._patches.replace(AsyncResolver, "resolve", resolve)

    def _patch_connects(self) -> None:
        kind = find_socket_class()
        connect_really = kind.connect
        connect_ex_really = kind.connect_ex

        def connect(sock: socket.socket, address: Address) -> None:
            connect_really(sock, self._map_address(address))

        def connect_ex(sock: socket.socket, address: Address) -> int:
            try:
                mapped = self._map_address(address)
            except ConnectionRefusedError:
                return errno.ECONNREFUSED
            return connect_ex_really(sock, mapped)

        self._patches.replace(kind, "connect", connect)
        self._patches.replace(kind, "connect_ex", connect_ex)
        if sys.platform == "win32":
            # The loop of asyncio on Windows connects without the socket's own method.
            from asyncio.windows_events import IocpProactor

            connect_overlapped: Any = IocpProactor.connect

            def connect_soon(proactor: object, conn: socket.socket, address: Address) -> object:
                return connect_overlapped(proactor, conn, self._map_address(address))

            self._patches.replace(IocpProactor, "connect", connect_soon)

    def _map_address(self, address: Address) -> Address:
        """Return where a connection to *address* really goes."""
        if not self._active or not isinstance(address, tuple) or len(address) < 2:
            return address
        host, port = address[:2]
        led = self.mail.map_address(plain_name(host), port)
        if led is not None:
            return led
        name = self._marked.get(host)
        if name is None:
            # A name may come here too: connect() looks it up by itself, past Python.
            if self._find_marker(host, port) is None:
                return address
            name = plain_name(host)
        if port not in SERVED_PORTS:
            ports = " and ".join(map(str, sorted(SERVED_PORTS)))
            text = f"pushlab serves {name} on ports {ports} only, not on {port}"
            raise ConnectionRefusedError(errno.ECONNREFUSED, text)
        return (self.listener.host, self.listener.port)

    def _extend_no_proxy(self) -> None:
        """Keep clients that read the proxy variables from sending vendors' requests there."""
        for variable in ("NO_PROXY", "no_proxy"):
            entries = [entry.strip() for entry in os.environ.get(variable, "").split(",")]
            if "*" in entries:
                continue
            wanted = dict.fromkeys([*filter(None, entries), *VENDOR_DOMAINS, *LOCAL_NAMES])
            self._patches.set_variable(variable, ",".join(wanted))


def _make_marker(host: str) -> str:
    """Derive an address from a name, the same in each test, for clients that cache look-ups.

    Two names that share one do no harm: requests are told apart by their Host header.
    """
    high, low = divmod(zlib.crc32(host.encode("ascii")) % (256 * 254), 254)
    return f"127.77.{high}.{low + 1}"


def _check_family(host: object, family: int) -> None:
    if family == socket.AF_INET6:
        text = f"pushlab serves {plain_name(host)} over IPv4 only; ask for AF_INET or AF_UNSPEC"
        raise socket.gaierror(socket.EAI_FAMILY, text)


def _check_allowed(host: str) -> str:
    if "/" in host or ":" in host:
        raise MisuseError(f'allow takes names of hosts, as in allow=["example.com"], not {host!r}')
    return plain_name(host)
