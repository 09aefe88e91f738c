"""One request over a socket: resolved once, bounded in real time, abortable."""

from __future__ import annotations

import contextlib
import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.waiting import Alarm, UnansweredError

if TYPE_CHECKING:
    import socket
    import ssl

    from pushlab_fakes.wire.mounts import WebhookRequest

__all__ = ["Exchange", "RefusedError", "is_local", "is_loopback"]


class RefusedError(UnansweredError):
    """The guard said no."""


class Exchange:
    """One HTTP request and its answer, bounded in real time; another thread may abort it."""

    def __init__(
        self,
        request: WebhookRequest,
        url: str,
        *,
        bound_s: float,
        tls: ssl.SSLContext | None = None,
        must_be_local: bool = True,
    ) -> None:
        self._request = request
        self._parts = urlsplit(url)
        self._tls = tls
        self._bound_s = bound_s
        self._must_be_local = must_be_local
        self._socket: socket.socket | None = None
        self._is_aborted = False

    def abort(self) -> None:
        """End the exchange from another thread; it then raises in its own."""
        import socket

        self._is_aborted = True
        if self._socket is not None:
            # It may not be connected yet, or be closed already.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def run(self) -> Answer:
        """Make the request; raises UnansweredError with a text that is the same everywhere."""
        import http.client

        try:
            with Alarm(self._bound_s, self.abort):
                answer = self._run()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnansweredError(self._explain(error)) from error
        finally:
            if self._socket is not None:
                self._socket.close()
        if self._is_aborted:
            # Cutting a connection looks like the end of an answer without a length.
            raise UnansweredError("timed out")
        return answer

    def _explain(self, error: Exception) -> str:
        import ssl

        if self._is_aborted or isinstance(error, TimeoutError):
            return "timed out"
        if isinstance(error, ssl.SSLError):
            return "unreachable: no TLS connection"
        if isinstance(error, ConnectionRefusedError):
            return "unreachable: connection refused"
        if isinstance(error, OSError):
            return "unreachable: connection lost"
        return "no HTTP answer"

    def _run(self) -> Answer:
        import http.client

        host = self._parts.hostname or ""
        port = self._parts.port or (443 if self._parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self._connect(host, port)
        path = urlunsplit(("", "", self._parts.path or "/", self._parts.query, ""))
        connection.putrequest(self._request.method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self._headers():
            connection.putheader(name, value)
        connection.endheaders(self._request.body or None)
        answer = connection.getresponse()
        try:
            body = answer.read(self._request.answer_bytes_max + 1)
            headers = tuple((name.lower(), value) for name, value in answer.getheaders())
            return Answer(answer.status, body, headers)
        finally:
            answer.close()

    def _headers(self) -> list[tuple[str, str]]:
        request = self._request
        sent_to = urlsplit(request.url)
        headers = [("Host", sent_to.netloc)]
        headers += [
            pair
            for pair in request.headers
            if pair[0].lower() not in ("connection", "content-length", "host")
        ]
        if sent_to.scheme != self._parts.scheme:
            # Mounted to a plain port: what a proxy in front of the app would have said.
            headers.append(("X-Forwarded-Proto", sent_to.scheme))
        if request.body or request.method not in ("GET", "HEAD"):
            headers.append(("Content-Length", str(len(request.body))))
        headers.append(("Connection", "close"))
        return headers

    def _connect(self, host: str, port: int) -> socket.socket:
        import socket

        deadline = RealClock.monotonic() + self._bound_s
        failure: OSError = ConnectionRefusedError("no address")
        for family, kind, protocol, _, address in self._resolve(host, port):
            self._socket = socket.socket(family, kind, protocol)
            self._socket.settimeout(max(deadline - RealClock.monotonic(), 0.001))
            try:
                self._socket.connect(address)
            except OSError as error:
                failure = error
                self._socket.close()
                continue
            if self._tls is not None:
                self._socket = self._tls.wrap_socket(
                    self._socket, server_hostname=host, do_handshake_on_connect=False
                )
                self._socket.do_handshake()
            if self._is_aborted:
                break
            return self._socket
        raise failure

    def _resolve(self, host: str, port: int) -> list[tuple[Any, Any, int, str, Any]]:
        """Look *host* up once; what was not allowed by name must stay on this machine."""
        import socket

        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UnansweredError("unreachable: no such host") from error
        if self._must_be_local and not all(is_loopback(str(info[4][0])) for info in found):
            raise RefusedError(f"refused: {host} leads away from this machine")
        return found


def is_local(host: str) -> bool:
    """Tell whether *host* names this machine, by itself and without a look-up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Tell whether *address* is one of this machine's own; ValueError when it is none at all."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
