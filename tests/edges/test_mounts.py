"""Goal: an app mounted under a name needs no port. Method: real frameworks, called in this thread.

Loops are made of sockets, so these tests stand with the edges; none connects anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import trio
from django.conf import settings as django_settings
from fastapi import FastAPI, Request
from flask import Flask, abort, request
from starlette.responses import RedirectResponse

from pushlab.errors import MisuseError
from pushlab.world.outbox import ANSWER_BYTES_MAX
from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.mounts import Mounts
from pushlab_fakes.wire.outgoing import HandlerError, Outgoing
from pushlab_testing.bench import a_post
from pushlab_testing.django_project import set_up_django

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pushlab.world.outbox import Post, PostAnswer
    from pushlab_fakes.wire.mounts import WebhookRequest

HOOK = "https://shop.test/hooks/orders?kind=a%20b"


def deliver_sync(outgoing: Outgoing, post: Post) -> PostAnswer:
    return outgoing.deliver(post)


def deliver_in_asyncio(outgoing: Outgoing, post: Post) -> PostAnswer:
    return asyncio.run(outgoing.deliver_async(post))


def deliver_in_trio(outgoing: Outgoing, post: Post) -> PostAnswer:
    return trio.run(outgoing.deliver_async, post)


@pytest.fixture(params=[deliver_sync, deliver_in_asyncio, deliver_in_trio])
def deliver(request: pytest.FixtureRequest) -> Callable[..., PostAnswer]:
    """Return one of the three ways in which a post is made."""

    def deliver_to(target: object, post: Post | None = None, **options: Any) -> PostAnswer:
        mounts = Mounts()
        mounts.add("https://shop.test", target, **options)
        answer: PostAnswer = request.param(Outgoing(mounts), post or a_post(HOOK))
        return answer

    return deliver_to


# -- plain callables -------------------------------------------------------------------------------


def test_a_callable_gets_the_request_whole(deliver) -> None:
    seen: list[WebhookRequest] = []

    deliver(seen.append, a_post(HOOK, headers=(("Content-Type", "application/json"),)))

    (got,) = seen
    assert (got.method, got.url, got.host) == ("POST", HOOK, "shop.test")
    assert (got.path, got.query) == ("/hooks/orders", "kind=a%20b")
    assert got.json() == {"event": "shown"}
    assert got.text == '{"event": "shown"}'
    assert got.header("content-TYPE") == "application/json"
    assert got.header("x-other") is None
    assert (got.at, got.purpose) == (1767225600000, "a test")


def test_a_form_body_reads_as_a_mapping(deliver) -> None:
    seen: list[WebhookRequest] = []

    deliver(seen.append, a_post(HOOK, body=b"Body=STOP&From=%2B15550100&Empty="))

    assert seen[0].form() == {"Body": "STOP", "From": "+15550100", "Empty": ""}


class Response:
    """What the test client of a framework returns."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("result", "status", "body", "headers"),
    [
        (None, 200, b"", ()),
        (204, 204, b"", ()),
        ((201, "made"), 201, b"made", ()),
        ((200, b"\x00"), 200, b"\x00", ()),
        ((200, None), 200, b"", ()),
        ((200, {"ok": True}), 200, b'{"ok":true}', ()),
        ((200, "x", {"X-A": "1"}), 200, b"x", (("x-a", "1"),)),
        ((200, "x", [("X-A", "1"), ("X-A", "2")]), 200, b"x", (("x-a", "1"), ("x-a", "2"))),
        (Answer(202, b"later"), 202, b"later", ()),
        (Response(status_code=200, content=b"c", headers={"A": "b"}), 200, b"c", (("a", "b"),)),
        (Response(status_code=200, data=b"d"), 200, b"d", ()),
        (Response(status_code=200), 200, b"", ()),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_callable_answers_in_any_of_these_ways(
    deliver, result, *, status, body, headers, is_async
) -> None:
    async def handle_async(_request: WebhookRequest) -> object:
        return result

    answer = deliver(handle_async if is_async else lambda _request: result)

    assert (answer.status, answer.body, answer.headers) == (status, body, headers)
    assert answer.error is None


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("ok", "returned 'ok'; return a status"),
        (True, "returned True; return a status"),
        (42, "returned the status 42"),
        ((200, 5), "returned the body 5"),
        (("a", "b"), "returned ('a', 'b'); return a status"),
        (Response(status_code="200"), "return a status"),
    ],
)
def test_an_answer_that_is_none_says_what_to_return(deliver, result, words) -> None:
    with pytest.raises(HandlerError) as caught:
        deliver(lambda _request: result)

    assert isinstance(caught.value.__cause__, MisuseError)
    assert words in str(caught.value.__cause__)
    assert caught.value.answer.status == 500


