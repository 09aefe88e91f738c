"""Goal: the port is a proxy for whoever was given one, and leads nobody where he may not go.

Method: raw bytes, since clients differ in how they ask; real clients are tried in test_run.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import httpx
import pytest
import requests

from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.edge import Limits
from pushlab_fakes.wire.proxied import HEAD_BYTES_MAX
from pushlab_fakes.wire.ways import Ways
from pushlab_testing.echo import Echo

WAIT_S = 10
NAME = "api.onesignal.com"
CONNECT = b"CONNECT api.onesignal.com:443 HTTP/1.1\r\nHost: api.onesignal.com:443\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxying(Echo):
    """A fake of nothing that is a proxy once it has ways."""

    ways: Ways | None = None

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[str] = []

    def broke(self, protocol: str, reason: str) -> None:
        """Take note."""
        self.broken.append(f"{protocol}: {reason}")


@pytest.fixture
def echo():
    """Return who answers, in the place of one that is no proxy."""
    return Proxying()


@pytest.fixture
def ways(listener, echo):
    """Return the guard of the listener."""
    echo.ways = Ways((NAME,), (listener.host, listener.port), allow=("pay.test",))
    return echo.ways


@contextlib.contextmanager
def dial(listener):
    """Yield a connection."""
    with socket.create_connection((listener.host, listener.port), WAIT_S) as conn:
        yield conn


def read_all(conn):
    """Return what comes until the end."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := conn.recv(65536):
            received += part
    return received


def ask(listener, data):
    """Send *data* and return all that comes back."""
    with dial(listener) as conn:
        conn.sendall(data)
        return read_all(conn)


@contextlib.contextmanager
def origin(talk):
    """Run *talk* with the one connection that somebody makes to another port; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            with contextlib.suppress(OSError):
                conn, _ = listening.accept()
                conn.settimeout(WAIT_S)
                with conn:
                    talk(conn)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        # Whoever never called lets it go.
        with contextlib.suppress(OSError), socket.create_connection(listening.getsockname(), 1):
            pass
        thread.join(WAIT_S)


def answer_once(conn):
    """Answer one request with what it was."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += conn.recv(65536)
    body = head
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


# -- to the fakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_a_tunnel_to_a_vendors_host_ends_at_the_fake(listener, echo, ways, version):
    context = ssl.create_default_context(cadata=listener.ca_pem.decode())
    with httpx.Client(
        proxy=listener.url, verify=context, http1=version == "HTTP/1.1", http2=version == "HTTP/2"
    ) as client:
        answer = client.get(f"https://{NAME}/apps?limit=1", timeout=WAIT_S)

    assert answer.http_version == version
    assert answer.json()["host"] == NAME
    assert [request.query for request in echo.requests] == ["limit=1"]
    assert ways.refused == {}


def test_a_tunnel_may_lead_clear_text(listener, ways, echo):
    with dial(listener) as conn:
        conn.sendall(CONNECT.replace(b":443", b":80"))
        assert conn.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        conn.sendall(b"GET /x HTTP/1.1\r\nHost: api.onesignal.com\r\nConnection: close\r\n\r\n")
        answer = read_all(conn)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert echo.requests[0].path == "/x"


def test_what_is_said_before_the_tunnel_stands_is_passed_on(listener, ways, echo):
    request = b"GET /early HTTP/1.1\r\nHost: api.onesignal.com\r\nConnection: close\r\n\r\n"

    answer = ask(listener, CONNECT.replace(b":443", b":80") + request)

    assert answer.startswith(ESTABLISHED + b"HTTP/1.1 200 OK\r\n")
    assert echo.requests[0].path == "/early"


def test_a_head_may_come_byte_by_byte(listener, ways, echo):
    with dial(listener) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in CONNECT:
            conn.sendall(bytes([byte]))
        assert conn.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED


