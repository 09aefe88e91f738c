"""Goal: frames, windows and the states of streams are kept as RFC 9113 has them.

Method: frames by hand, each mistake once; `hyperframe` writes what is right, `h2` reads answers.
"""

from __future__ import annotations

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, ResponseReceived, StreamEnded
from h2.settings import SettingCodes
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    ExtensionFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from pushlab_fakes.wire.framing import PREFACE
from pushlab_fakes.wire.http2_happenings import (
    Acknowledged,
    Came,
    Dropped,
    Left,
    LinkError,
    Opened,
)
from pushlab_fakes.wire.http2_link import Link

HEAD = [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "x")]
WHOLE = ("END_HEADERS", "END_STREAM")
WINDOW = 65_535


def encode(*more, head=HEAD):
    """Return a block that needs no table."""
    return Encoder().encode([(name, value, True) for name, value in [*head, *more]])


def headers(stream=1, *flags, data=None, **fields):
    flags = flags or WHOLE
    return HeadersFrame(stream, data=encode() if data is None else data, flags=flags, **fields)


def raw(kind, payload, stream=0, flags=0):
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


class Wire:
    """A link that a client has greeted."""

    def __init__(self):
        self.link = Link(list_bytes_max=1_000)
        self.link.receive(PREFACE)

    def send(self, *frames):
        """Let the link receive frames; return what came of the last one."""
        found = []
        for frame in frames:
            found = self.link.receive(frame if isinstance(frame, bytes) else frame.serialize())
        return found

    def break_with(self, *frames):
        """Return why the last of *frames* ends the connection."""
        self.send(*frames[:-1])
        with pytest.raises(LinkError) as caught:
            self.send(frames[-1])
        assert str(caught.value)
        return caught.value.code

    def take(self):
        """Return the frames that are to be sent."""
        data, found = self.link.data_to_send(), []
        while data:
            frame, length = Frame.parse_frame_header(memoryview(data)[:9])
            frame.parse_body(memoryview(data)[9 : 9 + length])
            found.append(frame)
            data = data[9 + length :]
        return found


@pytest.fixture
def wire():
    return Wire()


# --- what comes in ---------------------------------------------------------------------------


def test_a_request_without_a_body_is_whole_with_its_headers(wire):
    found = wire.send(headers())

    assert found == [Opened(1, tuple((n.encode(), v.encode()) for n, v in HEAD), is_whole=True)]


def test_a_body_comes_in_parts(wire):
    wire.send(headers(1, "END_HEADERS"))

    assert wire.send(DataFrame(1, data=b"ab")) == [Came(1, b"ab", is_last=False)]
    last = DataFrame(1, data=b"c", flags=["END_STREAM"])
    assert wire.send(last) == [Came(1, b"c", is_last=True)]


def test_padding_and_priorities_are_read_over(wire):
    flags = ["END_HEADERS", "PADDED", "PRIORITY"]
    opened = wire.send(HeadersFrame(1, data=encode(), pad_length=7, depends_on=3, flags=flags))
    came = wire.send(DataFrame(1, data=b"ab", pad_length=3, flags=["PADDED"]))

    assert [type(each) for each in opened] == [Opened]
    assert came == [Came(1, b"ab", is_last=False)]


def test_a_header_block_may_go_on_in_further_frames(wire):
    block = encode()

    assert wire.send(headers(1, "END_STREAM", data=block[:3])) == []
    found = wire.send(
        ContinuationFrame(1, data=block[3:5]),
        ContinuationFrame(1, data=block[5:], flags=["END_HEADERS"]),
    )

    assert [type(each) for each in found] == [Opened]


def test_a_trailer_ends_a_request(wire):
    wire.send(headers(1, "END_HEADERS"), DataFrame(1, data=b"a"))

    found = wire.send(headers(1, *WHOLE, data=encode(head=[("x", "y")])))

    assert found == [Came(1, b"", is_last=True)]


def test_a_frame_may_come_byte_by_byte(wire):
    for byte in headers().serialize()[:-1]:
        assert wire.link.receive(bytes([byte])) == []

    assert wire.link.receive(headers().serialize()[-1:])


def test_a_reset_is_told_once(wire):
    wire.send(headers())

    assert wire.send(RstStreamFrame(1)) == [Dropped(1)]
    assert wire.send(RstStreamFrame(1)) == []


