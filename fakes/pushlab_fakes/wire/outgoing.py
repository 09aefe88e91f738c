"""How a post leaves: one guard, mounted apps, and a small bounded HTTP client.

The guard (every request that leaves passes it, redirects too): a mounted name goes to its
target; an address of this machine and a host that was allowed by name go over a socket; anything
else is refused without even a look-up, so that no name of a test reaches a resolver. A name is
resolved once and the very address that was judged is connected to.

All bounds are in real time, whatever freezes the clocks of the test: they come from timers of
threads, not from a loop's clock.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from pushlab.world.outbox import PostAnswer
from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.mounts import WebhookRequest, call
from pushlab_fakes.wire.real_clock import RealClock
from pushlab_fakes.wire.sending import Exchange, RefusedError, is_local
from pushlab_fakes.wire.waiting import (
    UnansweredError,
    await_bounded,
    has_running_loop,
    run_in_fresh_loop,
    run_in_thread,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterable

    from pushlab.world.outbox import Post
    from pushlab_fakes.wire.mounts import Mount, Mounts

__all__ = ["REDIRECTS_MAX", "HandlerError", "Outgoing"]

REDIRECTS_MAX = 5
"""Redirects that one post follows."""
_NO_URL = "refused: no http or https URL"
_KEEPS_BODY = (307, 308)
_REDIRECTS = (301, 302, 303, *_KEEPS_BODY)


class HandlerError(Exception):
    """A mounted target raised; its own error is the cause, and *answer* is what gets recorded."""

    def __init__(self, answer: PostAnswer, target: str) -> None:
        super().__init__(f"the webhook handler mounted at {target} raised")
        self.answer = answer
        self.target = target


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request of a post, judged: to a mounted target in this process, or over a socket."""

    request: WebhookRequest
    mount: Mount | None
    """None: over a socket to *url*."""
    url: str
    is_allowed: bool
    """Whether the host was allowed by name, so that any address of it will do."""


_Outcome: TypeAlias = "Answer | UnansweredError | None"
_Steps: TypeAlias = "Generator[_Hop, _Outcome, PostAnswer]"


class Outgoing:
    """All that leaves a lab: decides where a post may go, and makes it."""

    def __init__(
        self, mounts: Mounts, *, allow: Iterable[str] = (), tls: ssl.SSLContext | None = None
    ) -> None:
        self.mounts = mounts
        self.allow = tuple(host.lower() for host in allow)
        """Hosts allowed by name; ``*.shop.test`` allows every name below it."""
        self.refused: dict[str, str] = {}
        """What was refused: host -> a sentence with the way to allow it; a test fails on it."""
        self._tls = tls

    def find_loop_target(self, urls: Iterable[str] = ()) -> str | None:
        """Return a target that the caller's running loop may have to serve, or None.

        These are mounted URLs, ASGI apps and coroutine functions, and those of *urls* (what the
        lab may post to) that would go over a socket.
        """
        for mount in self.mounts:
            if mount.needs_loop:
                return mount.prefix
        return next((url for url in urls if self.goes_over_socket(url)), None)

    def goes_over_socket(self, url: str) -> bool:
        """Tell whether a post to *url* would leave this process."""
        try:
            hop = self._judge(WebhookRequest("POST", url), if_served=True)
        except (UnansweredError, ValueError):
            return False
        return hop.mount is None

    def deliver(self, post: Post) -> PostAnswer:
        """Make *post* in this thread; raises HandlerError when a mounted target raised."""
        deadline = RealClock.monotonic() + post.timeout_s
        steps = self._follow(post)
        outcome: _Outcome = None
        while True:
            try:
                hop = steps.send(outcome)
            except StopIteration as stop:
                return _ending(stop)
            bound_s = max(deadline - RealClock.monotonic(), 0.001)
            try:
                outcome = self._hop(hop, bound_s)
            except UnansweredError as error:
                outcome = error

    async def deliver_async(self, post: Post) -> PostAnswer:
        """Make *post* without stopping the running loop (asyncio or trio).

        Coroutines and ASGI apps are awaited in this loop, plain callables and WSGI apps called
        in it, sockets are waited for in a thread.
        """
        deadline = RealClock.monotonic() + post.timeout_s
        steps = self._follow(post)
        outcome: _Outcome = None
        while True:
            try:
                hop = steps.send(outcome)
            except StopIteration as stop:
                return _ending(stop)
            bound_s = max(deadline - RealClock.monotonic(), 0.001)
            try:
                outcome = await self._hop_async(hop, bound_s)
            except UnansweredError as error:
                outcome = error

    # -- deciding ------------------------------------------------------------------------------

    def _follow(self, post: Post) -> _Steps:
        """Give the requests that *post* needs, one for each redirect, and return how it ended."""
        try:
            request = _build_request(post)
            for _ in range(REDIRECTS_MAX + 1):
                outcome = yield self._judge(request, if_served=post.if_served)
                answer = _check_answer(outcome, post.answer_bytes_max)
                location = _read_location(answer)
                ended = PostAnswer(answer.status, answer.headers, answer.body, url=request.url)
                if location is None or not post.is_led:
                    return ended
                request = _redirect(request, answer.status, location)
                if post.if_served and not self._is_served(request):
                    return ended
        except UnansweredError as error:
            return PostAnswer(None, error=str(error))
        except ValueError:  # from urlsplit
            return PostAnswer(None, error=_NO_URL)
        return PostAnswer(None, error=f"too many redirects: more than {REDIRECTS_MAX}")

    def _is_served(self, request: WebhookRequest) -> bool:
        try:
            self._judge(request, if_served=True)
        except RefusedError:
            return False
        return True

    def _judge(self, request: WebhookRequest, *, if_served: bool = False) -> _Hop:
        """Say where *request* goes; raises RefusedError. This is the guard.

        A refusal is noted, so that a test fails, unless the request goes only *if_served*.
        """
        mount = self.mounts.find(request.url)
        url = request.url
        if mount is not None:
            if mount.kind != "url":
                return _Hop(request, mount, url, is_allowed=False)
            url = _rebase(url, mount)
        parts = urlsplit(url)
        host, _valid_port = (parts.hostname or "").rstrip("."), parts.port
        if parts.scheme not in ("http", "https") or not host:
            raise RefusedError(_NO_URL)
        is_allowed = self._is_allowed(host)
        if not is_allowed and not is_local(host):
            if if_served:
                raise RefusedError(f"unserved: nobody serves {host} here")
            self._refuse(host)
        return _Hop(request, None, url, is_allowed)

    def _is_allowed(self, host: str) -> bool:
        return any(
            host == name or (name.startswith("*.") and host.endswith(name[1:]))
            for name in self.allow
        )

    def _refuse(self, host: str) -> None:
        self.refused.setdefault(
            host,
            f"a request to {host} was refused: it is not on this machine. Mount your app there "
            f'(lab.mount("https://{host}", app)) or allow it '
            f'(@pytest.mark.pushlab(allow=["{host}"]))',
        )
        raise RefusedError(f"refused: {host} is neither mounted nor allowed")

    # -- doing ---------------------------------------------------------------------------------

    def _hop(self, hop: _Hop, bound_s: float) -> Answer:
        if hop.mount is None:
            return self._exchange(hop, bound_s).run()
        try:
            answer = call(hop.mount, hop.request, may_await=not has_running_loop())
            return answer if isinstance(answer, Answer) else run_in_fresh_loop(answer, bound_s)
        except UnansweredError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the handler raised, the test gets it
            return _answer_failure(hop.mount, error)

    async def _hop_async(self, hop: _Hop, bound_s: float) -> Answer:
        if hop.mount is None:
            exchange = self._exchange(hop, bound_s)
            try:
                return await run_in_thread(exchange.run)
            except BaseException:
                exchange.abort()
                raise
        try:
            answer = call(hop.mount, hop.request, may_await=True)
            return answer if isinstance(answer, Answer) else await await_bounded(answer, bound_s)
        except UnansweredError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the handler raised, the test gets it
            return _answer_failure(hop.mount, error)

    def _exchange(self, hop: _Hop, bound_s: float) -> Exchange:
        is_tls = hop.url.startswith("https:")
        if is_tls and self._tls is None:
            import ssl

            self._tls = ssl.create_default_context()
        return Exchange(
            hop.request,
            hop.url,
            bound_s=bound_s,
            tls=self._tls if is_tls else None,
            must_be_local=not hop.is_allowed,
        )