def test_what_a_callable_raises_is_kept(deliver) -> None:
    error = LookupError("no such order")

    async def handle(_request: WebhookRequest) -> None:
        raise error

    with pytest.raises(HandlerError) as caught:
        deliver(handle)

    assert caught.value.__cause__ is error
    assert caught.value.target == "https://shop.test"


def test_a_callable_runs_in_the_thread_of_the_test(deliver) -> None:
    threads: list[int] = []

    deliver(lambda _request: threads.append(threading.get_ident()))

    assert threads == [threading.get_ident()]


def test_a_coroutine_function_runs_in_the_loop_of_the_test() -> None:
    mounts = Mounts()
    loops: list[object] = []

    async def handle(_request: WebhookRequest) -> None:
        loops.append(asyncio.get_running_loop())

    mounts.add("https://shop.test", handle)

    async def a_test() -> object:
        await Outgoing(mounts).deliver_async(a_post(HOOK))
        return asyncio.get_running_loop()

    loop = asyncio.run(a_test())

    assert loops == [loop]


def test_a_coroutine_function_of_trio_runs_in_the_loop_of_the_test() -> None:
    mounts = Mounts()
    seen: list[int] = []

    async def handle(_request: WebhookRequest) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
        seen.append(1)

    mounts.add("https://shop.test", handle)

    trio.run(Outgoing(mounts).deliver_async, a_post(HOOK))

    assert seen == [1]


def test_a_coroutine_is_never_left_waiting_when_a_loop_runs() -> None:
    mounts = Mounts()

    async def handle(_request: WebhookRequest) -> None: ...

    def hide(request: WebhookRequest) -> object:
        return handle(request)

    mounts.add("https://shop.test", hide)

    async def a_test() -> None:
        Outgoing(mounts).deliver(a_post(HOOK))

    with pytest.raises(HandlerError) as caught:
        asyncio.run(a_test())

    assert "advance_async" in str(caught.value.__cause__)


# -- telling targets apart -------------------------------------------------------------------------


class Handler:
    """Handlers as methods and as objects that can be called."""

    def __call__(self, request: WebhookRequest) -> int:
        return 200

    def method(self, request: WebhookRequest) -> int:
        return 200

    async def method_async(self, request: WebhookRequest) -> int:
        return 200


class AsyncHandler:
    """A handler that is called and awaited."""

    async def __call__(self, request: WebhookRequest) -> int:
        return 200


def with_default(request: WebhookRequest, status: int = 200) -> int:
    return status


def with_all_defaults(request: WebhookRequest | None = None) -> int:
    return 200


def with_rest(request: WebhookRequest, *rest: object, **more: object) -> int:
    return 200


def wsgi_app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK", [])
    return []


async def asgi_app(scope: object, receive: object, send: object) -> None: ...


def wrapped_asgi(scope: object, receive: object, send: object) -> object:
    return asgi_app(scope, receive, send)


async def async_handler(request: WebhookRequest, status: int) -> int:
    return status


@pytest.mark.parametrize(
    ("target", "kind", "needs_loop"),
    [
        (Handler(), "callable", False),
        (Handler().method, "callable", False),
        (Handler().method_async, "callable", True),
        (AsyncHandler(), "callable", True),
        (with_default, "callable", False),
        (with_all_defaults, "callable", False),
        (with_rest, "callable", False),
        (functools.partial(with_default, status=204), "callable", False),
        (functools.partial(async_handler, status=204), "callable", True),
        (lambda _request: 200, "callable", False),
        (wsgi_app, "wsgi", False),
        (Flask("shop"), "wsgi", False),
        (asgi_app, "asgi", True),
        (wrapped_asgi, "asgi", True),
        (FastAPI(), "asgi", True),
        ("http://localhost/app", "url", True),
    ],
)
def test_targets_are_told_apart_by_what_they_must_be_given(target, kind, needs_loop) -> None:
    mount = Mounts().add("https://shop.test", target)

    assert (mount.kind, mount.needs_loop) == (kind, needs_loop)


