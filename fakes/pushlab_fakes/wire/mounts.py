"""Names that stand for apps in this process: webhooks to a mounted name go to its target.

A target is told by how many arguments it must be given: one is a plain callable (it gets a
`WebhookRequest`), two are a WSGI app (environ, start_response), three an ASGI app (scope,
receive, send). Text is a base URL. ``kind=`` overrules; a signature that says nothing
(``*args``) needs it.

An app under a mounted name sees the URL as it was sent, whole: it believes that it serves that
name. ASGI's lifespan is not run; an app that needs it is served by its own server and mounted by
URL, or started by the test.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec

from pushlab.errors import MisuseError
from pushlab.world.outbox import ANSWER_BYTES_MAX
from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.apps import call_asgi, call_wsgi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pushlab.world.clock import Instant

__all__ = ["Kind", "Mount", "Mounts", "WebhookRequest", "call"]

Kind = Literal["callable", "wsgi", "asgi", "url"]

_KINDS: dict[int, Kind] = {1: "callable", 2: "wsgi", 3: "asgi"}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What a mounted callable gets: the request as a server of that name would have seen it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    """In order; names as they were sent."""
    body: bytes = b""
    at: Instant = 0
    """The lab's instant, at which time stands until the callable returns."""
    purpose: str = ""
    """What it was sent for, in words: "subscription observer"."""
    answer_bytes_max: int = field(default=ANSWER_BYTES_MAX, repr=False)
    """How large the body of the answer may be."""

    @property
    def host(self) -> str:
        """The name it was sent to, without a port."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """As sent, percent-encoded, without the query."""
        return urlsplit(self.url).path or "/"

    @property
    def query(self) -> str:
        """As sent, without the question mark."""
        return urlsplit(self.url).query

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """Return the first header called *name* (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self) -> Any:  # noqa: ANN401 - as every JSON decoder
        """Decode the body; raises ``msgspec.DecodeError`` when it is no JSON."""
        return msgspec.json.decode(self.body)

    def form(self) -> dict[str, str]:
        """Decode a form body; of a repeated name the last value."""
        return dict(parse_qsl(self.text, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Mount:
    """One name and what stands behind it."""

    prefix: str
    target: object
    kind: Kind
    raise_errors: bool = True
    """Whether what the target raises reaches the test; the post is answered 500 either way."""

    @property
    def needs_loop(self) -> bool:
        """Whether the caller's running loop may be needed before it can answer."""
        return self.kind in ("url", "asgi") or _is_async(self.target)


class Mounts:
    """All mounted names of a lab; of several that fit a URL the longest path wins."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, str, int, str], Mount] = {}

    def __iter__(self) -> Iterator[Mount]:
        """Give the mounts in order of mounting."""
        return iter(tuple(self._by_place.values()))

    def __len__(self) -> int:
        return len(self._by_place)

    def add(
        self,
        prefix: str,
        target: object,
        *,
        kind: Kind | None = None,
        raise_errors: bool = True,
    ) -> Mount:
        """Send what goes to *prefix* (``https://shop.test``) to *target*, in place of an older one.

        Raises MisuseError when *prefix* is no such URL or *target* is nothing that can answer.
        """
        place = _parse_prefix(prefix)
        mount = Mount(prefix, target, _find_kind(prefix, target, kind), raise_errors)
        if mount.kind == "url":
            _parse_prefix(cast("str", target))
        self._by_place[place] = mount
        return mount

    def remove(self, prefix: str) -> None:
        """Take the mount at *prefix* away; raises MisuseError when there is none."""
        if self._by_place.pop(_parse_prefix(prefix), None) is None:
            known = ", ".join(mount.prefix for mount in self) or "none"
            raise MisuseError(f"nothing is mounted at {prefix}; mounted are: {known}")

    def find(self, url: str) -> Mount | None:
        """Return the mount that *url* falls under, or None."""
        try:
            scheme, host, port, path = _parse_place(url)
        except ValueError:
            return None
        while True:
            mount = self._by_place.get((scheme, host, port, path))
            if mount is not None or not path:
                return mount
            path = path.rpartition("/")[0]


def call(mount: Mount, request: WebhookRequest, *, may_await: bool) -> Answer | Awaitable[Answer]:
    """Hand *request* to the target of *mount*; what has to be awaited is the caller's to await.

    What the target raises passes through, as does what its framework made a 500 of. Raises
    MisuseError when there is something to await and the caller may not.
    """
    target = cast("Callable[..., Any]", mount.target)
    if mount.kind == "wsgi":
        return call_wsgi(target, request)
    is_asgi = mount.kind == "asgi"
    result = call_asgi(target, request) if is_asgi else target(request)
    if not inspect.isawaitable(result):
        return _read_result(mount, result)
    if may_await:
        return result if is_asgi else _await_result(mount, result)
    close = getattr(result, "close", None)
    if close is not None:
        close()
    raise MisuseError(
        f"the target mounted at {mount.prefix} has to be awaited, and a loop runs in this thread; "
        "write `await lab.advance_async(...)`"
    )


# -- telling targets apart -------------------------------------------------------------------------


def _parse_place(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path without a last slash; ValueError for another URL."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(url)
    port = parts.port or _PORTS[parts.scheme]
    return parts.scheme, parts.hostname.rstrip("."), port, parts.path.rstrip("/")


def _parse_prefix(prefix: str) -> tuple[str, str, int, str]:
    try:
        place = _parse_place(prefix)
    except (ValueError, AttributeError, TypeError):
        place = None
    if place is None or "?" in prefix or "#" in prefix or "@" in prefix:
        raise MisuseError(
            f"{prefix!r} cannot be mounted or mounted to; "
            'write scheme and host, and a path if wanted: "https://shop.test"'
        )
    return place


def _find_kind(prefix: str, target: object, kind: Kind | None) -> Kind:
    if isinstance(target, str):
        if kind not in (None, "url"):
            raise MisuseError(f"{prefix}: the text {target!r} is a base URL, not {kind!r}")
        return "url"
    if not callable(target):
        raise MisuseError(
            f"{prefix}: {target!r} cannot answer a webhook; mount a WSGI or ASGI app itself "
            "(not its test client), a callable or a base URL"
        )
    if kind is not None:
        if kind not in _KINDS.values():
            raise MisuseError(
                f"{prefix}: kind={kind!r} does not fit a callable; it is "
                '"callable", "wsgi" or "asgi"'
            )
        return kind
    found = _KINDS.get(_count_arguments(target))
    if found is None or (found == "wsgi" and _is_async(target)):
        raise MisuseError(
            f"{prefix}: cannot tell what {target!r} is by its arguments; "
            'say kind="callable" (request), "wsgi" (environ, start_response) or '
            '"asgi" (scope, receive, send), or mount the URL where it is served'
        )
    return found


def _count_arguments(target: Callable[..., object]) -> int:
    """Return how many arguments *target* must be given, or -1 when nobody can tell."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (ValueError, TypeError):
        return -1
    if any(part.kind is part.KEYWORD_ONLY and part.default is part.empty for part in parameters):
        return -1
    places = [
        part
        for part in parameters
        if part.kind in (part.POSITIONAL_ONLY, part.POSITIONAL_OR_KEYWORD)
    ]
    needed = sum(part.default is part.empty for part in places)
    takes_any = any(part.kind is part.VAR_POSITIONAL for part in parameters)
    if takes_any and needed == 0:
        return -1
    # `def hook(request=None)` takes one, though it needs none.
    return needed or min(len(places), 1)


def _is_async(target: object) -> bool:
    while hasattr(target, "func") and hasattr(target, "keywords"):  # functools.partial
        target = target.func
    if inspect.iscoroutinefunction(target):
        return True
    return inspect.iscoroutinefunction(getattr(target, "__call__", None))  # noqa: B004 - its kind


# -- plain callables -------------------------------------------------------------------------------


async def _await_result(mount: Mount, result: Awaitable[object]) -> Answer:
    return _read_result(mount, await result)


def _read_result(mount: Mount, result: object) -> Answer:
    """Return what a callable answered with: nothing, a status, a tuple, an answer, a response."""
    match result:
        case None:
            return Answer(200)
        case Answer():
            return result
        case int() if not isinstance(result, bool):
            return Answer(_check_status(mount, int(result)))
        case (int() as status, body):
            return Answer(_check_status(mount, int(status)), _read_body(mount, body))
        case (int() as status, body, headers):
            return Answer(
                _check_status(mount, int(status)), _read_body(mount, body), _read_headers(headers)
            )
    code: object = getattr(result, "status_code", None)
    if not isinstance(code, int):
        raise MisuseError(
            f"the callable mounted at {mount.prefix} returned {result!r}; return a status (200), "
            "(status, body), (status, body, headers), an Answer, a response of a test client, "
            "or None for 200"
        )
    # requests, httpx and Django say content, Werkzeug and Flask say data.
    body = getattr(result, "content", None)
    if body is None:
        body = getattr(result, "data", b"")
    headers = _read_headers(getattr(result, "headers", ()))
    return Answer(_check_status(mount, code), _read_body(mount, body), headers)


def _check_status(mount: Mount, status: int) -> int:
    if not 100 <= status <= 599:
        raise MisuseError(f"the callable mounted at {mount.prefix} returned the status {status}")
    return status


def _read_body(mount: Mount, body: object) -> bytes:
    match body:
        case None:
            return b""
        case bytes() | bytearray() | memoryview():
            return bytes(body)
        case str():
            return body.encode()
        case dict() | list():
            return msgspec.json.encode(body)
    raise MisuseError(
        f"the callable mounted at {mount.prefix} returned the body {body!r}; "
        "a body is bytes, text, or a dict or list for JSON"
    )


def _read_headers(headers: object) -> tuple[tuple[str, str], ...]:
    items = getattr(headers, "items", None)
    pairs = items() if callable(items) else cast("Any", headers)
    return tuple((str(name).lower(), str(value)) for name, value in pairs)
