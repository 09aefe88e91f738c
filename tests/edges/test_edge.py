"""The edge: one thread, stable addresses, and one lab at a time behind each."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from contextlib import closing, suppress
from unittest.mock import Mock

import pytest
import time_machine
from freezegun import freeze_time

from pushlab.errors import LimitError, MisuseError
from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire import door as door_module
from pushlab_fakes.wire import edge as edge_module
from pushlab_fakes.wire.edge import Edge, Limits
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.serving import note_lost
from pushlab_testing.echo import Echo

WAIT_S = 10


def ask(listener, path="/", method="GET", body=None, headers=None):
    """Make one request on a connection of its own."""
    connection = http.client.HTTPConnection(listener.host, listener.port, timeout=WAIT_S)
    with closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def dial(listener):
    """Open a socket to *listener*, bounded in time."""
    return socket.create_connection((listener.host, listener.port), WAIT_S)


def read_to_end(conn):
    """Read until the other side closes, however it does that."""
    parts = []
    try:
        while part := conn.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def count_descriptors():
    """Count this process's open descriptors."""
    count = 0
    for descriptor in range(1024):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        count += 1
    return count


def run_python(code):
    """Run *code* in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.strip()


class TestAddresses:
    def test_the_address_is_the_same_for_one_lab_after_another(self, edge):
        ports = set()
        for _ in range(5):
            listener = edge.borrow(Echo())
            ports.add(listener.port)
            listener.release()

        assert len(ports) == 1

    def test_a_second_lab_beside_the_first_has_an_address_of_its_own(self, edge, listener, echo):
        other_echo = Echo()
        other = edge.borrow(other_echo)

        ask(listener, "/first")
        ask(other, "/second")
        other.release()

        assert other.port != listener.port
        assert [request.path for request in echo.requests] == ["/first"]
        assert [request.path for request in other_echo.requests] == ["/second"]

    def test_one_port_takes_clear_text_and_tls(self, listener):
        context = ssl.create_default_context(cadata=listener.ca_pem.decode())
        secure = http.client.HTTPSConnection(
            listener.host, listener.tls_port, timeout=WAIT_S, context=context
        )

        with closing(secure):
            secure.request("GET", "/secure")
            status_secure = secure.getresponse().status
        status_clear, _, _ = ask(listener, "/clear")

        assert listener.clear_port == listener.tls_port
        assert (status_secure, status_clear) == (200, 200)

    @pytest.mark.parametrize(
        ("offered", "expected"),
        [(["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), (["spdy/3"], None)],
    )
    def test_the_version_of_http_is_agreed_by_alpn(self, listener, offered, expected):
        context = ssl.create_default_context(cadata=listener.ca_pem.decode())
        context.set_alpn_protocols(offered)

        with dial(listener) as conn, context.wrap_socket(conn, server_hostname="localhost") as tls:
            agreed = tls.selected_alpn_protocol()

        assert agreed == expected

    def test_an_address_without_a_lab_answers_503_and_says_so(self, edge):
        listener = edge.borrow(Echo())
        listener.release()

        status, headers, body = ask(listener)

        assert status == 503
        assert "no lab is open" in headers["X-Pushlab-Error"]
        assert b"no lab is open" in body

    def test_a_port_that_was_asked_for_closes_with_its_lab(self, edge):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        listener = edge.borrow(Echo(), port=port)
        status, _, _ = ask(listener)
        listener.release()

        assert listener.url == f"http://127.0.0.1:{port}"
        assert status == 200
        with pytest.raises(ConnectionRefusedError):
            dial(listener)

    def test_an_address_open_to_all_is_reached_by_loopback(self, edge):
        listener = edge.borrow(Echo(), host="0.0.0.0")
        status, _, _ = ask(listener)
        listener.release()

        assert listener.url.startswith("http://127.0.0.1:")
        assert status == 200

    def test_a_taken_port_is_an_os_error(self, edge, listener):
        with pytest.raises(OSError, match="in use"):
            edge.borrow(Echo(), port=listener.port)

    def test_a_second_release_does_not_evict_the_next_lab(self, edge):
        first = edge.borrow(Echo())
        first.release()
        second = edge.borrow(Echo())

        first.release()
        status, _, _ = ask(second)
        second.release()

        assert status == 200


class TestStragglers:
    def test_a_kept_connection_ends_with_its_lab(self, edge):
        first, late = Echo(), Echo()
        listener = edge.borrow(first)
        connection = http.client.HTTPConnection(listener.host, listener.port, timeout=WAIT_S)
        with closing(connection):
            connection.request("GET", "/in-time")
            connection.getresponse().read()
            listener.release()
            again = edge.borrow(late)

            with pytest.raises((ConnectionError, http.client.HTTPException)):
                _ask_again(connection)
        again.release()

        assert [request.path for request in first.requests] == ["/in-time"]
        assert late.requests == []

    def test_a_half_sent_request_never_reaches_the_next_lab(self, edge):
        first, late = Echo(), Echo()
        listener = edge.borrow(first)
        with dial(listener) as conn:
            conn.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nX: 1\r\n\r\nab")
            ask(listener, "/the-edge-has-read-it")
            listener.release()
            again = edge.borrow(late)
            with suppress(ConnectionError):
                conn.sendall(b"cd")
            rest = read_to_end(conn)
        again.release()

        assert rest == b""
        assert [request.path for request in first.requests] == ["/the-edge-has-read-it"]
        assert late.requests == []

    def test_a_request_that_waits_to_be_accepted_is_dropped_with_the_lab(self, edge):
        first, late = Echo(), Echo()
        listener = edge.borrow(first)
        gate = threading.Event()
        edge.loop.call_soon_threadsafe(gate.wait, WAIT_S)
        with dial(listener) as conn:
            conn.sendall(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
            releasing = threading.Thread(target=listener.release)
            releasing.start()
            gate.set()
            releasing.join(WAIT_S)
            again = edge.borrow(late)
            rest = read_to_end(conn)
        again.release()

        assert rest == b"" or first.requests
        assert late.requests == []

    def test_a_lab_that_nobody_visited_leaves_without_waiting_for_the_edge(self, edge):
        first, late = Echo(), Echo()
        # Whoever came to an earlier lab behind this door is gone with it.
        edge.borrow(first).release()
        listener = edge.borrow(first)
        gate = threading.Event()
        edge.loop.call_soon_threadsafe(gate.wait, WAIT_S)

        listener.release()
        again = edge.borrow(late)
        is_free = not gate.is_set()
        gate.set()
        status, _, _ = ask(again)
        again.release()

        assert is_free
        assert status == 200
        assert len(late.requests) == 1

    def test_a_visitor_during_a_vacancy_does_not_stay_for_the_lab_after_next(self, edge):
        vacant = edge.borrow(Echo())
        vacant.release()
        with dial(vacant) as conn:
            conn.sendall(b"GET /early HTTP/1.1\r\nHost: x\r\n")
            ask(vacant, "/the-edge-has-read-it")
            edge.borrow(Echo()).release()
            late = Echo()
            again = edge.borrow(late)
            with suppress(ConnectionError):
                conn.sendall(b"\r\n")
            rest = read_to_end(conn)
        again.release()

        assert rest == b""
        assert late.requests == []

    def test_a_tls_connection_in_its_handshake_ends_with_its_lab(self, edge):
        listener = edge.borrow(Echo())
        with dial(listener) as conn:
            conn.sendall(b"\x16\x03\x01")
            ask(listener)

            listener.release()

            assert read_to_end(conn) == b""

    def test_a_socket_is_never_closed_under_a_transport_that_still_holds_it(self, edge):
        listener = edge.borrow(Echo())
        context = ssl.create_default_context(cadata=listener.ca_pem.decode())
        with context.wrap_socket(dial(listener), server_hostname="localhost") as conn:
            conn.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert conn.recv(65536)
            transports = edge.loop._transports.values()
            (held,) = (
                each for each in transports if each.get_extra_info("peername") == conn.getsockname()
            )

            def close_twice():
                # As aiohttp may; the goodbye of TLS is waited for, and nothing can be aborted.
                secure = held.get_protocol()._app_transport
                secure.close()
                secure.close()

            edge.loop.call_soon_threadsafe(close_twice)
            listener.release()

            assert held.is_closing()

    def test_a_connection_opened_between_labs_meets_the_next_one(self, edge):
        listener = edge.borrow(Echo())
        listener.release()
        echo = Echo()
        with dial(listener) as conn:
            again = edge.borrow(echo)
            conn.sendall(b"GET /early HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = read_to_end(conn)
        again.release()

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert [request.path for request in echo.requests] == ["/early"]


class TestBounds:
    def test_fifty_labs_leave_no_thread_and_no_descriptor(self, edge):
        edge.borrow(Echo()).release()
        threads, descriptors = threading.active_count(), count_descriptors()

        for _ in range(50):
            listener = edge.borrow(Echo())
            ask(listener)
            listener.release()

        assert threading.active_count() <= threads
        assert count_descriptors() <= descriptors

    def test_a_wait_for_a_stuck_edge_ends_and_says_where_it_stands(self, monkeypatch):
        edge = Edge()
        gate = threading.Event()
        monkeypatch.setattr(edge_module, "WAIT_S", 0.05)
        edge.loop.call_soon_threadsafe(_stand_still, gate)

        with pytest.raises(
            LimitError, match=r"(?s)did not open a port within 0.05 s.*_stand_still"
        ):
            edge.borrow(Echo())
        monkeypatch.undo()
        gate.set()
        edge.stop()

    def test_the_edge_cannot_wait_for_itself(self, edge, listener, echo):
        def borrow_inside(_):
            edge.borrow(Echo())
            return Answer(200)

        echo.behaviour = borrow_inside
        status, _, _ = ask(listener)

        assert status == 500
        assert isinstance(echo.errors[0], MisuseError)

    def test_the_connection_after_the_last_one_is_told_why(self, edge):
        listener = edge.borrow(Echo(), limits=Limits(connections=1))
        with dial(listener) as first:
            first.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            first.recv(1)
            with dial(listener) as second:
                answer = read_to_end(second)
        listener.release()

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"1 connections are open, the bound" in answer

    def test_a_process_out_of_descriptors_accepts_again_later(self, edge, monkeypatch, caplog):
        class Exhausted:
            def __init__(self, listening):
                self.listening = listening
                self.failures = 1

            def __getattr__(self, name):
                return getattr(self.listening, name)

            def accept(self):
                if self.failures:
                    self.failures -= 1
                    raise OSError(errno.EMFILE, "Too many open files")
                return self.listening.accept()

        monkeypatch.setattr(door_module, "ACCEPT_RETRY_S", 0.01)
        listener = edge.borrow(Echo())
        door = listener._door
        monkeypatch.setattr(door, "_socket", Exhausted(door._socket))

        status, _, _ = ask(listener)
        listener.release()

        assert status == 200
        assert "cannot accept connections" in caplog.text

    def test_a_silent_connection_is_closed_in_the_end(self, edge):
        listener = edge.borrow(Echo(), limits=Limits(first_byte_s=0.02))

        with dial(listener) as conn:
            rest = read_to_end(conn)
        listener.release()

        assert rest == b""

    def test_a_process_without_sockets_is_told_what_to_allow(self, monkeypatch):
        def block():
            raise RuntimeError("A test tried to use socket.socket.")

        monkeypatch.setattr(socket, "socketpair", block)

        with pytest.raises(MisuseError, match="--allow-hosts="):
            Edge()

    def test_a_stopped_edge_says_what_to_do(self):
        edge = Edge()
        listener = edge.borrow(Echo())
        edge.stop()

        listener.release()
        edge.stop()

        with pytest.raises(MisuseError, match="starts another"):
            edge.borrow(Echo())

    def test_the_shared_edge_is_found_and_not_started_by_looking(self):
        printed = run_python(
            """
            from pushlab_fakes.wire.edge import Edge
            print(Edge.find_shared())
            edge = Edge.shared()
            print(Edge.find_shared() is edge is Edge.shared())
            edge.stop()
            print(Edge.find_shared())
            """
        )

        assert printed.split() == ["None", "True", "None"]

    def test_a_stopped_edge_leaves_no_thread_and_no_descriptor(self, edge):
        threads, descriptors = threading.active_count(), count_descriptors()

        own = Edge()
        ask(own.borrow(Echo()))
        own.stop()

        assert threading.active_count() <= threads
        assert count_descriptors() <= descriptors


class TestFrozenClocks:
    def test_a_request_is_served_under_a_default_freeze(self, listener, echo):
        with freeze_time("2031-05-06"):
            status, headers, _ = ask(listener, "/frozen")

        assert status == 200
        assert headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert echo.requests[0].path == "/frozen"

    def test_bounds_are_real_under_a_freeze(self, edge):
        with freeze_time("2031-05-06"):
            listener = edge.borrow(Echo(), limits=Limits(head_s=0.02))
            with dial(listener) as conn:
                conn.sendall(b"GET / HT")
                rest = read_to_end(conn)
            listener.release()

        assert rest == b""

    def test_serving_steps_no_clock_that_ticks_by_itself(self, listener):
        conn = dial(listener)
        with conn, freeze_time("2031-05-06", auto_tick_seconds=60) as freezer:
            conn.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            read_to_end(conn)

            assert freezer.time_to_freeze.isoformat() == "2031-05-06T00:00:00"

    def test_an_edge_that_starts_frozen_keeps_real_time(self):
        printed = run_python(
            """
            from freezegun import freeze_time
            with freeze_time("2031-05-06"):
                import time
                from pushlab_fakes.wire.edge import Edge
                from pushlab_fakes.wire.real_clock import RealClock
                edge = Edge.shared()
                print(edge.loop.time() != time.monotonic())
                print(RealClock.read_seconds() != time.time())
                edge.stop()
            """
        )

        assert printed.split() == ["True", "True"]

    def test_the_real_clock_is_real_under_time_machine(self):
        before = RealClock.read_seconds()
        with time_machine.travel(0, tick=False):
            during = RealClock.read_seconds()

        assert during >= before


if hasattr(os, "fork"):

    class TestForks:
        def test_a_forked_child_calls_the_parent_and_may_start_an_edge_of_its_own(self):
            printed = run_python(
                """
                import http.client, os, warnings
                warnings.simplefilter("ignore")
                from pushlab_fakes.wire.edge import Edge
                from pushlab_testing.echo import Echo

                def ask(listener, path):
                    address = (listener.host, listener.port)
                    connection = http.client.HTTPConnection(*address, timeout=10)
                    connection.request("GET", path)
                    status = connection.getresponse().status
                    connection.close()
                    return status

                echo = Echo()
                listener = Edge.shared().borrow(echo)
                child = os.fork()
                if child == 0:
                    own = Edge.shared().borrow(Echo())
                    good = ask(listener, "/from-the-child") == 200 == ask(own, "/own")
                    good = good and own.port != listener.port
                    listener.release()
                    Edge.shared().stop()
                    os._exit(0 if good else 1)
                _, status = os.waitpid(child, 0)
                print(status, [request.path for request in echo.requests], ask(listener, "/after"))
                listener.release()
                Edge.shared().stop()
                """
            )

            assert printed == "0 ['/from-the-child'] 200"


class TestImports:
    def test_the_package_itself_imports_nothing_heavy(self):
        printed = run_python(
            """
            import sys
            import pushlab_fakes.wire
            heavy = ("aiohttp", "asyncio", "cryptography", "ssl")
            print([name for name in heavy if name in sys.modules])
            """
        )

        assert printed == "[]"

    def test_clear_text_needs_no_cryptography(self):
        printed = run_python(
            """
            import sys
            from pushlab_fakes.wire.edge import Edge
            from pushlab_testing.echo import Echo
            Edge.shared().borrow(Echo()).release()
            Edge.shared().stop()
            print("cryptography" in sys.modules)
            """
        )

        assert printed == "False"


def _ask_again(connection):
    """Ask on a connection that must not open anew by itself."""
    connection.auto_open = 0
    connection.request("GET", "/too-late")
    connection.getresponse()


def _stand_still(gate):
    gate.wait(WAIT_S)


def test_what_a_client_sends_while_we_end_its_connection_breaks_no_rule():
    served, crossed, broken = Mock(), ssl.SSLError("crossed"), ssl.SSLError("broken")
    crossed.reason, broken.reason = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY", "BAD_RECORD_MAC"

    note_lost(served, crossed)
    note_lost(served, broken)

    served.broke.assert_called_once_with("TLS", "bad record mac")
