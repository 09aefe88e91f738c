"""The dev server: one port with the fakes and the control API, until somebody ends it."""

from __future__ import annotations

import errno
import json
import os
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pushlab.child.guidance import CA_FILE, Guidance
from pushlab.devserver.bench import Bench
from pushlab.devserver.control import PREFIX, Control
from pushlab.devserver.driver import Driver
from pushlab.devserver.options import Options
from pushlab.devserver.ready import remove_private, state_folder, write_private
from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab.views import Endpoints
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.strikes import come_out
from pushlab_fakes.wire.edge import Edge
from pushlab_fakes.wire.mail_ports import MailPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pushlab.mail import MailView
    from pushlab.timeline import Told
    from pushlab_fakes.exchange import Request
    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.mail_ports import MailMode
    from pushlab_fakes.wire.ways import Ways

__all__ = ["DevServer", "Options"]

OWN = "/_pushlab"
TOKEN_BYTES = 24
MAIL_MODES: Sequence[MailMode] = ("clear", "starttls", "tls")
ANY_KEY = "os_v2_app_pushlab_any_key_will_do"
ANY_ORGANIZATION_KEY = "os_v2_org_pushlab_any_key_will_do"


class Front:
    """What the edge asks: the control API under its own path, everything else is the fakes'."""

    def __init__(self, bench: Bench, control: Control, report: Callable[[str], None]) -> None:
        self._bench = bench
        self._control = control
        self._report = report
        self.mail_ports = MailPorts(self)
        self.ways: Ways | None = None
        """Where a proxied connection is led; None until all ports are open."""

    @property
    def mail(self) -> MailView:
        """The mail of the lab."""
        return self._bench.lab.mail

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        return come_out(self.respond(request))

    def respond(self, request: Request) -> Answer:
        """Answer one request with what becomes of the answer."""
        if request.path.startswith(PREFIX):
            return self._control.handle(request)
        if request.path == OWN or request.path.startswith(f"{OWN}/"):
            return _tell_later()
        if request.path == "/" and request.method == "GET":
            return _welcome(self._bench)
        return self._bench.lab.respond(request)

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
    def has_handshake_faults(self) -> bool:
        """Whether a handshake may fail because that was planned."""
        return self._bench.lab.has_handshake_faults

    def find_handshake(self, host: str, *, is_mail: bool = False) -> bool:
        """Tell whether a client of *host* meets an expired certificate."""
        return self._bench.lab.find_handshake(host, is_mail=is_mail)

    @property
    def client_certificates(self) -> Sequence[str]:
        """The certificates that clients may show."""
        return self._bench.lab.client_certificates

    def first_streams(self, host: str) -> int:
        """Return how many streams *host* allows on a connection before its first request."""
        return self._bench.lab.first_streams(host)

    def speaks_http2_alone(self, host: str) -> bool:
        """Tell whether *host* answers in HTTP/2 whatever its client speaks."""
        return self._bench.lab.speaks_http2_alone(host)


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
        self._guidance: Guidance | None = None
        self._folder: Path | None = None
        self._ready: tuple[Path, bytes] | None = None

    def _make_lab(self, seed: int | None, start: str | None) -> Lab:
        options = self.options
        # Rate limits are the vendors' when live, and off while the clock stands still.
        settings = {"twilio_rates": True} if options.pace.is_live else {}
        return Lab(
            options.seed if seed is None else seed,
            start or options.start,
            app=options.app,
            settings=settings,
        )

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
            for mode in MAIL_MODES:
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
        front.ways = self._guide()

    def _guide(self) -> Ways:
        """Write what leads programs here, and begin to be their proxy."""
        options, ports = self.options, self._mail_ports
        assert self._listener is not None
        assert ports is not None
        command = f"pushlab {options.command}"
        self._guidance = Guidance(
            self._listener,
            ports,
            [host for place in self.bench.lab.services.directory.places for host in place.hosts],
            allow=options.allow,
            mail_hosts=options.smtp_hosts,
            advice=(
                f"To have it reached, say `{command} --allow {{}}`",
                f"To have its mail taken, say `{command} --smtp-host {{}}`",
            ),
        )
        self._folder = self._guidance.write(os.environ)
        return self._guidance.ways

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
        if self._guidance is not None:
            self._guidance.close()

    @property
    def url(self) -> str:
        """The base URL that clients use."""
        if self.options.public_url:
            return self.options.public_url.rstrip("/")
        return f"http://{self.endpoints.apns}"

    @property
    def endpoints(self) -> Endpoints:
        """Where everything answers."""
        assert self._listener is not None, "the server is not started"
        assert self._mail_ports is not None, "the server is not started"
        return Endpoints(self._listener, self._mail_ports)

    @property
    def refused(self) -> list[str]:
        """Sentences about hosts that programs asked for and were refused."""
        return [] if self._guidance is None else list(self._guidance.ways.refused.values())

    @property
    def ready_file(self) -> Path:
        """Where the ready file is."""
        if self.options.ready_file is not None:
            return self.options.ready_file
        assert self._listener is not None, "the server is not started"
        return state_folder() / f"ready-{self._listener.port}.json"

    def document(self) -> dict[str, Any]:
        """Return what the ready file says: a key is there when its service answers."""
        app, folder = self.bench.lab.app, self._folder
        assert folder is not None, "the server is not started"
        return {
            **self.endpoints.document(self.url),
            "control": f"{self.url}{PREFIX}",
            "ca_file": str(folder / CA_FILE),
            "child_files": str(folder),
            "app_id": app.id,
            "app_key": app.key or ANY_KEY,
            "organization_key": ANY_ORGANIZATION_KEY,
            "control_token": self.token,
            "pid": os.getpid(),
        }

    def _write_ready_file(self) -> None:
        content = json.dumps(self.document(), indent=2).encode() + b"\n"
        path = self.ready_file
        write_private(path, content)
        self._ready = (path, content)


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