def test_a_client_in_clear_text_says_the_whole_url(listener, ways, echo):
    answer = requests.post(
        f"http://{NAME}/apps?a=b", json={}, proxies={"http": listener.url}, timeout=WAIT_S
    )

    assert answer.json() == {
        "method": "POST",
        "host": NAME,
        "path": "/apps",
        "query": "a=b",
        "size_bytes": 2,
    }
    assert "proxy-connection" not in dict(echo.requests[0].headers)


def test_the_next_request_on_a_connection_is_judged_anew(listener, ways, echo):
    with requests.Session() as session:
        session.proxies = {"http": listener.url}
        first = session.get(f"http://{NAME}/", timeout=WAIT_S)
        second = session.get("http://api.batch.com/", timeout=WAIT_S)

    assert (first.status_code, second.status_code) == (200, 403)
    assert first.headers["connection"] == "close"
    assert len(echo.requests) == 1


def test_a_proxy_is_asked_under_tls_as_well(listener, ways, echo):
    context = ssl.create_default_context(cadata=listener.ca_pem.decode())
    with dial(listener) as raw, context.wrap_socket(raw, server_hostname="localhost") as conn:
        conn.sendall(CONNECT.replace(b":443", b":80"))
        assert conn.recv(len(ESTABLISHED)) == ESTABLISHED
        conn.sendall(b"GET /x HTTP/1.1\r\nHost: api.onesignal.com\r\n\r\n")
        assert conn.recv(12) == b"HTTP/1.1 200"


# -- straight --------------------------------------------------------------------------------------