def _ending(stop: StopIteration) -> PostAnswer:
    assert isinstance(stop.value, PostAnswer)
    return stop.value


def _answer_failure(mount: Mount, error: Exception) -> Answer:
    if not mount.raise_errors:
        return Answer(500)
    raise HandlerError(PostAnswer(500), mount.prefix) from error


def _build_request(post: Post) -> WebhookRequest:
    """Return the first request of *post*; a name and a password in its URL become a header."""
    headers, url = post.headers, post.url
    account, at, _ = urlsplit(url).netloc.rpartition("@")
    if at:
        url = url.replace(f"{account}@", "", 1)
        pair = b64encode(unquote(account).encode()).decode()
        headers = (*_without(headers, "authorization"), ("authorization", f"Basic {pair}"))
    return WebhookRequest(
        post.method, url, headers, post.body, post.at, post.purpose, post.answer_bytes_max
    )


def _check_answer(outcome: _Outcome, bytes_max: int) -> Answer:
    """Return an answer of a size that can be kept; raise why there is none."""
    if isinstance(outcome, UnansweredError):
        raise outcome
    assert outcome is not None
    if len(outcome.body) > bytes_max:
        raise UnansweredError(f"too large: more than {bytes_max} bytes")
    return outcome


def _read_location(answer: Answer) -> str | None:
    """Return where *answer* sends the request on to; None: it is the last one."""
    return answer.header("location") if answer.status in _REDIRECTS else None


def _redirect(request: WebhookRequest, status: int, location: str) -> WebhookRequest:
    """Return the request that follows *request*, as clients on the web make it."""
    url = urljoin(request.url, location)
    headers = request.headers
    old, new = urlsplit(request.url), urlsplit(url)
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        headers = _without(headers, "authorization", "cookie")
    if status in _KEEPS_BODY or request.method in ("GET", "HEAD"):
        return replace(request, url=url, headers=headers)
    headers = _without(headers, "content-type", "content-length")
    return replace(request, method="GET", url=url, headers=headers, body=b"")


def _without(headers: tuple[tuple[str, str], ...], *names: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in headers if pair[0].lower() not in names)


def _rebase(url: str, mount: Mount) -> str:
    """Put the base URL of *mount* in the place of its prefix."""
    assert isinstance(mount.target, str)
    base, prefix, parts = urlsplit(mount.target), urlsplit(mount.prefix), urlsplit(url)
    rest = parts.path[len(prefix.path.rstrip("/")) :]
    path = base.path.rstrip("/") + rest
    return urlunsplit((base.scheme, base.netloc, path or "/", parts.query, ""))
