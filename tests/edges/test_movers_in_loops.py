"""Goal: time moves under asyncio and trio without stopping the loop that answers webhooks.

Method: apps in the test's own loop, in servers of their own and in neither; every wait is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import threading
from typing import TYPE_CHECKING, Any

import aiohttp.web
import pytest
import trio

from pushlab.errors import MisuseError
from pushlab.movers import MoverRunningError
from pushlab_testing.bench import Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

SECOND = "2026-01-01T00:00:01.000Z"


async def handle_async(_request: object) -> int:
    return 204


async def asgi_app(scope: object, receive: object, send: object) -> None: ...


def run_in_asyncio(test: Callable[[], Awaitable[object]]) -> None:
    asyncio.run(asyncio.wait_for(test(), timeout=30))


def run_in_trio(test: Callable[[], Awaitable[object]]) -> None:
    async def bounded() -> None:
        with trio.fail_after(30):
            await test()

    trio.run(bounded)


@pytest.fixture(params=[run_in_asyncio, run_in_trio])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Awaitable[object]]], None]:
    """Return how a test with a loop runs: under asyncio or under trio."""
    return request.param  # type: ignore[no-any-return]


@contextlib.asynccontextmanager
async def serve_in_this_loop(handle: Callable[[], object]) -> AsyncIterator[str]:
    """Serve an app in the running asyncio loop, which must go on for it to answer."""

    async def hook(_request: aiohttp.web.Request) -> aiohttp.web.Response:
        handle()
        return aiohttp.web.Response(status=204)

    app = aiohttp.web.Application()
    app.router.add_post("/{tail:.*}", hook)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@contextlib.contextmanager
def serve_in_a_thread(handle: Callable[[], object], *, is_threading: bool) -> Iterator[str]:
    """Serve an app in a thread of its own."""

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            handle()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    kind = http.server.ThreadingHTTPServer if is_threading else http.server.HTTPServer
    server = kind(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


# -- plain movers in a running loop ----------------------------------------------------------------


@pytest.mark.parametrize("target", ["http://127.0.0.1:9", handle_async, asgi_app])
@pytest.mark.parametrize(
    ("move", "line"),
    [
        (lambda lab: lab.movers.advance(minutes=5), "await lab.advance_async(minutes=5)"),
        (
            lambda lab: lab.movers.run_until("2026-01-02T00:00:00Z"),
            "await lab.run_until_async('2026-01-02T00:00:00Z')",
        ),
        (lambda lab: lab.movers.run_until_idle(), "await lab.run_until_idle_async()"),
    ],
)
def test_a_plain_mover_that_would_stop_the_loop_says_what_to_write(run, target, move, line) -> None:
    lab = Bench()
    lab.mounts.add("https://shop.test", target)

    async def a_test() -> None:
        move(lab)

    with pytest.raises(MisuseError) as caught:
        run(a_test)

    assert "webhooks to https://shop.test may need it" in str(caught.value)
    assert f"nothing has moved. Write `{line}`" in str(caught.value)
    assert lab.stands_at == "2026-01-01T00:00:00.000Z"


def test_a_url_that_the_lab_knows_of_counts_though_nothing_is_mounted(run) -> None:
    lab = Bench()
    lab.urls.append("http://127.0.0.1:9/hook")

    async def a_test() -> None:
        lab.movers.advance(minutes=5)

    with pytest.raises(MisuseError, match=r"await lab.advance_async\(minutes=5\)"):
        run(a_test)


@pytest.mark.parametrize("is_mounted", [False, True])
def test_a_plain_mover_works_in_a_loop_that_no_webhook_needs(run, is_mounted) -> None:
    lab = Bench()
    seen: list[str] = []
    if is_mounted:
        lab.mounts.add("https://shop.test", lambda _: seen.append(lab.stands_at))
        lab.plan_post(SECOND)

    async def a_test() -> None:
        lab.movers.advance(minutes=5)

    run(a_test)

    assert lab.stands_at == "2026-01-01T00:05:00.000Z"
    assert seen == [SECOND] * is_mounted


def test_a_webhook_that_nobody_foresaw_is_not_sent_and_the_twin_goes_on() -> None:
    lab = Bench()

    async def a_test() -> str:
        async with serve_in_this_loop(lambda: lab.request("from the app")) as url:
            lab.plan_post(SECOND, f"{url}/hook")
            with pytest.raises(MisuseError) as caught:
                lab.movers.advance(minutes=5)
            stood_at = lab.stands_at
            await lab.movers.advance_async(minutes=5)
        assert "nothing was sent and time stands at 2026-01-01T00:00:01.000Z" in str(caught.value)
        return stood_at

    stood_at = asyncio.run(a_test())

    assert stood_at == SECOND
    assert lab.answers == [204]
    assert lab.stands_at == "2026-01-01T00:05:01.000Z"


def test_a_plain_mover_in_a_worker_thread_leaves_the_loop_free() -> None:
    lab = Bench()

    async def a_test() -> None:
        async with serve_in_this_loop(lambda: lab.request("from the app")) as url:
            lab.mounts.add("https://shop.test", url)
            lab.plan_post(SECOND)
            await asyncio.to_thread(lab.movers.advance, minutes=5)

    asyncio.run(a_test())

    assert lab.answers == [204]


# -- twins -----------------------------------------------------------------------------------------


def test_the_twins_move_time(run) -> None:
    lab = Bench()
    lab.plan("2026-01-03T00:00:00Z", lambda: None)

    async def a_test() -> None:
        await lab.movers.advance_async(minutes=5)
        await lab.movers.run_until_async("2026-01-02T00:00:00Z")
        await lab.movers.run_until_idle_async()

    run(a_test)

    assert lab.stands_at == "2026-01-03T00:00:00.000Z"


def test_a_twin_refuses_what_its_plain_form_refuses(run) -> None:
    lab = Bench()

    async def a_test() -> None:
        await lab.movers.advance_async(seconds=-1)

    with pytest.raises(MisuseError, match="time does not go back"):
        run(a_test)


def test_an_app_in_the_loop_of_the_test_is_served_at_the_instant_of_its_webhook() -> None:
    lab = Bench()
    seen: list[str] = []

    async def a_test() -> None:
        async with serve_in_this_loop(lambda: seen.append(lab.request())) as url:
            lab.mounts.add("https://shop.test", url)
            lab.plan_post(SECOND)
            await lab.movers.advance_async(minutes=5)

    asyncio.run(a_test())

    assert seen == [SECOND]
    assert lab.stands_at == "2026-01-01T00:05:00.000Z"


def test_what_a_handler_raises_reaches_the_test(run) -> None:
    lab = Bench()

    async def handle(_request: object) -> None:
        raise KeyError("order")

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post(SECOND)

    async def a_test() -> None:
        await lab.movers.advance_async(minutes=5)

    with pytest.raises(KeyError) as caught:
        run(a_test)

    assert "await lab.advance_async(minutes=5) stopped there" in caught.value.__notes__[0]
    assert lab.answers == [500]
    assert lab.stands_at == SECOND


def test_one_digest_wherever_the_app_runs() -> None:
    def a_lab() -> tuple[Bench, Callable[[], None]]:
        lab = Bench()

        def handle() -> None:
            """Call the API, and at first have it send one more webhook, as an app may."""
            instant = lab.request("order")
            if instant == SECOND:
                lab.plan_post("2026-01-01T00:00:02.500Z")

        lab.plan_post(SECOND)
        return lab, handle

    digests: list[str] = []
    for is_threading in (False, True):
        lab, handle = a_lab()
        with serve_in_a_thread(handle, is_threading=is_threading) as url:
            lab.mounts.add("https://shop.test", url)
            lab.movers.run_until_idle()
        digests.append(lab.world.trace.digest)

    in_loop, handle_in_loop = a_lab()

    async def a_test() -> None:
        async with serve_in_this_loop(handle_in_loop) as url:
            in_loop.mounts.add("https://shop.test", url)
            await in_loop.movers.run_until_idle_async()

    asyncio.run(a_test())
    digests.append(in_loop.world.trace.digest)
    callable_lab, handle_plain = a_lab()
    callable_lab.mounts.add("https://shop.test", lambda _: (handle_plain(), 204)[1])
    callable_lab.movers.run_until_idle()
    digests.append(callable_lab.world.trace.digest)

    assert in_loop.answers == callable_lab.answers == [204, 204]
    assert digests == digests[:1] * 4


def test_a_second_mover_at_the_same_time_is_told_of_the_first() -> None:
    lab = Bench()

    async def handle(_request: object) -> None:
        await asyncio.sleep(0)

    lab.mounts.add("https://shop.test", handle)
    lab.plan_post(SECOND)

    async def a_test() -> tuple[Any, Any]:
        return await asyncio.gather(
            lab.movers.advance_async(minutes=5),
            lab.movers.advance_async(minutes=1),
            return_exceptions=True,
        )

    first, second = asyncio.run(a_test())

    assert first is None
    assert isinstance(second, MoverRunningError)
    assert "while await lab.advance_async(minutes=5) does" in str(second)
    assert lab.stands_at == "2026-01-01T00:05:00.000Z"


def test_a_cancelled_twin_leaves_the_world_at_the_instant_it_reached() -> None:
    lab = Bench()

    async def a_test() -> None:
        is_out = asyncio.Event()

        async def handle(_request: object) -> None:
            is_out.set()
            await asyncio.Event().wait()

        lab.mounts.add("https://shop.test", handle)
        lab.plan_post(SECOND)
        task = asyncio.ensure_future(lab.movers.advance_async(minutes=5))
        await is_out.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(a_test())
    stood_at = lab.stands_at
    lab.mounts.add("https://shop.test", lambda _: 200)
    lab.movers.advance(minutes=5)

    assert stood_at == SECOND
    assert lab.answers == ["interrupted"]
    assert lab.stands_at == "2026-01-01T00:05:01.000Z"


def test_a_twin_cancelled_by_trio_leaves_the_world_at_the_instant_it_reached() -> None:
    lab = Bench()

    async def a_test() -> None:
        with trio.CancelScope() as scope:

            async def handle(_request: object) -> None:
                scope.cancel()
                await trio.sleep_forever()

            lab.mounts.add("https://shop.test", handle)
            lab.plan_post(SECOND)
            await lab.movers.advance_async(minutes=5)

    trio.run(a_test)

    assert lab.answers == ["interrupted"]
    assert lab.stands_at == SECOND
    assert lab.movers.running is None


def test_a_cancelled_twin_does_not_wait_for_a_server_that_never_answers(run) -> None:
    lab = Bench()
    has_arrived = threading.Event()
    may_end = threading.Event()

    def wait() -> None:
        has_arrived.set()
        may_end.wait(timeout=10)

    async def in_asyncio() -> None:
        task = asyncio.ensure_future(lab.movers.advance_async(minutes=5))
        await asyncio.to_thread(has_arrived.wait, 10)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def in_trio() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: lab.movers.advance_async(minutes=5))
            await trio.to_thread.run_sync(has_arrived.wait, 10)
            nursery.cancel_scope.cancel()

    with serve_in_a_thread(wait, is_threading=True) as url:
        lab.mounts.add("https://shop.test", url)
        lab.plan_post(SECOND, timeout_s=20.0)
        run(in_trio if run is run_in_trio else in_asyncio)
        may_end.set()

    assert lab.answers == ["interrupted"]
    assert lab.stands_at == SECOND
