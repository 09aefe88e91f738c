"""The frames of an HTTP/2 connection, as its server takes and writes them (RFC 9113).

Bytes in, happenings out; calls in, bytes out. Kept here: the states of streams, the windows of both
directions, settings, and which mistakes of a client end its connection. What a request is worth,
how many there may be and how long they may take is for the session above.

Our own, because `h2` takes twice as long for a request as the world behind it, and the bound is
what a bare echo made of it can do; `h2` plays the client in the tests. Left out: push, priorities
(they are read over, as section 5.3.2 allows), and a table for the fields of answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from h2.errors import ErrorCodes

from pushlab_fakes.wire.framing import (
    CONTINUATION,
    END_HEADERS,
    HEAD_BYTES,
    HEADERS,
    PREFACE,
    PUSH_PROMISE,
)
from pushlab_fakes.wire.header_reader import HeaderReader, ListTooLongError, NotHpackError
from pushlab_fakes.wire.http2_fields import (
    MalformedError,
    check_request,
    check_trailer,
    join_cookies,
    write_fields,
)
from pushlab_fakes.wire.http2_happenings import (
    Acknowledged,
    Came,
    Dropped,
    Left,
    LinkError,
    Opened,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from h2.settings import SettingCodes

    from pushlab_fakes.wire.header_reader import Fields
    from pushlab_fakes.wire.http2_happenings import Happening

__all__ = ["Link"]

DATA, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 2, 3, 4, 6, 7, 8
ACK: Final = 1
END_STREAM: Final = 1
PADDED: Final = 8
WITH_PRIORITY: Final = 32
PRIORITY_BYTES: Final = 5

FRAME_BYTES_MAX: Final = 16_384
"""What each side takes unless it says otherwise (section 6.5.2)."""
FRAME_BYTES_CEILING: Final = 2**24 - 1
WINDOW: Final = 65_535
WINDOW_MAX: Final = 2**31 - 1
STREAM_MASK: Final = 2**31 - 1
OWED_MAX: Final = WINDOW // 2
"""So much of a window may be used up before the client is given it back."""
CONTINUATIONS_MAX: Final = 64
DROPPED_MAX: Final = 1_000
"""Streams of which is known that they were reset here; what still comes on them is no mistake."""
TABLE_BYTES: Final = 4_096
NO_TABLE: Final = b"\x20"
"""At the start of a block: the table has no room (RFC 7541, section 6.3)."""

HEADER_TABLE_SIZE, ENABLE_PUSH, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 1, 2, 4, 5


class _Stream:
    """What is kept of a stream that is not closed on both sides."""

    __slots__ = ("is_answered", "is_whole", "length", "owed", "received", "sendable")

    def __init__(self, sendable: int, length: int | None, *, is_whole: bool) -> None:
        self.sendable = sendable
        """Bytes that the client takes on it."""
        self.owed = 0
        """Bytes of our window that were used up and not given back."""
        self.length = length
        """How long its body is to be, None when nobody said."""
        self.received = 0
        self.is_whole = is_whole
        self.is_answered = False


class _Block(NamedTuple):
    """A header block whose end is still to come."""

    stream: int
    is_whole: bool
    parts: list[bytes]


class Link:
    """One connection; feed it whole frames, or the beginnings of one."""

    def __init__(self, *, list_bytes_max: int) -> None:
        self._reader = HeaderReader(list_bytes_max=list_bytes_max)
        self._held = bytearray()
        self._is_greeted = False
        self._block: _Block | None = None
        self._streams: dict[int, _Stream] = {}
        self._highest = 0
        self._dropped: dict[int, None] = {}
        self._owed = 0
        self._sendable = WINDOW
        self._first_sendable = WINDOW
        """What a new stream may send, as the client's settings have it."""
        self._needs_no_table = False
        self._is_closed = False
        self._out: list[bytes] = []
        self.max_outbound_frame_size = FRAME_BYTES_MAX

    # -- what comes in -------------------------------------------------------------------------

    def receive(self, piece: bytes) -> list[Happening]:
        """Take a whole frame or a part of one and return what came of it.

        Raises LinkError for a mistake that ends the connection.
        """
        frame: bytes | bytearray = piece
        if self._held:
            self._held += piece
            frame = self._held
        if not self._is_greeted:
            return self._greet(bytes(frame))
        if len(frame) >= HEAD_BYTES:
            length = frame[0] << 16 | frame[1] << 8 | frame[2]
            if length > FRAME_BYTES_MAX:
                text = f"a frame of {length} bytes came; {FRAME_BYTES_MAX} are taken"
                raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, text)
            if len(frame) == HEAD_BYTES + length:
                stream = int.from_bytes(frame[5:9], "big") & STREAM_MASK
                kind, flags, payload = frame[3], frame[4], bytes(frame[HEAD_BYTES:])
                self._held.clear()
                return self._take(kind, flags, stream, payload)
        if frame is piece:
            self._held += piece
        return []

    def _greet(self, data: bytes) -> list[Happening]:
        if data == PREFACE:
            self._is_greeted = True
            self._held.clear()
        elif PREFACE.startswith(data):
            self._held[:] = data
        else:
            raise LinkError(ErrorCodes.PROTOCOL_ERROR, "the connection does not begin as HTTP/2")
        return []

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> list[Happening]:
        if self._block is not None and (kind != CONTINUATION or stream != self._block.stream):
            raise _mistake("a header block is interrupted by another frame")
        if kind == HEADERS:
            return self._take_headers(flags, stream, payload)
        if kind == DATA:
            return self._take_data(flags, stream, payload)
        if kind == CONTINUATION:
            return self._take_continuation(flags, payload)
        if kind == WINDOW_UPDATE:
            return self._take_window(stream, payload)
        if kind == RST_STREAM:
            return self._take_reset(stream, payload)
        if kind == PRIORITY:
            return self._take_priority(stream, payload)
        if kind in {SETTINGS, PING, GOAWAY}:
            if stream:
                raise _mistake(f"a frame of type {kind} names a stream")
            if kind == SETTINGS:
                return self._take_settings(flags, payload)
            return self._take_ping(flags, payload) if kind == PING else self._take_goaway(payload)
        if kind == PUSH_PROMISE:
            raise _mistake("a client pushes")
        return []  # Frames of other types are read over (section 4.1).

    # -- requests ------------------------------------------------------------------------------

    def _take_headers(self, flags: int, stream: int, payload: bytes) -> list[Happening]:
        if flags & PADDED:
            payload = _strip(payload)
        if flags & WITH_PRIORITY:
            _check_priority(stream, payload[:PRIORITY_BYTES])
            payload = payload[PRIORITY_BYTES:]
        if not stream & 1:
            raise _mistake(f"a client opens the stream {stream}")
        is_whole = bool(flags & END_STREAM)
        if flags & END_HEADERS:
            return self._open(stream, payload, is_whole=is_whole)
        self._block = _Block(stream, is_whole, [payload])
        return []

    def _take_continuation(self, flags: int, payload: bytes) -> list[Happening]:
        block = self._block
        if block is None:
            raise _mistake("a header block goes on that has not begun")
        block.parts.append(payload)
        if flags & END_HEADERS:
            self._block = None
            return self._open(block.stream, b"".join(block.parts), is_whole=block.is_whole)
        if len(block.parts) > CONTINUATIONS_MAX:
            raise LinkError(ErrorCodes.ENHANCE_YOUR_CALM, "a list of headers has no end")
        return []

    def _open(self, stream: int, block: bytes, *, is_whole: bool) -> list[Happening]:
        try:
            fields = self._reader.read(block)
        except NotHpackError as error:
            raise LinkError(ErrorCodes.COMPRESSION_ERROR, str(error)) from None
        except ListTooLongError as error:
            raise LinkError(ErrorCodes.ENHANCE_YOUR_CALM, str(error)) from None
        held = self._streams.get(stream)
        if held is not None:
            return self._end_with_trailer(stream, held, fields, is_whole=is_whole)
        if stream <= self._highest:
            if stream in self._dropped:
                return []
            raise LinkError(ErrorCodes.STREAM_CLOSED, f"the stream {stream} is opened once more")
        try:
            length = check_request(fields)
        except MalformedError as error:
            raise _mistake(str(error)) from None
        self._highest = stream
        held = self._streams[stream] = _Stream(self._first_sendable, length, is_whole=is_whole)
        if is_whole:
            _check_length(stream, held)
        return [Opened(stream, join_cookies(fields), is_whole)]

    def _end_with_trailer(
        self, stream: int, held: _Stream, fields: Fields, *, is_whole: bool
    ) -> list[Happening]:
        """End a request by a trailer, which nobody here reads."""
        if held.is_whole:
            text = f"headers came on the stream {stream} after its end"
            raise LinkError(ErrorCodes.STREAM_CLOSED, text)
        if not is_whole:
            raise _mistake(f"the trailer of the stream {stream} does not end it")
        try:
            check_trailer(fields)
        except MalformedError as error:
            raise _mistake(str(error)) from None
        self._end(stream, held)
        return [Came(stream, b"", is_last=True)]

    def _take_data(self, flags: int, stream: int, payload: bytes) -> list[Happening]:
        size = len(payload)
        # What comes is taken at once, so no client can pass a window of ours.
        self._owed += size
        if self._owed > OWED_MAX:
            self._give_back(0, self._owed)
            self._owed = 0
        data = _strip(payload) if flags & PADDED else payload
        held = self._streams.get(stream)
        if held is None or held.is_whole:
            return self._refuse_data(stream, held)
        held.received += len(data)
        if held.length is not None and held.received > held.length:
            raise _mistake(f"the body of the stream {stream} is longer than it was said to be")
        if flags & END_STREAM:
            self._end(stream, held)
            return [Came(stream, data, is_last=True)]
        held.owed += size
        if held.owed > OWED_MAX:
            self._give_back(stream, held.owed)
            held.owed = 0
        return [Came(stream, data, is_last=False)]

    def _refuse_data(self, stream: int, held: _Stream | None) -> list[Happening]:
        """Refuse data of a stream that is closed, and read over that of one which was reset."""
        if not stream or stream > self._highest or not stream & 1:
            raise _mistake(f"data came of the stream {stream}, which is not open")
        if stream not in self._dropped:
            self._write(RST_STREAM, 0, stream, int(ErrorCodes.STREAM_CLOSED).to_bytes(4, "big"))
        if held is None:
            return []
        del self._streams[stream]
        return [Dropped(stream)]

    def _end(self, stream: int, held: _Stream) -> None:
        """Note that a request is there as a whole."""
        _check_length(stream, held)
        held.is_whole = True
        if held.is_answered:
            del self._streams[stream]

    # -- everything else -----------------------------------------------------------------------

    def _take_settings(self, flags: int, payload: bytes) -> list[Happening]:
        if flags & ACK:
            if payload:
                text = "settings are acknowledged at length"
                raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, text)
            return [Acknowledged()]
        if len(payload) % 6:
            raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, "a setting is cut short")
        for place in range(0, len(payload), 6):
            name = int.from_bytes(payload[place : place + 2], "big")
            self._follow(name, int.from_bytes(payload[place + 2 : place + 6], "big"))
        self._write(SETTINGS, ACK, 0, b"")
        return []

    def _follow(self, name: int, value: int) -> None:
        """Follow one setting of the client."""
        if name == HEADER_TABLE_SIZE:
            self._needs_no_table = self._needs_no_table or value < TABLE_BYTES
        elif name == ENABLE_PUSH and value > 1:
            raise _mistake(f"the setting to push is {value}")
        elif name == INITIAL_WINDOW_SIZE:
            if value > WINDOW_MAX:
                text = f"a window of {value} bytes is too large"
                raise LinkError(ErrorCodes.FLOW_CONTROL_ERROR, text)
            more, self._first_sendable = value - self._first_sendable, value
            for held in self._streams.values():
                held.sendable += more
                if held.sendable > WINDOW_MAX:
                    text = "a window grows beyond its bound"
                    raise LinkError(ErrorCodes.FLOW_CONTROL_ERROR, text)
        elif name == MAX_FRAME_SIZE:
            if not FRAME_BYTES_MAX <= value <= FRAME_BYTES_CEILING:
                raise _mistake(f"frames of {value} bytes cannot be asked for")
            self.max_outbound_frame_size = value

    def _take_ping(self, flags: int, payload: bytes) -> list[Happening]:
        if len(payload) != 8:
            raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, "a ping has 8 bytes")
        if not flags & ACK:
            self._write(PING, ACK, 0, payload)
        return []

    def _take_goaway(self, payload: bytes) -> list[Happening]:
        if len(payload) < 8:
            raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, "a goodbye is cut short")
        self._is_closed = True
        return [Left()]

    def _take_reset(self, stream: int, payload: bytes) -> list[Happening]:
        if len(payload) != 4:
            raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, "a reset has 4 bytes")
        self._check_known(stream)
        return [Dropped(stream)] if self._streams.pop(stream, None) is not None else []

    def _take_priority(self, stream: int, payload: bytes) -> list[Happening]:
        if not stream:
            raise _mistake("a priority names no stream")
        _check_priority(stream, payload)
        return []

    def _take_window(self, stream: int, payload: bytes) -> list[Happening]:
        if len(payload) != 4:
            raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, "a window grows by a number of 4 bytes")
        more = int.from_bytes(payload, "big") & STREAM_MASK
        if not stream:
            self._sendable += more
            if not more or self._sendable > WINDOW_MAX:
                code = ErrorCodes.FLOW_CONTROL_ERROR if more else ErrorCodes.PROTOCOL_ERROR
                raise LinkError(code, f"the window of the connection grows by {more}")
            return []
        self._check_known(stream)
        held = self._streams.get(stream)
        if held is None:
            return []
        held.sendable += more
        if more and held.sendable <= WINDOW_MAX:
            return []
        code = ErrorCodes.FLOW_CONTROL_ERROR if more else ErrorCodes.PROTOCOL_ERROR
        self.reset_stream(stream, code)
        return [Dropped(stream)]

    def _check_known(self, stream: int) -> None:
        if not stream or stream > self._highest or not stream & 1:
            raise _mistake(f"a frame is about the stream {stream}, which nobody opened")

    # -- what goes out -------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        """Return what is to be sent now."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def announce(self, settings: Mapping[SettingCodes, int]) -> None:
        """Tell the client of settings."""
        pairs = [
            int(name).to_bytes(2, "big") + value.to_bytes(4, "big")
            for name, value in settings.items()
        ]
        self._write(SETTINGS, 0, 0, b"".join(pairs))

    def send_headers(
        self, stream: int, status: int, fields: Iterable[tuple[str, str]], *, end_stream: bool
    ) -> None:
        """Begin an answer; the names of *fields* are in lower case."""
        block = write_fields(status, fields)
        if self._needs_no_table:
            block, self._needs_no_table = NO_TABLE + block, False
        flags, kind = END_STREAM if end_stream else 0, HEADERS
        while len(block) > self.max_outbound_frame_size:
            self._write(kind, flags, stream, block[: self.max_outbound_frame_size])
            block, kind, flags = block[self.max_outbound_frame_size :], CONTINUATION, 0
        self._write(kind, flags | END_HEADERS, stream, block)
        if end_stream:
            self._note_answered(stream)

    def send_data(self, stream: int, data: bytes, *, end_stream: bool) -> None:
        """Send a part of an answer that fits the client's windows."""
        self._sendable -= len(data)
        self._streams[stream].sendable -= len(data)
        self._write(DATA, END_STREAM if end_stream else 0, stream, data)
        if end_stream:
            self._note_answered(stream)

    def local_flow_control_window(self, stream: int) -> int:
        """Return how many bytes may be sent on *stream* now."""
        held = self._streams.get(stream)
        return 0 if held is None else min(self._sendable, held.sendable)

    def reset_stream(self, stream: int, error_code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """End a stream; nothing happens when it is closed."""
        if self._streams.pop(stream, None) is None:
            return
        while len(self._dropped) >= DROPPED_MAX:
            del self._dropped[next(iter(self._dropped))]
        self._dropped[stream] = None
        self._write(RST_STREAM, 0, stream, int(error_code).to_bytes(4, "big"))

    def close_connection(
        self,
        error_code: ErrorCodes = ErrorCodes.NO_ERROR,
        additional_data: bytes | None = None,
        last_stream_id: int | None = None,
    ) -> None:
        """Say goodbye, once; a client that has said it first is told nothing more."""
        if self._is_closed:
            return
        self._is_closed = True
        last = self._highest if last_stream_id is None else last_stream_id
        payload = last.to_bytes(4, "big") + int(error_code).to_bytes(4, "big")
        self._write(GOAWAY, 0, 0, payload + (additional_data or b""))

    def _note_answered(self, stream: int) -> None:
        held = self._streams[stream]
        held.is_answered = True
        if held.is_whole:
            del self._streams[stream]

    def _give_back(self, stream: int, size: int) -> None:
        self._write(WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))

    def _write(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        head = len(payload) << 48 | kind << 40 | flags << 32 | stream
        self._out += (head.to_bytes(HEAD_BYTES, "big"), payload)


def _mistake(reason: str) -> LinkError:
    return LinkError(ErrorCodes.PROTOCOL_ERROR, reason)


def _strip(payload: bytes) -> bytes:
    """Return what is left without the padding (section 6.1)."""
    if not payload or payload[0] >= len(payload):
        raise _mistake("a frame is padded with more than it holds")
    return payload[1 : len(payload) - payload[0]]


def _check_priority(stream: int, payload: bytes) -> None:
    if len(payload) != PRIORITY_BYTES:
        raise LinkError(ErrorCodes.FRAME_SIZE_ERROR, "a priority has 5 bytes")
    if int.from_bytes(payload[:4], "big") & STREAM_MASK == stream:
        raise _mistake(f"the stream {stream} depends on itself")


def _check_length(stream: int, held: _Stream) -> None:
    if held.length is not None and held.received != held.length:
        raise _mistake(f"the body of the stream {stream} is not as long as it was said to be")
