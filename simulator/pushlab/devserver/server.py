"""The dev server: one port with the fakes and the control API, until somebody ends it."""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pushlab.devserver.bench import Bench
from pushlab.devserver.control import PREFIX, Control
from pushlab.devserver.driver import Driver
from pushlab.devserver.ready import remove_private, state_folder, write_private
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.wire.edge import Edge
from pushlab_fakes.wire.mail_ports import MailPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushlab.devserver.pace import Pace
    from pushlab.mail import MailView
    from pushlab.timeline import Told
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.mail_ports import MailMode

__all__ = ["DevServer", "Options"]

OWN = "/_pushlab"
TOKEN_BYTES = 24
MAIL_KEYS: Mapping[str, MailMode] = {
    "smtp": "clear",
    "smtp_starttls": "starttls",
    "smtp_tls": "tls",
}
"""Keys of the ready file, and the kinds of port."""
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound


@dataclass(frozen=True, slots=True)
class Options:
    """What `pushlab serve` was asked for."""

    pace: Pace
    port: int = 7575
    bind: str = "127.0.0.1"
    public_url: str | None = None
    seed: int = 0
    start: str = "now"
    app: str | None = None
    ready_file: Path | None = None
    """None puts it into the user's state folder, named by the port."""

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach the port."""
        try:
            return not ipaddress.ip_address(self.bind).is_loopback
        except ValueError:
            return self.bind != "localhost"


class Front:
    """What the edge asks: the control API under its own path, everything else is the fakes'."""

    def __init__(self, bench: Bench, control: Control, report: Callable[[str], None]) -> None:
        self._bench = bench
        self._control = control
        self._report = report
        self.mail_ports = MailPorts(self)

    @property
    def mail(self) -> MailView:
        """The mail of the lab."""
        return self._bench.lab.mail

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path.startswith(PREFIX):
            return self._control.handle(request)
        if request.path == OWN or request.path.startswith(f"{OWN}/"):
            return _tell_later()
        if request.path == "/" and request.method == "GET":
            return _welcome(self._bench)
        return self._bench.lab.handle(request)

    def takes_long(self, request: Request) -> bool:
        """Tell whether a request waits for time to be moved."""
        return request.path.startswith(PREFIX) and self._control.takes_long(request)

    def failed(self, error: BaseException) -> None:
        """Tell of an error inside a fake; the server goes on."""
        self._report(f"a fake broke: {type(error).__name__}: {error}")

    def date(self) -> int:
        """Return the instant for the Date header."""
        return self._bench.lab.date()

    def broke(self, protocol: str, reason: str) -> None:
        """Take note of a connection that broke the rules of its protocol."""
        self._bench.lab.broke(protocol, reason)

    @property
    def client_certificates(self) -> Sequence[str]:
        """The certificates that clients may show."""
        return self._bench.lab.client_certificates

    def first_streams(self, host: str) -> int:
        """Return how many streams *host* allows on a connection before its first request."""
        return self._bench.lab.first_streams(host)


