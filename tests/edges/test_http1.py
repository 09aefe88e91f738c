"""HTTP/1.1 on a socket: what a fake gets to see of a request, and a client of an answer."""

from __future__ import annotations

import gzip
import socket

import pytest

from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.wire.edge import Limits
from pushlab_testing.echo import Echo

WAIT_S = 10
CLOSE = b"Host: api.onesignal.com\r\nConnection: close\r\n"


def exchange(listener, *parts):
    """Send *parts* on a socket of their own and return everything that comes back."""
    with socket.create_connection((listener.host, listener.port), WAIT_S) as conn:
        answer = b""
        try:
            for part in parts:
                conn.sendall(part)
            while more := conn.recv(65536):
                answer += more
        except ConnectionError:
            pass
        return answer


def get(listener, headers=b"", target=b"/"):
    """Make a GET request and return the raw answer."""
    return exchange(listener, b"GET " + target + b" HTTP/1.1\r\n" + CLOSE + headers + b"\r\n")


def post(listener, body, headers=b""):
    """Make a POST request with a known length and return the raw answer."""
    length = b"Content-Length: %d\r\n" % len(body)
    return exchange(listener, b"POST / HTTP/1.1\r\n" + CLOSE + length + headers + b"\r\n" + body)


def status_of(answer):
    """Return the status of a raw answer, 0 when there is none."""
    return int(answer[9:12]) if answer else 0


@pytest.fixture
def bounded(edge, echo):
    """Yield a listener with tight bounds."""
    limits = Limits(body_bytes=1000, body_s=0.05, head_s=0.05, idle_s=0.05, linger_s=0.05)
    listener = edge.borrow(echo, limits=limits)
    yield listener
    listener.release()