def test_settings_are_acknowledged_and_acknowledgements_told(wire):
    assert wire.send(SettingsFrame(0, settings={4: 10})) == []
    assert wire.send(SettingsFrame(0, flags=["ACK"])) == [Acknowledged()]
    assert [(type(each), "ACK" in each.flags) for each in wire.take()] == [(SettingsFrame, True)]


def test_a_goodbye_is_told_and_answered_by_nothing(wire):
    assert wire.send(GoAwayFrame(0)) == [Left()]

    wire.link.close_connection(ErrorCodes.NO_ERROR)

    assert wire.take() == []


def test_a_ping_is_answered_and_its_answer_is_not(wire):
    wire.send(PingFrame(0, opaque_data=b"12345678"), PingFrame(0, flags=["ACK"]))

    assert [(frame.opaque_data, "ACK" in frame.flags) for frame in wire.take()] == [
        (b"12345678", True)
    ]


def test_what_is_of_no_interest_is_read_over(wire):
    frames = [ExtensionFrame(20, 1, body=b"x"), PriorityFrame(9, depends_on=3)]

    assert wire.send(*frames) == []
    assert wire.take() == []


def test_windows_are_given_back_before_they_are_used_up(wire):
    wire.send(headers(1, "END_HEADERS"))
    for _ in range(20):
        wire.send(DataFrame(1, data=b"x" * 16_384))

    given = [(frame.stream_id, frame.window_increment) for frame in wire.take()]

    assert {stream for stream, _ in given} == {0, 1}
    for stream in (0, 1):
        back = sum(size for of, size in given if of == stream)
        assert 20 * 16_384 - WINDOW // 2 <= back <= 20 * 16_384


def test_data_of_a_stream_that_was_reset_here_is_no_mistake(wire):
    wire.send(headers(1, "END_HEADERS"))
    wire.link.reset_stream(1, ErrorCodes.REFUSED_STREAM)
    wire.take()

    trailer = headers(1, *WHOLE, data=encode(head=[("x", "y")]))
    assert wire.send(DataFrame(1, data=b"late"), trailer) == []
    assert wire.take() == []


def test_what_is_known_of_streams_that_were_reset_is_bounded(wire):
    for stream in range(1, 2_101, 2):
        wire.send(headers(stream))
        wire.link.reset_stream(stream)
    wire.take()

    wire.send(DataFrame(2_099, data=b"late"), DataFrame(1, data=b"late"))

    assert [frame.stream_id for frame in wire.take()] == [1]


def test_data_of_a_stream_that_is_over_is_refused_and_its_window_given_back(wire):
    wire.send(headers())
    wire.link.send_headers(1, 200, [], end_stream=True)
    wire.take()
    for _ in range(3):
        assert wire.send(DataFrame(1, data=b"x" * 16_384)) == []

    kinds = [type(frame) for frame in wire.take()]

    assert kinds.count(RstStreamFrame) == 3
    assert kinds.count(WindowUpdateFrame) == 1


def test_data_after_the_end_of_a_request_costs_it_its_answer(wire):
    wire.send(headers())

    assert wire.send(DataFrame(1, data=b"more")) == [Dropped(1)]
    assert [frame.error_code for frame in wire.take()] == [ErrorCodes.STREAM_CLOSED]


# --- mistakes that end a connection ----------------------------------------------------------

