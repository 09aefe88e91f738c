"""Goal: a plain request gets what the whole protocol would give it, and what is not plain does too.

Method: connections that stay open, since one that is to close at once is not plain.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from contextlib import closing
from unittest.mock import Mock

import pytest

from pushlab_fakes.exchange import Answer, json_answer
from pushlab_fakes.wire.edge import Limits
from pushlab_fakes.wire.plain import PlainConnection

WAIT_S = 10
HOST = b"Host: api.onesignal.com\r\n"
NOT_PLAIN = b"TE: trailers\r\n"
"""Asks for nothing, and leads to the whole protocol."""


def connect(listener):
    """Open a connection, to be closed by ``closing``."""
    return closing(socket.create_connection((listener.host, listener.port), WAIT_S))


def read_answers(conn, count=1):
    """Return *count* answers whose bodies have known lengths, and not a byte more."""
    held = b""
    while not _is_whole(held, count):
        more = conn.recv(65536)
        if not more:
            break
        held += more
    return held


def _is_whole(held, count):
    rest = held
    for _ in range(count):
        head, blank, rest = rest.partition(b"\r\n\r\n")
        if not blank:
            return False
        _, _, length = head.lower().partition(b"\r\ncontent-length: ")
        size = int(length.partition(b"\r\n")[0] or 0)
        if len(rest) < size:
            return False
        rest = rest[size:]
    return True


def post(body, headers=b"", target=b"/"):
    """Return a request as bytes."""
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + headers + length + b"\r\n" + body


def test_one_request_follows_the_other_on_a_connection(listener, echo):
    with connect(listener) as conn:
        for number in range(3):
            conn.sendall(post(b"%d" % number))
            assert read_answers(conn).startswith(b"HTTP/1.1 200 OK\r\n")

    assert [request.body for request in echo.requests] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("size", [1, 7, 60])
def test_a_request_in_pieces_is_put_together(listener, echo, size):
    whole = post(b"body", b"X-One: 1\r\n", b"/a?b=c")
    with connect(listener) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), size):
            conn.sendall(whole[start : start + size])
        read_answers(conn)

    request = echo.requests[0]
    assert (request.path, request.query, request.body) == ("/a", "b=c", b"body")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /a%2Fb?x=1&y=%20 HTTP/1.1\r\nHost: API.onesignal.com:443\r\n",
        b"DELETE / HTTP/1.1\r\nHost: [::1]:80\r\nX-A:b\r\nx-a: \t c \t\r\nX-Empty:\r\n",
        b"OPTIONS /x HTTP/1.1\r\nhost: x\r\nConnection: Keep-Alive\r\n",
        b"PUT /~x!'()*;:@&=+$,/?a?b HTTP/1.1\r\nHost: x.\r\nContent-Length: 0\r\n",
    ],
)
def test_both_ways_of_reading_see_the_same_request_and_write_the_same_answer(listener, echo, sent):
    answers = []
    for more in (b"", NOT_PLAIN):
        with connect(listener) as conn:
            conn.sendall(sent + more + b"\r\n")
            answers.append(read_answers(conn))

    plain, whole = echo.requests
    assert answers[0] == answers[1]
    assert plain.headers == tuple(pair for pair in whole.headers if pair[0] != "te")
    assert (plain.method, plain.host, plain.path, plain.query, plain.body) == (
        whole.method,
        whole.host,
        whole.path,
        whole.query,
        whole.body,
    )


@pytest.mark.parametrize(
    "answer",
    [
        json_answer(200, {"a": 1}),
        Answer(200, b"text"),
        Answer(202),
        Answer(204, b"", (("X-One", "1"), ("X-One", "2"))),
        Answer(304, b"", (("etag", "x"),)),
        Answer(418, b"{}", (("Server", "teapot"), ("Content-Length", "999"))),
        Answer(599, b"{}", (("Content-Type", "a/b"), ("X-Utf", "é"))),
    ],
)
def test_both_ways_of_writing_give_the_same_bytes(listener, echo, answer):
    echo.behaviour = lambda _: answer

    answers = []
    for more in (b"", NOT_PLAIN):
        with connect(listener) as conn:
            conn.sendall(b"GET / HTTP/1.1\r\n" + HOST + more + b"\r\n")
            answers.append(read_answers(conn))

    assert answers[0] == answers[1]


def test_an_answer_that_closes_says_so_and_closes(listener, echo):
    echo.behaviour = lambda _: Answer(200, b"{}", (("connection", "close"),))

    with connect(listener) as conn:
        conn.sendall(post(b""))
        answer = read_answers(conn)
        after = conn.recv(1)

    assert b"\r\nConnection: close\r\n" in answer
    assert after == b""


def test_what_is_not_plain_may_follow_what_is(listener, echo):
    packed = post(gzip.compress(b"unpacked"), b"Content-Encoding: gzip\r\n")
    chunked = (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    with connect(listener) as conn:
        for request in (post(b"plain"), packed, post(b"plain again"), chunked):
            conn.sendall(request)
            read_answers(conn)

    bodies = [request.body for request in echo.requests]
    assert bodies == [b"plain", b"unpacked", b"plain again", b"abc"]


def test_requests_sent_at_once_are_served_in_order(listener, echo):
    with connect(listener) as conn:
        conn.sendall(post(b"1") + post(b"2") + post(b"3")[:-1])
        read_answers(conn, 2)
        conn.sendall(b"3")
        read_answers(conn)

    assert [request.body for request in echo.requests] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_what_is_wrong_is_refused_by_the_whole_protocol(listener, echo, sent, status):
    with connect(listener) as conn:
        conn.sendall(sent)
        answer = read_answers(conn)

    assert answer[9:12] == status
    assert echo.requests == []


def test_a_slow_body_is_refused_in_real_time(edge, echo):
    listener = edge.borrow(echo, limits=Limits(body_s=0.05, linger_s=0.05))
    with connect(listener) as conn:
        conn.sendall(post(b"body")[:-1])
        answer = read_answers(conn)
    listener.release()

    assert answer[9:12] == b"408"


def test_an_idle_connection_ends_and_a_busy_one_stays(edge, echo):
    listener = edge.borrow(echo, limits=Limits(idle_s=0.3))
    with connect(listener) as conn:
        for _ in range(2):
            conn.sendall(post(b""))
            read_answers(conn)
        ended = conn.recv(1)
    listener.release()

    assert len(echo.requests) == 2
    assert ended == b""


def test_a_client_that_reads_no_answers_is_not_read_either(listener, echo):
    echo.behaviour = lambda _: Answer(200, b"x" * 1_000_000)

    with connect(listener) as conn:
        for _ in range(20):
            conn.sendall(post(b"", b"X: " + b"x" * 1_000 + b"\r\n"))
        served_unread = len(echo.requests)
        left = 20 * 1_000_000
        while left > 0:
            left -= len(conn.recv(1_000_000))

    assert served_unread < 20
    assert len(echo.requests) == 20


def test_nothing_begins_on_a_connection_whose_end_is_on_its_way():
    """A client may reset its connection just when its request turns out not to be plain."""
    made = []
    transport = Mock(asyncio.Transport)
    transport.get_write_buffer_size.return_value = 0
    host = Mock(limits=Limits(), tenancy=0)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        async def meet():
            connection = PlainConnection(
                host, loop, Mock(side_effect=lambda *asked: made.append(asked))
            )
            connection.connection_made(transport)
            transport.is_closing.return_value = True
            connection.data_received(b"nothing plain\r\n\r\n")
            connection.connection_lost(None)

        runner.run(meet())

    assert made == []
    transport.set_protocol.assert_not_called()


def test_a_connection_outlives_no_lab(edge, echo):
    listener = edge.borrow(echo)
    with connect(listener) as conn:
        conn.sendall(post(b""))
        read_answers(conn)
        listener.release()
        try:
            conn.sendall(post(b""))
            after = conn.recv(1)
        except ConnectionError:
            after = b""

    assert after == b""
    assert len(echo.requests) == 1
