"""Leads the vendors' hosts to a lab, in a Python program that was started with its variables.

Python imports this file by itself at start, found by ``PYTHONPATH``, also where pushlab is not
installed: so it knows nothing but the standard library, of any Python since 3.8. A look-up gives
each name a marker address, ``connect`` maps markers to the lab, and the lab's certificates are
trusted when a context first meets one of the names; so clients that ask no proxy get there too, and
so does mail. A vendor's host that no fake serves is not looked up at all.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableSequence
    from types import ModuleType
    from typing import Any

__all__ = ["Redirect", "Watch", "begin"]

VARIABLE = "PUSHLAB_REDIRECT"
"""Names the file that says where to."""
WAIT_S = 5.0
"""How long the lab may take to say why it refuses a host; real time."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
MARKERS = 256 * 254
"""How many addresses there are in 127.79.0.0/16, but for the ends of its parts."""


class Redirect:
    """What the file says, and the hooks that keep to it."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.target = tuple(told["target"])
        self.ports = frozenset(told["ports"])
        self.hosts = tuple(told["hosts"])
        self.domains = tuple(told["domains"])
        self.allow = tuple(told["allow"])
        self.mail_hosts = frozenset(told["mail_hosts"])
        self.mail_ports = {int(port): tuple(to) for port, to in told["mail_ports"].items()}
        self.mail_guarded = frozenset(told["mail_guarded"])
        self.certificates = told["certificates"]
        self.signer = told["signer"].encode("ascii")
        self.names: dict[str, str] = {}
        """Marker -> the name that it stands for."""

    # -- names ---------------------------------------------------------------------------------

    def leads(self, name: str) -> bool:
        """Say whether *name* is led to the lab."""
        if name in self.allow:
            return False
        return name in self.mail_hosts or any(
            name == host or (host.startswith(".") and name.endswith(host)) for host in self.hosts
        )

    def guards(self, name: str) -> bool:
        """Say whether nobody but the lab may answer for *name*."""
        return is_under(name, self.domains) and not is_under(name, self.allow)

    def find_marker(self, host: object, port: object = None) -> str | None:
        """Return the address that stands for *host*, None for a host that is left alone.

        Raises ``gaierror`` for one that is refused.
        """
        import socket

        name = plain_name(host)
        if not name or name in LOCAL_NAMES:
            return None
        if self.leads(name):
            return self._make_marker(name)
        takes_mail = port in self.mail_guarded and not name.startswith("127.")
        if self.guards(name) or (takes_mail and not is_under(name, self.allow)):
            why = self.ask_why(name, port if isinstance(port, int) else 443)
            raise socket.gaierror(socket.EAI_FAIL, why)
        return None

    def _make_marker(self, name: str) -> str:
        """Derive an address from a name, for clients that cache look-ups."""
        import zlib

        number = zlib.crc32(name.encode("ascii", "replace"))
        while True:
            high, low = divmod(number % MARKERS, 254)
            marker = f"127.79.{high}.{low + 1}"
            if self.names.setdefault(marker, name) == name:
                return marker
            number += 1

    def map_address(self, address: Any) -> Any:
        """Return where a connection to *address* really goes."""
        if not isinstance(address, tuple) or len(address) < 2:
            return address
        host, port = address[:2]
        name = self.names.get(host) or plain_name(host)
        if name in self.mail_hosts and port in self.mail_ports:
            return self.mail_ports[port]
        if name in LOCAL_NAMES or not self.leads(name):
            return address
        if name in self.mail_hosts or port not in self.ports:
            raise ConnectionRefusedError(self.ask_why(name, port))
        return self.target

    def ask_why(self, name: str, port: int = 443) -> str:
        """Ask the lab why it refuses a host, so that it knows of it too; return its sentence."""
        import socket

        try:
            with socket.create_connection(self.target, WAIT_S) as conn:
                conn.sendall(f"CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
                with conn.makefile("rb") as answer:
                    line = answer.readline(8192).decode("ascii", "replace")
        except OSError as error:
            return f"pushlab: {name}:{port} is not served, and the lab is silent: {error}"
        return line.strip().partition(" - ")[2] or f"pushlab: {name}:{port} is not served"

    # -- hooks ---------------------------------------------------------------------------------

    def patch_socket(self, socket: Any) -> None:
        """Lead look-ups and connections."""
        look_up_all, look_up_one = socket.getaddrinfo, socket.gethostbyname
        look_up_names = socket.gethostbyname_ex
        connect_really, connect_ex_really = socket.socket.connect, socket.socket.connect_ex

        def getaddrinfo(  # noqa: PLR0917 - the signature of the original
            host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
        ) -> Any:
            marker = None if flags & socket.AI_NUMERICHOST else self.find_marker(host, port)
            if marker is None:
                return look_up_all(host, port, family, type, proto, flags)
            if family == socket.AF_INET6:
                text = f"pushlab serves {plain_name(host)} over IPv4 only"
                raise socket.gaierror(socket.EAI_FAMILY, text)
            return look_up_all(marker, port, family, type, proto, flags & ~socket.AI_CANONNAME)

        def gethostbyname(hostname: Any) -> Any:
            return self.find_marker(hostname) or look_up_one(hostname)

        def gethostbyname_ex(hostname: Any) -> Any:
            marker = self.find_marker(hostname)
            return look_up_names(hostname) if marker is None else (hostname, [], [marker])

        def connect(sock: Any, address: Any) -> Any:
            return connect_really(sock, self.map_address(address))

        def connect_ex(sock: Any, address: Any) -> Any:
            return connect_ex_really(sock, self.map_address(address))

        socket.getaddrinfo = getaddrinfo
        socket.gethostbyname = gethostbyname
        socket.gethostbyname_ex = gethostbyname_ex
        socket.socket.connect = connect
        socket.socket.connect_ex = connect_ex

    def patch_ssl(self, ssl: Any) -> None:
        """Trust the lab where it stands for a vendor, and nobody else there."""
        import weakref

        context_class = ssl.SSLContext
        trusting: Any = weakref.WeakSet()

        def prepare(context: Any, name: str) -> None:
            is_verifying = context.verify_mode != ssl.CERT_NONE
            if is_verifying and context not in trusting and self.leads(name):
                context.load_verify_locations(cafile=self.certificates)
                trusting.add(context)

        def check(connection: Any) -> None:
            name = plain_name(connection.server_hostname)
            if connection.server_side or not self.guards(name):
                return
            if self.signer not in (connection.getpeercert(binary_form=True) or b""):
                text = f"pushlab: somebody else answered for {name}; no request was sent"
                raise ssl.SSLError(text)

        def run_before(name: str, place: int) -> None:
            really = getattr(context_class, name)

            def wrap(context: Any, *args: Any, **options: Any) -> Any:
                given = args[place] if len(args) > place else None
                prepare(context, plain_name(options.get("server_hostname", given)))
                return really(context, *args, **options)

            setattr(context_class, name, wrap)

        def run_after(kind: Any) -> None:
            really = kind.do_handshake

            def do_handshake(connection: Any, *args: Any, **options: Any) -> Any:
                result = really(connection, *args, **options)
                check(connection)
                return result

            kind.do_handshake = do_handshake

        run_before("wrap_socket", 4)
        run_before("wrap_bio", 3)
        run_after(ssl.SSLSocket)
        run_after(ssl.SSLObject)

    def patch_resolver(self, resolver: Any) -> None:
        """Lead aiohttp where it asks name servers past Python's look-up."""
        import socket

        really = resolver.AsyncResolver.resolve

        async def resolve(
            asking: Any, host: str, port: int = 0, family: int = socket.AF_INET
        ) -> Any:
            marker = self.find_marker(host, port)
            if marker is None:
                return await really(asking, host, port, family)
            found = {"hostname": host, "host": marker, "port": port, "family": socket.AF_INET}
            return [{**found, "proto": 0, "flags": socket.AI_NUMERICHOST}]

        resolver.AsyncResolver.resolve = resolve

    def patch_proactor(self, events: Any) -> None:
        """Lead asyncio's loop of Windows, which connects without the socket's own method."""
        really = events.IocpProactor.connect

        def connect(proactor: Any, conn: Any, address: Any) -> Any:
            return really(proactor, conn, self.map_address(address))

        events.IocpProactor.connect = connect