PROTOCOL, SIZE, FLOW = (
    ErrorCodes.PROTOCOL_ERROR,
    ErrorCodes.FRAME_SIZE_ERROR,
    ErrorCodes.FLOW_CONTROL_ERROR,
)
OPEN = headers(1, "END_HEADERS")
SAID = ("content-length", "2")


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([raw(0, b"x" * 16_385)[:9]], SIZE),
        ([raw(4, b"", stream=1)], PROTOCOL),
        ([raw(4, b"x")], SIZE),
        ([raw(4, b"x" * 6, flags=1)], SIZE),
        ([SettingsFrame(0, settings={2: 2})], PROTOCOL),
        ([SettingsFrame(0, settings={4: 2**31})], FLOW),
        ([SettingsFrame(0, settings={5: 100})], PROTOCOL),
        ([OPEN, WindowUpdateFrame(1, 2**30), SettingsFrame(0, settings={4: 2**31 - 1})], FLOW),
        ([raw(6, b"x")], SIZE),
        ([raw(6, b"x" * 8, stream=1)], PROTOCOL),
        ([raw(7, b"x")], SIZE),
        ([raw(7, b"x" * 8, stream=1)], PROTOCOL),
        ([raw(3, b"x", stream=1)], SIZE),
        ([RstStreamFrame(1)], PROTOCOL),
        ([raw(3, b"\0" * 4)], PROTOCOL),
        ([OPEN, raw(8, b"x", stream=1)], SIZE),
        ([raw(8, b"\0" * 4)], PROTOCOL),
        ([raw(8, b"\x7f\xff\xff\xff")], FLOW),
        ([WindowUpdateFrame(1, 5)], PROTOCOL),
        ([raw(2, b"\0" * 5)], PROTOCOL),
        ([raw(2, b"\0" * 4, stream=1)], SIZE),
        ([raw(2, b"\0\0\0\x01\0", stream=1)], PROTOCOL),
        ([raw(1, b"\0" * 4, stream=1, flags=0x24)], SIZE),
        ([raw(1, b"", stream=1, flags=0x0C)], PROTOCOL),
        ([OPEN, raw(0, b"\x05ab", stream=1, flags=8)], PROTOCOL),
        ([DataFrame(1, data=b"x")], PROTOCOL),
        ([DataFrame(2, data=b"x")], PROTOCOL),
        ([headers(2)], PROTOCOL),
        ([headers(1, data=b"\xff\xff\xff\xff\xff\xff")], ErrorCodes.COMPRESSION_ERROR),
        ([headers(1, data=encode(("x", "y" * 1000)))], ErrorCodes.ENHANCE_YOUR_CALM),
        ([headers(1, data=encode(head=HEAD[1:]))], PROTOCOL),
        ([headers(1, data=encode(("content-length", "x")))], PROTOCOL),
        ([headers(1, data=encode(SAID))], PROTOCOL),
        ([headers(1, "END_HEADERS", data=encode(SAID)), DataFrame(1, data=b"abc")], PROTOCOL),
        (
            [
                headers(1, "END_HEADERS", data=encode(SAID)),
                DataFrame(1, data=b"a", flags=["END_STREAM"]),
            ],
            PROTOCOL,
        ),
        ([headers(3), headers(1)], ErrorCodes.STREAM_CLOSED),
        ([headers(1), headers(1)], ErrorCodes.STREAM_CLOSED),
        ([OPEN, headers(1, data=encode())], PROTOCOL),
        ([OPEN, headers(1, "END_HEADERS", data=encode(head=[("x", "y")]))], PROTOCOL),
        ([ContinuationFrame(1, data=b"x")], PROTOCOL),
        ([headers(1, "END_STREAM"), PingFrame(0, opaque_data=b"12345678")], PROTOCOL),
        ([headers(1, "END_STREAM"), ContinuationFrame(3, data=b"x")], PROTOCOL),
        ([PushPromiseFrame(1, promised_stream_id=2, data=b"x", flags=["END_HEADERS"])], PROTOCOL),
    ],
)
def test_a_mistake_ends_the_connection_with_its_code(wire, frames, code):
    assert wire.break_with(*frames) == code


def test_a_header_block_without_end_is_bounded(wire):
    wire.send(headers(1, "END_STREAM"))

    frames = [ContinuationFrame(1, data=b"x")] * 100

    with pytest.raises(LinkError) as caught:
        wire.send(*frames)
    assert caught.value.code == ErrorCodes.ENHANCE_YOUR_CALM


def test_what_does_not_begin_as_http2_is_refused_at_its_first_wrong_byte():
    link = Link(list_bytes_max=100)
    assert link.receive(PREFACE[:5]) == []

    with pytest.raises(LinkError):
        link.receive(b"x")


@pytest.mark.parametrize(
    ("size", "code"), [(0, PROTOCOL), (2**31 - 1, FLOW)], ids=["by nothing", "beyond its bound"]
)
def test_a_window_of_a_stream_that_grows_wrongly_costs_the_stream(wire, size, code):
    wire.send(headers())

    found = wire.send(raw(8, size.to_bytes(4, "big"), stream=1))

    assert found == [Dropped(1)]
    assert [frame.error_code for frame in wire.take()] == [code]
    assert wire.send(raw(8, b"\0\0\0\x01", stream=1)) == []


# --- what goes out ---------------------------------------------------------------------------


