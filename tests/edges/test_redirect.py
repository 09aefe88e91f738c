"""The redirect: unmodified clients reach the fakes, and nothing reaches a real vendor."""

from __future__ import annotations

import asyncio
import errno
import http.client
import os
import pickle
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress

import aiohttp.resolver
import httpx
import pytest
import requests
from freezegun import freeze_time

from pushlab.errors import MisuseError, PushlabError
from pushlab_fakes.exchange import json_answer
from pushlab_fakes.wire.redirect import Redirect, VendorHostRefused, VendorPeerRefused
from pushlab_fakes.wire.tls import Authority
from pushlab_testing.clients import CLIENTS, VENDOR_CLIENTS, close_old_clients
from pushlab_testing.echo import Echo

SERVED = ("api.onesignal.com", "onesignal.com")
WAIT_S = 10


@pytest.fixture
def redirect(listener):
    """Yield a redirect that is installed."""
    redirect = Redirect(listener, SERVED)
    redirect.install()
    yield redirect
    redirect.remove()


@pytest.fixture(autouse=True)
def _close_clients():
    yield
    close_old_clients()


@contextmanager
def installed(listener, **options):
    """Install a redirect for the length of a block."""
    redirect = Redirect(listener, SERVED, **options)
    redirect.install()
    try:
        yield redirect
    finally:
        redirect.remove()