class TestRequests:
    def test_a_host_of_any_bytes_is_text(self, listener, echo):
        exchange(listener, b"GET / HTTP/1.1\r\nHost: x\xff\r\n", b"Connection: close\r\n\r\n")

        assert echo.requests[0].host == "x\u00ff"
        assert echo.errors == []

    def test_target_headers_and_body_arrive_as_they_were_sent(self, listener, echo):
        exchange(
            listener,
            b"PATCH /apps/a%2Fb/users?x=1&x=2%20 HTTP/1.1\r\n",
            CLOSE,
            b"X-One: 1\r\nX-Two: 2\r\nX-One: 3\r\nContent-Length: 3\r\n\r\nabc",
        )

        request = echo.requests[0]
        assert (request.method, request.path, request.query, request.body) == (
            "PATCH",
            "/apps/a%2Fb/users",
            "x=1&x=2%20",
            b"abc",
        )
        assert [pair for pair in request.headers if pair[0].startswith("x-")] == [
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-one", "3"),
        ]

    @pytest.mark.parametrize(
        ("sent", "host"),
        [
            (b"API.OneSignal.com", "api.onesignal.com"),
            (b"api.onesignal.com:443", "api.onesignal.com"),
            (b"api.onesignal.com.", "api.onesignal.com"),
            (b"127.0.0.1:8080", "127.0.0.1"),
            (b"[::1]:8080", "::1"),
        ],
    )
    def test_the_host_is_the_name_alone(self, listener, echo, sent, host):
        exchange(listener, b"GET / HTTP/1.1\r\nConnection: close\r\nHost: " + sent + b"\r\n\r\n")

        assert echo.requests[0].host == host

    def test_a_target_in_absolute_form_names_the_host(self, listener, echo):
        get(listener, target=b"http://onesignal.com:80/api/v1/notifications?limit=1")

        request = echo.requests[0]
        assert (request.host, request.path, request.query) == (
            "onesignal.com",
            "/api/v1/notifications",
            "limit=1",
        )

    def test_a_body_in_chunks_is_put_together(self, listener, echo):
        exchange(
            listener,
            b"POST / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n",
            b"3\r\nabc\r\n",
            b"2\r\nde\r\n0\r\n\r\n",
        )

        assert echo.requests[0].body == b"abcde"

    def test_a_gzipped_body_is_unpacked(self, listener, echo):
        post(listener, gzip.compress(b"unpacked"), b"Content-Encoding: gzip\r\n")

        assert echo.requests[0].body == b"unpacked"

    def test_a_body_of_web_push_stays_packed(self, listener, echo):
        post(listener, b"\x00\x01", b"Content-Encoding: aes128gcm\r\n")

        assert echo.requests[0].body == b"\x00\x01"

    def test_a_header_in_another_encoding_is_read_all_the_same(self, listener, echo):
        get(listener, b"X-Utf: \xc3\xa9\r\nX-Latin: \xe9\r\n")

        assert echo.requests[0].header("x-utf") == "é"
        assert echo.requests[0].header("x-latin") == "é"

    def test_two_requests_sent_at_once_are_served_in_order(self, listener, echo):
        answer = exchange(
            listener,
            b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n" + CLOSE + b"\r\n",
        )

        assert [request.path for request in echo.requests] == ["/1", "/2"]
        assert answer.count(b"HTTP/1.1 200 OK") == 2

    def test_http_1_0_is_served_without_a_host(self, listener, echo):
        answer = exchange(listener, b"GET / HTTP/1.0\r\n\r\n")

        assert status_of(answer) == 200
        assert echo.requests[0].host == ""

    @pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
    def test_an_offer_to_upgrade_is_passed_over(self, listener, echo, protocol):
        offer = b"Upgrade: " + protocol + b"\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        with socket.create_connection((listener.host, listener.port), WAIT_S) as conn:
            conn.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n" + offer + b"\r\n")
            first = conn.recv(65536)
            conn.sendall(b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            second = conn.recv(65536)

        assert (status_of(first), status_of(second)) == (200, 200)
        assert [request.path for request in echo.requests] == ["/1", "/2"]

    def test_a_client_that_asks_before_its_body_is_told_to_go_on(self, listener, echo):
        with socket.create_connection((listener.host, listener.port), WAIT_S) as conn:
            length = b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"
            conn.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + length)
            interim = conn.recv(65536)
            conn.sendall(b"body")
            final = conn.recv(65536)

        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert status_of(final) == 200
        assert echo.requests[0].body == b"body"


