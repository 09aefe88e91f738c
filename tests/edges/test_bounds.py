"""Goal: who breaks the rules of a wire, or takes too long, ends their own connection alone, soon.

Method: one misbehaviour after the other, on each wire of a lab whose bounds are tight, and beside
each a client who behaves. The client that misbehaves keeps its socket open: it is the edge that
ends the connection. Afterwards nothing of it is left: no socket, task, timer or object.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import socket
import ssl
import struct
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from h2.config import H2Configuration
from h2.connection import H2Connection
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame

from pushlab.lab import Lab
from pushlab_fakes.wire import smtp
from pushlab_fakes.wire.edge import Limits
from pushlab_fakes.wire.tls import Authority
from pushlab_testing.apns import a_certificate
from pushlab_testing.leftovers import count_objects, wait_until_none_is_held

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.wire.edge import Listener

WAIT_S = 60
BOUND_S = 4.0
"""Real seconds within which a connection must have ended; the bounds below are a tenth of it."""
TIGHT = Limits(
    body_bytes=5_000,
    first_byte_s=0.3,
    head_s=0.3,
    body_s=0.3,
    idle_s=0.3,
    quiet_s=0.5,
    linger_s=0.2,
)
HEAD = [
    (":method", "POST"),
    (":scheme", "https"),
    (":path", "/3/device/ab"),
    (":authority", "api.push.apple.com"),
]
POST = b"POST / HTTP/1.1\r\nHost: api.onesignal.com\r\n"
STREAMS = range(1, 20_001, 2)


class Place:
    """A lab behind ports with tight bounds."""

    def __init__(self, edge, lab):
        self.edge, self.lab = edge, lab
        # A port of its own kind, and not one that later tests are given.
        ask = partial(edge.borrow, lab, host="localhost", limits=TIGHT)
        self.web: Listener = ask()
        self.mail = {mode: ask(mail=mode) for mode in ("clear", "starttls", "tls")}
        for door in edge._given:
            door._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)

    def close(self):
        for listener in (self.web, *self.mail.values()):
            listener.release()
        self.lab.close()

    def dial(self, mail=None):
        listener = self.web if mail is None else self.mail[mail]
        conn = socket.create_connection((listener.host, listener.port), WAIT_S)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return conn

    def trust(self, *, alpn=()):
        context = ssl.create_default_context(cadata=self.web.ca_pem.decode())
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def dial_tls(self, *, alpn=(), mail=None):
        return self.trust(alpn=alpn).wrap_socket(self.dial(mail), server_hostname="localhost")

    @property
    def reasons(self):
        """What the trace says of connections that broke the rules."""
        found = self.lab.trace.find(["ConnectionBroken"])
        return [f"{entry.fields['protocol']}: {entry.fields['reason']}" for entry in found]


@pytest.fixture
def place(edge, monkeypatch):
    monkeypatch.setattr(smtp, "IDLE_S", 0.3)
    monkeypatch.setattr(smtp, "OUTPUT_BYTES_MAX", 20_000)
    lab = Lab(settings={"smtp_size_max_bytes": 20_000})
    made = Place(edge, lab)
    yield made
    made.close()


def push(conn, data, *, times=1):
    """Send as long as the other side takes it."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            conn.sendall(data)
    return conn


def drip(conn, data, every_s=0.02):
    """Send byte by byte."""
    with contextlib.suppress(OSError):
        for place in range(len(data)):
            conn.sendall(data[place : place + 1])
            time.sleep(every_s)
    return conn


def open_http2(conn, *, acknowledges=True):
    """Greet as a client of HTTP/2 and return what speaks for it."""
    client = H2Connection(H2Configuration())
    client.initiate_connection()
    conn.sendall(client.data_to_send())
    if acknowledges:
        client.receive_data(conn.recv(65_536))
        conn.sendall(client.data_to_send())
    return client


# --- misbehaviour: each takes a place and returns the socket, which stays open ----------------


def http1(data, *, times=1, tls=None):
    def act(place):
        return push(place.dial() if tls is None else place.dial_tls(alpn=tls), data, times=times)

    return act


