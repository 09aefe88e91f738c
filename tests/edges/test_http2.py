"""Goal: HTTP/2 as clients of APNs speak it; what breaks its rules ends its own connection alone.

Method: `h2` plays the client. Against `Http2Session` bytes go over by hand, without a socket or a
clock; what takes a door, a lock or time goes over a socket with tight bounds.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    PingAckReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    SettingsFrame,
)
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, Steer
from pushlab_fakes.wire.door import DEPARTED_MAX
from pushlab_fakes.wire.edge import Limits
from pushlab_fakes.wire.framing import PREFACE, FrameWalk
from pushlab_fakes.wire.http2_session import HEADER_LIST_BYTES_MAX, Http2Session

if TYPE_CHECKING:
    from h2.events import Event

WAIT_S = 10
HEAD = [
    (":method", "POST"),
    (":scheme", "https"),
    (":path", "/3/device/ab?x=1"),
    (":authority", "api.push.apple.com"),
]


class Pair:
    """A client and a session, with nothing between them."""

    def __init__(self, *, body_bytes=1000, streams_max=100):
        self.session = Http2Session(body_bytes=body_bytes, streams_max=streams_max)
        self.client = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.client.initiate_connection()
        self.arrived = []
        self.events = []
        self.exchange()

    def exchange(self):
        """Carry what both have to say, until both are silent; return the client's events."""
        fresh: list[Event] = []
        while True:
            there, back = self.client.data_to_send(), b""
            if there:
                self.arrived += self.session.receive(there)
            back = self.session.take()
            if not there and not back:
                self.events += fresh
                return fresh
            fresh += self.client.receive_data(back)

    def ask(self, stream=1, body=b"", head=HEAD, *, end=True):
        self.client.send_headers(stream, head, end_stream=end and not body)
        if body:
            self.client.send_data(stream, body, end_stream=end)
        return self.exchange()

    def answer(self, answer, stream=1):
        self.session.answer(stream, answer)
        return self.exchange()

    def raw(self, *frames):
        """Let the session receive frames that the client never made."""
        for frame in frames:
            self.arrived += self.session.receive(frame.serialize())
        return self.client.receive_data(self.session.take())