async def two_arguments(environ: object, start_response: object) -> None: ...


def only_by_name(*, request: object) -> None: ...


@pytest.mark.parametrize(
    "target",
    [
        Mock(),
        lambda: 200,
        lambda *arguments: 200,
        lambda a, b, c, d: 200,
        two_arguments,
        only_by_name,
        dict,
    ],
)
def test_a_target_that_nobody_can_tell_needs_its_kind(target) -> None:
    with pytest.raises(MisuseError, match='say kind="callable"'):
        Mounts().add("https://shop.test", target)


@pytest.mark.parametrize("kind", ["callable", "wsgi", "asgi"])
def test_the_kind_overrules(kind) -> None:
    assert Mounts().add("https://shop.test", Mock(), kind=kind).kind == kind


def test_a_mock_is_mounted_with_its_kind(deliver) -> None:
    hook = Mock(return_value=204)

    answer = deliver(hook, kind="callable")

    assert answer.status == 204
    assert hook.call_args.args[0].path == "/hooks/orders"


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        (Flask("shop").test_client(), None, "not its test client"),
        (None, None, "cannot answer a webhook"),
        (lambda _: 200, "url", "does not fit a callable"),
        (lambda _: 200, "cgi", "does not fit a callable"),
        ("http://localhost", "wsgi", "is a base URL"),
        ("localhost", None, "write scheme and host"),
    ],
)
def test_a_target_that_cannot_answer_says_what_to_mount(target, kind, words) -> None:
    with pytest.raises(MisuseError, match=words):
        Mounts().add("https://shop.test", target, kind=kind)


@pytest.mark.parametrize(
    "prefix",
    [
        "shop.test",
        "ftp://shop.test",
        "https://",
        "https://shop.test?x=1",
        "https://shop.test/#x",
        "https://alice@shop.test",
        "https://shop.test:port",
        5,
    ],
)
def test_a_prefix_is_scheme_host_and_perhaps_a_path(prefix) -> None:
    with pytest.raises(MisuseError, match="write scheme and host"):
        Mounts().add(prefix, lambda _: 200)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("https://shop.test", "https://shop.test"),
        ("https://SHOP.test./x", "https://shop.test"),
        ("https://shop.test:443/x?y", "https://shop.test"),
        ("https://shop.test/hooksome", "https://shop.test"),
        ("https://shop.test/hooks", "https://shop.test/hooks/"),
        ("https://shop.test/hooks/a/b", "https://shop.test/hooks/"),
        ("http://shop.test:8080/", "http://shop.test:8080"),
        ("http://shop.test/", None),
        ("https://other.test/", None),
        ("https://a.shop.test/", None),
        ("https://shop.test:bad/", None),
        ("mailto:shop@shop.test", None),
    ],
)
def test_the_longest_mounted_path_wins(url, prefix) -> None:
    mounts = Mounts()
    for place in ("https://shop.test", "https://shop.test/hooks/", "http://shop.test:8080"):
        mounts.add(place, lambda _: 200)

    mount = mounts.find(url)

    assert (mount and mount.prefix) == prefix


def test_a_second_mount_takes_the_place_of_the_first() -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", lambda _: 200)

    latest = mounts.add("https://shop.test/", lambda _: 201)

    assert list(mounts) == [latest]
    assert len(mounts) == 1


def test_a_mount_can_be_taken_away() -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", lambda _: 200)

    mounts.remove("https://shop.test/")

    assert mounts.find("https://shop.test") is None
    with pytest.raises(MisuseError, match="nothing is mounted at"):
        mounts.remove("https://shop.test")


# -- WSGI ------------------------------------------------------------------------------------------


def a_shop() -> Flask:
    app = Flask("shop")

    @app.post("/hooks/<kind>")
    def hook(kind: str) -> tuple[dict[str, object], int, dict[str, str]]:
        seen = {
            "kind": kind,
            "query": request.args["kind"],
            "json": request.json,
            "url": request.url,
            "secure": request.is_secure,
            "signature": request.headers["X-Signature"],
            "thread": threading.get_ident(),
        }
        return seen, 202, {"X-Served": "yes"}

    @app.post("/broken")
    def broken() -> str:
        raise ValueError("broken order")

    @app.post("/missing")
    def missing() -> str:
        abort(404)

    @app.post("/slash/")
    def slash() -> str:
        return "slash"

    return app