def http1_dripping(data, head=b""):
    return lambda place: drip(push(place.dial(), head), data)


def http1_unread(place):
    conn = place.dial()
    # Twilio repeats a path that it does not know.
    path = b"/2010-04-01/" + b"x" * 12_000
    return push(conn, b"GET " + path + b" HTTP/1.1\r\nHost: api.twilio.com\r\n\r\n", times=2_000)


def http2(*frames, tls=None, acknowledges=True):
    def act(place):
        conn = place.dial() if tls is None else place.dial_tls(alpn=tls)
        open_http2(conn, acknowledges=acknowledges)
        return push(conn, b"".join(frames))

    return act


def http2_asking(body=b"", *, ends=False, says=None):
    def act(place):
        conn = place.dial()
        client = open_http2(conn)
        head = HEAD if says is None else [*HEAD, ("content-length", str(says))]
        client.send_headers(1, head)
        for start in range(0, len(body), 1_000):
            client.send_data(1, body[start : start + 1_000])
        if ends:
            client.end_stream(1)
        return push(conn, client.data_to_send())

    return act


def http2_unread(place):
    conn = place.dial()
    open_http2(conn)
    return push(conn, PingFrame(0, opaque_data=b"12345678").serialize() * 1_000, times=1_000)


def http2_crowded(place):
    conn = place.dial()
    open_http2(conn, acknowledges=False)
    # Frames made here: a client's machine counts its open streams anew at each that it opens.
    asking = [HeadersFrame(stream, data=BLOCK, flags=["END_HEADERS"]) for stream in STREAMS]
    return push(conn, b"".join(frame.serialize() for frame in asking))


def garbled(place):
    """Agree on TLS, and then send what is none."""
    conn = place.dial_tls(alpn=["h2"])
    with socket.socket(fileno=os.dup(conn.fileno())) as bare:
        bare.sendall(b"x" * 100)
    return conn


def distrusting(place):
    with contextlib.suppress(ssl.SSLError):
        ssl.create_default_context().wrap_socket(place.dial(), server_hostname="localhost")
    return place.dial()


def with_a_strange_certificate(place):
    """Show a client certificate that the lab was not told of, while it was told of another."""
    place.lab.apns.accept_certificate(pem_of(a_certificate(time.time())))
    context = place.trust(alpn=["h2"])
    authority = Authority()
    authority._load_leaf(context, authority.sign_leaf(["x.test"]))
    conn = place.dial()
    with contextlib.suppress(OSError):
        conn = context.wrap_socket(conn, server_hostname="localhost")
        open_http2(conn)
    return conn


def pem_of(der):
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def mail(data, *, mode="clear", times=1, drips=False):
    def act(place):
        conn = place.dial_tls(mail=mode) if mode == "tls" else place.dial(mode)
        conn.recv(1_000)
        return drip(conn, data) if drips else push(conn, data, times=times)

    return act


def mail_unread(place):
    conn = place.dial("clear")
    return push(conn, b"EHLO x\r\n" * 1_000, times=1_000)


def upgraded(data):
    def act(place):
        conn = place.dial("starttls")
        conn.recv(1_000)
        conn.sendall(b"EHLO x\r\nSTARTTLS\r\n")
        while b"220 2" not in conn.recv(1_000):
            pass
        return push(conn, data)

    return act


MAIL = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"
HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
CHUNK = b"400\r\n" + b"x" * 1_024 + b"\r\n"
BOMB = gzip.compress(bytes(5_000_000), mtime=0)
BLOCK = b"\x83\x87\x84\x41\x01x"
"""POST https / to the authority x."""
ONE = HeadersFrame(1, data=BLOCK, flags=["END_HEADERS"])