def test_this_machine_is_reached_straight(listener, ways, echo):
    with origin(answer_once) as port:
        answer = requests.get(
            f"http://127.0.0.1:{port}/own?x=1", proxies={"http": listener.url}, timeout=WAIT_S
        )

    assert answer.text.startswith("GET /own?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n" in answer.text
    assert "Connection: close" in answer.text
    assert echo.requests == []


def test_a_tunnel_carries_bytes_both_ways_and_each_end_to_the_other(listener, ways):
    def talk(conn):
        received = read_all(conn)
        conn.sendall(received[::-1])

    with origin(talk) as port, dial(listener) as conn:
        conn.sendall(b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
        assert conn.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        conn.sendall(b"abc")
        conn.shutdown(socket.SHUT_WR)
        answer = read_all(conn)

    assert answer == b"cba"


def test_a_tunnel_holds_back_who_sends_faster_than_the_other_reads(listener, ways):
    size = 8 * 1024 * 1024
    go_on = threading.Event()
    sizes = []

    def talk(conn):
        go_on.wait(WAIT_S)
        sizes.append(len(read_all(conn)))

    with origin(talk) as port, dial(listener) as conn:
        conn.sendall(b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
        assert conn.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        conn.settimeout(0.5)
        with pytest.raises(TimeoutError):
            conn.sendall(bytes(size * 4))
        go_on.set()
        conn.settimeout(WAIT_S)
        conn.shutdown(socket.SHUT_WR)
        assert read_all(conn) == b""

    assert 0 < sizes[0] < size * 4


def test_a_tunnel_ends_with_either_end(listener, ways):
    with origin(lambda conn: conn.sendall(b"bye")) as port:
        answer = ask(listener, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)

    assert answer == ESTABLISHED + b"bye"


def test_an_allowed_host_is_reached(listener, ways, monkeypatch):
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: look_up(
            "127.0.0.1" if host == "api.pay.test" else host, *rest, **more
        ),
    )
    with origin(answer_once) as port:
        answer = requests.get(
            f"http://api.pay.test:{port}/", proxies={"http": listener.url}, timeout=WAIT_S
        )

    assert f"Host: api.pay.test:{port}\r\n" in answer.text


def test_who_cannot_be_reached_is_named(listener, ways):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    answer = ask(listener, b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)

    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway - pushlab: localhost:%d cannot be" % port)
    assert b"Connection: close\r\n" in answer


# -- nowhere ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"CONNECT api.batch.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://api.batch.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_refused_host_is_told_of_in_every_place_that_a_client_shows(listener, ways, data):
    answer = ask(listener, data)
    head, _, body = answer.partition(b"\r\n\r\n")

    sentence = b"api.batch.com is a vendor's host that no fake serves. To have it reached, allow"
    assert head.startswith(b"HTTP/1.1 403 Forbidden - pushlab: " + sentence)
    assert b"X-Pushlab-Error: " + sentence in head
    assert sentence in body
    assert list(ways.refused) == ["api.batch.com"]


def test_clients_show_the_sentence(listener, ways):
    with pytest.raises(requests.exceptions.ProxyError, match="is no vendor's host, and not on"):
        requests.get("https://shop.test/", proxies={"https": listener.url}, timeout=WAIT_S)
    with (
        httpx.Client(proxy=listener.url) as client,
        pytest.raises(httpx.ProxyError, match="is no vendor's host, and not on"),
    ):
        client.get("https://shop.test/", timeout=WAIT_S)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"CONNECT api.onesignal.com HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
        (b"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
        (b"CONNECT api.onesignal.com:443 HTTP/3.0\r\nHost: x\r\n\r\n", b"400"),
        (b"GET ftp://shop.test/ HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
    ],
)
def test_what_is_no_demand_is_answered_as_ever(listener, ways, data, status):
    with dial(listener) as conn:
        conn.sendall(data)
        answer = conn.recv(65536)

    assert answer.split(b" ")[1] == status


def test_a_head_without_end_is_cut(listener, ways, echo):
    answer = ask(listener, CONNECT[:-2] + b"X-Long: " + b"x" * (HEAD_BYTES_MAX + 1))

    assert answer.split(b" ")[1] == b"400"
    assert echo.broken == ["HTTP/1.1: Bad Request"]


def test_a_slow_head_is_cut(edge, echo):
    listener = edge.borrow(echo, limits=Limits(head_s=0.2))
    echo.ways = Ways((NAME,), (listener.host, listener.port))
    try:
        with dial(listener) as conn:
            conn.sendall(CONNECT[:-4])
            assert read_all(conn) == b""
        assert echo.broken == ["HTTP/1.1: the head did not arrive within 0.2 s of real time"]
    finally:
        listener.release()


def test_a_silent_tunnel_is_closed_in_the_end(edge, echo):
    listener = edge.borrow(echo, limits=Limits(quiet_s=0.2))
    echo.ways = Ways((NAME,), (listener.host, listener.port))
    try:
        with origin(read_all) as port, dial(listener) as conn:
            conn.sendall(b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
            assert read_all(conn) == ESTABLISHED
    finally:
        listener.release()


def test_without_ways_the_port_is_no_proxy(listener, echo):
    answer = ask(listener, CONNECT + b"")[:12]
    whole = requests.get(
        "http://shop.test/x", proxies={"http": listener.url}, timeout=WAIT_S
    ).json()

    assert answer == b"HTTP/1.1 501"
    assert (whole["host"], whole["path"]) == ("shop.test", "/x")


def test_a_tunnel_ends_with_its_lab(edge, echo):
    listener = edge.borrow(echo)
    echo.ways = Ways((NAME,), (listener.host, listener.port))
    ended = threading.Event()

    def talk(conn):
        read_all(conn)
        ended.set()

    with origin(talk) as port, dial(listener) as conn:
        conn.sendall(b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
        assert conn.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        listener.release()

        assert read_all(conn) == b""
        assert ended.wait(WAIT_S)


def test_a_client_that_goes_while_it_is_led_leaves_nothing(listener, ways, echo):
    echo.behaviour = lambda _: Answer(204)
    for _ in range(5):
        with dial(listener) as conn:
            conn.sendall(CONNECT)
    answer = requests.get(f"{listener.url}/after", timeout=WAIT_S)

    assert answer.status_code == 204
    assert echo.errors == []