def kinds(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_an_idle_session_leaves_with_the_last_stream_that_it_served():
    pair = Pair()
    pair.ask()
    pair.answer(Answer(200))

    assert pair.session.leave_idle()
    (goodbye,) = kinds(pair.exchange(), ConnectionTerminated)
    assert (goodbye.error_code, goodbye.last_stream_id) == (0, 1)
    assert not pair.session.leave_idle()


@pytest.mark.parametrize("end", [True, False])
def test_a_session_with_a_request_under_way_does_not_leave_idle(end):
    pair = Pair()
    pair.ask(end=end)

    assert not pair.session.leave_idle()
    assert pair.exchange() == []


def test_a_session_that_served_nothing_does_not_leave_idle():
    assert not Pair().session.leave_idle()


# --- requests and answers --------------------------------------------------------------------


def test_a_request_arrives_as_a_whole():
    pair = Pair()

    pair.ask(body=b"abc", head=[*HEAD, ("apns-id", "1"), ("apns-id", "2")])

    arrived = pair.arrived[0]
    assert (arrived.stream, arrived.body) == (1, b"abc")
    assert arrived.headers[-2:] == ((b"apns-id", b"1"), (b"apns-id", b"2"))


def test_an_empty_answer_ends_with_its_headers():
    pair = Pair()
    pair.ask()

    events = pair.answer(Answer(200, b"", (("Apns-Id", "x"), ("Connection", "close"))))

    response = kinds(events, ResponseReceived)[0]
    assert response.stream_ended is not None
    assert dict(response.headers) == {":status": "200", "apns-id": "x"}
    assert not kinds(events, DataReceived)


def test_a_body_is_sent_with_its_length():
    pair = Pair()
    pair.ask()

    events = pair.answer(Answer(400, b"no"))

    assert dict(kinds(events, ResponseReceived)[0].headers)["content-length"] == "2"
    assert kinds(events, DataReceived)[0].data == b"no"
    assert kinds(events, StreamEnded)


def test_an_answer_to_head_has_no_body():
    pair = Pair()
    pair.ask(head=[(":method", "HEAD"), *HEAD[1:]])

    assert not kinds(pair.answer(Answer(200, b"text")), DataReceived)


def test_a_host_header_stands_for_the_authority():
    pair = Pair()

    pair.ask(head=[*HEAD[:3], ("host", "api.push.apple.com")])

    assert (b"host", b"api.push.apple.com") in pair.arrived[0].headers


def test_streams_are_answered_in_any_order():
    pair = Pair()
    for stream in (1, 3, 5):
        pair.ask(stream)

    for stream in (5, 1, 3):
        pair.answer(Answer(200), stream)

    assert [event.stream_id for event in kinds(pair.events, ResponseReceived)] == [5, 1, 3]


def test_a_large_answer_waits_for_the_clients_windows():
    pair = Pair()
    pair.ask()

    events = pair.answer(Answer(200, b"x" * 200_000))
    sent = sum(len(event.data) for event in kinds(events, DataReceived))
    while not kinds(pair.events, StreamEnded):
        pair.client.increment_flow_control_window(50_000)
        pair.client.increment_flow_control_window(50_000, 1)
        pair.exchange()

    assert sent == 65_535
    assert sum(len(event.data) for event in kinds(pair.events, DataReceived)) == 200_000


def test_bodies_that_pass_the_windows_are_taken():
    pair = Pair(body_bytes=1_000_000)
    body = b"x" * 300_000

    pair.client.send_headers(1, HEAD)
    while body:
        size = min(pair.client.local_flow_control_window(1), 16_384, len(body))
        pair.client.send_data(1, body[:size], end_stream=size == len(body))
        body = body[size:]
        pair.exchange()

    assert len(pair.arrived[0].body) == 300_000


def test_a_ping_is_answered():
    pair = Pair()
    pair.client.ping(b"12345678")

    assert kinds(pair.exchange(), PingAckReceived)


# --- limits on streams -----------------------------------------------------------------------


def test_the_limit_on_streams_is_announced_and_moves_with_an_answer():
    pair = Pair(streams_max=1)
    first = kinds(pair.events, RemoteSettingsChanged)[0].changed_settings
    pair.ask()

    events = pair.answer(Answer(200, steer=Steer(streams_max=1000)))

    assert first[SettingCodes.MAX_CONCURRENT_STREAMS].new_value == 1
    changed = kinds(events, RemoteSettingsChanged)[0].changed_settings
    assert changed[SettingCodes.MAX_CONCURRENT_STREAMS].new_value == 1000
    pair.ask(3)
    again = pair.answer(Answer(200, steer=Steer(streams_max=1000)), 3)
    assert not kinds(again, RemoteSettingsChanged)


def test_a_stream_over_the_limit_is_refused_and_the_connection_lives_on():
    pair = Pair(streams_max=1)
    pair.ask(1)
    pair.client.remote_settings.acknowledge()
    pair.client.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 100
    pair.client.remote_settings.acknowledge()

    refused = pair.ask(3, body=b"late")
    pair.answer(Answer(200))
    pair.ask(5)

    assert kinds(refused, StreamReset)[0].error_code == ErrorCodes.REFUSED_STREAM
    assert [arrived.stream for arrived in pair.arrived] == [1, 5]
    assert pair.session.broken is None


def test_streams_that_were_opened_before_the_client_knew_are_served():
    session = Http2Session(body_bytes=1000, streams_max=1)
    client = H2Connection(H2Configuration())
    client.initiate_connection()
    for stream in (1, 3, 5):
        client.send_headers(stream, HEAD, end_stream=True)

    assert len(session.receive(client.data_to_send())) == 3


# --- the end of a connection -----------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(0, 0), (1, 0), (0, 4096), (100, 50, 70)])
def test_a_client_that_resizes_its_table_of_headers_again_can_read_the_next_answer(sizes):
    pair = Pair()
    pair.ask()
    for size in sizes:
        pair.client.update_settings({SettingCodes.HEADER_TABLE_SIZE: size})
        pair.exchange()

    events = pair.answer(Answer(200, b"", (("apns-id", "x"),)))

    assert dict(kinds(events, ResponseReceived)[0].headers)["apns-id"] == "x"


def test_a_goaway_names_the_last_stream_and_says_why():
    pair = Pair()
    pair.ask()

    events = pair.answer(Answer(503, b"{}", steer=Steer(goaway=b'{"reason":"Shutdown"}')))

    ended = kinds(events, ConnectionTerminated)[0]
    assert (ended.error_code, ended.last_stream_id) == (ErrorCodes.NO_ERROR, 1)
    assert ended.additional_data == b'{"reason":"Shutdown"}'
    assert kinds(events, DataReceived)
    assert pair.session.is_over
    assert pair.session.broken is None


def test_a_goaway_waits_for_answers_under_way():
    pair = Pair()
    pair.ask(1)
    pair.ask(3)

    first = pair.answer(Answer(200, steer=Steer(goaway=b"x")), 1)
    refused = pair.ask(5)
    second = pair.answer(Answer(200), 3)

    assert not kinds(first, ConnectionTerminated)
    assert kinds(refused, StreamReset)
    assert kinds(second, ResponseReceived)
    assert kinds(second, ConnectionTerminated)


def test_a_client_that_says_goodbye_is_let_go():
    pair = Pair()
    pair.ask()
    pair.client.close_connection()
    pair.exchange()

    pair.session.answer(1, Answer(200))

    assert pair.session.is_over
    assert pair.session.broken is None


def test_an_answer_to_a_stream_that_was_given_up_is_dropped():
    pair = Pair()
    pair.ask()
    pair.client.reset_stream(1)
    pair.exchange()

    assert pair.answer(Answer(200, b"late", steer=Steer(streams_max=7)))
    assert not kinds(pair.events, ResponseReceived)
    assert pair.session.broken is None


# --- bounds and broken frames ----------------------------------------------------------------


def test_a_body_over_the_bound_is_answered_and_cut():
    pair = Pair(body_bytes=10)
    pair.ask(body=b"x" * 11, end=False)

    assert pair.session.list_oversized() == [1]
    events = pair.answer(Answer(413, b"too long"))
    pair.ask(3)

    assert dict(kinds(events, ResponseReceived)[0].headers)[":status"] == "413"
    assert kinds(events, StreamReset)[0].error_code == ErrorCodes.NO_ERROR
    assert [arrived.stream for arrived in pair.arrived] == [3]


def test_bodies_that_fill_the_memory_of_a_connection_are_refused():
    pair = Pair(body_bytes=1000)
    for stream in range(1, 21, 2):
        pair.ask(stream, body=b"x" * 1000, end=False)

    assert kinds(pair.events, StreamReset)[0].error_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert pair.session.broken is None


def test_a_list_of_headers_over_the_bound_ends_the_connection():
    pair = Pair()
    head = [*HEAD, ("x", "y" * HEADER_LIST_BYTES_MAX)]
    pair.client.remote_settings[SettingCodes.MAX_HEADER_LIST_SIZE] = 100_000
    pair.client.remote_settings.acknowledge()

    pair.ask(head=head)

    assert "header" in str(pair.session.broken)
    assert kinds(pair.events, ConnectionTerminated)


def test_headers_without_end_are_bounded():
    pair = Pair()
    first = HeadersFrame(1, data=b"\x82")
    more = [ContinuationFrame(1, data=b"\x00" * 10) for _ in range(100)]

    pair.raw(first, *more)

    assert pair.session.broken


@pytest.mark.parametrize(
    "frame",
    [
        DataFrame(1, data=b"x"),
        ContinuationFrame(1, data=b"x"),
        HeadersFrame(2, data=b"\x82", flags=["END_HEADERS"]),
        HeadersFrame(1, data=b"\xff\xff\xff\xff\xff", flags=["END_HEADERS"]),
        PingFrame(0, opaque_data=b"12345678"),
    ],
    ids=["data of no stream", "a naked continuation", "an even stream", "no HPACK", "a good one"],
)
def test_a_broken_frame_ends_the_connection_with_a_reason(frame):
    pair = Pair()

    pair.raw(frame)

    assert bool(pair.session.broken) == (not isinstance(frame, PingFrame))
    assert pair.session.is_over == bool(pair.session.broken)


def test_streams_opened_and_reset_without_end_are_bounded():
    pair = Pair()
    for stream in range(1, 2100, 2):
        pair.client.send_headers(stream, HEAD)
        pair.client.reset_stream(stream)
        pair.arrived += pair.session.receive(pair.client.data_to_send())

    assert pair.session.broken == "1001 streams were opened and came to nothing"


def test_streams_refused_without_end_are_bounded():
    session = Http2Session(body_bytes=1000, streams_max=1)
    session.receive(PREFACE + SettingsFrame(0).serialize())
    session.receive(SettingsFrame(0, flags=["ACK"]).serialize())
    block = Encoder().encode(HEAD)

    for stream in range(1, 4_001, 2):
        session.receive(HeadersFrame(stream, data=block, flags=["END_HEADERS"]).serialize())

    assert session.broken == "1001 streams were opened and came to nothing"


def test_nothing_is_taken_after_the_end():
    pair = Pair()
    pair.session.give_up("slow")

    assert pair.session.receive(b"x" * 100) == []
    assert pair.session.broken == "slow"
    pair.session.answer(1, Answer(200, steer=Steer(streams_max=5, goaway=b"x")))


# --- any bytes -------------------------------------------------------------------------------


@st.composite
def frames(draw):
    """Make a frame of any type, with any flags, of any stream, often with a true length."""
    body = draw(st.binary(max_size=64))
    length = draw(st.one_of(st.just(len(body)), st.integers(0, 2**24 - 1)))
    kind, flags = draw(st.integers(0, 12)), draw(st.integers(0, 255))
    stream = draw(st.one_of(st.integers(0, 9), st.integers(0, 2**32 - 1)))
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def some_good_bytes():
    client = H2Connection(H2Configuration())
    client.initiate_connection()
    client.send_headers(1, HEAD)
    client.send_data(1, b"{}", end_stream=True)
    client.ping(b"12345678")
    return client.data_to_send()


@st.composite
def streams(draw):
    """Make what a client may send: frames, good bytes with some changed, or nothing sensible."""
    good = some_good_bytes()
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return PREFACE + b"".join(draw(st.lists(frames(), max_size=12)))
    if kind == 1:
        changed = bytearray(good)
        for _ in range(draw(st.integers(0, 6))):
            changed[draw(st.integers(0, len(good) - 1))] = draw(st.integers(0, 255))
        return bytes(changed) + b"".join(draw(st.lists(frames(), max_size=3)))
    return draw(st.binary(max_size=300))


def feed(data, cuts):
    session = Http2Session(body_bytes=100, streams_max=3)
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    arrived = []
    for begin, end in pairwise(places):
        for each in session.receive(data[begin:end]):
            arrived.append(each)
            session.answer(each.stream, Answer(200, b"{}", steer=Steer(streams_max=9)))
        session.take()
    return session, arrived


@given(streams(), st.lists(st.integers(0, 10_000), max_size=8))
@example(some_good_bytes(), [])
def test_any_bytes_in_any_parts_end_in_answers_or_in_an_end_with_a_reason(data, cuts):
    session, arrived = feed(data, cuts)
    whole, arrived_at_once = feed(data, [])

    assert session.is_over or session.broken is None
    assert [each.stream for each in arrived] == [each.stream for each in arrived_at_once]
    assert bool(session.broken) == bool(whole.broken)


@given(st.lists(frames(), max_size=6), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_walk_over_frames_stands_between_two_where_they_meet(made, cuts):
    good = [len(frame[9:]).to_bytes(3, "big") + bytes([0]) + frame[4:] for frame in made]
    data = PREFACE + b"".join(good)
    walk = FrameWalk()
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]

    for begin, end in pairwise(places):
        walk.feed(data[begin:end])
        met = {len(PREFACE) + sum(map(len, good[:count])) for count in range(len(good) + 1)}
        assert walk.is_between == (end in met)


def test_a_header_block_that_goes_on_is_not_between_frames():
    walk = FrameWalk()

    walk.feed(PREFACE + HeadersFrame(1, data=b"x").serialize())
    before = walk.is_between
    walk.feed(ContinuationFrame(1, data=b"x", flags=["END_HEADERS"]).serialize())

    assert not before
    assert walk.is_between


# --- over a socket ---------------------------------------------------------------------------


class Wire:
    """A client on a socket."""

    def __init__(self, listener, *, context=None):
        self.conn = socket.create_connection((listener.host, listener.port), WAIT_S)
        if context is not None:
            self.conn = context.wrap_socket(self.conn, server_hostname="localhost")
        self.client = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.client.initiate_connection()
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.conn.close()

    def flush(self):
        self.conn.sendall(self.client.data_to_send())

    def ask(self, stream=1, body=b"", head=HEAD):
        self.client.send_headers(stream, head, end_stream=not body)
        if body:
            self.client.send_data(stream, body, end_stream=True)
        self.flush()
        return self.read_until(StreamEnded)

    def read_until(self, kind):
        """Read until such an event has come, or the server has closed."""
        seen: list[Event] = []
        while not kinds(seen, kind):
            data = self.conn.recv(65_536)
            if not data:
                return seen
            seen += self.client.receive_data(data)
            self.flush()
        return seen


def status_of(events):
    return dict(kinds(events, ResponseReceived)[0].headers)[":status"]


@pytest.mark.parametrize("offered", [["h2"], [], None], ids=["h2", "nothing fits", "clear text"])
def test_the_version_is_told_by_alpn_or_else_by_the_preface(listener, echo, offered):
    context = None
    if offered is not None:
        context = ssl.create_default_context(cadata=listener.ca_pem.decode())
        if offered:
            context.set_alpn_protocols(offered)

    with Wire(listener, context=context) as wire:
        events = wire.ask(body=b"abc")

    assert status_of(events) == "200"
    request = echo.requests[0]
    assert (request.host, request.path, request.query, request.body) == (
        "api.push.apple.com",
        "/3/device/ab",
        "x=1",
        b"abc",
    )
    assert request.peer.is_secure == (offered is not None)


def test_without_an_authority_the_host_header_counts(listener, echo):
    with Wire(listener) as wire:
        wire.ask(head=[*HEAD[:3], ("host", "API.push.apple.com:443")])

    assert echo.requests[0].host == "api.push.apple.com"


def test_connections_of_a_lab_are_numbered_and_carry_the_machines_clock(listener, echo):
    for _ in range(2):
        with Wire(listener) as wire:
            wire.ask(1)
            wire.ask(3)

    assert [request.peer.connection for request in echo.requests] == [1, 1, 2, 2]
    assert echo.requests[0].peer.real_at > 1_700_000_000_000


def test_the_preface_may_come_byte_by_byte(listener):
    client = H2Connection(H2Configuration(header_encoding="utf-8"))
    client.initiate_connection()
    client.send_headers(1, HEAD, end_stream=True)
    with socket.create_connection((listener.host, listener.port), WAIT_S) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in client.data_to_send():
            conn.sendall(bytes([byte]))
        seen: list[Event] = []
        while not kinds(seen, StreamEnded):
            seen += client.receive_data(conn.recv(65_536))

    assert status_of(seen) == "200"


def test_a_word_that_begins_like_the_preface_is_http_1_1(listener):
    with socket.create_connection((listener.host, listener.port), WAIT_S) as conn:
        for part in (b"PR", b"OPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
            conn.sendall(part)
        assert conn.recv(100).startswith(b"HTTP/1.1 200")


@pytest.fixture
def bounded(edge, echo):
    """Yield a listener with tight bounds."""
    limits = Limits(body_bytes=100, head_s=0.1, body_s=0.1, idle_s=0.1, quiet_s=0.2, linger_s=0.1)
    listener = edge.borrow(echo, limits=limits)
    yield listener
    listener.release()


def test_a_body_over_the_bound_is_answered_413(bounded):
    with Wire(bounded) as wire:
        assert status_of(wire.ask(body=b"x" * 101)) == "413"
        assert status_of(wire.ask(3)) == "200"


def test_a_body_that_does_not_come_is_answered_408(bounded):
    with Wire(bounded) as wire:
        wire.client.send_headers(1, HEAD)
        wire.flush()

        assert status_of(wire.read_until(StreamEnded)) == "408"


def test_a_frame_that_does_not_end_ends_the_connection(bounded):
    with Wire(bounded) as wire:
        wire.conn.sendall(b"\0\0\x08\x06\0\0\0\0\0half")

        ended = kinds(wire.read_until(ConnectionTerminated), ConnectionTerminated)

    assert ended[0].error_code == ErrorCodes.ENHANCE_YOUR_CALM


def test_a_silent_connection_is_told_goodbye(bounded):
    with Wire(bounded) as wire:
        ended = kinds(wire.read_until(ConnectionTerminated), ConnectionTerminated)

    assert ended[0].error_code == ErrorCodes.NO_ERROR


def test_an_answer_that_is_not_read_ends_the_connection(edge, echo):
    echo.behaviour = lambda _: Answer(200, b"x" * 200_000)
    listener = edge.borrow(echo, limits=Limits(idle_s=0.1, linger_s=0.1))
    try:
        with Wire(listener) as wire:
            wire.client.send_headers(1, HEAD, end_stream=True)
            wire.flush()
            ended = kinds(wire.read_until(ConnectionTerminated), ConnectionTerminated)
    finally:
        listener.release()

    assert ended[0].error_code == ErrorCodes.ENHANCE_YOUR_CALM


def test_an_error_inside_a_fake_is_answered_500_and_kept(listener, echo):
    def fail(_):
        raise RuntimeError("broken")

    echo.behaviour = fail
    with Wire(listener) as wire:
        assert status_of(wire.ask()) == "500"
    assert str(echo.errors[0]) == "broken"


def test_an_address_without_a_lab_answers_503(edge, echo):
    listener = edge.borrow(echo)
    listener.release()

    with Wire(listener) as wire:
        assert status_of(wire.ask()) == "503"


def test_a_connection_ends_with_its_lab(edge, echo):
    listener = edge.borrow(echo)
    with Wire(listener) as wire:
        wire.ask()
        listener.release()

        (goodbye,) = wire.client.receive_data(wire.conn.recv(100))
        wire.conn.sendall(b"more")

        assert (goodbye.error_code, goodbye.last_stream_id) == (0, 1)
        assert wire.conn.recv(100) == b""


def test_a_connection_with_a_request_under_way_is_cut_with_its_lab(edge, echo):
    listener = edge.borrow(echo)
    with Wire(listener) as wire:
        wire.ask()
        wire.client.send_headers(3, HEAD)
        wire.client.ping(b"12345678")
        wire.flush()
        wire.read_until(PingAckReceived)
        listener.release()

        assert wire.conn.recv(100) == b""


def test_of_many_connections_left_behind_the_oldest_are_cut(edge, echo):
    with ExitStack() as stack:
        wires = []
        for _ in range(DEPARTED_MAX + 1):
            listener = edge.borrow(echo)
            wires.append(stack.enter_context(Wire(listener)))
            wires[-1].ask()
            listener.release()

        said = [wire.client.receive_data(wire.conn.recv(100)) for wire in wires]

        assert [len(events) for events in said] == [1] * len(wires)
        assert wires[0].conn.recv(100) == b""
        wires[1].conn.settimeout(0)
        with pytest.raises(BlockingIOError):
            wires[1].conn.recv(100)


def test_connect_is_refused(listener):
    with Wire(listener) as wire:
        head = [(":method", "CONNECT"), (":authority", "api.push.apple.com:443")]
        wire.client.send_headers(1, head, end_stream=True)
        wire.flush()
        assert status_of(wire.read_until(StreamEnded)) == "501"


def test_what_takes_long_is_answered_beside_the_others(edge, echo):
    import threading

    release = threading.Event()

    def behave(request):
        if request.path != "/slow":
            release.set()
            return Answer(200, b"fast")
        release.wait(WAIT_S)
        return Answer(200, b"slow")

    echo.takes_long = lambda request: request.path == "/slow"
    echo.behaviour = behave
    listener = edge.borrow(echo)
    slow = [(":method", "GET"), (":scheme", "http"), (":path", "/slow"), HEAD[3]]
    try:
        with Wire(listener) as wire:
            wire.client.send_headers(1, slow, end_stream=True)
            wire.client.send_headers(3, HEAD, end_stream=True)
            wire.flush()
            seen: list[Event] = []
            while len(kinds(seen, StreamEnded)) < 2:
                seen += wire.read_until(StreamEnded)
    finally:
        listener.release()

    assert [event.data for event in kinds(seen, DataReceived)] == [b"fast", b"slow"]


def test_a_broken_connection_leaves_an_entry_and_the_others_live_on():
    with Lab() as lab:
        lab.serve()
        endpoint = lab.endpoints.apns
        with Wire(endpoint) as good, Wire(endpoint) as bad:
            bad.conn.sendall(b"\0\0\0\x09\0\0\0\0\x01")
            ended = kinds(bad.read_until(ConnectionTerminated), ConnectionTerminated)
            status = status_of(good.ask())

        entries = lab.trace.find(["ConnectionBroken"])
        assert ended[0].error_code == ErrorCodes.PROTOCOL_ERROR
        assert status == "403"
        assert [entry.fields["protocol"] for entry in entries] == ["HTTP/2"]
        assert lab.list_problems() == []


@pytest.fixture(scope="module")
def served_lab():
    """Yield a lab that many broken clients meet."""
    with Lab() as lab:
        lab.serve()
        yield lab


@given(streams())
def test_whatever_a_client_sends_the_next_one_is_served(served_lab, data):
    endpoint = served_lab.endpoints.apns
    with socket.create_connection((endpoint.host, endpoint.port), WAIT_S) as conn:
        conn.sendall(data)
    with Wire(endpoint) as wire:
        assert status_of(wire.ask()) == "403"
    assert served_lab.list_problems() == []