MISBEHAVIOUR: dict[str, tuple[Callable[[Any], Any], str | None]] = {
    # Silence and idling break no rule; they end all the same.
    "silence": (http1(b""), None),
    "idle http/1.1": (http1(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), None),
    "silence after a handshake": (http1(b"", tls=["http/1.1"]), None),
    "silence after a handshake without ALPN": (http1(b"", tls=[]), None),
    "half a preface": (http1(b"PRI * HT"), None),
    "http/1.1, half a head": (http1(b"GET / HTTP/1.1\r\nHost:"), "HTTP/1.1: the head did not"),
    "http/1.1, a head byte by byte": (
        http1_dripping(b"GET / HTTP/1.1\r\nX: " + b"x" * 40),
        "HTTP/1.1: the head did not",
    ),
    "http/1.1, a head in TLS that stops": (http1(b"GET", tls=[]), "HTTP/1.1: the head did not"),
    "http/1.1, a line without end": (http1(b"GET /" + b"x" * 20_000), "HTTP/1.1: Bad Request"),
    "http/1.1, headers without end": (http1(POST + b"X: y\r\n" * 9_000), "HTTP/1.1: Bad Request"),
    "http/1.1, no HTTP at all": (http1(b"\0\1\2\3\r\n\r\n"), "HTTP/1.1: Bad Request"),
    "http/1.1, a body that stops": (
        http1(POST + b"Content-Length: 10\r\n\r\nabc"),
        "HTTP/1.1: Request Timeout",
    ),
    "http/1.1, a body byte by byte": (
        http1_dripping(b"x" * 40, POST + b"Content-Length: 90\r\n\r\n"),
        "HTTP/1.1: Request Timeout",
    ),
    "http/1.1, a chunk that stops": (
        http1(POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
        "HTTP/1.1: Request Timeout",
    ),
    "http/1.1, a huge body": (
        http1(POST + b"Content-Length: 90000\r\n\r\n" + b"x" * 6_000),
        "HTTP/1.1: Content Too Large",
    ),
    "http/1.1, a huge body in chunks": (
        http1(POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 9),
        "HTTP/1.1: Content Too Large",
    ),
    "http/1.1, a bomb": (
        http1(POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "HTTP/1.1: Content Too Large",
    ),
    "http/1.1, a body that is not what it says": (
        http1(POST + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz"),
        "HTTP/1.1: Bad Request",
    ),
    "http/1.1, answers that nobody reads": (http1_unread, "HTTP/1.1: the answers were not read"),
    "http/2, silence": (http2(tls=["h2"]), None),
    "http/2, a broken frame": (
        http2(DataFrame(1, data=b"x").serialize()),
        "HTTP/2: ",
    ),
    "http/2, a frame that is too long": (http2(b"\xff\xff\xff\0\0\0\0\0\1"), "HTTP/2: "),
    "http/2, half a frame": (
        http2(b"\0\0\x08\x06\0\0\0\0\0half"),
        "HTTP/2: a frame did not arrive",
    ),
    "http/2, headers that stop": (
        http2(HeadersFrame(1, data=BLOCK).serialize()),
        "HTTP/2: a frame did not arrive",
    ),
    "http/2, headers without end": (
        http2(
            HeadersFrame(1, data=BLOCK).serialize(),
            *[ContinuationFrame(1, data=b"\0\1a\1b").serialize()] * 200,
        ),
        "HTTP/2: ",
    ),
    "http/2, a body that stops": (http2_asking(b"abc"), "HTTP/2: the body did not arrive"),
    "http/2, a huge body": (http2_asking(b"x" * 6_000), "HTTP/2: a body may have 5000 bytes"),
    "http/2, answers that nobody reads": (http2_unread, "HTTP/2: the answers were not read"),
    "http/2, streams without end": (http2_crowded, "HTTP/2: "),
    "tls, half a hello": (http1(HALF_HELLO), "TLS: the handshake did not end within"),
    "tls, no hello": (http1(b"\x16\x03\x01\x00\x05hello"), "TLS: "),
    "tls, a client that distrusts": (distrusting, "TLS: the client does not trust"),
    "tls, garbage after a handshake": (garbled, "TLS: "),
    "tls, a bad certificate": (with_a_strange_certificate, "TLS: the client's certificate"),
    "smtp, silence": (mail(b""), "smtp: the client was silent"),
    "smtp, a line without end": (mail(b"x" * 90_000), None),
    "smtp, a mail that stops": (mail(MAIL + b"Subject: x\r\n"), "smtp: the client was silent"),
    "smtp, a mail without end": (mail(MAIL + b"x" * 90_000), None),
    "smtp, no commands": (mail(b"x\r\n" * 30), None),
    "smtp, replies that nobody reads": (mail_unread, "smtp: the client does not read"),
    "smtp, silence under TLS": (mail(b"", mode="tls"), "smtp: the client was silent"),
    "smtp, half a hello": (lambda place: push(place.dial("tls"), HALF_HELLO), "TLS: the handshake"),
    "smtp, no hello": (lambda place: push(place.dial("tls"), b"EHLO x\r\n"), "TLS: "),
    "smtp, half a hello after STARTTLS": (upgraded(HALF_HELLO), "TLS: the handshake"),
    "smtp, no hello after STARTTLS": (upgraded(b"EHLO x\r\n"), "TLS: "),
    "smtp, silence after STARTTLS": (upgraded(b""), "TLS: the handshake did not end within"),
}
"""What a client does, and what the trace says of it; None where an end is not a breach, or where
the refused command itself stands in the trace."""


def is_served(place):
    """Whether clients who behave are served on each wire."""
    with place.dial() as conn:
        conn.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        web = conn.recv(100)
    with place.dial() as conn:
        client = open_http2(conn)
        client.send_headers(1, HEAD, end_stream=True)
        conn.sendall(client.data_to_send())
        push_answer = client.receive_data(conn.recv(65_536))
    with place.dial("clear") as conn:
        banner = conn.recv(100)
        conn.sendall(b"QUIT\r\n")
        conn.recv(100)
    return web.startswith(b"HTTP/1.1 ") and bool(push_answer) and banner.startswith(b"220 ")


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_a_misbehaving_client_ends_its_own_connection_alone(place, edge, caplog, name):
    act, reason = MISBEHAVIOUR[name]
    assert is_served(place)
    assert wait_until_none_is_held(edge, BOUND_S) == []
    before = count_objects()

    with act(place):
        assert is_served(place)
        held = wait_until_none_is_held(edge, BOUND_S)

    assert held == []
    assert count_objects() == before
    assert place.lab.list_problems() == []
    assert [said for said in caplog.records if said.levelno >= logging.WARNING] == []
    if reason is None:
        assert place.reasons == []
    else:
        assert place.reasons
        assert place.reasons[0].startswith(reason)


# --- who just goes away ------------------------------------------------------------------------

RESET = struct.pack("ii", 1, 0)
GONE: dict[str, Callable[[Any], Any]] = {
    "at once": http1(b""),
    "in a head": http1(b"GET / HT"),
    "in a body": http1(POST + b"Content-Length: 10\r\n\r\nabc"),
    "in a chunk": http1(POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
    "before an answer": http1(POST + b"Content-Length: 3\r\n\r\nabc"),
    "in a preface": http1(b"PRI * HT"),
    "in a frame": http2(b"\0\0\x08\x06\0\0\0\0\0half"),
    "in a stream": http2_asking(b"abc"),
    "in a hello": http1(HALF_HELLO),
    "after a handshake": http1(b"", tls=["h2"]),
    "in a command": mail(b"EHLO"),
    "in a mail": mail(MAIL + b"Subject: x\r\n"),
    "in a mail under TLS": mail(MAIL + b"Subject: x\r\n", mode="tls"),
    "before STARTTLS is answered": mail(b"EHLO x\r\nSTARTTLS\r\n", mode="starttls"),
    "in a hello after STARTTLS": upgraded(HALF_HELLO),
}
"""What a client had said when it went away."""


@pytest.mark.parametrize("is_reset", [False, True], ids=["in order", "by a reset"])
@pytest.mark.parametrize("name", GONE)
def test_of_a_client_that_goes_away_nothing_is_left_or_said(place, edge, caplog, name, is_reset):
    assert is_served(place)
    assert wait_until_none_is_held(edge, BOUND_S) == []
    before = count_objects()

    conn = GONE[name](place)
    if is_reset:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    conn.close()
    held = wait_until_none_is_held(edge, BOUND_S)

    assert held == []
    assert count_objects() == before
    assert place.reasons == []
    assert [said for said in caplog.records if said.levelno >= logging.WARNING] == []
    assert is_served(place)
