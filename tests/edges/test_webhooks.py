"""Posts of the lab's own reach the app under test, wherever it runs, and it may call back.

The post is the one of the app on the device: an observer of its push subscription tells the
app's server of each change.
"""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiohttp import web
from fastapi import FastAPI, Request
from flask import Flask, request

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_testing.app import App

SHOP = "https://shop.test"
HOOK = f"{SHOP}/hooks/subscription"


@pytest.fixture
def lab():
    with Lab(seed=3) as made:
        made.serve()
        yield made


@pytest.fixture
def phone(lab):
    made = lab.device("android", external_id="alice")
    lab.device("ios", external_id="alice")
    lab.observe_subscriptions(HOOK)
    return made


def opt_out_and_wait(lab, phone):
    phone.opt_out()
    lab.advance(seconds=10)


class Story:
    """What the app does on a change: it remembers it, and welcomes the person over the API."""

    def __init__(self, lab):
        self.lab = lab
        self.app = App(lab)
        self.changes = []
        self.notifications = []

    def handle(self, body):
        change = json.loads(body)
        self.changes.append(change["current"]["optedIn"])
        self.notifications.append(self.app.push("alice", contents={"en": "Sorry to see you go"}))

    def check(self):
        assert self.changes == [False]
        assert self.notifications[0]["id"]
        assert self.lab.webhooks[0].status == 200


def test_a_thread_server_gets_the_post_and_calls_the_api_back(lab, phone):
    story = Story(lab)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            story.handle(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        lab.mount(SHOP, f"http://127.0.0.1:{server.server_address[1]}")
        opt_out_and_wait(lab, phone)
        server.shutdown()
        thread.join(5)

    story.check()


async def serve_in_this_loop(story):
    async def hook(posted):
        story.handle(await posted.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hooks/subscription", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.mark.asyncio
async def test_an_app_in_the_tests_own_loop_gets_the_post_while_the_lab_moves(lab, phone):
    story = Story(lab)
    runner, url = await serve_in_this_loop(story)
    lab.mount(SHOP, url)

    phone.opt_out()
    await lab.advance_async(seconds=10)
    await runner.cleanup()

    story.check()


@pytest.mark.asyncio
async def test_a_sync_mover_that_would_stop_the_apps_loop_is_refused_before_it_moves(lab, phone):
    lab.mount(SHOP, "http://127.0.0.1:9")
    phone.opt_out()

    with pytest.raises(MisuseError, match=r"await lab\.advance_async\(seconds=10\)"):
        lab.advance(seconds=10)

    assert lab.webhooks == []
    assert lab.now == lab.world.clock.start


def test_a_flask_app_needs_no_port(lab, phone):
    story = Story(lab)
    shop = Flask("shop")

    @shop.post("/hooks/subscription")
    def hook():
        story.handle(request.get_data())
        return ""

    lab.mount(SHOP, shop)
    opt_out_and_wait(lab, phone)

    story.check()


def test_a_fastapi_app_needs_no_port(lab, phone):
    story = Story(lab)
    shop = FastAPI()

    @shop.post("/hooks/subscription")
    async def hook(posted: Request) -> dict[str, bool]:
        story.handle(await posted.body())
        return {"ok": True}

    lab.mount(SHOP, shop)
    opt_out_and_wait(lab, phone)

    story.check()


@pytest.mark.asyncio
async def test_a_fastapi_app_is_awaited_in_the_tests_loop(lab, phone):
    story = Story(lab)
    loops = []

    async def shop(scope, receive, send):
        loops.append(asyncio.get_running_loop())
        message = await receive()
        story.handle(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    lab.mount(SHOP, shop, kind="asgi")
    phone.opt_out()
    await lab.advance_async(seconds=10)

    assert loops == [asyncio.get_running_loop()]
    story.check()


def test_a_plain_callable_is_called_in_the_tests_thread(lab, phone):
    story = Story(lab)
    threads = []

    def hook(posted):
        threads.append(threading.current_thread())
        story.handle(posted.body)
        return 200

    lab.mount(SHOP, hook)
    opt_out_and_wait(lab, phone)

    assert threads == [threading.current_thread()]
    story.check()


def test_a_hook_that_nobody_serves_is_a_recorded_refusal_not_a_lookup(lab, phone):
    opt_out_and_wait(lab, phone)

    assert lab.webhooks[0].status is None
    assert "shop.test" in lab.refused_hosts[0]


def test_a_hook_that_moves_time_is_told_who_moves_it(lab, phone):
    def hook(_):
        lab.advance(seconds=1)

    lab.mount(SHOP, hook)

    with pytest.raises(MisuseError, match=r"lab\.advance"):
        opt_out_and_wait(lab, phone)


def test_the_world_stands_at_the_instant_of_the_post_while_the_app_handles_it(lab, phone):
    seen = []
    lab.mount(SHOP, lambda _request: seen.append(lab.now))

    phone.opt_out()
    lab.advance(minutes=5)

    assert seen == [lab.webhooks[0].at]
    assert seen[0] == lab.world.clock.start + 5_000
