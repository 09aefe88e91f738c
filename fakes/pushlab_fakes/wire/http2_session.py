"""HTTP/2 as a machine: bytes in, whole requests out; answers in, bytes out. No socket, no clock.

Framing is by `h2`. Kept here: the bounds, the streams that are refused while their connection lives
on, what waits for the client's windows, and the limit on streams that moves. That limit is
announced in frames of our own, because `h2` ends the whole connection of a client that passes a
limit which it knows of. Left out: push, trailers, priorities, and answers in parts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    RequestReceived,
    SettingsAcknowledged,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error, ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import SettingsFrame

from pushlab_fakes.wire.framing import FrameWalk

if TYPE_CHECKING:
    from h2.events import Event

    from pushlab_fakes.exchange import Answer

__all__ = ["HEADER_LIST_BYTES_MAX", "Arrived", "Http2Session"]

HEADER_LIST_BYTES_MAX: Final = 16_384
"""Names and values of one request, and 32 bytes for each (RFC 9113, section 6.5.2)."""
FIELD_TABLE_BYTES_MAX: Final = 4_096
"""What is kept of the fields of answers, however much a client allows (RFC 7541, section 4.2)."""
STREAMS_ANY: Final = 2**31 - 1
"""What `h2` is told, so that it refuses none; the limit in force is counted here."""
STREAMS_BOUND: Final = 1_000
"""The limit before the client follows the first one that was announced, which it may never do."""
BODIES_AT_ONCE: Final = 8
"""How many bodies of the largest size one connection may have under way."""
RESETS_MAX: Final = 1_000
"""How many streams may come to nothing, reset or refused, beyond those that were answered."""
FRAMING_HEADERS: Final = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding"}
)
"""They have no place in HTTP/2 (RFC 9113, section 8.2.2), or are set here."""
HEAD: Final = (b":method", b"HEAD")
NO_BODY: Final = frozenset({204, 304})
REASON_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that is there as a whole."""

    stream: int
    headers: tuple[tuple[bytes, bytes], ...]
    """The pseudo-headers among them."""
    body: bytes


@dataclass(slots=True)
class _Incoming:
    headers: tuple[tuple[bytes, bytes], ...]
    began_at: float
    body: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class _Outgoing:
    body: memoryview
    cut: bool
    """Whether the rest of the request is of no interest once this is sent."""