@contextmanager
def stranger(authority):
    """Run a TLS server for one connection, behind a proxy's greeting if the client wants one."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            conn, _ = listening.accept()
            conn.settimeout(WAIT_S)
            with conn, suppress(OSError):
                if conn.recv(1, socket.MSG_PEEK) == b"C":
                    conn.recv(65536)
                    conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                context = authority.get_server_context([])
                with context.wrap_socket(conn, server_side=True) as tls:
                    heard.append(tls.recv(65536))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], heard
        # Whoever never called lets the server go.
        with suppress(OSError), socket.create_connection(listening.getsockname(), WAIT_S):
            pass
        thread.join(WAIT_S)


class TestClients:
    @pytest.mark.parametrize("name", CLIENTS)
    def test_an_unmodified_client_reaches_the_fake_under_tls(self, redirect, name):
        answer = CLIENTS[name]("https://api.onesignal.com/apps")

        assert (answer["host"], answer["path"]) == ("api.onesignal.com", "/apps")

    @pytest.mark.parametrize("name", CLIENTS)
    def test_an_unmodified_client_reaches_the_fake_in_clear_text(self, redirect, name):
        answer = CLIENTS[name]("http://onesignal.com/api/v1/apps")

        assert (answer["host"], answer["path"]) == ("onesignal.com", "/api/v1/apps")

    @pytest.mark.parametrize("name", VENDOR_CLIENTS)
    def test_a_vendors_own_client_needs_no_word_of_it(self, redirect, echo, name):
        echo.behaviour = lambda _: json_answer(200, {"identity": {"external_id": "alice"}})

        user = VENDOR_CLIENTS[name]()

        assert user.identity["external_id"] == "alice"
        assert echo.requests[0].host == "api.onesignal.com"
        assert echo.requests[0].path.endswith("/users/by/external_id/alice")

    @pytest.mark.parametrize("name", CLIENTS)
    def test_a_proxy_in_the_environment_is_passed_by(self, listener, monkeypatch, name):
        for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(variable, "http://127.0.0.1:9")

        with installed(listener):
            answer = CLIENTS[name]("https://api.onesignal.com/apps")

        assert answer["path"] == "/apps"

    def test_an_old_session_goes_from_lab_to_lab(self, edge):
        paths = []
        for index in range(3):
            echo = Echo()
            listener = edge.borrow(echo)
            with installed(listener):
                CLIENTS["requests, old session"](f"https://onesignal.com/{index}")
            listener.release()
            paths.append([request.path for request in echo.requests])

        assert paths == [["/0"], ["/1"], ["/2"]]

    def test_a_request_under_a_default_freeze_is_served(self, redirect):
        with freeze_time("2031-05-06"):
            answer = CLIENTS["requests"]("https://onesignal.com/frozen")

        assert answer["path"] == "/frozen"

    def test_many_threads_call_at_once(self, redirect, echo):
        def call(index):
            for turn in range(5):
                CLIENTS["urllib3, new pool"](f"https://onesignal.com/{index}/{turn}")

        threads = [threading.Thread(target=call, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)

        expected = {f"/{index}/{turn}" for index in range(4) for turn in range(5)}
        assert {request.path for request in echo.requests} == expected

    def test_other_hosts_are_left_alone(self, redirect, listener, echo):
        answer = requests.get(f"{listener.url}/by-address", timeout=WAIT_S).json()

        assert answer["host"] == "127.0.0.1"
        assert redirect.refused == []


class TestLookUps:
    def test_every_way_to_look_up_gives_one_marker(self, redirect):
        infos = socket.getaddrinfo("api.onesignal.com", "https", type=socket.SOCK_STREAM)
        one = socket.gethostbyname("API.OneSignal.com.")
        name, aliases, addresses = socket.gethostbyname_ex("api.onesignal.com")

        assert [info[4] for info in infos] == [(one, 443)]
        assert one.startswith("127.77.")
        assert (name, aliases, addresses) == ("api.onesignal.com", [], [one])

    def test_a_name_in_bytes_is_a_name(self, redirect):
        by_bytes = socket.getaddrinfo(b"onesignal.com", 80)

        assert by_bytes == socket.getaddrinfo("onesignal.com", 80)

    def test_two_names_have_two_markers(self, redirect):
        assert socket.gethostbyname("api.onesignal.com") != socket.gethostbyname("onesignal.com")

    def test_a_marker_is_the_same_in_each_lab(self, listener):
        with installed(listener):
            first = socket.gethostbyname("onesignal.com")
        with installed(listener):
            second = socket.gethostbyname("onesignal.com")

        assert first == second

    def test_a_question_for_ipv6_alone_is_told_what_to_ask(self, redirect):
        with pytest.raises(socket.gaierror, match="over IPv4 only"):
            socket.getaddrinfo("api.onesignal.com", 443, family=socket.AF_INET6)

        assert redirect.refused == []

    def test_a_numeric_question_is_python_s_own(self, redirect):
        with pytest.raises(socket.gaierror) as caught:
            socket.getaddrinfo("api.onesignal.com", 443, flags=socket.AI_NUMERICHOST)

        assert not isinstance(caught.value, VendorHostRefused)

    def test_the_resolver_that_asks_past_python_is_covered(self, redirect):
        resolver = object.__new__(aiohttp.resolver.AsyncResolver)

        async def resolve(host, **options):
            return await resolver.resolve(host, 443, **options)

        found = asyncio.run(resolve("api.onesignal.com"))
        with pytest.raises(VendorHostRefused):
            asyncio.run(resolve("api.push.apple.com"))
        with pytest.raises(socket.gaierror, match="over IPv4 only"):
            asyncio.run(resolve("onesignal.com", family=socket.AF_INET6))

        assert [result["host"] for result in found] == [socket.gethostbyname("api.onesignal.com")]


class TestConnects:
    def test_a_connect_by_name_is_mapped_too(self, redirect, echo):
        with socket.socket() as conn:
            conn.settimeout(WAIT_S)
            conn.connect(("onesignal.com", 80))
            conn.sendall(b"GET /raw HTTP/1.1\r\nHost: onesignal.com\r\nConnection: close\r\n\r\n")
            answer = conn.recv(65536)

        assert answer.startswith(b"HTTP/1.1 200 ")

    def test_a_connect_by_a_refused_name_is_refused(self, redirect):
        with socket.socket() as conn, pytest.raises(VendorHostRefused):
            conn.connect(("fcm.googleapis.com", 443))

        assert [refusal.host for refusal in redirect.refused] == ["fcm.googleapis.com"]

    def test_connect_ex_is_mapped_too(self, redirect):
        with socket.socket() as conn:
            conn.settimeout(WAIT_S)
            outcome = conn.connect_ex((socket.gethostbyname("onesignal.com"), 443))

        assert outcome == 0

    def test_a_port_that_is_not_served_is_refused_by_name(self, redirect):
        marker = socket.gethostbyname("onesignal.com")

        with socket.socket() as conn:
            outcome = conn.connect_ex((marker, 25))
            with pytest.raises(ConnectionRefusedError, match=r"onesignal\.com on ports 80 and 443"):
                conn.connect((marker, 25))

        assert outcome == errno.ECONNREFUSED


class TestRefusals:
    @pytest.mark.parametrize(
        "host",
        [
            "api.push.apple.com",
            "fcm.googleapis.com",
            "oauth2.googleapis.com",
            "api.twilio.com",
            "api.batch.com",
            "updates.push.services.mozilla.com",
            "db5p.notify.windows.com",
            "documentation.onesignal.com",
        ],
    )
    def test_a_vendors_host_without_a_fake_is_refused(self, redirect, host):
        with pytest.raises(VendorHostRefused) as caught:
            socket.getaddrinfo(host, 443)

        assert isinstance(caught.value, socket.gaierror)
        assert isinstance(caught.value, PushlabError)
        assert [refusal.host for refusal in redirect.refused] == [host]

    @pytest.mark.parametrize("name", CLIENTS)
    def test_each_client_keeps_the_text(self, redirect, name):
        with pytest.raises(Exception, match="no fake serves") as caught:
            CLIENTS[name]("https://api.push.apple.com/3/device/abc")

        text = str(caught.value)
        assert "Served here: api.onesignal.com, onesignal.com" in text
        assert "@pytest.mark.pushlab(allow=[" in text

    def test_what_an_app_swallows_is_remembered_once(self, redirect):
        for _ in range(3):
            with suppress(requests.ConnectionError):
                requests.get("https://api.twilio.com/", timeout=WAIT_S)

        assert [refusal.host for refusal in redirect.refused] == ["api.twilio.com"]
        assert redirect.refused[0].__traceback__ is None

    def test_an_allowed_host_is_looked_up_for_real(self, listener, monkeypatch):
        asked = []
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_: asked.append(host))

        with installed(listener, allow=["storage.googleapis.com", "twilio.com"]) as redirect:
            socket.getaddrinfo("storage.googleapis.com", 443)
            socket.getaddrinfo("api.twilio.com", 443)
            with pytest.raises(VendorHostRefused):
                socket.getaddrinfo("fcm.googleapis.com", 443)

        assert asked == ["storage.googleapis.com", "api.twilio.com"]
        assert [refusal.host for refusal in redirect.refused] == ["fcm.googleapis.com"]

    def test_a_served_host_that_is_allowed_by_name_is_real_too(self, listener, monkeypatch):
        asked = []
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_: asked.append(host))

        with installed(listener, allow=["onesignal.com"]):
            socket.getaddrinfo("onesignal.com", 443)
            served = socket.gethostbyname("api.onesignal.com")

        assert asked == ["onesignal.com"]
        assert served.startswith("127.77.")

    def test_allow_takes_names_and_says_so(self, listener):
        with pytest.raises(MisuseError, match="names of hosts"):
            Redirect(listener, SERVED, allow=["https://api.twilio.com/"])

    def test_a_host_that_is_no_vendors_cannot_be_redirected(self, listener):
        with pytest.raises(MisuseError, match="base URL instead"):
            Redirect(listener, ["bank.example"])

    def test_a_refusal_can_be_sent_to_another_process(self, redirect):
        with pytest.raises(VendorHostRefused) as caught:
            socket.getaddrinfo("api.batch.com", 443)

        copy = pickle.loads(pickle.dumps(caught.value))
        assert (str(copy), copy.host) == (str(caught.value), "api.batch.com")


class TestNamesBelowAName:
    @pytest.fixture
    def below(self, listener):
        """Yield a redirect that leads whatever is below a name."""
        redirect = Redirect(listener, [".notify.windows.com"])
        redirect.install()
        yield redirect
        redirect.remove()

    @pytest.mark.parametrize("name", ["db5p.notify.windows.com", "a.b.notify.windows.com"])
    def test_a_client_reaches_the_fake_under_each(self, below, name):
        answer = requests.get(f"https://{name}/w", timeout=WAIT_S).json()

        assert (answer["host"], answer["path"]) == (name, "/w")
        assert below.is_guarded(name)

    def test_each_has_a_marker_of_its_own(self, below):
        names = ["one.notify.windows.com", "two.notify.windows.com"]

        assert len({socket.gethostbyname(name) for name in names}) == 2

    def test_the_name_itself_is_not_among_them(self, below):
        with pytest.raises(VendorHostRefused, match=r"Served here: \.notify\.windows\.com"):
            socket.gethostbyname("notify.windows.com")

    def test_one_of_them_may_be_allowed(self, listener, monkeypatch):
        monkeypatch.setattr(socket, "gethostbyname", lambda host: f"real {host}")
        redirect = Redirect(listener, [".notify.windows.com"], allow=["db5p.notify.windows.com"])
        redirect.install()
        try:
            found = [socket.gethostbyname(f"{n}.notify.windows.com") for n in ("db5p", "other")]
        finally:
            redirect.remove()

        assert found[0] == "real db5p.notify.windows.com"
        assert found[1].startswith("127.77.")


class TestPeers:
    def test_a_stranger_with_a_certificate_that_the_client_trusts_is_refused(self, redirect):
        authority = Authority()
        context = ssl.create_default_context(cadata=authority.ca_pem.decode())
        with (
            stranger(authority) as (port, heard),
            socket.create_connection(("127.0.0.1", port), WAIT_S) as conn,
            pytest.raises(VendorPeerRefused, match="is not pushlab"),
        ):
            context.wrap_socket(conn, server_hostname="onesignal.com")

        assert heard in ([], [b""])
        assert [refusal.host for refusal in redirect.refused] == ["onesignal.com"]

    def test_asyncio_refuses_a_stranger_too(self, redirect):
        authority = Authority()
        context = ssl.create_default_context(cadata=authority.ca_pem.decode())

        async def call(port):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="api.push.apple.com"
            )

        with (
            stranger(authority) as (port, heard),
            pytest.raises(VendorPeerRefused, match="is not pushlab"),
        ):
            asyncio.run(asyncio.wait_for(call(port), WAIT_S))

        assert heard in ([], [b""])
        assert [refusal.host for refusal in redirect.refused] == ["api.push.apple.com"]

    def test_a_client_that_had_read_its_proxy_before_gets_nothing_through(self, listener):
        authority = Authority()
        context = ssl.create_default_context(cadata=authority.ca_pem.decode())
        with (
            stranger(authority) as (port, heard),
            httpx.Client(proxy=f"http://127.0.0.1:{port}", verify=context) as client,
            installed(listener) as redirect,
            pytest.raises(httpx.ConnectError, match="is not pushlab"),
        ):
            client.get("https://api.onesignal.com/apps", headers={"Authorization": "Key k"})

        assert heard in ([], [b""])
        assert [refusal.host for refusal in redirect.refused] == ["api.onesignal.com"]

    def test_a_stranger_under_another_name_is_nobodys_business(self, redirect):
        authority = Authority()
        context = ssl.create_default_context(cadata=authority.ca_pem.decode())
        with (
            stranger(authority) as (port, heard),
            socket.create_connection(("127.0.0.1", port), WAIT_S) as conn,
            context.wrap_socket(conn, server_hostname="localhost") as tls,
        ):
            tls.sendall(b"hello")

        assert heard == [b"hello"]
        assert redirect.refused == []

    def test_an_allowed_host_may_show_any_certificate(self, listener):
        authority = Authority()
        context = ssl.create_default_context(cadata=authority.ca_pem.decode())
        with (
            stranger(authority) as (port, heard),
            installed(listener, allow=["api.twilio.com"]) as redirect,
            socket.create_connection(("127.0.0.1", port), WAIT_S) as conn,
            context.wrap_socket(conn, server_hostname="api.twilio.com") as tls,
        ):
            tls.sendall(b"hello")

        assert heard == [b"hello"]
        assert redirect.refused == []


class TestInstallation:
    def test_removing_restores_everything(self, listener, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "intranet.example")
        monkeypatch.delenv("no_proxy", raising=False)
        before = _patched_places(), dict(os.environ)

        with installed(listener):
            CLIENTS["requests"]("https://onesignal.com/")
            during = _patched_places(), dict(os.environ)

        assert all(now is not then for now, then in zip(during[0], before[0], strict=True))
        assert during[1] != before[1]
        assert (_patched_places(), dict(os.environ)) == before
        assert "connect" not in vars(socket.socket)

    def test_no_proxy_keeps_what_it_had(self, listener, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "intranet.example, 10.0.0.1")
        monkeypatch.setenv("no_proxy", "*")

        with installed(listener):
            upper, lower = os.environ["NO_PROXY"], os.environ["no_proxy"]

        assert upper.startswith("intranet.example,10.0.0.1,onesignal.com,")
        assert upper.endswith(",localhost,127.0.0.1")
        assert lower == "*"

    def test_a_variable_that_the_test_has_set_meanwhile_stays(self, listener, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "before.example")

        with installed(listener):
            # Past the fixture, which would bring the redirect's own value back in the end.
            os.environ["NO_PROXY"] = "mine.example"

        assert os.environ["NO_PROXY"] == "mine.example"

    def test_whoever_patched_on_top_keeps_a_working_chain(self, listener, monkeypatch):
        with installed(listener):
            below = socket.gethostbyname
            monkeypatch.setattr(socket, "gethostbyname", lambda host: below(host) + "")

        assert socket.gethostbyname("127.0.0.1") == "127.0.0.1"
        assert vars(socket)["gethostbyname"] is not below

    def test_a_second_installation_is_told_what_to_do(self, edge, redirect):
        other = edge.borrow(Echo())

        with pytest.raises(MisuseError) as caught:
            Redirect(other, SERVED).install()
        other.release()

        assert "api.onesignal.com, onesignal.com" in str(caught.value)
        assert f"base URL, {other.url}" in str(caught.value)
        assert CLIENTS["requests"]("https://onesignal.com/still")["path"] == "/still"

    def test_a_refused_installation_leaves_the_way_free_for_the_next(self, edge, listener):
        first, second = Redirect(listener, SERVED), Redirect(listener, SERVED)
        first.install()
        with pytest.raises(MisuseError):
            second.install()
        second.remove()
        first.remove()

        second.install()
        answer = CLIENTS["requests"]("https://onesignal.com/second")
        second.remove()

        assert answer["path"] == "/second"

    def test_an_installation_that_fails_half_way_gives_everything_back(self, listener, monkeypatch):
        before = _patched_places()

        def fail(_):
            raise RuntimeError("half-way")

        with monkeypatch.context() as patched:
            patched.setattr(Redirect, "_extend_no_proxy", fail)
            with pytest.raises(RuntimeError, match="half-way"):
                Redirect(listener, SERVED).install()

        assert _patched_places() == before
        with installed(listener):
            assert CLIENTS["requests"]("https://onesignal.com/next")["path"] == "/next"

    def test_removing_twice_is_removing_once(self, listener):
        first = Redirect(listener, SERVED)
        first.install()
        first.remove()

        with installed(listener):
            first.remove()
            answer = CLIENTS["requests"]("https://onesignal.com/")

        assert answer["host"] == "onesignal.com"

    def test_a_context_keeps_no_more_than_one_root(self, listener):
        context = ssl.create_default_context()
        roots = len(context.get_ca_certs())

        for _ in range(3):
            with installed(listener):
                connection = http.client.HTTPSConnection(
                    "onesignal.com", timeout=WAIT_S, context=context
                )
                with closing(connection):
                    connection.request("GET", "/")
                    connection.getresponse().read()

        assert len(context.get_ca_certs()) == roots + 1

    def test_fifty_labs_with_their_redirects_leave_nothing(self, edge):
        before = _patched_places(), dict(os.environ)
        threads = threading.active_count()

        for index in range(50):
            listener = edge.borrow(Echo())
            with installed(listener):
                CLIENTS["urllib3, new pool"](f"https://onesignal.com/{index}")
            listener.release()

        assert (_patched_places(), dict(os.environ)) == before
        # Idle workers of other tests' libraries may end meanwhile.
        assert threading.active_count() <= threads


def _patched_places():
    """Return whatever stands in each place that a redirect takes."""
    return [
        socket.getaddrinfo,
        socket.gethostbyname,
        socket.gethostbyname_ex,
        socket.socket.connect,
        socket.socket.connect_ex,
        ssl.SSLContext.wrap_socket,
        ssl.SSLContext.wrap_bio,
        ssl.SSLSocket.do_handshake,
        ssl.SSLObject.do_handshake,
        aiohttp.resolver.AsyncResolver.resolve,
    ]
