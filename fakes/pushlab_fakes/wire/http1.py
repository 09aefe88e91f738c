"""HTTP/1.1 between a socket and a fake: framing by aiohttp's low-level server, nothing else of it.

Left out: upgrades, trailers, and answers in parts. A request that comes in parts is put together
first, within bounds. What is asked of a proxy is met by ``tunnel``, where somebody is one.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import PayloadEncodingError
from multidict import CIMultiDict

from pushlab_fakes.exchange import Answer, Request
from pushlab_fakes.wire.mishaps import break_off, cut, reset, wait_out
from pushlab_fakes.wire.plain import (
    FRAMING_HEADERS,
    Host,
    PlainConnection,
    find_host,
    find_peer,
    render,
)
from pushlab_fakes.wire.proxied import may_be_asked
from pushlab_fakes.wire.serving import (
    LOGGER,
    answer_vacancy,
    make_refusal,
    note_broken,
    note_lost,
    note_unread,
    serve,
    serve_aside,
    takes_long,
    tell_parted,
)
from pushlab_fakes.wire.tunnel import ProxyConnection, find_ways
from pushlab_fakes.wire.unread import ReadingWatch

if TYPE_CHECKING:
    from pushlab_fakes.wire.serving import Limits, Served

__all__ = ["Host", "Http1Connection", "Http1Server", "decode_header", "find_host"]

PROTOCOL = "HTTP/1.1"
LINE_BYTES_MAX = 16_384
"""The longest request line, and the longest header."""


class Http1Server(web.Server):
    """Makes one connection object for each socket of a listener."""

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_attend, loop=loop)
        self._host = host

    def __call__(self) -> PlainConnection:  # type: ignore[override] # it makes way when need be
        """Make the protocol object of one connection."""
        return PlainConnection(self._host, asyncio.get_running_loop(), self._make_whole)

    def _make_whole(self, number: int, data: bytes) -> asyncio.Protocol:
        """Make what goes on with connection *number*, which begins with *data* or goes on so."""
        loop = asyncio.get_running_loop()
        if find_ways(self._host.served) is None or not may_be_asked(data):
            return Http1Connection(self._host, self, loop, number)
        return ProxyConnection(self._host, lambda: Http1Connection(self._host, self, loop, number))


class Http1Connection(web.RequestHandler):
    """One connection, bounded in what it may send and in how long that may take."""

    __slots__ = ("_busy", "_head_timer", "_host", "_number", "_tenancy", "_waiting", "_watch")

    def __init__(
        self, host: Host, server: Http1Server, loop: asyncio.AbstractEventLoop, number: int
    ) -> None:
        """Make connection *number* of this tenancy."""
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # None is documented, and switches it off
            logger=LOGGER,
            keepalive_timeout=host.limits.idle_s,
            lingering_time=host.limits.linger_s,
            max_line_size=LINE_BYTES_MAX,
            max_field_size=LINE_BYTES_MAX,
        )
        self._host = host
        self._tenancy = host.tenancy
        self._number = number
        self._busy = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._watch = ReadingWatch(transport, self._host.limits.idle_s, self._note_unread)

    def pause_writing(self) -> None:
        """Wait for a client that does not read, and not for ever."""
        self._watch.stall()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._watch.go_on()
        super().resume_writing()

    def _note_unread(self) -> None:
        note_unread(self._host.served, PROTOCOL, self._host.limits.idle_s)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket; the first of a head start its timer."""
        super().data_received(data)
        if data and not self._busy and self._head_timer is None:
            self._head_timer = asyncio.get_running_loop().call_later(
                self._host.limits.head_s, self._give_up
            )

    def _give_up(self) -> None:
        """End a connection whose head does not come to its end."""
        text = f"the head did not arrive within {self._host.limits.head_s:g} s of real time"
        note_broken(self._host.served, PROTOCOL, text)
        self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of what belongs to the connection."""
        self._stop_head_timer()
        self._watch.go_on()
        if self._tenancy == self._host.tenancy:
            note_lost(self._host.served, exc)
            tell_parted(self._host.served, self._number)
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - a parameter of the overridden method
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, without a line in anybody's log."""
        self._stop_head_timer()
        text = " ".join((message or HTTPStatus(status).phrase).split())
        if isinstance(exc, ConnectionError):
            pass  # The client has gone, or its lab has: nobody is there to be told.
        elif exc is not None and status >= 500:
            LOGGER.error("a request could not be served", exc_info=exc)
        else:
            note_broken(self._host.served, PROTOCOL, _name(status))
        return _render(make_refusal(status, text), close=True)

    def log_exception(self, *args: object, **options: object) -> None:
        """Say nothing of a body that cannot be read: its sender was answered so."""
        if not isinstance(options.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **options)

    async def attend(self, request: web.BaseRequest) -> web.StreamResponse:
        """Read the rest of *request* and answer it."""
        self._stop_head_timer()
        self._busy = True
        try:
            return await self._answer(request)
        finally:
            self._busy = False

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        limits = self._host.limits
        refusal = _check_head(request, limits)
        if refusal is not None:
            note_broken(self._host.served, PROTOCOL, _name(refusal.status))
        refusal = refusal or self._check_tenancy()
        if refusal is not None:
            return _render(refusal, close=True)
        try:
            body = await _read_body(request, limits)
        except _BodyRefused as refused:
            note_broken(self._host.served, PROTOCOL, _name(refused.answer.status))
            return _render(refused.answer, close=True)
        # The lab may have closed while the body came. Nothing is awaited from here to its answer.
        refusal = self._check_tenancy()
        served = self._host.served
        if refusal is not None or served is None:
            return _render(refusal or answer_vacancy(self._host.address), close=True)
        whole = _read_request(request, body, self._number)
        if not takes_long(served, whole):
            answer = serve(served, whole)
            return _render(answer) if answer.mishap is None else await self._wait(served, answer)
        answer = await serve_aside(served, whole)
        self._check_tenancy()
        return _render(answer)

    async def _wait(self, served: Served, answer: Answer) -> web.StreamResponse:
        """Do what a planned fault makes of *answer*."""
        self._waiting = asyncio.current_task()
        try:
            answer = await wait_out(served, answer)
        finally:
            self._waiting = None
        self._check_tenancy()
        how, transport = "" if answer.mishap is None else answer.mishap.how, self.transport
        if not how:
            return _render(answer)
        if isinstance(transport, asyncio.Transport):
            if how == "half":
                cut(transport, break_off(render(answer, close=False), len(answer.body)))
            elif how == "reset":
                reset(transport)
            else:
                cut(transport)
        raise ConnectionResetError(f"a planned fault: {how}")

    def _check_tenancy(self) -> Answer | None:
        """Refuse when no lab is there; cut the connection when its lab is another's now."""
        if self._tenancy != self._host.tenancy:
            raise ConnectionResetError("the lab of this connection was closed")
        return answer_vacancy(self._host.address) if self._host.served is None else None

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _name(status: int) -> str:
    """Return what RFC 9110 calls *status*, in every version of Python."""
    return "Content Too Large" if status == 413 else HTTPStatus(status).phrase