def a_client(**settings):
    client = H2Connection(H2Configuration(header_encoding="utf-8"))
    if settings:
        client.update_settings({SettingCodes[name]: value for name, value in settings.items()})
    client.initiate_connection()
    client.send_headers(1, HEAD, end_stream=True)
    return client


def talk(client):
    """Let a client's bytes arrive, frame by frame, at a link with settings of its own."""
    link = Link(list_bytes_max=1_000)
    link.announce({SettingCodes.MAX_CONCURRENT_STREAMS: 7})
    data = client.data_to_send()
    link.receive(data[: len(PREFACE)])
    place = len(PREFACE)
    while place < len(data):
        end = place + 9 + int.from_bytes(data[place : place + 3], "big")
        link.receive(data[place:end])
        place = end
    return link


def test_an_answer_is_read_by_the_library():
    client = a_client()
    link = talk(client)

    link.send_headers(1, 410, [("apns-id", "x")], end_stream=False)
    link.send_data(1, b"ab", end_stream=False)
    link.send_data(1, b"c", end_stream=True)
    events = client.receive_data(link.data_to_send())

    response = next(event for event in events if isinstance(event, ResponseReceived))
    data = [event.data for event in events if isinstance(event, DataReceived)]
    said = [(str(name), str(value)) for name, value in response.headers or ()]
    assert said == [(":status", "410"), ("apns-id", "x")]
    assert data == [b"ab", b"c"]
    assert any(isinstance(event, StreamEnded) for event in events)
    assert client.remote_settings.max_concurrent_streams == 7


def test_a_long_list_of_headers_goes_on_in_further_frames(wire):
    wire.send(headers())

    wire.link.send_headers(1, 200, [("x", "y" * 40_000)], end_stream=True)

    frames = wire.take()
    assert [type(frame) for frame in frames] == [
        HeadersFrame,
        ContinuationFrame,
        ContinuationFrame,
    ]
    assert frames[0].flags == {"END_STREAM"}
    assert frames[-1].flags == {"END_HEADERS"}


def test_a_client_that_shrinks_the_table_is_told_that_none_is_used(wire):
    wire.send(SettingsFrame(0, settings={1: 0}), headers(1), headers(3))
    wire.take()

    for stream in (1, 3):
        wire.link.send_headers(stream, 200, [], end_stream=True)

    assert [frame.data for frame in wire.take()] == [b"\x20\x88", b"\x88"]


def test_the_windows_of_the_client_are_kept(wire):
    wire.send(SettingsFrame(0, settings={4: 100, 5: 20_000}), headers(1))
    wire.send(headers(3), WindowUpdateFrame(1, 50), WindowUpdateFrame(0, 10))

    before = [wire.link.local_flow_control_window(stream) for stream in (1, 3, 5)]
    wire.link.send_data(1, b"x" * 30, end_stream=False)
    wire.send(SettingsFrame(0, settings={4: 200}))

    assert before == [150, 100, 0]
    assert wire.link.local_flow_control_window(1) == 220
    assert wire.link.local_flow_control_window(3) == 200
    assert wire.link.max_outbound_frame_size == 20_000


def test_the_window_of_the_connection_bounds_all_streams(wire):
    wire.send(headers(1), SettingsFrame(0, settings={4: 100_000}))

    assert wire.link.local_flow_control_window(1) == WINDOW


def test_a_reset_of_a_stream_that_is_over_says_nothing(wire):
    wire.link.reset_stream(1)

    assert wire.take() == []


def test_a_request_that_ends_after_its_answer_is_forgotten(wire):
    wire.send(headers(1, "END_HEADERS"))
    wire.link.send_headers(1, 413, [], end_stream=True)

    assert wire.send(DataFrame(1, data=b"x", flags=["END_STREAM"]))
    wire.take()
    wire.send(DataFrame(1, data=b"x"))

    assert [type(frame) for frame in wire.take()] == [RstStreamFrame]


def test_goodbye_is_said_once_with_the_last_stream(wire):
    wire.send(headers(5))

    wire.link.close_connection(ErrorCodes.NO_ERROR, b"why")
    wire.link.close_connection(ErrorCodes.PROTOCOL_ERROR)

    frame = wire.take()[0]
    assert (frame.last_stream_id, frame.error_code, frame.additional_data) == (5, 0, b"why")
    assert wire.take() == []