SIGNED = (("content-type", "application/json"), ("X-Signature", "abc"))


def test_a_flask_app_answers_without_a_port(deliver) -> None:
    answer = deliver(a_shop(), a_post(HOOK, headers=SIGNED))

    got = Answer(200, answer.body).json()
    assert answer.status == 202
    assert ("x-served", "yes") in answer.headers
    assert got == {
        "kind": "orders",
        "query": "a b",
        "json": {"event": "shown"},
        "url": HOOK,
        "secure": True,
        "signature": "abc",
        "thread": threading.get_ident(),
    }


@pytest.mark.parametrize("testing", [False, True])
def test_what_a_flask_view_raises_is_kept_though_flask_makes_it_a_500(deliver, testing) -> None:
    app = a_shop()
    app.testing = testing

    with pytest.raises(HandlerError) as caught:
        deliver(app, a_post("https://shop.test/broken"))

    assert repr(caught.value.__cause__) == "ValueError('broken order')"


def test_what_flask_answers_on_purpose_is_an_answer(deliver) -> None:
    answer = deliver(a_shop(), a_post("https://shop.test/missing"))

    assert answer.status == 404


def test_a_redirect_within_the_app_is_followed(deliver) -> None:
    answer = deliver(a_shop(), a_post("https://shop.test/slash"))

    assert (answer.status, answer.body) == (200, b"slash")


def answering_wsgi(
    status: str = "200 OK", chunks: Iterable[bytes] = (), *, written: bytes = b""
) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response(status, [("X-Body", environ["wsgi.input"].read().decode())])
        write(written)
        return chunks

    return app


def test_a_wsgi_app_may_write_and_yield(deliver) -> None:
    answer = deliver(answering_wsgi("207 Multi Status", iter([b"b", b"c"]), written=b"a"))

    assert (answer.status, answer.body) == (207, b"abc")
    assert answer.headers == (("x-body", '{"event": "shown"}'),)


def test_what_a_wsgi_app_gives_is_closed() -> None:
    class Chunks(list[bytes]):
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    chunks = Chunks([b"x"])
    mounts = Mounts()
    mounts.add("https://shop.test", answering_wsgi(chunks=chunks))

    Outgoing(mounts).deliver(a_post(HOOK))

    assert chunks.is_closed


def silent_wsgi(environ: object, start_response: object) -> list[bytes]:
    return []


def hasty_wsgi(environ: object, start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


@pytest.mark.parametrize("app", [silent_wsgi, hasty_wsgi])
def test_a_wsgi_app_that_breaks_the_rules_fails_the_test(deliver, app) -> None:
    with pytest.raises(HandlerError) as caught:
        deliver(app)

    assert "start_response" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "target",
    [
        answering_wsgi(chunks=iter([b"x" * ANSWER_BYTES_MAX, b"x", b"y"])),
        lambda _request: (200, b"x" * (ANSWER_BYTES_MAX + 1)),
    ],
    ids=["wsgi", "callable"],
)
def test_an_answer_beyond_the_bound_is_an_error(target) -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", target)

    answer = Outgoing(mounts).deliver(a_post(HOOK))

    assert (answer.status, answer.error) == (None, "too large: more than 1048576 bytes")


def test_headers_of_one_name_are_joined_for_wsgi(deliver) -> None:
    seen: list[str] = []

    def app(environ: dict[str, str], start_response: Callable[..., object]) -> list[bytes]:
        seen.append(environ["HTTP_X_TAG"])
        start_response("200 OK", [])
        return []

    deliver(app, a_post(HOOK, headers=(("X-Tag", "a"), ("x-tag", "b"), ("Host", "evil.test"))))

    assert seen == ["a,b"]


# -- Django ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def django_shop() -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application of a Django project that stores what it is told."""
    from django.contrib.auth.models import Group
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import path

    def store(request: Any) -> Any:
        Group.objects.create(name=request.body.decode())
        return HttpResponse(status=201)

    def broken(request: Any) -> Any:
        raise ValueError("broken order")

    django_settings.ROOT_URLCONF = (path("hooks/orders", store), path("broken", broken))
    app: Callable[..., Iterable[bytes]] = WSGIHandler()
    return app


