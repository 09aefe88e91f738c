"""The control API: one request in, one answer out, over a bench.

JSON under ``/_pushlab/api/``. Whoever asks shows the token and comes from this machine's own
names: a page of somebody else's can neither read nor move the world (no CORS, Host and Origin
are checked). What is wrong with a request is found before anything is touched.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from pushlab.devserver.calls import ROUTES, Calls
from pushlab.devserver.reading import Fields, Refusal, find_near, parse_body, refuse_misuse
from pushlab.errors import PushlabError
from pushlab_fakes.exchange import json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushlab.devserver.bench import Bench
    from pushlab.devserver.calls import Route
    from pushlab_fakes.exchange import Answer, Request

__all__ = ["PREFIX", "Control"]

PREFIX: Final = "/_pushlab/api/"
LOCAL_NAMES: Final = frozenset({"localhost"})
CHALLENGE: Final = (("www-authenticate", 'Bearer realm="pushlab"'),)
SAFE: Final = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


class Control:
    """Answers the control API of one bench."""

    def __init__(self, bench: Bench, token: str, hosts: Iterable[str] = ()) -> None:
        """Take *hosts* for this server's own names, beside localhost and plain addresses."""
        self._token = token.encode()
        self._hosts = LOCAL_NAMES | {host.lower() for host in hosts}
        self._calls = Calls(bench)

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            self._admit(request)
            answer = self._serve(request)
        except Refusal as refusal:
            answer = refusal.answer(CHALLENGE if refusal.status == 401 else ())
        except PushlabError as error:
            answer = refuse_misuse(error).answer()
        return type(answer)(answer.status, answer.body, (*answer.headers, *SAFE))

    @staticmethod
    def takes_long(request: Request) -> bool:
        """Tell whether the answer waits for work that must not stop the edge thread."""
        found = _find_route(request.method, _split(request.path))
        return found is not None and found[0].is_long

    # -- who may ask ---------------------------------------------------------------------------

    def _admit(self, request: Request) -> None:
        if not self._is_own(request.host):
            raise Refusal(
                403,
                f"the control API is not served to the host {request.host!r}",
                "use the `control` URL of the ready file",
            )
        origin = request.header("origin")
        if origin is not None and not self._is_same_origin(origin, request):
            raise Refusal(
                403,
                f"a page of {origin!r} may not use the control API",
                "call it from a program, not from another site's page",
            )
        scheme, _, shown = (request.header("authorization") or "").partition(" ")
        is_known = hmac.compare_digest(shown.strip().encode(), self._token)
        if scheme.lower() != "bearer" or not is_known:
            raise Refusal(
                401,
                "the control API needs its token",
                "send `Authorization: Bearer TOKEN` with the ready file's control_token",
            )

    def _is_own(self, host: str) -> bool:
        """Plain addresses are safe: a name of somebody else's that leads here shows as a name."""
        if host in self._hosts:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def _is_same_origin(self, origin: str, request: Request) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        own = (request.header("host") or "").lower()
        return parts.scheme in {"http", "https"} and parts.netloc.lower() == own

    # -- which call it is ----------------------------------------------------------------------

    def _serve(self, request: Request) -> Answer:
        if not (request.path + request.query).isascii():
            raise Refusal(400, "the URL holds bytes beyond ASCII", "percent-encode them as UTF-8")
        parts = _split(request.path)
        found = _find_route(request.method, parts)
        if found is None:
            raise _refuse_route(request.method, parts)
        route, values = found
        if route.unbuilt:
            raise Refusal(501, f"pushlab does not serve {route.name} yet", route.unbuilt)
        if route.method in {"GET", "DELETE"}:
            fields = Fields(request.parameters(), "the query")
        else:
            fields = parse_body(request)
        status, told = getattr(self._calls, route.call)(fields, *values)
        return json_answer(status, told)


def _split(path: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in path.removeprefix(PREFIX).strip("/").split("/"))


def _find_route(method: str, parts: tuple[str, ...]) -> tuple[Route, list[str]] | None:
    for route in ROUTES:
        values = route.match(parts)
        if values is not None and route.method == method:
            return route, values
    return None


def _refuse_route(method: str, parts: tuple[str, ...]) -> Refusal:
    allowed = sorted({route.method for route in ROUTES if route.match(parts) is not None})
    name = "/".join(parts)
    if allowed:
        return Refusal(405, f"{name} does not take {method}", f"use {' or '.join(allowed)}")
    first = sorted({route.parts[0] for route in ROUTES})
    return Refusal(404, f"the control API has no {name!r}", find_near(parts[0], first))