async def _attend(request: web.BaseRequest) -> web.StreamResponse:
    connection = request.protocol
    assert isinstance(connection, Http1Connection)
    return await connection.attend(request)


class _BodyRefused(Exception):  # noqa: N818 - it carries an answer
    """A body was too long, too slow or no body at all."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def _check_head(request: web.BaseRequest, limits: Limits) -> Answer | None:
    """Refuse what needs no look at the body."""
    if request.method == "CONNECT":
        return make_refusal(501, "this is no proxy: CONNECT is not served, or not to such a target")
    if request.version >= HttpVersion11 and "Host" not in request.headers:
        return make_refusal(400, "an HTTP/1.1 request has a Host header")
    if request.headers.get("Expect", "100-continue").lower() != "100-continue":
        return make_refusal(417, "the only expectation that is served is 100-continue")
    if (request.content_length or 0) > limits.body_bytes:
        return _refuse_length(limits).answer
    return None


async def _read_body(request: web.BaseRequest, limits: Limits) -> bytes:
    """Return the whole body, unpacked when it was gzipped."""
    content = request.content
    try:
        if content.is_eof():
            body = content.read_nowait()
            if len(body) > limits.body_bytes:
                raise _refuse_length(limits)
            return body
        async with asyncio.timeout(limits.body_s):
            return await _collect_body(request, limits)
    except TimeoutError:
        text = f"the body did not arrive within {limits.body_s:g} s of real time"
        raise _BodyRefused(make_refusal(408, text)) from None
    except (PayloadEncodingError, web.RequestPayloadError) as error:
        text = f"the body cannot be read: {error}"
        raise _BodyRefused(make_refusal(400, text)) from None


async def _collect_body(request: web.BaseRequest, limits: Limits) -> bytes:
    if "Expect" in request.headers and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    collected = bytearray()
    async for part in request.content.iter_any():
        collected += part
        if len(collected) > limits.body_bytes:
            raise _refuse_length(limits)
    return bytes(collected)


def _refuse_length(limits: Limits) -> _BodyRefused:
    text = f"a body may have {limits.body_bytes} bytes at most"
    return _BodyRefused(make_refusal(413, text))


def _read_request(request: web.BaseRequest, body: bytes, connection: int) -> Request:
    """Translate a request, its target in either form (RFC 9112, section 3.2)."""
    headers = tuple(
        (decode_header(name).lower(), decode_header(value)) for name, value in request.raw_headers
    )
    authority = next((value for name, value in headers if name == "host"), "")
    target = request.raw_path
    if not target.startswith(("/", "*")):
        authority, slash, rest = target.partition("://")[2].partition("/")
        target = slash + rest or "/"
    path, _, query = target.partition("?")
    peer = find_peer(request.transport, connection)
    return Request(request.method, find_host(authority), path, query, headers, body, peer)


def decode_header(raw: bytes) -> str:
    """Decode a header: UTF-8 where it is that, else every byte a character."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _render(answer: Answer, *, close: bool = False) -> web.Response:
    headers = CIMultiDict(
        (name, value) for name, value in answer.headers if name.lower() not in FRAMING_HEADERS
    )
    headers.setdefault("Server", "pushlab")
    response = web.Response(status=answer.status, body=answer.body or None, headers=headers)
    if close or (answer.header("connection") or "").lower() == "close":
        response.force_close()
    return response
