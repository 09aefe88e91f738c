"""Goal: what leaves goes where it may, once, and comes back in bounded real time.

Method: servers on loopback that behave, and that do not; every wait is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import socket
import ssl
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import freezegun
import pytest
import trio

from pushlab_fakes.exchange import Answer
from pushlab_fakes.wire.mounts import Mounts
from pushlab_fakes.wire.outgoing import Outgoing
from pushlab_testing.bench import a_post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pushlab.world.outbox import Post, PostAnswer


@pytest.fixture(params=["sync", "asyncio", "trio"])
def deliver(request: pytest.FixtureRequest) -> Callable[[Outgoing, Post], PostAnswer]:
    """Return one of the three ways in which a post is made."""

    def deliver_by(outgoing: Outgoing, post: Post) -> PostAnswer:
        if request.param == "sync":
            return outgoing.deliver(post)
        if request.param == "asyncio":
            return asyncio.run(outgoing.deliver_async(post))
        return trio.run(outgoing.deliver_async, post)

    return deliver_by


class Shop(http.server.BaseHTTPRequestHandler):
    """An app in its own server: tells what it got, or sends on."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer what was asked."""
        self.do_POST()

    def do_POST(self) -> None:
        """Answer what was sent, or redirect."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, _, location = self.path.removeprefix("/to/").partition("/")
        got = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        told = json.dumps(got).encode()
        is_redirect = self.path.startswith("/to/")
        self.send_response(int(status) if is_redirect else 200)
        if is_redirect:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Yield the base URL of an app that runs in a server of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def rogue() -> Iterator[Callable[[bytes], str]]:
    """Return a way to start a server that says these bytes to all who connect, and waits."""
    listeners: list[socket.socket] = []
    accepted: list[socket.socket] = []

    def serve(listening: socket.socket, said: bytes) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            accepted.append(connection)
            connection.sendall(said)
            if said.endswith(b"BYE"):
                connection.close()

    def start(said: bytes = b"") -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        listeners.append(listening)
        threading.Thread(target=serve, args=(listening, said), daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/hook"

    yield start
    for one in [*listeners, *accepted]:
        # Closing alone would not wake the thread that accepts.
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def got_by(answer: PostAnswer) -> dict[str, Any]:
    """Return what the app says that it got."""
    got: dict[str, Any] = json.loads(answer.body)
    return got


def no_look_up(*_: object, **__: object) -> list[Any]:
    raise AssertionError("a name was looked up")


# -- the request -----------------------------------------------------------------------------------


def test_a_post_to_this_machine_arrives_whole(deliver, shop) -> None:
    post = a_post(
        f"{shop}/hook?a=b%20c", headers=(("Content-Type", "application/json"), ("X-Sign", "s"))
    )

    answer = deliver(Outgoing(Mounts()), post)

    got = got_by(answer)
    assert (answer.status, answer.error) == (200, None)
    assert (got["method"], got["path"], got["body"]) == (
        "POST",
        "/hook?a=b%20c",
        '{"event": "shown"}',
    )
    assert got["headers"] == {
        "host": shop.removeprefix("http://"),
        "content-type": "application/json",
        "x-sign": "s",
        "content-length": "18",
        "connection": "close",
    }


def test_a_get_has_no_body(deliver, shop) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(f"{shop}/x", method="GET", body=b"", headers=()))

    assert "content-length" not in got_by(answer)["headers"]


def test_a_mounted_base_url_stands_for_the_name(deliver, shop) -> None:
    mounts = Mounts()
    mounts.add("https://shop.test/api", f"{shop}/v1/")

    answer = deliver(Outgoing(mounts), a_post("https://shop.test/api/hook?x=1"))

    got = got_by(answer)
    assert got["path"] == "/v1/hook?x=1"
    assert got["headers"]["host"] == "shop.test"
    assert got["headers"]["x-forwarded-proto"] == "https"


def test_a_name_and_password_in_the_url_become_a_header(deliver, shop) -> None:
    url = shop.replace("http://", "http://alice:p%40ss@")

    answer = deliver(Outgoing(Mounts()), a_post(f"{url}/hook"))

    headers = got_by(answer)["headers"]
    assert headers["authorization"] == "Basic YWxpY2U6cEBzcw=="
    assert "alice" not in headers["host"]


def test_tls_is_checked(deliver, listener, echo) -> None:
    trusting = ssl.create_default_context(cadata=listener.ca_pem.decode())
    url = f"{listener.tls_url}/hook"

    trusted = deliver(Outgoing(Mounts(), tls=trusting), a_post(url))
    unknown = deliver(Outgoing(Mounts()), a_post(url))

    assert trusted.status == 200
    assert (unknown.status, unknown.error) == (None, "unreachable: no TLS connection")
    assert len(echo.requests) == 1


# -- the guard -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[2001:db8::1]/x",
        "http://0.0.0.0/x",
        "http://localhost.example.com/x",
        "http://127.0.0.1.example.com/x",
        "http://2130706433/x",
        "http://[::ffff:10.0.0.1]/x",
    ],
)
def test_what_would_leave_this_machine_is_refused_without_a_look_up(
    deliver, monkeypatch: pytest.MonkeyPatch, url
) -> None:
    outgoing = Outgoing(Mounts())
    monkeypatch.setattr(socket, "getaddrinfo", no_look_up)

    answer = deliver(outgoing, a_post(url))

    assert answer.status is None
    assert answer.error is not None
    assert answer.error.startswith("refused: ")
    assert answer.error.endswith(" is neither mounted nor allowed")
    assert len(outgoing.refused) == 1


def test_a_refusal_is_remembered_with_the_ways_out() -> None:
    outgoing = Outgoing(Mounts())

    for _ in range(2):
        outgoing.deliver(a_post("https://hooks.example.com/x"))

    assert outgoing.refused == {
        "hooks.example.com": "a request to hooks.example.com was refused: it is not on this "
        'machine. Mount your app there (lab.mount("https://hooks.example.com", app)) or allow it '
        '(@pytest.mark.pushlab(allow=["hooks.example.com"]))'
    }


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/x", "mailto:a@b.test", "http://", "http://[x", "http://127.0.0.1:port", ""],
)
def test_what_is_no_web_address_is_refused(deliver, url) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(url))

    assert answer.error == "refused: no http or https URL"


@pytest.mark.parametrize(
    ("host", "allow", "expected"),
    [
        ("127.0.0.1", (), True),
        ("127.9.9.9", (), True),
        ("[::1]", (), True),
        ("[::ffff:127.0.0.1]", (), True),
        ("localhost", (), True),
        ("shop.localhost", (), True),
        ("web", ("web",), True),
        ("web.", ("WEB",), True),
        ("a.shop.test", ("*.shop.test",), True),
        ("shop.test", ("*.shop.test",), False),
        ("evilshop.test", ("*.shop.test",), False),
        ("web", (), False),
    ],
)
def test_hosts_are_allowed_by_name(host, allow, expected) -> None:
    outgoing = Outgoing(Mounts(), allow=allow)

    assert outgoing.goes_over_socket(f"http://{host}/hook") is expected


def test_a_mounted_app_goes_over_no_socket() -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", lambda _: 200)

    assert not Outgoing(mounts).goes_over_socket("https://shop.test/hook")


def test_an_allowed_name_is_resolved_once_and_that_address_is_used(
    deliver, monkeypatch: pytest.MonkeyPatch, shop
) -> None:
    asked: list[object] = []
    look_up = socket.getaddrinfo

    def answer_once(host: object, port: Any, *_: object, **options: Any) -> list[Any]:
        asked.append(host)
        return look_up("127.0.0.1", port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer_once)
    url = shop.replace("127.0.0.1", "web")

    answer = deliver(Outgoing(Mounts(), allow=["web"]), a_post(f"{url}/hook"))

    assert answer.status == 200
    assert asked == ["web"]


def test_a_local_name_that_leads_away_is_refused(deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    away = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: away)

    answer = deliver(Outgoing(Mounts()), a_post("http://shop.localhost/hook"))

    assert answer.error == "refused: shop.localhost leads away from this machine"


def test_a_mounted_base_url_passes_the_guard_too(deliver) -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", "http://hooks.example.com")
    outgoing = Outgoing(mounts)

    answer = deliver(outgoing, a_post("https://shop.test/x"))

    assert answer.error == "refused: hooks.example.com is neither mounted nor allowed"
    assert list(outgoing.refused) == ["hooks.example.com"]


# -- redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [
        (301, "GET", ""),
        (302, "GET", ""),
        (303, "GET", ""),
        (307, "POST", '{"event": "shown"}'),
        (308, "POST", '{"event": "shown"}'),
    ],
)
def test_redirects_are_followed_as_clients_follow_them(deliver, shop, status, method, body) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(f"{shop}/to/{status}//hook"))

    got = got_by(answer)
    assert (got["method"], got["path"], got["body"]) == (method, "/hook", body)


def test_a_redirect_to_elsewhere_is_refused(deliver, shop) -> None:
    outgoing = Outgoing(Mounts())

    answer = deliver(outgoing, a_post(f"{shop}/to/307/http://169.254.169.254/latest"))

    assert answer.error == "refused: 169.254.169.254 is neither mounted nor allowed"
    assert list(outgoing.refused) == ["169.254.169.254"]


def test_what_leaves_only_if_served_is_passed_over_without_a_complaint(deliver) -> None:
    outgoing = Outgoing(Mounts())

    answer = deliver(outgoing, replace(a_post("https://cdn.test/a.png"), if_served=True))

    assert answer.error == "unserved: nobody serves cdn.test here"
    assert outgoing.refused == {}


def test_what_leaves_only_if_served_ends_with_the_redirect_to_elsewhere(deliver, shop) -> None:
    outgoing = Outgoing(Mounts())
    url = f"{shop}/to/302/http://elsewhere.test/landing"

    answer = deliver(outgoing, replace(a_post(url), if_served=True))

    assert (answer.status, answer.url) == (302, url)
    assert outgoing.refused == {}


def test_an_answer_tells_where_it_came_from(deliver, shop) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(f"{shop}/to/302//hook"))

    assert answer.url == f"{shop}/hook"


def test_a_post_that_is_not_led_ends_with_the_redirect(deliver, shop) -> None:
    answer = deliver(Outgoing(Mounts()), replace(a_post(f"{shop}/to/302//hook"), is_led=False))

    assert answer.status == 302


def test_asking_whether_a_post_would_leave_is_no_reason_to_complain() -> None:
    outgoing = Outgoing(Mounts())

    assert not outgoing.goes_over_socket("https://hooks.example.com/x")
    assert outgoing.refused == {}


def test_a_redirect_to_a_mounted_name_goes_to_its_target(deliver, shop) -> None:
    mounts = Mounts()
    seen: list[str] = []
    mounts.add("https://shop.test", lambda request: seen.append(request.method))

    answer = deliver(Outgoing(mounts), a_post(f"{shop}/to/307/https://shop.test/hook"))

    assert answer.status == 200
    assert seen == ["POST"]


def test_secrets_do_not_follow_to_another_host(deliver, shop) -> None:
    mounts = Mounts()
    seen: list[str | None] = []

    def handle(request: Any) -> None:
        seen.extend(request.header(name) for name in ("authorization", "cookie", "x-sign"))

    mounts.add("https://shop.test", handle)
    headers = (("Authorization", "Bearer s"), ("Cookie", "c=1"), ("X-Sign", "s"))

    deliver(Outgoing(mounts), a_post(f"{shop}/to/307/https://shop.test/x", headers=headers))

    assert seen == [None, None, "s"]


def test_a_redirect_without_a_place_is_an_answer(deliver) -> None:
    mounts = Mounts()
    mounts.add("https://shop.test", lambda _: Answer(302))

    answer = deliver(Outgoing(mounts), a_post("https://shop.test/x"))

    assert answer.status == 302


# -- servers that misbehave ------------------------------------------------------------------------


def test_nobody_at_the_port_is_an_error(deliver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    answer = deliver(Outgoing(Mounts()), a_post(f"http://127.0.0.1:{port}/hook"))

    assert answer.error == "unreachable: connection refused"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\nbody"])
def test_a_server_that_never_ends_times_out(deliver, rogue, said) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(rogue(said), timeout_s=0.05))

    assert (answer.status, answer.error) == (None, "timed out")


def test_the_bound_is_real_while_the_clocks_are_frozen(deliver, rogue) -> None:
    url = rogue()
    with freezegun.freeze_time("2026-01-01"):
        answer = deliver(Outgoing(Mounts()), a_post(url, timeout_s=0.05))

    assert answer.error == "timed out"


def test_a_coroutine_is_bounded_in_real_time_while_the_clocks_are_frozen(deliver) -> None:
    mounts = Mounts()

    async def wait_for_ever(_request: object) -> None:
        if trio.lowlevel.in_trio_task():
            await trio.sleep_forever()
        await asyncio.Event().wait()

    mounts.add("https://shop.test", wait_for_ever)
    with freezegun.freeze_time("2026-01-01"):
        answer = deliver(Outgoing(mounts), a_post("https://shop.test", timeout_s=0.05))

    assert answer.error == "timed out"


def test_sleeps_of_a_mounted_coroutine_are_real_while_the_clocks_are_frozen() -> None:
    mounts = Mounts()

    async def handle(_request: object) -> int:
        await asyncio.sleep(0.001)
        return 204

    mounts.add("https://shop.test", handle)
    with freezegun.freeze_time("2026-01-01"):
        answer = Outgoing(mounts).deliver(a_post("https://shop.test"))

    assert answer.status == 204


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"BYE", "no HTTP answer"),
        (b"SMTP 220 hello\r\n\r\nBYE", "no HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nBYE", "no HTTP answer"),
    ],
)
def test_an_answer_that_is_no_http_is_an_error(deliver, rogue, said, error) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(rogue(said)))

    # A server that hangs up may also cut the connection while the request is on its way.
    assert answer.status is None
    assert answer.error in {error, "unreachable: connection lost"}


def test_an_answer_beyond_the_bound_is_not_read_to_its_end(deliver, rogue) -> None:
    said = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_048_577

    answer = deliver(Outgoing(Mounts()), a_post(rogue(said)))

    assert answer.error == "too large: more than 1048576 bytes"


def test_a_url_with_control_characters_is_an_error(deliver, shop) -> None:
    answer = deliver(Outgoing(Mounts()), a_post(f"{shop}/a b"))

    assert answer.error == "no HTTP answer"


def test_a_name_that_nobody_knows_is_an_error(deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    answer = deliver(Outgoing(Mounts(), allow=["web"]), a_post("http://web/hook"))

    assert answer.error == "unreachable: no such host"


def test_the_second_address_of_a_name_is_tried(
    deliver, monkeypatch: pytest.MonkeyPatch, shop
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free_port = taken.getsockname()[1]
    port = int(shop.rpartition(":")[2])
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", free_port)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    answer = deliver(Outgoing(Mounts()), a_post(f"http://localhost:{port}/hook"))

    assert answer.status == 200


def test_proxies_of_the_machine_are_not_asked(
    deliver, monkeypatch: pytest.MonkeyPatch, shop
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    answer = deliver(Outgoing(Mounts()), a_post(f"{shop}/hook"))

    assert answer.status == 200


# -- which target needs the loop -------------------------------------------------------------------


async def async_handler(_request: object) -> None: ...


@pytest.mark.parametrize(
    ("target", "urls", "expected"),
    [
        (None, (), None),
        (lambda _: 200, (), None),
        (async_handler, (), "https://shop.test"),
        ("http://localhost:9", (), "https://shop.test"),
        (lambda _: 200, ("https://shop.test/hook", "https://hooks.example.com"), None),
        (None, ("http://localhost:9/hook",), "http://localhost:9/hook"),
    ],
)
def test_a_target_that_may_need_the_loop_is_named(target, urls, expected) -> None:
    mounts = Mounts()
    if target is not None:
        mounts.add("https://shop.test", target)

    assert Outgoing(mounts).find_loop_target(urls) == expected