class TestRefusals:
    def test_an_announced_body_beyond_the_bound_is_refused_unread(self, bounded, echo):
        answer = post(bounded, b"x" * 1001)

        assert status_of(answer) == 413
        assert b"X-Pushlab-Error: a body may have 1000 bytes at most" in answer
        assert echo.requests == []

    def test_a_body_in_chunks_beyond_the_bound_is_refused(self, bounded, echo):
        head = b"POST / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
        answer = exchange(bounded, head, b"320\r\n" + b"x" * 800 + b"\r\n", b"320\r\n" + b"x" * 800)

        assert status_of(answer) == 413
        assert echo.requests == []

    def test_a_small_gzip_that_unpacks_beyond_the_bound_is_refused(self, bounded, echo):
        answer = post(bounded, gzip.compress(b"x" * 100_000), b"Content-Encoding: gzip\r\n")

        assert status_of(answer) == 413
        assert echo.requests == []

    def test_a_body_at_the_bound_is_served(self, bounded, echo):
        answer = post(bounded, b"x" * 1000)

        assert status_of(answer) == 200
        assert len(echo.requests[0].body) == 1000

    def test_a_slow_body_is_refused_in_real_time(self, bounded, echo):
        head = b"POST / HTTP/1.1\r\n" + CLOSE + b"Content-Length: 9\r\n\r\n"

        answer = exchange(bounded, head + b"abc")

        assert status_of(answer) == 408
        assert echo.requests == []

    def test_a_slow_head_is_cut(self, bounded, echo):
        answer = exchange(bounded, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow")

        assert answer == b""
        assert echo.requests == []

    def test_the_second_head_of_a_connection_may_not_be_slow_either(self, bounded, echo):
        answer = exchange(bounded, b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /2 HT")

        assert answer.count(b"HTTP/1.1 ") == 1
        assert [request.path for request in echo.requests] == ["/1"]

    def test_an_idle_connection_is_closed_in_the_end(self, bounded):
        answer = exchange(bounded, b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")

        assert status_of(answer) == 200

    def test_a_header_beyond_the_bound_is_refused(self, listener, echo):
        answer = get(listener, b"X-Long: " + b"x" * 20_000 + b"\r\n")

        assert status_of(answer) == 400
        assert b"X-Pushlab-Error: " in answer
        assert echo.requests == []

    def test_what_is_no_http_is_refused(self, listener, echo):
        answer = exchange(listener, b"EHLO example.com\r\n\r\n")

        assert status_of(answer) == 400
        assert echo.requests == []

    def test_garbled_chunks_are_refused(self, listener, echo):
        head = b"POST / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"

        answer = exchange(listener, head + b"zz\r\nabc\r\n")

        assert status_of(answer) == 400
        assert echo.requests == []

    def test_chunks_that_garble_later_are_refused_when_their_time_is_over(self, bounded, echo):
        head = b"POST / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"

        answer = exchange(bounded, head, b"3\r\nabc\r\n", b"zz\r\n")

        assert status_of(answer) in {400, 408}
        assert echo.requests == []

    def test_a_body_that_is_no_gzip_is_refused(self, listener, echo):
        answer = post(listener, b"no gzip at all", b"Content-Encoding: gzip\r\n")

        assert status_of(answer) == 400
        assert echo.requests == []

    def test_connect_is_refused_because_this_is_no_proxy(self, listener, echo):
        answer = exchange(listener, b"CONNECT api.onesignal.com:443 HTTP/1.1\r\n" + CLOSE + b"\r\n")

        assert status_of(answer) == 501
        assert echo.requests == []

    def test_http_1_1_without_a_host_is_refused(self, listener, echo):
        answer = exchange(listener, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")

        assert status_of(answer) == 400
        assert echo.requests == []

    def test_another_expectation_is_refused(self, listener, echo):
        answer = get(listener, b"Expect: miracles\r\n")

        assert status_of(answer) == 417
        assert echo.requests == []


class TestAnswers:
    def test_the_date_is_the_worlds(self, listener, echo):
        echo.now = 1_709_210_096_789

        answer = get(listener)

        assert b"\r\nDate: Thu, 29 Feb 2024 12:34:56 GMT\r\n" in answer

    def test_a_date_of_the_fakes_own_stays(self, listener, echo):
        date = "Sun, 06 Nov 1994 08:49:37 GMT"
        echo.behaviour = lambda _: Answer(200, b"", (("date", date),))

        answer = get(listener)

        assert answer.lower().count(b"\r\ndate: ") == 1
        assert date.encode() in answer

    def test_repeated_headers_are_all_sent(self, listener, echo):
        pairs = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
        echo.behaviour = lambda _: Answer(200, b"{}", pairs)

        answer = get(listener)

        assert b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" in answer

    def test_framing_is_the_servers_own(self, listener, echo):
        wrong = (("Content-Length", "999"), ("Transfer-Encoding", "chunked"))
        echo.behaviour = lambda _: Answer(200, b"{}", wrong)

        answer = get(listener)

        assert b"Content-Length: 2\r\n" in answer
        assert b"Transfer-Encoding" not in answer

    def test_an_answer_to_head_has_the_length_and_no_body(self, listener, echo):
        echo.behaviour = lambda _: json_answer(200, {"a": 1})

        answer = exchange(listener, b"HEAD / HTTP/1.1\r\n" + CLOSE + b"\r\n")

        assert b"Content-Length: 7\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")

    def test_204_has_neither_body_nor_length(self, listener, echo):
        echo.behaviour = lambda _: Answer(204)

        answer = get(listener)

        assert status_of(answer) == 204
        assert b"Content-Length" not in answer

    def test_an_answer_may_close_the_connection(self, listener, echo):
        echo.behaviour = lambda _: Answer(200, b"", (("Connection", "close"),))

        answer = exchange(listener, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

        assert b"Connection: close" in answer

    def test_a_status_that_the_standard_does_not_name_is_sent(self, listener, echo):
        echo.behaviour = lambda _: Answer(599, b"odd")

        assert status_of(get(listener)) == 599


class TestErrorsInsideAFake:
    def test_an_error_is_a_500_that_says_so_and_is_kept(self, listener, echo):
        def fail(_):
            raise ValueError("no such\nthing: é")

        echo.behaviour = fail
        answer = get(listener)

        assert status_of(answer) == 500
        assert b"X-Pushlab-Error: ValueError: no such thing: \\xe9\r\n" in answer
        assert b"raised again in the test" in answer
        assert [str(error) for error in echo.errors] == ["no such\nthing: é"]

    def test_a_kept_error_has_the_frames_of_the_fake_and_none_of_the_edge(self, listener, echo):
        def fail(_):
            raise ValueError

        echo.behaviour = fail
        get(listener)

        names = []
        trace = echo.errors[0].__traceback__
        while trace is not None:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        assert names == ["handle", "fail"]

    def test_the_connection_lives_on_after_an_error(self, listener, echo):
        def fail_first(request):
            if request.path == "/1":
                raise ValueError
            return Answer(200)

        echo.behaviour = fail_first
        answer = exchange(
            listener,
            b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n" + CLOSE + b"\r\n",
        )

        assert answer.count(b"HTTP/1.1 500 ") == 1
        assert answer.count(b"HTTP/1.1 200 ") == 1

    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, BaseException])
    def test_the_edge_survives_what_ends_programs(self, listener, echo, kind):
        def leave(_):
            raise kind("over")

        echo.behaviour = leave
        first = get(listener)
        echo.behaviour = None
        second = get(listener)

        assert (status_of(first), status_of(second)) == (500, 200)
        assert isinstance(echo.errors[0], kind)

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(200, b"", (("X-Split", "a\r\nSet-Cookie: b"),)),
            Answer(200, b"", (("X Y", "a"),)),
            Answer(99),
            Answer(101),
        ],
    )
    def test_an_answer_that_cannot_be_sent_is_such_an_error(self, listener, echo, answer):
        echo.behaviour = lambda _: answer

        assert status_of(get(listener)) == 500
        assert isinstance(echo.errors[0], ValueError)

    def test_an_error_in_the_date_is_kept_and_does_no_other_harm(self, edge):
        class Undated(Echo):
            def date(self):
                raise ValueError("no date")

        undated = Undated()
        listener = edge.borrow(undated)
        answer = get(listener)
        listener.release()

        assert status_of(answer) == 200
        assert [str(error) for error in undated.errors] == ["no date"]

    def test_an_error_that_cannot_be_kept_is_logged(self, edge, caplog):
        class Careless(Echo):
            def failed(self, error):
                raise RuntimeError("lost")

        def fail(_):
            raise ValueError("first")

        listener = edge.borrow(Careless(fail))
        answer = get(listener)
        listener.release()

        assert status_of(answer) == 500
        assert "could not be kept" in caplog.text


def test_what_breaks_the_rules_leaves_an_entry_and_the_next_request_is_served():
    with Lab() as lab:
        lab.serve()
        endpoint = lab.endpoints.apns
        broken = exchange(endpoint, b"GET /\x00 HTTP/1.1\r\n\r\n")
        endless = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        status_of(exchange(endpoint, endless))

        served = get(endpoint, target=b"/api/v1/apps")

        kept = lab.trace.find(["ConnectionBroken"])
        assert [entry.fields["reason"] for entry in kept] == ["Bad Request", "Bad Request"]
        assert status_of(broken) == 400
        assert status_of(served) in {400, 401, 403}
        assert lab.list_problems() == []
