"""Two ways in which one and the same request reaches a lab: in process, and over a socket.

Over the wire each vendor's protocol is spoken under its own host's name: HTTP/2 to APNs and FCM,
HTTP/1.1 to the browsers' push services and to Twilio, both under TLS; SMTP in clear text.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Final, Protocol

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)

from pushlab_fakes.exchange import Answer
from pushlab_testing.mail import MailClient, read_replies

if TYPE_CHECKING:
    from pushlab.lab import Lab
    from pushlab_fakes.exchange import Request

__all__ = ["InProcess", "OverTheWire", "Way"]

WAIT_S: Final = 10
OVER_HTTP2: Final = ("api.push.apple.com", "fcm.googleapis.com")


class Way(Protocol):
    """How requests and mails reach a lab."""

    def ask(self, request: Request) -> Answer:
        """Make one request and return the answer; raises ConnectionError when it is cut off."""
        ...

    def open_mail(self) -> MailClient:
        """Connect to the mail server."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class InProcess:
    """Requests as values, without a socket."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def ask(self, request: Request) -> Answer:
        """Call the lab."""
        return self._lab.handle(request)

    def open_mail(self) -> MailClient:
        """Begin a session."""
        return MailClient(self._lab)

    def close(self) -> None:
        """Hold nothing."""


class OverTheWire:
    """Requests as bytes on loopback, over one connection to each of the vendors' hosts."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        lab.serve()
        self._trust = ssl.create_default_context(cadata=lab.endpoints.ca_pem.decode())
        self._connections: dict[str, Http1 | Http2] = {}

    def ask(self, request: Request) -> Answer:
        """Send the request to the lab's port, under the vendor's name."""
        connection = self._connections.get(request.host)
        if connection is None:
            connection = self._connections[request.host] = self._connect(request.host)
        try:
            return connection.ask(request)
        except (OSError, http.client.HTTPException) as error:
            self._connections.pop(request.host).close()
            raise ConnectionError(f"{request.host} cut the connection: {error!r}") from error

    def _connect(self, host: str) -> Http1 | Http2:
        protocol, kind = ("h2", Http2) if host in OVER_HTTP2 else ("http/1.1", Http1)
        self._trust.set_alpn_protocols([protocol])
        raw = socket.create_connection(("127.0.0.1", self._lab.endpoints.port), WAIT_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        secure = self._trust.wrap_socket(raw, server_hostname=host)
        assert secure.selected_alpn_protocol() == protocol
        return kind(secure)

    def open_mail(self) -> MailClient:
        """Connect to the port for clear text."""
        address = self._lab.endpoints.smtp
        return SocketMailClient(address.host, address.port)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()


class Http1:
    """One connection of HTTP/1.1."""

    def __init__(self, secure: ssl.SSLSocket) -> None:
        self._connection = http.client.HTTPConnection("localhost")
        self._connection.sock = secure

    def ask(self, request: Request) -> Answer:
        """Make one request."""
        query = f"?{request.query}" if request.query else ""
        self._connection.putrequest(
            request.method, request.path + query, skip_host=True, skip_accept_encoding=True
        )
        length = ("content-length", str(len(request.body)))
        for name, value in (("host", request.host), *request.headers, length):
            self._connection.putheader(name, value)
        self._connection.endheaders(request.body)
        answer = self._connection.getresponse()
        if answer.getheader("content-length") is None:
            raise ConnectionResetError("the head of the answer has no end")
        return Answer(answer.status, answer.read(), tuple(answer.getheaders()))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Http2:
    """One connection of HTTP/2, with one request at a time."""

    def __init__(self, secure: ssl.SSLSocket) -> None:
        self._socket = secure
        self._h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._h2.initiate_connection()

    def ask(self, request: Request) -> Answer:
        """Make one request."""
        query = f"?{request.query}" if request.query else ""
        stream = self._h2.get_next_available_stream_id()
        head = {
            ":method": request.method,
            ":scheme": "https",
            ":authority": request.host,
            ":path": request.path + query,
        }
        self._h2.send_headers(stream, [*head.items(), *request.headers])
        self._h2.send_data(stream, request.body, end_stream=True)
        headers: list[tuple[str, str]] = []
        body = b""
        while True:
            self._socket.sendall(self._h2.data_to_send())
            data = self._socket.recv(65_536)
            if not data:
                raise ConnectionResetError("the answer has no end")
            for event in self._h2.receive_data(data):
                if isinstance(event, ResponseReceived):
                    headers = [(str(name), str(value)) for name, value in event.headers]
                elif isinstance(event, DataReceived):
                    body += event.data
                    self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
                elif isinstance(event, StreamEnded):
                    (_, status), *others = headers
                    return Answer(int(status), body, tuple(others))
                elif isinstance(event, ConnectionTerminated | StreamReset):
                    raise ConnectionResetError(str(event))

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class SocketMailClient(MailClient):
    """The same dialogue over a socket; it knows how many replies it waits for."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), WAIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")
        self.ended = ""
        self.banner = self._read_reply()
        if not self.ended:
            self.say("EHLO client.test")

    def send(self, data: bytes) -> list[str]:
        """Send what has one reply."""
        self._socket.sendall(data)
        return [self._read_reply()]

    def say(self, *lines: str) -> list[str]:
        """Send command lines, each after the reply to the one before it."""
        return [reply for line in lines if not self.ended for reply in self.send(_end(line))]

    def _read_reply(self) -> str:
        """Read one reply; "" when it has no end, since the connection has one."""
        lines = [self._read_line()]
        while lines[-1][3:4] == b"-":
            lines.append(self._read_line())
        if not lines[-1].endswith(b"\n"):
            self.ended = "cut"
            return ""
        (reply,) = read_replies(b"".join(lines))
        if reply.startswith(("221", "421", "554 5.3.2")):
            self.ended = "close"
        return reply

    def _read_line(self) -> bytes:
        try:
            return self._stream.readline()
        except ConnectionError:
            return b""

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()
        self._socket.close()


def _end(line: str) -> bytes:
    return f"{line}\r\n".encode()