class Http2Session:
    """One connection, as its server sees it."""

    def __init__(self, *, body_bytes: int, streams_max: int) -> None:
        self._body_bytes = body_bytes
        self._conn = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                logger=None,
                # What goes out is in order already, and looking costs as much as writing.
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._conn.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_ANY,
                SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_LIST_BYTES_MAX,
            },
        )
        self._conn.decoder.max_header_list_size = HEADER_LIST_BYTES_MAX
        self._walk = FrameWalk()
        self._incoming: dict[int, _Incoming] = {}
        self._oversized: dict[int, bool] = {}
        """Streams whose body has grown too long: whether it has come to its end."""
        self._asked: dict[int, bool] = {}
        """Streams whose answer is awaited: whether their request was HEAD."""
        self._outgoing: dict[int, _Outgoing] = {}
        self._announced: deque[int] = deque()
        self._limit = STREAMS_BOUND
        self._said_limit = -1
        self._resets = 0
        self._last_stream = 0
        self._last_but_one = 0
        self._leaving: bytes | None = None
        self.broken: str | None = None
        """What the client did wrong, once it has."""
        self.is_over = False
        """Whether the connection is to be closed when what `take` returns is sent."""
        self._conn.initiate_connection()
        self._conn.data_to_send()
        self._out = bytearray()
        self._announce(
            {
                SettingCodes.MAX_CONCURRENT_STREAMS: streams_max,
                SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_LIST_BYTES_MAX,
            }
        )

    # -- what comes in -------------------------------------------------------------------------

    def receive(self, data: bytes, now: float = 0.0) -> list[Arrived]:
        """Take bytes and return the requests that they completed, in order.

        *now* is the time at which they came, in seconds, kept for `oldest_body_at`.
        """
        arrived: list[Arrived] = []
        # Frame by frame, because the library forgets what came before a broken frame in its bytes.
        for piece in self._walk.feed(data):
            if self.is_over:
                break
            for event in self._read(piece):
                self._take_event(event, arrived, now)
        if not self.is_over:
            self._pump_all()
        return arrived

    def _read(self, piece: bytes) -> list[Event]:
        try:
            return self._conn.receive_data(piece)
        except ProtocolError as error:
            self._break(f"{type(error).__name__}: {error}")
        except (H2Error, ValueError, LookupError, TypeError, AttributeError) as error:
            # Bytes that the library stumbles over are no better than those it refuses.
            self._terminate(ErrorCodes.PROTOCOL_ERROR)
            self._break(f"{type(error).__name__}: {error}")
        return []

    def _take_event(self, event: Event, arrived: list[Arrived], now: float) -> None:
        match event:
            case RequestReceived(stream_id=stream, headers=headers):
                self._begin(stream, tuple((bytes(n), bytes(v)) for n, v in headers or ()), now)
            case DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                self._collect(stream, data or b"", length or 0)
            case StreamEnded(stream_id=stream):
                found = self._incoming.pop(stream, None)
                if stream in self._oversized:
                    self._oversized[stream] = True
                elif found is not None:
                    arrived.append(Arrived(stream, found.headers, bytes(found.body)))
            case StreamReset(stream_id=stream):
                self._forget(stream)
                self._count_reset()
            case SettingsAcknowledged():
                if self._announced:
                    self._limit = self._announced.popleft()
            case ConnectionTerminated():
                # The library sends nothing more to a client that has said goodbye.
                self.is_over = True
            case RemoteSettingsChanged(changed_settings=changed):
                if SettingCodes.HEADER_TABLE_SIZE in changed:
                    self._order_table_sizes()

    def _count_reset(self) -> None:
        self._resets += 1
        if self._resets > RESETS_MAX:
            self._terminate(ErrorCodes.ENHANCE_YOUR_CALM)
            self._break(f"{self._resets} streams were opened and came to nothing")

    def _order_table_sizes(self) -> None:
        """Of several changes to the table of fields, announce the smallest size, then the last.

        So wants RFC 7541, section 4.2; `hpack` announces every one, or none if the last two are
        equal, and a client that changes its mind between two answers could read no more.
        """
        encoder = self._conn.encoder
        encoder.header_table_size = min(encoder.header_table_size, FIELD_TABLE_BYTES_MAX)
        if sizes := encoder.table_size_changes:
            encoder.table_size_changes = sorted({min(sizes), sizes[-1]})
            encoder.header_table.resized = True

    def _begin(self, stream: int, headers: tuple[tuple[bytes, bytes], ...], now: float) -> None:
        if len(self._asked) >= self._limit or self._leaving is not None:
            self._conn.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            self._count_reset()
            return
        self._last_but_one, self._last_stream = self._last_stream, stream
        self._asked[stream] = HEAD in headers
        self._incoming[stream] = _Incoming(headers, now)

    def _collect(self, stream: int, data: bytes, length: int) -> None:
        if length:
            try:
                self._conn.acknowledge_received_data(length, stream)
            except H2Error:
                return  # The stream was reset meanwhile; its window is nobody's any more.
        found = self._incoming.get(stream)
        if found is None:
            return
        found.body += data
        if len(found.body) > self._body_bytes:
            del self._incoming[stream]
            self._oversized[stream] = False
            return
        if len(self._incoming) <= BODIES_AT_ONCE:
            return
        held = sum(len(each.body) for each in self._incoming.values())
        if held > BODIES_AT_ONCE * self._body_bytes:
            del self._incoming[stream], self._asked[stream]
            self._conn.reset_stream(stream, ErrorCodes.ENHANCE_YOUR_CALM)

    def list_oversized(self) -> list[int]:
        """Return the streams whose body has grown too long; they want an answer all the same."""
        return [*self._oversized]

    def list_slow(self, before: float) -> list[int]:
        """Return the streams whose request began at *before* or earlier and is not whole yet."""
        return [stream for stream, found in self._incoming.items() if found.began_at <= before]

    @property
    def oldest_body_at(self) -> float | None:
        """When the oldest request began that is not whole yet."""
        return min((found.began_at for found in self._incoming.values()), default=None)

    @property
    def is_between_frames(self) -> bool:
        """Whether nothing is owed of a frame or of a header block."""
        return self._walk.is_between

    @property
    def is_busy(self) -> bool:
        """Whether a request or an answer is under way."""
        return bool(self._asked or self._outgoing)

    # -- what goes out -------------------------------------------------------------------------

    def take(self) -> bytes:
        """Return what is to be sent now."""
        self._out += self._conn.data_to_send()
        taken = bytes(self._out)
        self._out.clear()
        return taken

    def answer(self, stream: int, answer: Answer) -> None:
        """Answer *stream*; nothing happens when the client has given it up."""
        steer = answer.steer
        is_head = self._asked.pop(stream, None)
        is_partial = self._incoming.pop(stream, None) is not None
        cut = is_partial or self._oversized.pop(stream, True) is False
        if is_head is not None and not self._is_closed:
            self._resets = max(self._resets - 1, 0)
            self._send(stream, answer, is_head=is_head, cut=cut)
        if steer is not None and steer.streams_max is not None:
            self._move_limit(steer.streams_max)
        if steer is not None and steer.goaway is not None:
            self.leave(steer.goaway)
        self._end_when_done()

    def _send(self, stream: int, answer: Answer, *, is_head: bool, cut: bool) -> None:
        body = b"" if is_head or answer.status in NO_BODY else answer.body
        named = [(name.lower(), value.strip()) for name, value in answer.headers]
        headers = [(":status", str(answer.status))]
        headers += [header for header in named if header[0] not in FRAMING_HEADERS]
        if body:
            headers.append(("content-length", str(len(body))))
        self._conn.send_headers(stream, headers, end_stream=not body)
        if body:
            self._outgoing[stream] = _Outgoing(memoryview(body), cut)
            self._pump(stream)
        elif cut:
            self._conn.reset_stream(stream, ErrorCodes.NO_ERROR)

    def reset(self, stream: int, code: int) -> None:
        """End *stream* without an answer; *code* says why (RFC 9113, section 7)."""
        if stream in self._asked and not self._is_closed:
            self._forget(stream)
            self._conn.reset_stream(stream, ErrorCodes(code))
        self._end_when_done()

    def turn_away(self, stream: int, debug: bytes) -> None:
        """End the connection in order, with *stream* unserved: GOAWAY names another as the last.

        Where a later stream is served already, *stream* itself has to be told.
        """
        if stream == self._last_stream:
            self._forget(stream)
            self._last_stream = self._last_but_one
        else:
            self.reset(stream, ErrorCodes.REFUSED_STREAM)
        self.leave(debug)

    def leave(self, debug: bytes = b"") -> None:
        """End the connection in order: GOAWAY once the answers under way are sent."""
        if self._leaving is None:
            self._leaving = debug
        self._end_when_done()

    def leave_idle(self) -> bool:
        """End the connection by a GOAWAY if nothing is under way, and tell whether it was so.

        Only where a stream was served: to some clients a last stream 0 is an error.
        """
        if self.is_busy or self._incoming or self.is_over or self._is_closed:
            return False
        if not self._last_stream:
            return False
        self.leave()
        return self.is_over

    def give_up(self, reason: str) -> None:
        """End the connection at once, because of what the client does or fails to do."""
        self._terminate(ErrorCodes.ENHANCE_YOUR_CALM)
        self._break(reason)

    def _end_when_done(self) -> None:
        if self._leaving is None or self._outgoing or self._asked or self.is_over:
            return
        self._terminate(ErrorCodes.NO_ERROR, self._leaving)
        self.is_over = True

    def _move_limit(self, streams_max: int) -> None:
        if streams_max != self._said_limit and not self._is_closed:
            self._announce({SettingCodes.MAX_CONCURRENT_STREAMS: streams_max})

    def _announce(self, settings: dict[SettingCodes, int]) -> None:
        frame = SettingsFrame(0, settings={int(code): value for code, value in settings.items()})
        self._said_limit = settings[SettingCodes.MAX_CONCURRENT_STREAMS]
        self._announced.append(self._said_limit)
        self._out += self._conn.data_to_send() + frame.serialize()

    def _pump_all(self) -> None:
        for stream in [*self._outgoing]:
            self._pump(stream)
        self._end_when_done()

    def _pump(self, stream: int) -> None:
        """Send of an answer what the client's windows take."""
        out = self._outgoing[stream]
        while not self._is_closed:
            window = self._conn.local_flow_control_window(stream)
            size = min(window, self._conn.max_outbound_frame_size, len(out.body))
            if size <= 0:
                return
            part, out.body = out.body[:size], out.body[size:]
            is_last = not out.body
            self._conn.send_data(stream, bytes(part), end_stream=is_last)
            if is_last:
                del self._outgoing[stream]
                if out.cut:
                    self._conn.reset_stream(stream, ErrorCodes.NO_ERROR)
                return

    def _forget(self, stream: int) -> None:
        self._incoming.pop(stream, None)
        self._oversized.pop(stream, None)
        self._asked.pop(stream, None)
        self._outgoing.pop(stream, None)

    @property
    def _is_closed(self) -> bool:
        return self.is_over or self.broken is not None

    def _terminate(self, code: ErrorCodes, debug: bytes = b"") -> None:
        try:
            self._conn.close_connection(
                code, additional_data=debug or None, last_stream_id=self._last_stream
            )
        except H2Error:
            return  # The client has ended it already.

    def _break(self, reason: str) -> None:
        self.broken = " ".join(reason.split())[:REASON_LENGTH_MAX]
        self.is_over = True
