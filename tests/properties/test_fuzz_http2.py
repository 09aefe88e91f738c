"""Goal: no frames break a connection of HTTP/2, make it keep more than it said, or lose a request.

Method: `h2` plays a client that opens, sends, ends and gives up streams in any order, answers come
in any other, and the bytes are cut anywhere: every request arrives once and every answer gets
there. Then frames of every kind, good and bad, spoiled: the session ends in order or says what was
wrong, what it writes are whole frames, and `h2` as a server understands the same requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import H2Error
from h2.settings import SettingCodes
from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab_fakes.exchange import Answer, Steer
from pushlab_fakes.wire.framing import PREFACE, FrameWalk
from pushlab_fakes.wire.http2_session import BODIES_AT_ONCE, STREAMS_BOUND, Http2Session
from pushlab_testing.fuzzing import cut, spoil_bytes, strokes, tries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab_fakes.wire.http2_session import Arrived

BODY_BYTES = 2_000
STREAMS = 5
HEAD = [
    (":method", "POST"),
    (":scheme", "https"),
    (":path", "/3/device/ab"),
    (":authority", "api.push.apple.com"),
]
ODD_FIELDS = [
    ("x", "y"),
    ("cookie", "a=b"),
    ("host", "api.push.apple.com"),
    ("x", "y" * 900),
    ("content-length", "3"),
    ("content-length", "x"),
    ("te", "trailers"),
    ("X-Up", "y"),
    (":path", "/"),
    (":weird", "x"),
    ("connection", "close"),
    ("transfer-encoding", "chunked"),
    ("x\0", "y"),
    ("x", "a\r\nb"),
    ("", ""),
    ("x", "é"),
]
"""Good ones first."""
NUMBER = st.integers(0, 2**16)
SPOILT = st.one_of(strokes(most=0), strokes(most=2))
OPERATIONS = st.lists(st.tuples(st.integers(0, 15), NUMBER, NUMBER), max_size=25)


def check_frames(data: bytes) -> list[Frame]:
    """Check that *data* are whole frames, and return them."""
    frames = []
    for piece in FrameWalk().feed(PREFACE + data)[1:]:
        frame, length = Frame.parse_frame_header(memoryview(piece[:9]))
        assert len(piece) == 9 + length, "a frame is cut short"
        frame.parse_body(memoryview(piece[9:]))
        frames.append(frame)
    return frames


def check_nothing_is_kept(session: Http2Session) -> None:
    """Check that a session keeps nothing of its streams."""
    assert not session.is_busy
    for held in (session._incoming, session._oversized, session._asked, session._outgoing):
        assert not held


class Couple:
    """A client who keeps to the rules, and a session."""

    def __init__(self, places: Sequence[int]) -> None:
        self.session = Http2Session(body_bytes=BODY_BYTES, streams_max=STREAMS)
        self.client = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.client.initiate_connection()
        self.places = places
        self.open: dict[int, bytes] = {}
        """Bodies of requests that are not whole."""
        self.sent: dict[int, bytes] = {}
        """Bodies of whole requests that were not given up."""
        self.arrived: dict[int, bytes] = {}
        self.waiting: list[int] = []
        self.owed: dict[int, bytes] = {}
        """Bodies of the answers, by stream."""
        self.read: dict[int, bytes] = {}
        self.exchange()

    def exchange(self) -> None:
        """Carry what both have to say, until both are silent."""
        while True:
            there = self.client.data_to_send()
            for part in cut(there, self.places):
                for each in self.session.receive(part):
                    assert each.stream not in self.arrived, "a request arrives once"
                    self.arrived[each.stream] = each.body
                    self.waiting.append(each.stream)
            back = self.session.take()
            if not there and not back:
                return
            for event in self.client.receive_data(back):
                self.hear(event)

    def hear(self, event: Any) -> None:
        if isinstance(event, ResponseReceived):
            assert event.stream_id not in self.read, "an answer comes once"
            self.read[event.stream_id] = b""
        elif isinstance(event, DataReceived):
            self.read[event.stream_id] += event.data
            self.client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset):
            pytest.fail(f"the stream {event.stream_id} was reset: {event.error_code}")

    def do(self, what: int, where: int, number: int) -> None:
        """Do one thing, on a stream that is chosen by *where*."""
        open_streams = sorted(self.open)
        stream = open_streams[where % len(open_streams)] if open_streams else 0
        is_free = len(self.open) + len(self.waiting) < STREAMS
        match what:
            case 0 | 1 | 2 | 3 if is_free:
                self.begin(number, ends=what == 0)
            case 4 | 5 | 6 if stream:
                room = BODY_BYTES - len(self.open[stream])
                data = bytes(min(number % 700, room))
                self.client.send_data(stream, data, end_stream=what == 6)
                self.open[stream] += data
                if what == 6:
                    self.sent[stream] = self.open.pop(stream)
            case 7 if stream:
                self.client.send_headers(stream, [("x-trailer", "y")], end_stream=True)
                self.sent[stream] = self.open.pop(stream)
            case 8 if stream:
                self.client.reset_stream(stream)
                del self.open[stream]
            case 9:
                self.client.ping(number.to_bytes(8, "big"))
            case 10:
                self.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: number})
            case 11:
                self.client.update_settings({SettingCodes.HEADER_TABLE_SIZE: number % 5_000})
            case 12:
                self.client.increment_flow_control_window(number % 1_000 + 1)
            case _ if self.waiting:
                self.answer(self.waiting.pop(where % len(self.waiting)), number)
        self.exchange()

    def begin(self, number: int, *, ends: bool) -> None:
        stream = self.client.get_next_available_stream_id()
        head = [*HEAD, ODD_FIELDS[number % 4]]
        head[0] = (":method", "HEAD" if number % 5 == 0 else "POST")
        self.client.send_headers(stream, head, end_stream=ends)
        (self.sent if ends else self.open)[stream] = b""

    def answer(self, stream: int, number: int) -> None:
        body = b"z" * (0, 2, 300, 70_000)[number % 4]
        moved = Steer(streams_max=STREAMS + number % 3) if number % 7 == 0 else None
        answer = Answer((200, 204, 400)[number % 3], body, (("Apns-Id", "x"),), moved)
        self.owed[stream] = body
        self.session.answer(stream, answer)


@tries(100, 1_000)
@given(operations=OPERATIONS, places=st.lists(NUMBER, max_size=3))
def test_who_keeps_to_the_rules_is_served(cases, operations, places):
    cases.add("HTTP/2 lives")
    couple = Couple(places)
    for operation in operations:
        couple.do(*operation)
    for stream in [*couple.open]:
        couple.client.end_stream(stream)
        couple.sent[stream] = couple.open.pop(stream)
    couple.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 100_000})
    couple.exchange()
    while couple.waiting:
        couple.answer(couple.waiting.pop(), 1)
        couple.exchange()

    assert couple.session.broken is None
    assert couple.arrived == couple.sent
    assert couple.read.keys() == couple.owed.keys() == couple.sent.keys()
    assert all(read in {couple.owed[stream], b""} for stream, read in couple.read.items())
    check_nothing_is_kept(couple.session)


class Stranger:
    """Writes frames of every kind; many of them come at the right time."""

    def __init__(self) -> None:
        self._encoder = Encoder()
        self._next = 1
        self._known: list[int] = []
        self._open: list[int] = []

    def write(self, what: int, where: int, number: int) -> bytes:  # noqa: PLR0911 - one a kind
        if what < 4 or not self._known or (what < 8 and not self._open and number % 9):
            return self._begin(number, ends=what < 2)
        known = self._known[where % len(self._known)]
        stream = self._open[where % len(self._open)] if self._open and number % 9 else known
        match what:
            case 4 | 5 | 6:
                return self._go_on(stream, number, ends=what == 6)
            case 7:
                flags = ["END_HEADERS", *["END_STREAM"][: number % 5]]
                return HeadersFrame(stream, data=self._encode(number, []), flags=flags).serialize()
            case 8:
                return RstStreamFrame(stream, error_code=number % 20).serialize()
            case 9:
                value = (0, 1, 100, 2**14, 2**16, 2**24 - 1, 2**31 - 1, 2**31)[where % 8]
                return SettingsFrame(0, settings={number % 10: value}).serialize()
            case 10:
                return SettingsFrame(0, flags=["ACK"]).serialize()
            case 11:
                flags = ["ACK"][: number % 2]
                return PingFrame(0, opaque_data=b"12345678", flags=flags).serialize()
            case 12:
                more = (1, 100, 2**30, 2**31 - 1)[where % 4]
                return WindowUpdateFrame(known * (number % 3), window_increment=more).serialize()
            case 13:
                return PriorityFrame(known, depends_on=where % 9).serialize()
            case 14 if number % 5 == 0:
                return GoAwayFrame(0, last_stream_id=where % 9, error_code=number % 14).serialize()
            case _ if number % 9 == 0:
                body = bytes([number % 256]) * (where % 40)
                head = len(body).to_bytes(3, "big") + bytes([where % 14, number % 256])
                return head + (0, known, self._next, 2)[number % 4].to_bytes(4, "big") + body
        return b""

    def _encode(self, number: int, head: list[tuple[str, str]]) -> bytes:
        head += [
            ODD_FIELDS[(number // 16 + more * 7) % len(ODD_FIELDS)]
            for more in range((0, 0, 0, 0, 0, 1, 2)[number % 7])
        ]
        return self._encoder.encode(head, huffman=number % 2 == 0)

    def _begin(self, number: int, *, ends: bool) -> bytes:
        stream, self._next = self._next, self._next + 2
        self._known.append(stream)
        if not ends:
            self._open.append(stream)
        head = [*HEAD] if number % 31 else HEAD[: number % 4]
        block, flags = self._encode(number, head), ["END_STREAM"] if ends else []
        padding: dict[str, Any] = {}
        if number % 13 == 5:
            padding, flags = {"pad_length": number % 50}, [*flags, "PADDED"]
        if number % 6 != 5:
            flags.append("END_HEADERS")
            return HeadersFrame(stream, data=block, flags=flags, **padding).serialize()
        first = HeadersFrame(stream, data=block[: number % 30], flags=flags, **padding)
        rest = ContinuationFrame(stream, data=block[number % 30 :], flags=["END_HEADERS"])
        return first.serialize() + rest.serialize()

    def _go_on(self, stream: int, number: int, *, ends: bool) -> bytes:
        if ends and stream in self._open:
            self._open.remove(stream)
        data, flags = b"x" * (0, 1, 3, 900)[number % 4], ["END_STREAM"] if ends else []
        return DataFrame(stream, data=data, flags=flags).serialize()


def serve(
    session: Http2Session, parts: Sequence[bytes], luck: Sequence[int]
) -> tuple[list[Arrived], bytes]:
    """Let a session take *parts*, with answers in between, and what time does."""
    arrived: list[Arrived] = []
    waiting: list[int] = []
    written = b""
    for now, part in enumerate(parts):
        number = luck[now % len(luck)]
        fresh = session.receive(part, float(now))
        arrived += fresh
        waiting += [each.stream for each in fresh]
        while waiting and number % 3:
            number //= 3
            steer = (None, Steer(streams_max=number % 9), Steer(goaway=b"bye"))[number % 40 % 3]
            answer = Answer(200, b"z" * (0, 2, 70_000)[number % 3], (), steer)
            session.answer(waiting.pop(number % len(waiting)), answer)
        for stream in [*session.list_oversized(), *session.list_slow(now - 9.0)]:
            session.answer(stream, Answer(413, b"{}"))
        held = sum(len(each.body) for each in session._incoming.values())
        assert held <= BODIES_AT_ONCE * BODY_BYTES + BODY_BYTES
        assert len(session._asked) <= STREAMS_BOUND
        assert isinstance(session.is_between_frames, bool)
        written += session.take()
    for stream in waiting:
        session.answer(stream, Answer(200, b"late", (), Steer(goaway=b"bye")))
    return arrived, written + session.take()


GREETING = PREFACE + SettingsFrame(0).serialize() + SettingsFrame(0, flags=["ACK"]).serialize()


@tries(250, 3_000)
@given(
    operations=OPERATIONS,
    done=SPOILT,
    luck=st.lists(NUMBER, min_size=30, max_size=30),
)
@example([(0, 0, 0)], [], [1] * 30)
@example([(0, 0, 1), (9, 3, 1)], [], [0] * 30)
def test_no_frames_break_a_session(cases, operations, done, luck):
    cases.add("HTTP/2 frames")
    stranger, session = Stranger(), Http2Session(body_bytes=BODY_BYTES, streams_max=STREAMS)
    written = b"".join(stranger.write(*operation) for operation in operations)
    whole = GREETING + spoil_bytes(written, done)

    _, answered = serve(session, cut(whole, luck[:20]), luck)

    begun, decoder = [], Decoder()
    for frame in check_frames(answered):
        if isinstance(frame, HeadersFrame):
            begun.append(frame.stream_id)
            fields = {
                bytes(name): bytes(value) for name, value in decoder.decode(frame.data, raw=True)
            }
            assert fields[b":status"] in {b"200", b"413"}
    assert len(begun) == len({*begun}), "a stream is answered once"
    assert session.is_over or session.broken is None
    if session.broken is not None:
        assert session.receive(b"x" * 100) == []
        assert session.take() == b""


@tries(150, 1_500)
@given(operations=OPERATIONS, done=SPOILT, places=st.lists(NUMBER, max_size=5))
def test_the_session_understands_what_the_library_alone_does(cases, operations, done, places):
    cases.add("HTTP/2 compared")
    stranger = Stranger()
    written = b"".join(stranger.write(*operation) for operation in operations)
    data = GREETING + spoil_bytes(written, done)
    session = Http2Session(body_bytes=100_000, streams_max=100)

    arrived = [each for part in cut(data, places) for each in session.receive(part)]
    others, has_failed = ask_library(data)

    ours = [(each.stream, each.body, sorted(each.headers)) for each in arrived]
    # Which mistakes end a connection is not all prescribed; before them all is.
    common = len(ours) if not (session.broken or has_failed) else min(len(ours), len(others))
    assert ours[:common] == others[:common]
    assert session.broken or has_failed or len(others) == common


def ask_library(data: bytes) -> tuple[list[tuple[int, bytes, list[Any]]], bool]:
    """Return what `h2` understands of *data*, and whether it gave up."""
    server = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    server.initiate_connection()
    heads: dict[int, list[Any]] = {}
    bodies: dict[int, bytes] = {}
    whole: list[tuple[int, bytes, list[Any]]] = []
    # Frame by frame, because it forgets what came before a broken frame in the same bytes.
    for piece in FrameWalk().feed(data):
        try:
            events = server.receive_data(piece)
        except (H2Error, ValueError, LookupError, TypeError, AttributeError):
            return whole, True
        for event in events:
            match event:
                case RequestReceived(stream_id=stream, headers=headers):
                    heads[stream] = sorted((bytes(name), bytes(value)) for name, value in headers)
                    bodies[stream] = b""
                case DataReceived(stream_id=stream, data=part, flow_controlled_length=size):
                    bodies[stream] = bodies.get(stream, b"") + part
                    server.acknowledge_received_data(size, stream)
                case StreamEnded(stream_id=stream) if stream in heads:
                    whole.append((stream, bodies[stream], heads.pop(stream)))
                case StreamReset(stream_id=stream):
                    heads.pop(stream, None)
    return whole, False


@tries(60, 1_000)
@given(pieces=st.lists(st.binary(max_size=80), max_size=8), sizes=st.lists(NUMBER, max_size=9))
def test_a_walk_over_any_bytes_loses_none(cases, pieces, sizes):
    cases.add("HTTP/2 bytes")
    data = b"".join(pieces)
    walk = FrameWalk()

    walked = [piece for part in cut(data, sizes) for piece in walk.feed(part)]

    assert b"".join(walked) == data