def plain_name(host: object) -> str:
    """Return *host* as look-ups write it: text, lower case, no dot at its end; "" for no name."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    return host.lower().rstrip(".") if isinstance(host, str) else ""


def is_under(name: str, domains: tuple[str, ...]) -> bool:
    """Say whether *name* is one of *domains* or lies below one."""
    return any(name == domain or name.endswith("." + domain) for domain in domains)


class Watch:
    """Has modules hooked when they are first imported, so that none is loaded for nothing."""

    def __init__(self, hooks: dict[str, Callable[[Any], None]]) -> None:
        self.hooks = hooks
        self._is_looking = False

    def find_spec(
        self,
        name: str,
        path: object = None,  # noqa: ARG002 - the signature of every finder
        target: object = None,  # noqa: ARG002 - as above
    ) -> Any:
        """Find a module that has a hook, as others would, and have it hooked once it is there."""
        if name not in self.hooks or self._is_looking:
            return None
        import importlib.util

        self._is_looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, self.hooks[name])  # type: ignore[assignment] # it has what a loader needs
        return spec


class Loader:
    """Loads a module as its own loader does, then calls the hook and is gone."""

    def __init__(self, loader: Any, hook: Callable[[Any], None]) -> None:
        self._loader = loader
        self._hook = hook

    def create_module(self, spec: Any) -> Any:
        """Make the module."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Run it."""
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._hook(module)

    def __getattr__(self, name: str) -> Any:
        """Be its own loader for everybody else."""
        return getattr(self._loader, name)


def begin(
    environ: Mapping[str, str], modules: Mapping[str, ModuleType], finders: MutableSequence[Any]
) -> None:
    """Begin if the variables ask for it; modules that are there already are hooked at once."""
    path = environ.get(VARIABLE)
    if not path:
        return
    import json

    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError):
        return  # The lab is closed.
    redirect = Redirect(told)
    hooks: dict[str, Callable[[Any], None]] = {
        "socket": redirect.patch_socket,
        "ssl": redirect.patch_ssl,
        "aiohttp.resolver": redirect.patch_resolver,
        "asyncio.windows_events": redirect.patch_proactor,
    }
    for name in [name for name in hooks if name in modules]:
        hooks.pop(name)(modules[name])
    finders.insert(0, Watch(hooks))


def give_way(folder: str) -> None:
    """Import the file of this name that this one stands in front of, if there is one."""
    import importlib

    path = sys.path
    sys.path = [each for each in path if os.path.realpath(each or ".") != folder]
    own = sys.modules.pop("sitecustomize")
    try:
        importlib.import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.path = path
        sys.modules.setdefault("sitecustomize", own)


if __name__ == "sitecustomize":
    begin(os.environ, sys.modules, sys.meta_path)
    give_way(os.path.dirname(os.path.realpath(__file__)))
