"""How a WSGI or an ASGI app is called without a server: environ, scope and what comes back."""

from __future__ import annotations

import io
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.waiting import in_trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping

    from pushlab_fakes.wire.mounts import WebhookRequest

__all__ = ["call_asgi", "call_wsgi"]


class _Event(Protocol):
    def set(self) -> None: ...

    async def wait(self) -> object: ...


def _parse_server(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.hostname or "",
        parts.port or (443 if parts.scheme == "https" else 80),
    )


# -- WSGI ------------------------------------------------------------------------------------------


def call_wsgi(app: Callable[..., Iterable[bytes]], request: WebhookRequest) -> Answer:
    """Run *app* in this thread, so that it sees the test's own database transaction."""
    written = io.BytesIO()
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        if started and exc_info is None:
            raise AssertionError("start_response was called twice")
        started[:] = [(status, headers)]
        return written.write

    with _raise_swallowed():
        chunks = app(_build_environ(request), start_response)
        try:
            for chunk in chunks:
                written.write(chunk)
                if written.tell() > request.answer_bytes_max:
                    break
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
    if not started:
        raise AssertionError("the WSGI app never called start_response")
    status, headers = started[0]
    return Answer(
        int(status.split(maxsplit=1)[0]),
        written.getvalue(),
        tuple((name.lower(), value) for name, value in headers),
    )


def _build_environ(request: WebhookRequest) -> dict[str, object]:
    scheme, host, port = _parse_server(request.url)
    environ: dict[str, object] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": urlsplit(request.url).netloc,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_LENGTH", "HOST"):
            continue
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


@contextmanager
def _raise_swallowed() -> Iterator[None]:
    """Raise what Flask or Django turned into a 500, as their own test clients do.

    Both tell it by a signal of theirs. What the app handles itself is no error.
    """
    thread = threading.get_ident()
    swallowed: list[BaseException] = []

    def note(*_: object, **details: object) -> None:
        error = details.get("exception") or sys.exc_info()[1]
        if isinstance(error, BaseException) and threading.get_ident() == thread:
            swallowed.append(error)

    modules = (sys.modules.get(name) for name in ("flask.signals", "django.core.signals"))
    signals: list[Any] = [module.got_request_exception for module in modules if module is not None]
    for signal in signals:
        signal.connect(note)
    try:
        yield
    finally:
        for signal in signals:
            signal.disconnect(note)
    if swallowed:
        raise swallowed[0]


# -- ASGI ------------------------------------------------------------------------------------------


async def call_asgi(app: Callable[..., Awaitable[None]], request: WebhookRequest) -> Answer:
    """Run *app* in the running loop until it returns, its background tasks included."""
    written = bytearray()
    started: list[tuple[int, list[tuple[bytes, bytes]]]] = []
    is_read = False
    complete = _make_event()

    async def receive() -> dict[str, object]:
        nonlocal is_read
        if is_read:
            await complete.wait()
            return {"type": "http.disconnect"}
        is_read = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started[:] = [(int(message["status"]), list(message.get("headers", ())))]
        elif message["type"] == "http.response.body":
            if len(written) <= request.answer_bytes_max:
                written.extend(message.get("body", b""))
            if not message.get("more_body", False):
                complete.set()

    await app(_build_scope(request), receive, send)
    if not started:
        raise AssertionError("the ASGI app returned without an answer")
    status, headers = started[0]
    return Answer(
        status,
        bytes(written),
        tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers),
    )


def _build_scope(request: WebhookRequest) -> dict[str, object]:
    scheme, host, port = _parse_server(request.url)
    headers = [(b"host", urlsplit(request.url).netloc.encode("latin-1"))]
    headers += [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers
        if name.lower() not in ("content-length", "host")
    ]
    headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": scheme,
        "path": unquote_to_bytes(request.path).decode("utf-8", "replace"),
        "raw_path": request.path.encode("ascii", "replace"),
        "query_string": request.query.encode("ascii", "replace"),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": (host, port),
    }


def _make_event() -> _Event:
    if in_trio():
        import trio

        return trio.Event()
    import asyncio

    return asyncio.Event()