@pytest.fixture(scope="module", autouse=True)
def _django() -> None:
    set_up_django()


def test_a_django_test_case_sees_what_its_app_wrote(django_shop) -> None:
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.db import connection, transaction

    call_command("migrate", run_syncdb=True, verbosity=0)
    mounts = Mounts()
    mounts.add("https://shop.test", django_shop)

    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        answer = Outgoing(mounts).deliver(a_post(HOOK, body=b"from the webhook"))
        names = list(Group.objects.values_list("name", flat=True))
        raise ZeroDivisionError  # as a TestCase rolls back

    assert answer.status == 201
    assert names == ["from the webhook"]
    assert list(Group.objects.all()) == []
    connection.close()


def test_what_a_django_view_raises_is_kept_though_django_makes_it_a_500(django_shop) -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", django_shop)

    with pytest.raises(HandlerError) as caught:
        Outgoing(mounts).deliver(a_post("https://shop.test/broken"))

    assert repr(caught.value.__cause__) == "ValueError('broken order')"


# -- ASGI ------------------------------------------------------------------------------------------


def an_async_shop() -> tuple[FastAPI, list[dict[str, object]]]:
    app = FastAPI()
    seen: list[dict[str, object]] = []

    @app.post("/hooks/{kind}", status_code=202)
    async def hook(kind: str, request: Request) -> dict[str, str]:
        seen.append(
            {
                "kind": kind,
                "query": request.query_params["kind"],
                "json": await request.json(),
                "url": str(request.url),
                "signature": request.headers["x-signature"],
            }
        )
        return {"kind": kind}

    @app.post("/broken")
    async def broken() -> None:
        raise ValueError("broken order")

    @app.post("/old")
    async def old() -> RedirectResponse:
        return RedirectResponse(HOOK, status_code=308)

    return app, seen


def test_a_fastapi_app_answers_without_a_port(deliver) -> None:
    app, seen = an_async_shop()

    answer = deliver(app, a_post(HOOK, headers=SIGNED))

    assert (answer.status, answer.body) == (202, b'{"kind":"orders"}')
    assert ("content-type", "application/json") in answer.headers
    assert seen == [
        {
            "kind": "orders",
            "query": "a b",
            "json": {"event": "shown"},
            "url": HOOK,
            "signature": "abc",
        }
    ]


def test_a_redirect_keeps_the_body_where_it_must(deliver) -> None:
    app, seen = an_async_shop()

    answer = deliver(app, a_post("https://shop.test/old", headers=SIGNED))

    assert answer.status == 202
    assert seen[0]["json"] == {"event": "shown"}


def test_what_a_fastapi_view_raises_is_kept(deliver) -> None:
    app, _ = an_async_shop()

    with pytest.raises(HandlerError) as caught:
        deliver(app, a_post("https://shop.test/broken"))

    assert repr(caught.value.__cause__) == "ValueError('broken order')"


def test_an_asgi_app_that_never_answers_fails_the_test(deliver) -> None:
    with pytest.raises(HandlerError) as caught:
        deliver(asgi_app)

    assert "without an answer" in str(caught.value.__cause__)


def test_an_asgi_app_may_stream_and_hears_of_the_end(deliver) -> None:
    heard: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
        heard.append((await receive())["type"])

    answer = deliver(app)

    assert (answer.status, answer.body) == (200, b"ab")
    assert heard == ["http.request", "http.disconnect"]


# -- bounds ----------------------------------------------------------------------------------------


async def wait_for_ever(_request: WebhookRequest) -> None:
    if trio.lowlevel.in_trio_task():
        await trio.sleep_forever()
    await asyncio.Event().wait()


def test_a_coroutine_that_never_ends_times_out_in_real_time(deliver) -> None:
    answer = deliver(wait_for_ever, a_post(HOOK, timeout_s=0.02))

    assert (answer.status, answer.error) == (None, "timed out")


def test_redirects_are_bounded(deliver) -> None:
    calls: list[str] = []

    def handle(request: WebhookRequest) -> tuple[int, None, dict[str, str]]:
        calls.append(request.url)
        return 302, None, {"Location": f"/{len(calls)}"}

    answer = deliver(handle)

    assert (answer.status, answer.error) == (None, "too many redirects: more than 5")
    assert calls[:2] == [HOOK, "https://shop.test/1"]
    assert len(calls) == 6