class DevServer:
    """A lab behind a port, from `start` to `stop`."""

    def __init__(
        self,
        options: Options,
        *,
        show: Callable[[list[Told]], None] = lambda _told: None,
        report: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Prepare a server; *show* gets the timeline, *report* what went wrong inside.

        Raises MisuseError when a lab cannot be made of the options.
        """
        self.options = options
        self.token = f"pushlab_control_{secrets.token_urlsafe(TOKEN_BYTES)}"
        self.bench = Bench(self._make_lab, options.pace.name)
        self._report = report
        self._control = Control(self.bench, self.token, self._own_hosts())
        self._driver = Driver(self.bench, options.pace, show, report)
        self._listener: Listener | None = None
        self._mail_ports: MailPorts | None = None
        self._ca_file: Path | None = None
        self._ca_pem = b""
        self._ready: tuple[Path, bytes] | None = None

    def _make_lab(self, seed: int | None, start: str | None) -> Lab:
        options = self.options
        return Lab(options.seed if seed is None else seed, start or options.start, app=options.app)

    def _own_hosts(self) -> list[str]:
        named = urlsplit(self.options.public_url or "").hostname
        return [host for host in (named, self.options.bind) if host]

    def start(self) -> None:
        """Open the port, start the clock, and then write the ready file.

        Raises MisuseError when the port is taken; nothing is left open then.
        """
        try:
            self._open()
            self._driver.start()
            self._write_ready_file()
        except BaseException:
            self.stop()
            raise

    def _open(self) -> None:
        options = self.options
        front = Front(self.bench, self._control, self._report)
        self._mail_ports = front.mail_ports
        try:
            self._listener = Edge.shared().borrow(front, host=options.bind, port=options.port)
            for mode in MAIL_KEYS.values():
                self._mail_ports.find(mode, options.bind)
        except OSError as error:
            where = f"{options.bind}:{options.port}"
            if error.errno == errno.EADDRINUSE:
                raise MisuseError(
                    f"port {options.port} is taken: something listens at {where} already; "
                    f"try --port {options.port + 1}, or --port 0 for any free one"
                ) from None
            instead = "--bind takes an address of this machine, such as 127.0.0.1"
            if error.errno == errno.EACCES:
                instead = "this user may not open that port, choose one above 1023"
            raise MisuseError(
                f"cannot listen at {where}: {error.strerror or error}; {instead}"
            ) from None
        self._ca_pem = self._listener.ca_pem
        handle, name = tempfile.mkstemp(prefix="pushlab-ca-", suffix=".pem")
        with os.fdopen(handle, "wb") as file:
            file.write(self._ca_pem)
        self._ca_file = Path(name)

    def stop(self) -> None:
        """Remove the ready file, stop the clock, close the port."""
        if self._ready is not None:
            remove_private(*self._ready)
            self._ready = None
        self.bench.is_stopping = True
        self._driver.stop()
        if self._mail_ports is not None:
            self._mail_ports.release()
        if self._listener is not None:
            self._listener.release()
            self._listener = None
        self.bench.close()
        if self._ca_file is not None:
            self._ca_file.unlink(missing_ok=True)
            self._ca_file = None

    @property
    def url(self) -> str:
        """The base URL that clients use."""
        if self.options.public_url:
            return self.options.public_url.rstrip("/")
        return f"http://{self._address}"

    @property
    def _address(self) -> str:
        assert self._listener is not None, "the server is not started"
        return _render_address(self._listener)

    @property
    def ready_file(self) -> Path:
        """Where the ready file is."""
        if self.options.ready_file is not None:
            return self.options.ready_file
        assert self._listener is not None, "the server is not started"
        return state_folder() / f"ready-{self._listener.port}.json"

    def document(self) -> dict[str, Any]:
        """Return what the ready file says: a key is there when its service answers."""
        app, ports = self.bench.lab.app, self._mail_ports
        assert ports is not None, "the server is not started"
        mail = {key: _render_address(ports.find(mode)) for key, mode in MAIL_KEYS.items()}
        return {
            "onesignal": self.url,
            "control": f"{self.url}{PREFIX}",
            **mail,
            "tls": self._address,
            "ca_file": str(self._ca_file),
            "app_id": app.id,
            "app_key": app.key or "os_v2_app_pushlab_any_key_will_do",
            "control_token": self.token,
            "pid": os.getpid(),
        }

    def _write_ready_file(self) -> None:
        content = json.dumps(self.document(), indent=2).encode() + b"\n"
        path = self.ready_file
        write_private(path, content)
        self._ready = (path, content)


def _render_address(listener: Listener) -> str:
    host = "127.0.0.1" if listener.host in WILDCARDS else listener.host
    return f"[{host}]:{listener.port}" if ":" in host else f"{host}:{listener.port}"


def _tell_later() -> Answer:
    told = {
        "error": {
            "what": "pushlab has no page to look at yet",
            "instead": "use `pushlab ctl`, or the control API under /_pushlab/api/",
        }
    }
    return json_answer(501, told)


def _welcome(bench: Bench) -> Answer:
    """Greet whoever opens the address in a browser."""
    text = (
        f"This is pushlab, a messaging world on one machine (clock: {bench.pace}).\n"
        "Use this address as the base URL of your OneSignal client.\n"
        "`pushlab ctl --help` says how to play the phones and the clock.\n"
    )
    return Answer(200, text.encode(), (("content-type", "text/plain; charset=utf-8"),))
